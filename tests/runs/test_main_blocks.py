"""The main block of every snippet, as a reader runs it: what it prints, and how it ends."""

import re
import runpy
import sys
import textwrap

import chosen
import pytest
import torch  # before the emulated device, which torch loads itself

from mpscheck.bugs import catalogue
from mpscheck.emulation import faults
from mpscheck.lint import mend
from mpscheck.runs import warm


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
    """The last word of the line of each function, of several dtypes not `agrees`, and the first word of the last line."""
    lines = printed.splitlines()
    said = [(line.split()[0], line.split()[-1]) for line in lines if line.startswith("  ")]
    found = dict(sorted(said, key=lambda pair: pair[1] != "agrees"))
    return {**found, "verdict": lines[-1].partition(":")[0]}


def unlike_what_it_must_print(bug, run) -> list[str]:
    """What the file prints otherwise than it must: right on the CPU and on a healthy device, wrong on a sick one."""
    good, wrong = dict.fromkeys(bug.check.functions, "agrees"), []
    for device in ("cpu", "emu"):
        status, printed = run(bug, device)
        if not printed.startswith(f"{bug.claim}\n") or (status, answers(printed)) != (0, {**good, "verdict": "AGREES"}):
            wrong.append(f"{bug.slug} on {device}: {status}, {printed}")
    if not bug.imitable:
        return wrong
    if bug.apart:  # what was done in the process before matters
        ended = warm.python((str(bug.check.path), "--device", "emu"), bug)
        status, printed = ended.status, ended.out
    else:
        status, printed = run(bug, "emu", faults.of_bug(bug))
    shown = "ERROR" if bug.effect.word == "raises" else "WRONG"
    if (status, answers(printed)) != (3, {**good, "compute": shown, "verdict": shown}):
        wrong.append(f"{bug.slug} on a sick device: {status}, {printed}")
    return wrong


def test_one_of_each_form_is_right_on_a_healthy_device_and_wrong_on_a_sick_one(run):
    """The linter holds the few texts of the block for all, the controls what each snippet gives."""

    def form(bug) -> tuple:
        return chosen.main_block(bug), bug.kind, bug.family, bug.apart, bug.imitable

    forms = chosen.one_of_each(form, catalogue.with_check())
    assert [said for bug in forms for said in unlike_what_it_must_print(bug, run)] == []


@pytest.mark.matrix
@pytest.mark.slow
def test_each_is_right_on_a_healthy_device_and_wrong_on_a_sick_one(run):
    assert [said for bug in catalogue.with_check() for said in unlike_what_it_must_print(bug, run)] == []


@pytest.fixture
def stranger(monkeypatch, capsys, tmp_path):
    """stranger(facts, body): a made-up file with the main block of its kind, run on the emulated device; (status, output)."""

    def execute(facts: dict, body: str, *sick: faults.Fault) -> tuple[int, str]:
        path = tmp_path / "made_up.py"
        path.write_text(
            mend.with_main_block(f'"""Made up."""\nBUG = {facts!r}\nimport torch\n\n{textwrap.dedent(body)}')
        )
        monkeypatch.setattr(sys, "argv", [str(path), "--device", "emu"])
        with faults.only(*sick), pytest.raises(SystemExit) as ended:
            runpy.run_path(str(path), run_name="__main__")
        return ended.value.code, capsys.readouterr().out

    return execute


def test_each_output_has_its_ratio(stranger):
    """A large output hides no small one: the second is ten times too large, beside one of a million."""
    body = """
        def inputs():
            return (torch.tensor([0.1, 0.2]),)

        def compute(device, x):
            return 1e7 * x, x * (10 if device == "emu" else 1)

        def control(device, x):
            return x / 3
    """
    status, printed = stranger({"kind": "wrong"}, body)
    assert status == 3
    [compute, control] = [line for line in printed.splitlines() if line.startswith("  ")]
    large, small = re.fullmatch(r"  compute    error ratio (\S+), (\S+), 10 allowed: WRONG", compute).groups()
    assert float(large) <= 1 and float(small) > 1e6
    assert re.fullmatch(r"  control    error ratio \S+, 10 allowed: agrees", control)


SUM = """
    def inputs():
        return (torch.randn(64, 64, generator=torch.Generator().manual_seed(0)),)

    def compute(device, x):
        return x.to(device).sum(1)

    def control(device, x):
        return x.to(device) + 1
"""


def test_each_dtype_is_measured_and_the_worst_speaks(stranger):
    """Sick in float16 alone, as the first kernels of many an op were."""
    sick = faults.fault("half-sum", op=["sum"], when=["self.dtype == float16"], effect="scales(result, 1.5)")
    facts = {"kind": "wrong", "dtypes": ["float16", "bfloat16"]}
    status, printed = stranger(facts, SUM, sick)
    told = [[*line.split()[:2], line.split()[-1]] for line in printed.splitlines() if line.startswith("  ")]
    assert told == [
        ["compute", "float16", "WRONG"], ["control", "float16", "agrees"],
        ["compute", "bfloat16", "agrees"], ["control", "bfloat16", "agrees"],
    ]  # fmt: skip
    assert status == 3 and "\nWRONG: emu against" in printed
    assert stranger(facts, SUM)[0] == 0  # healthy in both
    assert stranger(facts | {"dtypes": ["float32"]}, SUM, sick)[0] == 0  # not asked, not seen


def test_an_error_ends_in_a_verdict_and_no_traceback(stranger):
    sick = faults.fault("refuses", op=["sum"], effect="raises(RuntimeError)")
    status, printed = stranger({"kind": "error"}, SUM, sick)
    assert status == 3
    *_, compute, control, last = printed.splitlines()
    assert compute.startswith("  compute    RuntimeError: aten::sum on a device") and compute.endswith(": ERROR")
    assert control.endswith(": agrees") and last.startswith("ERROR: emu against the CPU")
    assert stranger({"kind": "error"}, SUM)[0] == 0
    everywhere = faults.fault("refuses-more", op=["add"], effect="raises(RuntimeError)")
    status, _ = stranger({"kind": "error"}, SUM, sick, everywhere)  # control raises too: it is not this op alone
    assert status.startswith("COULD NOT RUN: compute raised an error")
    status, printed = stranger({"kind": "wrong"}, SUM, sick)  # then it says nothing of the claim
    assert status.startswith("COULD NOT RUN: compute raised an error")


def test_beside_a_wrong_control_there_is_no_verdict(stranger):
    """The bug spares the control: where that is wrong too, something else is at fault, and the runner says so as well."""
    everything = faults.fault("more", op=["add", "sum"], effect="scales(result, 1.5)")
    for facts in (
        {"kind": "wrong"},
        {"kind": "wrong", "dtypes": ["float16"]},
        {"kind": "nondeterministic", "repeats": 2},
    ):
        status, printed = stranger(facts, SUM, everything)
        assert status == "COULD NOT TELL: control is wrong too, a call that the bug spares"
        assert answers(printed)["compute"] == answers(printed)["control"] == "WRONG"
    control_alone = faults.fault("other", op=["add"], effect="scales(result, 1.5)")
    assert stranger({"kind": "wrong"}, SUM, control_alone)[0].startswith("COULD NOT TELL")


def test_what_is_rare_is_repeated_and_agreement_says_what_it_could_have_seen(stranger):
    sick = faults.fault("rare", op=["sum"], effect="scales(result, 1.5) in 1 of 8 calls")
    facts = {"kind": "nondeterministic", "repeats": 20, "rate": 0.25}
    status, printed = stranger(facts, SUM, sick)
    assert status == 3 and "2 of 20 runs are wrong: WRONG" in printed
    status, printed = stranger(facts, SUM)
    assert status == 0 and "0 of 20 runs are wrong: agrees" in printed
    assert "What is wrong in 25.00% of runs shows in 20 runs with a chance of 99.68%." in printed
    del facts["rate"]
    assert "wrong in 20.57% of runs shows in 20 runs with a chance of 99.00%" in stranger(facts, SUM)[1]
    assert (
        stranger(
            {"kind": "nondeterministic"},
            SUM,
            faults.fault("rare", op=["sum"], effect="scales(result, 1.5) in 1 of 8 calls"),
        )[0]
        == 0
    )  # once is too rarely


def test_an_own_reference_takes_the_place_of_compute_in_float64(stranger):
    """Compute rounds by itself, so that in float64 it would find the CPU exact and any other rounding wrong."""
    body = textwrap.dedent("""
        def inputs():
            return (torch.rand(64, generator=torch.Generator().manual_seed(0)) + 1,)

        def compute(device, x):
            return x.to(device).half().float() + (2**-12 if device == "emu" else 0)

        def control(device, x):
            return x.to(device) + 1
    """)
    assert stranger({"kind": "wrong"}, body)[0] == 3
    status, printed = stranger({"kind": "wrong"}, body + "\ndef reference(x):\n    return x.double()\n")
    assert status == 0, printed


def test_a_random_sample_that_cannot_be_drawn_ends_in_a_sentence_too(stranger):
    body = """
        FALSE_ALARM = 1e-9

        def inputs():
            return ()

        def compute(device):
            return torch.rand(8, device=device).sum()

        def control(device):
            return torch.rand(8, device=device)

        def p_value(sample):
            return float(sample.isfinite().all())
    """
    status, printed = stranger({"kind": "wrong"}, body)
    assert status == 0 and printed.splitlines()[-1].startswith("AGREES: random numbers of emu against theory")
    refuses = faults.fault("refuses", op=["sum"], effect="raises(RuntimeError)")
    status, printed = stranger({"kind": "wrong"}, body, refuses)
    assert status.startswith("COULD NOT RUN: compute raised an error")
    *_, compute, control = printed.splitlines()
    assert compute.startswith("  compute    RuntimeError: aten::sum on a device") and compute.endswith(": ERROR")
    assert control.endswith(" needed: agrees")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"kind": "crash"}, ["The bug is of the kind crash: where the lines end without a verdict, it is there."]),
        ({"kind": "wrong", "memory": 0.5}, ["This needs 0.5 GiB of free memory."]),
        ({"kind": "wrong"}, []),
    ],
)
def test_what_a_run_may_cost_is_said_before_it(stranger, facts, said):
    status, printed = stranger(facts, SUM)
    assert status == 0 and printed.splitlines()[3:-3] == said


def test_a_usual_snippet_has_a_short_main_block():
    """What is rare (dtypes, repeats, errors, a reference) is in the files alone that need it."""
    block = chosen.main_block(catalogue.find("linear-noncontiguous-weight")).splitlines()
    assert len(block) <= 48 and not any(word in line for line in block for word in ("repeats", "dtypes", "reference"))


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this machine has an Apple GPU")
def test_without_the_device_it_says_so_and_gives_no_verdict(run):
    for bug in (catalogue.find("linear-noncontiguous-weight"), catalogue.find("rand-5d-batches-identical")):
        status, printed = run(bug, "mps")
        assert status.startswith("COULD NOT RUN: this torch sees no Apple GPU")
        assert len(printed.splitlines()) == 3
