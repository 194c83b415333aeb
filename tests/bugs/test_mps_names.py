"""Names that mps alone has: the table agrees with torch's own files, and a CPU shows the gradients by them."""

import importlib.resources
import re

import pytest
import torch
import torch.nn.functional as F
import yaml

from mpscheck.bugs import catalogue, mps_names, recorder, trigger
from mpscheck.bugs.aten import overloads

PACKAGED = importlib.resources.files("torchgen") / "packaged"
FUNCTIONS = yaml.safe_load((PACKAGED / "ATen" / "native" / "native_functions.yaml").read_text())
DERIVATIVES = yaml.safe_load((PACKAGED / "autograd" / "derivatives.yaml").read_text())
KERNELS = {f["func"].partition("(")[0]: ",".join(f.get("dispatch", {"Composite": ""})) for f in FUNCTIONS}
FORMULAS = {row["name"].partition("(")[0]: " ".join(map(str, row.values())) for row in DERIVATIVES}


def on_mps_alone(name: str) -> bool:
    """Whether torch gives an op a kernel on mps, and none on the CPU or made of other ops."""
    kernels = re.split(r"[,\s]+", KERNELS.get(name, ""))
    return "MPS" in kernels and not {"CPU", "Composite", "CompositeExplicitAutograd", "CompositeImplicitAutograd"} & {
        *kernels
    }


def called_in_a_formula() -> set[str]:
    """The ops on mps alone that torch's autograd calls for a gradient."""
    called = {name.removesuffix("_symint") for text in FORMULAS.values() for name in re.findall(r"\b(\w+)\(", text)}
    return {name for name in called if name.endswith("_backward") and on_mps_alone(name)}


def test_each_gradient_that_mps_alone_has_is_in_a_table():
    assert called_in_a_formula() == {
        name for name in {*mps_names.GRADIENTS, *mps_names.WITHIN} if name.endswith("_backward")
    }


@pytest.mark.parametrize("name", mps_names.GRADIENTS)
def test_a_gradient_is_that_of_the_op_in_the_table(name):
    one = mps_names.GRADIENTS[name]
    forward = next(op for op in FORMULAS if re.search(rf"\b{name}\(", FORMULAS[op]))
    assert forward == one.of or mps_names.WITHIN[forward] == one.of
    arguments = {a.name for overload in overloads(name) for a in overload._schema.arguments}
    of_forward = {a.name for overload in overloads(one.of) for a in overload._schema.arguments}
    assert set(one.args) <= arguments
    assert {here for here in one.args.values() if here not in mps_names.INCOMING} <= of_forward
    assert set(one.needed) <= of_forward and bool(one.needed) == ("output_mask" in arguments)


@pytest.mark.parametrize("name", mps_names.WITHIN)
def test_what_mps_calls_inside_another_op_is_refused_in_a_trigger(name):
    assert on_mps_alone(name)
    (found,) = trigger.check_names(trigger.parse([{"op": [name]}]))
    assert f"aten::{name} is what mps calls inside {mps_names.WITHIN[name]}" in found


def test_no_trigger_of_the_index_names_what_no_caller_reaches():
    ops = {op for bug in catalogue.rows() for one in bug.triggers for op in one.ops}
    assert not ops & set(mps_names.WITHIN)


def linear(device):
    weight = torch.ones(3, 4, device=device, requires_grad=True)
    return F.linear(torch.ones(2, 4, device=device), weight, torch.ones(3, device=device))


def pooled(device):
    return torch.max_pool2d(torch.ones(1, 1, 4, 4, device=device, requires_grad=True), 2, 1)


def recurrent(device):
    return torch.nn.LSTM(4, 3, num_layers=2, batch_first=True).to(device)(torch.ones(1, 2, 4, device=device))[0]


PROGRAMS = {"linear_backward": linear, "max_pool2d_backward": pooled, "lstm_mps_backward": recurrent}


def told(name, level, device="cpu"):
    """The calls that are told from gradients, and those that are made, in a backward pass."""
    one, awaited, made = mps_names.GRADIENTS[name], [], []

    def handle(op, args, kwargs, run):
        result = run()
        call = recorder.call_of(op, args, kwargs, result, device)
        made.append(call)
        if call.op == one.of:
            recorder.await_gradients(call, result, (name,), awaited.append)
        return result

    with recorder.around(handle, level):
        PROGRAMS[name](device).sum().backward()
    return awaited, [call for call in made if call.op == name]


@pytest.mark.parametrize("level", [recorder.PRE_DISPATCH, recorder.TWO_MODES])
@pytest.mark.parametrize("name", mps_names.GRADIENTS)
def test_a_cpu_shows_the_gradient_by_its_name_on_mps(name, level):
    (call,), made = told(name, level)
    assert not made and call.op == name and call.phase == "backward"
    of_second = mps_names.INCOMING[1:]  # nobody asked for them
    named = mps_names.GRADIENTS[name].args
    assert all((call.args[argument] is None) == (here in of_second) for argument, here in named.items())


def test_its_arguments_are_those_that_the_emulated_device_gets():
    (call,), _ = told("linear_backward", recorder.PRE_DISPATCH)
    awaited, (made,) = told("linear_backward", recorder.PRE_DISPATCH, "emu")
    assert not awaited, "the call itself is seen there"
    assert set(call.args) == set(made.args)
    for argument in ("self", "grad_output", "weight"):
        one, other = call.args[argument], made.args[argument]
        assert (one.shape, one.stride()) == (other.shape, other.stride())
    assert call.args["output_mask"] == list(made.args["output_mask"]) == [False, True, False]


def test_nothing_is_awaited_where_no_gradient_is_recorded():
    awaited = []
    with torch.no_grad():
        call = trigger.Call("linear", {"input": torch.ones(1, 1), "weight": torch.ones(1, 1), "bias": None})
        recorder.await_gradients(call, torch.ones(1, 1), ("linear_backward",), awaited.append)
    assert not awaited
