import pytest

from mpscheck.lint import python_floor

from .conftest import good_source, replaced


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("def control(device, x, w):", "def control(device, x: int | None, w):", "a | in an annotation"),
        ("import torch\n", "import tomllib\n\nimport torch\n", "needs Python 3.11 (static)"),
        ("    return x, w\n", "    list(zip(x, w, strict=True))\n    return x, w\n", "needs Python 3.10 (static)"),
    ],
)
def test_fires(problem, old, new, says):
    assert says in problem(python_floor, replaced(good_source(), old, new))


def test_what_39_has_is_clean(snippet):
    lines = "    masks = x | w\n    assert {'a': 1} | {'b': 2} and (n := 1)\n"
    source = replaced(good_source(), "    return x, w\n", f"{lines}    return x, w\n")
    assert list(python_floor.check(snippet(source))) == []
