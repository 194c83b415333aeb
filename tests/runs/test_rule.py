"""One rule: every place that judges a result says the same of the same outputs."""

import json
import runpy
import sys
from types import SimpleNamespace

import pytest
import torch

from mpscheck.lint import mend
from mpscheck.runs import measure, numerics, outputs, results, rule
from mpscheck.tools.locate import judge, reproduce

from .rule_cases import CASES, NAN, Case, one

DEVICE = "meta"  # one that every torch has and that nothing is computed on


def compute_of(case: Case):
    """A snippet's `compute` that gives the outputs of a case, or a tensor alone where there is one."""

    def compute(device, x):
        found = case.got if device == DEVICE else case.exact if x.dtype is torch.float64 else case.cpu
        return found if len(found) > 1 else found[0]

    return compute


def by_runner(case: Case, tmp_path) -> str:
    module = SimpleNamespace(inputs=lambda: (torch.zeros(1),), compute=compute_of(case))
    numbers = measure.measure_function(module, "compute", DEVICE, torch.float32)
    stored = json.loads(json.dumps(numbers, allow_nan=False))
    record = {"snippet": "a", "code": "0" * 16, "dtype": "float32"}
    record["attempts"] = [{"outcome": "measured", "before": [], "functions": {"compute": stored}}]
    return numerics.verdict(results.check(record, "a case", "record"))


OWN = '"""A case."""\nBUG = %r\nimport torch\n\n\ndef control(device, x):\n    return x\n\n\n'
BLOCKS = ({"kind": "wrong"}, {"kind": "wrong", "repeats": 2, "rate": 0.95})  # those whose lines about outputs differ


def by_main_block(case: Case, tmp_path) -> str:
    """Each kind of block must say the same."""
    path, said = tmp_path / "snippet.py", set()
    for facts in BLOCKS:
        path.write_text(mend.with_main_block(OWN % facts), encoding="utf-8")
        given = {"inputs": lambda: (torch.zeros(1),), "compute": compute_of(case)}
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.setattr(sys, "argv", [str(path), "--device", DEVICE])
            runpy.run_path(str(path), init_globals=given, run_name="__main__")
        said.add({0: "right", 3: "wrong"}[ended.value.code])
    (verdict,) = said
    return verdict


def by_locate(case: Case, tmp_path) -> str:
    if len(case.got) != len(case.cpu):
        return "wrong"  # before it asks the rule
    triples = zip(case.cpu, case.got, case.exact, strict=True)
    found = [judge.difference(cpu, got, exact, moves=True) for cpu, got, exact in triples]
    kinds = ["wrong" if one.kind == "shape" else one.kind for one in found if one]
    return rule.worst_verdict(kinds)


def by_program(case: Case, tmp_path) -> str:
    """The lines that a reproduction ends in, which know the CPU alone."""
    limits = [reproduce.allowed_here(*pair, rounds=False) for pair in zip(case.cpu, case.exact, strict=True)]
    one = len(case.cpu) == 1 and len(case.got) == 1
    lines = reproduce.check_code(DEVICE, limits, one)

    def call(device):
        found = case.got if device == DEVICE else case.cpu
        return found[0] if one else found

    try:
        exec("\n".join(lines), {"torch": torch, "call": call})
    except AssertionError:
        return "wrong"
    return "right"


IN_WORDS = (by_runner, by_locate)  # the others say right or wrong
# locate writes a program where its rule says wrong; the op that it calls gives as many results everywhere
PROGRAMS = [name for name, case in CASES.items() if case.by_cpu and len(case.got) == len(case.cpu)]
ASKED = [(name, place) for name in CASES for place in (by_runner, by_main_block, by_locate)]


@pytest.mark.parametrize(("name", "place"), [*ASKED, *((name, by_program) for name in PROGRAMS)])
def test_every_place_says_the_same(name, place, tmp_path):
    case = CASES[name]
    said = place(case, tmp_path)
    assert said == (case.verdict if place in IN_WORDS else "right" if case.verdict == "agrees" else "wrong")


BY_LUCK = ("the CPU rounds nothing, the device does", "exact beside rounded")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if len(case.got) == len(case.cpu)])
def test_a_device_that_may_round_anywhere_is_judged_alike_but_where_the_cpu_is_exact_by_luck(name):
    """As locate judges ops that compute, and validate all it compares: `exp(0)` may be 1 on one device alone."""
    case = CASES[name]
    triples = zip(case.got, case.cpu, case.exact, strict=True)
    found = [outputs.compare_output(*triple, rounds=True) for triple in triples]
    said = rule.worst_verdict([rule.verdict_of_output(numbers, rounds=True) for numbers in found])
    assert said == ("agrees" if name in BY_LUCK else case.verdict)


def numbers_of(name: str, place: int = 0) -> dict:
    case = CASES[name]
    return outputs.compare_output(case.got[place], case.cpu[place], case.exact[place])


def test_the_ratios_of_the_two_cases_that_one_rms_did_not_see():
    assert rule.ratio_of_output(numbers_of("ten times too large beside a large output", 1)) > 1e6
    assert rule.ratio_of_output(numbers_of("ids off by one beside float32 values", 1)) == float("inf")


def test_a_large_value_is_held_against_the_largest_and_many_small_ones_against_their_rms():
    """Each of the two sees what the other does not."""
    few, many = numbers_of("one wrong value among many, bfloat16"), numbers_of("small errors beside one huge value")
    assert rule.error_ratios(few)["rms"] < rule.ALLOWED_RATIO < rule.error_ratios(few)["max"]
    assert rule.error_ratios(many)["max"] < rule.ALLOWED_RATIO < rule.error_ratios(many)["rms"]


def test_the_first_wrong_element_has_its_place_and_three_values():
    exact = torch.tensor([[1.0, 2.0], [3.0, 4.1]], dtype=torch.float64)
    case = one("nan", [[1.0, 2.0], [NAN, 4.2]], exact.float(), exact)
    numbers = outputs.compare_output(case.got[0], case.cpu[0], exact)
    first = numerics.storable(numbers)["first_wrong"]
    assert first == {"index": [1, 0], "cpu": 3.0, "device": "nan", "exact": 3.0}
    assert numbers["device"]["wrong"] == 2 and numbers["device"]["new_nan"] == 1
    assert (numbers["shape"], numbers["dtype"]) == ([2, 2], "float32")


def test_where_only_the_rms_is_too_large_the_wrong_ones_are_named_too():
    numbers = numbers_of("small errors beside one huge value")
    assert numbers["first_wrong"]["index"] == [0] and numbers["device"]["wrong"] > 900


def test_without_a_reference_the_cpu_is_taken_to_be_off_by_ten_roundings():
    cpu = torch.ones(100) / 3
    near, far = cpu * (1 + 50 * torch.finfo(torch.float32).eps), cpu * (1 + 500 * torch.finfo(torch.float32).eps)
    for got, said in ((near, "agrees"), (far, "wrong")):
        numbers = outputs.compare_output(got, cpu, None, rounds=True)
        assert rule.verdict_of_output(numbers, rounds=True) == said


@pytest.mark.parametrize(
    ("again", "said"),
    [
        ([1.1, 2.2], "agrees"),
        ([1.1, 2.2 + 1e-6], "agrees"),
        ([1.1, 2.3], "nondeterministic"),
        ([1.1, NAN], "nondeterministic"),
    ],
)
def test_runs_that_differ_by_more_than_rounding_are_nondeterministic(again, said):
    exact = torch.tensor([1.1, 2.2], dtype=torch.float64)
    got = exact.float()
    numbers = outputs.compare_output(got, got, exact) | {"spread": outputs.spread_of(torch.tensor(again), got)}
    assert rule.verdict_of_output(numbers) == said
