"""When the watcher last looked: one small file on a branch of its own, so that `main` does not change each day.

    python scripts/ci/watched.py fetch     take it from there to where the site reads it; nothing where there is none

Needs git, and gh for pushing (GH_TOKEN).
"""

import argparse
import json
import subprocess
import sys
from datetime import datetime

import publish

from mpscheck.known.watch import Plan
from mpscheck.places import WATCHED

BRANCH = "watched"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_subparsers(dest="command", required=True).add_parser("fetch")
    parser.parse_args()
    if not fetched():
        print("No watcher has looked yet.")
        return 0
    WATCHED.parent.mkdir(parents=True, exist_ok=True)
    WATCHED.write_text(publish.git("show", f"FETCH_HEAD:{WATCHED.name}") + "\n", encoding="utf-8")
    return 0


def text(now: datetime, newest: list[str], plan: Plan) -> str:
    """The file: when, the newest release there was, and what came of it."""
    said = {
        "looked": now.isoformat(timespec="minutes"),
        "newest": newest[0] if newest else None,
        "started": [job.name for job in plan.start],
        "waits": list(plan.waits),
    }
    return json.dumps(said, indent=1) + "\n"


def keep(content: str) -> None:
    """Commit the file to its branch, upon what is there; the clone's own files stay as they are."""
    parent = ["-p", "FETCH_HEAD"] if fetched() else []
    blob = fed("hash-object", "-w", "--stdin", given=content)
    tree = fed("mktree", given=f"100644 blob {blob}\t{WATCHED.name}\n")
    commit = publish.git(*publish.AUTHOR, "commit-tree", tree, *parent, "-m", "The watcher looked")
    publish.git(*publish.CREDENTIALS, "push", "--quiet", "origin", f"{commit}:refs/heads/{BRANCH}")


def fetched() -> bool:
    """True if the branch is there; it is FETCH_HEAD then."""
    if not publish.git(*publish.CREDENTIALS, "ls-remote", "--heads", "origin", f"refs/heads/{BRANCH}"):
        return False
    publish.git(*publish.CREDENTIALS, "fetch", "--quiet", "--depth=1", "origin", f"refs/heads/{BRANCH}")
    return True


def fed(*arguments: str, given: str) -> str:
    """What git prints of what it is given."""
    done = subprocess.run(["git", *arguments], check=True, input=given, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
