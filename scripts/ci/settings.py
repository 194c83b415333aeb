"""Which settings of the repository are missing, each with the click that mends it. Needs Python and gh alone.

    python scripts/ci/settings.py

Asks GitHub where the job's token (GH_TOKEN) may ask, and says so where it may not. Exit code 1 if one is missing.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

MISSING, NOT_KNOWN, THERE = "MISSING", "not known", "there"


@dataclass(frozen=True)
class Setting:
    """One setting: where it is, what to choose there, and what cannot work without it."""

    page: str  # of the repository
    click: str
    needed_for: str
    state: str


def main() -> int:
    repository = os.environ["GITHUB_REPOSITORY"]
    found = settings(repository)
    lines = [
        f"- {s.state}: {s.click}. For: {s.needed_for}."
        + (f" https://github.com/{repository}/{s.page}" if s.state != THERE else "")
        for s in found
    ]
    text = "## Settings of this repository\n\n" + "\n".join(lines) + "\n"
    print(text)
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
            file.write(text)
    return 1 if any(s.state == MISSING for s in found) else 0


def settings(repository: str) -> list[Setting]:
    """All settings that the workflows need, with what GitHub says of them."""
    return [
        Setting(
            "settings/variables/actions",
            "Secrets and variables, Actions, Variables, New: SITE_URL, the public address with a slash at the end",
            "links of the site that hold outside of it",
            THERE if os.environ.get("SITE_URL") else MISSING,
        ),
        Setting(
            "settings/pages",
            "Pages, Source: GitHub Actions",
            "publishing the site",
            said(f"repos/{repository}/pages", "build_type", "workflow", absent=MISSING),
        ),
        Setting(
            "settings/actions",
            "Actions, General, Workflow permissions: Allow GitHub Actions to create and approve pull requests",
            "pull requests with run files and renewed files",
            said(f"repos/{repository}/actions/permissions/workflow", "can_approve_pull_request_reviews", True),
        ),
        Setting(
            "settings",
            "General, Features: Issues",
            "what the watcher of releases cannot tell, which it asks in an issue",
            said(f"repos/{repository}", "has_issues", True),
        ),
        Setting(
            "actions/workflows/releases.yml",
            "Actions, releases: Enable workflow",
            "looking for new releases each day; GitHub switches it off after 60 days without activity",
            said(f"repos/{repository}/actions/workflows/releases.yml", "state", "active"),
        ),
    ]


def said(path: str, field: str, wanted: object, absent: str = NOT_KNOWN) -> str:
    """What GitHub's API says of a setting; `absent` is the state where it answers that there is no such thing."""
    done = subprocess.run(["gh", "api", path], capture_output=True, text=True)
    if done.returncode != 0:
        return absent if "HTTP 404" in done.stderr else NOT_KNOWN
    try:
        value = json.loads(done.stdout)[field]
    except (ValueError, KeyError, TypeError):
        return NOT_KNOWN
    return THERE if value == wanted else MISSING


if __name__ == "__main__":
    sys.exit(main())
