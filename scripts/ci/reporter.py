"""The experiment of TransformerLens#1178, in its environment: is pytorch#161640 its cause?

    python scripts/ci/reporter.py --device mps --out FILE

GPT-2 small through HookedTransformer answers the report's prompt on the CPU and on the device: as reported, and with two
cures of pytorch#161640, which reads a non-contiguous weight of F.linear wrongly. If both cures bring the CPU's numbers
back, that bug is the cause. Then validate_mps.py looks at the same model. Prints the report's format, stores all as JSON.
Exit code 0 if it ran, whatever it found; 2 if it could not run. For Python 3.9; nothing of this project is imported.
"""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
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
    found = experiment(options.device)
    print(f"\ncause: {found['cause']}")
    found["validate_mps"] = validate(options.device)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def experiment(device):
    """Return the environment, the four measurements as dicts of numbers, and what follows from them."""
    runs = {"the CPU": measure("cpu", as_it_is)}
    for name, cure in {"as reported": as_it_is, "W_O packed": pack_w_o, "use_attn_result": use_attn_result}.items():
        runs[name] = measure(device, cure)
        print(f"\n{name}\n{line('cpu', runs['the CPU'])}\n{line(device, runs[name])}", flush=True)
    print(f"\nTransformerLens#1178 said\n{line('cpu', CPU_AS_REPORTED)}\n{line('mps', MPS_AS_REPORTED)}")
    return {"environment": environment(device), "prompt": PROMPT, "runs": runs, "cause": cause(runs)}


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
        "p_mary": probabilities[mary].item(),
        "p_john": probabilities[john].item(),
        "ld": logits[mary].item() - logits[john].item(),
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


def cause(runs):
    """Say what the four measurements show of pytorch#161640 as the cause of the report."""
    wrong = {name: differs(run, runs["the CPU"]) for name, run in runs.items()}
    if not wrong["as reported"]:
        return "not shown: the device agrees with the CPU even without a cure, so the report is not reproduced here"
    if not wrong["W_O packed"] and not wrong["use_attn_result"]:
        return "pytorch#161640: the numbers are wrong as reported, and right with each of its two cures"
    return "not pytorch#161640 alone: the numbers stay wrong with a cure of it"


def differs(a, b):
    """Tell whether two measurements differ by more than rounding does: 0.01 in a probability or 0.1 in a logit."""
    return abs(a["p_mary"] - b["p_mary"]) > 0.01 or abs(a["ld"] - b["ld"]) > 0.1 or a["top1"] != b["top1"]


def line(device, run):
    """Return one measurement in the format of the report."""
    numbers = "P(Mary)={p_mary:.4f} P(John)={p_john:.4f} LD={ld:+.3f} Top1='{top1}'".format(**run)
    return f"[{device.upper()}] {numbers}"


def environment(device):
    """Return what decides the numbers: versions and machine, a dict of strings."""
    from importlib.metadata import version

    packages = ("torch", "transformer-lens", "transformers", "numpy")
    facts = {"python": platform.python_version(), "system": platform.system(), "device": device}
    for name, command in {
        "macos": ["sw_vers", "-productVersion"],  # platform may say 16 of macOS 26 (python/cpython#135675)
        "macos_build": ["sw_vers", "-buildVersion"],
        "chip": ["sysctl", "-n", "machdep.cpu.brand_string"],
    }.items():
        if sys.platform == "darwin":
            facts[name] = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return {**facts, **{package: version(package) for package in packages}}


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
