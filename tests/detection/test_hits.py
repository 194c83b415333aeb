"""Which faults would fire in a program: all are held against its calls, the device stays healthy, and what they lack is said."""

import torch

from mpscheck.bugs import trigger
from mpscheck.detection.hits import watching
from mpscheck.emulation.faults import COUNTS, fault

X = torch.arange(6.0).view(2, 3)


def lacks(watch) -> str:
    return trigger.sentence(trigger.parse([watch.lacking()]))


def test_all_faults_are_held_against_each_call_and_none_fires():
    faults = [
        fault("all", ["matmul"], "scales(result, 2)"),
        fault("inside", ["mm"], "scales(result, 2)"),  # what `matmul` is made of: it must not hide behind it
        fault("backward", ["tanh_backward"], "scales(result, 2)"),
        fault("strided", ["matmul"], "scales(result, 2)", ["other.layout == sliced"]),
        fault("absent", ["softmax"], "scales(result, 2)"),
    ]
    with watching(faults) as seen:
        there = X.to("emu").requires_grad_()
        y = (there @ X.T.to("emu")).tanh()
        y.sum().backward()
    assert torch.equal(y.detach().cpu(), (X @ X.T).tanh()) and not COUNTS
    assert {slug: (bool(w.called), bool(w.fired)) for slug, w in seen.items()} == {
        "all": (True, True),
        "inside": (True, True),
        "backward": (True, True),
        "strided": (True, False),
        "absent": (False, False),
    }
    assert seen["all"].lacking() is seen["absent"].lacking() is None
    assert lacks(seen["strided"]) == "`matmul` is called and *other* is a slice with gaps"


def test_what_is_lacking_is_said_of_the_calls_together():
    conditions = {
        "one": ["self.ndim == 2", "self.dtype == float16", "self.size.-1 > 65536"],
        "values": ["self.ndim == 2", "self has nan"],
        "never at once": ["self.size.0 == 2", "self.size.1 == 2"],
    }
    faults = [fault(slug, ["exp"], "scales(result, 2)", when) for slug, when in conditions.items()]
    faults.append(fault("form", ["exp"], "scales(result, 2)", ["self.ndim == 2"], form="inplace"))
    with watching(faults) as seen:
        X.to("emu").exp(), X.T.contiguous().to("emu").exp()
    said = {slug: lacks(watch) for slug, watch in seen.items()}
    assert "float16" in said["one"] and "65,536" in said["one"] and "dimensions" not in said["one"]
    assert said["values"] == "`exp` is called and *self* holds NaN"
    assert said["never at once"].endswith("dimension 0 is 2 and the size of *self* in dimension 1 is 2")
    assert said["form"] == "`exp` is called in place"


def test_an_earlier_call_is_one_of_the_same_program():
    earlier = fault("cached", ["exp"], "scales(result, 2)", ["earlier.self.shape != self.shape"])
    with watching([earlier]) as seen:
        X.to("emu").exp(), X.to("emu").exp()
        assert not seen["cached"].fired
        X[0].to("emu").exp()
    assert seen["cached"].fired == 1
    with watching([earlier]) as seen:
        X[0].to("emu").exp()
    assert not seen["cached"].fired
