import pytest

from mpscheck.lint import draws

from .conftest import GOOD_STATISTICAL, good_source, replaced

X = "torch.randn(8, 64, generator=generator)"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("return F.linear(x.to(device), weight)", "return torch.randn(3)", "torch.randn outside inputs()"),
        ("return F.linear(x.to(device), weight)", "return x.normal_()", "x.normal_ outside inputs()"),
        ("def inputs():", "torch.manual_seed(0)\n\n\ndef inputs():", "torch.manual_seed outside inputs()"),
        (X, "torch.randn(8, 64)", "torch.randn has no generator"),
        (X, "torch.randn_like(torch.ones(8, 64))", "torch.randn_like has no generator"),
        (X, X.replace(")", ", dtype=torch.float64)"), "draws in torch.float64: draw in float32"),
        (X, X.replace(")", ", dtype=torch.half)"), "draws in torch.half: draw in float32"),
        ("torch.Generator().manual_seed(0)", "torch.Generator()", "draws without a fixed seed"),
        ("torch.Generator().manual_seed(0)", "torch.Generator().manual_seed(hash('x'))", "draws without a fixed seed"),
    ],
)
def test_fires(problem, old, new, says):
    assert says in problem(draws, replaced(good_source(), old, new))


def test_the_standard_library_draws_too(problem):
    bad = replaced(good_source(), "import torch\n", "import random\n\nimport torch\n")
    bad = replaced(bad, "return x.to(device) @", "return random.random() * x.to(device) @")
    assert "random.random outside inputs()" in problem(draws, bad)


def test_clean(snippet):
    statistical = snippet(good_source(GOOD_STATISTICAL))  # draws on the device: this is what it is about
    whole = snippet(replaced(good_source(), X, "torch.randint(9, (8, 64), generator=generator, dtype=torch.int32)"))
    assert [*draws.check(statistical), *draws.check(whole)] == []
