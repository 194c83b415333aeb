"""The releases of torch that pip can install here, and the start of the macOS jobs for a new one. Needs Python alone.

    python scripts/ci/releases.py watch     start mps.yml for a release that has no run yet

matrix.json holds, in this order: the torch of TransformerLens#1178; the oldest with a wheel for Apple silicon and Python
3.11; two that are sick of some of the catalogue's bugs. The newest two minor releases are asked of pip.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = json.loads(Path(__file__).with_name("matrix.json").read_text(encoding="utf-8"))
RUNS = ROOT / "results" / "runs"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_subparsers(dest="command", required=True).add_parser("watch")
    parser.parse_args()
    return watch()


def all_versions() -> list[str]:
    """The fixed ones, then the newest ones that are not among them."""
    newest = newest_minors(on_index()) or SETTINGS["newest_if_the_index_is_silent"]
    return list(dict.fromkeys([*SETTINGS["torch"], *newest]))


def newest_minors(versions: list[str]) -> list[str]:
    """The last patch release of each of the newest minor releases, newest first."""
    ordered = sorted(versions, key=numbers, reverse=True)
    minors = {}
    for version in ordered:
        minors.setdefault(numbers(version)[:2], version)
    return list(minors.values())[: SETTINGS["newest"]]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def on_index() -> list[str]:
    """All final releases of torch that pip could install with this Python; none if pip does not answer."""
    done = pip_index()
    line = next((line for line in done.splitlines() if line.startswith("Available versions:")), "")
    words = [word.strip() for word in line.partition(":")[2].split(",")]
    return [word for word in words if re.fullmatch(r"\d+\.\d+\.\d+", word)]


def pip_index() -> str:
    """What `pip index versions torch` prints; empty if it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", "torch"]
    return subprocess.run(command, capture_output=True, text=True).stdout


def watch() -> int:
    """Start the macOS jobs for the newest release, unless a run of it is published or was started before."""
    newest = newest_minors(on_index())[:1]
    if not newest:
        print("pip does not say which releases of torch there are.", file=sys.stderr)
        return 1
    version = newest[0]
    if version in measured():
        print(f"torch {version} is the newest, and there are runs of it.")
        return 0
    started = gh("run", "list", "--workflow", "mps.yml", "--limit", "100", "--json", "displayTitle")
    if any(version in run["displayTitle"].split() for run in json.loads(started)):
        print(f"torch {version} is new, and its jobs were started before.")
        return 0
    gh("workflow", "run", "mps.yml", "-f", f"torch={version}")
    print(f"torch {version} is new: its jobs are started.")
    return 0


def measured() -> set[str]:
    """The torch releases of the published runs on mps."""
    runs = [json.loads(path.read_text(encoding="utf-8"))["provenance"] for path in sorted(RUNS.glob("*.json"))]
    return {run["torch"].split("+")[0] for run in runs if run["device"].startswith("mps")}


def gh(*arguments: str) -> str:
    """GitHub's own command line, which every hosted runner has. Raises CalledProcessError."""
    return subprocess.run(["gh", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def output(name: str, value: str) -> None:
    """Print a value, and hand it to the jobs that need it where GitHub runs this."""
    print(value)
    if os.environ.get("GITHUB_OUTPUT"):
        with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")


if __name__ == "__main__":
    sys.exit(main())
