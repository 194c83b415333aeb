"""Make environments beside the main one: .cache/envs/NAME, once each.

    python scripts/environments.py transformer-lens-2.17.0     the pins of environments.json
    python scripts/environments.py torch-2.0.1                 that torch and what `mpscheck run` needs

An environment uses the Python that runs this script, 3.9 or newer. `reporter` is the one of TransformerLens#1178
(torch 2.8.0, TransformerLens 2.17.0), with the newest versions of the rest that pip chose for Python 3.9 in November
2026. The pins of the others keep old TransformerLens importable: pyarrow 24 and later want NumPy 2, which it forbids.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = Path(__file__).with_name("environments.json")
FOLDER = ROOT / ".cache" / "envs"
TOOL = ("click", "jsonschema", "packaging", "pebble", "psutil", "rich", "scipy")  # all that `mpscheck run` imports


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="+", metavar="NAME", help="a name of environments.json, or torch-VERSION")
    parser.add_argument("--dry-run", action="store_true", help="print what pip would be given, and stop")
    arguments = parser.parse_args()
    for name in arguments.names:
        try:
            packages = packages_of(name)
        except LookupError as error:
            print(error.args[0], file=sys.stderr)
            return 2
        if arguments.dry_run:
            print(name, *packages)
        elif not make(name, packages):
            print(f"The environment {name} could not be made; what pip said stands above.", file=sys.stderr)
            return 2
    return 0


def packages_of(name: str) -> list:
    """What pip is to install for an environment. Raises LookupError, in one sentence, for a name that is none."""
    pins = json.loads(PINS.read_text(encoding="utf-8"))
    if name in pins:
        return pins[name]
    match = re.fullmatch(r"torch-(\d+)\.(\d+)\.(\d+)", name)
    if match is None:
        raise LookupError(f"There is no environment {name!r}: say {', '.join(pins)} or torch-X.Y.Z.")
    # torch before 2.3 was built against NumPy 1 and cannot exchange data with NumPy 2
    old = (int(match[1]), int(match[2])) < (2, 3)
    return [f"torch=={name[6:]}", "numpy<2" if old else "numpy", *TOOL]


def make(name: str, packages: list) -> bool:
    """Make an environment, unless it is there with the same packages; True if it can be used."""
    place = FOLDER / name
    stamp = place / "made-from"
    wanted = f"{' '.join(packages)}\n{sys.version}\n"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return True
    print(f"Making the environment {name}", file=sys.stderr, flush=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands = [[sys.executable, "-m", "venv", "--clear", str(place)], [*pip, *packages]]
    if name != "reporter":  # which has nothing of ours, and a Python too old for it
        commands.append([*pip, "--no-deps", "--editable", str(ROOT)])
    if any(subprocess.run(command).returncode != 0 for command in commands):
        return False
    stamp.write_text(wanted, encoding="utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main())
