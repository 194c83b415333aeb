"""Does a model compute on this device what it computes on the CPU? Copy this one file, run it with your own Python:

    python validate_mps.py                        GPT-2 on mps, through TransformerLens where it is installed
    python validate_mps.py --model ioi-small      no download: the folder models/ioi-small must be beside this file
    python validate_mps.py --model DIR --entry transformers --quick

Exit status 0: agrees; 3: disagrees; anything else: could not check. In a notebook, for any torch.nn.Module of yours on
the CPU, or any function of tensors: `from validate_mps import validate; print(validate(model, tokens, device="mps"))`.
In a program, the file pick_device.py beside this one chooses the device by it.

Each check computes the same thing three times: on the device, on the CPU, on the CPU in float64. The device may make
ALLOWED_RATIO times the error of the CPU. An agreement covers what the last line names and no more. IOI, indirect object
identification, is the task of Wang et al. 2023 (arXiv 2211.00593). For Python 3.9 and torch 2.0 or newer.
"""

# Built from the modules of MPS Check by `make derived`; edit those, not this file.
from __future__ import annotations

import argparse
import contextlib
import copy
import functools
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
import types
import warnings
from collections.abc import Mapping
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
LENGTHS = (1, 2, 3, 5, 9, 17, 33, 61, 523)  # no multiples of the blocks in which kernels work


def logits(model, *inputs, **named):
    """All that the model gives, not the logits alone."""
    return numbers(model(*inputs, **named))


def residual_stream(model, *inputs, **named):
    return watched(model, inputs, named, layers(model))[1]


def attention_patterns(model, *inputs, **named):
    points = [module for name, module in modules(model) if name.endswith("hook_pattern")]
    if points:  # TransformerLens
        return watched(model, inputs, named, points)[1]
    with contextlib.ExitStack() as stack:
        stack.callback(model.set_attn_implementation, model.config._attn_implementation)
        model.set_attn_implementation("eager")  # the fused kernels keep no patterns
        return list(model(*inputs, **named, output_attentions=True).attentions)


def patched(model, *inputs, **named):
    """The middle layer's output at the last position is taken from a run on the inputs in reverse."""
    middle = layers(model)[len(layers(model)) // 2 :][:1]
    args, keywords = changed((inputs, named), lambda t: t.flip(*range(t.ndim)))
    _, (other,) = watched(model, args, keywords, middle)
    return [first_of(watched(model, inputs, named, middle, lambda tensor: tensor[:, -1].copy_(other[:, -1]))[0])]


def gradients(model, *inputs, **named):
    """With gradients other kernels run: all outputs; the gradients in inputs, layers and weights of their random mean."""
    draws = torch.Generator().manual_seed(0)
    with torch.enable_grad():
        args, keywords = changed((inputs, named), lambda t: t.detach().requires_grad_(t.is_floating_point()))
        found, seen = watched(
            model, args, keywords, layers(model, []), torch.Tensor.requires_grad_
        )  # weights may be frozen
        outputs = numbers(found)
        ends = [output for output in outputs if output.requires_grad]
        seen = [*everything((args, keywords)), *seen, *(weight for weight in everything(model, torch.nn.Parameter))]
        seen = list({id(tensor): tensor for tensor in seen if tensor.requires_grad}.values())
        if not ends or not seen:
            raise CouldNotCheck("no gradient goes through it")
        weights = [torch.randn(output.shape, generator=draws).to(output) for output in ends]
        found = torch.autograd.grad(ends, seen, weights, allow_unused=True)
        return outputs, [torch.zeros_like(t) if grad is None else grad for t, grad in zip(seen, found)]


def generated(model, *inputs, **named):
    """The logits of each step with a key-value cache: one token at a time takes other kernels."""
    ids = tokens_of((*inputs, named))
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


def square(model, *inputs, **named):
    """The first layer on as many tokens as the model is wide: a square matrix can be taken for its transpose."""
    seen, first, ids = [], layers(model)[:1], tokens_of((*inputs, named))

    def stop(tensor):
        seen.append(tensor)
        raise Enough

    width = watched(model, (ids[:1, :1],), {}, first)[1][0].shape[-1]
    ids = ids.flatten().repeat(width)[:width]
    with contextlib.suppress(Enough):
        watched(model, (ids.view(-1, math.gcd(width, 32)),), {}, first, stop)
    return seen


def padded(model, *inputs, **named):
    """A batch whose first sequence is padded on the left; only what is no padding is compared."""
    mask = torch.ones_like(tokens_of((*inputs, named)))
    mask[0, :2] = 0
    return [first_of(model(*inputs, **{**named, "attention_mask": mask}))[mask.bool()]]


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


def check_lengths(run):
    """Some kernels are taken for short sequences only, others read past the end of a block that is not full."""
    found = []
    for length in LENGTHS:
        try:
            here = run.compare(logits, [resized(run.batches[0], length)])
        except CouldNotCheck:  # longer than it takes
            if not found:
                raise
            continue
        found += [
            one for one in here if not one[2].startswith(NOT_FINITE)
        ] or here  # such as the loss of a single token
    return found


def check_repeats(run):
    """The same input again and again on the device; a fault only where the spread exceeds what rounding allows."""
    sides, found = run.three(logits, run.batches[0]), []
    for _ in range(run.repeat - 1):
        again = run.once(logits, run.other, run.batches[0], run.device)
        found.append(max(map(compare_runs, again, *sides), key=badness))
    run.rate = rate_seen(run.repeat)
    return found


def check_half(run, dtype):
    """The device in a half type, against float64 with the same rounded weights."""
    low = copy_to(run.cpu, "cpu", dtype)
    half = Run(low, copy_to(low, run.device), run.device, [], None, run.lines)
    batch = run.batches[0]
    with contextlib.suppress(CouldNotCheck):
        batch = resized(batch, min(12, tokens_of(batch).shape[1]), 2)
    return half.compare(logits, [changed(batch, lambda t: t.to(dtype) if t.is_floating_point() else t)])


CHECKS = {  # name: function of a Run that gives a list of what `compare` gives
    "IOI": check_ioi,
    "logits": lambda run: run.compare(logits, run.batches),
    "residual stream": lambda run: run.compare(residual_stream),
    "attention patterns": lambda run: run.compare(attention_patterns),
    "patching": lambda run: run.compare(patched),
    "backward": lambda run: run.compare(gradients),
    "generation": lambda run: run.compare(generated),
    "lengths": check_lengths,
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
    lists = [module for _, module in modules(model) if isinstance(module, torch.nn.ModuleList)]
    if not lists and otherwise is None:
        raise CouldNotCheck("no list of layers in this module")
    return list(max(lists, key=len, default=otherwise))


def modules(model):
    """The modules of a model with their names; a function has none."""
    return list(model.named_modules()) if isinstance(model, torch.nn.Module) else []


def watched(model, inputs, named, modules, change=lambda tensor: None):
    """Run the model. Return its output and that of each of the modules; `change` is called with that of the first."""
    seen = []

    def keep(module, args, output):
        seen.append(first_of(output))
        if module is modules[0]:
            change(seen[-1])

    with contextlib.ExitStack() as stack:
        for module in modules:
            stack.enter_context(module.register_forward_hook(keep))
        return model(*inputs, **named), seen


class Enough(Exception):
    """Ends a forward pass whose rest is not needed."""


# ---- report ----------------------------------------------------------------------------------------------------------
# From the checks to one verdict, and what is said of it.


def validate(model, inputs, device="mps", tokenizer=None, name="the model", quick=False, repeat=3):
    """Compare a model on the CPU, or any function of tensors, with its copy on the device.

    `model` is put into eval mode. `inputs`: what to call it with, a tensor, a dict of keyword arguments, a tuple of
    arguments, which may end with such a dict, or a list of those, each a call. `tokenizer`: one of transformers, for the
    IOI prompts. `repeat`: how often the same input is run on the device. Returns a Report. Raises CouldNotCheck if there
    is no such device, the model is not on the CPU, or it cannot be copied.
    """
    need_device(device)
    model = unwrapped(model)
    weights = list(everything(model))
    if any(t.device.type != "cpu" for t in weights):
        raise CouldNotCheck("the model is not on the CPU: load it there, it is copied to the device here")
    for module in everything(model, torch.nn.Module):
        module.eval()
    try:
        other = copy_to(model, device)
    except (TypeError, AttributeError) as error:  # such as a lock or an open file among its attributes
        said = explain(error)
        way = "make it float32 first, model.float()" if "float64" in said else "hand over the module in it"
        raise CouldNotCheck(f"it cannot be copied to the device ({said}): {way}") from error
    run = Run(model, other, device, inputs if isinstance(inputs, list) else [inputs], tokenizer, [], repeat)
    left_out = set(CHECKS) - set(QUICK) if quick else ()
    checks = [Check(n, "not checked", None, "left out by quick") if n in left_out else outcome(run, n) for n in CHECKS]
    verdict = next((v for v in WORST_FIRST[:3] if v in [c.verdict for c in checks]), "could not check")
    margin = max((c.margin for c in checks if c.margin is not None), default=None)
    dtype = next((str(t.dtype)[6:] for t in weights if t.is_floating_point()), "no weights")
    shapes = " and ".join(str(tuple(t.shape)) for t in everything(run.batches[0]))
    size = f"longest sequence {run.longest} tokens" if run.longest else f"inputs {shapes}"
    subject = f"{name}, {dtype}, {size}, {device} against the CPU, torch {torch.__version__}"
    rare = f"what goes wrong in fewer than {run.rate:.0%} of runs (--repeat)"
    return Report(verdict, subject, margin, tuple(checks), tuple(run.lines), rare)


def unwrapped(model):
    """A module or a function as it is; of anything else that holds a module, as libraries that trace do, that module."""
    if isinstance(model, (torch.nn.Module, functools.partial)) or inspect.isroutine(model):
        return model
    held = [value for value in vars(model).values() if isinstance(value, torch.nn.Module)]
    for whole in held:
        if set(held) <= set(whole.modules()):
            return whole
    raise CouldNotCheck(f"{type(model).__name__} is no torch.nn.Module and no function: hand over the module in it")


@torch.no_grad()
def outcome(run, name):
    """Do one check: its Check, with the verdict and figures of the worst that it compared."""
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
    rare: str = "rare faults"

    def __str__(self):
        ran = ", ".join(c.name for c in self.checks if c.verdict in ("agrees", "disagrees")) or "nothing"
        wrong = ", ".join(c.name for c in self.checks if c.verdict == "disagrees")
        rest = [f"{c.name} ({c.text})" for c in self.checks if "not" in c.verdict]
        rest = "; ".join([*rest, self.rare, "sampling", "training", "other inputs and models"])
        first = next((f" ({c.name}: {c.text})" for c in self.checks if c.verdict == "disagrees"), "")
        sees = f"{self.subject}{first}. What it sees: page what-agrees-means/"
        subject = sees + (f". Wrong: {wrong}" if wrong else "")
        return f"{self.verdict.upper()}: {subject}. Checked: {ran}. Not checked: {rest}."


# ---- run -------------------------------------------------------------------------------------------------------------
# What a check works on: the model and its copy on the device, and the three answers that are compared.


SHAKES = 4  # how often the CPU computes with other roundings before a device that differs is called wrong
DRAWS = "random draws were made on the CPU, once for both; those of the device are not checked"


@dataclass
class Run:
    """What a check works on: a model (or a function) on the CPU, its copy on the device, batches of inputs for both."""

    cpu: object
    other: object
    device: str
    batches: list
    tokenizer: object
    lines: list
    repeat: int = 3  # runs of "same input twice"
    rate: float = 1.0  # the smallest share of wrong runs that was all but surely seen
    longest: int = 0  # tokens of the longest sequence that was compared

    def once(self, function, model, batch, device="cpu", mode=None):
        """Return what `function(model, *inputs)`, a list of tensors, is on one device, in a mode of torch if one is given."""
        shaken = mode.shaken if isinstance(mode, Shaken) else lambda tensor: tensor
        args, named = call_of(changed(batch, lambda t: shaken(t.detach().to(device, copy=True))))
        used = model
        if not isinstance(model, torch.nn.Module):  # it may change what it reads, as a scheduler counts its steps
            used = changed(model, lambda t: t.detach().clone())
        with torch.random.fork_rng(devices=[]), contextlib.ExitStack() as stack:
            torch.default_generator.manual_seed(0)
            start = torch.get_rng_state()
            for one in [SameDraws() if DRAWS in self.lines else None, mode]:
                stack.enter_context(one or contextlib.nullcontext())
            found = function(used, *args, **named)
            drew = device == "cpu" and not torch.equal(torch.get_rng_state(), start)
        if drew and DRAWS in self.lines:
            raise CouldNotCheck("it draws random numbers in a way that cannot be repeated on the device")
        if drew:
            self.lines.append(DRAWS)
            return self.once(function, model, batch, device, mode)
        return found

    def three(self, function, batch):
        """Return what `function(model, *inputs)`, a list of tensors, is on the device, the CPU, the CPU in float64."""
        try:
            exact = self.once(function, self.cpu, batch, mode=Float64())  # first: it takes the most memory
            cpu = self.once(function, self.cpu, batch)
        except Exception as error:  # then it is not the device's fault
            raise CouldNotCheck(f"no reference from the CPU: {explain(error)}") from error
        got = self.once(function, self.other, batch, self.device)
        with contextlib.suppress(CouldNotCheck):
            self.longest = max(self.longest, tokens_of(batch).shape[1])
        return got, cpu, exact

    def compare(self, function, batches=None):
        """Compare each tensor of `function(model, *inputs)`, for the first of the batches if none are given."""
        return [found for batch in batches or self.batches[:1] for found in self.judge(function, batch)]

    def judge(self, function, batch):
        """What `compare` gives of each tensor. Where one differs, the CPU is asked again, with other roundings."""
        got, cpu, exact = self.three(function, batch)
        nothing = 0.0
        if isinstance(cpu, tuple):  # outputs and their gradients, which are zero or not beside each other
            largest = max((value.abs().max().item() for value in exact[1] if value.numel()), default=0.0)
            nothing = largest * torch.finfo(cpu[1][0].dtype).eps
        if len(flat(got)) != len(flat(cpu)):
            return [("disagrees", None, f"{len(flat(got))} outputs, on the CPU {len(flat(cpu))}")]
        least = [0.0] * len(flat(cpu)) if not nothing else [0.0] * len(cpu[0]) + [nothing] * len(cpu[1])
        sides = list(map(flat, (got, cpu, exact)))
        found = [compare(*values, (), small) for *values, small in zip(*sides, least)]
        if any(verdict == "disagrees" for verdict, _, _ in found):
            shaken = zip(*(flat(self.once(function, self.cpu, batch, mode=Shaken(n))) for n in range(SHAKES)))
            found = list(map(compare, *sides, shaken, least))
        if len(found) > 1:
            found = [(*one[:2], f"{one[2]}, in {n} of {len(found)}") for n, one in enumerate(found, 1)]
        return found


def flat(found):
    """The tensors of what a check computes, those of two lists in one."""
    return [*found[0], *found[1]] if isinstance(found, tuple) else found


def copy_to(model, device, dtype=None):
    """Copy a model of the CPU to the device tensor by tensor; the order of strides and shared weights are kept.

    Tensors that are neither weights nor buffers of it stay on the CPU, as with `model.to(device)`; those of a function go.
    """
    move = lambda t: t.detach().to(device, dtype if t.is_floating_point() else None, copy=True)  # noqa: E731
    if not isinstance(model, torch.nn.Module):
        return changed(model, move)
    own = {id(t) for t in (*model.parameters(), *model.buffers())}
    copied = changed(model, lambda t: move(t) if id(t) in own else t.detach())
    with contextlib.redirect_stdout(None):  # TransformerLens notes device and dtype elsewhere too, and prints that
        return copied.to(device) if dtype is None else copied.to(dtype)


# ---- compare ---------------------------------------------------------------------------------------------------------
# Is one tensor of the device wrong, by the rule of MPS Check? In words.


HALF_RATIO = 2.0  # in place of ALLOWED_RATIO for the RMS in half types: a sum is cut to them a few times at most
MANY = 1000  # numbers that have an RMS worth so much
BLOCK = 2**22  # a larger tensor is compared part by part, which takes less memory
NOT_FINITE = "the CPU itself gives no finite number"
WORST_FIRST = ("disagrees", "could not check", "agrees", "not checked")


def compare(got, cpu, exact, shaken=(), nothing=0.0):
    """Return (verdict, margin, words) for one tensor of the device; `exact` is the CPU's answer in float64.

    `shaken`: what the CPU gives with other roundings, SHAKE of them. They join the baseline, as far as one rounding does.
    `nothing`: a tensor without a larger number in it holds nothing but roundings.
    """
    # pytorch#197715: never .to("cpu", float64)
    got, cpu, exact, *shaken = (value.detach().cpu() for value in (got, cpu, exact, *shaken))
    if got.shape == cpu.shape and cpu.numel() > BLOCK:
        parts = zip(*(value.flatten().split(BLOCK) for value in (got, cpu, exact, *shaken)))
        return max((compare(*part[:3], part[3:], nothing) for part in parts), key=badness)
    alike = got.shape == cpu.shape and got.dtype == cpu.dtype
    if alike and nothing and max(exact.abs().max(), got.abs().max() / ALLOWED_RATIO) <= nothing:
        return "not checked", None, "it is zero but for roundings"
    shaken = [other for other in shaken if alike and other.shape == cpu.shape]
    for other in shaken:  # whole numbers, and places of NaN, that roundings decide
        got = torch.where(other == cpu if not is_rounded(cpu.dtype) else other.isfinite() == cpu.isfinite(), got, cpu)
    numbers = compare_output(got, cpu, exact, rounds=True)
    for other in shaken:
        sizes = compare_output(other, cpu, exact, rounds=True)["device"]
        numbers["cpu"].update({size: max(numbers["cpu"][size], sizes[size] / SHAKE) for size in SIZES})
    verdict, margin, words = judged(numbers)
    if verdict == "disagrees" and got.numel() > 1 and not got.any():  # a black image
        words += f", all {got.numel()} numbers are 0"
    return verdict, margin, words


def badness(found):
    """What the worst of several comparisons is found by."""
    verdict, margin, _ = found
    return -WORST_FIRST.index(verdict), math.inf if margin is None else margin


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
    if not size:
        return "not checked", None, "it is empty"
    if odd[1] == size:
        return "could not check", None, f"{NOT_FINITE}: NaN {cpu['nan']}, Inf {cpu['inf']}"
    limits = dict.fromkeys(SIZES, ALLOWED_RATIO)
    if numbers["dtype"] in ("float16", "bfloat16") and size >= MANY:
        limits["rms"] = HALF_RATIO
    ratios = {name: ratio / limits[name] for name, ratio in error_ratios(numbers, rounds=True).items()}
    worse = max(ratios, key=ratios.get)
    agrees = verdict_of_output(numbers, rounds=True) == "agrees" and ratios[worse] <= 1
    if agrees and numbers["dtype"] == "float32" and cpu["rms"] > 0.1 * numbers["exact"]["rms"] > 0:
        return "could not check", None, f"in float64 the CPU gives other numbers, {cpu['rms']:.3g} away: no reference"
    which = {"rms": "RMS", "max": "the largest"}[worse]
    allowed = allowed_error(numbers, worse, rounds=True) / ALLOWED_RATIO * limits[worse]
    words = f"error {device[worse]:.3g} ({which}), {allowed:.3g} allowed"
    words += f", NaN or Inf: {odd[1]} of {size}, as on the CPU" if odd[1] else ""
    return "agrees" if agrees else "disagrees", ratios[worse], words


# ---- calls -----------------------------------------------------------------------------------------------------------
# What a model is called with and what it gives, in the forms that people have.


def call_of(batch):
    """(positional, keyword arguments) of a batch: a tensor, a dict of keywords, or a tuple that may end with one."""
    args = batch if isinstance(batch, tuple) else (batch,)
    return (args[:-1], dict(args[-1])) if args and isinstance(args[-1], Mapping) else (args, {})


def tokens_of(batch):
    """The token ids of a batch, [sequences, length]. Raises CouldNotCheck."""
    args, named = call_of(batch)
    for value in (*args, *named.values()):
        if isinstance(value, torch.Tensor) and value.ndim == 2 and value.dtype in (torch.int64, torch.int32):
            return value
    raise CouldNotCheck("it is not called with token ids")


def resized(batch, length, rows=1):
    """The batch with its first rows alone, repeated or cut to a length; masks and what else is as long goes along."""
    shape = tokens_of(batch).shape
    take = torch.arange(length) % shape[1]
    return changed(batch, lambda t: t[:rows, take] if t.shape[:2] == shape else t)


def numbers(output):
    """All that a model gives, a list of tensors: of a tuple, a dict, a dataclass; single numbers too."""
    found = list(everything(output, (torch.Tensor, bool, int, float, complex)))
    if not found:
        raise CouldNotCheck(f"it gives no numbers but {type(output).__name__}")
    return [torch.as_tensor(value) for value in found]


def first_of(output):
    """The logits, else the first tensor of what a module gives."""
    output = getattr(output, "logits", output)
    return output if isinstance(output, torch.Tensor) else next(everything(output))


# ---- modes -----------------------------------------------------------------------------------------------------------
# Ways to compute the same otherwise, without a second model: in float64, with other roundings, with the same draws.


WIDE = 4096  # columns of a matrix that are widened to float64 at a time
SHAKE = 4.0  # how many times the usual error of one rounding `Shaken` changes a number by
DROPS = ("dropout", "dropout1d", "dropout2d", "dropout3d")
RANDOM = {
    *DROPS, "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "normal_",
    "uniform_", "random_", "exponential_", "geometric_", "cauchy_", "log_normal_", "bernoulli", "bernoulli_", "poisson",
    "multinomial", "alpha_dropout", "feature_alpha_dropout", "rrelu", "gumbel_softmax",
}  # fmt: skip


class Float64(TorchFunctionMode):
    """Inside, each torch function works in float64, whatever dtype its arguments have or the model's code casts to.

    So the weights are widened for one operation at a time, and no second model is needed.
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, function.__name__
        # an attribute, such as weight.dtype; some rows of a table are widened, not all of it
        if name in ("__get__", "__getitem__", "embedding"):
            return cast(function(*args, **kwargs))
        if name == "grad":  # what it is asked of is in float64, what it is asked in is the model's own
            return function(*args, **kwargs)
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


class Shaken(TorchFunctionMode):
    """Inside, each new result is changed by some roundings, and what has no order of its own comes in another one.

    So the CPU shows what a healthy device may give where a small error decides: at the kink of a ReLU, between two
    equal experts. Whole numbers stay as they are. Numbers 0 and 1, 2 and 3, … change everything in opposite ways.
    """

    def __init__(self, number):
        super().__init__()
        self.sign, self.draws = (-1) ** number, torch.Generator().manual_seed(number // 2)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, function.__name__
        if name in INDICES and not kwargs.get("stable"):
            return self.reordered(name, function, args, kwargs)
        result = function(*args, **kwargs)
        old = {memory(value) for value in (*args, *kwargs.values())} - {None}
        new = lambda value: self.shaken(value) if memory(value) not in old else value  # noqa: E731
        if name != "grad" and type(result) is tuple:
            return tuple(map(new, result))
        return new(result) if type(result) is torch.Tensor else result

    def shaken(self, value):
        if memory(value) is None or not value.is_floating_point():
            return value
        noise = torch.randn(value.shape, generator=self.draws).to(value.dtype) * (value != value.detach().round())
        return value * (1 + self.sign * SHAKE * torch.finfo(value.dtype).eps / 4 * noise)

    def reordered(self, name, function, args, kwargs):
        """The same of the values in another order, with the places where they were: of equal ones another is taken."""
        at = 2 if name in ("topk", "kthvalue") else 1
        dim = kwargs.get("dim", args[at] if len(args) > at else None if "median" in name else -1)
        if dim is None or not args or not args[0].ndim:
            return function(*args, **kwargs)
        order = torch.randperm(args[0].shape[dim], generator=self.draws)
        order = order if self.sign > 0 else order.flip(0)
        result = function(args[0].index_select(dim, order), *args[1:], **kwargs)
        return order[result] if name == "argsort" else type(result)((result[0], order[result[1]]))


def memory(value):
    """Where the numbers of a tensor are, the same for its views; None for anything else."""
    return (
        value.untyped_storage().data_ptr()
        if isinstance(value, torch.Tensor) and value.layout is torch.strided
        else None
    )


class SameDraws(TorchFunctionMode):
    """Inside, random numbers are drawn on the CPU in float32: the same on each device and in each dtype."""

    def __init__(self):
        super().__init__()
        self.state = torch.get_rng_state()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = dict(kwargs or {}), function.__name__
        if name not in RANDOM:
            return function(*args, **kwargs)
        like = next((value for value in args if isinstance(value, torch.Tensor)), torch.empty(0))
        device, dtype = kwargs.pop("device", like.device), kwargs.pop("dtype", None) or like.dtype
        if not dtype.is_floating_point:
            kwargs["dtype"] = dtype
        narrow = lambda v: cast(v, torch.float32).cpu() if isinstance(v, torch.Tensor) else v  # noqa: E731
        outside = torch.get_rng_state()
        torch.set_rng_state(self.state)
        drawn = function(*([torch.ones(like.shape), *args[1:]] if name in DROPS else map(narrow, args)), **kwargs)
        self.state = torch.get_rng_state()
        torch.set_rng_state(outside)
        drawn = drawn.to(device, dtype) if drawn.is_floating_point() else drawn.to(device)
        return like * drawn if name in DROPS else like.copy_(drawn) if name.endswith("_") else drawn


# ---- copies ----------------------------------------------------------------------------------------------------------
# Copies of a value with other tensors: what reads a tensor of it, functions that close over it too, reads the copy's.


def changed(value, change, memo=None):
    """A copy of a value of any type, with `change` of each tensor in it; `memo` has what is changed otherwise, by id.

    Functions that read such tensors, as the wrappers of a module do that close over it, read the copy.
    """
    memo, functions = {} if memo is None else memo, []
    for leaf in list(everything(value, (torch.Tensor, torch.Generator, types.FunctionType))):
        if id(leaf) in memo:
            continue
        if isinstance(leaf, torch.nn.Parameter):
            memo[id(leaf)] = torch.nn.Parameter(change(leaf), leaf.requires_grad)
        elif isinstance(leaf, torch.Tensor):
            memo[id(leaf)] = change(leaf)
        elif isinstance(leaf, torch.Generator):  # it gives the same numbers each time
            memo[id(leaf)] = torch.Generator(leaf.device).set_state(leaf.get_state())
        elif any(True for _ in everything(parts(leaf))):
            cells = tuple(types.CellType() for _ in leaf.__closure__ or ())
            memo[id(leaf)] = types.FunctionType(leaf.__code__, dict(leaf.__globals__), leaf.__name__, None, cells)
            functions.append(leaf)

    def own(part):  # deepcopy takes what is in `memo` as copied already, but that of Python 3.14 no functions
        return memo[id(part)] if id(part) in memo else copy.deepcopy(part, memo)

    def again(part):
        return own(part) if any(True for _ in everything(part)) else part

    copied = own(value)
    for function in functions:
        new, names = memo[id(function)], surroundings(function)
        new.__defaults__, new.__kwdefaults__ = again(function.__defaults__), again(function.__kwdefaults__)
        for cell, old in zip(new.__closure__ or (), function.__closure__ or ()):
            with contextlib.suppress(ValueError):  # it is empty
                cell.cell_contents = again(old.cell_contents)
        new.__globals__.update({name: again(names[name]) for name in set(names) & set(function.__globals__)})
    for module in everything(copied, torch.nn.Module):
        for table in [vars(module), *(held for held in vars(module).values() if isinstance(held, dict))]:
            functions = {name: held for name, held in table.items() if isinstance(held, types.FunctionType)}
            dict.update(table, {name: own(held) for name, held in functions.items()})  # that of diffusers refuses
    return copied


def everything(value, kinds=torch.Tensor, seen=None):
    """All tensors in a value, or all of other kinds, in order; one that stands there twice is given twice."""
    seen = {} if seen is None else seen
    if isinstance(value, kinds):
        yield value
    if id(value) not in seen and not isinstance(value, (torch.Tensor, str, bytes, type, types.ModuleType)):
        seen[id(value)] = value  # kept, so that no other value gets its id
        for part in parts(value):
            yield from everything(part, kinds, seen)


def parts(value):
    """What a value consists of: items, attributes, what a function reads outside itself."""
    if isinstance(value, (list, tuple, set)):
        return value
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, types.FunctionType):
        return [*surroundings(value).values(), value.__defaults__, value.__kwdefaults__]
    if isinstance(value, Mapping):
        return value.values()
    return [getattr(value, "__self__", None), *getattr(value, "__dict__", {}).values()]


def surroundings(function):
    """The variables by name that a function reads outside itself, without the functions of other modules."""
    names, own = inspect.getclosurevars(function), function.__module__
    read = {**names.globals, **names.nonlocals}
    return {n: v for n, v in read.items() if not isinstance(v, types.FunctionType) or v.__module__ == own}


# ---- outputs ---------------------------------------------------------------------------------------------------------
# The numbers of one output of a device, which the rule judges. For torch 2.0 and Python 3.9.


# of several equal values these may give any; max, min, argmax and argmin are documented to give the first
INDICES = ("sort", "argsort", "topk", "kthvalue", "median", "nanmedian", "mode")
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
    full = isinstance(error, MemoryError) or re.search("out of memory|(allocate|enough) memory", words)
    return f"not enough memory, the model is needed twice ({words})" if full else words


def need_device(device):
    """Raise CouldNotCheck unless torch can compute on the device."""
    try:
        torch.ones(2, device=device).add(1).cpu()
    except Exception as error:
        hint = "; on a Mac, take a Python for arm64 and see torch.backends.mps.is_available()"
        words = f"torch {torch.__version__} at {torch.__file__} has no device {device!r}"
        raise CouldNotCheck(words + (hint if device == "mps" else "")) from error


def newest_entry(name="gpt2"):
    """The newest of TransformerLens, where it is installed; it is not imported for that. It takes causal models alone."""
    with contextlib.suppress(OSError, ValueError):  # then loading says why
        if Path(name).is_dir() and not architecture(str(name)).endswith(("ForCausalLM", "LMHeadModel")):
            return "transformers"
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
        config = read("AutoConfig", source)
        tokenizer = read("AutoTokenizer", source) if hasattr(config, "vocab_size") else None  # images have no words
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


def architecture(source):
    """The class of transformers that a model was saved from, by its configuration; one for causal models if that is silent."""
    import transformers

    names = getattr(read("AutoConfig", source), "architectures", None) or []
    return next((name for name in names if hasattr(transformers, name)), "AutoModelForCausalLM")


def read(auto, source, **options):
    """Return what a class of transformers makes of a model; the weights of a GGUF file are widened."""
    import transformers

    folder = source
    if source.endswith(".gguf"):
        folder, options["gguf_file"] = Path(source).parent, Path(source).name
    return getattr(transformers, auto).from_pretrained(folder, **options)


def load(source, entry):
    """Return the model in float32 on the CPU, as the entry point makes it of what `find_model` gives."""
    if entry == "transformers":
        model, found = read(architecture(source), source, output_loading_info=True)
        if absent := sorted(found["missing_keys"]):  # transformers draws them at random, and says so on the way only
            raise CouldNotCheck(
                f"{source} has no weights for {len(absent)} parts of {type(model).__name__}: {absent[0]}, …"
            )
        return torch.nn.Module.float(model)  # its own refuses what was a GGUF file
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


# ---- plain -----------------------------------------------------------------------------------------------------------
# Values that can hold no path: all others are not shown.


PLAIN = re.compile(r"[\w.,:+ -]{1,200}", re.ASCII)
NOT_SHOWN = "(not shown)"


def plain(value: str) -> str:
    """The value, if it is a number or a few words; else that it is not shown."""
    return value if PLAIN.fullmatch(value) else NOT_SHOWN


# ---- command ---------------------------------------------------------------------------------------------------------
# Does a model compute on this device what it computes on the CPU? Copy this one file, run it with your own Python:


LENGTH = 61  # of the random sequences: no multiple of the blocks in which kernels work


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="gpt2", help="gpt2 (default), smollm2, ioi-small, a folder or a GGUF file")
    parser.add_argument("--entry", choices=["transformers", "bridge", "hooked"], help="by default the newest installed")
    parser.add_argument("--device", default="mps", help="any device of torch; mps by default")
    parser.add_argument("--quick", action="store_true", help=f"only {', '.join(QUICK)}")
    parser.add_argument("--repeat", type=int, default=3, help="how often the same input is run on the device, 3")
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
    entry = options.entry or newest_entry(options.model)
    model, tokenizer, config = load_model(options.model, entry)
    name = f"{options.model} through {type(model).__name__} (--entry {entry})"
    prompts = [ids for ids, _, _ in ioi_batches(tokenizer)]
    words = [tokenizer.decode(i) for i in prompts[0][0]] if prompts else "the names are not single tokens"
    print(f"model: {name}\ntokens: {words}", flush=True)
    inputs = inputs_for(model, config)
    batches = [inputs, *prompts[1:2]] if isinstance(inputs, torch.Tensor) else [inputs]
    report = validate(model, batches, options.device, tokenizer, name, options.quick, options.repeat)
    for check in report.checks:
        print(f"{check.name}: {check.verdict}, {check.text}" + (f", margin {check.margin:.3g}" if check.margin else ""))
    print(*report.lines, sep="\n")
    return report


def inputs_for(model, config):
    """Random inputs for a model of transformers: token ids, also for a decoder, or images. Raises CouldNotCheck."""
    draws, kind = torch.Generator().manual_seed(0), getattr(model, "main_input_name", "input_ids")
    if kind == "pixel_values":
        return {kind: torch.randn(2, config.num_channels, config.image_size, config.image_size, generator=draws)}
    if kind != "input_ids":
        raise CouldNotCheck(f"it is called with {kind}: hand over yours, `validate(model, inputs)` in a program")
    length = min(LENGTH, getattr(config, "max_position_embeddings", LENGTH))
    ids = torch.randint(config.vocab_size, (2, length), generator=draws)
    encoder = getattr(config, "is_encoder_decoder", False)
    return {"input_ids": ids, "decoder_input_ids": ids.flip(1)} if encoder else ids


def environment(device):
    """Return what the result depends on: device, versions, variables; a dict of strings, without folders and names."""
    system = platform.platform()
    if sys.platform == "darwin":  # macOS, its build, the chip; platform may say 16 of macOS 26 (cpython#135675)
        told = f"{said('sw_vers') or ''} {said('sysctl', '-n', 'machdep.cpu.brand_string') or ''}"
        system = " ".join(told.split()) or "macOS, its version is unknown"
    facts = {"device": device, "system": system, "python": platform.python_version(), "torch": torch.__version__}
    for package in ("transformers", "transformer-lens"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            facts[package] = importlib.metadata.version(package)
    starts = ("PYTORCH_ENABLE_MPS", "PYTORCH_MPS", "TRANSFORMERLENS_", "MPSCHECK_")
    facts.update({name: plain(value) for name, value in os.environ.items() if name.startswith(starts)})
    if "PYTORCH_ENABLE_MPS_FALLBACK" in facts:
        facts["note"] = "with PYTORCH_ENABLE_MPS_FALLBACK, what mps lacks runs on the CPU and is not checked"
    return facts


if __name__ == "__main__":
    sys.exit(main())
