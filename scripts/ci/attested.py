"""Whether GitHub attests that the measuring job wrote a run file. Needs gh with GH_TOKEN, and no torch.

    python scripts/ci/attested.py [COMMIT]   the files of results/runs that differ from a commit, all if none is named

`collect_runs.py` asks before it takes a file in, and records the answer in the file (`published` in results/schema.json). This
asks again for each file that a pull request brings: who writes that record by hand has no attestation. Exit code 1 for a file
that is not attested; the message says where it belongs.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from mpscheck.known.measured import BROUGHT
from mpscheck.places import ROOT
from mpscheck.runs import results

SIGNER = ".github/workflows/measure.yml"  # the reusable workflow that measures is what signs
BRANCH = "refs/heads/main"  # code that nobody has reviewed may measure anything


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("base", nargs="?", default="", metavar="COMMIT")
    wrong = {path.name: reason for path in changed(parser.parse_args().base) if (reason := why_not(path))}
    for name, reason in wrong.items():
        print(
            f"{results.printable(name)}: {reason}. A run that no job of ours measured belongs into results/unverified."
        )
    return 1 if wrong else 0


def changed(base: str) -> list[Path]:
    """The run files that differ from a commit; all of them where git does not know it."""
    every = sorted(results.RUNS.glob("*.json"))
    if not re.fullmatch("[0-9a-f]{40}", base):
        return every
    command = ["git", "diff", "--name-only", "-z", "--diff-filter=d", f"{base}...HEAD", "--", "results/runs"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    names = {Path(name).name for name in done.stdout.split("\0")}
    return every if done.returncode else [path for path in every if path.name in names]


def why_not(path: Path) -> str:
    """Why a published run is not attested, in words; empty where it is."""
    run = results.read(path)
    record = run.pop(BROUGHT, None)
    if record is None:
        return "it does not say which job brought it"
    text = results.text(run)
    if hashlib.sha256(text.encode()).hexdigest() != record["sha256"]:
        return "it is not what the job wrote"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "run.json")
        copy.write_text(text, encoding="utf-8")
        return refusal(copy)


def refusal(path: Path) -> str:
    """Why GitHub does not attest a file to the measuring job of this repository, in words; empty where it does."""
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    if not repository:
        return "not on GitHub: nothing attests it"
    policy = ("--repo", repository, "--signer-workflow", f"{repository}/{SIGNER}", "--source-ref", BRANCH)
    command = ["gh", "attestation", "verify", str(path), *policy]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError:
        return "gh is not installed: nothing attests it"
    said = (done.stdout.strip().splitlines() or ["gh says no more"])[-1]
    return "" if done.returncode == 0 else f"not attested: {results.printable(said)}"


if __name__ == "__main__":
    sys.exit(main())
