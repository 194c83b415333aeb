import pytest

from mpscheck.lint import trigger

from .conftest import GOOD_STATISTICAL, good_source, with_field


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("trigger", '[{"op": ["linnear"], "when": ["weight.layout != contiguous"]}]', "has no op aten::linnear"),
        ("trigger", '[{"op": ["linear"], "when": ["wait.layout != contiguous"]}]', "has no argument 'wait'"),
        ("trigger", '[{"op": ["linear"], "when": ["weight.value == 3"]}]', "is compared with no number"),
        ("trigger", '[{"op": ["linear"], "when": ["weight.given == true"]}]', "is always given"),
        (
            "trigger",
            '[{"op": ["linear", "gelu"]}]',
            "effect ignores-strides(weight): aten::gelu has no argument 'weight'",
        ),
        (
            "effect",
            '"ignores-strides(matrix)"',
            "effect ignores-strides(matrix): aten::linear has no argument 'matrix'",
        ),
        ("trigger", '[{"op": ["linear"], "when": ["weight.size.axis > 3"]}]', "has no argument 'axis'"),
        ("trigger", '[{"op": ["_mps_convolution"]}]', "is what mps calls inside convolution"),
        ("effect", '"sets(weight, tanh)"', "'weight' is of type Tensor, which cannot be tanh"),
        ("effect", '"wraps(matrix.size.0, 8)"', "aten::linear has no argument 'matrix'"),
    ],
)
def test_fires(problem, name, value, says):
    assert says in problem(trigger, with_field(good_source(), name, value))


def test_clean(snippet):
    assert list(trigger.check(snippet(with_field(good_source(), "effect", '"unwritten(result)"')))) == []
    assert list(trigger.check(snippet(good_source(GOOD_STATISTICAL)))) == []


@pytest.mark.parametrize("effect", ["ignores-strides(k)", "rounds(largest, float16)", "drops(k)", "scales(sorted, 2)"])
def test_an_effect_that_could_do_nothing_is_refused(problem, effect):
    source = with_field(with_field(good_source(), "trigger", '[{"op": ["topk"]}]'), "effect", f'"{effect}"')
    assert "is of type" in problem(trigger, source)


def test_rows_too(problem_of_row):
    assert "has no op aten::abss" in problem_of_row(trigger, trigger=[{"op": ["abss"]}])
