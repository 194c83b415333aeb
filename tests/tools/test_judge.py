"""The rule for one op's result: what counts as wrong, and the screen before it that lets no wrong result pass."""

import math

import pytest
import torch

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
        ([[1.0, 2.0], [2.0, 0.0]], 1, 2, None, True),  # argmax of all values: a place in the flattened tensor
        ([[1.0, 2.0], [2.0, 0.0]], 1, 3, None, False),
        ([[4.0, 4.0], [4.0, 4.0]], [[0, 1], [1, 0]], [[1, 0], [0, 1]], -1, True),
    ],
)
def test_a_device_may_order_equal_values_as_it_likes(values, cpu, got, dim, free):
    bound = {"self": torch.tensor(values), "dim": dim}
    assert judge.only_ties("argmax", bound, torch.tensor(cpu), torch.tensor(got)) is free
    assert not judge.only_ties("add", bound, torch.tensor(cpu), torch.tensor(got))
