"""The environments in which other versions of the libraries are measured: `.cache/envs/NAME`, one for each
`scripts/environments/NAME.txt`.

Each is a venv with the pinned packages alone; all else, torch above all, is taken from the main environment, whose
folder of packages stands behind the venv's own on the path. So no torch is ever installed here. Does nothing, in no
time, where an environment was made from the same pins.
"""

import hashlib
import subprocess
import sys
import sysconfig
from pathlib import Path

from mpscheck.places import ROOT

PINS = ROOT / "scripts" / "environments"
ENVIRONMENTS = ROOT / ".cache" / "envs"
LAYER = "main-environment.pth"


class CannotMake(RuntimeError):
    """An environment that cannot be made; the message says why."""


def names() -> list[str]:
    """The environments that there are pins for."""
    return sorted(path.stem for path in PINS.glob("*.txt"))


def python_of(name: str, folder: Path = ENVIRONMENTS) -> Path:
    """The interpreter of an environment, whether it is made or not."""
    return folder / name / "bin" / "python"


def fingerprint(pins: Path) -> str:
    """What an environment is made from: the pins, this script, the Python, the main environment's place."""
    digest = hashlib.sha256(pins.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    return f"{digest} {sys.version.split()[0]} {sysconfig.get_paths()['purelib']}\n"


def is_made(name: str, folder: Path = ENVIRONMENTS, pins_folder: Path = PINS) -> bool:
    """True if the environment is there and was made from the pins as they are now."""
    stamp = folder / name / "made-from"
    return stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint(pins_folder / f"{name}.txt")


def make(name: str, folder: Path = ENVIRONMENTS, pins_folder: Path = PINS) -> Path:
    """Make one environment unless it is made; gives its interpreter. Raises CannotMake."""
    pins = pins_folder / f"{name}.txt"
    if not pins.exists():
        raise CannotMake(f"there are no pins for {name!r}; there is {', '.join(names())}")
    python = python_of(name, folder)
    if is_made(name, folder, pins_folder):
        return python
    place = folder / name
    (place / "made-from").unlink(missing_ok=True)
    _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(place))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    _run(*pip, "install", "--quiet", "--no-deps", "-r", str(pins))
    (_packages_of(python) / LAYER).write_text(f"{sysconfig.get_paths()['purelib']}\n{ROOT / 'src'}\n", "utf-8")
    _run(str(python), "-c", "import torch")
    (place / "made-from").write_text(fingerprint(pins), encoding="utf-8")
    return python


def _packages_of(python: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    return Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CannotMake(f"{' '.join(command[:4])} … ended with {done.returncode}: {done.stderr.strip()[-500:]}")
