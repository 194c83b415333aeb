"""From stored numbers to the verdict of a function and of a record. The rule itself: test_rule.py."""

import json
import math

import pytest
import torch

from mpscheck.runs import measure, numerics, outputs

RIGHT = torch.linspace(1, 2, 1000, dtype=torch.float64) * 1.1
ROUNDED = RIGHT.float()
WRONG = torch.where(torch.arange(1000) == 7, 5.0, ROUNDED)


def function_of(*got: torch.Tensor) -> dict:
    """Stored numbers of a function with these outputs, each of which should be RIGHT."""
    found = [outputs.compare_output(one, ROUNDED, RIGHT) for one in got]
    return {"outputs": numerics.storable(found), "repeats": 1}


def attempt(*got: torch.Tensor, outcome: str = "measured", before: tuple[str, ...] = ()) -> dict:
    functions = {"compute": function_of(*got)} if outcome == "measured" else {}
    return {"outcome": outcome, "before": list(before), "functions": functions}


def test_the_worst_output_speaks():
    slightly = WRONG.clone()
    slightly[7] = 2.0
    numbers = function_of(ROUNDED, slightly, WRONG, ROUNDED)
    assert numerics.verdict_of(numbers) == "wrong"
    assert numerics.worst_output(numbers) is numbers["outputs"][2]
    assert numerics.error_ratio(numbers) == numerics.error_ratio(function_of(WRONG)) > 1000
    assert numerics.verdict_of(function_of(ROUNDED, ROUNDED)) == "agrees"
    assert numerics.verdict_of(function_of(WRONG, ROUNDED * math.nan)) == "nan"


def test_an_output_of_another_shape_is_wrong_and_has_no_ratio():
    numbers = function_of(ROUNDED, ROUNDED[:9])
    assert numerics.verdict_of(numbers) == "wrong"
    assert not numerics.has_ratio(numbers) and numerics.has_ratio(function_of(ROUNDED))
    assert numerics.worst_output(numbers) == {
        "shape": [9], "dtype": "float32", "cpu_shape": [1000], "cpu_dtype": "float32"
    }  # fmt: skip


def test_a_random_sample_is_judged_by_its_p_value():
    assert numerics.verdict_of({"p_value": 1e-12, "false_alarm": 1e-9}) == "wrong"
    assert numerics.verdict_of({"p_value": 0.03, "false_alarm": 1e-9}) == "agrees"
    assert not numerics.has_ratio({"p_value": 0.03, "false_alarm": 1e-9})


def test_what_did_not_run_is_neither_healthy_nor_wrong():
    for outcome in numerics.NOT_RUN:
        assert numerics.verdict({"attempts": [attempt(outcome=outcome)]}) == outcome
    assert numerics.verdict({"attempts": [attempt(ROUNDED)]}, "workaround") == "not-run"


@pytest.mark.parametrize(
    ("attempts", "verdict", "deciding"),
    [
        ([attempt(ROUNDED)], "agrees", 0),
        ([attempt(WRONG), attempt(WRONG)], "wrong", 0),
        ([attempt(ROUNDED), attempt(WRONG)], "nondeterministic", 1),
        ([attempt(WRONG), attempt(ROUNDED)], "nondeterministic", 0),
        ([attempt(outcome="crash"), attempt(ROUNDED)], "crash", 0),
        ([attempt(outcome="hang"), attempt(WRONG)], "nondeterministic", 0),
        # after others in the same process: not its own doing, where it is right alone
        ([attempt(outcome="crash", before=("other",)), attempt(ROUNDED)], "agrees", 1),
        ([attempt(outcome="error", before=("other",)), attempt(outcome="error")], "error", 1),
        ([attempt(WRONG, before=("other",)), attempt(ROUNDED)], "nondeterministic", 0),
        ([attempt(outcome="crash", before=("other",))], "crash", 0),
    ],
)
def test_attempts_that_disagree_are_not_taken_for_one_of_them(attempts, verdict, deciding):
    record = {"attempts": attempts}
    assert numerics.verdict(record) == verdict
    assert numerics.deciding(record) is attempts[deciding]


def test_the_errors_are_those_of_the_textbook():
    exact = torch.tensor([4.0, -2.0, 0.0, math.inf], dtype=torch.float64)
    got, cpu = torch.tensor([4.0, -2.5, 1.0, math.nan]), exact.float()
    numbers = outputs.compare_output(got, cpu, exact)
    assert numbers["exact"] == {"rms": pytest.approx(math.sqrt(20 / 4)), "max": 4.0}
    assert numbers["cpu"] == {"rms": 0.0, "max": 0.0, "nan": 0, "inf": 1}
    device = {"rms": pytest.approx(math.sqrt(1.25 / 4)), "max": 1.0, "nan": 1, "inf": 0}
    assert numbers["device"] == device | {"misplaced": 1, "new_nan": 1, "wrong": 3}


def test_numbers_that_are_not_finite_can_be_stored_and_read_again():
    found = {"a": [math.nan, -math.inf, 0.5, True, 3], "b": complex(1, math.inf), "c": None}
    stored = json.loads(json.dumps(numerics.storable(found), allow_nan=False))
    assert stored == {"a": ["nan", "-inf", 0.5, True, 3], "b": [1.0, "inf"], "c": None}
    assert math.isnan(numerics.as_float("nan")) and numerics.as_float("-inf") == -math.inf


def test_inputs_are_rounded_then_upcast_never_drawn_again():
    x = (torch.randn(100), torch.arange(3), torch.randn(3, dtype=torch.complex64))
    half = measure.in_dtype(x, torch.float16)
    exact = measure.in_dtype(half, torch.float64)
    assert torch.equal(exact[0], half[0].double()) and exact[1].dtype == torch.int64
    assert exact[2].dtype == torch.complex128 and torch.equal(exact[2].to(torch.complex64), x[2])
    redrawn = torch.randn(100, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(redrawn, torch.randn(100, generator=torch.Generator().manual_seed(0)).double(), atol=0.1)
