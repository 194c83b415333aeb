"""Make the environment of a macOS job, .cache/envs/NAME, with the Python that runs this script (3.9 or newer).

python scripts/ci/environment.py reporter        the pins of reporter.txt
python scripts/ci/environment.py torch-2.0.1     that torch and what `mpscheck run` needs
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORTER = Path(__file__).with_name("reporter.txt")
FOLDER = ROOT / ".cache" / "envs"
# All that `mpscheck run` imports.
TOOL = ("click", "jsonschema", "packaging", "pebble", "psutil", "pyyaml", "rich")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", help="reporter or torch-VERSION")
    parser.add_argument("--dry-run", action="store_true", help="print what pip would be given, and stop")
    arguments = parser.parse_args()
    try:
        installs = installs_of(arguments.name)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    if arguments.dry_run:
        for packages in installs:
            print(*packages)
        return 0
    place = FOLDER / arguments.name
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands = [[sys.executable, "-m", "venv", "--clear", str(place)], *([*pip, *packages] for packages in installs)]
    for command in commands:
        if subprocess.run(command).returncode != 0:
            print(f"The environment {arguments.name} could not be made; what pip said stands above.", file=sys.stderr)
            return 2
    return 0


def installs_of(name: str) -> list:
    """What pip is to install, one list a call. Raises LookupError, in one sentence, for a name that is none."""
    if name == "reporter":
        return [["-r", str(REPORTER)]]  # nothing of ours, which its Python is too old for
    match = re.fullmatch(r"torch-(\d+)\.(\d+)\.(\d+)", name)
    if match is None:
        raise LookupError(f"There is no environment {name!r}: say reporter or torch-X.Y.Z.")
    # torch before 2.3 was built against NumPy 1 and cannot exchange data with NumPy 2
    old = (int(match[1]), int(match[2])) < (2, 3)
    return [[f"torch=={name[6:]}", "numpy<2" if old else "numpy", *TOOL], ["--no-deps", "--editable", str(ROOT)]]


if __name__ == "__main__":
    sys.exit(main())
