import operator

import pytest
import torch
import torch.export
import torch.mps.profiler
import torch.nn.attention

from mpscheck.lint import torch_floor

from .conftest import good_source, replaced

LINEAR = "return F.linear(x.to(device), weight)"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (LINEAR, "return F.rms_norm(x, (64,))", "torch.nn.functional.rms_norm is newer than torch 2.0 (static)"),
        (LINEAR, "return torch.nn.functional.rms_norm(x, (64,))", "torch.nn.functional.rms_norm is newer"),
        (LINEAR, "return x.to(torch.uint32)", "torch.uint32 is newer"),
        (LINEAR, "return x.nonzero_static(size=3)", "torch.Tensor.nonzero_static is newer"),
        (LINEAR, "return F.scaled_dot_product_attention(x, x, x, scale=1.0)", "scale= is newer"),
        ("import torch\n", "import torch\nfrom torch.nn.attention import sdpa_kernel\n", "torch.nn.attention is newer"),
        ("import torch\n", "import torch\nimport torch.export as export\n", "torch.export is newer"),
    ],
)
def test_fires(problem, old, new, says):
    assert says in problem(torch_floor, replaced(good_source(), old, new))


def test_an_old_call_with_a_like_name_is_clean(snippet):
    old = "return F.scaled_dot_product_attention(x, x, x, is_causal=True) + torch.conj(x) + x.mean()"
    assert list(torch_floor.check(snippet(replaced(good_source(), LINEAR, old)))) == []


@pytest.mark.parametrize("name", list(torch_floor._all_newer()))
def test_each_listed_name_is_one_that_torch_has(name):
    operator.attrgetter(name.removeprefix("torch."))(torch)
