"""Sick devices: each effect word, faults of strangers, and what a sick device says of itself."""

import pytest
import torch
import torch.nn.functional as F

from mpscheck.emulation import faults, firing
from mpscheck.emulation.faults import fault, only

EMU = "emu"


def emu(*shape, **kwargs):
    torch.manual_seed(0)
    return torch.randn(*shape, **kwargs).to(EMU)


def test_ignored_strides_of_an_argument():
    x, w = emu(3, 4), emu(4, 5)
    with only(fault("f", ["linear"], "ignores-strides(weight)", ["weight.layout != contiguous"])):
        wrong, right = F.linear(x, w.T), F.linear(x, w.T.contiguous())
    packed = w.cpu().flatten().view(5, 4)
    assert torch.equal(wrong.cpu(), F.linear(x.cpu(), packed))
    torch.testing.assert_close(right.cpu(), x.cpu() @ w.cpu())


def test_ignored_strides_of_a_destination_write_densely():
    base = torch.zeros(2, 6, device=EMU)
    with only(fault("f", ["add"], "ignores-strides(result)", form="inplace")):
        base[:, ::2].add_(torch.arange(6.0, device=EMU).view(2, 3))
    assert base.flatten().tolist() == [0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0]


def test_ignored_offset():
    base = torch.arange(6.0, device=EMU)
    with only(fault("f", ["stack"], "ignores-offset(tensors)", ["tensors.offset > 0"])):
        assert torch.stack([base[:2], base[3:5]]).tolist() == [[0, 1], [0, 1]]


def test_an_ignored_offset_of_a_destination_writes_to_the_start_alone():
    base, values = torch.zeros(4, device=EMU), torch.ones(1, device=EMU)
    with only(fault("f", ["copy"], "ignores-offset(self)", ["self.offset > 0"], form="inplace")):
        base[2:3].copy_(values)
    assert base.tolist() == [1, 0, 0, 0]


def test_ignored_strides_of_what_is_changed_in_place_change_what_lies_side_by_side():
    base = torch.tensor([[2.0, 3.0], [4.0, 5.0]], device=EMU)
    with only(fault("f", ["clamp"], "ignores-strides(self)", ["self.layout == sliced"], form="inplace")):
        base[:, 0].clamp_(0, 1)
    assert base.tolist() == [[1, 1], [4, 5]]


def test_unwritten_keeps_old_content_in_place_and_is_junk_when_new():
    x = torch.ones(2, 3, device=EMU)
    with only(fault("f", ["mul"], "unwritten(result)")):
        assert x.mul_(5).tolist() == [[1, 1, 1], [1, 1, 1]]
        assert not torch.isin((x * 5).cpu(), torch.tensor([0.0, 1.0, 5.0])).any()


def test_rounds_whole_numbers_through_float32():
    mask = torch.zeros(2**24 + 4, dtype=torch.bool, device=EMU)
    mask[2**24 + 1] = True
    with only(fault("f", ["nonzero"], "rounds(result, float32)", ["self.numel > 16777216"])):
        assert torch.where(mask)[0].tolist() == [2**24]


def test_makes_nan_where_infinity_met_zero():
    with only(fault("f", ["triu"], "makes-nan(result)", ["self has neginf"])):
        sick = torch.full((3, 3), float("-inf"), device=EMU).triu(1).cpu()
        finite = torch.ones(3, 3, device=EMU).triu(1).cpu()
    assert sick.tril().isnan().sum() == 6 and (sick.triu(1) == float("-inf")).sum() == 3
    assert finite.tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


def test_wraps():
    x, w = emu(1, 2, 5), emu(6, 2, 1)
    with only(fault("f", ["conv1d"], "wraps(weight.size.0, 4)", ["weight.size.0 > 4"])):
        sick = F.conv1d(x, w).cpu()
    right = F.conv1d(x.cpu(), w.cpu())
    assert torch.equal(sick[:, 2:4], right[:, 2:4])
    assert torch.equal(sick[:, :2], right[:, 4:])
    assert not torch.isclose(sick[:, 4:], right[:, 4:]).any()


def test_random_broadcast():
    with only(fault("f", ["randn"], "random(broadcast)", ["result.ndim >= 3"])):
        sick, plain = torch.randn(2, 2, 2, device=EMU), torch.randn(2, 4, device=EMU)
    assert torch.equal(sick[0], sick[1])
    assert not torch.equal(plain[0], plain[1])


def test_copy_to_the_cpu():
    x = torch.tensor([1.0, 2.0], device=EMU)
    when = ["self.device == cpu", "src.device == accel", "self.dtype in float64,complex128"]
    with only(fault("f", ["copy"], "unwritten(result)", when)):
        kept = torch.full((2,), 7.0, dtype=torch.float64)
        assert kept.copy_(x).tolist() == [7, 7]
        assert x.to("cpu", torch.float64).tolist() not in ([1, 2], [0, 0])
        assert x.cpu().double().tolist() == [1, 2]


def test_a_fault_on_a_composite_op_keeps_gradients():
    query = emu(1, 1, 4, 64).transpose(1, 2).contiguous().transpose(1, 2).requires_grad_()
    with only(fault("f", ["scaled_dot_product_attention"], "ignores-strides(query)")):
        F.scaled_dot_product_attention(query, query, query).sum().backward()
    assert query.grad.shape == query.shape
    weight = emu(3, 2, 1).requires_grad_()
    with only(fault("f", ["conv1d"], "ignores-strides(input)")):
        F.conv1d(emu(1, 2, 5), weight).sum().backward()
    assert weight.grad is not None


def test_faults_are_gone_after_the_block():
    x, w = emu(3, 4), emu(4, 5)
    right = F.linear(x, w.T).cpu()
    with only(fault("f", ["linear"], "ignores-strides(weight)")):
        assert not torch.equal(F.linear(x, w.T).cpu(), right)
        assert faults.COUNTS == {"f": 1}
    assert torch.equal(F.linear(x, w.T).cpu(), right)


STRANGER = """
from mpscheck.emulation.faults import fault

def halved(call, run):
    return run(call.args) * 0.5

FAULTS = [
    fault("halved-softmax", op=["softmax"], effect=halved),
    fault("sliced-input", op=["linear"], when=["input.layout == sliced"], effect="ignores-strides(input)"),
]
"""
SCRIPT = """
import torch, torch.nn.functional as F
x = torch.arange(8.).view(2, 4).to("emu")
print(x.softmax(-1).sum().item(), F.linear(x[:, ::2], torch.eye(2).to("emu")).tolist())
"""


def test_a_fault_file_written_by_somebody_else(python, tmp_path):
    (tmp_path / "mine.py").write_text(STRANGER)
    done = python("-c", SCRIPT, MPSCHECK_FAULTS="mine.py")
    assert done.returncode == 0, done.stderr
    total, rows = done.stdout.split(" ", 1)
    assert float(total) == pytest.approx(1.0)
    assert rows.strip() == "[[0.0, 1.0], [2.0, 3.0]]"
    assert done.stderr.count("SICK ON PURPOSE: halved-softmax, sliced-input") == 1


def test_a_misspelt_name_ends_the_program_with_one_sentence(python):
    done = python("-c", "import torch", MPSCHECK_FAULTS="linear-noncontigous-weight")
    assert done.returncode != 0 and done.stderr.count("\n") == 1
    assert "did you mean linear-noncontiguous-weight" in done.stderr


def sentence(names: str) -> str:
    """What a program ends with where the variable holds these names, asked in this process."""
    with pytest.raises(SystemExit) as ended:
        faults.activate(names)
    return str(ended.value)


@pytest.mark.parametrize(
    "value, words",
    [
        ("nope", "there is no bug 'nope'"),
        ("gone.py", "there is no file gone.py"),
        ("empty.py", "must define FAULTS"),
    ],
)
def test_bad_names_are_one_sentence(tmp_path, monkeypatch, value, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.py").write_text("")
    assert words in sentence(value) and "\n" not in sentence(value)


@pytest.mark.parametrize(
    "op, effect, when, words",
    [
        ("linaer", "unwritten(result)", [], "no op aten::linaer"),
        ("linear", "unwritten(result)", ["wieght.ndim == 2"], "aten::linear has no argument 'wieght'"),
        ("linear", "ignores-strides(wieght)", [], "aten::linear has no argument 'wieght'"),
        ("linear", "rounds(weight, floaty)", [], "rounds.argument, dtype"),
        ("conv1d", "wraps(weight, 3)", [], "wraps.argument.size.dim, number"),
        ("linear", "unwritten(weight)", [], "unwritten.result"),
    ],
)
def test_a_fault_that_could_never_fire_is_refused(op, effect, when, words):
    with pytest.raises(ValueError, match=words):
        fault("f", [op], effect, when)


@pytest.mark.parametrize(
    "text, words",
    [
        ("FAULTS = [fault('f', ['gelu']", "SyntaxError"),
        ("\n\nFAULTS = [fault('f', ['gelu'], 'doubles(result)')]", "broken.py, line 4: BadEffect: 'doubles(result)'"),
        ("FAULTS = [fault('f', 'gelu', 'unwritten(result)')]", "op, a list of aten names"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.py").write_text(f"from mpscheck.emulation.faults import fault\n{text}\n")
    assert words in sentence("broken.py") and "\n" not in sentence("broken.py")


def test_what_an_effect_returns_for_a_call_in_place_stands_in_the_tensor():
    def halved(call, run):
        return run(call.args) * 0.5

    x, out = torch.full((3,), 8.0, device=EMU), torch.empty(3, device=EMU)
    with only(fault("f", ["mul"], halved)):
        assert x.mul_(2) is x
        torch.mul(x, 2, out=out)
    assert x.tolist() == [8, 8, 8] and out.tolist() == [8, 8, 8]


OUT = {
    "sort": lambda x, out: torch.sort(x, out=out),
    "topk": lambda x, out: torch.topk(x, 2, out=out),
    "max": lambda x, out: torch.max(x, 1, out=out),
    "native_layer_norm": lambda x, out: torch.ops.aten.native_layer_norm.out(
        x, [3], None, None, 1e-5, out0=out[0], out1=out[1], out2=out[2]
    ),
}


def outputs(op, device, sizes=((0,),) * 3):
    """What an op writes to `out=` tensors of these sizes, full of 9 before the call."""
    x = torch.tensor([[3.0, 1.0, 2.0], [0.5, 4.0, 6.0]], device=device)
    dtypes = [torch.float32] * 3 if op == "native_layer_norm" else [torch.float32, torch.int64]
    out = tuple(torch.full(size, 9, dtype=dtype, device=device) for size, dtype in zip(sizes, dtypes))
    given = OUT[op](x, out)
    assert all(a is b for a, b in zip(given, out, strict=True))
    return [t.cpu() for t in out]


@pytest.mark.parametrize("op", OUT)
def test_each_of_several_out_tensors_holds_what_the_effect_returns(op):
    def doubled(call, run):
        return tuple(t * 2 for t in run(call.args))

    right = outputs(op, "cpu")
    with only(fault("f", [op], doubled, ["self.ndim == 2"])):
        assert all(torch.equal(a, b * 2) for a, b in zip(outputs(op, EMU), right, strict=True))
    with only(fault("f", [op], doubled, ["self.ndim == 3"])):
        assert all(torch.equal(a, b) for a, b in zip(outputs(op, EMU), right, strict=True))


@pytest.mark.parametrize("op", OUT)
def test_each_of_several_out_tensors_is_left_unwritten(op):
    sizes = [t.shape for t in outputs(op, "cpu")]
    with only(fault("f", [op], "unwritten(result)")):
        assert all((t == 9).all() for t in outputs(op, EMU, sizes))
        grown = outputs(op, EMU)
        assert [t.shape for t in grown] == sizes and all(set(t.flatten().tolist()) <= {-7.25, 249} for t in grown)


def test_a_list_of_tensors_is_written_in_place():
    a, b = torch.ones(2, device=EMU), torch.ones(3, device=EMU)
    with only(fault("f", ["_foreach_mul"], "rounds(result, int32)", form="inplace")):
        torch._foreach_mul_([a, b], 2.5)
    assert a.tolist() == [2, 2] and b.tolist() == [2, 2, 2]


def test_an_effect_that_breaks_is_named_and_one_that_refuses_passes_through():
    def breaks(call, run):
        return run(call.args["weight"])

    def refuses(call, run):
        raise NotImplementedError("not on this device")

    x = torch.ones(2, device=EMU)
    with only(fault("mine", ["gelu"], breaks)), pytest.raises(firing.BrokenFault, match="'mine' failed on aten::gelu"):
        F.gelu(x)
    with only(fault("mine", ["gelu"], lambda call, run: None)), pytest.raises(firing.BrokenFault, match="nothing"):
        F.gelu(x)
    out = torch.empty(0, device=EMU), torch.empty(0, dtype=torch.int64, device=EMU)
    one_of_two = fault("mine", ["sort"], lambda call, run: run(call.args)[0])
    with only(one_of_two), pytest.raises(firing.BrokenFault, match="'mine' failed on aten::sort"):
        torch.sort(x, out=out)
    with only(fault("mine", ["gelu"], refuses)), pytest.raises(NotImplementedError, match="not on this device"):
        F.gelu(x)
