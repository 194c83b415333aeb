"""The spellings under which a reader looks for an op, and the uses that families stand for."""

import pytest
import torch

from mpscheck.known import names, uses


def test_every_family_is_in_a_use(known):
    families = {family for _, found in uses.USES.values() for family in found or ()}
    there = {one.bug.family for one in known}
    assert families <= there and "anything" in uses.USES


def test_a_function_and_its_module_exist():
    for function, module in names.MODULES.items():
        assert hasattr(torch.nn.functional, function) and hasattr(torch.nn, module), function


@pytest.mark.parametrize("op", ["torch.nn.functional.linear", "torch.nn.Linear", "linear"])
def test_the_names_of_linear(op):
    assert {"F.linear", "nn.Linear", "aten::linear", "addmm"} <= set(names.spellings(op))


def test_every_spelling_stands_on_the_page(files, linear):
    page = files[f"bugs/{linear.slug}.md"]
    for name in ("F.linear", "nn.Linear", "addmm", "&#35;161640"):
        assert name in page.partition("Also known as")[2]
