"""Triggers on more than one size, on values, on earlier calls and on the pass: what they say, match, and must not match.

The calls that must not match are those of libraries: a GPT-2 of transformers in training and in generation.
"""

import pytest
import torch
import torch.nn.functional as F

from mpscheck.bugs import properties, recorder, trigger
from mpscheck.bugs.trigger import BadTrigger, Call, Earlier
from mpscheck.runs.selftest import matches_of

SDPA = "scaled_dot_product_attention"


def one(op, *when, **more):
    return trigger.parse([{"op": [op], "when": list(when)} | more])


def said(op, *when, **more):
    return trigger.sentence(one(op, *when, **more))


def count(triggers, function, device="cpu") -> int:
    """How many calls of the function match."""
    return matches_of(triggers, device, lambda device: function(), ())


def attention(queries=8, keys=8, heads=2, kv_heads=None, **options):
    q, k = torch.ones(1, heads, queries, 16), torch.ones(1, kv_heads or heads, keys, 16)
    return F.scaled_dot_product_attention(q, k, k, enable_gqa=kv_heads is not None, **options)


@pytest.fixture(scope="module")
def gpt2():
    """A small GPT-2, which trains one step and generates."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_positions=64, n_embd=32, n_layer=2, n_head=2))

    def run():
        ids = torch.arange(1, 13)[None]  # 0 is the padding
        model(ids, labels=ids).loss.backward()
        with torch.no_grad():
            model.eval().generate(ids, max_new_tokens=3, do_sample=False, pad_token_id=0)

    return run


# ---- positive and negative ----------------------------------------------------------------------------------------

CASES = {
    "keys, no multiple of 32": (
        (SDPA, "key.size.-2 not-multiple-of 32"),
        lambda: attention(keys=33),
        lambda: attention(keys=64),
    ),
    "keys, a multiple of 32": ((SDPA, "key.size.-2 multiple-of 32"), lambda: attention(keys=64), lambda: attention(keys=33)),
    "a product of sizes": (
        (SDPA, "query.size.1 * query.size.-2 * key.size.-2 > 100"),
        lambda: attention(8, 8),
        lambda: attention(7, 7),
    ),
    "bytes": (
        ("add", "self.numel * self.itemsize > 32"),
        lambda: torch.ones(5, dtype=torch.float64) + 1,
        lambda: torch.ones(8) + 1,
    ),
    "a ratio: several queries share keys": (
        (SDPA, "query.size.1 / key.size.1 > 1"),
        lambda: attention(heads=4, kv_heads=2),
        lambda: attention(heads=4),
    ),
    "rows: elements by the last size": (
        ("linear", "input.numel / input.size.-1 > 6"),
        lambda: F.linear(torch.ones(2, 4, 3), torch.ones(2, 3)),
        lambda: F.linear(torch.ones(2, 3, 3), torch.ones(2, 3)),
    ),
    "a number times a size": (
        ("mm", "2 * self.size.0 < mat2.size.1"),
        lambda: torch.ones(2, 3) @ torch.ones(3, 5),
        lambda: torch.ones(2, 3) @ torch.ones(3, 4),
    ),
    "the dimension that an argument names": (
        ("cumsum", "self.size.dim > 4"),
        lambda: torch.ones(2, 5).cumsum(1),
        lambda: torch.ones(5, 2).cumsum(1),
    ),
    "an item of a list": (
        ("conv2d", "stride.value.0 != stride.value.1"),
        lambda: F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2), stride=(1, 2)),
        lambda: F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2), stride=2),
    ),
    "a stride": (
        ("relu", "self.stride.-1 > 1"),
        lambda: F.relu(torch.ones(2, 4)[:, ::2]),
        lambda: F.relu(torch.ones(2, 4)[:, :2]),
    ),
    "another dtype": (
        ("add", "self.dtype != other.dtype"),
        lambda: torch.ones(2) + torch.ones(2, dtype=torch.int32),
        lambda: torch.ones(2) + torch.ones(2),
    ),
    "the same memory": (
        ("eq", "self.memory == other.memory"),
        lambda: (lambda x: x[:2] == x[2:])(torch.ones(4)),
        lambda: torch.ones(2) == torch.ones(2),
    ),
    "the same strides": (
        ("copy", "self.strides == src.strides"),
        lambda: torch.ones(2, 3).T.copy_(torch.ones(2, 3).T),
        lambda: torch.ones(3, 2).copy_(torch.ones(2, 3).T),
    ),
    "a conjugated view": (
        ("mm", "mat2.conj == true"),
        lambda: torch.ones(2, 2, dtype=torch.complex64) @ torch.ones(2, 2, dtype=torch.complex64).mH,
        lambda: torch.ones(2, 2, dtype=torch.complex64) @ torch.ones(2, 2, dtype=torch.complex64).mT,
    ),
    "a number of Python": (
        ("mul", "self.dtype == bfloat16", "other.tensor == false"),
        lambda: torch.ones(2, dtype=torch.bfloat16) * 0.1,
        lambda: torch.ones(2, dtype=torch.bfloat16) * torch.tensor(0.1),
    ),
    "an index beyond the end": (
        ("gather", "index.max > 1"),
        lambda: torch.ones(3).gather(0, torch.tensor([0, 2])),
        lambda: torch.ones(3).gather(0, torch.tensor([0, 1])),
    ),
    "NaN": (("clamp", "self has nan"), lambda: torch.tensor([float("nan")]).clamp(0), lambda: torch.ones(1).clamp(0)),
    "infinity": (("argmax", "self has inf"), lambda: torch.tensor([float("-inf")]).argmax(), lambda: torch.ones(1).argmax()),
    "zero": (("log", "self has zero"), lambda: torch.zeros(1).log(), lambda: torch.ones(1).log()),
    "a value twice": (
        ("index_copy", "index has duplicates"),
        lambda: torch.zeros(3).index_copy(0, torch.tensor([1, 1]), torch.ones(2)),
        lambda: torch.zeros(3).index_copy(0, torch.tensor([1, 2]), torch.ones(2)),
    ),
    "a row that is masked as a whole": (
        (SDPA, "attn_mask has masked-row"),
        lambda: attention(attn_mask=torch.ones(8, 8).tril(-1).bool()),
        lambda: attention(attn_mask=torch.ones(8, 8).tril().bool()),
    ),
    "such a row in numbers": (
        (SDPA, "attn_mask has masked-row"),
        lambda: attention(attn_mask=torch.full((8, 8), float("-inf"))),
        lambda: attention(attn_mask=torch.full((8, 8), float("-inf")).triu(1)),
    ),
    "a dtype of eight bits": (
        ("copy", "src.dtype == float8_e4m3fn"),
        lambda: torch.ones(1).to(torch.float8_e4m3fn).float(),
        lambda: torch.ones(1).half().float(),
    ),
    "another scale than before": (
        (SDPA, "earlier.query.shape == query.shape", "earlier.scale.value != scale.value"),
        lambda: [attention(), attention(scale=0.5)],
        lambda: [attention(), attention(4, scale=0.5), attention(scale=None)],
    ),
    "after a call with another size": (
        ("linear", "earlier.input.shape != input.shape"),
        lambda: [F.linear(torch.ones(n, 2), torch.ones(2, 2)) for n in (1, 2)],
        lambda: [F.linear(torch.ones(1, 2), torch.ones(2, 2)) for n in (1, 2)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_condition_matches_the_call_it_means_and_not_its_neighbour(name, gpt2):
    condition, yes, no = CASES[name]
    triggers = one(*condition)
    assert trigger.check_names(triggers) == []
    assert count(triggers, yes) >= 1
    assert count(triggers, no) == 0
    assert [t.table for t in triggers] == [t.table for t in trigger.parse([t.table for t in triggers])]


QUIET = [
    name for name, (condition, _, _) in CASES.items() if condition[0] in (SDPA, "add", "linear", "mul", "copy", "mm")
]
MET = {"keys, no multiple of 32", "a product of sizes", "bytes", "another dtype", "rows: elements by the last size"}
MET |= {
    "a number times a size",
    "after a call with another size",
    "a number of Python",
    "the same strides",
}  # what a GPT-2 does all the time


@pytest.mark.parametrize("name", sorted(set(QUIET) - MET))
def test_a_gpt2_does_not_meet_what_is_rare(name, gpt2):
    assert count(one(*CASES[name][0]), gpt2) == 0


def test_a_gpt2_in_generation_has_keys_of_any_number(gpt2):
    assert count(one(SDPA, "key.size.-2 not-multiple-of 32"), gpt2) > 0
    assert count(one(SDPA, "key.size.-2 multiple-of 32"), gpt2) == 0


# ---- the pass -----------------------------------------------------------------------------------------------------


def squared(x, recorded=False):
    return torch.autograd.grad((x * x).sum(), x, create_graph=recorded)[0]


@pytest.mark.parametrize("device", ["cpu", "emu"])
@pytest.mark.parametrize("level", [recorder.PRE_DISPATCH, recorder.TWO_MODES])
def test_the_pass_in_which_a_call_is_made(device, level):
    seen = []

    def run(function):
        seen.clear()
        with recorder.around(
            lambda op, args, kwargs, run: (seen.append(recorder.call_of(op, args, kwargs)), run())[1], level
        ):
            function(torch.ones(2, device=device, requires_grad=True))
        return {phase: any(t.matches(c) for t in one("mul", phase=phase) for c in seen) for phase in trigger.PHASES}

    assert run(lambda x: x * 2) == {"forward": True, "backward": False, "double-backward": False}
    assert run(squared) == {"forward": True, "backward": True, "double-backward": False}
    assert run(lambda x: squared(x, True)) == {"forward": True, "backward": True, "double-backward": True}


def test_a_gpt2_in_training_makes_no_double_backward(gpt2):
    assert count(one("mul", phase="backward"), gpt2) > 0
    assert count(one("mul", phase="double-backward"), gpt2) == 0


def test_a_fault_of_one_pass_spares_the_other():
    from mpscheck.emulation.faults import COUNTS, fault, only

    x = torch.full((2,), 3.0, device="emu", requires_grad=True)
    with only(fault("f", ["mul"], "scales(result, 2)", phase="backward")):
        y = x * x
        assert y.tolist() == [9, 9] and not COUNTS
        assert torch.autograd.grad(y.sum(), x)[0].tolist() == [12, 12]
    with only(fault("f", ["mul"], "scales(result, 2)", phase="double-backward")):
        assert squared(x).tolist() == [6, 6] and not COUNTS
        assert squared(x, recorded=True).tolist() == [12, 12] and COUNTS


# ---- earlier calls ------------------------------------------------------------------------------------------------


def test_conditions_on_earlier_calls_must_hold_for_one_of_them():
    (stale,) = one("op", "earlier.x.shape == x.shape", "earlier.k.value != k.value")
    earlier = Earlier()
    calls = [((2,), 1), ((3,), 2), ((2,), 1), ((2,), 2), ((3,), 2)]
    assert [earlier.matches(stale, Call("op", {"x": torch.ones(n), "k": k})) for n, k in calls] == [0, 0, 0, 1, 0]
    assert not Earlier().matches(stale, Call("op", {"x": torch.ones(2), "k": 2})), "another program"
    assert not earlier.matches(stale, Call("other", {"x": torch.ones(2), "k": 3})), "another op"


def test_an_argument_that_was_left_out_differs_from_one_that_is_given():
    (stale,) = one("op", "earlier.k.value != k.value")
    earlier = Earlier()
    assert [earlier.matches(stale, Call("op", {"k": k})) for k in (None, None, 0.5)] == [False, False, True]


def test_what_is_never_must_be_true_of_no_earlier_call():
    (new,) = one("op", "never.x.shape == x.shape", "earlier.x.shape != x.shape")
    earlier = Earlier()
    calls = [Call("op", {"x": torch.ones(n)}) for n in (3, 3, 2, 2, 3, 1)]
    assert [earlier.matches(new, call) for call in calls] == [False, False, True, False, False, True]


def test_what_is_never_holds_at_the_first_call():
    (new,) = one("op", "never.x.shape == x.shape")
    earlier = Earlier()
    assert [earlier.matches(new, Call("op", {"x": torch.ones(n)})) for n in (3, 3, 2)] == [True, False, True]


def test_conditions_on_no_earlier_call_hold_together():
    (new,) = one("op", "never.x.shape == x.shape", "never.k.value == k.value")
    earlier = Earlier()
    calls = [Call("op", {"x": torch.ones(n), "k": k}) for n, k in ((1, 1), (2, 2), (1, 2), (2, 2))]
    assert [earlier.matches(new, call) for call in calls] == [True, True, True, False]


def test_a_fault_that_needs_an_earlier_call_fires_at_the_second():
    from mpscheck.emulation.faults import COUNTS, fault, only

    x = torch.full((4,), 2.0, device="emu")
    sick = fault(
        "f", ["clamp_min"], "stale(min)", ["earlier.self.shape == self.shape", "earlier.min.value != min.value"]
    )
    for _ in range(2):  # the second time everything is as in a new process
        with only(sick):
            assert x.clamp_min(3).tolist() == [3] * 4
            assert x.clamp_min(3).tolist() == [3] * 4 and not COUNTS
            assert x.clamp_min(5).tolist() == [3] * 4 and COUNTS == {"f": 1}
            assert x[:3].clamp_min(5).tolist() == [5] * 3


# ---- words and refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "op, when, more, words",
    [
        (SDPA, ["key.size.-2 not-multiple-of 32"], {}, "the size of *key* in dimension -2 is not a multiple of 32"),
        (
            "add",
            ["self.numel * self.itemsize > 4294967296"],
            {},
            "the number of elements of *self* times the bytes of an element of *self* is above 4,294,967,296",
        ),
        (
            SDPA,
            ["query.size.1 / key.size.1 > 1"],
            {},
            "the size of *query* in dimension 1 divided by the size of *key* in dimension 1 is above 1",
        ),
        ("cumsum", ["self.size.dim > 4"], {}, "the size of *self* in dimension *dim* is above 4"),
        ("conv2d", ["stride.value.0 != stride.value.1"], {}, "item 0 of *stride* is not item 1 of *stride*"),
        ("mm", ["mat2.conj == true"], {}, "*mat2* is a conjugated view"),
        ("mul", ["other.tensor == false"], {}, "*other* is no tensor"),
        (
            "eq",
            ["self.memory == other.memory"],
            {},
            "the memory that *self* lies in is the memory that *other* lies in",
        ),
        (SDPA, ["attn_mask has masked-row"], {}, "*attn_mask* has a row that is masked as a whole"),
        (SDPA, ["never.query.shape == query.shape"], {}, "in no earlier call the shape of *query* was the same as now"),
        (
            SDPA,
            ["earlier.query.shape == query.shape", "earlier.scale.value != scale.value"],
            {},
            "in an earlier call the shape of *query* was the same as now and *scale* was not the same as now",
        ),
    ],
)
def test_sentence(op, when, more, words):
    assert said(op, *when, **more) == f"`{op}` is called and {words}"


def test_the_pass_in_words():
    assert said("mul", phase="backward") == "`mul` is called in a backward pass"
    assert said("mul", phase="forward") == "`mul` is called outside a backward pass"
    assert "recorded for a gradient of the gradient" in said("mul", phase="double-backward")


@pytest.mark.parametrize(
    "condition, words",
    [
        ("key.size.-2 mult 32", "is not a condition"),
        ("key.layout not-multiple-of 32", "layout is compared by ==, != or in"),
        ("key.size.-2 * key.layout > 3", "only numbers are multiplied"),
        ("key.size.-2 * key.size.-1 in 3,4", "a product is compared with one number"),
        ("key.size.-2 * > 3", "is not a condition"),
        ("key.size.-2 + key.size.-1 > 3", "is not a condition"),
        ("3 * 4 > 3", "is not a condition"),
        ("key.layout == query.dtype", "layout is compared by == or != with the same property"),
        ("key.dtype < query.dtype", "dtype is compared by == or != with the same property"),
        ("key.shape == 3", "shape is compared by == or != with that of another argument"),
        ("key.memory > query.memory", "memory is compared by == or != with the same property"),
        ("key.conj == 1", "conj is compared by == or != with true or false"),
        ("key.max > high", "max is compared with a number"),
        ("key.size.-2 == earlier.key.size.-2", "what is earlier stands on the left side"),
        ("earlier.key.size.-2 * key.size.-2 > 3", "of this call or of an earlier one, not of both"),
        ("earlier.key.size.-2 * never.key.size.-2 > 3", "of this call or of an earlier one, not of both"),
        ("key.size.-2 == never.key.size.-2", "what is earlier stands on the left side"),
        ("earlier.key has nan", "is not a condition"),
        ("key.stride > 3", "stride needs a dimension"),
        ("key.dtype == float7", "dtype is compared by ==, != or in with bool, uint8"),
    ],
)
def test_what_cannot_be_said_is_one_sentence(condition, words):
    with pytest.raises(BadTrigger, match=words.replace("*", r"\*")) as refused:
        trigger.parse_condition(condition)
    assert "\n" not in str(refused.value)


def test_an_unknown_phase_is_refused():
    with pytest.raises(BadTrigger, match="phase = 'sideways' is not known: forward or backward or double-backward"):
        one("mul", phase="sideways")


@pytest.mark.parametrize(
    "op, condition, wrong",
    [
        ("cumsum", "self.size.axis > 4", "aten::cumsum has no argument 'axis'"),
        ("cumsum", "self.size.self > 4", "'self' is no whole number"),
        ("conv2d", "input.size.0 * inputs.size.1 > 4", "aten::conv2d has no argument 'inputs'"),
        ("conv2d", "groups.size.0 > 4", "'groups' of \"groups.size.0 > 4\" is no tensor"),
        ("mm", "mat2.tensor == false", "is always a tensor"),
        (
            "gelu",
            "approximate.value < self.numel",
            "'approximate' of \"approximate.value < self.numel\" is a str, and no",
        ),
        (SDPA, "earlier.scael.value != scale.value", "has no argument 'scael'"),
    ],
)
def test_names_are_checked_in_every_part(op, condition, wrong):
    found = trigger.check_names(one(op, condition))
    assert found and wrong in found[0]


def test_every_dtype_of_torch_that_holds_numbers_can_be_named():
    dtypes = {getattr(torch, name) for name in dir(torch) if isinstance(getattr(torch, name), torch.dtype)}
    holding = set()
    for dtype in dtypes:
        try:
            torch.ones(1).to(dtype)
        except (RuntimeError, NotImplementedError):
            continue
        holding.add(str(dtype).removeprefix("torch."))
    assert holding == set(properties.NAMES["dtype"])


def test_a_list_of_numbers_is_held_against_an_earlier_one_as_a_whole():
    """Only the first of its numbers was: a draw of (2, 3) was taken for one of (2, 4)."""
    again = one("randn", "earlier.size.value == size.value")
    for shapes, matches in ((((2, 3), (2, 4)), 0), (((2, 3), (2, 3)), 1), (((3,), (3, 2)), 0)):
        assert count(again, lambda shapes=shapes: [torch.randn(*shape) for shape in shapes]) == matches
    other = one("max_pool2d", "self.ndim == 4", "kernel_size.value != stride.value")
    x = torch.ones(1, 1, 8, 8)
    for kernel, stride, matches in (((2, 2), (2, 2), 0), ((2, 2), (2, 1), 1)):
        assert count(other, lambda k=kernel, s=stride: F.max_pool2d(x, k, s)) == matches
