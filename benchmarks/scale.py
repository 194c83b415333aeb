"""What does the house cost with 13, 50, 250, 400 snippets? Clones of the snippets in a copy of the repository, each
step a command of its own; prints processor time (of all processes of the step), what a snippet more costs, and the share
of the budget that 250 snippets have.

    python benchmarks/scale.py [--sizes 13 50 250 400] [--steps lint controls transcripts pages]

Processor time, since a machine may be busy. `verify` and `tests` are the commands of the README without making the
environment; they take minutes each, and so run only where they are named.
"""

import argparse
import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.places import ROOT

MPSCHECK = (sys.executable, "-m", "mpscheck.cli")
TRANSCRIPTS = """
from mpscheck.bugs import catalogue
from mpscheck.commands import transcripts
for bug in catalogue.with_check():
    for program in transcripts.of_snippet(bug):
        transcripts.keep(program)
"""  # of the snippets alone: those of the tools are as many as they were
BUDGETS_AT = 250  # snippets
PR_SET_CHILD_SUBREAPER = 36  # of prctl(2)


@dataclass(frozen=True)
class Step:
    """One command, and the seconds of processor time that it may take with 250 snippets."""

    command: tuple[str, ...]
    budget: float
    ends_with: tuple[int, ...] = (0,)


STEPS = {
    "lint": Step((*MPSCHECK, "lint"), 15),
    "controls": Step((*MPSCHECK, "controls"), 60),
    "transcripts": Step((sys.executable, "-c", TRANSCRIPTS), 60),
    "pages": Step((*MPSCHECK, "site"), 20),
    "verify": Step((*MPSCHECK, "verify", "--device", "emu", "--fresh"), 420),
    "tests": Step(
        (sys.executable, "-m", "pytest", "-q", "-n", "2"), 700, (0, 1)
    ),  # clones are not in published results
}
USUAL = ("lint", "controls", "transcripts", "pages")


def copy_repository(folder: Path) -> None:
    """The files of the repository as they are here, those that git ignores left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def grow(folder: Path, size: int) -> None:
    """Clone the snippets in turns until there are `size`; each clone is a bug of its own, by its slug and its thread."""
    bugs = catalogue.with_check()
    for number in range(len(bugs), size):
        bug = bugs[number % len(bugs)]
        thread = f"{bug.issue.partition('#')[0]}#{900_000 + number}"
        path = folder / "snippets" / "bugs" / f"{bug.slug[:40].rstrip('-')}-{number}.py"
        path.write_text(bug.check.source.replace(bug.issue, thread), encoding="utf-8")


def spent(step: Step, folder: Path) -> tuple[float, float]:
    """Seconds of processor time and of the clock that a step takes in a copy. Raises SystemExit where it fails."""
    with tempfile.TemporaryFile("w+") as said:
        started, before = time.perf_counter(), os.times()
        done = subprocess.run(step.command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, env=environment(folder))
        clock = time.perf_counter() - started
        wait_for_orphans()
        after = os.times()
        if done.returncode not in step.ends_with:
            said.seek(0)
            raise SystemExit(f"{' '.join(step.command)} ended with {done.returncode}: {said.read()[-2000:]}")
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system, clock


def adopt_orphans() -> None:
    """Make this process the parent of what its children leave behind: their processor time counts too."""
    if sys.platform != "linux":
        raise SystemExit("the processor time of a command's helpers can be had on Linux alone")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for_orphans() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def environment(folder: Path) -> dict[str, str]:
    """The variables for a command in the copy: its own package, and nothing of an emulated device."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MPSCHECK_")}
    return kept | {"PYTHONPATH": str(folder / "src")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[len(catalogue.with_check()), 50, 250, 400])
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=USUAL)
    arguments = parser.parse_args()
    adopt_orphans()
    print(f"{'':12}{'snippets':>9}{'processor':>11}{'clock':>9}{'a snippet':>11}{f'budget at {BUDGETS_AT}':>16}")
    before: dict[str, tuple[int, float]] = {}
    for size in sorted(arguments.sizes):
        with tempfile.TemporaryDirectory() as folder:
            copy_repository(Path(folder))
            grow(Path(folder), size)
            for name in arguments.steps:
                seconds, clock = spent(STEPS[name], Path(folder))
                print(f"{name:12}{size:9}{seconds:9.1f} s{clock:7.1f} s", end="")
                if name in before:
                    fewer, less = before[name]
                    print(f"{(seconds - less) / (size - fewer):9.3f} s", end="")
                else:
                    print(f"{'':11}", end="")
                share = f"{seconds / STEPS[name].budget:.0%} of {STEPS[name].budget:g} s" if size == BUDGETS_AT else ""
                print(f"{share:>16}", flush=True)
                before[name] = size, seconds


if __name__ == "__main__":
    main()
