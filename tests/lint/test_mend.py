"""What `lint --fix` writes: the same facts and the same code, in their form."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.lint import mend

from .conftest import GOOD, GOOD_STATISTICAL, good_source, replaced

TRIGGER = '    "trigger": [{"op": ["linear"], "when": ["weight.layout != contiguous"]}],\n'


def test_what_is_right_stays_as_it_is():
    """All snippets; the formatter, a process of its own, is asked once."""
    for bug in catalogue.with_check():
        source = bug.check.source
        assert mend.with_main_block(source) == source == mend.sorted_metadata(source), bug.slug
    assert mend.mended(good_source()) == good_source()
    command = [sys.executable, "-m", "ruff", "format", "--check", str(catalogue.BUGS)]
    assert subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.parametrize("slug", [GOOD, GOOD_STATISTICAL])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('sys.exit(0 if found[compute] == "agrees" else 3)\n', 'sys.exit(0 if found[compute] == "agrees" else 4)\n'),
        (
            'sys.exit(0 if found[compute] == "agrees" else 3)\n',
            "sys.exit(0 if found[compute] == \"agrees\" else 3)\n\n    print('more')\n",
        ),
        ("def compute(device", "def compute( device"),
        ("\n\n\ndef control", "\ndef control"),
    ],
)
def test_main_block_and_formatting(slug, old, new):
    assert mend.mended(replaced(good_source(slug), old, new)) == good_source(slug)


def test_a_snippet_without_a_main_block_gets_one():
    source = good_source()
    assert mend.mended(source[: source.index("# The lines below")]) == source
    own = (
        source[: source.index("# The lines below")]
        + 'if __name__ == "__main__":\n    print(compute("cpu", *inputs()))\n'
    )
    assert mend.mended(own) == source


def test_the_fields_come_into_their_order_with_their_comments():
    source = good_source()
    commented = TRIGGER.replace("    ", "    # read in the kernel's source\n    ", 1)
    first = source.replace(TRIGGER, "").replace("BUG = {\n", f"BUG = {{\n{commented}")
    assert first != source and mend.mended(first) == source.replace(TRIGGER, commented)


@pytest.mark.parametrize(
    "text", ["", "x = (", '"""Doc."""\n', '"""Doc."""\nBUG = 3\n', '"""Doc."""\nBUG = {**x, 1: 2}\n']
)
def test_what_is_no_snippet_breaks_nothing(text):
    assert mend.mended(mend.mended(text)) == mend.mended(text)


def test_the_command_writes_only_what_it_mends(tmp_path):
    good, bad = tmp_path / f"{GOOD}.py", tmp_path / "linear-bad.py"
    good.write_text(good_source(), encoding="utf-8")
    bad.write_text(good_source().replace("sys.exit(0", "sys.exit(1").replace("161640", "161649"), encoding="utf-8")
    before = good.stat()
    done = CliRunner().invoke(main, ["lint", "--fix", str(good), str(bad)])
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, f"{bad}: fixed")
    assert good.stat() == before and bad.read_text(encoding="utf-8") == good_source().replace("161640", "161649")
