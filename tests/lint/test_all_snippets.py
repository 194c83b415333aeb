"""The shipped snippets keep the contract; the command says so; and no broken snippet breaks the linter itself."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mpscheck import lint
from mpscheck.bugs import bug, schema
from mpscheck.cli import main

from .conftest import GOOD, GOOD_STATISTICAL, good_source, with_field


def test_command(tmp_path):
    good, bad = tmp_path / f"{GOOD}.py", tmp_path / "linear-bad.py"
    good.write_text(good_source(), encoding="utf-8")
    bad.write_text(with_field(good_source(), "kind", '"slow"').replace("161640", "161641"), encoding="utf-8")
    command = [Path(sys.executable).with_name("mpscheck"), "lint", good, bad]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    first, last = done.stdout.splitlines()
    assert first.startswith(f"{bad}: fields: kind = 'slow': expected one of wrong")
    assert last == "2 snippets, 1 problem"


def test_command_exit_codes(tmp_path):
    good = tmp_path / f"{GOOD}.py"
    good.write_text(good_source(), encoding="utf-8")
    clean, missing = (CliRunner().invoke(main, ["lint", str(path)]) for path in (good, tmp_path / "none.py"))
    assert (clean.exit_code, clean.stdout) == (0, "1 snippet, 0 problems\n")
    assert missing.exit_code == 2


def test_what_is_no_snippet_is_one_problem(tmp_path):
    for number, text in enumerate(
        [b"", b"x = (", b'"""Doc."""\n', b"\xff\xfe", good_source().replace("BUG = ", "BUGS = ").encode()]
    ):
        path = tmp_path / f"not-a-snippet-{number}.py"
        path.write_bytes(text)
        ((rule, problem),) = lint.problems_of_file(path)
        assert rule == "readable" and not problem.startswith(str(path))


@pytest.mark.parametrize("slug", [GOOD, GOOD_STATISTICAL])
def test_no_rule_breaks_on_a_snippet_that_lacks_a_line(tmp_path, slug):
    lines = good_source(slug).splitlines(keepends=True)
    own = next(n for n, line in enumerate(lines) if line.startswith(bug.MAIN_BLOCK)) + 1
    path = tmp_path / f"{slug}.py"
    for number in range(own):
        path.write_text("".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")
        lint.problems_of_file(path)


@pytest.mark.parametrize("value", ["1", "2.5", "True", '"x"', "[]", "[1]", '["x"]', "{}", '{"x": 1}', "[{}]", "None"])
def test_no_rule_breaks_on_a_field_of_another_type(tmp_path, value):
    path = tmp_path / f"{GOOD}.py"
    for name in schema.fields():
        path.write_text(with_field(good_source(), name, value), encoding="utf-8")
        found = lint.problems_of_file(path)
        assert all(rule and problem for rule, problem in found)
