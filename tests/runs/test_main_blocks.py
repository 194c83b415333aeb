"""The main block of every snippet, as a reader runs it: what it prints, and how it ends."""

import runpy
import sys

import pytest

from mpscheck.bugs import catalogue
from mpscheck.emulation import faults

BUGS = catalogue.with_check()


@pytest.fixture
def run(monkeypatch, capsys):
    """run(bug, device): execute the file of a snippet in this process as `python FILE --device …`; (status, output)."""

    def execute(bug, device: str, *sick: faults.Fault) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", [str(bug.check.path), "--device", device])
        with faults.only(*sick), pytest.raises(SystemExit) as ended:
            runpy.run_path(str(bug.check.path), run_name="__main__")
        return ended.value.code, capsys.readouterr().out

    return execute


def answers(printed: str) -> dict[str, str]:
    """The last word of the line of each function, and the first word of the last line."""
    lines = printed.splitlines()
    found = {line.split()[0]: line.split()[-1] for line in lines if line.startswith("  ")}
    return {**found, "verdict": lines[-1].partition(":")[0]}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.slug)
def test_right_on_the_cpu_and_on_a_healthy_device_wrong_on_a_sick_one(bug, run, python):
    good = dict.fromkeys(bug.check.functions, "agrees")
    for device in ("cpu", "emu"):
        status, printed = run(bug, device)
        assert printed.startswith(f"{bug.claim}\n")
        assert (status, answers(printed)) == (0, {**good, "verdict": "AGREES"}), printed
    if bug.check.fresh:  # an earlier call in the process matters
        done = python(str(bug.check.path), "--device", "emu", MPSCHECK_FAULTS=bug.slug)
        status, printed = done.returncode, done.stdout
    else:
        status, printed = run(bug, "emu", faults.of_bug(bug))
    assert (status, answers(printed)) == (3, {**good, "compute": "WRONG", "verdict": "WRONG"}), printed


def test_without_the_device_it_says_so_and_gives_no_verdict(run):
    status, printed = run(BUGS[0], "nowhere")
    assert status.startswith("COULD NOT RUN: this torch sees no device 'nowhere'")
    assert len(printed.splitlines()) == 3
