"""What action.yml runs: validate_mps.py on a model, its verdict as an output, its last line in the summary of the job.

Exit code 0: it agrees, or nothing could be checked and that was to pass; 3: it disagrees; 2: it could not be checked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "snippets" / "validate_mps.py"
STATUS = {"agrees": 0, "disagrees": 3}


def main() -> int:
    asked = {"--model": os.environ["MODEL"], "--entry": os.environ["ENTRY"], "--device": os.environ["DEVICE"]}
    options = [f"{name}={value}" for name, value in asked.items() if value]
    done = subprocess.run([sys.executable, str(TOOL), *options, "--json"], stdout=subprocess.PIPE, text=True)
    try:
        report = json.loads(done.stdout)
    except ValueError:  # it has ended before it could say anything; its own words stand above
        report = {"verdict": "could not check", "last_line": f"validate_mps.py ended with exit code {done.returncode}"}
    verdict, line = report["verdict"], " ".join(report["last_line"].split())
    print(line)
    tell("GITHUB_OUTPUT", f"verdict={verdict}")
    tell("GITHUB_STEP_SUMMARY", f"### MPS Check: {verdict}\n\n    {line}")
    if verdict not in STATUS and os.environ["COULD_NOT_CHECK"] == "pass":
        print("::warning::MPS Check: nothing was checked, so nothing is known of this model on this machine")
        return 0
    return STATUS.get(verdict, 2)


def tell(variable: str, text: str) -> None:
    """Write to one of the files that GitHub reads after a step."""
    if os.environ.get(variable):
        with open(os.environ[variable], "a", encoding="utf-8") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
