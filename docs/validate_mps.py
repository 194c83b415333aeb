"""Does a model compute on this device what it computes on the CPU? Copy this one file and run it with your Python.

    python validate_mps.py                        GPT-2 on mps, through TransformerLens where it is installed
    python validate_mps.py --model ioi-small      no download: the folder models/ioi-small must be beside this file
    python validate_mps.py --model DIR --entry transformers

Exit status 0: agrees; 3: disagrees; anything else: could not check. In a program or a notebook:

    from validate_mps import validate
    print(validate(model, tokens, device="mps"))  # any torch.nn.Module, loaded on the CPU

A device may make ALLOWED_RATIO times the error that the CPU itself makes in float32, both measured against the CPU in
float64. An agreement covers what the last line names and no more. IOI is the task of Wang et al. 2023 (arXiv
2211.00593). For Python 3.9 and torch 2.0 or newer.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import importlib
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch.overrides import TorchFunctionMode

ALLOWED_RATIO = 10  # calibrated on healthy devices whose arithmetic differs
NOT_CHECKED = ("backward", "generation", "half precision", "longer inputs", "other models")
PROMPTS = (  # {B} is the name said twice, {A} the answer; the first is the example of Wang et al.
    "When {A} and {B} went to the store, {B} gave a drink to",
    "After {A} and {B} met at the school, {B} handed a ring to",
    "While {A} and {B} walked to the garden, {B} lent a book to",
    "Later {A} and {B} found a gift at the office, so {B} gave it to",
)
PAIRS = (("Mary", "John"), ("Tom", "Anna"), ("Alice", "Bob"), ("James", "Kate"), ("Sarah", "Paul"))


class CouldNotCheck(Exception):
    """There is no verdict; the message says why, and what to do."""


@dataclass(frozen=True)
class Check:
    """One comparison; `margin` is the device's error / the allowed error, None where there was nothing to compare."""

    name: str
    margin: float | None
    text: str
    lines: tuple = ()

    @property
    def verdict(self):
        return "could not check" if self.margin is None else "agrees" if self.margin <= 1 else "disagrees"


@dataclass(frozen=True)
class Report:
    """The result of `validate`: "agrees", "disagrees" or "could not check", the largest margin, and what it is about."""

    verdict: str
    margin: float | None
    checks: tuple
    subject: str
    not_checked: tuple = NOT_CHECKED

    def __str__(self):
        gaps = [f"{check.name}: {check.text}" for check in self.checks if check.margin is None]
        return "; ".join([f"{self.verdict.upper()}: {self.subject}", *gaps, f"Not checked: {', '.join(self.not_checked)}"])


@dataclass
class Run:
    """One model, on the CPU and on the device, and the inputs for it: what a check is given."""

    cpu: torch.nn.Module
    other: torch.nn.Module
    device: str
    batches: list
    tokenizer: object = None
    not_checked: list = field(default_factory=lambda: list(NOT_CHECKED))
    tokens: int = 0

    def outputs(self, inputs):
        """Return three outputs for `inputs`: of the device (left there), of the CPU, of the CPU in float64."""
        self.tokens += next(iter(inputs.values() if isinstance(inputs, Mapping) else inputs)).numel()
        got = forward(self.other, inputs, lambda t: t.to(self.device))
        if got.device.type != torch.device(self.device).type:
            raise CouldNotCheck(f"the model answered on {got.device}, not on {self.device}")
        return got, forward(self.cpu, inputs), float64_outputs(self.cpu, inputs)


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
    """Copy a model of the CPU to the device, tensor by tensor: strides and shared weights stay what they are."""
    done = {id(b): b.detach().to(device, copy=True) for b in model.buffers()}
    for p in model.parameters():
        done[id(p)] = torch.nn.Parameter(p.detach().to(device, copy=True), p.requires_grad)
    copied = copy.deepcopy(model, done)  # takes what is in `done` for copied already
    # TransformerLens keeps the device in .cfg too, which its own .to() sets
    return copied.to(device, print_details=False) if hasattr(model, "cfg") else copied.to(device)


class CastsToFloat64(TorchFunctionMode):
    """Inside, a model's own casts to float32 or less (in a softmax, a norm) give float64."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        def widen(value):
            return torch.float64 if isinstance(value, torch.dtype) and value.is_floating_point else value

        function = torch.Tensor.double if function is torch.Tensor.float else function
        return function(*map(widen, args), **{name: widen(value) for name, value in (kwargs or {}).items()})


def float64_outputs(model, inputs):
    """Return `forward` of a model of the CPU in float64; only the layer at work is widened, and restored after."""
    narrow = {}  # module -> [(its tensor, the data as it was)]

    def widen(module, _):
        own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
        narrow[module] = [(t, t.data) for t in own if t.is_floating_point() and t.dtype != torch.float64]
        for t, data in narrow[module]:
            t.data = data.double()

    def restore(module, *_):
        for t, data in narrow.pop(module, ()):
            t.data = data

    hooks = [module.register_forward_pre_hook(widen) for module in model.modules()]
    hooks += [module.register_forward_hook(restore) for module in model.modules()]
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with CastsToFloat64():
            return forward(model, inputs, lambda t: t.double() if t.is_floating_point() else t)
    finally:
        torch.set_default_dtype(default)
        for module in list(narrow):  # not empty only after an error
            restore(module)
        for hook in hooks:
            hook.remove()


def compare(name, got, cpu, exact):
    """Check a device's tensor by the error ratio: `got` of the device, `cpu` and the float64 `exact` of the CPU."""
    got = got.detach().cpu()  # not .to("cpu", torch.float64): on torch 2.14 that returns wrong values (pytorch#197715)
    if got.shape != cpu.shape:
        return Check(name, math.inf, f"shape {tuple(got.shape)}, on the CPU {tuple(cpu.shape)}")

    def special(t):
        return t.isnan() + 2 * t.isposinf() + 3 * t.isneginf()

    if odd := (special(got) != special(cpu)).sum().item():
        return Check(name, math.inf, f"NaN or Inf unlike the CPU at {odd} of {got.numel()} places")
    finite = cpu.isfinite() & exact.isfinite()
    if not finite.any():
        raise CouldNotCheck("the CPU itself gives no finite number")

    def rms(t):
        return t.double()[finite].square().mean().sqrt().item()

    error, scale = rms(got.double() - exact), torch.finfo(cpu.dtype).eps * rms(exact)
    allowed = ALLOWED_RATIO * max(rms(cpu.double() - exact), scale)
    margin = error / allowed if allowed else math.inf if error else 0.0
    return Check(name, margin, f"error {error:.3g}, {allowed:.3g} allowed, {got.numel()} values")


def ioi_batches(tokenizer):
    """Return [(ids [n, length], answers [n], other names [n])], all int64: first the headline prompt alone."""
    bos = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]  # first, as TransformerLens does

    def encode(text):
        return bos + tokenizer.encode(text, add_special_tokens=False)

    def token_of(name):  # None where the name is not one token
        ids = encode(f"to {name}")
        return ids[-1] if ids[:-1] == encode("to") and ids[-1] != tokenizer.unk_token_id else None

    def batch(prompt, pairs):
        ids = torch.tensor([encode(prompt.format(A=a, B=b)) for a, b in pairs])
        return ids, *(torch.tensor([token_of(name) for name in names]) for names in zip(*pairs))
    ...
