"""The main block of every snippet, as a reader runs it: what it prints, and how it ends."""

import re
import runpy
import sys

import pytest
import torch  # noqa: F401  before the emulated device, which torch loads itself

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import MAIN_BLOCK
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


def test_each_output_has_its_ratio(monkeypatch, capsys, tmp_path):
    """A large output hides no small one: the second is ten times too large, beside one of a million."""
    source = BUGS[0].check.source
    main_block = source[source.index(MAIN_BLOCK) :]
    path = tmp_path / "several.py"
    path.write_text(
        f'''"""Two outputs, the second one wrong."""
import torch


def inputs():
    return (torch.tensor([0.1, 0.2]),)


def compute(device, x):
    return 1e7 * x, x * (10 if device == "emu" else 1)


def control(device, x):
    return x / 3


{main_block}'''
    )
    monkeypatch.setattr(sys, "argv", [str(path), "--device", "emu"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    printed = capsys.readouterr().out
    assert ended.value.code == 3
    [compute, control] = [line for line in printed.splitlines() if line.startswith("  ")]
    large, small = re.fullmatch(r"  compute    error ratio (\S+), (\S+), 10 allowed: WRONG", compute).groups()
    assert float(large) <= 1 and float(small) > 1e6
    assert re.fullmatch(r"  control    error ratio \S+, 10 allowed: agrees", control)


def test_without_the_device_it_says_so_and_gives_no_verdict(run):
    status, printed = run(BUGS[0], "nowhere")
    assert status.startswith("COULD NOT RUN: this torch sees no device 'nowhere'")
    assert len(printed.splitlines()) == 3
