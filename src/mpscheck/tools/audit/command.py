"""Would this program meet a known bug of PyTorch on Apple GPUs? Finds out on any machine, and names the lines.

    python audit_mps.py [--torch 2.8.0] [--macos 15] [--json] my_experiment.py its own arguments

The program runs as it always does. Each op that it calls is held against the triggers of the known bugs: dtype, shape,
strides, storage offset. In a notebook:

    from audit_mps import audit

    with audit(torch="2.8.0", macos="15") as report:
        model(tokens)
    print(report)

Exit status: 0 no known bug would be met on the versions asked for (unknown ones are listed), 3 at least one would,
1 the program did not run to its end, 2 could not run. For Python 3.9 and torch 2.0 or newer.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import runpy
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import torch

from mpscheck.bugs.recorder import TWO_MODES, around, best_level
from mpscheck.bugs.versions import Version
from mpscheck.runs.macos import macos_version
from mpscheck.tools.audit.places import kind_of_file
from mpscheck.tools.audit.report import Report
from mpscheck.tools.known import Known, read_known


@contextlib.contextmanager
def audit(
    torch: str | None = None, macos: str | None = None, bugs: tuple[Known, ...] | None = None, **options: Any
) -> Iterator[Report]:
    """Hold what the block calls against the known bugs; gives the `Report`.

    Args:
        torch, macos: the versions asked for, such as "2.8.0" and "15". On a Mac, None is this Mac; elsewhere None asks
            for all versions.
        bugs: the catalogue; None is the one in this file.
        options: `folder`, the folder of the program, whose lines are preferred; `subject`, its name in the report;
            `two_modes`, True to see a little less but leave torch's private parts alone (`torch.export` needs them).

    Raises ValueError for what is no version. An exception of the block passes through, and the report stays good.
    """
    torch_version, macos = asked_versions(torch, macos)
    known = read_known(globals().get("CATALOGUE", [])) if bugs is None else bugs
    folder = os.path.abspath(options.get("folder", os.getcwd()))
    level = TWO_MODES if options.get("two_modes") else best_level()
    report = Report(known, torch_version, macos, folder, options.get("subject", "this block"), level)
    try:
        with _nothing_compiled(), around(report.handle, report.level):
            yield report
    except BaseException as error:
        report.ended = ending_of(error, level)
        raise
    finally:
        report.look_for_other_paths()


def _nothing_compiled():
    """torch.compile gives the plain functions within the block: compiled code calls no ops."""
    compiler = getattr(torch, "compiler", None)
    return compiler.set_stance("force_eager") if hasattr(compiler, "set_stance") else contextlib.nullcontext()


def asked_versions(torch_version: str | None, macos: str | None) -> tuple[str | None, str | None]:
    """The versions to judge by: those given, else this Mac's, else none. Raises ValueError for what is no version."""
    for name, version, like in (("torch", torch_version, "2.8.0"), ("macOS", macos, "15 or 15.6.1")):
        if version is not None:
            try:
                Version(version)
            except ValueError:
                raise ValueError(f"{version!r} is no version of {name}, such as {like}") from None
    if torch_version is None and (sys.platform == "darwin" or macos):
        torch_version = torch.__version__
    return torch_version, macos or macos_version()


def ending_of(error: BaseException, level: str) -> str:
    """How the program ended, in words."""
    if isinstance(error, SystemExit):
        return "ran to its end" if error.code in (None, 0) else f"ended itself with status {error.code!r}"
    if isinstance(error, KeyboardInterrupt):
        return "was interrupted; what follows was seen until then"
    hint = "" if level == TWO_MODES else " (if it does so under the audit only, try --two-modes)"
    return f"raised {type(error).__name__}; what follows was seen until then{hint}"


def run_script(report_of, path: str, arguments: list[str]) -> Report:
    """Run a Python file as `python FILE ARGUMENTS` does, within `report_of`; its exceptions end here, in words."""
    folder = os.path.dirname(os.path.abspath(path))
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:1] = [folder, *(entry for entry in sys.path[:1] if os.path.abspath(entry) != own)]
    sys.argv = [path, *arguments]
    try:
        with report_of as report:
            runpy.run_path(os.path.abspath(path), run_name="__main__")
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and kind_of_file(trace.tb_frame.f_code.co_filename) != "user":
            trace = trace.tb_next
        traceback.print_exception(type(error), error, trace)
    return report


@contextlib.contextmanager
def _stdout_for_json() -> Iterator[None]:
    """What the program prints goes to stderr, so that stdout holds nothing but JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def main(argv: list[str] | None = None) -> int:
    """The command line; gives the exit status."""
    parser = argparse.ArgumentParser("audit_mps.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--torch", metavar="VERSION", help="the torch of the Mac; this one's on a Mac, else all")
    parser.add_argument("--macos", metavar="VERSION", help="its macOS, such as 15 or 15.6.1")
    parser.add_argument("--json", action="store_true", help="print data; what the program prints goes to stderr")
    parser.add_argument(
        "--two-modes", action="store_true", help="see a little less, for programs that use torch.export"
    )
    parser.add_argument("script", help="the Python file to run")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its own arguments")
    options = parser.parse_args(argv)
    if not os.path.isfile(options.script):
        print(f"audit_mps.py: there is no file {options.script}", file=sys.stderr)
        return 2
    if options.script.endswith(".ipynb"):
        print("audit_mps.py: a notebook is audited from within: from audit_mps import audit", file=sys.stderr)
        return 2
    folder = os.path.dirname(os.path.abspath(options.script))
    try:
        asked_versions(options.torch, options.macos)
    except ValueError as error:
        print(f"audit_mps.py: {error}", file=sys.stderr)
        return 2
    named = {"folder": folder, "subject": options.script, "two_modes": options.two_modes}
    block = audit(options.torch, options.macos, **named)
    with _stdout_for_json() if options.json else contextlib.nullcontext():
        report = run_script(block, options.script, options.arguments)
    try:
        print(json.dumps(report.data(), indent=1) if options.json else f"\n{report}", flush=True)
    except OSError as error:  # the disk is full, or what reads the report is gone
        print(f"audit_mps.py: the report could not be written: {error}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python fails once more at its end
        return 2
    if report.exposed:
        return 3
    if report.ended != "ran to its end":
        return 1
    return 0 if report.ops else 2


if __name__ == "__main__":
    sys.exit(main())
