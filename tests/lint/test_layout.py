import pytest

from mpscheck.lint import layout

from .conftest import good_source, replaced, with_field

WEIGHT = "weight = w.to(device).T"


@pytest.mark.parametrize(
    "weight",
    [
        "w.T.to(device)",
        "w[::2].to(device)",
        "w.expand(3, 64, 32).to(device)",
        "torch.transpose(w, 0, 1).to(device)",
        "w[:, 1:].to(device=device)",
        "w.t().to(device, copy=True)",
        "torch.stack([part[0].to(device) for part in (w, w)])",
    ],
)
def test_a_view_before_the_move_fires(problem, weight):
    says = problem(layout, replaced(good_source(), WEIGHT, f"weight = {weight}"))
    assert "moves a view, which may arrive as a plain copy: move first" in says


@pytest.mark.parametrize(
    "lines",
    [
        "half = w[::2]\n    weight = half.to(device)",
        "first, second = w.T, w\n    weight = first.to(device)",
        "for n in range(2):\n        half = w[n:]\n        weight = half.to(device)",
    ],
)
def test_a_name_that_stands_for_a_view_fires(problem, lines):
    assert "moves a view" in problem(layout, replaced(good_source(), WEIGHT, lines))


@pytest.mark.parametrize("returned", ["x, w.T", "x, w[1:]"])
def test_inputs_that_are_views_fire(problem, returned):
    assert "inputs() returns the view w" in problem(
        layout, replaced(good_source(), "return x, w\n", f"return {returned}\n")
    )


@pytest.mark.parametrize(
    "lines",
    [
        "weight = w.to(device)[::2].T",
        "weight = w[::2].clone().to(device)",  # a tensor of its own before it reaches the device
        "half = w[::2]\n    half = half.clone()\n    weight = half.to(device)",
        "weight = w.to(device).expand(3, 64, 32)[0].to(torch.float32)",
    ],
)
def test_clean(snippet, lines):
    assert list(layout.check(snippet(replaced(good_source(), WEIGHT, lines)))) == []


def test_the_move_of_a_view_may_be_the_call_under_test(problem, snippet):
    moved = replaced(good_source(), WEIGHT, "weight = w.T.to(device)")
    moved_away = with_field(moved, "trigger", "[{'op': ['copy'], 'when': ['src.device == accel']}]")
    assert "moves a view" in problem(layout, moved_away)
    moved_there = with_field(moved, "trigger", "[{'op': ['copy'], 'when': ['src.device == cpu']}]")
    assert list(layout.check(snippet(moved_there))) == []
