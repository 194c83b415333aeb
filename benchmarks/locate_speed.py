"""How long does it take to find a faulty op? `locate` beside two other ways, on the same model and the same fault.

    python benchmarks/locate_speed.py [--models smollm2 ioi-small] [--msprobe PYTHON] [--threads 2]

- **locate**: one pass in lock-step; it names the op and the module. Its reproduction is timed apart.
- **bisection**, as `polygraphy debug reduce --mode bisect` does it: halve the model until the smallest part that fails
  is left, each time by a check command, a process that loads the model and runs the part on both devices. It names the
  first module without children whose output is wrong. "in one process" is the same without starting and loading.
- **msprobe** (the package mindstudio-probe 26.2.0): a dump of all tensors on each side, then its own `compare`. It names
  the first row that does not pass. `--msprobe` is a Python that has it, by default this one.

Seconds are wall-clock, and those of `locate` and the two dumps begin when the model is loaded. The fault: attention that
ignores the strides of its query, on the emulated device. Prints seconds, what was named, and the ratios of this run.
"""

import argparse
import copy
import csv
import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
FAULT = """
from mpscheck.emulation.faults import fault
attention = ["scaled_dot_product_attention"]
FAULTS = [fault("attention", attention, "ignores-strides(query)", ["query.layout != contiguous"])]
"""
WRONG = 1e-3  # relative difference from which on the output of a part counts as failed


def load(name: str):
    """A model of `locate`'s, with 15 tokens."""

    from mpscheck.tools.models import load_model

    models = ROOT / "snippets" / "models"
    folder = runpy.run_path(str(models / "smollm2.py"))["convert"]() if name == "smollm2" else models / name
    return load_model(folder, "transformers")[0].eval(), torch.arange(1, 16)[None]


# ---- locate -------------------------------------------------------------------------------------------------------


def run_locate(name: str, folder: Path) -> dict:
    """Seconds of a plain forward on the CPU, of the pass, of the reproduction, and what was named."""
    from mpscheck.tools.locate.command import locate
    from mpscheck.tools.locate.reproduce import run_in_process

    model, tokens = load(name)
    reproduction = []

    def timed(text: str) -> str:
        start = time.perf_counter()
        said = run_in_process(text)
        reproduction.append(time.perf_counter() - start)
        return said

    with torch.no_grad():
        forward = min(seconds(lambda: model(tokens)) for _ in range(3))
    start = time.perf_counter()
    report = locate(model, tokens, device="emu", known=(), run=timed, folder=folder)
    total = time.perf_counter() - start
    first = report.findings[0]
    named = f"aten::{first.op} in {first.spot.module}"
    return {"forward": forward, "seconds": total - sum(reproduction), "reproduction": sum(reproduction), "named": named}


def seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


# ---- bisection ----------------------------------------------------------------------------------------------------


class Reached(Exception):
    """The part of the model is done; carries its output."""


def part_of(model, tokens, length: int) -> torch.Tensor:
    """The output of the `length`-th call of a module without children, which is where the model is stopped."""
    calls = 0

    def count(module, args, output):
        nonlocal calls
        calls += 1
        if calls == length:
            raise Reached(output)

    handles = [m.register_forward_hook(count) for m in model.modules() if not list(m.children())]
    try:
        with torch.no_grad():
            model(tokens)
    except Reached as reached:
        output = reached.args[0]
        return (output[0] if isinstance(output, tuple) else output).cpu()
    finally:
        for handle in handles:
            handle.remove()
    raise ValueError(f"the model makes {calls} calls, fewer than {length}")


def names_of_parts(model, tokens) -> list[str]:
    """The modules without children in the order in which they are called."""
    names, order = {id(m): name for name, m in model.named_modules()}, []
    leaves = [m for m in model.modules() if not list(m.children())]
    handles = [m.register_forward_hook(lambda m, args, output: order.append(names[id(m)])) for m in leaves]
    with torch.no_grad():
        model(tokens)
    for handle in handles:
        handle.remove()
    return order


def fails(model, twin, tokens, length: int) -> bool:
    """Whether a part gives something else on the device."""
    cpu, got = part_of(model, tokens, length), part_of(twin, tokens.to("emu"), length)
    return not bool((got - cpu).norm() <= WRONG * cpu.norm())


def bisect(count: int, is_bad) -> int:
    """The smallest length that is bad, all of `count` being bad."""
    good, bad = 0, count
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if is_bad(middle) else (middle, bad)
    return bad


def run_bisection(name: str, folder: Path) -> dict:
    """Seconds with a process for each step, and within this one, and what was named."""
    model, tokens = load(name)
    names = names_of_parts(model, tokens)
    steps = []

    def check(length: int) -> bool:
        command = [sys.executable, __file__, "--part", f"check:{length}", "--models", name]
        steps.append(length)
        return subprocess.run(command).returncode == 1

    start = time.perf_counter()
    found = bisect(len(names), check)
    with_processes = time.perf_counter() - start
    start = time.perf_counter()
    twin = copy.deepcopy(model).to("emu")
    assert bisect(len(names), lambda length: fails(model, twin, tokens, length)) == found
    in_one = time.perf_counter() - start
    return {"seconds": with_processes, "in one process": in_one, "steps": len(steps), "named": names[found - 1]}


# ---- msprobe ------------------------------------------------------------------------------------------------------


def dump(name: str, device: str, folder: Path) -> dict:
    """Dump all tensors of one forward on one side, as msprobe does it; seconds."""
    from msprobe.pytorch import PrecisionDebugger

    model, tokens = load(name)
    model, tokens = model.to(device), tokens.to(device)
    settings = {"task": "tensor", "dump_path": str(folder / device), "rank": [], "step": [], "level": "mix"}
    (folder / f"{device}.json").write_text(
        json.dumps(settings | {"tensor": {"scope": [], "list": [], "data_mode": ["all"]}})
    )
    (folder / device).mkdir()
    debugger = PrecisionDebugger(str(folder / f"{device}.json"))
    start = time.perf_counter()
    debugger.start(model=model)
    with torch.no_grad():
        model(tokens)
    debugger.stop()
    debugger.step()
    return {"seconds": time.perf_counter() - start}


def run_msprobe(name: str, folder: Path, python: str) -> dict | str:
    """Seconds of both dumps and of the comparison, what lay on the disk, and what was named; or why it did not run."""
    if subprocess.run([python, "-c", "import msprobe.pytorch"], capture_output=True).returncode:
        return f"msprobe was left out: {python} does not have it (pip install mindstudio-probe==26.2.0)"
    dumps = [part(f"dump:{device}", name, folder, python)["seconds"] for device in ("cpu", "emu")]
    files = [f.stat().st_size for device in ("cpu", "emu") for f in (folder / device).rglob("*") if f.is_file()]
    sides = ("--target_path", folder / "emu" / "step0", "--golden_path", folder / "cpu" / "step0")
    command = [Path(python).parent / "msprobe", "compare", *sides, "--output_path", folder / "result"]
    start = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    compare = time.perf_counter() - start
    with open(next((folder / "result").glob("*.csv")), newline="") as lines:
        named = next(row["NPU Name"] for row in csv.DictReader(lines) if row["Result"] != "pass")
    result = {"seconds": sum(dumps) + compare, "dumps": dumps, "compare": compare}
    return result | {"files": len(files), "megabytes": sum(files) / 1e6, "named": named}


# ---- side by side -------------------------------------------------------------------------------------------------


def part(what: str, name: str, folder: Path, python: str = sys.executable) -> dict:
    """Run one part in a process of its own, with the sick device."""
    command = [python, __file__, "--part", what, "--models", name, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{what} of {name} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(name: str, msprobe: str) -> None:
    """Print the figures of one model."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        mine, halves = part("locate", name, folder), part("bisection", name, folder)
        theirs = run_msprobe(name, folder, msprobe)
    print(f"{name}: a forward on the CPU takes {mine['forward']:.3f} s")
    print(
        f"  locate     {mine['seconds']:7.2f} s, then {mine['reproduction']:.1f} s for the reproduction: {mine['named']}"
    )
    ratios = [("a forward", mine["seconds"] / mine["forward"], "of it")]
    print(
        f"  bisection  {halves['seconds']:7.2f} s, {halves['steps']} steps ({halves['in one process']:.2f} s in one process): {halves['named']}"
    )
    ratios += [
        (f"bisection{kind}", halves[key] / mine["seconds"], "as long as locate")
        for kind, key in (("", "seconds"), (" in one process", "in one process"))
    ]
    if isinstance(theirs, str):
        print(f"  {theirs}")
    else:
        print(
            f"  msprobe    {theirs['seconds']:7.2f} s (dumps {theirs['dumps'][0]:.1f} and {theirs['dumps'][1]:.1f} s, compare {theirs['compare']:.1f} s; {theirs['files']:,} files, {theirs['megabytes']:,.0f} MB): {theirs['named']}"
        )
        ratios.append(("msprobe", theirs["seconds"] / mine["seconds"], "as long as locate"))
    print(
        f"  locate takes {ratios[0][1]:.1f} forwards; "
        + ", ".join(f"{who} takes {ratio:.1f} times {what}" for who, ratio, what in ratios[1:])
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["smollm2", "ioi-small"])
    parser.add_argument("--msprobe", default=sys.executable, help="a Python that has the package mindstudio-probe")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--part", help=argparse.SUPPRESS)  # what a process of its own does
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    what, _, detail = (options.part or "").partition(":")
    if what == "check":
        model, tokens = load(options.models[0])
        return int(fails(model, copy.deepcopy(model).to("emu"), tokens, int(detail)))
    if what:
        run = {"locate": run_locate, "bisection": run_bisection, "dump": lambda n, f: dump(n, detail, f)}[what]
        print(json.dumps(run(options.models[0], options.folder)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        fault = Path(folder) / "attention.py"
        fault.write_text(FAULT)
        os.environ["MPSCHECK_FAULTS"] = str(fault)
        for name in options.models:
            compare(name, options.msprobe)
    return 0


if __name__ == "__main__":
    sys.exit(main())
