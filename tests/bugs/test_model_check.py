"""A check of a whole model has no fault of its own that could be imitated: it must still see faults of its parts."""

import pytest
import torch

from mpscheck.bugs import catalogue
from mpscheck.emulation.faults import fault, only
from mpscheck.runs import measure, numerics

BUG = catalogue.find("nanogpt-token-zero-torch-2-2")
PARTS = {
    "masked assignment": fault("f", ["index_put"], "drops(values)", form="inplace"),
    "threshold": fault("f", ["topk"], "scales(result, 1.5)"),
    "softmax": fault("f", ["softmax"], "unwritten(result)"),
    "choice": fault("f", ["argmax"], "unwritten(result)"),
}


def verdict(name: str, *faults) -> str:
    module = measure.load_module(BUG.check.path)
    with only(*faults):
        return numerics.verdict_of(measure.measure_function(module, name, "emu", torch.float32))


def test_it_agrees_on_a_healthy_device():
    assert {verdict(name) for name in BUG.check.functions} == {"agrees"}


@pytest.mark.parametrize("part", PARTS)
def test_it_sees_a_fault_of_sampling_that_control_and_workaround_do_not_meet(part):
    assert verdict("compute", PARTS[part]) == "wrong"
    assert verdict("control", PARTS[part]) == verdict("workaround", PARTS[part]) == "agrees"
