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

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import sys
from dataclasses import asdict

import torch

from mpscheck.runs.macos import said
from mpscheck.runs.plain import plain
from mpscheck.tools.models import CouldNotCheck, explain, load_model, need_device, newest_entry
from mpscheck.tools.validate.checks import QUICK, ioi_batches
from mpscheck.tools.validate.report import Report, validate

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
