"""Which error may a healthy device make? What validate_mps.py measures on one with other arithmetic than the CPU's.

    python benchmarks/calibrate_ratio.py [--seeds 5] [--devices honest 1 vulkan] [--out results/emulated/calibration.json]

On the healthy emulated device (`MPSCHECK_EMU=honest`), for several models, seeds and inputs: the largest error ratio of
each check, by RMS and by the largest error of an output, by the rule in src/mpscheck/runs/rule.py. `ALLOWED_RATIO` of it
is allowed. Every output that is wrong by the rule is a false alarm. The same on the healthy device with the CPU's bits.

`vulkan` is torchvulkan, whose kernels are those of others, on a Vulkan driver that may be software (Debian's
`mesa-vulkan-drivers`). It wants the Python of an environment of its own, since one process has either it or `emu`:
`mpscheck environments torchvulkan`, then `.cache/envs/torchvulkan/bin/python benchmarks/calibrate_ratio.py
--devices vulkan`. Likewise `HookedTransformer`, which the newest TransformerLens lacks: `.cache/envs/transformerlens-2.17.0/
bin/python benchmarks/calibrate_ratio.py --models "ioi-small, HookedTransformer"`. Other rows are kept as they are.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import tiny_models

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "results" / "emulated" / "calibration.json"
MODELS = (
    *("ioi-small, transformers", "ioi-small, TransformerBridge", "GPT-2 shape, 4 layers", "Llama shape, 4 layers"),
    *("plain module", *tiny_models.KINDS),
)
DEVICES = ("honest", "1")  # those that every machine has
ENTRIES = {"TransformerBridge": "bridge", "HookedTransformer": "hooked"}


def load(name: str, seed: int):
    """(model, tokenizer or None, what it is called with); random ones are drawn from the seed, as the library does."""
    import torch
    import transformers
    import validate_mps

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

    def ids(vocabulary: int, longest: int = 1024):
        return torch.randint(
            vocabulary, (2, min(validate_mps.LENGTH, longest)), generator=torch.Generator().manual_seed(seed)
        )

    if name in tiny_models.KINDS:
        model, inputs = tiny_models.make(name, seed)
        return model, None, [inputs]
    if name.startswith(("ioi-small", "smollm2")):
        source = validate_mps.find_model(name.partition(",")[0])
        tokenizer = transformers.AutoTokenizer.from_pretrained(source)
        prompts = [batch[0] for batch in validate_mps.ioi_batches(tokenizer)][1:2]
        model = validate_mps.load(source, ENTRIES.get(name.split(", ")[1], "transformers"))
        return (
            model,
            tokenizer,
            [
                ids(len(tokenizer), model.cfg.n_ctx if hasattr(model, "cfg") else model.config.max_position_embeddings),
                *prompts,
            ],
        )
    torch.manual_seed(seed)
    if name == "plain module":
        encoder = torch.nn.TransformerEncoderLayer(64, 4, 256, batch_first=True)
        return torch.nn.Sequential(torch.nn.Embedding(500, 64), encoder, torch.nn.Linear(64, 500)), None, [ids(500)]
    if name.startswith("GPT-2"):
        return transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=4, vocab_size=5000)), None, [ids(5000)]
    sizes = {"hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3}
    config = transformers.LlamaConfig(num_hidden_layers=4, vocab_size=5000, max_position_embeddings=512, **sizes)
    return transformers.LlamaForCausalLM(config), None, [ids(5000)]


def noted(validate_mps) -> dict[str, dict]:
    """What the rule says of all that validate compares from now on, by check: largest ratios, and what is wrong."""
    from mpscheck.runs.rule import SIZES, error_ratios, verdict_of_output

    found: dict[str, dict] = {}
    plain, judged, checks = validate_mps.compare, validate_mps.judged, dict(validate_mps.CHECKS)
    seen: list[dict] = []
    asked_again = False

    def compare(got, cpu, exact, shaken=(), nothing=0.0):
        nonlocal asked_again
        if shaken and not asked_again:  # what was found before the CPU was asked again does not count
            seen.clear()
        asked_again = bool(shaken)
        return plain(got, cpu, exact, shaken, nothing)

    def kept(numbers):
        said = judged(numbers)
        if said[0] in ("agrees", "disagrees"):
            seen.append(numbers)
        return said

    class Run(validate_mps.Run):
        def judge(self, function, batch):
            count()
            return super().judge(function, batch)

    def count():
        for numbers in seen:
            ratios, cell = error_ratios(numbers, rounds=True), found[current]
            cell["ratio"] = {size: max(cell["ratio"][size], ratios[size]) for size in SIZES}
            if verdict_of_output(numbers, rounds=True) != "agrees":
                cell["wrong"].append(
                    f"shape {numbers['shape']}: {ratios['rms']:.3g} by RMS, {ratios['max']:.3g} by the largest"
                )
        seen.clear()

    def named(name):
        def check(run):
            nonlocal current
            current = name
            found[name] = {"ratio": dict.fromkeys(SIZES, 0.0), "wrong": []}
            try:
                return checks[name](run)
            finally:
                count()

        return check

    current = ""
    validate_mps.compare, validate_mps.judged, validate_mps.Run = compare, kept, Run
    validate_mps.CHECKS.update({name: named(name) for name in checks})
    return found


def measure(name: str, seed: int, device: str) -> dict:
    """The checks of one run by name: what validate says, the two ratios, what is wrong by the rule."""
    import torch
    import validate_mps

    torch.set_num_threads(1)
    model, tokenizer, batches = load(name, seed)
    found = noted(validate_mps)
    report = validate_mps.validate(model, batches, device, tokenizer)
    return {check.name: {"verdict": check.verdict, "text": check.text, **found[check.name]} for check in report.checks}


def run(device: str, name: str, seeds: range) -> list[dict]:
    """The runs of one model on one device, in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--devices", device, "--seeds", f"{seeds.start}:{seeds.stop}"]
    mode = {"TORCHVULKAN_STRICT": "1"} if device == "vulkan" else {"MPSCHECK_EMU": device}
    done = subprocess.run(command, env=os.environ | mode | {"TQDM_DISABLE": "1"}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def label(name: str) -> str:
    """What a row calls a model: with the version of the library where that is an old one."""
    from importlib.metadata import version

    return f"{name} {version('transformer-lens')}" if name.endswith("HookedTransformer") else name


def vulkan_facts() -> dict:
    """What the provenance of a run on torchvulkan says otherwise."""
    from importlib.metadata import version

    code = "import torchvulkan; print(torchvulkan.get_device_name())"
    name = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    return {"evidence": "emulated", "gpu": f"torchvulkan {version('torchvulkan')} on {name}"}  # it is no Mac


def largest(runs: list[dict], size: str) -> dict[str, float]:
    """The largest ratio, by `rms` or `max`, of each check that compared something."""
    found: dict[str, float] = {}
    for checks in runs:
        for check, cell in checks.items():
            if cell["verdict"] in ("agrees", "disagrees"):
                found[check] = max(found.get(check, 0.0), cell["ratio"][size])
    return found


def alarms(runs: list[dict]) -> dict[str, str]:
    """What is wrong first in each check that has it in one of the runs."""
    return {check: cell["wrong"][0] for checks in reversed(runs) for check, cell in checks.items() if cell["wrong"]}


def not_checked(runs: list[dict]) -> dict[str, str]:
    """Why a check could not be made in one of the runs."""
    cells = (item for checks in reversed(runs) for item in checks.items())
    return {check: cell["text"] for check, cell in cells if cell["verdict"] == "could not check"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="20", help="how many runs a model and device, or FIRST:LAST")
    parser.add_argument("--devices", nargs="+", default=list(DEVICES), help="honest, 1 and vulkan")
    parser.add_argument("--models", nargs="+", default=list(MODELS), help="only these")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--one", help=argparse.SUPPRESS)  # what a process of its own does
    options = parser.parse_args()
    first, _, last = options.seeds.rpartition(":")
    seeds = range(int(first or 0), int(last))
    sys.path.insert(0, str(ROOT / "snippets"))
    if options.one:
        (device,) = options.devices
        if device == "vulkan":
            import torchvulkan  # noqa: F401
        place = "vulkan" if device == "vulkan" else "emu"
        print(json.dumps([measure(options.one, seed, place) for seed in seeds]))
        return 0
    from mpscheck.runs import provenance, results, rule

    document = {"schema": 1, "allowed_ratio": rule.ALLOWED_RATIO, "rows": []}
    if options.out.is_file():
        document |= {"rows": json.loads(options.out.read_text(encoding="utf-8"))["rows"]}
    for device in options.devices:
        vulkan = device == "vulkan"
        made_on = provenance.collect("vulkan" if vulkan else "emu") | (vulkan_facts() if vulkan else {})
        for name in options.models:
            started = time.perf_counter()
            runs = run(device, name, seeds)
            by = {size: largest(runs, size) for size in rule.SIZES}
            ratios = {check: max(by[size][check] for size in by) for check in by["rms"]}
            row = {"device": device, "model": label(name), "runs": len(runs), "ratios": ratios, "by": by}
            row |= {"alarms": alarms(runs), "could_not_check": not_checked(runs)}
            print(f"\n{name}, {device}: {len(runs)} runs in {time.perf_counter() - started:.0f} s")
            print(f"  false alarms: {row['alarms'] or 'none'}; could not check: {row['could_not_check'] or 'none'}")
            said = (f"{check} {by['rms'][check]:.2f} {by['max'][check]:.2f}" for check in ratios)
            print("  by RMS, by the largest: " + ", ".join(said), flush=True)
            kept = [old for old in document["rows"] if (old["device"], old["model"]) != (device, label(name))]
            document["rows"] = [*kept, row | {"provenance": made_on}]
            results.write_atomic(options.out, json.dumps(document, indent=1, allow_nan=False) + "\n")
    others = [ratio for row in document["rows"] if row["device"] != "1" for ratio in row["ratios"].values()]
    count = sum(len(row["alarms"]) for row in document["rows"])
    print(f"\nLargest ratio on healthy other arithmetic: {max(others, default=0):.2f}; false alarms: {count}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
