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
import importlib
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

ALLOWED_RATIO = 10  # calibrated on healthy devices whose arithmetic differs from the CPU's
NOT_CHECKED = ("backward", "generation", "half precision", "longer inputs", "other models")
PROMPTS = (  # {B} is said twice, {A} is the answer; the first prompt is the example of Wang et al.
    "When {A} and {B} went to the store, {B} gave a drink to",
    "After {A} and {B} met at the school, {B} handed a ring to",
    "While {A} and {B} walked to the garden, {B} lent a book to",
    "Later {A} and {B} found a gift at the office, so {B} gave it to",
)
PAIRS = (("Mary", "John"), ("Tom", "Anna"), ("Alice", "Bob"), ("James", "Kate"))
ENTRIES = {"transformers": "AutoModelForCausalLM", "bridge": "TransformerBridge", "hooked": "HookedTransformer"}


class CouldNotCheck(Exception):
    """There is no verdict; the message says why and what to do."""


@dataclass(frozen=True)
class Check:
    """One comparison. `margin` is the device's error / the allowed error; None: no answer, and `text` says why."""

    name: str
    margin: float | None
    text: str
    lines: tuple = ()

    @property
    def verdict(self):
        return "could not check" if self.margin is None else "agrees" if self.margin <= 1 else "disagrees"


@dataclass(frozen=True)
class Report:
    """What `validate` found: "agrees", "disagrees" or "could not check"; `margin` is the largest one of `checks`."""

    verdict: str
    subject: str  # what was compared, or why nothing was
    margin: float | None = None
    checks: tuple = ()
    not_checked: tuple = NOT_CHECKED

    def __str__(self):
        gaps = [f" {check.name}: {check.text}." for check in self.checks if check.margin is None]
        return f"{self.verdict.upper()}: {self.subject}.{''.join(gaps)} Not checked: {', '.join(self.not_checked)}."


@dataclass
class Run:
    """One model on the CPU and on the device, and batches of inputs for it: what a check works on."""

    cpu: torch.nn.Module
    other: torch.nn.Module
    device: str
    batches: list  # each a tuple or a mapping of tensors of the CPU
    tokenizer: Any = None
    tokens: int = 0

    def outputs(self, inputs):
        """Return three outputs for `inputs`: the device's (still there), the CPU's, the CPU's in float64."""
        self.tokens += next(iter(inputs.values() if isinstance(inputs, Mapping) else inputs)).numel()
        got = forward(self.other, inputs, lambda t: t.to(self.device))
        if got.device.type != torch.device(self.device).type:
            raise CouldNotCheck(f"the model answered on {got.device} instead of {self.device}")
        return got, forward(self.cpu, inputs), in_float64(self.cpu, inputs)


def forward(model, inputs, move=lambda t: t):
    """Call the model on a tuple or a mapping of tensors, without gradients; return its logits or first output."""
    with torch.no_grad():
        if isinstance(inputs, Mapping):
            output = model(**{name: move(t) for name, t in inputs.items()})
        else:
            output = model(*map(move, inputs))
    output = getattr(output, "logits", output)
    return output if isinstance(output, torch.Tensor) else output[0]


def copy_to(model, device):
    """Copy a model of the CPU to the device tensor by tensor: strides and shared weights stay as they are."""
    moved = {id(b): b.detach().to(device, copy=True) for b in model.buffers()}
    for p in model.parameters():
        moved[id(p)] = torch.nn.Parameter(p.detach().to(device, copy=True), p.requires_grad)
    copied = copy.deepcopy(model, moved)  # deepcopy takes what is in `moved` as copied already
    # TransformerLens notes the device in .cfg too; its own .to() sets that
    return copied.to(device, print_details=False) if hasattr(model, "cfg") else copied.to(device)


class Float64(TorchFunctionMode):
    """Inside, each torch function works in float64, whatever its arguments are and the model's code casts to."""

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
    """Return `forward` of a model of the CPU in float64. The weights of one operation at a time are widened."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with Float64():
            return forward(model, inputs).double()
    finally:
        torch.set_default_dtype(default)


def compare(name, got, cpu, exact):
    """Return the Check of a device's tensor `got` by the error ratio; `exact` is the CPU's answer in float64."""
    got = got.detach().cpu()  # and then .double(): torch 2.14 leaves .to("cpu", float64) unwritten (pytorch#197715)
    if got.shape != cpu.shape:
        return Check(name, math.inf, f"shape {tuple(got.shape)}, on the CPU {tuple(cpu.shape)}")

    def special(t):
        return t.isnan() + 2 * t.isposinf() + 3 * t.isneginf()

    def rms(t):
        return t[finite].square().mean().sqrt().item()

    odd = (special(got) != special(cpu)).sum().item()
    if odd:
        return Check(name, math.inf, f"NaN or Inf unlike the CPU at {odd} of {got.numel()} places")
    finite = cpu.isfinite() & exact.isfinite()
    if not finite.any():
        return Check(name, None, "the CPU itself gives no finite number")
    error, cpu_error = rms(got.double() - exact), rms(cpu.double() - exact)
    allowed = ALLOWED_RATIO * max(cpu_error, torch.finfo(cpu.dtype).eps * rms(exact))
    margin = error / allowed if allowed else math.inf if error else 0.0
    return Check(name, margin, f"error {error:.3g}, {allowed:.3g} allowed, in {got.numel()} values")


def worst(name, checks, lines=()):
    """Return the Check of largest margin, under this name; one without an answer only if there is no other."""
    check = max(checks, key=lambda check: -1 if check.margin is None else check.margin)
    return Check(name, check.margin, check.text, tuple(lines))


def check_logits(run):
    """Compare all logits: each sequence, position and id."""
    return worst("logits", [compare("logits", *run.outputs(inputs)) for inputs in run.batches])


def ioi_batches(tokenizer):
    """Return [(ids [n, length], answers [n], other names [n])], int64: the headline prompt alone, then both orders of
    each prompt. Empty if the names are not single tokens of this tokenizer."""
    bos = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]  # always, as TransformerLens does

    def encode(text):
        return bos + tokenizer.encode(text, add_special_tokens=False)

    def token_of(name):  # None unless the name is one known token
        ids = encode(f"to {name}")
        return ids[-1] if ids[:-1] == encode("to") and ids[-1] != tokenizer.unk_token_id else None

    def batch(prompts, pairs):
        rows = [(prompt.format(A=a, B=b), token_of(a), token_of(b)) for prompt in prompts for a, b in pairs]
        texts, answers, others = zip(*rows)
        return torch.tensor([encode(text) for text in texts]), torch.tensor(answers), torch.tensor(others)

    pairs = [pair for pair in PAIRS if None not in map(token_of, pair)]
    both_orders = [(prompt, prompt.replace("{A} and {B}", "{B} and {A}")) for prompt in PROMPTS]
    return [batch(PROMPTS[:1], pairs[:1]), *(batch(prompts, pairs) for prompts in both_orders)] if pairs else []


def check_ioi(run):
    """Compare logit differences and probabilities of the two names; None (not checked) without a fit tokenizer."""
    batches = ioi_batches(run.tokenizer) if run.tokenizer else []
    labels, checks, correct, lines = (run.device.upper(), "CPU"), [], {}, []
    for ids, answers, others in batches:
        rows, figures = torch.arange(len(ids)), []
        for label, logits in zip((*labels, "exact"), run.outputs((ids,))):
            last = logits[:, -1]
            p, last = last.softmax(-1).cpu(), last.cpu()  # the softmax is the device's own
            difference = last[rows, answers] - last[rows, others]
            figures.append((difference, torch.stack([p[rows, answers], p[rows, others]])))
            correct.setdefault(label, []).extend((difference > 0).tolist())
            if len(lines) < 2:
                ...
