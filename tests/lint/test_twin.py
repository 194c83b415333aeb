from click.testing import CliRunner

from mpscheck import lint
from mpscheck.cli import main
from mpscheck.lint import twin

from .conftest import GOOD, good_source, with_field


def test_a_copy_is_a_note_and_no_problem(tmp_path, snippet):
    snippet(good_source(), "linear-weight-again.py")
    (found,) = twin.check(snippet(good_source()))
    assert found.startswith("linear-weight-again has the same issue pytorch/pytorch#161640 and the same trigger")
    assert lint.problems_of_file(tmp_path / f"{GOOD}.py") == []
    done = CliRunner().invoke(main, ["lint", str(tmp_path / f"{GOOD}.py")])
    assert done.exit_code == 0 and ": note: twin: linear-weight-again" in done.stdout


def test_two_bugs_of_one_thread(snippet):
    snippet(
        with_field(good_source(), "trigger", '[{"op": ["linear"], "when": ["input.offset > 0"]}]'), "linear-offset.py"
    )
    assert list(twin.check(snippet(good_source()))) == []
