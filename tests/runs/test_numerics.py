"""From numbers to a verdict: the one rule, on outputs whose verdict a reader can tell by eye."""

import json
import math

import pytest
import torch

from mpscheck.runs import measure, numerics

EPS = torch.finfo(torch.float32).eps
EXACT = torch.linspace(1, 2, 1000, dtype=torch.float64) * 1.1


def judge(got, baseline=None, exact=EXACT, spread=0.0):
    baseline = exact.float() if baseline is None else baseline
    finite = exact[exact.isfinite()]
    return {
        "device": numerics.compare((got,), (exact,), 0.0),
        "baseline": numerics.compare((baseline,), (exact,), 0.0),
        "eps": EPS,
        "reference_rms": finite.square().mean().sqrt().item(),
        "spread": spread,
    }


def verdict(*args, **kwargs):
    return numerics.verdict_of(judge(*args, **kwargs))


def test_rounding_agrees_and_one_wrong_element_in_a_thousand_does_not():
    assert verdict(EXACT.float()) == "agrees"
    assert verdict((EXACT * (1 + 3 * EPS)).float()) == "agrees"
    one = EXACT.float()
    one[500] = 0
    assert verdict(one) == "wrong"
    assert verdict(EXACT.half()) == "wrong"


def test_a_noisier_cpu_allows_a_noisier_device():
    noisy = EXACT.float() + 1e-4
    assert verdict(EXACT.float() + 5e-4, baseline=noisy) == "agrees"
    assert verdict(EXACT.float() + 5e-4) == "wrong"
    assert verdict(EXACT.float() + 5e-3, baseline=noisy) == "wrong"


def test_where_the_cpu_rounds_nothing_the_comparison_is_exact():
    whole = torch.arange(10, dtype=torch.float64)
    assert verdict(whole.float(), exact=whole) == "agrees"
    assert verdict(whole.float() * (1 + EPS), exact=whole) == "wrong"
    assert numerics.error_ratio(judge(whole.float(), exact=whole)) == 0
    assert numerics.error_ratio(judge(whole.float() * (1 + EPS), exact=whole)) == math.inf


def test_nan_and_infinity_are_compared_by_place():
    exact = torch.tensor([1.1, float("inf"), float("nan")], dtype=torch.float64)
    assert verdict(exact.float(), exact=exact) == "agrees"
    assert verdict(torch.tensor([1.1, float("inf"), 0.0]), exact=exact) == "wrong"
    assert verdict(torch.tensor([1.1, float("-inf"), float("nan")]), exact=exact) == "wrong"
    assert verdict(torch.tensor([float("nan")] * 3), exact=exact) == "nan"


def test_another_shape_is_wrong():
    assert verdict(torch.ones(999)) == "wrong"


def test_a_spread_within_the_budget_is_no_fault():
    assert verdict(EXACT.float(), spread=1e-7) == "agrees"
    assert verdict(EXACT.float(), spread=1e-2) == "nondeterministic"


def test_a_random_sample_is_judged_by_its_p_value():
    assert numerics.verdict_of({"p_value": 1e-12, "false_alarm": 1e-9}) == "wrong"
    assert numerics.verdict_of({"p_value": 0.03, "false_alarm": 1e-9}) == "agrees"


def test_what_did_not_run_is_neither_healthy_nor_wrong():
    for outcome in ("error", "crash", "hang", "memory", "unsupported"):
        assert numerics.verdict({"outcome": outcome, "functions": {}}) == outcome
    assert numerics.verdict({"outcome": "measured", "functions": {}}, "workaround") == "not-run"


def test_the_numbers_say_where_and_how_wrong():
    got = EXACT.float()
    got[7] = 5
    numbers = judge(got)["device"]
    assert numbers["first_wrong"]["index"] == 0, "threshold 0: the first rounded element"
    numbers = numerics.compare((got,), (EXACT,), 1e-3)
    assert numbers["first_wrong"] == {"index": 7, "expected": EXACT[7].item(), "got": 5.0}
    assert numbers["wrong_share"] == pytest.approx(1 / 1000)
    assert numerics.error_ratio(judge(got)) > 1000


def test_the_errors_are_those_of_the_textbook():
    exact = torch.tensor([4.0, -2.0, 0.0, float("inf")], dtype=torch.float64)
    numbers = numerics.compare((torch.tensor([4.0, -2.5, 1.0, float("nan")]),), (exact,), 0.5)
    assert numbers["max_abs"] == 1.0
    assert numbers["max_rel"] == 0.25  # at -2.5; relative to 0 there is no error
    assert numbers["rms"] == pytest.approx(math.sqrt((0.25 + 1) / 4))
    assert (numbers["nan"], numbers["inf"], numbers["special_mismatch"]) == (1, 0, 1)
    assert numbers["wrong_share"] == 0.5  # the third and the fourth


def test_numbers_that_are_not_finite_can_be_stored_and_read_again():
    numbers = numerics.compare((torch.tensor([math.nan, 1.0]),), (torch.tensor([2.0, math.inf]).double(),), 0.0)
    stored = json.loads(json.dumps(numbers, allow_nan=False))
    assert math.isnan(numerics.as_float(stored["first_wrong"]["got"]))
    assert [numerics.as_float(numerics.number(value)) for value in (math.inf, -math.inf, 0.5)] == [
        math.inf,
        -math.inf,
        0.5,
    ]


def test_inputs_are_rounded_then_upcast_never_drawn_again():
    x = (torch.randn(100), torch.arange(3))
    half = measure.in_dtype(x, torch.float16)
    exact = measure.in_dtype(half, torch.float64)
    assert torch.equal(exact[0], half[0].double()) and exact[1].dtype == torch.int64
    redrawn = torch.randn(100, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(redrawn, torch.randn(100, generator=torch.Generator().manual_seed(0)).double(), atol=0.1)
