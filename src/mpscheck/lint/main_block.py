"""The last lines are the same in every snippet."""

from collections.abc import Iterator
from pathlib import Path

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import is_statistical, main_block_line

NAME = "main-block"
DESCRIPTION = "the main block is, letter for letter, one of the two common ones"

TEXTS = {
    name: Path(__file__).with_name(f"{name}.py.txt").read_text(encoding="utf-8")
    for name in ("main_exact", "main_statistical")
}


def check(bug: Bug) -> Iterator[str]:
    name = "main_statistical" if is_statistical(bug) else "main_exact"
    mend = f"let the snippet end in src/mpscheck/lint/{name}.py.txt"
    start = main_block_line(bug)
    if start is None:
        yield f"there is no main block: {mend}"
        return
    found, expected = bug.check.source.splitlines()[start - 1 :], TEXTS[name].splitlines()
    different = [n for n in range(max(len(found), len(expected))) if found[n : n + 1] != expected[n : n + 1]]
    if different:
        line = "".join(found[different[0] :][:1]) or "nothing"
        yield f"line {start + different[0]}: {line.strip()!r} is not the common text: {mend}"
