"""What the pages show as a program's output: the programs are run on the emulated device and what they print is kept."""

import os
import platform
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.places import ROOT
from mpscheck.runs import emulated, made_of, provenance, warm

KIND = "transcripts"
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
    warm: bool = field(default=False, repr=False)  # in a process that has torch already: changes nothing that it prints
    memory: float = field(default=0.0, repr=False)  # GiB that it needs; on a machine with less it is not run

    def made_of(self) -> dict[str, str]:
        """What the output depends on: the files among its arguments, its fault, the emulated device."""
        parts = {argument: made_of.files(argument) for argument in self.arguments if (ROOT / argument).is_file()}
        parts |= {"fault": made_of.fault_of(catalogue.find(self.fault))} if self.fault else {}
        return parts | {"command": made_of.digest([repr(self)]), "device": made_of.device()}


def of_snippet(bug: Bug) -> list[Program]:
    """A snippet on the healthy device, and with its own fault where that can be imitated."""
    command = (f"snippets/bugs/{bug.slug}.py", "--device", "emu")
    how = {"warm": True, "memory": bug.check.memory}
    sick = [Program(f"{bug.slug}-sick", command, bug.slug, 3, **how)] if bug.imitable else []
    return [Program(f"{bug.slug}-healthy", command, **how), *sick]


def programs() -> tuple[Program, ...]:
    """All programs whose output a page shows."""
    return (*TOOLS, *(program for bug in catalogue.with_check() for program in of_snippet(bug)))


TOOLS = (
    Program("validate-healthy", (VALIDATE, "--model", "ioi-small", "--device", "emu")),
    Program("validate-sick", (VALIDATE, "--model", "ioi-small", "--device", "emu"), FAULT, 3),
    Program(
        "validate-smollm2", (VALIDATE, "--model", "smollm2", "--entry", "transformers", "--quick", "--device", "emu")
    ),
    Program("locate-healthy", (LOCATE, "--model", "ioi-small", "--entry", "bridge", "--device", "emu")),
    Program("locate-sick", (LOCATE, "--model", "ioi-small", "--entry", "bridge", "--device", "emu"), FAULT, 3),
    Program("audit-example", (AUDIT, "--torch", "2.8.0", "--macos", "15", "docs/examples/my_experiment.py"), status=3),
)


class Unexpected(RuntimeError):
    """A program that ended otherwise than the page says."""


def keep(program: Program) -> None:
    """Run a program and keep what it prints. Raises Unexpected."""
    if program.warm:
        sick = [catalogue.find(program.fault)] if program.fault else []
        ended, measured = warm.python(program.arguments, *sick), {}
    else:
        before = os.times()
        ended = cold(program)
        after = os.times()
        seconds = after.children_user + after.children_system - before.children_user - before.children_system
        measured = {"seconds": round(seconds, 1)}
    if ended.status != program.status:
        raise Unexpected(f"{program.name} ended with {ended.status}, not {program.status}: {ended.err[-500:]}")
    row = measured | {"lines": without_paths(ended.out).splitlines()}
    where = provenance.collect("emu")
    emulated.write(emulated.PUBLISHED, KIND, program.name, where, program.made_of(), row)


def cold(program: Program) -> warm.Ended:
    """A program from the very start, which is what a reader waits for."""
    environment = emulated.environment()
    if program.fault:
        environment["MPSCHECK_FAULTS"] = program.fault
    done = subprocess.run(
        [sys.executable, *program.arguments], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    return warm.Ended(done.returncode, done.stdout, done.stderr)


def without_paths(output: str) -> str:
    """The output without this machine's own folders (`…/bin/python`) and its kernel's name."""
    output = output.replace(platform.platform(), platform.system())
    for folder in sorted({str(ROOT), sys.prefix, str(Path.home())}, key=len, reverse=True):
        output = output.replace(folder, "…")
    return output
