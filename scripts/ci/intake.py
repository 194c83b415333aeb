"""Take in runs that people sent, or check those that a pull request brings. Needs git and no torch.

    python scripts/ci/intake.py take FILE… [--to FOLDER]   put each that may be taken into results/unverified
    python scripts/ci/intake.py check COMMIT               each file of results/unverified that differs from a commit

Each is refused in words, or taken: a file that follows the schema and that `mpscheck` can have written, on mps, that names
nobody and is no copy of a run that is there. It is unverified all the same: nothing attests it. Exit code 1 if one is refused.
"""

import argparse
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from collect_runs import description

from mpscheck.known import contributed
from mpscheck.places import ROOT
from mpscheck.runs import results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    take = commands.add_parser("take")
    take.add_argument("files", nargs="+", type=Path)
    take.add_argument("--to", type=Path, default=results.RESULTS)
    commands.add_parser("check").add_argument("base", nargs="?", default="", metavar="COMMIT")
    arguments = parser.parse_args()
    if arguments.command == "take":
        return told(taken(path, arguments.to) for path in arguments.files)
    added, changed = brought(arguments.base)
    refused = [
        (f"{code(name)} changes or removes the run of somebody: give yours a name of its own", False)
        for name in changed
    ]
    return told([*refused, *(checked(path, results.RESULTS) for path in added)])


def told(found) -> int:
    """Print each line; 1 if one is a refusal."""
    found = list(found)
    print("\n".join(f"- {line}" for line, _ in found) or "- no run was brought")
    return 0 if all(fine for _, fine in found) else 1


def taken(path: Path, to: Path) -> tuple[str, bool]:
    """Put one file into unverified/, under a name of its own."""
    line, fine = checked(path, to)
    if fine:
        run = results.read(path)
        results.write(to / "unverified" / contributed.name_of(run), run)
    return line, fine


def checked(path: Path, to: Path) -> tuple[str, bool]:
    """A line of Markdown about one file, and whether it may be taken in. What a stranger wrote stands in it as code."""
    if path.is_symlink():
        return f"refused: {code(path.name)} is a link", False
    try:
        run = results.read(path)
    except results.BadResults as error:
        return f"refused: {code(error)}", False
    there = {
        other.name: results.read(other)
        for folder in ("runs", "unverified")
        for other in sorted((to / folder).glob("*.json"))
        if other.resolve() != path.resolve()
    }
    problems = contributed.problems(run, there, datetime.now(UTC).date())
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return f"refused: {code(path.name)}: {code(problems[0])}{more}", False
    doubts = "".join(f"; look: {code(doubt)}" for doubt in contributed.doubts(run))
    return f"unverified: {description(run).removeprefix('- ')}{doubts}", True


def brought(base: str) -> tuple[list[Path], list[str]]:
    """The run files of results/unverified that a pull request adds, and the names of those that it changes or removes."""
    every = sorted(results.UNVERIFIED.glob("*.json"))
    if not re.fullmatch("[0-9a-f]{40}", base):
        return every, []
    command = ["git", "diff", "--no-renames", "--name-status", "-z", f"{base}...HEAD", "--", "results/unverified"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return every, []
    words = done.stdout.split("\0")[:-1]
    states = dict(zip(words[1::2], words[::2]))
    return [ROOT / name for name, state in states.items() if state == "A"], [n for n, s in states.items() if s != "A"]


def code(text: object) -> str:
    """What a stranger may have written, as code of Markdown: nothing in it is a link, a tag or a picture."""
    return f"`{results.printable(text).replace('`', '?')}`"


if __name__ == "__main__":
    sys.exit(main())
