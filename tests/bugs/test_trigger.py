"""The trigger and effect vocabularies: what parses, what matches, what is said."""

import pytest
import torch

from mpscheck.bugs import effect, properties, trigger
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


def heads(batch=2, length=6, count=4, size=8) -> torch.Tensor:
    """A projection split into heads, as attention does it: (batch, heads, length, size), a view."""
    return torch.ones(batch, length, count * size).view(batch, length, count, size).transpose(1, 2)


@pytest.mark.parametrize(
    "tensor, order",
    [
        (torch.ones(2, 3), "01"),
        (torch.ones(2, 3).T, "10"),
        (heads(), "0213"),
        (heads(batch=1), "0213"),
        (heads().transpose(-1, -2), "0312"),
        (torch.ones(6, 2 * 32).view(6, 8, 8).transpose(0, 1).view(2, 4, 6, 8), "2013"),  # nn.MultiheadAttention
        (torch.ones(6, 32).view(6, 4, 8).transpose(0, 1).view(1, 4, 6, 8), "2013"),  # the same with a batch of 1
        (torch.ones(2, 6, 96).split(32, 2)[0].view(2, 6, 4, 8).transpose(1, 2), ""),  # a fused projection: gaps
        (torch.ones(1).expand(3, 4), ""),
        (torch.tensor(1.0), ""),
    ],
)
def test_the_order_of_the_dimensions_in_memory(tensor, order):
    assert properties.order(tensor) == order
    (one,) = parse("op", ["query.order in 0213,2013"])
    assert one.matches(call("op", query=tensor)) == (order in ("0213", "2013"))
    (other,) = parse("op", ["query.order != 0213"])
    assert other.matches(call("op", query=tensor)) == (order != "0213")


@pytest.mark.parametrize(
    "condition, yes, no",
    [
        ("arg.value == false", [False], [True, None, 0, "false"]),
        ("arg.value == true", [True], [False, 1, 1.0]),
        ("arg.value != true", [False], [True, None, 1]),
        ("arg.value == 0", [0, 0.0], [False, 1, None, "0"]),
        ("arg.value > 0", [1, 0.5], [0, -1.0, True, None]),
        ("arg.value <= 1e-6", [1e-7, -3], [1e-5, None]),
        ("arg.value == inf", [float("inf")], [float("-inf"), "inf"]),
        ("arg.value in 1,-1", [1, -1, [0, 1], (-1,)], [0, [2, 3], True]),
        ("arg.value == tanh", ["tanh"], ["none", None]),
        ("arg.value == none", ["none"], [None, "tanh"]),
        ("arg.value in float16,bfloat16", [torch.float16], [torch.float32, None]),
        ("arg.value == channels_last", [torch.channels_last], [torch.contiguous_format]),
        ("arg.given == false", [None], [0, False, "none", [], torch.ones(1)]),
        ("arg.given == true", [0, [], torch.ones(1), [torch.ones(1)]], [None]),
        ("arg.ndim >= 0", [torch.tensor(1.0)], [1.0, None, [1, 2]]),
        ("arg.layout != contiguous", [torch.ones(2, 3).T], [None, 3]),
    ],
)
def test_arguments_that_are_no_tensors(condition, yes, no):
    (one,) = parse("op", [condition])
    for value in yes:
        assert one.matches(call("op", arg=value)), value
    for value in no:
        assert not one.matches(call("op", arg=value)), value
    assert one.matches(call("op")) == (condition == "arg.given == false"), "an overload without the argument"


def test_an_argument_that_is_left_out_has_the_default_of_the_schema():
    from mpscheck.bugs import recorder

    one = parse(
        "scaled_dot_product_attention", ["attn_mask.given == false", "is_causal.value == false", "dropout_p.value == 0"]
    )
    q, seen = torch.ones(1, 1, 2, 4), []
    attention = torch.nn.functional.scaled_dot_product_attention
    with recorder.calls("cpu", seen.append):
        attention(q, q, q)
        attention(q, q, q, is_causal=True)
        attention(q, q, q, torch.ones(2, 2, dtype=torch.bool))
        attention(q, q, q, None, 0.5)
    of_op = [c for c in seen if c.op == "scaled_dot_product_attention"]
    assert [one[0].matches(c) for c in of_op] == [True, False, False, False]


@pytest.mark.parametrize("level", ["pre-dispatch", "function and dispatch modes"])
def test_whether_a_gradient_is_recorded(level):
    from mpscheck.bugs import recorder

    (none,), found = parse("linear", ["weight.grad == false"]), []
    (some,) = parse("linear", ["weight.grad == true"])
    weight = torch.ones(2, 2, requires_grad=True)

    def look(op, args, kwargs, run):
        made = recorder.call_of(op, args, kwargs)
        if made.op == "linear":
            found.append((none.matches(made), some.matches(made)))
        return run()

    with recorder.around(look, level):
        torch.nn.functional.linear(torch.ones(1, 2), weight)
        torch.nn.functional.linear(torch.ones(1, 2), weight.detach())
        with torch.no_grad():
            torch.nn.functional.linear(torch.ones(1, 2), weight)
    assert found == [(False, True), (True, False), (True, False)]


def test_a_number_is_compared_with_that_of_another_argument():
    (one,) = parse("op", ["key.size.-2 >= query.size.-2"])
    assert one.matches(call("op", query=torch.ones(3, 4), key=torch.ones(3, 4)))
    assert not one.matches(call("op", query=torch.ones(4, 4), key=torch.ones(3, 4)))
    assert not one.matches(call("op", query=torch.ones(4), key=torch.ones(3, 4))), "no such dimension"
    assert not one.matches(call("op", key=torch.ones(3, 4))), "no such argument"
    (late,) = parse("op", ["self.numel != result.numel"])
    assert late.needs_result()


def test_a_fault_fires_only_where_the_numbers_and_truth_values_fit():
    from mpscheck.emulation.faults import COUNTS, fault, only

    attention = torch.nn.functional.scaled_dot_product_attention
    q = torch.ones(1, 1, 4, 8, device="emu")
    sick = fault(
        "f", ["scaled_dot_product_attention"], "unwritten(result)", ["is_causal.value == false", "query.grad == false"]
    )
    with only(sick):
        attention(q, q, q, is_causal=True)
        attention(q.clone().requires_grad_(), q, q)
        assert not COUNTS
        attention(q, q, q)
        with torch.no_grad():
            attention(q.clone().requires_grad_(), q, q)
        assert COUNTS == {"f": 2}


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
        ({"op": ["linear"], "when": ["weight.ndim.0 > 3"]}, "ndim has no dimension"),
        ({"op": ["linear"], "when": ["weight.ndim > three"]}, "whole number"),
        ({"op": ["linear"], "when": ["weight.ndim > 2.5"]}, "whole number"),
        ({"op": ["linear"], "when": ["weight.size.0 > input.size"]}, "size needs a dimension"),
        ({"op": ["linear"], "when": ["weight.size.0 > 3,4"]}, "compared by `in`"),
        ({"op": ["linear"], "when": ["weight.order == 0113"]}, "all dimensions, the outermost first"),
        ({"op": ["linear"], "when": ["weight.order > 01"]}, "all dimensions, the outermost first"),
        ({"op": ["linear"], "when": ["weight.grad == 1"]}, "grad is compared by == or != with true or false"),
        ({"op": ["linear"], "when": ["bias.given == none"]}, "given is compared by == or != with true or false"),
        ({"op": ["linear"], "when": ["bias.given in true,false"]}, "given is compared by == or !="),
        ({"op": ["topk"], "when": ["k.value in 1,true"]}, "several of one kind"),
        ({"op": ["topk"], "when": ["k.value in 1,"]}, "several of one kind"),
        ({"op": ["gelu"], "when": ["approximate.value > tanh"]}, "only a number is compared by <"),
        ({"op": ["sdpa"], "when": ["is_causal.value >= true"]}, "only a number is compared by <"),
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
    "op, condition, wrong",
    [
        ("scaled_dot_product_attention", "is_causal.value == false", None),
        ("scaled_dot_product_attention", "dropout_p.value > 0", None),
        ("scaled_dot_product_attention", "attn_mask.given == false", None),
        ("gelu", "approximate.value == tanh", None),
        ("addmm", "beta.value == 0", None),
        ("topk", "k.value > 16", None),
        ("sum", "dtype.value == int32", None),
        ("sum", "dim.given == false", None),
        ("scaled_dot_product_attention", "is_causal.value == 0", "is a bool, which is compared with no number"),
        ("scaled_dot_product_attention", "dropout_p.value == none", "is a float, which is compared with no word"),
        ("scaled_dot_product_attention", "attn_mask.value == true", "compared with no truth value"),
        ("scaled_dot_product_attention", "query.given == true", "'query' of \"query.given == true\" is always given"),
        ("scaled_dot_product_attention", "is_causal.ndim == 0", "is no tensor: it has a value"),
        ("scaled_dot_product_attention", "key.size.0 == quarry.size.0", "has no argument 'quarry'"),
    ],
)
def test_a_condition_is_checked_against_the_type_of_the_argument(op, condition, wrong):
    found = trigger.check_names(parse(op, [condition]))
    assert (len(found) == 1 and wrong in found[0]) if wrong else found == []


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
        ("sdpa", ["attn_mask.given == false"], None, "`sdpa` is called and *attn_mask* is not given"),
        ("sdpa", ["attn_mask.given != false"], None, "`sdpa` is called and *attn_mask* is given"),
        ("sdpa", ["query.grad == false"], None, "`sdpa` is called and no gradient is recorded through *query*"),
        ("sdpa", ["is_causal.value == false"], None, "`sdpa` is called and *is_causal* is false"),
        (
            "topk",
            ["k.value > 4096", "dim.value in 0,1"],
            None,
            "`topk` is called and *k* is above 4,096 and *dim* is one of 0, 1",
        ),
        ("gelu", ["approximate.value == tanh"], None, "`gelu` is called and *approximate* is `tanh`"),
        (
            "sdpa",
            ["query.order == 0213"],
            None,
            "`sdpa` is called and the order of the dimensions of *query* in memory is (0, 2, 1, 3)",
        ),
        (
            "sdpa",
            ["key.size.-2 >= query.size.-2", "is_causal.value == true", "dropout_p.value == 0.5"],
            None,
            "`sdpa` is called, and all of this holds: the size of *key* in dimension -2 is at least the size of *query* in "
            "dimension -2; *is_causal* is true; *dropout_p* is 0.5",
        ),
    ],
)
def test_sentence(op, when, form, words):
    assert trigger.sentence(parse(op, when, **({"form": form} if form else {}))) == words


def test_effect_words_round_trip_and_have_a_sentence():
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
