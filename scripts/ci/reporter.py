"""The experiment of TransformerLens#1178, in its environment: is pytorch#161640 its cause?

    python scripts/ci/reporter.py --device mps --out FILE

GPT-2 small through HookedTransformer answers the report's prompt on the CPU and on the device: as reported, and with two
cures of pytorch#161640, which reads a non-contiguous weight of F.linear wrongly. If both cures bring the CPU's numbers
back, that bug is the cause. If they do not, the cause is another bug, or the machine: a hosted macos-26 loses biases of
F.linear by itself (pytorch#192934, pytorch#188438), so calls that are known to be right are made before and after. The rule
is in src/mpscheck/known/cause.py. Then validate_mps.py looks at the same model. Prints the report's format, stores numbers as
JSON (results/reporter.schema.json). Exit code 0 if it ran, whatever it found; 2 if it could not run.

The report's Python is 3.9, which mpscheck itself is too new for: nothing of it is imported but that rule and the canaries.
"""

import argparse
import io
import json
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from mpscheck.known import cause as rule  # noqa: E402
from mpscheck.runs import canaries, stderr  # noqa: E402

PROMPT = "When Mary and John went to the store, John gave a drink to"
CPU_AS_REPORTED = {"p_mary": 0.6770, "p_john": 0.0235, "ld": 3.362, "top1": " Mary"}
MPS_AS_REPORTED = {"p_mary": 0.0000, "p_john": 0.0001, "ld": -0.994, "top1": " the"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="mps")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    try:
        torch.ones(1, device=options.device)
    except Exception as error:
        print(f"torch {torch.__version__} has no device {options.device!r} here: {error}", file=sys.stderr)
        return 2
    with written() as text:
        found = experiment(options.device)
    found["gpu_fault"] = stderr.gpu_fault(text.getvalue())
    said = f"cause: {rule.FOUND[rule.cause(found)]}"
    print(f"\n{said}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    store(options.out, found)  # before the long part: what is known is kept
    found["validate_mps"] = validate(options.device)
    text = store(options.out, found)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:  # so that the artifact is not the only copy
        with open(summary, "a", encoding="utf-8") as file:
            file.write(f"## TransformerLens#1178 again\n\n{said}\n\n```json\n{text}```\n")
    return 0


@contextmanager
def written():
    """Keep what this process writes to stderr within the block, where Metal alone says that the GPU failed; show it after."""
    text = io.StringIO()
    with tempfile.TemporaryFile("w+", errors="replace") as file:
        before = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield text
        finally:
            os.dup2(before, 2)
            os.close(before)
            file.seek(0)
            text.write(file.read())
            sys.stderr.write(text.getvalue())


def store(path, found):
    """Write a result as JSON; return the text."""
    text = json.dumps(found, indent=1, sort_keys=True, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")
    return text


def experiment(device):
    """Return a result: the environment, the canaries, and the four measurements as dicts of numbers."""
    calls = canaries_of(device, 0)
    runs = {"the CPU": measure("cpu", as_it_is)}
    for name, cure in zip(rule.ON_DEVICE, (as_it_is, pack_w_o, use_attn_result)):
        runs[name] = measure(device, cure)
        print(f"\n{name}\n{rule.line('cpu', runs['the CPU'])}\n{rule.line(device, runs[name])}", flush=True)
    calls += canaries_of(device, len(rule.ON_DEVICE))
    print(f"\nTransformerLens#1178 said\n{rule.line('cpu', CPU_AS_REPORTED)}\n{rule.line('mps', MPS_AS_REPORTED)}")
    return {
        "experiment": "TransformerLens#1178",
        "environment": environment(device),
        "prompt": PROMPT,
        "canaries": calls,
        "gpu_fault": None,
        "runs": runs,
        "validate_mps": None,
    }


def canaries_of(device, after):
    """Make the calls that are right on every healthy Mac, after so many measurements; return them as a run holds them."""
    found = [{**canary, "after": after} for canary in canaries.run_canaries(device)]
    for said in filter(None, map(rule.fitness.failure, found)):
        print(said, flush=True)
    return found


def measure(device, cure):
    """Load the model onto the device, cure it, and return its answer to the prompt as a dict of floats and a string."""
    from transformer_lens import HookedTransformer

    model = HookedTransformer.from_pretrained("gpt2", device=device)
    model.eval()
    cure(model)
    tokens = model.to_tokens(PROMPT)
    with torch.no_grad():
        logits = model(tokens)[0, tokens.shape[1] - 1]
        probabilities = torch.softmax(logits, dim=-1)  # on the device, as the report did
    mary, john = (model.to_tokens(name, prepend_bos=False)[0, 0].item() for name in (" Mary", " John"))
    return {
        "p_mary": rule.number(probabilities[mary].item()),
        "p_john": rule.number(probabilities[john].item()),
        "ld": rule.number(logits[mary].item() - logits[john].item()),
        "top1": model.to_string(logits.argmax().item()),
        "tokens": tokens.tolist(),
    }


def as_it_is(model):
    """No cure: what the reporter ran."""


def pack_w_o(model):
    """Lay out W_O so that the view that TransformerLens hands to F.linear is contiguous; its values stay."""
    for block in model.blocks:
        w = block.attn.W_O.data  # [head, d_head, d_model], handed over as [d_model, head * d_head]
        block.attn.W_O.data = w.permute(2, 0, 1).contiguous().permute(1, 2, 0)


def use_attn_result(model):
    """Let TransformerLens compute each head's output by itself, which makes no call of F.linear with W_O."""
    model.set_use_attn_result(True)


def environment(device):
    """Return what decides the numbers: versions and machine, a dict of strings, None for what the machine does not tell."""
    from importlib.metadata import version

    facts = {"python": platform.python_version(), "system": platform.system(), "device": device}
    facts["date"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    for name, command in {
        "macos": ["sw_vers", "-productVersion"],  # platform may say 16 of macOS 26 (python/cpython#135675)
        "macos_build": ["sw_vers", "-buildVersion"],
        "chip": ["sysctl", "-n", "machdep.cpu.brand_string"],
        "model": ["sysctl", "-n", "hw.model"],
        "virtual": ["sysctl", "-n", "kern.hv_vmm_present"],
    }.items():
        facts[name] = printed_by(command)
    facts["virtual"] = {"1": True, "0": False}.get(facts["virtual"])
    facts["image"] = os.environ.get("ImageVersion")
    run = [os.environ.get("GITHUB_" + name) for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    facts["address"] = "{}/{}/actions/runs/{}".format(*run) if all(run) else None
    return {
        **facts,
        **{package: version(package) for package in ("torch", "transformer-lens", "transformers", "numpy")},
    }


def printed_by(command):
    """Return what a program prints; None where it fails or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return (done.stdout.strip() or None) if done.returncode == 0 else None


def validate(device):
    """Run validate_mps.py on the same model; return its exit code and what it printed, read as JSON if it is."""
    command = [
        sys.executable,
        str(ROOT / "snippets" / "validate_mps.py"),
        "--model",
        "gpt2",
        "--device",
        device,
        "--json",
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="")
    try:
        printed = json.loads(done.stdout)
    except ValueError:
        printed = done.stdout
    return {"exit_code": done.returncode, "printed": printed}


if __name__ == "__main__":
    sys.exit(main())
