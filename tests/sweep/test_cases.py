"""What counts as wrong, and what does not."""

import torch

from mpscheck.sweep import database
from mpscheck.sweep.cases import Bench, Case
from mpscheck.sweep.entries import Entry, Sample


def bench(call, *tensors, op="f"):
    entry = Entry("test/f", op, call, ("float32",), lambda dtype: iter(()))
    return Bench(entry, "float32", Sample(0, tensors, {}), "emu")


def verdict(call, *tensors, layouts=("contiguous",), form="call", op="f"):
    return bench(call, *tensors, op=op).run(Case("test/f", "float32", 0, form, layouts)).verdict


def wrong_on(device):
    """One more than the CPU's."""
    return lambda d, x: x + (d == device)


def test_a_result_that_is_not_the_cpus_is_wrong():
    assert verdict(wrong_on("emu"), torch.ones(3)) == "wrong"
    assert verdict(wrong_on("elsewhere"), torch.ones(3)) == "agrees"


def test_a_call_that_draws_is_random_also_where_it_seeds_torch_itself_and_draws_one_of_two():
    def seeded(device, x):
        torch.manual_seed(42)
        return (torch.rand((), device=x.device) < 0.5) ^ (device == "emu")

    assert verdict(seeded, torch.ones(())) == "random"
    assert verdict(lambda d, x: torch.zeros(()) + (d == "emu"), torch.ones(())) == "wrong"


def test_what_the_cpu_refuses_in_the_same_layout_is_no_finding_and_what_the_device_alone_refuses_is():
    x = torch.ones(3, 4)
    assert verdict(lambda d, x: x.view(12), x, layouts=("transposed",)) == "refused"

    def fails(device, x):
        if device == "emu":
            raise RuntimeError("failed inside")
        return x

    assert verdict(fails, x) == "raises"


def test_equal_values_may_come_in_any_order():
    def sort(device, x):
        values, places = x.sort(dim=0)
        return (values, places.flip(0)) if device == "emu" else (values, places)

    assert verdict(sort, torch.ones(2), op="sort") == "agrees"
    assert verdict(sort, torch.tensor([1.0, 2.0]), op="sort") == "wrong"


def test_a_write_beside_the_view_is_found():
    def outside(device, x):
        x.zero_()
        if device == "emu":
            x.as_strided((1,), (1,), 0).fill_(5)  # the first element of the memory, before the view
        return x

    assert verdict(outside, torch.arange(1.0, 4.0), layouts=("offset",)) == "around"


def test_a_sample_is_the_same_for_the_same_seed_and_another_for_another():
    entry = database.all_entries()["own/linear"]
    first, again, other = (entry.samples("float32", seed) for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(first[0].tensors, again[0].tensors))
    assert not torch.equal(first[0].tensors[0], other[0].tensors[0])
