"""Is this Mac fit to measure? One answer before many jobs are started.

    python scripts/ci/preflight.py --device mps --out FILE

Shows the error itself where torch cannot use the device, the facts of the machine, a few calls that are right on every
healthy Mac, and five snippets. Exit code 0 if the machine can measure, whatever the snippets found; 2 if it cannot: then
the last line says why.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import summary

from mpscheck.runs import provenance

SNIPPETS = (  # with torch 2.8.0 the first three are expected to be found sick, the others healthy
    "linear-noncontiguous-weight",
    "sdpa-noncontiguous-regression-28",
    "index-copy-strided-index",
    "addmm-square-matrices",
    "rand-5d-batches-identical",
)
# Each in a process of its own, which a wedged GPU cannot keep for ever. All operands are contiguous, float32, and small.
CALLS = {
    "allocate and copy back": "x.to(device)",
    "add": "x.to(device) + 1",
    "build a kernel: sin": "x.to(device).sin()",
    "matmul, 2-D": "x[0].to(device) @ w.to(device).T",
    "F.linear, 2-D input, bias": "F.linear(x[0].to(device), w.to(device), b.to(device))",
    "F.linear, 3-D input, no bias": "F.linear(x.to(device), w.to(device))",
    "F.linear, 3-D input, bias (pytorch#192934)": "F.linear(x.to(device), w.to(device), b.to(device))",
    "softmax": "x.to(device).softmax(-1)",
}
NEEDED = tuple(CALLS)[:3]  # without these a machine cannot measure at all
CODE = """
import sys, torch
from torch.nn import functional as F
g = torch.Generator().manual_seed(0)
x, w, b = torch.randn(2, 64, 128, generator=g), torch.randn(384, 128, generator=g), torch.randn(384, generator=g)
got, exact = (eval(sys.argv[2], {"F": F, "x": x, "w": w, "b": b, "device": device}).cpu() for device in (sys.argv[1], "cpu"))
error, largest = (got - exact).abs().max().item(), exact.abs().max().item()
print(f"{'right' if error <= 1e-3 * largest else 'WRONG'}: error {error:.3g}, largest value {largest:.3g}")
"""
LIMIT = 120  # seconds for one call, torch's own start included


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="mps")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    calls = {name: call(options.device, expression) for name, expression in CALLS.items()}
    facts = {name: value for name, value in provenance.collect(options.device).items() if value not in (None, {})}
    summary.add("## This machine\n\n" + "".join(f"- {name}: {value}\n" for name, value in facts.items()))
    summary.add(
        "\n## Calls that are known to be right\n\n" + "".join(f"- {name}: {said}\n" for name, said in calls.items())
    )
    unfit = [name for name in NEEDED if not calls[name].startswith("right")]
    if unfit:
        sentence = f"This machine cannot measure on {options.device}: {unfit[0]}: {calls[unfit[0]]}"
        summary.add(f"\n{sentence}\n")
        print(sentence, file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "mpscheck.cli", "run", *SNIPPETS, "--device", options.device, "--out", options.out]
    measured = subprocess.run(command).returncode
    summary.add("\n" + summary.summary_of(options.out))
    return 2 if measured == 2 else 0  # a surprise is an answer


def call(device: str, expression: str) -> str:
    """`right` or `WRONG` with its figures; where it failed, what torch or Metal said last."""
    command = [sys.executable, "-c", CODE, device, expression]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return f"no answer within {LIMIT} seconds"
    if done.returncode == 0 and done.stdout:
        return done.stdout.strip()
    print(done.stderr, file=sys.stderr)  # all of it stands in the log
    return next(iter(done.stderr.strip().splitlines()[-1:]), f"exit code {done.returncode}, and not a word")


if __name__ == "__main__":
    sys.exit(main())
