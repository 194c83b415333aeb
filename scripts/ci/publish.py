"""Open a pull request with the new files under results/, on a branch of this run's own, and never overwrite another.

    python scripts/ci/publish.py --branch runs/mps-123 --body FILE

The branch carries the number of the workflow's run. Started again, the same run goes on where its branch stands: what is
there stays. Nothing is ever pushed with force. Needs git, and gh for the pull request (GH_TOKEN).
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

FOLDERS = ("results/runs", "results/unverified", "results/reporter")
TITLE = "Runs measured on macOS"
AUTHOR = (
    "-c",
    "user.name=github-actions[bot]",
    "-c",
    "user.email=41898282+github-actions[bot]@users.noreply.github.com",
)
# The clone keeps no credentials; gh hands the token of the job to git for this one command.
CREDENTIALS = ("-c", "credential.helper=", "-c", "credential.helper=!gh auth git-credential")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--branch", required=True)
    parser.add_argument("--body", type=Path, required=True)
    arguments = parser.parse_args()
    if not commit(arguments.branch):
        print("There is nothing new to publish.")
        return 0
    git(*CREDENTIALS, "push", "origin", f"HEAD:refs/heads/{arguments.branch}")
    if not json.loads(gh("pr", "list", "--head", arguments.branch, "--state", "open", "--json", "number")):
        gh("pr", "create", "--head", arguments.branch, "--title", TITLE, "--body-file", str(arguments.body))
    print(f"{arguments.branch} is published.")
    return 0


def commit(branch: str) -> bool:
    """Commit the new files, upon what the branch holds already; False if there are none."""
    new = git("ls-files", "--modified", "--others", "-z", "--", *FOLDERS).split("\0")
    new = [path for path in new if path and Path(path).exists()]
    if git(*CREDENTIALS, "ls-remote", "--heads", "origin", f"refs/heads/{branch}"):
        git(*CREDENTIALS, "fetch", "--quiet", "--depth=1", "origin", f"refs/heads/{branch}")
        git("reset", "--quiet", "--mixed", "FETCH_HEAD")  # the files here stay as they are
    if new:
        git("add", "--", *new)
    if not git("diff", "--cached", "--name-only"):
        return False
    git(*AUTHOR, "commit", "--quiet", "--message", TITLE)
    return True


def git(*arguments: str) -> str:
    """What git prints. Raises CalledProcessError."""
    return subprocess.run(["git", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def gh(*arguments: str) -> str:
    """What GitHub's own command line prints. Raises CalledProcessError."""
    return subprocess.run(["gh", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
