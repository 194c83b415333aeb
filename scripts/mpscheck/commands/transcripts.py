"""What the pages show as a program's output: the programs are run on the emulated device and what they print is kept.

One text file a program in `results/emulated/transcripts/`, and `index.json` with a hash of its inputs and its processor
time in seconds.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mpscheck import catalogue, provenance, results
from mpscheck.catalogue import ROOT
from mpscheck.report.pages import TRANSCRIPTS

INDEX = TRANSCRIPTS / "index.json"
FAULT = "linear-noncontiguous-weight"
VALIDATE = "snippets/validate_mps.py"
LOCATE = "snippets/locate_divergence.py"
AUDIT = "snippets/audit_mps.py"


@dataclass(frozen=True)
class Program:
    """A program whose output a page shows, and the exit status that it must end with."""

    name: str
    arguments: tuple[str, ...]
    fault: str = ""
    status: int = 0

    def inputs(self) -> str:
        """Hash of what the output depends on: the files among its arguments, all of those, the emulated device, the fault."""
        files = [ROOT / argument for argument in self.arguments if (ROOT / argument).is_file()]
        parts = [path.read_bytes() for path in files]
        parts += [repr(self).encode(), provenance.emulation_hash().encode()]
        if self.fault:
            parts.append((catalogue.BUGS / f"{self.fault}.py").read_bytes())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def of_snippet(slug: str) -> tuple[Program, Program]:
    """A snippet on the healthy device, and with its own fault."""
    command = (f"snippets/bugs/{slug}.py", "--device", "emu")
    return Program(f"{slug}-healthy", command), Program(f"{slug}-sick", command, slug, 3)


PROGRAMS = (
    Program("validate-healthy", (VALIDATE, "--model", "ioi-small", "--device", "emu")),
    Program("validate-sick", (VALIDATE, "--model", "ioi-small", "--device", "emu"), FAULT, 3),
    Program(
        "validate-smollm2", (VALIDATE, "--model", "smollm2", "--entry", "transformers", "--quick", "--device", "emu")
    ),
    Program("locate-healthy", (LOCATE, "--model", "ioi-small", "--entry", "bridge", "--device", "emu")),
    Program("locate-sick", (LOCATE, "--model", "ioi-small", "--entry", "bridge", "--device", "emu"), FAULT, 3),
    Program("audit-example", (AUDIT, "--torch", "2.8.0", "--macos", "15", "docs/examples/my_experiment.py"), status=3),
    *(program for bug in catalogue.load() for program in of_snippet(bug.slug)),
)


class Unexpected(RuntimeError):
    """A program that ended otherwise than the page says."""


def refresh(say=print) -> int:
    """Run the programs whose inputs have changed and keep their output; how many ran. Raises Unexpected."""
    index = json.loads(INDEX.read_text(encoding="utf-8"))["transcripts"] if INDEX.exists() else {}
    ran = 0
    for program in PROGRAMS:
        if index.get(program.name, {}).get("inputs") == program.inputs() and _file(program).exists():
            continue
        say(f"running {program.name}")
        index[program.name] = _keep(program)
        ran += 1
    if ran:
        ordered = {program.name: index[program.name] for program in PROGRAMS}
        results.write_atomic(INDEX, json.dumps({"schema": 1, "transcripts": ordered}, indent=1) + "\n")
    return ran


def _file(program: Program) -> Path:
    return TRANSCRIPTS / f"{program.name}.txt"


def _keep(program: Program) -> dict:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MPSCHECK_")} | {"MPSCHECK_EMU": "1"}
    if program.fault:
        environment["MPSCHECK_FAULTS"] = program.fault
    before = os.times()
    done = subprocess.run(
        [sys.executable, *program.arguments], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    if done.returncode != program.status:
        raise Unexpected(f"{program.name} ended with {done.returncode}, not {program.status}: {done.stderr[-500:]}")
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    results.write_atomic(_file(program), without_paths(done.stdout))
    return {"inputs": program.inputs(), "status": done.returncode, "seconds": round(seconds, 1)}


def without_paths(output: str) -> str:
    """The output without this machine's own folders (`…/bin/python`) and its kernel's name."""
    output = output.replace(platform.platform(), platform.system())
    for folder in sorted({str(ROOT), sys.prefix, str(Path.home())}, key=len, reverse=True):
        output = output.replace(folder, "…")
    return output
