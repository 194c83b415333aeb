"""The console script `mpscheck`. Exit code 0: all as expected; 1: something is not; 2: could not run."""

import functools
import math
import os
import sys

import click

from mpscheck import places
from mpscheck.bugs.catalogue import BadBug, UnknownBug
from mpscheck.known.wheels import BadWheel
from mpscheck.runs.results import BadResults


def one_sentence(command):
    """Turn what a user can mend into one sentence and exit code 2."""

    @functools.wraps(command)
    def wrapped(*args, **kwargs):
        try:
            return command(*args, **kwargs)
        except (BadBug, UnknownBug, BadResults, BadWheel) as error:
            sys.exit(_say(str(error.args[0]) + "."))
        except OSError as error:
            sys.exit(
                _say(f"cannot write or read {error.filename or 'a file'}: {error.strerror}; nothing else was lost.")
            )

    return wrapped


def in_clone(command):
    """Of a command that reads or writes what a wheel does not hold: installed from one, it says so, with exit code 2."""

    @functools.wraps(command)
    def wrapped(*args, **kwargs):
        if not places.IS_CLONE:
            name = click.get_current_context().info_name
            sys.exit(
                _say(f"mpscheck {name} works in a clone of the repository alone: this one is installed from a wheel.")
            )
        return command(*args, **kwargs)

    return wrapped


def _say(sentence: str) -> int:
    click.echo(sentence, err=True)
    return 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Check PyTorch on Apple GPUs for silently wrong numbers."""


@main.command()
@click.argument("names", nargs=-1, metavar="[SLUG|FILE]…")
@click.option("--device", help="mps, cuda, emu …; the best one here if not given.")
@click.option("--out", type=click.Path(dir_okay=False), help="Run file to write; one in results/local/ if not given.")
@click.option("--publish", is_flag=True, help="Write a file to send, after a look at what it will tell.")
@click.option("--yes", is_flag=True, help="With --publish: do not ask.")
@click.option("--resume", is_flag=True, help="Keep what was measured here before on the same code and machine.")
@click.option("--timeout", default=120.0, show_default=True, help="Seconds for one snippet.")
@click.option("--memory", default=6.0, show_default=True, help="GiB of resident memory for one snippet.")
@click.option("--deadline", default=math.inf, help="Minutes for the whole run; what it does not reach is not run.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@one_sentence
def run(names, device, out, publish, yes, resume, timeout, memory, deadline, as_json):
    """Measure snippets, also ones from outside the repository, and store the numbers."""
    from mpscheck.commands import run as command

    sys.exit(command.main(names, device, out, publish, yes, resume, timeout, memory, deadline, as_json))


def _tool(name: str, file: str, says: str) -> None:
    """A command that is one of the single files, run with this Python."""
    passed_on = {"ignore_unknown_options": True, "help_option_names": []}

    @main.command(name, help=f"{says} The same as python {file}; --help says more.", context_settings=passed_on)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def tool(arguments):
        os.execv(sys.executable, [sys.executable, str(places.SNIPPETS / file), *arguments])


_tool("validate", "validate_mps.py", "Does a model compute on this device what it computes on the CPU?")
_tool("locate", "locate_divergence.py", "Where is it wrong? The first op where a device leaves the CPU.")
_tool("audit", "audit_mps.py", "Would this program meet a known bug? On any machine.")


@main.command()
@click.argument("names", nargs=-1, metavar="[OP]…")
@click.option("--device", help="mps, cuda, cpu, emu …; the best one here if not given.")
@click.option("--out", type=click.Path(dir_okay=False), help="Report to write; results/local/sweep/ if not given.")
@click.option(
    "--minutes", default=10.0, show_default=True, help="No op is begun after so long; those left are counted."
)
@click.option("--seed", default=0, show_default=True, help="Of the values, and of the order of the less dangerous ops.")
@click.option("--resume", is_flag=True, help="Go on with what was stopped here, on the same machine and seed.")
@click.option("--shard", default="1/1", show_default=True, metavar="I/N", help="Sweep the Ith of N parts.")
@click.option("--processes", default=2, show_default=True, help="Processes that sweep at the same time.")
@one_sentence
def sweep(names, device, out, minutes, seed, resume, shard, processes):
    """Call every op in every layout and find what is wrong on a device, also what nobody has reported."""
    from mpscheck.commands import sweep as command

    sys.exit(command.main(names, device, out, minutes, seed, resume, shard, processes))


@main.command("sweep-proof")
@click.argument("slugs", nargs=-1)
@click.option("--publish", is_flag=True, help="Also write to results/emulated/, which the site shows.")
@click.option("--resume", is_flag=True, help="Keep what was measured here before with the same code.")
@click.option("--processes", default=2, show_default=True, help="Processes at the same time.")
@one_sentence
def sweep_proof(slugs, publish, resume, processes):
    """Which imitated faults does the sweep find, name and explain? One fault of a snippet at a time."""
    from mpscheck.commands import sweep_proof as command

    sys.exit(command.main(slugs, publish, resume, processes))


@main.command()
@click.argument("slugs", nargs=-1)
@click.option("--resume", is_flag=True, help="Keep what was measured here before on the same code.")
@click.option("--publish", is_flag=True, help="Also write to results/emulated/, which the site shows.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@one_sentence
def controls(slugs, resume, publish, as_json):
    """Each snippet on the healthy, the honest and the sick emulated device: does the check itself work?"""
    from mpscheck.commands import controls as command

    sys.exit(command.main(slugs, resume, publish, as_json))


@main.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False))
@click.option("--fix", is_flag=True, help="Mend what can be mended: main block, order of the metadata, formatting.")
@in_clone
@one_sentence
def lint(files, fix):
    """Check the snippets, and the rows of the catalogue if no file is named, against CONTRIBUTING.md."""
    from mpscheck.commands import lint as command

    sys.exit(command.main(files, fix))


@main.command()
@click.argument("name", metavar="NUMBER|OWNER/REPO#NUMBER|SLUG")
@in_clone
@one_sentence
def new(name):
    """Begin the snippet of a bug that is known from threads alone, with all that the catalogue knows of it."""
    from mpscheck.commands import new as command

    sys.exit(command.main(name))


@main.command()
@click.argument("slug", metavar="SLUG|SWEEP.json")
@click.option("--as", "form", required=True, type=click.Choice(["pytorch-test"]), help="What to write.")
@one_sentence
def export(slug, form):
    """Print a snippet, or what a sweep found, in another form: test cases for PyTorch's test/test_mps.py."""
    from mpscheck.commands import export as command

    sys.exit(command.main(slug))


@main.command("try")
@click.argument("name", metavar="FILE|SLUG")
@in_clone
@one_sentence
def attempt(name):
    """Mend, lint and measure one snippet on healthy and sick devices, and say the next step."""
    from mpscheck.commands import attempt as command

    sys.exit(command.main(name))


@main.command()
@in_clone
@one_sentence
def site():
    """Write the generated parts of the site (under docs/) from the snippets and results."""
    from mpscheck.commands import site as command

    sys.exit(command.main())


@main.command()
@click.option(
    "--few", is_flag=True, help="Only the checks of the planted cases and a tenth of the others: what the tests do."
)
@click.option(
    "--runs", type=click.Path(exists=True, file_okay=False), help="Take made-up runs from this folder instead."
)
@in_clone
@one_sentence
def rehearse(few, runs):
    """Write made-up runs, and the pages that they would give, below .cache/rehearsal; `make rehearsal` builds the site."""
    from mpscheck.commands import rehearse as command

    sys.exit(command.main(few, runs))


@main.command()
@click.option("--build", is_flag=True, help="Build the site too, not its pages alone.")
@click.option("--publish", is_flag=True, help="Also write to results/emulated/road.json, which the site shows.")
@in_clone
@one_sentence
def road(build, publish):
    """A made-up release of torch from the index to the site, on this machine: every job in its order, with its time."""
    from mpscheck.commands import road as command

    sys.exit(command.main(build, publish))


@main.command()
@click.option("--json", "as_json", is_flag=True)
@one_sentence
def stats(as_json):
    """Count the known bugs by family, kind, evidence and what is known of their versions."""
    from mpscheck.commands import stats as command

    sys.exit(command.main(as_json))


@main.command()
@click.option("--device", help="mps, cuda, emu …; the best one here if not given.")
@click.option("--fresh", is_flag=True, help="Do everything again, also what has not changed.")
@in_clone
@one_sentence
def verify(device, fresh):
    """Do all there is on this machine: measure, validate real models, build the site."""
    from mpscheck.commands import verify as command

    sys.exit(command.main(device, fresh))


@main.command()
@click.argument(
    "kinds",
    nargs=-1,
    type=click.Choice(
        ["bundles", "controls", "recordings", "transcripts", "detection", "works-with", "redteam", "notebooks", "case"]
    ),
)
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if a file is not current.")
@in_clone
@one_sentence
def derived(kinds, check):
    """Renew the checked-in files that are made from others: all kinds if none are named."""
    from mpscheck.commands import derived as command

    sys.exit(command.main(kinds, check))


@main.command()
@click.argument("faults", nargs=-1)
@click.option("--model", "models", multiple=True, default=["ioi-small"], show_default=True, help="Also smollm2: slow.")
@click.option("--entry", "entries", multiple=True, type=click.Choice(["transformers", "bridge"]), help="Default: both.")
@click.option("--publish", is_flag=True, help="Also write to results/emulated/, which the site shows.")
@click.option("--resume", is_flag=True, help="Keep what was measured here before with the same code.")
@in_clone
@one_sentence
def detection(faults, models, entries, publish, resume):
    """Which check catches which fault: real models on the emulated device, one fault at a time."""
    from mpscheck.commands import detection as command

    sys.exit(command.main(models, entries, faults, publish, resume))


@main.command("works-with")
@click.argument("names", nargs=-1, metavar="[MODEL]…")
@click.option("--runs", default=20, show_default=True, help="Runs on each device, each with other weights and inputs.")
@click.option(
    "--seconds", default=30.0, show_default=True, help="Stop a model on a device after so long; one run at least."
)
@click.option("--publish", is_flag=True, help="Also write to results/emulated/, which the site shows.")
@click.option("--resume", is_flag=True, help="Keep what was measured here before with the same code.")
@in_clone
@one_sentence
def works_with(names, runs, seconds, publish, resume):
    """What validate and locate say of the models that people use: healthy, with other arithmetic, with one fault."""
    from mpscheck.commands import works as command

    sys.exit(command.main(names, runs, seconds, publish, resume))


@main.command()
@click.argument("models", nargs=-1, metavar="[MODEL]…")
@click.option("--few", is_flag=True, help="Only a few faults, and nothing is kept: seconds.")
@click.option("--publish", is_flag=True, help="Also write to results/emulated/, which the site shows.")
@in_clone
@one_sentence
def redteam(models, few, publish):
    """How large and frequent must an error be to be seen? Faults that are made by rule, not written one by one."""
    from mpscheck.commands import redteam as command

    sys.exit(command.main(models, few, publish))


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]…")
@in_clone
@one_sentence
def environments(names):
    """Make the environments of other library versions that some tests, notebooks and measurements need."""
    from mpscheck.commands import environments as command

    sys.exit(command.main(names))


@main.command()
@click.argument("versions", nargs=-1, metavar="[TORCH]…")
@in_clone
@one_sentence
def declared(versions):
    """Read what PyTorch's wheels for macOS declare, without a Mac; all releases not yet read if none are given."""
    from mpscheck.commands import declared as command

    sys.exit(command.main(versions))


@main.command()
@click.argument("slugs", nargs=-1)
@in_clone
@one_sentence
def settle(slugs):
    """Where runs contradict what is said: each with the diff of the bug's file that would settle it. Changes nothing."""
    from mpscheck.commands import settle as command

    sys.exit(command.main(slugs))


if __name__ == "__main__":
    main()
