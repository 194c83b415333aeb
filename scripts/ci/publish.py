"""Open a pull request with the new files under results/, on a branch of this run's own, and start the checks of it.

    python scripts/ci/publish.py --branch runs/mps-123 --body FILE

The branch carries the number of the workflow's run. Started again, the same run goes on where its branch stands: what is
there stays. Nothing is ever pushed with force. The first line of FILE is the title where it is a heading. Needs git, and gh
for the pull request (GH_TOKEN).

A workflow's own token starts no checks by opening a pull request: GitHub lets those wait until somebody approves them. What it
may start is a `workflow_dispatch`: so `verify.yml` is started on the branch, which needs no setting.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

FOLDERS = (
    "results/runs",
    "results/unverified",
    "results/reporter",
    "results/declared",
    "catalogue/torch-releases.json",
)
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
        title, body = titled(arguments.body.read_text(encoding="utf-8"))
        text = arguments.body.with_suffix(".sent.md")
        text.write_text(body, encoding="utf-8")
        gh("pr", "create", "--head", arguments.branch, "--title", title, "--body-file", str(text))
    gh(
        "workflow",
        "run",
        "verify.yml",
        "--ref",
        arguments.branch,
        "--raw-field",
        f"base={os.environ.get('GITHUB_SHA', '')}",
    )
    print(f"{arguments.branch} is published.")
    return 0


def titled(text: str) -> tuple[str, str]:
    """The title and the text of the pull request."""
    first, _, rest = text.partition("\n")
    return (first.removeprefix("# "), rest.lstrip("\n")) if first.startswith("# ") else (TITLE, text)


def new_files(*folders: str) -> list[str]:
    """The files below some folders that git does not have as they are now."""
    listed = git("ls-files", "--modified", "--others", "-z", "--", *folders).split("\0")
    return [path for path in listed if path and Path(path).exists()]


def commit(branch: str) -> bool:
    """Commit the new files, upon what the branch holds already; False if there are none."""
    new = new_files(*FOLDERS)
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
