"""Which known bugs a GPT-2 would meet through each library version: writes results/exposure/LIBRARY-VERSION.json.

    .venv/bin/python scripts/exposure/measure.py [ENVIRONMENT…]

Each entry point is run in its own process and environment (`mpscheck environments` makes them), on the healthy
emulated device, so that the audit knows which tensors are on the device and which are on the CPU; a use that does not
run there is run on the CPU. Only the calls matter, not the numbers. A quarter of an hour on two cores for all.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from mpscheck import environments
from mpscheck.bugs import catalogue
from mpscheck.known.exposure import FOLDER, drafted, fingerprint
from mpscheck.places import ROOT
from mpscheck.runs import emulated, results
from mpscheck.tools import bundle

PROBE = ROOT / "scripts" / "exposure" / "probe.py"
MAIN = f"transformerlens-{metadata.version('transformer_lens')}"
HOOKED = ("HookedTransformer", "HookedTransformer, n_heads = 1", "HookedTransformer, n_key_value_heads = 1")
BRIDGE = ("TransformerBridge", "TransformerBridge, compatibility mode")
TRANSFORMERS = ("transformers, eager", "transformers, sdpa")
ENTRIES = {  # by environment
    "transformerlens-2.17.0": (*HOOKED, *TRANSFORMERS),
    "transformerlens-2.18.0": HOOKED,
    "transformerlens-3.9.0": (*HOOKED, *BRIDGE),
    MAIN: (*BRIDGE, *TRANSFORMERS),
}
MODELS = ("gpt2-shape", "ioi-small")


def cpu_name() -> str:
    """The model of the CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def probe(python: Path, model: str, entry: str, bugs_file: Path) -> dict:
    """What `probe.py` prints in one environment. Raises RuntimeError with the end of its error output."""
    command = [str(python), str(PROBE), model, entry, str(bugs_file)]
    environment = emulated.environment() | {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"{entry} of {model} could not be measured: {done.stderr.strip()[-600:]}")
    return json.loads(done.stdout.splitlines()[-1])


def bugs() -> list[dict]:
    """The bugs to look for, as the audit takes them: those with a snippet, and those with a drafted trigger."""
    return bundle.entries(catalogue.with_check()) + bundle.drafted()


def measure(name: str) -> dict:
    """The contents of one environment's file."""
    python = Path(sys.executable) if name == MAIN else environments.make(name)
    records, found = [], {}
    with tempfile.TemporaryDirectory() as folder:
        bugs_file = Path(folder) / "catalogue.json"
        bugs_file.write_text(json.dumps(bugs()), encoding="utf-8")
        for entry in ENTRIES[name]:
            for model in MODELS:
                if "=" in entry and model == "gpt2-shape":  # toy models: a small one will do
                    continue
                print(f"{name}: {entry}, {model}", file=sys.stderr, flush=True)
                found = probe(python, model, entry, bugs_file)
                records.append(found["record"])
    provenance = {
        "date": datetime.now(UTC).date().isoformat(),
        "versions": found["versions"],
        "system": platform.system(),
        "cpu": cpu_name(),
        "level": found["level"],
        "bugs": {bug.slug: fingerprint(bug) for bug in catalogue.with_check()},
        "drafted": {bug.slug: fingerprint(bug) for bug in drafted(catalogue.rows())},
    }
    return {"schema": 2, "provenance": provenance, "records": records}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("environments", nargs="*", metavar="ENVIRONMENT", help=", ".join(ENTRIES))
    wanted = parser.parse_args().environments or list(ENTRIES)
    unknown = [name for name in wanted if name not in ENTRIES]
    if unknown:
        parser.error(f"there is no environment {unknown[0]}; there is {', '.join(ENTRIES)}")
    for name in wanted:
        try:
            data = measure(name)
        except (RuntimeError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 2
        results.write_atomic(FOLDER / f"{name}.json", json.dumps(data, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
