"""Write requirements.lock: the exact versions of all that pyproject.toml asks for (`make lock`).

pip-tools resolves; nothing that belongs to one machine stays in the file: no package index, no local folder, and no
local version (`2.13.0+cpu` exists only where that build is at hand, `2.13.0` everywhere).
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
HEADER = "# Written by `make lock` from pyproject.toml. Do not edit.\n"
OPTIONS = (
    "--all-extras", "--strip-extras", "--no-header", "--no-annotate", "--quiet",
    "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-emit-options",
)  # fmt: skip


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "lock"  # a new file, since pip-tools keeps the versions of one that is there
        command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, "--output-file", str(fresh), "pyproject.toml"]
        code = subprocess.run(command, cwd=ROOT).returncode
        if code == 0:
            LOCK.write_text(HEADER + portable(fresh.read_text(encoding="utf-8")), encoding="utf-8")
    return code


def portable(lock: str) -> str:
    """The pins alone, each without a local version: `torch==2.13.0+cpu` becomes `torch==2.13.0`."""
    pins = [line for line in lock.splitlines() if "==" in line and not line.startswith("#")]
    return "".join(re.sub(r"\+\S+$", "", pin) + "\n" for pin in pins)


if __name__ == "__main__":
    sys.exit(main())
