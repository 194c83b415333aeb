"""Make the environment of a macOS job, .cache/envs/NAME, with the Python that runs this script (3.9 or newer).

python scripts/ci/environment.py reporter        the pins of reporter.txt
python scripts/ci/environment.py torch-2.0.1     that torch and what `mpscheck run` needs
python scripts/ci/environment.py no-torch        what planning and publishing need

`emu` exists in none of them whose torch is older than 2.10: such a torch cannot take a backend that is written in Python.
The pip in them is the one of that Python, and Apple's own Python 3.9 with its pip 21.2 can make the reporter's alone: the
others install this project in editable form, which pip does from its pyproject.toml since 21.3, and need Python 3.11.5.
A call of pip that fails is tried once more.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORTER = Path(__file__).with_name("reporter.txt")
FOLDER = ROOT / ".cache" / "envs"
TRIES = 2
# All that `mpscheck run` imports.
TOOL = ("click", "expecttest", "jsonschema", "jsonschema-rs>=0.61,<1", "numpy", "packaging", "psutil", "pyyaml", "rich")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", help="reporter, no-torch or torch-VERSION")
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
        if all(subprocess.run(command).returncode != 0 for _ in range(TRIES)):
            print(f"The environment {arguments.name} could not be made; what pip said is above.", file=sys.stderr)
            return 2
    return 0


def installs_of(name: str) -> list:
    """What pip is to install, one list a call. Raises LookupError, in one sentence, for a name that is none."""
    if name == "reporter":
        return [["-r", str(REPORTER)]]  # nothing of ours, which its Python is too old for
    ours = ["--no-deps", "--editable", str(ROOT)]
    if name == "no-torch":
        return [list(TOOL), ours]
    match = re.fullmatch(r"torch-(\d+)\.(\d+)\.(\d+)(?:rc\d+)?", name)
    if match is None:
        raise LookupError(f"There is no environment {name!r}: say reporter, no-torch or torch-X.Y.Z.")
    # torch before 2.3 was built against NumPy 1 and cannot exchange data with NumPy 2
    old = (int(match[1]), int(match[2])) < (2, 3)
    return [[f"torch=={name[6:]}", "numpy<2" if old else "numpy", *TOOL], ours]


if __name__ == "__main__":
    sys.exit(main())
