"""How a tensor may lie in memory."""

import math

import pytest
import torch

from mpscheck.sweep import layouts

SHAPES = ((), (5,), (3, 4), (2, 3, 4), (2, 3, 4, 5), (1, 2, 3, 4, 2))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_layout_holds_the_values_in_another_place_and_values_of_the_tensor_around_them(shape):
    values = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)
    plain = values.stride(), 0
    names = layouts.possible(values)
    seen = set()
    for name in names:
        view, memory, place = layouts.placed(values, name, "emu")
        assert torch.equal(view.cpu(), values) and (view.stride(), view.storage_offset()) != plain
        assert len(memory) == place.total and set(memory.cpu().tolist()) <= set(values.flatten().tolist())
        seen.add((view.stride(), view.storage_offset()))
    assert len(seen) == len(names)  # no two the same


def test_an_expanded_tensor_has_one_row_in_memory():
    view, memory, _ = layouts.placed(torch.arange(6.0).reshape(2, 3), layouts.EXPANDED, "emu")
    assert view.stride() == (0, 1) and view.cpu().tolist() == [[0, 1, 2], [0, 1, 2]] and len(memory) == 3
