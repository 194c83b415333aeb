"""Is this Mac fit to measure? One answer before many jobs are started.

    python scripts/ci/preflight.py --device mps --out FILE

Shows the error itself where torch cannot use the device, the facts of the machine, the canaries that a run makes too, and
five snippets. Exit code 0 if the machine can measure, whatever the snippets found; 2 if it cannot: then the last line says
why.
"""

import argparse
import itertools
import json
import subprocess
import sys
from pathlib import Path

import summary

from mpscheck.runs import canaries, fitness, provenance, stderr

SNIPPETS = (  # torch 2.8.0 has the first three of these bugs, and not the others
    "linear-noncontiguous-weight",
    "sdpa-noncontiguous-regression-28",
    "index-copy-strided-index",
    "addmm-square-matrices",
    "rand-5d-batches-identical",
)
CODE = """
import json, sys
from mpscheck.runs import canaries
for name in canaries.NAMES:
    print(json.dumps(canaries.run_canaries(sys.argv[1], [name])[0]["attempt"]), flush=True)
"""
RIGHT = "right"
LIMIT = 300  # seconds for all of them, torch's own start included

DEADLINE = "8"  # minutes for the snippets; the job has twenty


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="mps")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    calls = made(options.device)
    unfit = [canary.said for canary in canaries.MACHINE if calls[canary.said] != RIGHT]
    where = provenance.collect("cpu" if unfit else options.device)
    summary.add("## This machine\n\n" + listed({name: fact for name, fact in where.items() if fact not in (None, {})}))
    summary.add("\n## Calls that are known to be right\n\n" + listed(calls))
    if unfit:
        sentence = f"This machine cannot measure on {options.device}: {unfit[0]}: {calls[unfit[0]]}"
        summary.add(f"\n{sentence}\n")
        print(sentence, file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "mpscheck.cli", "run", *SNIPPETS, "--device", options.device, "--out", options.out]
    command += ["--deadline", DEADLINE]
    measured = subprocess.run(command).returncode
    summary.add("\n" + summary.summary_of(options.out))
    return 2 if measured == 2 else 0  # a surprise is an answer


def listed(entries: dict) -> str:
    """A list in Markdown."""
    return "".join(f"- {name}: {entry}\n" for name, entry in entries.items())


def made(device: str) -> dict[str, str]:
    """Each canary: RIGHT, or what it gave instead. In a process of its own, which may crash or hang."""
    try:
        done = subprocess.run([sys.executable, "-c", CODE, device], capture_output=True, timeout=LIMIT)
        end = ""
    except subprocess.TimeoutExpired as stopped:
        done, end = stopped, f"no answer within {LIMIT} seconds"
    answers, written = ((text or b"").decode(errors="replace").strip() for text in (done.stdout, done.stderr))
    print(written, file=sys.stderr)  # what torch and Metal say of it, in full
    end = end or next(iter(written.splitlines()[-1:]), f"the process ended before: exit code {done.returncode}")
    end = stderr.gpu_fault(written) or end
    attempts = [json.loads(line) for line in answers.splitlines()]
    said = (fitness.how_failed(attempt) or RIGHT for attempt in attempts)
    return dict(itertools.zip_longest((canary.said for canary in canaries.TABLE.values()), said, fillvalue=end))


if __name__ == "__main__":
    sys.exit(main())
