"""`locate` names the op that is faulty and no other, and keeps quiet on a healthy device."""

import dataclasses
import importlib.util
import json
import math
import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mpscheck.bugs import catalogue, recorder
from mpscheck.emulation import faults
from mpscheck.emulation.effects import ignores_strides
from mpscheck.emulation.faults import fault
from mpscheck.places import ROOT
from mpscheck.tools import bundle
from mpscheck.tools.known import read_known
from mpscheck.tools.locate import command as tool
from mpscheck.tools.locate import recognize
from mpscheck.tools.locate.command import as_json, locate
from mpscheck.tools.locate.lockstep import LockStep, Runs
from mpscheck.tools.locate.replay import Case, Twins, computed, computed_exactly
from mpscheck.tools.models import CouldNotCheck, load_model

KNOWN = read_known(bundle.entries(catalogue.with_check()))
IOI_SMALL = ROOT / "snippets" / "models" / "ioi-small"
PROMPT = "When Mary and John went to the store, John gave a drink to"


def run_here(text: str) -> str:
    """What `run_in_process` says, without the seconds of a new process."""
    try:
        exec(text, {})
    except AssertionError:
        return "fails"
    return "passes"


def found(model, *args, sick=(), tmp_path=".", known=KNOWN, **options):
    """A report of `locate` on the emulated device with these faults."""
    torch.manual_seed(0)
    with faults.only(*sick):
        return locate(model, *args, device="emu", known=known, run=run_here, folder=tmp_path, **options)


class Function(nn.Module):
    """A module of one function, with weights."""

    def __init__(self, function, **weights):
        super().__init__()
        self.function = function
        for name, weight in weights.items():
            self.register_parameter(name, nn.Parameter(weight, requires_grad=weight.is_floating_point()))

    def forward(self, *args, **kwargs):
        return self.function(*args, **kwargs, **dict(self.named_parameters()))


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def models():
    """ioi-small through transformers and through TransformerBridge, and tokens."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    loaded = {entry: load_model(IOI_SMALL, entry) for entry in ("transformers", "bridge")}
    tokenizer = loaded["bridge"][1]
    tokens = torch.tensor([[0, *tokenizer.encode(PROMPT, add_special_tokens=False)]])
    return {entry: model.eval() for entry, (model, _, _) in loaded.items()} | {"tokens": tokens}


# ---- the layout on the device -------------------------------------------------------------------------------------

LAYOUTS = {
    "contiguous": lambda t: t,
    "transposed": lambda t: t.T,
    "sliced": lambda t: t[1:, ::2],
    "column": lambda t: t[:, 3],
    "expanded": lambda t: t[2:3].expand(5, -1),
    "0-dim view": lambda t: t[2, 4],
    "empty": lambda t: t[:, 8:],
    "diagonal": lambda t: t.diagonal(1),
    "overlapping": lambda t: t.unfold(1, 3, 1),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64, torch.bool, torch.complex64])
def test_layout_on_the_device_is_that_of_the_cpu(name, dtype):
    original = LAYOUTS[name]((normal(6, 8) * 5).to(dtype))
    twin = Twins(lambda flat: flat.to("emu")).tensor(original)
    assert twin.device.type == "emu" and twin.dtype == dtype
    assert (twin.shape, twin.stride(), twin.storage_offset()) == (
        original.shape,
        original.stride(),
        original.storage_offset(),
    )
    assert torch.equal(twin.cpu(), original)


def test_to_device_would_lose_the_layout_that_twins_keep():
    sliced = normal(8, 8)[:, ::2]
    assert sliced.to("emu").stride() == (4, 1)
    assert Twins(lambda flat: flat.to("emu")).tensor(sliced).stride() == (8, 2)


def test_twins_of_tensors_that_share_memory_share_memory():
    base = normal(4, 6)
    first, second = Twins(lambda flat: flat.to("emu")).of((base[:, :3], base.T))
    second.zero_()
    assert first.cpu().abs().sum() == 0 and base.abs().sum() > 0


def test_conjugated_and_negated_tensors_keep_their_bits():
    z = torch.complex(normal(3, 4), normal(3, 4, seed=1))
    for original in (z.conj(), z.conj().imag, z.T.conj()):
        twin = Twins(lambda flat: flat.to("emu")).tensor(original)
        assert (twin.is_conj(), twin.is_neg()) == (original.is_conj(), original.is_neg())
        assert torch.equal(twin.cpu(), original)


def test_each_op_sees_on_the_device_the_layout_that_it_has_on_the_cpu(models):
    seen = []

    def look(call, run):
        seen.append((call.op, [layout_of(v) for v in call.args.values() if isinstance(v, torch.Tensor)]))
        return run(call.args)

    def layout_of(t):
        return tuple(t.shape), t.stride(), t.storage_offset()

    expected = []
    model = models["bridge"]
    steps = LockStep(model, "emu")
    original = steps.compare
    steps.compare = lambda case, *rest: (
        expected.append((case.op, [layout_of(t) for t in case.tensors])),
        original(case, *rest),
    )[1]
    with faults.only(fault("look", ["linear", "bmm", "addmm"], look)), torch.no_grad(), tool.around(steps.handle):
        steps.keep([p.detach() for p in model.parameters()])
        steps.place([models["tokens"]], True)
        model(models["tokens"])
    expected = [
        (op._schema.name[6:], layouts) for op, layouts in expected if op._schema.name[6:] in ("linear", "addmm")
    ]
    assert [entry for entry in seen if entry[0] != "bmm"] == expected
    assert any(strides == (1, 192) and offset == 128 for _, layouts in seen for _, strides, offset in layouts)
    assert len(expected) > 10


# ---- a healthy device: nothing is named ---------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["transformers", "bridge"])
def test_nothing_is_named_on_a_healthy_device(models, entry):
    for seed in range(3):
        ids = torch.randint(111, (2, 12), generator=torch.Generator().manual_seed(seed))
        report = found(models[entry], ids)
        assert (report.verdict, report.findings, report.refused) == ("agrees", [], {}), str(report)
        assert report.counts["compared"] > 40


HONEST = """
import sys, json, torch, transformers as T
from pathlib import Path
from mpscheck.tools.locate.command import locate
from mpscheck.tools.models import load_model
torch.set_num_threads(1)
T.utils.logging.disable_progress_bar(); T.logging.set_verbosity_error()
small = dict(vocab_size=97, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
             max_position_embeddings=64)
gpt2 = T.GPT2Config(vocab_size=97, n_embd=32, n_layer=2, n_head=4, n_positions=64)
classes = {
    "gpt2": (T.GPT2LMHeadModel, gpt2), "llama": (T.LlamaForCausalLM, T.LlamaConfig(**small, num_key_value_heads=2)),
    "bert": (T.BertForMaskedLM, T.BertConfig(**small)),
    "gemma2": (T.Gemma2ForCausalLM, T.Gemma2Config(**small, num_key_value_heads=2, head_dim=8)),
    "mamba": (T.MambaForCausalLM, T.MambaConfig(vocab_size=97, hidden_size=32, num_hidden_layers=2)),
}
out = []
def look(name, model, ids, **kwargs):
    report = locate(model.eval(), ids, device="emu", run=lambda text: "passes", **kwargs)
    out.append([name, report.verdict, [f.op for f in report.findings], report.refused, report.counts["compared"]])
for seed in range(2):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(97, (2, 12), generator=generator)
    mask = torch.ones(2, 12, dtype=torch.long)
    mask[0, :4] = 0
    for name, (cls, config) in classes.items():
        for dtype in (torch.float32, torch.bfloat16):
            torch.manual_seed(seed)
            look(f"{name} {dtype} {seed}", cls(config).to(dtype), ids, attention_mask=mask)
    for entry in ("transformers", "bridge"):
        look(f"{entry} {seed}", load_model(Path(sys.argv[1]), entry)[0], ids)
look("gradients", load_model(Path(sys.argv[1]), "transformers")[0], ids, backward=True)
print(json.dumps(out))
"""


@pytest.mark.slow
def test_nothing_is_named_where_the_arithmetic_is_another(python):
    done = python("-c", HONEST, str(IOI_SMALL), MPSCHECK_EMU="honest")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == 25
    for name, verdict, findings, refused, compared in results:
        assert (verdict, findings, refused) == ("agrees", [], {}), name
        assert compared > 30


# ---- a sick device: the faulty op is named -----------------------------------------------------------------------

MET = {  # what ioi-small calls, by entry
    "transformers": "embedding add native_layer_norm layer_norm addmm cat scaled_dot_product_attention mul pow tanh linear",
    "bridge": "embedding add mean sub pow sqrt div mul linear bmm matmul _softmax softmax contiguous addmm tanh where le",
}


@pytest.mark.parametrize(("entry", "op"), [(entry, op) for entry, ops in MET.items() for op in ops.split()])
def test_the_faulty_op_is_named_and_its_reproduction_fails(models, tmp_path, entry, op):
    report = found(models[entry], models["tokens"], sick=[fault("f", [op], "unwritten(result)")], tmp_path=tmp_path)
    assert report.verdict == "diverges"
    assert {finding.op for finding in report.findings} == {op}
    assert report.reproductions[0].fails, report.reproductions[0].note
    assert "found" in str(report).lower() and report.findings[0].spot.module in str(report)
    lines = report.reproductions[0].text.strip().splitlines()
    assert len(lines) <= 15
    assert run_here(report.reproductions[0].text) == "passes"  # on the healthy device


def test_the_bridge_meets_the_bug_of_linear(models):
    sick = faults.of_bug(catalogue.find("linear-noncontiguous-weight"))
    report = found(models["bridge"], models["tokens"], sick=[sick])
    first = report.findings[0]
    assert (first.op, first.spot.module, len(report.findings)) == ("linear", "blocks.0.attn.q", 1)
    assert (first.spot.hook, first.next_hook) == ("blocks.0.attn.q.hook_in", "blocks.0.attn.q.hook_out")
    assert first.modules == [f"blocks.{layer}.attn.{part}" for layer in (0, 1) for part in "qkv"]
    assert "linear.py:" in first.spot.line and "transformer_lens" in first.spot.line
    assert [bug.slug for bug in report.bugs[0].fits] == ["linear-noncontiguous-weight"]
    assert report.whole is False
    assert "as_strided((64, 64), (1, 192))" in report.reproductions[0].text
    assert "pytorch/pytorch/issues/161640" in str(report)
    assert json.loads(json.dumps(as_json(report)))["findings"][0]["module"] == "blocks.0.attn.q"


def test_a_rounding_fault_is_named_too(models):
    report = found(models["transformers"], models["tokens"], sick=[fault("f", ["tanh"], "rounds(result, bfloat16)")])
    assert [finding.op for finding in report.findings] == ["tanh"]
    assert report.findings[0].result.kind == "wrong" and 100 < report.findings[0].result.ratio < math.inf


def adam_step(x, p):
    average, square = (torch.full((6, 4), v, device=x.device).T for v in (0.0, 1.0))
    square.mul_(0.9).addcmul_(x, x, value=0.1)
    return average + p.detach().T.clone().T.addcdiv_(x, square.sqrt())


CASES = {  # bug: a module that meets it, its inputs, the op that must be named
    "adam-noncontiguous-param-frozen": (Function(adam_step, p=normal(4, 6)), (normal(4, 6, seed=1),), "addcmul"),
    "gelu-noncontiguous": (Function(lambda x: F.gelu(x.transpose(1, 2))), (normal(2, 3, 4),), "gelu"),
    "index-copy-strided-index": (
        Function(lambda x, i: torch.zeros(6, 4).index_copy(0, i[:, 0], x)),
        (normal(3, 4), torch.tensor([[5, 0], [1, 2], [3, 3]])),
        "index_copy",
    ),
    "linear-noncontiguous-weight": (
        Function(lambda x, w: F.linear(x, w.T), w=normal(4, 5)),
        (normal(3, 4),),
        "linear",
    ),
    "sdpa-noncontiguous-regression-28": (
        Function(lambda *qkv: F.scaled_dot_product_attention(*(t.view(2, 5, 4, 64).transpose(1, 2) for t in qkv))),
        tuple(normal(2, 5, 256, seed=seed) for seed in range(3)),
        "scaled_dot_product_attention",
    ),
    "stack-sliced-views-same-values": (
        Function(lambda x: torch.stack([x[:, 2 * i : 2 * i + 2] for i in range(3)])),
        (normal(4, 6),),
        "stack",
    ),
    "triu-minus-inf-gives-nan": (
        Function(lambda x: (x * 0 + torch.full((5, 5), float("-inf"), device=x.device)).triu(1)),
        (torch.ones(5, 5),),
        "triu",
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_a_bug_of_the_catalogue_is_recognized(slug, tmp_path):
    model, inputs, op = CASES[slug]
    bug = catalogue.find(slug)
    report = found(model, *inputs, sick=[faults.of_bug(bug)], tmp_path=tmp_path)
    assert report.findings and report.findings[0].op == op, str(report)
    assert slug in [b.slug for b in report.bugs[0].fits[:3]]
    assert report.reproductions[0].fails, report.reproductions[0]
    assert len(report.reproductions[0].text.strip().splitlines()) <= 15
    assert bug.url in str(report)
    assert found(model, *inputs).verdict == "agrees"


def test_a_number_that_stays_on_the_cpu(tmp_path):
    class Steered(nn.Module):
        strengths = torch.tensor([8.0, -1.0, 3.0])  # neither parameter nor buffer: .to() leaves it where it is

        def forward(self, x):
            return x + x * self.strengths[2]

    bug = catalogue.find("binary-op-cpu-0d-view-offset")
    report = found(Steered(), normal(4, 8), sick=[faults.of_bug(bug)], tmp_path=tmp_path)
    assert [finding.op for finding in report.findings] == ["mul"]
    assert report.bugs[0].fits[0].slug == bug.slug
    assert "on the CPU" in str(report) and report.reproductions[0].fails and report.whole is False
    assert found(Steered(), normal(4, 8)).verdict == "agrees"


def test_it_works_where_torch_lacks_the_private_parts(models, monkeypatch):
    monkeypatch.setattr(recorder, "best_level", lambda: recorder.TWO_MODES)
    sick = faults.of_bug(catalogue.find("linear-noncontiguous-weight"))
    report = found(models["bridge"], models["tokens"], sick=[sick])
    assert [(f.op, f.spot.module, len(f.modules)) for f in report.findings] == [("linear", "blocks.0.attn.q", 6)]
    assert found(models["bridge"], models["tokens"]).verdict == "agrees"
    report = found(models["bridge"], models["tokens"], sick=[fault("f", ["_softmax"], "unwritten(result)")])
    assert [f.op for f in report.findings] == ["_softmax"]


def set_where_negative(x):
    x = x.clone()
    x[x < 0] = 3.0
    return x


OTHERS = {  # op that is faulty: a module that calls it
    "index_put": Function(set_where_negative),
    "fill": Function(lambda x: torch.zeros_like(x).fill_(2.0)),
    "masked_fill": Function(lambda x: x.masked_fill(x > 0, -torch.inf).softmax(-1)),
    "gather": Function(lambda x: x.gather(1, torch.tensor([[0, 1], [2, 3], [1, 1]], device=x.device))),
    "scatter_add": Function(lambda x: torch.zeros_like(x).scatter_add(1, torch.ones_like(x).long(), x)),
    "cumsum": Function(lambda x: x.cumsum(-1)),
    "sort": Function(lambda x: x.sort(-1)),
    "convolution": Function(lambda x, w: F.conv1d(x[None], w), w=normal(2, 3, 3)),
    "native_group_norm": Function(lambda x: F.group_norm(x[None], 3)),
    "native_batch_norm": nn.BatchNorm1d(4).eval(),
    "gelu": Function(F.gelu),
    "silu": Function(F.silu),
    "bmm": Function(lambda x: torch.einsum("bik,bkj->bij", x[None], x.T[None])),
    "constant_pad_nd": Function(lambda x: F.pad(x, (1, 2))),
    "triu": Function(lambda x: x.triu(1)),
    "argmax": Function(lambda x: x.argmax(-1)),
    "_log_softmax": Function(lambda x: F.cross_entropy(x, torch.tensor([0, 1, 2], device=x.device))),
}


@pytest.mark.parametrize("op", OTHERS)
def test_other_ops_are_named(op, tmp_path):
    model = OTHERS[op]
    report = found(model, normal(3, 4), sick=[fault("f", [op], "unwritten(result)")], tmp_path=tmp_path)
    assert {finding.op for finding in report.findings} == {op}, str(report)
    assert report.reproductions[0].fails, report.reproductions[0].note
    assert found(model, normal(3, 4)).verdict == "agrees"


def test_a_copy_between_dtypes_is_named():
    sick = fault("f", ["copy"], "unwritten(result)", ["self.dtype == float16", "src.dtype == float32"])
    report = found(Function(lambda x: x.half() * 2), normal(3, 4), sick=[sick])
    assert [finding.op for finding in report.findings] == ["_to_copy"] and report.reproductions[0].fails


# ---- calls that write ---------------------------------------------------------------------------------------------


def test_a_write_into_a_slice_and_what_lies_around_it():
    def model(x):
        cache = torch.zeros(2, 8, device=x.device)
        cache[:, 1:7:2].copy_(x)
        return cache.clone()

    for effect in ("ignores-strides(result)", "unwritten(result)"):
        sick = fault("f", ["copy"], effect, ["self.layout != contiguous"], form="inplace")
        report = found(Function(model), normal(2, 3), sick=[sick])
        assert [finding.op for finding in report.findings] == ["copy"], effect

    def writes_one_too_far(call, run):
        result = run(call.args)
        call.args["self"].as_strided((1,), (1,), call.args["self"].storage_offset() + 1).fill_(9)
        return result

    beside = fault("f", ["mul"], writes_one_too_far, form="inplace")
    report = found(Function(lambda x: x.clone()[:, ::2].mul_(2)), normal(2, 6), sick=[beside])
    assert [finding.op for finding in report.findings] == ["mul"]
    assert report.reproductions[0].fails
    shown = report.findings[0].result
    assert shown.around and shown.index == (1,) and shown.got == 9.0
    assert "result: right, but the memory around it is changed, first at element 1 of it: expected " in str(report)


def test_what_is_shown_of_a_wrong_write_through_a_view_are_values_of_the_result():
    """It was bytes of the memory around: "expected 150, got 93" of a sigmoid."""
    x = normal(8) + 3
    sick = fault("f", ["sigmoid"], "ignores-strides(self)", ["self.layout != contiguous"], form="inplace")
    report = found(Function(lambda x: x.clone()[::2].sigmoid_()), x, sick=[sick])
    result = report.findings[0].result
    assert not result.around and result.expected == torch.sigmoid(x[::2])[result.index].item()
    assert f"first at {result.index}: expected {result.expected:.6g}, got {result.got:.6g}" in str(report)


@pytest.mark.parametrize(
    ("x", "wrong", "says"),
    [
        (torch.tensor([0, 16777217]), lambda right: right - 1, "first at (0,): expected 0, got -1"),
        (torch.tensor([16777217]), lambda right: right - 1, "expected 33554434, got 33554433"),
        (torch.tensor([True]), lambda right: right * 0, "expected True, got False"),
        (torch.tensor([1.0]), lambda right: right * (1 + 1.4e-6), "expected 2.0, got 2.000002"),
        (torch.tensor([1j, 2j]), lambda right: right + 1, "first at (0,): expected 0+2j, got 1+2j"),
    ],
)
def test_values_are_shown_in_their_dtype_with_the_digits_that_tell_them_apart(x, wrong, says):
    sick = fault("f", ["add", "logical_or"], lambda call, run: wrong(run(call.args)).to(x.dtype))
    model = Function(lambda x: torch.logical_or(x, x) if x.dtype is torch.bool else torch.add(x, x))
    report = found(model, x, sick=[sick])
    assert says in str(report), str(report)
    json.dumps(as_json(report))


# ---- what a device takes from the CPU alone -----------------------------------------------------------------------


class Packed(nn.Module):
    """A recurrent network on sequences of several lengths, which torch wants on the CPU."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 5, batch_first=True)
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x * self.scale, lengths, batch_first=True)
        return nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)[0]


LENGTHS = {"made by the program": [6, 4, 2], "given as an input": torch.tensor([6, 4, 2])}


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("backward", [False, True])
def test_lengths_stay_on_the_cpu(lengths, backward):
    report = found(Packed(), normal(3, 6, 4), lengths, backward=backward)
    assert (report.verdict, report.refused, report.whole) == ("agrees", {}, True), str(report)
    assert report.counts.get("gradients", 0) == (4 if backward else 0)  # of mul, packing, the network, padding


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_a_call_with_lengths_is_compared_and_its_reproduction_leaves_them_there(lengths):
    sick = fault("f", ["_pack_padded_sequence"], "ignores-strides(input)", ["input.layout != contiguous"])
    report = found(Packed(), normal(3, 4, 6).mT, lengths, sick=[sick])
    assert [finding.op for finding in report.findings] == ["_pack_padded_sequence"] and report.refused == {}
    assert "lengths: int64, shape (3,), strides (1,), offset 0, on the CPU" in str(report)
    assert report.reproductions[0].fails, report.reproductions[0].note


def test_what_a_device_refuses_wherever_the_arguments_are_is_still_named():
    def refuses(call, run):
        raise NotImplementedError("no such kernel")

    report = found(
        Function(lambda x, i: x.gather(0, i)), normal(3), torch.tensor([2, 0]), sick=[fault("f", ["gather"], refuses)]
    )
    assert report.refused == {"gather": (1, "NotImplementedError: no such kernel")}


def test_inputs_and_weights_that_are_changed():
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(3))
            self.norm = nn.BatchNorm1d(3)

        def forward(self, x):
            self.seen.add_(x.sum(0))
            x.mul_(2)
            return self.norm(x) + self.seen

    torch.manual_seed(0)
    model, x = Counts().train(), normal(4, 3)
    kept, total = x.clone(), x.sum(0)
    report = found(model, x)
    assert report.verdict == "agrees", str(report)
    assert torch.equal(x, kept * 2) and torch.allclose(model.seen, total)  # as one run on the CPU leaves them
    report = found(Counts().train(), normal(4, 3), sick=[fault("f", ["add"], "unwritten(result)", form="inplace")])
    assert report.findings[0].op == "add"


# ---- what the options find ----------------------------------------------------------------------------------------


def test_repeat_finds_what_differs_from_itself():
    calls = []

    def now_and_then(call, run):
        calls.append(1)
        return run(call.args) * (1.5 if len(calls) % 3 == 0 else 1.0)

    sick = [fault("f", ["tanh"], now_and_then)]
    assert found(Function(torch.tanh), normal(50), sick=sick, repeat=1).findings == []
    calls.clear()
    report = found(Function(torch.tanh), normal(50), sick=sick, repeat=3)
    assert [finding.op for finding in report.findings] == ["tanh"]
    assert "differs from itself" in str(report) and report.reproductions[0].fails
    assert "range(20)" in report.reproductions[0].text
    assert found(Function(torch.tanh), normal(50), repeat=3).verdict == "agrees"


def rare(every):
    calls = []

    def now_and_then(call, run):
        calls.append(1)
        return run(call.args) * (1.5 if len(calls) % every == 0 else 1.0)

    return [fault("f", ["tanh"], now_and_then)]


def test_how_rare_a_fault_could_be_and_still_be_found_is_said():
    model, x = Function(lambda x: torch.tanh(torch.tanh(x)) + 1), normal(50)
    report = found(model, x, sick=rare(150), repeat=10)
    assert report.verdict == "agrees" and report.runs == {"tanh": 20, "add": 10}
    assert "with a chance of 99% it finds one that spoils 37 % of the runs of aten::add (10 there) or 21 %" in str(
        report
    )
    assert as_json(report)["rate_seen"] == {
        "tanh": pytest.approx(1 - 0.01 ** (1 / 20)),
        "add": pytest.approx(0.369, 1e-3),
    }
    assert "spoils 99 % of the runs of aten::add (1 there)" in str(found(model, x))
    report = found(model, x, sick=rare(150), repeat=300)
    assert [finding.op for finding in report.findings] == ["tanh"]
    assert report.findings[0].case.differs == pytest.approx(2 / 300) and "in 0.67 % of the runs" in str(report)
    assert "range(689)" in report.reproductions[0].text  # missed with a chance of 1 % at most
    assert found(model, x, repeat=300).verdict == "agrees"


def test_many_runs_are_not_kept():
    runs = Runs()
    for n in range(100):
        runs.add([torch.full((3,), float(n % 7))], float(n % 7))
    assert runs.differ and runs.apart == 6.0 and runs.farthest[0][0] == 6 and runs.share_beyond(5.5) == 0.14


@pytest.mark.parametrize("times", ["0", "-1", "often"])
def test_what_is_no_number_of_runs_is_refused(run_main, times, capsys):
    with pytest.raises(SystemExit):
        run_main("--repeat", times)
    assert "is no whole number from 1 on" in capsys.readouterr().err


def test_the_birth_of_nan_is_named_also_after_another_fault():
    def model(x):
        return torch.exp(x).sqrt() * 2

    sick = [
        fault("a", ["exp"], "rounds(result, bfloat16)"),
        fault("b", ["sqrt"], lambda call, run: run(call.args) * math.nan),
    ]
    report = found(Function(model), normal(30), sick=sick)
    assert [(f.op, f.result.kind) for f in report.findings] == [("exp", "wrong"), ("sqrt", "nan")]
    assert "the first NaN is made by aten::sqrt" in str(report)
    assert len(report.reproductions) == 1 and "--all" in str(report)
    report = found(Function(model), normal(30), sick=sick, every=True)
    assert [r.fails for r in report.reproductions] == [True, True] and "--all" not in str(report)


GRADIENTS = {
    "linear_backward": ("linear", lambda x, w: F.linear(x, w)),
    "gelu_backward": ("gelu", lambda x, w: F.gelu(x @ w.T)),
    "_softmax_backward_data": ("softmax", lambda x, w: (x @ w.T).softmax(-1)),
    "native_layer_norm_backward": ("layer_norm", lambda x, w: F.layer_norm(x @ w.T, [5])),
}


@pytest.mark.parametrize("kernel", GRADIENTS)
def test_backward_finds_a_wrong_gradient(kernel):
    op, function = GRADIENTS[kernel]

    def spoiled(call, run):
        result = run(call.args)
        return tuple(None if t is None else t * 1.5 for t in result) if isinstance(result, tuple) else result * 1.5

    model = Function(function, w=normal(5, 4))
    sick = [fault("f", [kernel], spoiled)]
    assert found(model, normal(3, 4), sick=sick).verdict == "agrees"
    report = found(model, normal(3, 4), sick=sick, backward=True)
    assert [finding.op for finding in report.findings] == [kernel], str(report)
    assert f"as part of the gradient of aten::{op}" in str(report)
    assert report.reproductions[0].fails, report.reproductions[0].note
    assert len(report.reproductions[0].text.strip().splitlines()) <= 15
    assert found(model, normal(3, 4), backward=True).verdict == "agrees"
    assert model.w.grad is None


def test_backward_keeps_the_layout_of_the_gradient_that_comes_in():
    bug = fault("f", ["gelu_backward"], "ignores-strides(grad_output)", ["grad_output.layout == expanded"])
    model = Function(lambda x, w: F.gelu(x * w).sum(), w=normal(4, 6))
    report = found(model, normal(4, 6), sick=[bug], backward=True)
    assert report.verdict == "agrees"  # an expanded gradient of ones looks the same, whatever its strides
    model = Function(lambda x, w: (F.gelu(x * w).sum(1) * x[:, 0]).sum(), w=normal(4, 6))
    report = found(model, normal(4, 6), sick=[bug], backward=True)
    assert report.findings[0].op == "gelu_backward" and "expanded" in str(report) and report.reproductions[0].fails


def test_backward_of_a_model_names_the_module(models):
    report = found(
        models["transformers"],
        models["tokens"],
        backward=True,
        sick=[fault("f", ["tanh_backward"], lambda c, r: r(c.args) + 1)],
    )
    assert [finding.op for finding in report.findings] == ["tanh_backward"]
    assert report.findings[0].spot.module == "transformer.h.1.mlp.act"  # backward comes to the last layer first


# ---- what the same inputs do not show -----------------------------------------------------------------------------


def test_a_layout_that_the_device_itself_makes():
    def permuted(call, run):
        return run(call.args).T.contiguous().T

    sick = [
        fault("a", ["relu"], permuted),
        fault("b", ["tanh"], lambda c, r: ignores_strides(c, r, "self"), ["self.layout != contiguous"]),
    ]
    report = found(Function(lambda x: (x.relu() + 1).tanh()), normal(4, 6), sick=sick)
    assert (report.verdict, report.whole) == ("diverges", False)
    assert [(f.op, f.own_inputs) for f in report.findings] == [("tanh", True)]
    assert "on the inputs that the device itself made" in str(report) and report.reproductions[0].fails


def test_code_that_takes_another_path_on_the_device():
    class Branches(nn.Module):
        def forward(self, x):
            return x * 2 if x.device.type == "cpu" else x * 2.01

    report = found(Branches(), normal(4))
    assert (report.verdict, report.whole, report.findings) == ("diverges", False, [])
    assert "BUT NOT WHERE" in str(report).splitlines()[-1]


def test_what_depends_on_earlier_calls_has_no_reproduction(tmp_path):
    stale = []

    def cached(call, run):
        stale.append(run(call.args).cpu())
        return stale[0].to("emu")

    def run(text):
        stale.clear()  # as in a new process
        return run_here(text)

    model = Function(lambda x: torch.exp(x) + torch.exp(x + 1))
    with faults.only(fault("f", ["exp"], cached)):
        report = locate(model, normal(4), device="emu", run=run, folder=tmp_path)
    assert [finding.op for finding in report.findings] == ["exp"]
    assert not list(tmp_path.iterdir())
    assert not report.reproductions[0].fails and "what ran before it" in str(report)


# ---- what is not compared is said ---------------------------------------------------------------------------------


def test_what_the_device_refuses_is_counted_and_named():
    report = found(Function(lambda x: (x.double() * 2).sum().float()), normal(4))
    assert report.verdict == "could not check" and report.findings == []
    assert "mul" in report.refused and "float64" in report.refused["mul"][1]
    assert "not compared: aten::mul, 1 calls" in str(report)
    assert str(report).splitlines()[-1].startswith("COULD NOT CHECK")


def test_random_calls_are_skipped_and_counted():
    report = found(Function(lambda x: F.dropout(x, 0.5, training=True) + torch.rand(4)), normal(4))
    assert (report.verdict, report.counts["random"]) == ("could not check", 2)
    assert "draws random numbers" in str(report)
    assert found(Function(lambda x: F.dropout(x, 0.5, training=False) + 1), normal(4)).verdict == "agrees"


def test_an_op_without_float64_is_held_against_the_cpu(tmp_path):
    def experts(x, w):
        ends = torch.tensor([2, 5], dtype=torch.int32, device=x.device)
        return torch._grouped_mm(x, w, offs=ends)

    model, x = Function(experts, w=normal(2, 16, 16, seed=1)), normal(5, 16)
    assert found(model, x, tmp_path=tmp_path).verdict == "agrees"
    sick = fault("f", ["_grouped_mm"], lambda call, run: run(call.args) * 1.001)
    report = found(model, x, sick=[sick], tmp_path=tmp_path)
    assert [f.op for f in report.findings] == ["_grouped_mm"]
    assert report.whole is False and report.reproductions[0].fails


class StaticCache(nn.Module):
    """Writes into a slice of a buffer, and goes on with a view of it in place."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 8)
        self.register_buffer("keys", torch.zeros(2, 9, 8))

    def forward(self, x):
        self.keys[:, 2:5] = self.layer(x)
        self.keys[0].mul_(1.1).add_(1)
        return self.layer(self.keys).exp()


def test_the_reference_in_float64_writes_where_the_model_writes():
    from mpscheck.tools.locate.whole import Before, forward_in_float64

    torch.manual_seed(0)
    model, x = StaticCache(), normal(3, 8)
    exact = forward_in_float64(Before(model, (x,), {}))
    with torch.no_grad():
        plain = model(x)
    assert exact.dtype == torch.float64
    torch.testing.assert_close(exact.float(), plain)


def test_a_reference_that_is_another_result_is_no_reference():
    from mpscheck.tools.locate.whole import off_the_rails

    cpu = normal(4, 8)
    assert not off_the_rails(cpu, cpu.double() * (1 + 1e-4))
    assert off_the_rails(cpu, cpu.double().flip(0)) and off_the_rails(cpu, cpu[:2].double())


@dataclasses.dataclass
class Batch:
    x: torch.Tensor
    name: str = "a"


def test_inputs_and_outputs_of_many_kinds(tmp_path):
    sick = [fault("f", ["linear"], lambda call, run: run(call.args) * 1.01)]
    for model, argument in (
        (Function(lambda b, w: Batch(F.linear(b.x, w)), w=normal(4, 4)), Batch(normal(2, 4))),
        (Function(lambda b, w: {"y": F.linear(b["x"], w), "n": None}, w=normal(4, 4)), {"x": normal(2, 4)}),
        (Function(lambda x, w: F.linear(x, w).sum().item(), w=normal(4, 4)), normal(2, 4)),
    ):
        assert found(model, argument).verdict == "agrees"
        report = found(model, argument, sick=sick, tmp_path=tmp_path)
        assert report.findings[0].op == "linear" and report.whole is False
    assert found(Function(lambda x: None), normal(2)).verdict == "could not check"


def test_what_gives_a_sparse_tensor_is_said_not_to_be_compared():
    model = Function(lambda x, w: (x @ w).to_sparse().to_dense(), w=normal(4, 4))
    report = found(model, normal(3, 4))
    assert not report.findings
    assert report.refused["to_sparse"][1] == "it takes or gives a sparse_coo tensor"


def test_ctrl_c_keeps_what_was_found(tmp_path):
    def interrupted(x, w):
        y = F.linear(x, w)
        if x.device.type == "cpu":
            raise KeyboardInterrupt
        return y

    report = found(
        Function(interrupted, w=normal(4, 4)), normal(2, 4), sick=[fault("f", ["linear"], "unwritten(result)")]
    )
    assert [f.op for f in report.findings] == ["linear"] and report.verdict == "diverges"
    assert "stopped before it was tried" in str(report)
    assert found(Function(interrupted, w=normal(4, 4)), normal(2, 4)).verdict == "could not check"


def test_a_dtype_that_the_device_lacks_is_one_sentence():
    with pytest.raises(CouldNotCheck, match="emu takes no torch.float64"):
        found(nn.Linear(4, 4).double(), normal(2, 4).double())


def test_a_program_that_asks_for_gradients_itself():
    def own_gradient(x, w):
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad((x @ w).pow(2).sum(), x)
        return gradient @ w

    assert found(Function(own_gradient, w=normal(4, 4)), normal(3, 4), backward=True).verdict == "agrees"


def test_ties_may_be_ordered_in_another_way():
    def other_order(call, run):
        values, indices = run(call.args)
        return values, indices.flip(-1)

    x = torch.ones(3, 4)
    assert found(Function(lambda x: x.topk(2)[1]), x, sick=[fault("f", ["topk"], other_order)]).findings == []
    x = torch.arange(12.0).view(3, 4)
    assert found(Function(lambda x: x.topk(2)[1]), x, sick=[fault("f", ["topk"], other_order)]).findings[0].op == "topk"


def test_what_need_not_be_sorted_may_come_in_any_order():
    model = Function(lambda x: torch.zeros_like(x).scatter(-1, *reversed(x.topk(3, sorted=False))))
    x = normal(4, 6)
    flipped = fault("f", ["topk"], lambda call, run: [result.flip(-1) for result in run(call.args)])
    assert found(model, x, sick=[flipped]).verdict == "agrees"
    values = fault("f", ["topk"], lambda call, run: (run(call.args)[0].flip(-1), run(call.args)[1]))
    assert found(model, x, sick=[values]).findings[0].op == "topk"  # each value beside the place of another
    sorted_model = Function(lambda x: x.topk(3)[0])
    assert found(sorted_model, x, sick=[flipped]).findings[0].op == "topk"


def test_one_tie_does_not_excuse_the_next_call():
    model = Function(lambda x: torch.stack([row.clone().topk(2)[1] for row in x]))
    x = torch.stack([torch.ones(5), torch.arange(5.0)])
    flipped = fault("f", ["topk"], lambda call, run: (run(call.args)[0], run(call.args)[1].flip(-1)))
    assert found(model, x, sick=[flipped]).findings[0].op == "topk"
    assert found(model, x[:1], sick=[flipped]).findings == []


def test_vmap_is_said_not_to_be_compared():
    model = Function(lambda x: torch.vmap(torch.sin)(x) + 1)
    report = found(model, normal(3, 4))
    assert report.verdict == "agrees" and "vmap" in report.refused["sin"][1]
    assert found(model, normal(3, 4), sick=[fault("f", ["add"], "unwritten(result)")]).findings[0].op == "add"


def test_a_copy_that_changes_numbers_is_said_at_once():
    with pytest.raises(CouldNotCheck, match="moved to emu and back"):
        found(Function(lambda x, w: x * w, w=normal(3)), normal(3), sick=[fault("f", ["copy"], "unwritten(result)")])


# ---- cost and traces ----------------------------------------------------------------------------------------------


def test_it_costs_three_forwards_and_moves_each_weight_once(models):
    computed_there, moved = [], []

    def count(call, run):
        computed_there.append(call.op)
        return run(call.args)

    def see_copy(call, run):
        if call.args["src"].device.type == "cpu":
            moved.append(call.args["src"].numel())
        return run(call.args)

    model = models["transformers"]
    counters = [fault("count", ["linear", "addmm"], count), fault("copies", ["copy"], see_copy)]
    report = found(model, models["tokens"], sick=counters)
    assert report.verdict == "agrees"
    assert len(computed_there) == 2 * 9  # in lock-step and in the whole forward pass: 8 addmm, 1 linear
    tied = model.transformer.wte.weight
    assert model.lm_head.weight is tied and moved.count(tied.numel()) == 1


def test_it_leaves_nothing_behind(models):
    model = models["bridge"]
    before, hooks = {name: p.clone() for name, p in model.named_parameters()}, global_hooks()
    assert found(model, models["tokens"], sick=[fault("f", ["linear"], "unwritten(result)")]).findings
    assert global_hooks() == hooks
    assert all(torch.equal(p, before[name]) and p.device.type == "cpu" for name, p in model.named_parameters())
    with pytest.raises(ZeroDivisionError):
        found(Function(lambda x: 1 / 0), normal(2))
    assert global_hooks() == hooks


def test_a_model_that_keeps_a_graph_can_be_looked_at_again(models):
    model = models["bridge"]
    assert found(model, models["tokens"], backward=True).verdict == "agrees"
    assert found(model, models["tokens"]).verdict == "agrees"


def global_hooks():
    from torch.nn.modules import module

    return len(module._global_forward_hooks), len(module._global_forward_pre_hooks)


def test_the_order_of_random_numbers_is_left_alone(models):
    sick = [fault("f", ["linear"], "unwritten(result)")]
    with faults.only(*sick):
        torch.manual_seed(7)
        state = torch.get_rng_state()
        locate(models["bridge"], models["tokens"], device="emu", known=(), run=lambda text: "fails")
    assert torch.equal(torch.get_rng_state(), state)


# ---- the rule -----------------------------------------------------------------------------------------------------


def test_a_case_can_be_computed_in_float64():
    op = torch.ops.aten.softmax.int
    x = normal(3, 5).half()
    exact = computed_exactly(Case(op, (x, -1), {"dtype": torch.float32}, places=(0,)))[0]
    assert exact.dtype == torch.float64 and torch.equal(exact, x.double().softmax(-1))
    assert computed(Case(op, (x, -1), {}, places=(0,)), Twins(lambda flat: flat))[0].dtype == torch.float16


# ---- the file that people download --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def single_file(tmp_path_factory):
    """The built file, with the model beside it as in the repository."""
    folder = tmp_path_factory.mktemp("snippets")
    (folder / "models").mkdir()
    (folder / "models" / "ioi-small").symlink_to(IOI_SMALL)
    path = folder / "locate_divergence.py"
    path.write_text(bundle.build("locate_divergence.py"))
    return path


def run_file(path, *args, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MPSCHECK_")} | variables
    command = [sys.executable, str(path), "--model", "ioi-small", "--device", "emu", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, cwd=path.parent)


def test_the_file_finds_and_reproduces(single_file):
    done = run_file(single_file, "--entry", "bridge", "--json", MPSCHECK_FAULTS="linear-noncontiguous-weight")
    assert done.returncode == 3, done.stderr
    answer = json.loads(done.stdout)
    first = answer["findings"][0]
    assert (first["op"], first["module"]) == ("linear", "blocks.0.attn.q")
    assert first["bugs"][0]["slug"] == "linear-noncontiguous-weight"
    assert first["reproduction"]["fails"], first["reproduction"]  # in a process of its own
    assert not list(single_file.parent.glob("*.pt"))


def test_what_cannot_be_checked_is_one_sentence(single_file):
    done = run_file(single_file, "--device", "mps", MPSCHECK_EMU="1")
    assert done.returncode == 2
    assert done.stdout.startswith("COULD NOT CHECK: torch ") and len(done.stdout.splitlines()) == 1
    assert "has no device 'mps'" in done.stdout and "Traceback" not in done.stderr


@pytest.fixture
def run_main(single_file, monkeypatch, capsys):
    """The command line of the file in this process; gives (exit status, lines of the standard output)."""
    spec = importlib.util.spec_from_file_location("locate_divergence", single_file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "locate_divergence", module)
    spec.loader.exec_module(module)

    def called(*args):
        status = module.main(["--model", "ioi-small", "--device", "emu", *args])
        return status, capsys.readouterr().out.splitlines()

    return called


def test_the_file_is_quiet_on_a_healthy_device(run_main):
    status, lines = run_main("--entry", "transformers")
    assert status == 0
    assert lines[-1].startswith("NO OP DIVERGES, and the whole forward pass agrees. ioi-small through")


def test_a_model_that_is_not_there_is_one_sentence(run_main):
    status, (line,) = run_main("--model", "no-such-folder")
    assert status == 2
    assert (
        line.startswith("COULD NOT CHECK: ")
        and "there is no model no-such-folder: take gpt2, a folder or a GGUF file" in line
    )


def test_a_torch_that_is_too_old_is_refused(monkeypatch):
    monkeypatch.setattr(torch, "__version__", "2.0.1")
    with pytest.raises(CouldNotCheck, match="torch 2.0.1 is too old: this needs 2.4 or newer"):
        found(nn.Linear(2, 2), torch.ones(1, 2))


RECOGNIZED = {
    "linear_backward": (lambda x, w: F.linear(x, w), ["weight.size.0 == 5"]),
    "embedding_dense_backward": (lambda x, w: F.embedding(x.argsort()[:, :2], w), ["num_weights.value == 5"]),
    "_softmax_backward_data": (lambda x, w: (x @ w.T).softmax(-1), ["dim.value == -1"]),
}


@pytest.mark.parametrize("kernel", RECOGNIZED)
def test_a_wrong_gradient_is_recognized_by_the_name_of_its_kernel(kernel):
    function, when = RECOGNIZED[kernel]
    entry = bundle.entries(catalogue.with_check())[0]
    tables = [[{"op": [kernel], "when": when}], [{"op": [kernel], "when": ["grad_output.ndim == 7"]}]]
    known = read_known([{**entry, "slug": f"bug-{n}", "triggers": table} for n, table in enumerate(tables)])
    sick = [fault("f", [kernel], "scales(result, 1.5)")]
    report = found(Function(function, w=normal(5, 4)), normal(3, 4), sick=sick, backward=True, known=known)
    assert report.verdict == "diverges" and [bug.slug for bug in report.bugs[0].fits] == ["bug-0"]


# ---- the kernel that is wrong in a gradient, and its bug ----------------------------------------------------------


@pytest.mark.parametrize("kernel", ["nll_loss_backward", "_log_softmax_backward_data"])
def test_of_the_kernels_of_one_gradient_the_wrong_one_is_named(kernel):
    model = Function(lambda x, w: F.cross_entropy(x @ w, torch.tensor([0, 2, 1], device=x.device)), w=normal(4, 5))
    report = found(model, normal(3, 4), sick=[fault("f", [kernel], "scales(result, 1.5)")], backward=True)
    assert [finding.op for finding in report.findings] == [kernel], str(report)
    assert report.findings[0].gradient and report.reproductions[0].fails
    assert as_json(report)["findings"][0]["outer"] == "cross_entropy_loss"
    assert found(model, normal(3, 4), backward=True).refused == {}


def test_a_gradient_whose_kernels_are_all_right_is_named_as_a_whole(monkeypatch):
    """Two kernels that the CPU lacks could be it: no one is accused alone."""
    monkeypatch.setattr(LockStep, "through_kernels", lambda *args: None)
    sick = [fault("f", ["gelu_backward"], "scales(result, 1.5)")]
    report = found(Function(lambda x, w: F.gelu(x * w), w=normal(4)), normal(3, 4), sick=sick, backward=True)
    assert [finding.op for finding in report.findings] == ["gelu"] and "aten::gelu, gradient, is wrong" in str(report)


class Frozen(nn.Module):
    """A layer norm whose input wants no gradient."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(6)

    def forward(self, x):
        return self.norm(x) * 2


BACKWARD = {  # bug: a module that meets it in the backward pass, its input, the kernel that must be named
    "activation-backward-permuted": (Function(lambda x, w: F.silu((x * w).mT).mT, w=normal(6)), "silu_backward"),
    "embedding-scale-grad-padding-ignored": (
        Function(lambda x, w: F.embedding(x.argsort(), w, padding_idx=0) * 2, w=normal(7, 3)),
        "embedding_dense_backward",
    ),
    "layer-norm-backward-frozen-input": (Frozen(), "native_layer_norm_backward"),
    "linear-backward-input-k1-noncontig": (
        Function(lambda x, w, v: F.linear(x.repeat(1000, 1) * v, w).sum(), w=normal(1, 6), v=normal(6)),
        "linear_backward",
    ),
}


@pytest.mark.parametrize("slug", BACKWARD)
def test_a_bug_of_a_gradient_is_recognized(slug, tmp_path):
    model, kernel = BACKWARD[slug]
    bug = catalogue.find(slug)
    report = found(model, normal(4, 6), sick=[faults.of_bug(bug)], backward=True, tmp_path=tmp_path)
    assert [finding.op for finding in report.findings] == [kernel], str(report)
    assert slug in [b.slug for b in report.bugs[0].fits[:3]], str(report)
    assert found(model, normal(4, 6), backward=True).verdict == "agrees"


# ---- which of the known bugs it is --------------------------------------------------------------------------------


TRANSPOSED = Function(lambda x, w: F.linear(x, w.T), w=normal(4, 4))
PLAIN = Function(lambda x, w: F.linear(x, w), w=normal(4, 4))


def groups(report):
    return [[bug.slug for bug in group] for group in (report.bugs[0].fits, report.bugs[0].unlikely)]


def bugs_of(*tables, **facts):
    """Known bugs with these triggers, `bug-0` and so on, of any version; `facts`: one value for each of them."""
    entry = bundle.entries((catalogue.find("linear-noncontiguous-weight"),))[0] | {"macos": None, "affected": ""}
    named = [entry | {"slug": f"bug-{n}", "triggers": [table]} for n, table in enumerate(tables)]
    return read_known([one | {name: values[n] for name, values in facts.items()} for n, one in enumerate(named)])


ANY, LAID_OUT, SIZED = (
    {"op": ["linear"], "when": when} for when in ([], ["weight.layout != contiguous"], ["input.ndim == 2"])
)
CLOSER = {"op": ["linear"], "when": ["weight.layout != contiguous", "weight.stride.0 == 1"]}


def test_what_the_call_gives_with_plain_layouts_tells_the_bugs_apart():
    known = bugs_of(ANY, LAID_OUT, SIZED, CLOSER)
    sick = [fault("f", ["linear"], "ignores-strides(weight)", ["weight.layout != contiguous"])]
    report = found(TRANSPOSED, normal(3, 4), sick=sick, known=known)
    assert groups(report) == [["bug-3", "bug-1"], ["bug-0", "bug-2"]]
    assert "unlikely, by what the call gives with plain layouts: bug-0, bug-2" in str(report)
    report = found(TRANSPOSED, normal(3, 4), sick=[fault("f", ["linear"], "scales(result, 1.5)")], known=known)
    assert groups(report) == [["bug-2", "bug-0"], ["bug-1", "bug-3"]]
    report = found(PLAIN, normal(3, 4), sick=[fault("f", ["linear"], "scales(result, 1.5)")], known=known)
    assert groups(report) == [["bug-2", "bug-0"], []]  # plain already: nothing to tell from


def test_one_right_call_says_nothing_against_a_bug_that_shows_now_and_then():
    known = bugs_of(ANY, SIZED, kind=["nondeterministic", "wrong"])
    sick = [fault("f", ["linear"], "ignores-strides(weight)", ["weight.layout != contiguous"])]
    assert groups(found(TRANSPOSED, normal(3, 4), sick=sick, known=known)) == [["bug-0"], ["bug-1"]]


def test_what_fills_the_memory_or_ends_the_process_is_no_cause_of_a_wrong_number():
    known = bugs_of(SIZED, SIZED, SIZED, SIZED, SIZED, kind=["memory", "crash", "error", "hang", "wrong"])
    report = found(PLAIN, normal(3, 4), sick=[fault("f", ["linear"], "scales(result, 1.5)")], known=known)
    assert groups(report) == [["bug-4"], []]


def test_bugs_of_another_machine_come_last(monkeypatch):
    known = bugs_of(SIZED, SIZED, SIZED, chips=[["M1 (virtual)"], ["M2"], []], macos=[None, None, ">=26"])
    sick = [fault("f", ["linear"], "scales(result, 1.5)")]
    report = found(PLAIN, normal(3, 4), sick=sick, known=known)
    assert groups(report) == [["bug-2", "bug-0", "bug-1"], []]
    assert str(report).count("this machine is another, or it does not tell") == 2
    monkeypatch.setattr(recognize, "chip_name", lambda: "Apple M2 Pro")
    monkeypatch.setattr(recognize, "macos_version", lambda: "15.5")
    assert groups(found(PLAIN, normal(3, 4), sick=sick, known=known)) == [["bug-1", "bug-0", "bug-2"], []]


def test_bugs_of_the_op_whose_condition_nobody_knows_are_listed():
    report = found(Function(lambda x: x.cumsum(0)), normal(4), sick=[fault("f", ["cumsum"], "scales(result, 2)")])
    assert "none in the catalogue has a condition that explains it; it may be new" in str(report)
    entry = bundle.entries((catalogue.find("linear-noncontiguous-weight"),))[0]
    known = read_known([entry | {"slug": f"bug-{n}", "triggers": [], "ops": ["cumsum"]} for n in range(5)])
    sick = [fault("f", ["cumsum"], "scales(result, 2)")]
    report = found(Function(lambda x: x.cumsum(0)), normal(4), sick=sick, known=known)
    assert "it may be new" not in str(report)
    assert "known bugs of this op, condition not known: 5" in str(report) and "and bug-3, bug-4" in str(report)
    assert [b["slug"] for b in as_json(report)["findings"][0]["condition_not_known"]] == [f"bug-{n}" for n in range(5)]
    assert (
        not found(
            Function(lambda x: x.cumprod(0)),
            normal(4),
            sick=[fault("f", ["cumprod"], "scales(result, 2)")],
            known=known,
        )
        .bugs[0]
        .unknown
    )


def test_each_bug_without_a_condition_can_be_listed_under_an_op_of_torch():
    linear = catalogue.find("linear-noncontiguous-weight")
    for public, aten in (
        ("nn.LSTM", "lstm"),
        ("nn.functional.cross_entropy", "cross_entropy_loss"),
        ("Tensor.add_", "add"),
    ):
        assert aten in bundle.aten_names(dataclasses.replace(linear, ops=(f"torch.{public}",)))
    assert not bundle.aten_names(dataclasses.replace(linear, ops=("torch.linear",), family="compile"))
    listed = bundle.without_condition()
    known = {bug.slug: bug for bug in catalogue.all_bugs()}
    assert listed and all(known[entry["slug"]].silent and not known[entry["slug"]].triggers for entry in listed)


def test_a_condition_on_the_result_is_asked_of_a_result():
    bug = catalogue.find("silu-noncontiguous")
    report = found(Function(lambda x: F.silu(x.T)), normal(3, 4), sick=[faults.of_bug(bug)])
    assert bug.slug in [b.slug for b in report.bugs[0].fits]
    known = bugs_of({"op": ["add"], "when": ["result.max > 100"]}, {"op": ["add"], "when": ["result.max > 300"]})
    sick = fault("f", ["add"], "sets(result, 0)", ["result.max > 100"])  # the right result, not the one that is given
    assert groups(found(Function(lambda x: x + x), torch.tensor([99, 100]), sick=[sick], known=known)) == [
        ["bug-0"],
        [],
    ]


def test_what_one_call_cannot_show_comes_after_what_it_shows():
    earlier = {"op": ["linear"], "when": [*SIZED["when"], "weight.ndim == 2", "earlier.input.shape != input.shape"]}
    sick = [fault("f", ["linear"], "scales(result, 1.5)")]
    report = found(PLAIN, normal(3, 4), sick=sick, known=bugs_of(earlier, SIZED))
    assert groups(report) == [["bug-1", "bug-0"], []]


# ---- what has a .cfg, closes over itself, chooses, is in half types -----------------------------------------------


class Sae(nn.Module):
    """A sparse autoencoder as libraries write them: a .cfg with a device, a .to() of its own, functions over itself."""

    def __init__(self, dtype=torch.float32, width=16, features=96):
        super().__init__()
        torch.manual_seed(0)
        self.cfg = dataclasses.make_dataclass("Cfg", [("device", str), ("width", int)])("cpu", width)
        self.dtype = dtype
        self.W_dec = nn.Parameter(torch.randn(features, width) / 4)
        self.W_enc = nn.Parameter(self.W_dec.data.T.clone())
        self.b_dec = nn.Parameter(torch.randn(width))
        self.threshold = nn.Parameter(torch.full((features,), 0.3))
        self.activation = lambda x: torch.relu(x) * (x > self.threshold)

        def into(x):
            self.norm = x.norm(dim=-1, keepdim=True) / self.cfg.width**0.5
            return x / self.norm

        self.into = into
        self.to(dtype)

    def to(self, *args, **kwargs):
        if isinstance(args[0], (str, torch.device)):
            self.cfg.device = str(args[0])
        return super().to(*args, **kwargs)

    def forward(self, x):
        features = self.activation((self.into(x.to(self.dtype)) - self.b_dec) @ self.W_enc)
        return (features @ self.W_dec + self.b_dec) * self.norm


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_sparse_autoencoder_is_checked_as_a_whole(dtype, tmp_path):
    model, x = Sae(dtype), normal(5, 16).to(dtype)
    report = found(model, x)
    assert (report.verdict, report.whole, report.refused) == ("agrees", True, {}), str(report)
    assert model.cfg.device == "cpu" and model.W_enc.device.type == "cpu"
    report = found(model, x, sick=[fault("f", ["mm"], "scales(result, 1.5)")], tmp_path=tmp_path)
    assert report.findings[0].op == "mm" and report.whole is False and report.reproductions[0].fails


WEIGHT = nn.Parameter(normal(4))


def by_weight_of_this_module(module, args, result):
    return result * WEIGHT


def test_hooks_that_close_over_the_model_see_the_copy():
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    model.weight = WEIGHT  # a global of this file as well

    def times(result, again=2):  # it closes over the model, and over itself
        return times(result * model[0].bias, again - 1) if again else result

    model[1].register_forward_hook(lambda module, args, result: times(result))
    model[1].register_forward_hook(by_weight_of_this_module)
    report = found(model, normal(3, 4))
    assert (report.verdict, report.whole) == ("agrees", True), str(report)
    assert found(model, normal(3, 4), sick=[fault("f", ["mul"], "scales(result, 2)")]).findings[0].op == "mul"


class Chooses(nn.Module):
    """Rows of a table by the places of the largest values."""

    def __init__(self):
        super().__init__()
        self.rows = nn.Parameter(normal(6, 4))

    def forward(self, x):
        values, places = (x * 2).topk(2)
        return (values.unsqueeze(-1) * self.rows[places]).sum(-2) * (3 if x.device.type == "cpu" else self.factor)


def last_of_equal_ones(call, run):
    values, places = run({**call.args, "self": call.args["self"].flip(-1)})
    return values, call.args["self"].shape[-1] - 1 - places


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_device_may_choose_another_one_of_equal_values(dtype):
    model, x = Chooses().to(dtype), torch.ones(3, 6, dtype=dtype)
    model.factor = 3
    report = found(model, x, sick=[fault("f", ["topk"], last_of_equal_ones)])
    assert (report.verdict, report.whole) == ("agrees", True), str(report)
    assert "between nearly equal values it chooses otherwise" in report.whole_text
    model.factor = 3.3  # the device's own path is another one: that is no choice
    report = found(model, x, sick=[fault("f", ["topk"], last_of_equal_ones)])
    assert (report.verdict, report.whole) == ("diverges", False) and "BUT NOT WHERE" in str(report)
    model.factor = 3
    distinct = torch.arange(18.0, dtype=dtype).view(3, 6)
    wrong = fault("f", ["topk"], lambda call, run: (run(call.args)[0], run(call.args)[1].flip(-1)))
    assert found(model, distinct, sick=[wrong]).findings[0].op == "topk"


def test_a_device_may_choose_another_one_of_nearly_equal_values():
    """Which one the CPU takes is decided by rounding; float64 takes a third."""
    near = torch.tensor([1.0, 1 + 2**-23, 1 - 2**-24, 0, 0, 0]).expand(3, 6).contiguous()

    def other_rounding(call, run):
        return run(call.args) * torch.tensor([1, 1 - 2**-22, 1 + 2**-23, 1, 1, 1], device="emu")

    model = Chooses()
    model.factor = 3
    report = found(model, near, sick=[fault("f", ["mul"], other_rounding, ["self.size.-1 == 6"])])
    assert (report.verdict, report.whole) == ("agrees", True), str(report)


def test_weights_that_arrive_as_others_are_no_choice():
    model = Function(lambda x, w: (x @ w).topk(2)[1].float() @ w[:2], w=nn.Parameter(normal(6, 6).T))
    sick = fault("f", ["copy"], "scales(result, 1.5)", ["src.layout == permuted", "src.device == cpu"])
    report = found(model, normal(3, 6), sick=[sick])
    assert (report.verdict, report.whole, report.findings) == ("diverges", False, [])


def test_the_whole_pass_is_held_against_float64_however_many_ops_there_are():
    """Each op was allowed a rounding, so that a pass of 400 might be 20 roundings off."""

    class Deep(nn.Module):
        def forward(self, x):
            for _ in range(400):
                x = x.abs()
            return x * (1 if x.device.type == "cpu" else 1 + 15 * 2**-23)

    report = found(Deep(), normal(50))
    assert (report.verdict, report.whole) == ("diverges", False), str(report)


def test_what_another_call_writes_over_is_not_laid_to_the_one_that_reads_it():
    """What was moved for one call is there for the next ones, unless it is no longer what the CPU has."""

    def spoils_its_input(call, run):
        result = run(call.args)
        call.args["self"].fill_(9)
        return result

    model = Function(lambda x: (x.exp() + x.tanh() + x.sin()) * x)
    report = found(model, normal(4), sick=[fault("f", ["tanh"], spoils_its_input)])
    assert [f.op for f in report.findings] == ["tanh"] and report.whole is False, str(report)  # not sin, not mul
    moved = []

    def see(call, run):
        moved.append(call.args["src"].device.type)
        return run(call.args)

    assert found(model, normal(4), sick=[fault("f", ["copy"], see)]).verdict == "agrees"
    assert moved.count("cpu") < 5  # x once for each pass and once for the dtype; results that are the same not at all


def test_a_rare_fault_is_not_tried_away():
    model = Function(lambda x: x.exp().tanh())
    assert [f.op for f in found(model, normal(4), sick=rare(7), repeat=10).findings] == ["tanh"]
