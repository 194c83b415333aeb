"""`mpscheck derived`: renew the checked-in files that are made from others, or say which are not current, and why.

Nothing of the two commands of the README writes these files, so that nobody's clone changes under their hands; a job on
main runs this one. Each file is written as soon as it is made: Ctrl-C loses nothing that was made before.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from mpscheck import environments
from mpscheck.bugs import catalogue
from mpscheck.commands import controls, detection, notebooks, recordings, redteam, transcripts, works
from mpscheck.places import ROOT
from mpscheck.runs import emulated, made_of, runner
from mpscheck.tools import bundle


@dataclass(frozen=True)
class Stale:
    """One checked-in file that is not current: why, how it is renewed, and what is lacking here for it, if anything.

    Files with the very same `renew` are renewed together, by one call with their names.
    """

    kind: str
    name: str
    why: str
    renew: Callable[[list[str]], None]
    lacking: str | None = None


def main(kinds: tuple[str, ...], check: bool) -> int:
    """0 if all is (or is now) current or cannot be renewed here; 1 if `check` finds what can be, or a renewal fails."""
    failed = False
    for kind in kinds or KINDS:
        found = list(KINDS[kind]())
        click.echo(f"{kind}: {'current' if not found else f'{len(found)} not current'}")
        for line in reasons(found):
            click.echo(f"  {line}")
        possible = [one for one in found if not one.lacking]
        failed |= bool(possible) if check else not all([renewed(*some) for some in together(possible)])
    return 1 if failed else 0


def reasons(found: list[Stale]) -> list[str]:
    """Why files are not current: a line for each reason, with the first of the files."""
    names: dict[str, list[str]] = {}
    for one in found:
        names.setdefault(one.why + (f". {one.lacking}" if one.lacking else ""), []).append(one.name)
    return [f"{listed(some)}: {why}" for why, some in names.items()]


def listed(names: list[str], most: int = 4) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def together(found: list[Stale]) -> list[tuple[Callable, list[str]]]:
    """Each way to renew, with the names of the files that it renews at once."""
    names: dict[Callable, list[str]] = {}
    for one in found:
        names.setdefault(one.renew, []).append(one.name)
    return list(names.items())


def renewed(renew: Callable[[list[str]], None], names: list[str]) -> bool:
    """Renew these files; what goes wrong is one sentence, and the next ones are tried."""
    click.echo(f"  renewing {listed(names)}", err=True)
    try:
        renew(names)
    except Exception as error:
        click.echo(f"  {listed(names)} could not be renewed: {str(error)[-800:]}", err=True)
        return False
    return True


def of_bundles() -> Iterator[Stale]:
    """The single-file tools: their code, and the catalogue that two of them carry."""
    for tool in bundle.TOOLS:
        if not bundle.is_current(tool):
            why = "the catalogue in it has changed" if bundle.has_current_code(tool) else "its modules have changed"
            yield Stale("bundles", f"snippets/{tool}", why, lambda names, tool=tool: bundle.write(tool))


def of_controls() -> Iterator[Stale]:
    """Each check on the healthy, the honest and the sick emulated device."""
    bugs = {bug.slug: bug for bug in catalogue.with_check()}
    now = {slug: made_of.of_check(bug) for slug, bug in bugs.items()}
    for slug, why in emulated.stale(controls.KIND, now).items():
        if slug in now:
            yield Stale(controls.KIND, slug, why, measured_again, too_large(bugs[slug].check.memory))
        else:
            yield Stale(controls.KIND, slug, why, removal(controls.KIND))


def of_recordings() -> Iterator[Stale]:
    """What libraries call, held against each bug's triggers: all libraries run once for all bugs."""
    now = {slug: made_of.of_recording(bug) for slug, bug in recordings.bugs().items()}
    gone = removal(recordings.KIND)
    for slug, why in emulated.stale(recordings.KIND, now).items():
        yield Stale(recordings.KIND, slug, why, recordings.publish if slug in now else gone)


def of_transcripts() -> Iterator[Stale]:
    """What the programs print whose output pages show."""
    programs = {program.name: program for program in transcripts.programs()}
    now = {name: program.made_of() for name, program in programs.items()}
    for name, why in emulated.stale(transcripts.KIND, now).items():
        if program := programs.get(name):
            again = lambda names, program=program: transcripts.keep(program)  # noqa: E731
            yield Stale(transcripts.KIND, name, why, again, too_large(program.memory))
        else:
            yield Stale(transcripts.KIND, name, why, removal(transcripts.KIND))


def of_detection() -> Iterator[Stale]:
    """The detection table, for the models and entry points that it has."""
    bugs = {bug.slug: bug for bug in catalogue.with_check()}
    subjects = {tuple(d["row"][name] for name in ("model", "entry")) for d in emulated.read(detection.KIND).values()}
    rows = {
        detection.name_of(*subject, fault): (*subject, fault)
        for subject in subjects
        for fault in detection.known_faults()
    }
    now = {name: made_of.of_row(row[2], bugs) for name, row in rows.items()}
    gone, again = removal(detection.KIND), {subject: rows_again(*subject) for subject in subjects}
    for name, why in emulated.stale(detection.KIND, now).items():
        yield Stale(detection.KIND, name, why, again[rows[name][:2]] if name in now else gone)


def of_works() -> Iterator[Stale]:
    """What the tools say of the models that people use."""
    libraries = {works.file_of(library.name): library for library in works.LIBRARIES}
    now = {name: works.made_now(library) for name, library in libraries.items()}
    gone = removal(works.KIND)
    for name, why in emulated.stale(works.KIND, now).items():
        if library := libraries.get(name):
            needs = lacking([library.environment] if library.environment else [])
            yield Stale(works.KIND, name, why, works_again, needs)
        else:
            yield Stale(works.KIND, name, why, gone)


def of_redteam() -> Iterator[Stale]:
    """Faults made by rule: a file a model."""
    for name, why in emulated.stale(redteam.KIND, dict.fromkeys(redteam.models(), made_of.of_redteam())).items():
        again = tried_again if name in redteam.models() else removal(redteam.KIND)
        yield Stale(redteam.KIND, name, why, again)


def of_notebooks() -> Iterator[Stale]:
    """The executed notebooks."""
    for path in notebooks.paths():
        if why := notebooks.stale(path):
            needs = lacking(notebooks.ENVIRONMENTS.get(path.name, ()))
            yield Stale("notebooks", path.name, why, lambda names, path=path: notebooks.renew(path), needs)


def of_case() -> Iterator[Stale]:
    """The report rebuilt, in the TransformerLens of its time and in one that has the cure."""
    for path in sorted(emulated.PUBLISHED.glob("case-*.json")):
        environment = f"transformerlens-{path.stem.removeprefix('case-')}"
        made = json.loads(path.read_text(encoding="utf-8")).get("made_of", {})
        if parts := made_of.changed(made, made_of.of_case()):
            why = f"changed since: {', '.join(parts)}"
            yield Stale("case", path.name, why, lambda names, e=environment: rebuilt(e), lacking([environment]))


def lacking(names: list[str]) -> str | None:
    """The sentence on environments that are not made here; None where all are."""
    missing = " ".join(name for name in names if not environments.is_made(name))
    command = f".venv/bin/mpscheck environments {missing}"
    return f"It is shown as it was: it needs what `{command}` makes" if missing else None


def too_large(memory: float) -> str | None:
    """The sentence on memory that this machine lacks; None where it has enough."""
    lacks = runner.lacking_memory(memory)
    return f"It is left as it was: it {lacks}" if lacks else None


def rebuilt(environment: str) -> None:
    run([environments.python_of(environment), "scripts/case/reproduce.py"])


def removal(kind: str) -> Callable[[list[str]], None]:
    def remove(names: list[str]) -> None:
        for name in names:
            emulated.path_of(emulated.PUBLISHED, kind, name).unlink()

    return remove


def measured_again(slugs: list[str]) -> None:
    """All at once: the workers of each device are started once."""
    mpscheck("controls", "--publish", "--resume", *slugs)


def works_again(names: list[str]) -> None:
    mpscheck("works-with", "--publish", *names)


def tried_again(models: list[str]) -> None:
    mpscheck("redteam", "--publish", *models)


def rows_again(model: str, entry: str) -> Callable[[list[str]], None]:
    """All rows of a model and entry point at once: it is loaded once."""

    def measure(names: list[str]) -> None:
        faults = [name.rpartition("/")[2] for name in names]
        mpscheck("detection", "--publish", "--model", model, "--entry", entry, *faults)

    return measure


def mpscheck(*arguments: str) -> None:
    """Run a command of ours. Raises RuntimeError as `run`."""
    run([sys.executable, "-m", "mpscheck.cli", *arguments])


def run(command: list) -> None:
    """Run a program from the root. Raises RuntimeError with its own last words where it could not run."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.strip() or f"it ended with exit code {done.returncode}")


KINDS: dict[str, Callable[[], Iterator[Stale]]] = {
    "bundles": of_bundles,
    "controls": of_controls,
    "recordings": of_recordings,
    "transcripts": of_transcripts,
    "detection": of_detection,
    "works-with": of_works,
    "redteam": of_redteam,
    "notebooks": of_notebooks,
    "case": of_case,
}
