"""Is this Mac fit to measure? One answer before many jobs are started.

    python scripts/ci/preflight.py --device mps --out FILE

Shows the error itself where torch cannot use the device, the facts of the machine, a few calls that are right on every
healthy Mac, and five snippets. Exit code 0 if the machine can measure, whatever the snippets found; 2 if it cannot: then
the last line says why.
"""

import argparse
import itertools
import subprocess
import sys
from pathlib import Path

import summary

from mpscheck.runs import provenance

SNIPPETS = (  # torch 2.8.0 has the first three of these bugs, and not the others
    "linear-noncontiguous-weight",
    "sdpa-noncontiguous-regression-28",
    "index-copy-strided-index",
    "addmm-square-matrices",
    "rand-5d-batches-identical",
)
# All operands are contiguous, float32, and small.
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
device, *expressions = sys.argv[1:]
g = torch.Generator().manual_seed(0)
x, w, b = torch.randn(2, 64, 128, generator=g), torch.randn(384, 128, generator=g), torch.randn(384, generator=g)
for expression in expressions:
    try:
        values = {"F": F, "x": x, "w": w, "b": b}
        got, exact = (eval(expression, {**values, "device": name}).cpu() for name in (device, "cpu"))
        error, largest = (got - exact).abs().max().item(), exact.abs().max().item()
        said = f"{'right' if error <= 1e-3 * largest else 'WRONG'}: error {error:.3g}, largest value {largest:.3g}"
    except Exception as problem:
        said = f"{type(problem).__name__}: {problem}"
    print(said.replace(chr(10), " "), flush=True)
"""
LIMIT = 300  # seconds for all of them, torch's own start included


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="mps")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    calls = made(options.device)
    unfit = [name for name in NEEDED if not calls[name].startswith("right")]
    where = provenance.collect("cpu" if unfit else options.device)
    summary.add("## This machine\n\n" + listed({name: fact for name, fact in where.items() if fact not in (None, {})}))
    summary.add("\n## Calls that are known to be right\n\n" + listed(calls))
    if unfit:
        sentence = f"This machine cannot measure on {options.device}: {unfit[0]}: {calls[unfit[0]]}"
        summary.add(f"\n{sentence}\n")
        print(sentence, file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "mpscheck.cli", "run", *SNIPPETS, "--device", options.device, "--out", options.out]
    measured = subprocess.run(command).returncode
    summary.add("\n" + summary.summary_of(options.out))
    return 2 if measured == 2 else 0  # a surprise is an answer


def listed(entries: dict) -> str:
    """A list in Markdown."""
    return "".join(f"- {name}: {entry}\n" for name, entry in entries.items())


def made(device: str) -> dict[str, str]:
    """Each call: `right` or `WRONG` with its figures, or the error. In a process of its own, which may crash or hang."""
    command = [sys.executable, "-c", CODE, device, *CALLS.values()]
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT)
        end = ""
    except subprocess.TimeoutExpired as stopped:
        done, end = stopped, f"no answer within {LIMIT} seconds"
    answers, written = ((text or b"").decode(errors="replace").strip() for text in (done.stdout, done.stderr))
    print(written, file=sys.stderr)  # what torch and Metal say of it, in full
    end = end or next(iter(written.splitlines()[-1:]), f"the process ended before: exit code {done.returncode}")
    return dict(itertools.zip_longest(CALLS, answers.splitlines(), fillvalue=end))


if __name__ == "__main__":
    sys.exit(main())
