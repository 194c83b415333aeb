import pytest

from mpscheck.lint import functions

from .conftest import good_source, replaced, with_field


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("def inputs():", "def drawn():", "there is no inputs: define inputs()"),
        ("def compute(device", "def calculate(device", "there is no compute: define compute(device, …)"),
        ("def control(device", "def check(device", "there is no control"),
        ("def workaround(device", "def cure(device", "exactly one is needed"),
        ("def inputs():", "def inputs(seed=0):", "inputs(seed=0): expected no parameters"),
        ("    return x, w\n", "    return x\n", "a written-out tuple"),
        ("    return x, w\n", "    both = x, w\n    return both\n", "a written-out tuple"),
        ("def compute(device, x, w):", "def compute(x, device, w):", "compute(x, device, w): expected device, then 2"),
        ("def control(device, x, w):", "def control(device, x):", "control(device, x): expected device, then 2"),
        (
            "def control(device, x, w):",
            "def control(device, *both):",
            "control(device, *both): expected device, then 2",
        ),
        ("def control(device, x, w):", "def control(device, x, w=1):", "no defaults"),
        ("    return x.to(device) @ w", "    x.to(device) @ w", "control returns nothing"),
        (
            "def control(",
            "def reference(device, x, w):\n    return x\n\n\ndef control(",
            "reference(device, x, w): expected 2",
        ),
        ("def control(", "def reference(x):\n    return x\n\n\ndef control(", "reference(x): expected 2 parameter(s)"),
        ("def control(", "def reference(x, w):\n    x @ w\n\n\ndef control(", "reference returns nothing"),
        ("# The lines below", "def control():\n    return 1\n\n\n# The lines below", "control is defined twice"),
    ],
)
def test_fires(problem, old, new, says):
    assert says in problem(functions, replaced(good_source(), old, new))


def test_workaround_or_reason_but_not_both(problem, snippet):
    reasoned = with_field(good_source(), "no_workaround", '"no other call computes this"')
    assert "exactly one is needed" in problem(functions, reasoned)
    start, end = reasoned.index("def workaround"), reasoned.index("def control")
    assert list(functions.check(snippet(reasoned[:start] + reasoned[end:]))) == []


def test_an_own_reference_takes_the_inputs_alone(snippet):
    source = replaced(good_source(), "def control(", "def reference(x, w):\n    return x.double()\n\n\ndef control(")
    assert list(functions.check(snippet(source))) == []
