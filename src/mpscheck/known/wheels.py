"""What PyTorch's own wheel for macOS says of `mps`: evidence *declared*. Read as a zip file; nothing in it is executed.

Two things stand in every wheel as text:

- `native_functions.yaml`: for which ops there is a kernel of `mps`'s own (the others are made of several ops, or raise);
- `common_mps.py` (in recent wheels): the ops of which PyTorch's own tests *expect* that `mps` fails or differs.
"""

import ast
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from mpscheck.places import ROOT

FOLDER = ROOT / "results" / "declared"
KERNELS = "torchgen/packaged/ATen/native/native_functions.yaml"
EXPECTED = "torch/testing/_internal/common_mps.py"
VERSION = "torch/version.py"
# pip takes the newest that a wheel allows. Every release from 2.0 to 2.15 has one for 3.11; which it is does not matter.
PLATFORMS = tuple(f"--platform=macosx_{number}_0_arm64" for number in (11, 12, 13, 14, 15, 26, 27))
PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
PIP = ("--no-deps", "--only-binary=:all:", *PLATFORMS)


class BadWheel(ValueError):
    """A file that is no wheel of torch for macOS, or a release that has none; the message says what to do."""


@dataclass(frozen=True)
class Declared:
    """What one wheel declares.

    `kernels`: names of aten ops without overloads, sorted. `expected_failures`: by the name of the list in the wheel,
    the ops as PyTorch's OpInfo spells them, each with its dtypes (None: all); None if the wheel has no such file.
    """

    torch: str
    wheel: str
    sha256: str
    git_version: str
    kernels: list[str]
    expected_failures: dict[str, dict[str, list[str] | None]] | None


def download(version: str, folder: Path) -> Path:
    """The wheel of a release for Macs with Apple silicon, some 70 MB, through pip. Raises BadWheel."""
    for python in PYTHONS:
        wanted = ("--python-version", python, "--quiet", "--dest", str(folder), f"torch=={version}")
        done = subprocess.run([sys.executable, "-m", "pip", "download", *PIP, *wanted], capture_output=True, text=True)
        if found := sorted(folder.glob(f"torch-{version}-*.whl")):
            return found[0]
    why = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), "pip gave no reason")
    raise BadWheel(f"pip could not download torch {version} for macOS ({why}); is there a network?")


def read(wheel: Path) -> Declared:
    """What the wheel declares. Raises BadWheel if it is no wheel of torch."""
    try:
        with zipfile.ZipFile(wheel) as files:
            names = set(files.namelist())
            kernels, version = files.read(KERNELS), files.read(VERSION).decode()
            expected = files.read(EXPECTED).decode() if EXPECTED in names else None
            values = constants(version)
            return Declared(
                torch=values["__version__"],
                wheel=wheel.name,
                sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
                git_version=values["git_version"],
                kernels=with_kernel(yaml.load(kernels, yaml.CSafeLoader)),
                expected_failures=None if expected is None else expected_failures(expected),
            )
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, SyntaxError, yaml.YAMLError) as error:
        raise BadWheel(f"{wheel.name} is no wheel of torch: {error}") from None


def constants(source: str) -> dict[str, str]:
    """The names that a Python file sets to a text, at its top level."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.update({target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)})
    return found


def with_kernel(functions: list[dict]) -> list[str]:
    """The aten ops, without overloads, for which `native_functions.yaml` names a kernel of `mps`'s own.

    An overload may leave it to another one of the same op (`structured_delegate`).
    """
    own = {}
    for function in functions:
        overload = function["func"].split("(")[0]
        keys = {key.strip() for place in function.get("dispatch", {}) for key in place.split(",")}
        own[overload] = "MPS" in keys
    for function in functions:
        own[function["func"].split("(")[0]] |= own.get(function.get("structured_delegate"), False)
    return sorted({overload.split(".")[0] for overload, found in own.items() if found})


def expected_failures(source: str) -> dict[str, dict[str, list[str] | None]]:
    """The lists of `common_mps.py` whose name says that a failure is expected or a test left out, read as text.

    A list that a condition extends later (`X.update(…)` on some macOS) is given as it is first written.
    """
    found = {}
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                name = getattr(target, "id", "")
                if "XFAIL" in name or "SKIP" in name:
                    found[f"{function.name}.{name}"] = _ops(node.value)
    return found


def _ops(table: ast.Dict) -> dict[str, list[str] | None]:
    """{op: dtypes} of a dict in the source; a key or a dtype that is no plain name is left out."""
    pairs = zip(table.keys, table.values, strict=True)
    return {
        key.value: sorted(item.attr for item in value.elts if isinstance(item, ast.Attribute))
        if isinstance(value, ast.List | ast.Tuple)
        else None
        for key, value in pairs
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def path(version: str) -> Path:
    """Where what a release declares is kept."""
    return FOLDER / f"{version}.json"


def text(declared: Declared) -> str:
    """The file of one wheel: one op a line would be long, so one list a line."""
    return json.dumps(asdict(declared), indent=1, sort_keys=True) + "\n"


def load(version: str) -> Declared | None:
    """What a release declares; None if its wheel has not been read."""
    file = path(version)
    return Declared(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def read_all(versions: Iterable[str]) -> dict[str, Declared]:
    """What these releases declare; one whose wheel has not been read is left out."""
    found = {version: load(version) for version in versions}
    return {version: declared for version, declared in found.items() if declared is not None}
