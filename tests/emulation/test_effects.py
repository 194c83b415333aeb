"""Each effect word on the emulated device: what it makes of a call, and what it leaves as it is."""

import psutil
import pytest
import torch
import torch.nn.functional as F

from mpscheck.bugs import effect
from mpscheck.bugs.effect import BadEffect
from mpscheck.emulation.effects import IMITATIONS
from mpscheck.emulation.faults import COUNTS, fault, only

EMU = "emu"


def emu(*values, dtype=None):
    return torch.tensor(values, device=EMU, dtype=dtype)


def sick(op, words, *when, **more):
    return only(fault("f", [op], words, list(when), **more))


def test_drops_an_argument_that_may_be_absent():
    x, w, b = torch.ones(1, 2, device=EMU), torch.ones(3, 2, device=EMU), torch.ones(3, device=EMU)
    with sick("linear", "drops(bias)", "bias.given == true"):
        assert F.linear(x, w, b).tolist() == [[2, 2, 2]]
        assert F.linear(x, w).tolist() == [[2, 2, 2]] and COUNTS == {"f": 1}
    assert F.linear(x, w, b).tolist() == [[3, 3, 3]]


def test_drops_a_mask_of_truth_values():
    q = torch.arange(6.0, device=EMU).view(1, 1, 3, 2)
    mask = torch.eye(3, dtype=torch.bool, device=EMU)
    with sick("scaled_dot_product_attention", "drops(attn_mask)"):
        dropped = F.scaled_dot_product_attention(q, q, q, mask).cpu()
    assert torch.equal(dropped, F.scaled_dot_product_attention(q.cpu(), q.cpu(), q.cpu()))
    assert not torch.equal(dropped, F.scaled_dot_product_attention(q.cpu(), q.cpu(), q.cpu(), mask.cpu()))


def test_drops_what_must_be_there_as_zero():
    x = torch.ones(2, device=EMU, requires_grad=True)
    with sick("gelu_backward", "drops(grad_output)"):
        F.gelu(x).sum().backward()
    assert x.grad.tolist() == [0, 0]
    with sick("addmm", "drops(self)"):
        assert torch.addmm(emu(5.0), torch.ones(1, 2, device=EMU), torch.ones(2, 1, device=EMU)).tolist() == [[2]]


@pytest.mark.parametrize(
    "op, words, call, wrong, right",
    [
        ("cumsum", "sets(dim, 0)", lambda x: x.cumsum(1), [[1, 2], [4, 6]], [[1, 3], [3, 7]]),
        ("std", "sets(correction, 0)", lambda x: x.std(1, correction=1) * 4, [2, 2], [2.828427, 2.828427]),
        ("argmax", "sets(result, 0)", lambda x: x.argmax(1), [0, 0], [1, 1]),
        ("argmax", "sets(result, -9223372036854775808)", lambda x: x.argmax(1), [-(2**63)] * 2, [1, 1]),
        ("add", "sets(other, 1)", lambda x: x + x, [[2, 3], [4, 5]], [[2, 4], [6, 8]]),
        ("sum", "sets(dtype, int64)", lambda x: (x / 2).sum(1, dtype=torch.float32), [1, 3], [1.5, 3.5]),
        ("topk", "sets(largest, false)", lambda x: x.topk(1).values, [[1], [3]], [[2], [4]]),
        ("mul", "scales(result, 0.5)", lambda x: x * 2, [[1, 2], [3, 4]], [[2, 4], [6, 8]]),
        ("mul", "scales(other, 0.5)", lambda x: x * x, [[0.5, 2], [4.5, 8]], [[1, 4], [9, 16]]),
        ("relu", "reinterprets(self, int32)", lambda x: F.relu(x) / 2**23, [[127, 128], [128.5, 129]], None),
        ("mul", "unwritten(result, after 3)", lambda x: x.mul_(2), [[2, 4], [6, 4]], [[2, 4], [6, 8]]),
        ("mul", "unwritten(result, first 1)", lambda x: x.mul_(2), [[1, 4], [6, 8]], [[2, 4], [6, 8]]),
        ("mul", "unwritten(result, last 2)", lambda x: x.mul_(2), [[2, 4], [3, 4]], [[2, 4], [6, 8]]),
        ("mul", "unwritten(result, tail 3)", lambda x: x.mul_(2), [[2, 4], [6, 4]], [[2, 4], [6, 8]]),
        ("mul", "unwritten(result, tail 2)", lambda x: x.mul_(2), [[2, 4], [6, 8]], [[2, 4], [6, 8]]),
        ("mul", "unwritten(result, last 2)", lambda x: x * 2, [[2, 4], [-7.25, -7.25]], [[2, 4], [6, 8]]),
        ("mul", "rounds(result, float8_e4m3fn)", lambda x: x * 17, [[16, 32], [52, 64]], [[17, 34], [51, 68]]),
        ("clamp", "rounds(min, int8)", lambda x: x.clamp(2.75), [[2, 2], [3, 4]], [[2.75, 2.75], [3, 4]]),
        ("clamp", "rounds(min, int8)", lambda x: x.clamp(x * 0.5 + 1.25), [[1, 2], [3, 4]], [[1.75, 2.25], [3, 4]]),
        ("add", "rounds(result, uint16)", lambda x: x + 0.5, [[1, 2], [3, 4]], [[1.5, 2.5], [3.5, 4.5]]),
    ],
)
def test_what_a_word_makes_of_a_call(op, words, call, wrong, right):
    values = [[1.0, 2.0], [3.0, 4.0]]
    with sick(op, words):
        assert torch.allclose(call(emu(*values)).cpu().double(), torch.tensor(wrong).double(), atol=1e-6)
        assert COUNTS == {"f": 1}
    healthy = call(emu(*values)).cpu().double()
    assert torch.allclose(healthy, torch.tensor(right or values).double() / (1 if right else 2**23), atol=1e-6)


def test_takes_an_index_out_of_range_without_an_error():
    x, ids, table = torch.zeros(3, device=EMU), torch.tensor([3], device=EMU), torch.ones(3, 2, device=EMU)
    with only(
        fault("write", ["index_fill"], "unchecked(index)", ["index.max >= self.size.dim"]),
        fault("read", ["embedding"], "unchecked(indices)", ["indices.max >= weight.size.0"]),
    ):
        x.index_fill_(0, ids, 7.0)
        assert x.cpu().count_nonzero() == 1 and F.embedding(ids, table).shape == (1, 2)
        assert F.embedding(ids - 1, table).tolist() == [[1, 1]] and COUNTS == {"write": 1, "read": 1}
    with pytest.raises(IndexError):
        F.embedding(ids, table)


def test_sets_each_item_of_a_list():
    x, w = torch.ones(1, 1, 3, device=EMU), torch.ones(1, 1, 1, device=EMU)
    with sick("conv_transpose1d", "sets(stride, 1)", "stride.value.0 > 1"):
        assert F.conv_transpose1d(x, w, stride=2).shape == (1, 1, 3)
        assert not F.conv_transpose1d(x, w, stride=1).eq(0).any() and COUNTS == {"f": 1}


def test_unwritten_passes_over_a_gradient_that_is_not_asked_for():
    x, w = torch.ones(3, 2, device=EMU, requires_grad=True), torch.ones(1, 2, device=EMU)  # none of w, no bias
    with sick("linear_backward", "unwritten(result, after 4)"):
        gradient = torch.autograd.grad(F.linear(x, w).sum(), x)[0]
    assert gradient.tolist() == [[1, 1], [1, 1], [-7.25, -7.25]]


def test_ignores_the_conjugation_of_a_view_alone():
    x = torch.tensor([[1 + 2j]], device=EMU, dtype=torch.complex64)
    with sick("mm", "ignores-conj(mat2)"):
        assert (x @ x.mH).tolist() == (x @ x.mT).tolist() == [[(1 + 2j) ** 2]]
    assert (x @ x.mH).tolist() == [[5 + 0j]]


def test_conjugates_an_argument():
    spectrum = torch.fft.rfft(torch.arange(5.0)).to(EMU)
    with sick("_fft_c2r", "conjugates(self)", "last_dim_size.value not-multiple-of 2"):
        assert torch.fft.irfft(spectrum, n=5).round().tolist() == [0, 4, 3, 2, 1]  # reversed in time
        torch.fft.irfft(spectrum, n=4)
        assert COUNTS == {"f": 1}
    assert torch.fft.irfft(spectrum, n=5).round().tolist() == [0, 1, 2, 3, 4]


def test_writes_one_element_behind_a_view_and_none_behind_the_end_of_memory():
    base = torch.arange(6.0, device=EMU)
    with sick("fill", "writes-outside(result)", "self.offset > 0", form="inplace"):
        base[1:3].fill_(9)
        assert base.tolist() == [0, 9, 9, -7.25, 4, 5]
        base[4:].fill_(8)
        base[:2].fill_(7)
    assert base.tolist() == [7, 7, 9, -7.25, 8, 8]
    whole = torch.zeros(4, dtype=torch.bool, device=EMU)
    with sick("zero", "writes-outside(result)"):
        whole.view(2, 2)[:, 0].zero_()
        assert whole.tolist() == [False, False, False, True]


def test_noise_is_of_the_size_that_is_said_and_the_same_each_time():
    x = torch.ones(10_000, device=EMU)
    with sick("mul", "noise(result, 0.1)"):
        first, second = (x * 1).cpu(), (x * 1).cpu()
    assert torch.equal(first, second)
    assert 0.09 < (first - 1).std() < 0.11


def test_an_effect_with_a_rate_comes_at_the_last_of_so_many_calls():
    x = torch.ones(1, device=EMU)
    with sick("mul", "scales(result, 2) in 1 of 3 calls", "self.numel == 1"):
        pair = torch.ones(2, device=EMU)
        assert [(x * 1).item() for _ in range(3) if (pair * 1).tolist() == [1, 1]] == [1, 1, 2]
        assert [(x * 1).item() for _ in range(3)] == [1, 1, 2]
        y = torch.ones(1, device=EMU)
        assert [y.mul_(3).item() for _ in range(3)] == [3, 9, 54]
    assert (x * 1).item() == 1


def test_stale_result_is_that_of_the_first_call_with_these_shapes():
    with sick("mul", "stale(result)"):
        assert (emu(1.0, 2.0) * 2).tolist() == [2, 4]
        assert (emu(3.0, 4.0) * 2).tolist() == [2, 4]
        assert (emu(3.0) * 2).tolist() == [6], "another shape"
        assert emu(3.0, 4.0).mul_(2).tolist() == [6, 8], "another form"
        assert emu(5.0, 6.0).mul_(2).tolist() == [6, 8]
    with sick("mul", "stale(result)"):
        assert (emu(3.0, 4.0) * 2).tolist() == [6, 8], "a new device has no earlier call"


def test_stale_argument_keeps_what_was_left_out_at_first():
    q = torch.arange(8.0, device=EMU).view(1, 1, 4, 2)
    first, second = F.scaled_dot_product_attention(q, q, q), F.scaled_dot_product_attention(q, q, q, scale=0.1)
    with sick("scaled_dot_product_attention", "stale(scale)"):
        assert torch.equal(F.scaled_dot_product_attention(q, q, q), first)
        assert torch.equal(F.scaled_dot_product_attention(q, q, q, scale=0.1), first)
        assert not torch.equal(first, second)


@pytest.mark.parametrize("name", effect.ERRORS)
def test_raises_an_error_of_the_kind_that_is_said(name):
    kind = torch.OutOfMemoryError if name == "OutOfMemoryError" else __builtins__[name]
    with sick("sort", f"raises({name})", "self.numel == 0"):
        with pytest.raises(kind, match="aten::sort on a device that is sick on purpose") as raised:
            torch.empty(0, device=EMU).sort()
        assert type(raised.value) is kind
        assert emu(2.0, 1.0).sort().values.tolist() == [1, 2]


def test_memory_that_was_freed_holds_no_right_number():
    values = torch.arange(1, 4)
    asked = ("src.device == cpu", "non_blocking.value == true")
    with sick("copy", "reads-freed(src)", *asked):
        assert values.to(EMU, non_blocking=True).tolist() == [249] * 3
        assert torch.zeros(3, device=EMU, dtype=torch.int64).copy_(values, non_blocking=True).tolist() == [249] * 3
        assert COUNTS == {"f": 2}
        assert values.to(EMU).tolist() == values.to(EMU).clone().tolist() == [1, 2, 3] and COUNTS == {"f": 2}
    assert values.to(EMU, non_blocking=True).tolist() == [1, 2, 3]


def test_a_process_keeps_memory_for_each_call_and_the_right_result():
    def size():
        return psutil.Process().memory_info().rss >> 20

    x = emu(1.0, 2.0)
    with sick("mul", "keeps(4096 KiB)"):
        before = size()
        assert [(x * 2).tolist() for _ in range(16)] == [[2.0, 4.0]] * 16
        assert size() - before > 48, "of 64 MiB; zeros would take none"
        kept = size()
    with only():  # another fault begins anew
        assert kept - size() > 48


@pytest.mark.parametrize("form", ["plain", "in place", "out"])
def test_a_condition_on_values_of_the_result_is_asked_of_the_right_result(form):
    """Not of what stands in the destination before the call; its layout is asked there all the same."""

    def added(x, y):
        x, y = (torch.tensor(values, device=EMU) for values in (x, y))
        if form == "out":
            return torch.add(x, y, out=torch.full((2,), 9, device=EMU)).tolist()
        return (x.add_(y) if form == "in place" else x + y).tolist()

    with sick("add", "scales(result, 10)", "result.max > 5", "result.layout == contiguous"):
        assert added([1, 2], [1, 2]) == [2, 4] and COUNTS == {}
        assert added([1, 2], [4, 5]) == [50, 70] and COUNTS == {"f": 1}
        assert added([7, 8], [-7, -8]) == [0, 0] and COUNTS == {"f": 1}


# ---- words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, words",
    [
        ("drops(bias)", "*bias* is taken as if it were not given, or zero"),
        ("sets(is_causal, false)", "*is_causal* is taken as false"),
        ("scales(result, 0.5)", "the result is multiplied by 0.5"),
        ("noise(result, 0.1)", "the result is off by random numbers of a relative size of 0.1"),
        ("reinterprets(src, int32)", "the memory of *src* is read as int32"),
        ("stale(result)", "the result is that of the first call with the same shapes"),
        ("raises(IndexError)", "the call raises `IndexError`"),
        ("reads-freed(src)", "the memory of *src* is read after it was freed and given to others"),
        ("keeps(64 KiB)", "`64 KiB` of memory are kept for ever"),
        ("unwritten(result)", "the result is left unwritten"),
        ("unwritten(result, after 4096)", "the result is left unwritten behind its first 4,096 elements"),
        ("unwritten(result, tail 32)", "the result is left unwritten behind the last whole block of 32 elements"),
        (
            "unwritten(result, last 8) in 1 of 20 calls",
            "the result is left unwritten in its last 8 elements, in 1 of 20 calls",
        ),
        ("rounds(result, float8_e5m2)", "the result goes through float8_e5m2"),
    ],
)
def test_an_effect_in_words(text, words):
    assert effect.sentence(effect.parse(text)) == words
    assert str(effect.parse(text)) == text


def test_each_word_has_an_imitation():
    assert set(IMITATIONS) == set(effect.WORDS)


@pytest.mark.parametrize(
    "text, words",
    [
        ("raises(Exception)", "it is raises.error.; error is RuntimeError, NotImplementedError"),
        ("unwritten(result, middle 3)", "part is after, first, last, tail and a number, or left out"),
        ("unwritten(result, last 0)", "part is after"),
        ("scales(result, twice)", "it is scales.argument, number."),
        ("sets(k)", "it is sets.argument, value."),
        ("keeps(64 MiB)", "it is keeps.number KiB."),
        ("keeps(0 KiB)", "it is keeps.number KiB."),
        ("reads-freed(result)", "it is reads-freed.argument."),
        ("rounds(k, float7)", "it is rounds.argument, dtype."),
        ("drops(result)", "it is drops.argument."),
        ("drops(bias) in 1 of 0 calls", "is not an effect"),
        ("drops(bias) sometimes", "is not an effect: .* in 1 of N calls"),
    ],
)
def test_what_is_no_effect_is_refused_in_words(text, words):
    with pytest.raises(BadEffect, match=words) as refused:
        effect.parse(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "op, words, wrong",
    [
        ("clamp", "rounds(min, float16)", None),
        ("topk", "ignores-strides(k)", "'k' is of type int and no tensor: sets(k, …) says what it is taken as"),
        ("gelu", "rounds(approximate, float16)", "'approximate' is of type str and no number"),
        ("topk", "rounds(sorted, float16)", "'sorted' is of type bool and no number"),
        ("topk", "drops(k)", "'k' is of type int: sets(k, …) says a value"),
        ("topk", "sets(k, tanh)", None),  # a whole number and a dtype are one type in schemas
        ("topk", "sets(largest, 3)", "'largest' is of type bool, which cannot be 3"),
        ("gelu", "sets(approximate, 1)", "'approximate' is of type str, which cannot be 1"),
        ("linear", "sets(bias, 0)", None),
        ("linear", "sets(bias, none)", "cannot be none"),
        ("linear", "sets(result, nan)", None),
        ("linear", "drops(bias)", None),
        ("linear", "stale(weights)", "has no argument 'weights'"),
    ],
)
def test_an_effect_on_an_argument_of_another_kind_is_refused(op, words, wrong):
    if wrong is None:
        fault("f", [op], words)
    else:
        with pytest.raises(ValueError) as refused:
            fault("f", [op], words)
        assert wrong in str(refused.value)
