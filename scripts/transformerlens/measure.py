"""What TransformerLens does about mps, by version: runs the probe in each environment, writes results/transformerlens.json.

    mpscheck environments && .venv/bin/python scripts/transformerlens/measure.py

The tests for mps are counted in each release's source, which pip downloads; the installed package has none. Nothing here runs
on a Mac. How many weights are transposed is in `results/exposure/`.
"""

import ast
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from mpscheck import environments
from mpscheck.places import ROOT
from mpscheck.runs import results

PROBE = Path(__file__).with_name("probe.py")
OUT = ROOT / "results" / "transformerlens.json"
PREFIX = "transformerlens-"


def pythons() -> list[Path]:
    """The interpreters with an older release, and this one, which has the newest."""
    names = [name for name in environments.names() if name.startswith(PREFIX)]
    return [*(environments.make(name) for name in names), Path(sys.executable)]


def probed(python: Path) -> dict:
    """What the probe says in an environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MPSCHECK_")}
    environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([python, str(PROBE)], capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def tests_for_mps(version: str) -> int | None:
    """How many functions in `tests/mps` of a release's source are tests; each may run several times.

    None where the source was published without any tests, so that nothing is known.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", f"transformer-lens=={version}", "--no-deps", "--quiet"]
        subprocess.run([*command, "--no-binary", "transformer-lens", "--dest", folder], check=True, capture_output=True)
        (path,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(path) as archive:
            names = archive.getnames()
            if not any("/tests/" in name for name in names):
                return None
            texts = [archive.extractfile(n).read() for n in names if "/tests/mps/" in n and n.endswith(".py")]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in nodes)


def made_of() -> str:
    """What the file was made from: it is old when this changes."""
    return hashlib.sha256(PROBE.read_bytes()).hexdigest()[:16]


def main() -> None:
    found = {}
    for python in pythons():
        said = probed(python)
        version = said["versions"]["transformer-lens"]
        found[version] = said | {"tests_for_mps": tests_for_mps(version)}
        print(version, found[version]["device"], found[version]["tests_for_mps"])
    provenance = {"how": "Run on Linux without an Apple GPU", "date": datetime.now(UTC).date().isoformat()}
    document = {"schema": 1, "provenance": provenance | {"probe": made_of()}, "releases": found}
    results.write_atomic(OUT, json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
