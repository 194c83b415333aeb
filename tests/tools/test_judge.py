"""The rule for one op's result: what counts as wrong, and the screen before it that lets no wrong result pass."""

import math

import pytest
import torch

from mpscheck.bugs.aten import base_name, bind
from mpscheck.tools.locate import judge


def normal(*size: int) -> torch.Tensor:
    """Random numbers of a fixed seed, float32."""
    return torch.randn(size, generator=torch.Generator().manual_seed(0))


def test_the_screen_lets_no_wrong_result_pass():
    generator = torch.Generator().manual_seed(0)
    passed = 0
    for trial in range(200):
        exact = torch.randn(50, generator=generator, dtype=torch.float64)
        cpu = exact.float()
        got = cpu + torch.randn(50, generator=generator) * 10 ** (trial / 40 - 8)
        if judge.distance(cpu, got) <= judge.SCREEN:
            passed += 1
            assert judge.difference(cpu, got, exact, moves=False) is None
    assert 50 < passed < 150


def test_the_cpus_own_error_may_be_made_ten_times_and_not_a_hundred_times():
    exact = normal(1000).double()
    cpu = exact.float() + 1e-4
    assert judge.difference(cpu, exact.float() + 5e-4, exact, moves=False) is None
    assert judge.difference(cpu, exact.float() + 1e-2, exact, moves=False).kind == "wrong"


def test_what_only_moves_data_rounds_nothing():
    cpu = normal(100)
    got = cpu * (1 + torch.finfo(torch.float32).eps)
    assert judge.difference(cpu, got, cpu.double(), moves=False) is None
    assert judge.difference(cpu, got, cpu.double(), moves=True).kind == "wrong"
    assert judge.difference(cpu, cpu.clone(), cpu.double(), moves=True) is None
    assert judge.difference(cpu, got, cpu.double() + 1e-6, moves=True) is None  # here the CPU rounds as well


def test_one_wrong_value_among_many_of_a_half_type_is_seen():
    cpu = normal(10_000).to(torch.bfloat16)
    got = cpu.clone()
    got[77] += 3.0  # 4 times the error that all values together may make, 100 times that of one
    result = judge.difference(cpu, got, cpu.double(), moves=False)
    assert (result.index, result.share) == ((77,), 1e-4)
    assert judge.distance(cpu, got) > judge.SCREEN


def test_numbers_too_large_for_a_half_type_are_measured_all_the_same():
    cpu = torch.full((10,), 60000.0, dtype=torch.float16)
    got = torch.full((10,), -60000.0, dtype=torch.float16)
    assert judge.distance(cpu, got) == pytest.approx(2 / torch.finfo(torch.float16).eps)


@pytest.mark.parametrize(
    ("cpu", "got", "kind"),
    [
        ([1.0, math.nan], [1.0, math.nan], None),
        ([1.0, 2.0], [1.0, math.nan], "nan"),
        ([1.0, math.nan], [1.0, 2.0], "wrong"),
        ([1.0, math.inf], [1.0, -math.inf], "wrong"),
        ([1.0, 0.0], [1.0, 1e-3], "wrong"),
        ([0.0, 0.0], [0.0, 0.0], None),
        ([3, 4], [3, 5], "wrong"),
        ([True, False], [True, True], "wrong"),
    ],
)
def test_kinds_of_differences(cpu, got, kind):
    cpu, got = torch.tensor(cpu), torch.tensor(got)
    result = judge.difference(cpu, got, cpu.double() if cpu.is_floating_point() else cpu, moves=False)
    assert (result.kind if result else None) == kind
    assert (judge.distance(cpu, got) == 0) == (kind is None)


def test_shapes_and_dtypes_are_held_against_each_other():
    assert judge.difference(torch.ones(2), torch.ones(3), torch.ones(2), False).kind == "shape"
    assert judge.difference(torch.ones(2), torch.ones(2, dtype=torch.float16), torch.ones(2), False).kind == "shape"


def test_complex_numbers_are_pairs_of_real_ones():
    cpu = torch.complex(normal(8), normal(8))
    got = torch.complex(cpu.real, cpu.imag + 1)
    assert judge.difference(cpu, cpu.clone(), cpu.to(torch.complex128), moves=False) is None
    found = judge.difference(cpu, got, cpu.to(torch.complex128), moves=False)
    assert (found.index, found.expected, found.got) == ((0,), cpu[0].item(), got[0].item())


@pytest.mark.parametrize(
    ("values", "cpu", "got", "dim", "free"),
    [
        ([3.0, 5.0, 5.0], [1], [2], 0, True),
        ([3.0, 5.0, 5.0], [1], [0], 0, False),
        ([3.0, 5.0, 5.0], [1], [7], 0, False),  # there is no such place
        ([3.0, 5.0, 5.0], [1], [-1], 0, False),
        ([3.0, 5.0, 5.0], [1, 2], [2, 1], 0, True),
        ([3.0, 5.0, 5.0], [1, 2], [1, 1], 0, False),  # each place once
        ([[1.0, 2.0], [2.0, 2.0]], [1, 0], [1, 1], 1, True),  # kthvalue, median: one place a row
        ([[4.0, 4.0], [4.0, 4.0]], [[0, 1], [1, 0]], [[1, 0], [0, 1]], -1, True),
    ],
)
def test_a_device_may_order_equal_values_as_it_likes(values, cpu, got, dim, free):
    bound = {"self": torch.tensor(values), "dim": dim}
    assert judge.only_ties("topk", bound, torch.tensor(cpu), torch.tensor(got)) is free
    assert not judge.only_ties("add", bound, torch.tensor(cpu), torch.tensor(got))


def test_order_that_the_documentation_gives_is_compared():
    """`sort(stable=True)` keeps the order of equal values, and argmax gives the first of several."""
    values, cpu, got = torch.tensor([5.0, 5.0]), torch.tensor([0, 1]), torch.tensor([1, 0])
    assert judge.only_order("sort", {"self": values, "dim": 0, "stable": False}, cpu, got)
    assert not judge.only_order("sort", {"self": values, "dim": 0, "stable": True}, cpu, got)
    assert not judge.only_order("argmax", {"self": values, "dim": 0}, torch.tensor([0]), torch.tensor([1]))


def bound_of(op, *args, **kwargs) -> tuple[str, dict, torch.Tensor]:
    """Name, arguments by name, and the result of a call."""
    result = op(*args, **kwargs)
    return base_name(op), bind(op, args, kwargs), result


ZEROS, FOUR = torch.zeros(3, 2), torch.arange(1.0, 9).view(4, 2)
TWICE = torch.tensor([0, 2, 0, 1])  # the first and the third row go to the same place
COLLISIONS = {
    "index_copy": (torch.ops.aten.index_copy.default, ZEROS, 0, TWICE, FOUR),
    "scatter": (torch.ops.aten.scatter.src, ZEROS, 0, TWICE[:, None].expand(4, 2), FOUR),
    "index_put": (torch.ops.aten.index_put.default, ZEROS, [TWICE], FOUR),
    "index_put in a column": (torch.ops.aten.index_put.default, ZEROS.T, [None, TWICE], FOUR.T),
}


@pytest.mark.parametrize("case", COLLISIONS)
def test_of_several_values_written_to_one_place_any_may_stay(case):
    op, target, *rest = COLLISIONS[case]
    name, bound, cpu = bound_of(op, target, *rest)
    rows = cpu.T if case.endswith("column") else cpu
    for first_row, free in (
        ([1.0, 2.0], True),  # the first that was written
        ([5.0, 6.0], True),  # the last
        ([1.0, 6.0], True),  # of each: two threads
        ([0.0, 6.0], False),  # none of them
        ([3.0, 6.0], False),  # one that was written elsewhere
    ):
        got = rows.clone()
        got[0] = torch.tensor(first_row)
        got = got.T if case.endswith("column") else got
        assert judge.only_order(name, bound, cpu, got) is free, first_row
    got = rows.clone()
    got[1] = 9.0  # here one value was written
    assert not judge.only_order(name, bound, cpu, got.T if case.endswith("column") else got)


def test_sums_over_repeated_indices_are_compared():
    op = torch.ops.aten.index_put.default
    name, bound, cpu = bound_of(op, ZEROS, [TWICE], FOUR, accumulate=True)
    got = cpu.clone()
    got[0] = FOUR[0]
    assert not judge.only_order(name, bound, cpu, got)
