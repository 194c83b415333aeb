"""The trigger and effect vocabularies: what parses, what matches, what is said."""

import pytest
import torch

from mpscheck.bugs import effect, trigger
from mpscheck.bugs.trigger import BadTrigger, Call


def parse(op="linear", when=(), **more):
    return trigger.parse([{"op": [op], "when": list(when)} | more])


def call(op="linear", writes=(), result=None, accelerator="cpu", **args):
    return Call(op, args, writes, result, accelerator)


BASE = torch.arange(24.0)
LAYOUTS = {
    "contiguous": BASE.view(4, 6),
    "permuted": BASE.view(4, 6).T,
    "sliced": BASE.view(4, 6)[:, ::2],
    "expanded": BASE[:1].expand(4, 6),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_is_told_from_the_others(name):
    for other, tensor in LAYOUTS.items():
        (one,) = parse(when=[f"weight.layout == {name}"])
        assert one.matches(call(weight=tensor)) == (other == name)
        (none,) = parse(when=[f"weight.layout != {name}"])
        assert none.matches(call(weight=tensor)) == (other != name)


def test_the_stride_of_a_dimension_of_size_1_says_nothing_of_the_layout():
    (permuted,) = parse(when=["weight.layout == permuted"])
    for stride in (0, 7):
        assert permuted.matches(call(weight=BASE.as_strided((1, 6, 4), (stride, 1, 6))))


@pytest.mark.parametrize(
    "condition, yes, no",
    [
        ("self.size.-1 > 3", torch.ones(2, 4), torch.ones(4, 3)),
        ("self.size.2 == 1", torch.ones(1, 1, 1), torch.ones(1, 1)),
        ("self.ndim >= 3", torch.ones(1, 1, 1), torch.ones(1, 1)),
        ("self.numel > 5", torch.ones(6), torch.ones(5)),
        ("self.offset > 0", torch.ones(6)[1:], torch.ones(6)[:-1]),
        ("self.dtype in float16,bfloat16", torch.ones(1, dtype=torch.bfloat16), torch.ones(1)),
        ("self.dtype != float32", torch.ones(1, dtype=torch.int32), torch.ones(1)),
        ("self.size.0 in 64,96", torch.ones(96), torch.ones(95)),
        ("self has neginf", torch.tensor([0.0, float("-inf")]), torch.tensor([0.0, float("inf")])),
    ],
)
def test_properties(condition, yes, no):
    (one,) = parse(when=[condition])
    assert one.matches(call(self=yes))
    assert not one.matches(call(self=no))


def test_device_of_an_argument():
    (one,) = parse("mul", ["other.device == cpu", "self.device == accel"])
    assert one.matches(call("mul", accelerator="emu", self=torch.ones(1, device="emu"), other=torch.ones(1)))
    assert not one.matches(call("mul", accelerator="emu", self=torch.ones(1), other=torch.ones(1)))


def test_conditions_on_a_list_must_hold_for_the_same_tensor():
    (one,) = parse("stack", ["tensors.offset > 0", "tensors.numel > 2"])
    assert one.matches(call("stack", tensors=[torch.ones(1), torch.ones(9)[3:]]))
    assert not one.matches(call("stack", tensors=[torch.ones(9), torch.ones(9)[8:]]))


def test_form_op_and_alternatives():
    triggers = trigger.parse([{"op": ["addcmul"], "form": "inplace"}, {"op": ["addcdiv"]}])
    assert any(t.matches(call("addcmul", ("self",), self=torch.ones(1))) for t in triggers)
    assert not any(t.matches(call("addcmul", self=torch.ones(1))) for t in triggers)
    assert any(t.matches(call("addcdiv", self=torch.ones(1))) for t in triggers)


def test_result_is_known_only_after_the_call():
    (one,) = parse("randn", ["result.ndim >= 5"])
    assert one.needs_result()
    assert one.matches(call("randn", result=torch.ones(1, 1, 1, 1, 1)))
    assert not one.matches(call("randn", result=torch.ones(1)))


def test_the_result_of_a_call_that_writes_is_what_it_writes_to():
    (one,) = parse("add", ["result.ndim == 2"])
    flat, square = torch.ones(4), torch.ones(2, 2)
    assert one.matches(call("add", ("self",), self=square)) and not one.matches(call("add", ("self",), self=flat))
    assert one.matches(call("add", ("out",), self=flat, out=square))
    assert not one.matches(call("add", ("out",), self=square, out=flat))
    (one,) = parse("sort", ["result.ndim == 2"])
    assert one.matches(call("sort", ("values", "indices"), self=flat, values=flat, indices=square))
    assert not one.matches(call("sort", ("values", "indices"), self=square, values=flat, indices=flat))


def test_a_tensor_without_the_dimension_does_not_match():
    for dim, tensor in (("-1", torch.tensor(1.0)), ("-2", torch.ones(3)), ("1", torch.ones(3))):
        (one,) = parse(when=[f"self.size.{dim} >= 0"])
        assert not one.matches(call(self=tensor))


def test_self_stands_for_an_argument_named_input():
    (one,) = parse(when=["self.ndim == 2"])
    assert one.matches(call(input=torch.ones(1, 1)))


@pytest.mark.parametrize(
    "table, words",
    [
        ({"op": ["linear"], "when": ["weight.layout is contiguous"]}, "is not a condition"),
        ({"op": ["linear"], "when": ["weight.colour == red"]}, "no property 'colour'"),
        ({"op": ["linear"], "when": ["weight.layout == odd"]}, "layout is compared"),
        ({"op": ["linear"], "when": ["weight.layout > contiguous"]}, "layout is compared"),
        ({"op": ["linear"], "when": ["weight.size > 3"]}, "size needs a dimension"),
        ({"op": ["linear"], "when": ["weight.ndim.0 > 3"]}, "the other properties have none"),
        ({"op": ["linear"], "when": ["weight.ndim > three"]}, "whole number"),
        ({"op": ["linear"], "when": ["weight has holes"]}, "no tag 'holes'"),
        ({"op": ["linear"], "when": ["__import__('os').system('true')"]}, "is not a condition"),
        ({"op": [], "when": []}, "needs op"),
        ({"op": ["linear"], "form": "backward"}, "form = 'backward'"),
        ({"op": ["linear"], "unless": []}, "unknown key 'unless'"),
    ],
)
def test_what_is_not_in_the_grammar_is_refused_in_words(table, words):
    with pytest.raises(BadTrigger, match=words):
        trigger.parse([table])


def test_a_trigger_is_a_list():
    with pytest.raises(BadTrigger, match="list of tables"):
        trigger.parse({"op": ["linear"]})


def test_names_are_checked_against_the_schemas_of_torch():
    assert trigger.check_names(parse(when=["weight.ndim == 2", "self.ndim == 2"])) == []
    assert trigger.check_names(parse("addcmul", ["tensor1.ndim == 2", "result.ndim == 2"])) == []
    assert trigger.check_names(parse(when=["wieght.ndim == 2"])) == ["aten::linear has no argument 'wieght'"]
    assert "no op aten::linaer" in trigger.check_names(parse("linaer"))[0]
    assert "no op aten::fused_adam" in trigger.check_names(parse("fused_adam"))[0]  # it is _fused_adam
    assert trigger.check_names(parse("requires_grad", ["self.ndim == 2"])) == []  # there is requires_grad_ alone


@pytest.mark.parametrize(
    "op, when, form, words",
    [
        ("linear", ["weight.layout != contiguous"], None, "`linear` is called and *weight* is not contiguous"),
        (
            "conv1d",
            ["weight.size.0 > 65536"],
            None,
            "`conv1d` is called and the size of *weight* in dimension 0 is above 65,536",
        ),
        (
            "mul",
            ["other.device == cpu", "other.offset > 0"],
            None,
            "`mul` is called and *other* is on the CPU and the storage offset of *other* is above 0",
        ),
        ("triu", ["self has neginf"], None, "`triu` is called and *self* holds minus infinity"),
        ("addcmul", [], "inplace", "`addcmul` is called in place"),
    ],
)
def test_sentence(op, when, form, words):
    assert trigger.sentence(parse(op, when, **({"form": form} if form else {}))) == words


def test_effect_words_round_trip_and_have_a_sentence_and_an_imitation():
    from mpscheck.emulation.effects import IMITATIONS

    assert set(IMITATIONS) == set(effect.WORDS)
    for text in (
        "ignores-strides(weight)",
        "rounds(result, float32)",
        "wraps(weight.size.0, 65536)",
        "random(broadcast)",
    ):
        assert str(effect.parse(text)) == text
    assert effect.sentence(effect.parse("ignores-strides(weight)")).startswith("*weight* is read")
    assert effect.sentence(effect.parse("wraps(weight.size.0, 65536)")).startswith("dimension 0 of *weight* wraps")


@pytest.mark.parametrize(
    "text, words",
    [
        ("breaks(weight)", "no effect 'breaks'"),
        ("ignores-strides", "is not an effect"),
        ("rounds(result)", "rounds.argument, dtype"),
        ("ignores-strides(weight, 3)", "ignores-strides.argument"),
        ("random(sometimes)", "random.broadcast"),
    ],
)
def test_what_is_no_effect_is_refused_in_words(text, words):
    with pytest.raises(effect.BadEffect, match=words):
        effect.parse(text)
