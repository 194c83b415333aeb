"""Does a model compute on this device what it computes on the CPU? Copy this one file, run it with your own Python:

    python validate_mps.py                        GPT-2 on mps, through TransformerLens where it is installed
    python validate_mps.py --model ioi-small      no download: the folder models/ioi-small must be beside this file
    python validate_mps.py --model DIR --entry transformers --quick

Exit status 0: agrees; 3: disagrees; anything else: could not check. In a notebook, for any torch.nn.Module of yours on
the CPU: `from validate_mps import validate; print(validate(model, tokens, device="mps"))`. In a program, the file
pick_device.py beside this one chooses the device by it.

Each check computes the same thing three times: on the device, on the CPU, on the CPU in float64. The device may make
ALLOWED_RATIO times the error of the CPU. An agreement covers what the last line names and no more. IOI, indirect object
identification, is the task of Wang et al. 2023 (arXiv 2211.00593). For Python 3.9 and torch 2.0 or newer.
"""

# Built from the modules of MPS Check by `make derived`; edit those, not this file.
from __future__ import annotations

import argparse
import contextlib
import copy
import importlib.metadata
import importlib.util
import inspect
import json
import math
import os
import platform
import re
import runpy
import subprocess
import sys
import warnings
from dataclasses import asdict, dataclass
from functools import cache
from itertools import repeat
from pathlib import Path

import torch
from torch.overrides import TorchFunctionMode

# ---- checks ----------------------------------------------------------------------------------------------------------
# What is checked: functions that compute something with a model, on whichever device it and its inputs are.


PROMPTS = [  # {B} is said twice, {A} is the answer; the first prompt is the example of Wang et al.
    "When {A} and {B} went to the store, {B} gave a drink to",
    "After {A} and {B} met at the school, {B} handed a ring to",
    "While {A} and {B} walked to the garden, {B} lent a book to",
    "Later {A} and {B} found a gift at the office, so {B} gave it to",
]
PAIRS = [("Mary", "John"), ("Tom", "Anna"), ("Alice", "Bob")]


def logits(model, *inputs):
    return [first_of(model(*inputs))]


def residual_stream(model, *inputs):
    return watched(model, inputs, layers(model))[1]


def attention_patterns(model, *inputs):
    points = [module for name, module in model.named_modules() if name.endswith("hook_pattern")]
    if points:  # TransformerLens
        return watched(model, inputs, points)[1]
    with contextlib.ExitStack() as stack:
        stack.callback(model.set_attn_implementation, model.config._attn_implementation)
        model.set_attn_implementation("eager")  # the fused kernels keep no patterns
        return list(model(*inputs, output_attentions=True).attentions)


def patched(model, *inputs):
    """The middle layer's output at the last position is taken from a run on the inputs in reverse."""
    middle = layers(model)[len(layers(model)) // 2 :][:1]
    _, (other,) = watched(model, [t.flip(*range(t.ndim)) for t in inputs], middle)
    return [watched(model, inputs, middle, lambda tensor: tensor[:, -1].copy_(other[:, -1]))[0]]


def gradients(model, *inputs):
    """With gradients other kernels run: the logits, a difference of two at the end, its gradient in each layer.

    In a module without a list of layers, its gradient in the weights.
    """
    with torch.enable_grad():
        found, seen = watched(model, inputs, layers(model, []), torch.Tensor.requires_grad_)  # weights may be frozen
        seen = seen or [weight for weight in model.parameters() if weight.requires_grad]
        difference = (found[..., 0] - found[..., 1])[..., -1].sum() / len(found)
        return [found + difference, *torch.autograd.grad(difference, seen)]  # one number alone has no error of its own


def generated(model, ids):
    """The logits of each step with a key-value cache: one token at a time takes other kernels."""
    steps, cache, options = [], None, {"use_cache": True, "return_dict": False}
    keyword = "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"  # renamed in 5
    if hasattr(model, "original_model"):  # TransformerBridge
        options = {"use_cache": True, "return_type": "logits_and_cache"}
    elif hasattr(model, "run_with_cache"):
        import transformer_lens as lens

        kind = getattr(lens, "HookedTransformerKeyValueCache", None) or lens.TransformerLensKeyValueCache  # since 3.0
        cache = kind.init_cache(model.cfg, ids.device, len(ids))
    for part in (ids[:, :-4], *ids[:, -4:].split(1, 1)):
        if hasattr(cache, "entries"):  # HookedTransformer writes into it
            found = model(part, past_kv_cache=cache)
        else:
            found, cache = model(part, **{keyword: cache}, **options)[:2]
        steps.append(found)
    return steps


def lengths(model, ids):
    """Some kernels are taken for short sequences only."""
    return [first_of(model(ids[:1, :length])) for length in (1, 2, 3, 5, 9, 17) if length <= ids.shape[1]]


def square(model, ids):
    """The first layer on as many tokens as the model is wide: a square matrix can be taken for its transpose."""
    seen, first = [], layers(model)[:1]

    def stop(tensor):
        seen.append(tensor)
        raise Enough

    width = watched(model, (ids[:1, :1],), first)[1][0].shape[-1]
    with contextlib.suppress(Enough):
        watched(model, (ids.flatten().repeat(width)[:width].view(-1, math.gcd(width, ids.shape[1])),), first, stop)
    return seen


def padded(model, ids):
    """A batch whose first sequence is padded on the left; only what is no padding is compared."""
    mask = torch.ones_like(ids)
    mask[0, :2] = 0
    return [first_of(model(ids, attention_mask=mask))[mask.bool()]]


def check_ioi(run):
    """Logit difference, probabilities of the two names and first guess, in the format of TransformerLens#1178."""

    def figures(model, ids, answers, others):
        last = first_of(model(ids))[:, -1]
        top = last.argmax(-1).cpu().clamp(0, last.shape[-1] - 1)  # a wrong one can be no index at all
        p, row = last.softmax(-1).cpu(), torch.arange(len(answers))
        last, a, b = last.cpu(), answers.cpu(), others.cpu()
        return [last[row, a] - last[row, b], torch.stack([p[row, a], p[row, b]]), last[row, top] - last.amax(-1), top]

    found = [run.three(figures, batch) for batch in ioi_batches(run.tokenizer)]
    if not found:
        raise CouldNotCheck("no tokenizer in which the names are single tokens")
    sides = [[torch.cat(parts, -1) for parts in zip(*side)] for side in zip(*found)]  # device, CPU, float64
    for label, side in (("CPU", sides[1]), (run.device.upper(), sides[0])):
        difference, (mary, john), _, top = (values[..., 0] for values in side)
        name = run.tokenizer.decode([int(top)])
        run.lines.append(f"[{label}] P(Mary)={mary:.4f} P(John)={john:.4f} LD={difference:+.3f} Top1={name!r}")
    other, cpu = (side[0].gt(0).double().mean() for side in sides[:2])
    run.lines.append(f"IOI accuracy, {len(sides[0][0])} prompts: CPU {cpu:.0%}, {run.device} {other:.0%}")
    return [compare(*values) for values in list(zip(*sides))[:3]]


def check_repeats(run):
    """The same input three times on the device; a fault only where the spread exceeds what rounding allows."""
    (got,), (cpu,), (exact,) = run.three(logits, run.batches[0])
    again = [first_of(run.other(*(t.to(run.device) for t in run.batches[0]))) for _ in range(2)]
    return [compare_runs(a, got, cpu, exact) for a in again]


def check_half(run, dtype):
    """The device in a half type, against float64 with the same rounded weights."""
    low = copy_to(run.cpu, "cpu", dtype)
    short = tuple(t[:2, :12] if t.ndim > 1 else t for t in run.batches[0])
    half = Run(low, copy_to(low, run.device), run.device, [], None, [])
    return half.compare(logits, [tuple(t.to(dtype) if t.is_floating_point() else t for t in short)])


CHECKS = {  # name: function of a Run that gives a list of what `compare` gives
    "IOI": check_ioi,
    "logits": lambda run: run.compare(logits, run.batches),
    "residual stream": lambda run: run.compare(residual_stream),
    "attention patterns": lambda run: run.compare(attention_patterns),
    "patching": lambda run: run.compare(patched),
    "backward": lambda run: run.compare(gradients),
    "generation": lambda run: run.compare(generated),
    "lengths": lambda run: run.compare(lengths),
    "square": lambda run: run.compare(square),
    "padded batch": lambda run: run.compare(padded),
    "same input twice": check_repeats,
    "float16": lambda run: check_half(run, torch.float16),
    "bfloat16": lambda run: check_half(run, torch.bfloat16),
}
QUICK = list(CHECKS)[:5]


def ioi_batches(tokenizer):
    """Return [(ids [n, length], answers [n], other names [n])], int64: the headline prompt, then each in both orders.

    Empty if the names are not single tokens of this tokenizer. A BOS token is put first, as TransformerLens does.
    """
    if tokenizer is None:
        return []
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False)  # noqa: E731
    bos = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    ids = {name: encode(f" {name}") for pair in PAIRS for name in pair}
    if any(len(found) != 1 or found == [tokenizer.unk_token_id] for found in ids.values()):
        return []
    batches, orders = [], [([p, p.replace("{A} and {B}", "{B} and {A}")], PAIRS) for p in PROMPTS]
    for prompts, pairs in [(PROMPTS[:1], PAIRS[:1]), *orders]:
        rows = [(bos + encode(prompt.format(A=a, B=b)), *ids[a], *ids[b]) for prompt in prompts for a, b in pairs]
        batches.append(tuple(torch.tensor(column) for column in zip(*rows)))
    return batches


def layers(model, otherwise=None):
    """The model's layers: its longest ModuleList. Without one, what is given for that. Raises CouldNotCheck."""
    lists = [module for module in model.modules() if isinstance(module, torch.nn.ModuleList)]
    if not lists and otherwise is None:
        raise CouldNotCheck("no list of layers in this module")
    return list(max(lists, key=len, default=otherwise))


def first_of(output):
    """The logits, else the tensor itself, else the first of several outputs."""
    output = getattr(output, "logits", output)
    return output if isinstance(output, torch.Tensor) else output[0]


def watched(model, inputs, modules, change=lambda tensor: None):
    """Run the model. Return its output and that of each of the modules; `change` is called with that of the first."""
    seen = []

    def keep(module, args, output):
        seen.append(first_of(output))
        if module is modules[0]:
            change(seen[-1])

    with contextlib.ExitStack() as stack:
        for module in modules:
            stack.enter_context(module.register_forward_hook(keep))
        return first_of(model(*inputs)), seen


class Enough(Exception):
    """Ends a forward pass whose rest is not needed."""


# ---- report ----------------------------------------------------------------------------------------------------------
# From the checks to one verdict, and what is said of it.


WORST_FIRST = ("disagrees", "could not check", "agrees")


def validate(model, inputs, device="mps", tokenizer=None, name="the model", quick=False):
    """Compare a model on the CPU with its copy on the device.

    `model` is on the CPU, and put into eval mode. `inputs`: what to call it with, a tensor or a tuple of tensors (the
    first dimension is the batch), or a list of those. `tokenizer`: one of transformers, for the IOI prompts. Returns a
    Report. Raises CouldNotCheck if there is no such device or the model is not on the CPU.
    """
    need_device(device)
    weights = [*model.parameters(), *model.buffers()]
    if any(t.device.type != "cpu" for t in weights):
        raise CouldNotCheck("the model is not on the CPU: load it there, it is copied to the device here")
    batches = [b if isinstance(b, tuple) else (b,) for b in (inputs if isinstance(inputs, list) else [inputs])]
    run = Run(model.eval(), copy_to(model, device), device, batches, tokenizer, [])
    left_out = set(CHECKS) - set(QUICK) if quick else ()
    checks = [Check(n, "not checked", None, "left out by quick") if n in left_out else outcome(run, n) for n in CHECKS]
    verdict = next((v for v in WORST_FIRST if v in [c.verdict for c in checks]), "could not check")
    margin = max((c.margin for c in checks if c.margin is not None), default=None)
    dtype = str(weights[0].dtype)[6:] if weights else "no weights"
    size = f"{sum(b[0].numel() for b in batches)} " + ("numbers" if batches[0][0].is_floating_point() else "tokens")
    subject = f"{name}, {dtype}, {size}, {device} against the CPU, torch {torch.__version__}"
    return Report(verdict, subject, margin, tuple(checks), tuple(run.lines))


@torch.no_grad()
def outcome(run, name):
    """Do one check: its Check, with the verdict and figures of the worst that it compared."""

    def badness(found):
        verdict, margin, _ = found
        return -WORST_FIRST.index(verdict), float("inf") if margin is None else margin

    try:
        return Check(name, *max(CHECKS[name](run), key=badness))
    except Exception as error:  # what one check cannot do must not hide what the others find
        verdict = "not checked" if isinstance(error, CouldNotCheck) else "could not check"
        return Check(name, verdict, None, explain(error))


@dataclass(frozen=True)
class Check:
    """One check. `margin` is the device's error / the allowed error; None where no error can be stated."""

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
        ran = ", ".join(c.name for c in self.checks if c.verdict in ("agrees", "disagrees")) or "nothing"
        wrong = ", ".join(c.name for c in self.checks if c.verdict == "disagrees")
        rest = [f"{c.name} ({c.text})" for c in self.checks if "not" in c.verdict]
        rest = "; ".join([*rest, "sampling", "training", "other inputs and models"])
        subject = f"{self.subject}. Wrong: {wrong}" if wrong else self.subject
        return f"{self.verdict.upper()}: {subject}. Checked: {ran}. Not checked: {rest}."


# ---- run -------------------------------------------------------------------------------------------------------------
# What a check works on: the model and its copy on the device, and the three answers that are compared.


@dataclass
class Run:
    """What a check works on: a model on the CPU, its copy on the device, inputs (tuples of CPU tensors) for both."""

    cpu: torch.nn.Module
    other: torch.nn.Module
    device: str
    batches: list
    tokenizer: object
    lines: list

    def three(self, function, inputs):
        """Return what `function(model, *inputs)`, a list of tensors, is on the device, the CPU, the CPU in float64."""
        try:
            cpu = function(self.cpu, *inputs)
            with Float64():
                exact = function(self.cpu, *inputs)
        except Exception as error:  # then it is not the device's fault
            raise CouldNotCheck(f"no reference from the CPU: {explain(error)}") from error
        return function(self.other, *(t.to(self.device) for t in inputs)), cpu, exact

    def compare(self, function, batches=None):
        """Compare each tensor of `function(model, *inputs)`, for the first of the batches if none are given."""
        return [found for b in batches or self.batches[:1] for found in map(compare, *self.three(function, b))]


def copy_to(model, device, dtype=None):
    """Copy a model of the CPU to the device tensor by tensor; the order of strides and shared weights are kept."""
    move = lambda t: t.detach().to(device, dtype if t.is_floating_point() else None, copy=True)  # noqa: E731
    attributes = (value for module in model.modules() for value in vars(module).values())
    # deepcopy refuses tensors with a gradient
    moved = {id(t): t.detach() for t in attributes if isinstance(t, torch.Tensor)}
    moved.update({id(b): move(b) for b in model.buffers()})
    moved.update({id(p): torch.nn.Parameter(move(p), p.requires_grad) for p in model.parameters()})
    copied = copy.deepcopy(model, moved)  # deepcopy takes what is in `moved` as copied already
    with contextlib.redirect_stdout(None):  # TransformerLens notes device and dtype elsewhere too, and prints that
        return copied.to(device) if dtype is None else copied.to(dtype)


# ---- compare ---------------------------------------------------------------------------------------------------------
# Is one tensor of the device wrong, by the rule of MPS Check? In words.


def compare(got, cpu, exact):
    """Return (verdict, margin, words) for one tensor of the device; `exact` is the CPU's answer in float64."""
    # pytorch#197715: never .to("cpu", float64)
    return judged(compare_output(got.detach().cpu(), cpu.detach(), exact.detach(), rounds=True))


def compare_runs(again, got, cpu, exact):
    """Return the same for two runs of the device, which may be as far apart as each may be from the reference."""
    again, got = again.detach().cpu(), got.detach().cpu()
    numbers = compare_output(got, cpu.detach(), exact.detach(), rounds=True)
    if "device" in numbers:
        numbers["device"].update(spread_of(again, got))
    return judged(numbers)


def judged(numbers):
    """Return (verdict, margin, words) for the numbers of one tensor; where there is no reference, no verdict."""
    if "cpu_shape" in numbers:
        mine, its = ((tuple(numbers[f"{side}shape"]), numbers[f"{side}dtype"]) for side in ("", "cpu_"))
        return "disagrees", None, "shape {}, {}, on the CPU {}, {}".format(*mine, *its)
    device, cpu, size = numbers["device"], numbers["cpu"], math.prod(numbers["shape"])
    odd = [side["nan"] + side["inf"] for side in (device, cpu)]
    if device["misplaced"]:
        words = "NaN or Inf: {}, on the CPU {}".format(*odd) if numbers["eps"] else "{misplaced} are others"
        return "disagrees", None, words.format(**device)
    if odd[1] == size:
        return "could not check", None, "the CPU itself gives no finite number"
    ratios = error_ratios(numbers, rounds=True)
    worse = max(ratios, key=ratios.get)
    agrees = verdict_of_output(numbers, rounds=True) == "agrees"
    if agrees and numbers["dtype"] == "float32" and cpu["rms"] > 0.1 * numbers["exact"]["rms"] > 0:
        return "could not check", None, f"in float64 the CPU gives other numbers, {cpu['rms']:.3g} away: no reference"
    which = {"rms": "RMS", "max": "the largest"}[worse]
    words = f"error {device[worse]:.3g} ({which}), {allowed_error(numbers, worse, rounds=True):.3g} allowed"
    return "agrees" if agrees else "disagrees", ratios[worse] / ALLOWED_RATIO, words


# ---- wide ------------------------------------------------------------------------------------------------------------
# The reference: the model's own code on the CPU with each operation in float64, without a second model.


WIDE = 4096  # columns of a matrix that are widened to float64 at a time


class Float64(TorchFunctionMode):
    """Inside, each torch function works in float64, whatever dtype its arguments have or the model's code casts to.

    So the weights are widened for one operation at a time, and no second model is needed.
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, function.__name__
        # an attribute, such as weight.dtype; some rows of a table are widened, not all of it
        if name in ("__get__", "__getitem__", "embedding"):
            return cast(function(*args, **kwargs))
        if name in ("linear", "addmm", "matmul") and not kwargs:
            x, size = (args[0], args[1].shape[0]) if name == "linear" else (args[-2], args[-1].shape[-1])
            if size > WIDE and size not in x.shape:  # such as the output matrix: a part after the other
                shapes = [getattr(value, "shape", ()) for value in args]
                parts = [v.split(WIDE, s.index(size)) if size in s else repeat(v) for v, s in zip(args, shapes)]
                return torch.cat([function(*cast(part)) for part in zip(*parts)], -1)
        function = torch.Tensor.double if function is torch.Tensor.float else function
        for dtype in (torch.float64, torch.float32):
            copies = []
            try:
                result = function(*cast(args, dtype, copies), **cast(kwargs, dtype, copies))
                break
            except RuntimeError:  # some functions have no float64, such as those for experts
                if dtype is torch.float32:
                    raise
        for original, copied in copies:
            if copied._version:  # it was written to
                original.data.copy_(copied.data)
        return cast(result)


def cast(value, dtype=torch.float64, copies=None):
    """The value with all that is floating in it, also dtypes, as `dtype`; `copies` collects (tensor, its copy)."""
    if isinstance(value, torch.dtype):
        return dtype if value.is_floating_point else value
    if isinstance(value, torch.Tensor) and value.is_floating_point() and value.dtype is not dtype:
        copied = value.to(dtype)
        if copies is not None:
            copies.append((value, copied))
        return copied
    if isinstance(value, dict):
        return {name: cast(part, dtype, copies) for name, part in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(cast(part, dtype, copies) for part in value)
    return value


# ---- outputs ---------------------------------------------------------------------------------------------------------
# The numbers of one output of a device, which the rule judges. For torch 2.0 and Python 3.9.


CPU_ROUNDINGS = 10.0  # what the CPU is taken to be off by, in units of rounding, where nothing wider than it is known


def is_rounded(dtype: torch.dtype) -> bool:
    """Whether numbers of this dtype are rounded: floating and complex ones."""
    return dtype.is_floating_point or dtype.is_complex


def widened(values: torch.Tensor) -> torch.Tensor:
    """The same values in double precision."""
    return values.to(torch.complex128 if values.is_complex() else torch.float64)


def same(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Where two tensors hold the same; NaN is the same as NaN."""
    return (a == b) | ((a != a) & (b != b))


def sizes(values: torch.Tensor, where: torch.Tensor | bool = True) -> dict[str, float]:
    """RMS and largest magnitude of the values, those that do not count being 0."""
    if not values.numel():
        return dict.fromkeys(SIZES, 0.0)
    values = values.abs() if where is True else torch.where(where, values.abs(), 0.0)
    rms = torch.linalg.vector_norm(values, dtype=torch.float64).item() / math.sqrt(values.numel())
    return {"rms": rms, "max": values.max().item()}


def compare_output(got: torch.Tensor, cpu: torch.Tensor, exact: torch.Tensor | None, rounds: bool = False) -> dict:
    """The numbers of one output, plain data, from which a verdict follows.

    Args:
        got: what the device gave, on the CPU. cpu: what the CPU gave. Both in the dtype under test.
        exact: what the CPU gave in float64; None if it has no float64 for this.
        rounds: a device may round here even where the CPU did not.

    Of an output of another shape or dtype there are no numbers, but what the CPU's has. `misplaced` counts the values
    that no rounding explains: other whole numbers, NaN and infinity where they do not belong; `new_nan` those that are
    NaN. `wrong` counts all that are wrong, `first_wrong` is the first of them.
    """
    found = {"shape": list(got.shape), "dtype": str(got.dtype)[6:]}
    if got.shape != cpu.shape or got.dtype != cpu.dtype:
        return {**found, "cpu_shape": list(cpu.shape), "cpu_dtype": str(cpu.dtype)[6:]}
    rounded = is_rounded(cpu.dtype)
    eps = torch.finfo(cpu.dtype).eps if rounded else 0.0
    if exact is None or exact.shape != cpu.shape:
        exact, eps = cpu, eps * CPU_ROUNDINGS
    right = same(got, cpu) | same(got, exact.to(cpu.dtype))
    g, c, e = widened(got), widened(cpu), widened(exact)
    e = torch.where(e.isfinite(), e, c)  # where float64 gives no number, the CPU's counts
    both = g.isfinite() & e.isfinite()
    misplaced = ~right & ~both if rounded else ~right
    error, usable = torch.where(both, (g - e).abs(), 0.0), c.isfinite() & e.isfinite()
    numbers = {
        **found,
        "eps": eps,
        "exact": sizes(e, usable),
        "cpu": {**sizes(c - e, usable), **specials(c)},
        "device": {**sizes(error), **specials(g), "misplaced": int(misplaced.sum())},
    }
    numbers["device"]["new_nan"] = int((misplaced & g.isnan()).sum())
    wrong = misplaced | (error > allowed_error(numbers, "max", rounds))
    if not bool(wrong.any()):  # then it is their RMS, if anything
        wrong = error > allowed_error(numbers, "rms", rounds)
        wrong = wrong & (verdict_of_output(numbers, rounds) != "agrees")
    numbers["device"]["wrong"] = int(wrong.sum())
    numbers["first_wrong"] = described(wrong, got, cpu, exact) if bool(wrong.any()) else None
    return numbers


def specials(values: torch.Tensor) -> dict[str, int]:
    """How many values are NaN and how many infinite."""
    return {"nan": int(values.isnan().sum()), "inf": int(values.isinf().sum())}


def described(wrong: torch.Tensor, got: torch.Tensor, cpu: torch.Tensor, exact: torch.Tensor) -> dict:
    """The first wrong place, and the three values there: whole numbers, floats or complex ones."""
    place, index = int(wrong.flatten().int().argmax()), []
    for size in reversed(wrong.shape):
        place, here = divmod(place, size)
        index.insert(0, here)
    values = {"cpu": cpu, "device": got, "exact": exact}
    return {"index": index, **{name: tensor[tuple(index)].item() for name, tensor in values.items()}}


def spread_of(again: torch.Tensor, first: torch.Tensor) -> dict:
    """How far a second run is from the first: sizes, and how many values differ as no rounding does."""
    if again.shape != first.shape or again.dtype != first.dtype:
        return {**sizes(torch.zeros(0)), "misplaced": max(1, again.numel())}
    a, b = widened(again), widened(first)
    both = a.isfinite() & b.isfinite() & is_rounded(first.dtype)
    return {**sizes(torch.where(both, (a - b).abs(), 0.0)), "misplaced": int((~same(again, first) & ~both).sum())}


# ---- rule ------------------------------------------------------------------------------------------------------------
# Is a device's result wrong? The one rule, on the numbers of one output; `outputs` takes them. For Python 3.9.


# How many times the CPU's own error a healthy device may make. By RMS, 0.7 to 2.4 was seen for split sums, 3.8 for a
# sequential float32 sum over 3,072 terms, 7 for partial sums kept in half precision; benchmarks/calibrate_ratio.py
# measures both ratios on models, `mpscheck controls` prints the worse one of each check.
ALLOWED_RATIO = 10.0
SMALLEST = 2.0**-126  # numbers below it are 0 on many a GPU
SIZES = ("rms", "max")
SEVERITY = ("agrees", "wrong", "nondeterministic", "nan")
MISSED = 0.01  # the chance that a check of something rare may miss it


def allowed_error(numbers: dict, size: str, rounds: bool = False) -> float:
    """The error, RMS or largest, that a healthy device may make; 0 where the CPU rounded nothing."""
    if not rounds and not float(numbers["cpu"]["max"]):
        return 0.0
    return ALLOWED_RATIO * max(float(numbers["cpu"][size]), numbers["eps"] * float(numbers["exact"][size]), SMALLEST)


def error_ratios(numbers: dict, rounds: bool = False) -> dict[str, float]:
    """By RMS and by the largest: the device's error in units of rounding; infinity where no rounding explains it."""
    if "cpu_shape" in numbers or numbers["device"]["misplaced"]:
        return dict.fromkeys(SIZES, math.inf)
    found = {}
    for size in SIZES:
        error, allowed = float(numbers["device"][size]), allowed_error(numbers, size, rounds)
        found[size] = error / (allowed / ALLOWED_RATIO) if allowed else math.inf if error else 0.0
    return found


def ratio_of_output(numbers: dict, rounds: bool = False) -> float:
    """The worse of the two error ratios."""
    return max(error_ratios(numbers, rounds).values(), key=lambda ratio: (ratio != ratio, ratio))


def verdict_of_output(numbers: dict, rounds: bool = False) -> str:
    """`agrees`, `wrong`, `nan` or `nondeterministic`, the last where several runs were compared."""

    def within(part: dict) -> bool:
        return all(float(part[size]) <= allowed_error(numbers, size, rounds) for size in SIZES)

    if "cpu_shape" in numbers:
        return "wrong"
    device, spread = numbers["device"], numbers.get("spread")
    if device["misplaced"]:
        return "nan" if device["new_nan"] else "wrong"
    if spread and (spread["misplaced"] or not within(spread)):
        return "nondeterministic"
    return "agrees" if within(device) else "wrong"


def worst_verdict(verdicts: list[str]) -> str:
    """The worst verdict of several outputs."""
    return max(verdicts, key=SEVERITY.index, default="agrees")


def rate_seen(repeats: int) -> float:
    """The smallest share of wrong runs that so many repeats miss with a chance of at most MISSED."""
    return 1 - MISSED ** (1 / repeats)


# ---- models ----------------------------------------------------------------------------------------------------------
# The models that the tools are tried on, by name, folder or file, and by way of transformers or TransformerLens.


class CouldNotCheck(Exception):
    """There is no verdict; the message says why and what to do."""


def explain(error):
    """Return why there is no verdict, in one sentence and without a traceback."""
    if isinstance(error, ModuleNotFoundError):
        return f"a package is missing: {sys.executable} -m pip install {error.name}"
    words = str(error) if isinstance(error, CouldNotCheck) else f"{type(error).__name__}: {error}".splitlines()[0]
    return f"not enough memory, the model is needed twice ({words})" if "memory" in words.lower() else words


def need_device(device):
    """Raise CouldNotCheck unless torch can compute on the device."""
    try:
        torch.ones(2, device=device).add(1).cpu()
    except Exception as error:
        hint = "; on a Mac, take a Python for arm64 and see torch.backends.mps.is_available()"
        words = f"torch {torch.__version__} at {torch.__file__} has no device {device!r}"
        raise CouldNotCheck(words + (hint if device == "mps" else "")) from error


def newest_entry():
    """The newest of TransformerLens, where it is installed; it is not imported for that."""
    lens = importlib.util.find_spec("transformer_lens")
    new = lens and Path(lens.origin).with_name("model_bridge").is_dir()  # TransformerLens 3 and later
    return "bridge" if new else "hooked" if lens else "transformers"


def load_model(name, entry):
    """Return (model in float32 on the CPU, tokenizer, config). Raises CouldNotCheck, ImportError for a missing package."""
    import transformers

    warnings.simplefilter("ignore", FutureWarning)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    source = find_model(name)
    try:
        config, tokenizer = read("AutoConfig", source), read("AutoTokenizer", source)
        return load(source, entry), tokenizer, config
    except (CouldNotCheck, ImportError):
        raise
    except Exception as error:  # no such model, no network, a torn file: each library has its own
        words = f"{name} could not be loaded ({explain(error)}); smollm2 and ioi-small need no network"
        raise CouldNotCheck(words) from error


def find_model(name):
    """Return what the libraries load: a folder, a GGUF file, or a name that they find in the cache or on the hub."""
    models = Path(__file__).resolve().parent / "models"  # two models that need no hub
    if name == "smollm2" and (models / "smollm2.py").is_file():
        return str(runpy.run_path(str(models / "smollm2.py"))["convert"]())
    place = models / name if name == "ioi-small" else Path(name)
    if name == "gpt2":
        print("gpt2 comes from the cache of Hugging Face, the first time from its hub (about 550 MB)", flush=True)
    elif not (place.is_dir() or (place.suffix == ".gguf" and place.is_file())):
        hint = "take gpt2, a folder or a GGUF file; smollm2 and ioi-small lie in `models` beside this file"
        raise CouldNotCheck(f"there is no model {place}: {hint}")
    return str(place)


def read(auto, source):
    """Return what one of the Auto classes of transformers makes of a model; the weights of a GGUF file are widened."""
    import transformers

    options = {"gguf_file": Path(source).name} if source.endswith(".gguf") else {}
    return getattr(transformers, auto).from_pretrained(Path(source).parent if options else source, **options)


def load(source, entry):
    """Return the model in float32 on the CPU, as the entry point makes it of what `find_model` gives."""
    if entry == "transformers":
        return torch.nn.Module.float(read("AutoModelForCausalLM", source))  # its own refuses what was a GGUF file
    try:
        return bridge(source) if entry == "bridge" else hooked(source)
    except (ImportError, AttributeError) as error:  # absent in this version, or a clash with that of transformers
        raise CouldNotCheck(f"transformer_lens as installed has no --entry {entry} ({error})") from error


def bridge(source):
    """A TransformerBridge of TransformerLens 3 and later."""
    from transformer_lens.model_bridge import TransformerBridge

    parts = {}  # it finds them itself, but reads no GGUF file
    if source.endswith(".gguf"):
        parts = {"hf_model": read("AutoModelForCausalLM", source), "tokenizer": read("AutoTokenizer", source)}
    return TransformerBridge.boot_transformers(source, device="cpu", **parts)


def hooked(source):
    """A HookedTransformer of TransformerLens 2 and 3: of a name, or of a folder as its from_pretrained does of a name."""
    if source.endswith(".gguf"):
        raise CouldNotCheck("HookedTransformer reads no GGUF file: take --entry transformers or --entry bridge")
    from transformer_lens import HookedTransformer
    from transformer_lens import loading_from_pretrained as loading

    if not Path(source).is_dir():
        return HookedTransformer.from_pretrained(source, device="cpu")
    config = loading.get_pretrained_model_config(source, device="cpu")
    model = HookedTransformer(config, read("AutoTokenizer", source))
    weights = loading.get_pretrained_state_dict(source, config)
    model.load_and_process_state_dict(weights, fold_ln=True, center_writing_weights=True, center_unembed=True)
    return model


# ---- macos -----------------------------------------------------------------------------------------------------------
# Which macOS is this? `sw_vers` knows; Python may not.


def said(*command: str) -> str | None:
    """What a command of the system prints, with the real version of macOS; None where it cannot be run."""
    environment = {**os.environ, "SYSTEM_VERSION_COMPAT": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, env=environment)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


@cache
def macos_version() -> str | None:
    """The version of macOS, such as "26.1"; None where there is none or `sw_vers` cannot tell: unknown, never a guess."""
    version = said("sw_vers", "-productVersion") or ""
    return version if re.fullmatch(r"\d+(\.\d+)*", version) else None


# ---- command ---------------------------------------------------------------------------------------------------------
# Does a model compute on this device what it computes on the CPU? Copy this one file, run it with your own Python:


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="gpt2", help="gpt2 (default), smollm2, ioi-small, a folder or a GGUF file")
    parser.add_argument("--entry", choices=["transformers", "bridge", "hooked"], help="by default the newest installed")
    parser.add_argument("--device", default="mps", help="any device of torch; mps by default")
    parser.add_argument("--quick", action="store_true", help=f"only {', '.join(QUICK)}")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    options = parser.parse_args(arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
            report = run_command(options)
    except KeyboardInterrupt:
        report = Report("could not check", "stopped before the end")
    except Exception as error:
        report = Report("could not check", explain(error))
    facts = {**asdict(report), "last_line": str(report), "environment": environment(options.device)}
    print(json.dumps(facts) if options.json else report)
    return {"agrees": 0, "disagrees": 3}.get(report.verdict, 2)


def run_command(options):
    """Do what the command line asks, print what is found, and return a Report."""
    need_device(options.device)
    print(*(f"{fact}: {value}" for fact, value in environment(options.device).items()), sep="\n")
    entry = options.entry or newest_entry()
    model, tokenizer, config = load_model(options.model, entry)
    name = f"{options.model} through {type(model).__name__} (--entry {entry})"
    prompts = [ids for ids, _, _ in ioi_batches(tokenizer)]
    words = [tokenizer.decode(i) for i in prompts[0][0]] if prompts else "the names are not single tokens"
    print(f"model: {name}\ntokens: {words}", flush=True)
    size = (2, min(32, getattr(config, "max_position_embeddings", 32)))
    random_ids = torch.randint(config.vocab_size, size, generator=torch.Generator().manual_seed(0))
    report = validate(model, [random_ids, *prompts[1:2]], options.device, tokenizer, name, options.quick)
    for check in report.checks:
        print(f"{check.name}: {check.verdict}, {check.text}" + (f", margin {check.margin:.3g}" if check.margin else ""))
    print(*report.lines, sep="\n")
    return report


def environment(device):
    """Return what the result depends on: device, versions, places, variables; a dict of strings."""
    system = platform.platform()
    if sys.platform == "darwin":  # macOS, its build, the chip; platform may say 16 of macOS 26 (cpython#135675)
        told = f"{said('sw_vers') or ''} {said('sysctl', '-n', 'machdep.cpu.brand_string') or ''}"
        system = " ".join(told.split()) or "macOS, its version is unknown"
    facts = {"device": device, "system": system, "python": f"{platform.python_version()} {sys.executable}"}
    facts["torch"] = f"{torch.__version__} {torch.__file__}"
    for package in ("transformers", "transformer-lens"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            facts[package] = importlib.metadata.version(package)
    starts = ("PYTORCH_ENABLE_MPS", "PYTORCH_MPS", "TRANSFORMERLENS_", "MPSCHECK_")
    facts.update({name: value for name, value in os.environ.items() if name.startswith(starts)})
    if "PYTORCH_ENABLE_MPS_FALLBACK" in facts:
        facts["note"] = "with PYTORCH_ENABLE_MPS_FALLBACK, what mps lacks runs on the CPU and is not checked"
    return facts


if __name__ == "__main__":
    sys.exit(main())
