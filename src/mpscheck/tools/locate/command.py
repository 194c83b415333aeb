"""Where is it wrong? The first op, and its module, where a device leaves the CPU although its inputs were right.

    python locate_divergence.py                        GPT-2 on mps, through TransformerLens where it is installed
    python locate_divergence.py --model DIR --entry transformers --prompt "Any text"

Exit status 0: no op diverges and the whole forward pass agrees; 3: found; anything else: could not check. In a notebook,
for any torch.nn.Module of yours on the CPU: `from locate_divergence import locate; print(locate(model, tokens))`.

The model runs once on the CPU. Each op that it calls is computed on the device too, before torch takes it apart, for the
CPU's inputs in the CPU's layout, so errors do not add up. What is found comes with a program that shows it without the
model, and that was run here. At the end the whole model runs on the device, for what the inputs alone do not show.
For Python 3.9 and torch 2.4 or newer.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from mpscheck.bugs.recorder import PRE_DISPATCH, around, best_level
from mpscheck.runs.macos import macos_version
from mpscheck.tools.known import Known, read_known
from mpscheck.tools.locate.lockstep import LockStep
from mpscheck.tools.locate.recognize import recognized
from mpscheck.tools.locate.replay import tensors_in
from mpscheck.tools.locate.reproduce import Reproduction, reproduce, run_in_process
from mpscheck.tools.locate.text import Report, as_json
from mpscheck.tools.locate.whole import Before, compare_whole, compare_with_choices, look_from_the_device, twin_model
from mpscheck.tools.models import CouldNotCheck, explain, load_model, need_device, newest_entry

PROMPT = "When Mary and John went to the store, John gave a drink to"  # the example of Wang et al. (arXiv 2211.00593)


def locate(
    model: torch.nn.Module,
    *args,
    device: str = "mps",
    repeat: int = 1,
    backward: bool = False,
    every: bool = False,
    known: tuple[Known, ...] | None = None,
    run: Callable[[str], str] = run_in_process,
    folder: str | Path = ".",
    **kwargs,
) -> Report:
    """Find the first op where a device leaves the CPU although its inputs are right.

    Args:
        model: any module, on the CPU. It stays there; it runs once, in the mode (train or eval) that it is in.
        args, kwargs: what it is called with; tensors on the CPU.
        repeat: how often the device computes each op: more than once also finds what differs from itself.
        backward: compare the gradients of each op too, with those that come in when the output's are random (or 1).
        every: reproduce all that is wrong, not the first alone.
        known: the bugs to recognize, by default those that the single file carries.
        run: what executes a reproduction; a process of its own by default.
        folder: where the numbers of a reproduction are saved, if random ones do not show it.

    Ctrl-C ends it early, with what was found until then.
    Raises CouldNotCheck if the device is not there or the model is not on the CPU; whatever the model raises.
    """
    need_torch()
    need_device(device)
    weights = [*model.parameters(), *model.buffers()]
    if any(t.device.type != "cpu" for t in weights + tensors_in((args, kwargs))):
        raise CouldNotCheck("model and inputs must be on the CPU: they are copied to the device here")
    if backward and best_level() != PRE_DISPATCH:
        raise CouldNotCheck(f"torch {torch.__version__} lacks what is needed to compare gradients, op by op")
    started = time.perf_counter()
    steps = LockStep(model, device, repeat, backward)
    steps.keep([weight.detach() for weight in weights])
    steps.place(tensors_in((args, kwargs)), True)
    try:
        whole, text = follow(model, args, kwargs, steps)
        stopped = False
    except KeyboardInterrupt:  # what was found until then is worth having
        whole, text, stopped = None, "stopped before the end", True
    system = f", macOS {macos_version()}" if macos_version() else ""
    report = Report("could not check", f"{device} against the CPU, torch {torch.__version__}{system}", steps.findings)
    report.whole, report.whole_text, report.refused = whole, text, steps.refused
    report.counts, report.runs = dict(steps.counts), dict(steps.runs)
    bugs = read_known(globals().get("CATALOGUE", ())) if known is None else known
    for finding in steps.findings if every else steps.findings[:1]:
        report.bugs.append(recognized(finding, bugs, steps))
        not_tried = Reproduction("", False, "stopped before it was tried")
        report.reproductions.append(not_tried if stopped else reproduce(finding.outer, device, run, Path(folder)))
    if steps.findings or whole is False:
        report.verdict = "diverges"
    elif whole:
        report.verdict = "agrees"
    report.seconds = time.perf_counter() - started
    return report


def need_torch() -> None:
    """Raise CouldNotCheck unless torch is new enough to follow its ops."""
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 4):
        raise CouldNotCheck(f"torch {torch.__version__} is too old: this needs 2.4 or newer")


def follow(model: torch.nn.Module, args: tuple, kwargs: dict, steps: LockStep) -> tuple[bool | None, str]:
    """All passes over the model: whether the whole forward agrees (None: not compared), and that in words."""
    twin, twin_error = twin_model(model, steps)
    before = Before(model, args, kwargs)
    with torch.set_grad_enabled(steps.backward), steps.where.following(), around(steps.handle):
        output = model(*args, **kwargs)
    if steps.backward:
        run_backward(model, output)
    if twin is None:
        return None, twin_error
    whole, text = compare_whole(before, twin, output, steps)
    if not whole and not steps.findings and not steps.counts["random"]:
        counts = steps.counts.copy()
        there = look_from_the_device(before, twin, steps)
        steps.counts = counts  # those of the first pass are what the report gives
        if there is not None and not steps.findings:
            return compare_with_choices(before, twin, there) or (whole, text)
    return whole, text


def run_backward(model: torch.nn.Module, output) -> None:
    """The model's own backward pass, from the first result that has a gradient; what it computes is dropped."""
    results = [t for t in tensors_in(output) if t.requires_grad]
    weights = [p for p in model.parameters() if p.requires_grad]
    if not results or not weights:
        raise CouldNotCheck("the output has no gradient: backward needs parameters with requires_grad")
    generator = torch.Generator().manual_seed(0)
    incoming = torch.randn(results[0].shape, generator=generator) if results[0].numel() != 1 else torch.ones(())
    incoming = incoming.to(results[0].dtype).reshape(results[0].shape)
    torch.autograd.grad(results[0], weights, incoming, allow_unused=True)


# ---- the command --------------------------------------------------------------------------------------------------


def run_command(options) -> Report:
    """Do what the command line asks."""
    need_torch()
    need_device(options.device)
    entry = options.entry or newest_entry()
    model, tokenizer, _ = load_model(options.model, entry)
    model = model.to(getattr(torch, options.dtype))
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]  # put first, as TransformerLens does
    tokens = torch.tensor([start + tokenizer.encode(options.prompt, add_special_tokens=False)])
    report = locate(
        model.eval(),
        tokens,
        device=options.device,
        repeat=options.repeat,
        backward=options.backward,
        every=options.all,
    )
    name = (
        f"{options.model} through {type(model).__name__} (--entry {entry}), {str(next(model.parameters()).dtype)[6:]}"
    )
    report.subject = f"{name}, {tokens.numel()} tokens, {report.subject}, {report.seconds:.1f} s"
    return report


def at_least_1(text: str) -> int:
    """A whole number from 1 on. Raises what argparse turns into one sentence."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", default="gpt2", help="gpt2 (the default), smollm2, ioi-small, a folder or a GGUF file"
    )
    parser.add_argument("--entry", choices=["transformers", "bridge", "hooked"], help="transformers or TransformerLens")
    parser.add_argument("--device", default="mps", help="any device of torch, mps by default")
    parser.add_argument("--prompt", default=PROMPT, help="the text that the model reads")
    parser.add_argument("--dtype", choices=["float32", "float16", "bfloat16"], default="float32", help="of the model")
    parser.add_argument("--all", action="store_true", help="show and reproduce all that is wrong: a process for each")
    parser.add_argument("--repeat", type=at_least_1, default=1, metavar="N", help="compute each op N times there")
    parser.add_argument(
        "--backward", action="store_true", help="gradients too: some 5 forwards more, all activations kept"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    options = parser.parse_args(arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what libraries print must not mix with the answer
            report = run_command(options)
    except KeyboardInterrupt:
        report = Report("could not check", "", whole_text="stopped before the end")
    except Exception as error:  # no traceback for a user who cannot do anything with it
        report = Report("could not check", explain(error))
    if options.json:
        print(json.dumps(as_json(report)))
    elif report.counts:
        print(report)
    else:
        print(f"COULD NOT CHECK: {report.subject or report.whole_text}")
    return {"agrees": 0, "diverges": 3}.get(report.verdict, 2)


if __name__ == "__main__":
    sys.exit(main())
