"""`mpscheck verify`: measure, check, write and build all there is, on the best device here.

It writes what git ignores, and nothing else: `mpscheck derived` renews what is checked in.

A list of steps, each one command in a process of its own. A step whose inputs are what they were is not done again, and
says so; measuring keeps its own records (`--resume`). The first step that cannot run ends it with one sentence.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field

import click

from mpscheck.places import ROOT
from mpscheck.runs import provenance, results

MEMORY = ROOT / ".cache" / "verify.json"  # what each step read when it was last done, and its last words
MPSCHECK = (sys.executable, "-m", "mpscheck.cli")
MODELS = {  # in words, and how: the larger one by the quick checks, in one library, so that this stays a matter of minutes
    "ioi-small": ("a small GPT-2 trained on IOI", ()),
    "smollm2": ("SmolLM2-135M-Instruct", ("--entry", "transformers", "--quick")),
}


@dataclass(frozen=True)
class Step:
    """One command; `reads` are globs of what it depends on, none for a command that itself knows what is left to do."""

    title: str
    command: tuple[str, ...]
    reads: tuple[str, ...] = ()
    makes: str | None = None  # a file that must be there for the step to count as done
    finding: int | None = None  # the exit code that means: it ran, and something is not as expected
    variables: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What became of a step: its exit code, its last line, seconds, and whether it was done now."""

    code: int
    words: str
    seconds: float
    now: bool


def main(device: str | None, fresh: bool) -> int:
    started = time.monotonic()
    device = device or provenance.best_device()
    emulated = provenance.evidence_of(device) == "emulated"
    environment = machine(device)
    memory = {} if fresh else remembered()
    finished = []
    steps = steps_on(device, fresh)
    for number, step in enumerate(steps, 1):
        click.secho(f"\n[{number}/{len(steps)}] {step.title}", bold=True)
        try:
            done = do(step, memory, environment)
        except KeyboardInterrupt:
            click.secho("\nStopped. What was done is kept: the same command goes on from there.", err=True)
            return 2
        if done.code not in (0, step.finding):
            click.secho(
                f"Step {number} ({step.title}) ended with exit code {done.code}: its own words stand above.", err=True
            )
            return 2
        finished.append((step, done))
    summary(finished, emulated, time.monotonic() - started)
    return 1 if any(done.code for _, done in finished) else 0


def steps_on(device: str, fresh: bool) -> list[Step]:
    """All steps, in the order in which each finds what it needs."""
    resume = () if fresh else ("--resume",)
    # a log has no terminal that a table must fit, and no line that a bar can be drawn in
    log = {} if sys.stderr.isatty() else {"COLUMNS": "150", "TQDM_DISABLE": "1"}
    emulated = {"MPSCHECK_EMU": os.environ.get("MPSCHECK_EMU", "1")} if device.split(":")[0] == "emu" else {}
    validate = [
        Step(
            f"Validate {words} on {device}",
            (sys.executable, "snippets/validate_mps.py", "--model", model, "--device", device, *options),
            reads=("snippets/validate_mps.py", "snippets/models/**/*", "requirements.lock"),
            finding=3,
            variables=log | emulated,
        )
        for model, (words, options) in MODELS.items()
    ]
    return [
        Step(f"Measure the snippets on {device}", (*MPSCHECK, "run", "--device", device, *resume), finding=1),
        Step("Check the checks, on the emulated device", (*MPSCHECK, "controls", *resume), finding=1, variables=log),
        *validate,
        Step("Write the pages from the results", (*MPSCHECK, "site")),
        Step(
            "Build the site",
            (sys.executable, "-m", "mkdocs", "build", "--strict"),
            reads=(
                *("docs/**/*", "mkdocs.yml", "overrides/**/*", "requirements.lock"),
                *("snippets/**/*", "catalogue/**/*", "src/**/*.py", "setup.py", "pyproject.toml"),  # the wheel
            ),
            makes="site/index.html",
            variables={"NO_MKDOCS_2_WARNING": "1"},
        ),
        Step(
            "Write the Content-Security-Policy of each page", (sys.executable, "scripts/site_quality/csp.py", "site")
        ),  # rewrites what it reads: no second build, no second policy
    ]


def do(step: Step, memory: dict, environment: dict) -> Done:
    """Do a step, or find that nothing it reads has changed since it was last done."""
    state = state_of(step, environment)
    kept = memory.get(step.title)
    if kept and step.reads and kept["read"] == state and is_made(step):
        click.echo(f"Nothing to do: nothing that it reads has changed. Then it said: {kept['words']}")
        return Done(kept["code"], kept["words"], 0.0, now=False)
    started = time.monotonic()
    code, words = run(step)
    seconds = time.monotonic() - started
    if step.reads and code in (0, step.finding):
        memory[step.title] = {"read": state, "code": code, "words": words}
        results.write_atomic(MEMORY, json.dumps(memory, indent=1) + "\n")
    click.echo(f"{seconds:.0f} s")
    return Done(code, words, seconds, now=True)


def run(step: Step) -> tuple[int, str]:
    """Run a step's command, its output shown as it comes; the exit code, and the last line of its standard output."""
    words = ""
    with subprocess.Popen(
        step.command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | step.variables
    ) as process:
        for line in process.stdout:
            click.echo(line, nl=False)
            words = line.strip() or words
    return process.returncode, words or f"{step.makes} is there"


def is_made(step: Step) -> bool:
    return step.makes is None or (ROOT / step.makes).exists()


def state_of(step: Step, environment: dict) -> str:
    """Hash of all that decides what a step gives: the contents of the files it reads, its command, the machine."""
    digest = hashlib.sha256(json.dumps([step.command, environment]).encode())
    paths = {path for pattern in step.reads for path in ROOT.glob(pattern) if path.is_file()}
    for path in sorted(paths):
        if "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(ROOT)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return digest.hexdigest()


def machine(device: str) -> dict:
    """What decides numbers on this machine (the emulated device's own code too), and where the site will stand."""
    where = provenance.collect(device)
    return {name: where[name] for name in provenance.KEY} | {"site": os.environ.get("SITE_URL", "")}


def remembered() -> dict:
    """What earlier runs left; nothing if that cannot be read."""
    try:
        return json.loads(MEMORY.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def summary(finished: list[tuple[Step, Done]], emulated: bool, seconds: float) -> None:
    """Say in plain words what came out, and where to look."""
    click.secho(f"\nDone in {seconds:.0f} s", bold=True)
    for step, done in finished:
        spent = f"{done.seconds:.0f} s" if done.now else "nothing changed"
        click.echo(f"{'ok ' if done.code == 0 else '!! '} {step.title} ({spent}): {done.words}")
    if any(done.code for _, done in finished):
        click.echo("The lines marked !! are not as expected: what they found stands above.")
    if emulated:
        click.echo("No Apple GPU here: all of this ran on a device emulated in software and says nothing about a Mac.")
    click.echo("The site: open site/index.html, or say `make serve` and open the address that it prints.")
