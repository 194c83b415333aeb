"""Which error may a healthy device make? What validate_mps.py measures on one with other arithmetic than the CPU's.

    python benchmarks/calibrate_ratio.py [--seeds 5] [--out results/emulated/calibration.json]

On the healthy emulated device (`MPSCHECK_EMU=honest`), for several models, seeds and inputs: the largest error ratio of
each check, which is the device's error / the larger of the CPU's own error and the last place of the dtype. The file
allows `ALLOWED_RATIO` of it. Every disagreement is a false alarm. The same on the healthy device with the CPU's bits.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "results" / "emulated" / "calibration.json"
MODELS = ("ioi-small, transformers", "ioi-small, TransformerBridge", "GPT-2 shape, 4 layers", "Llama shape, 4 layers")
MODES = ("honest", "1")


def load(name: str, seed: int):
    """(model, tokenizer or None); the random ones are drawn from the seed, with GPT-2's own initialisation."""
    import torch
    import transformers
    import validate_mps

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if name.startswith("ioi-small"):
        source = validate_mps.find_model("ioi-small")
        entry = "bridge" if name.endswith("Bridge") else "transformers"
        return validate_mps.load(source, entry), transformers.AutoTokenizer.from_pretrained(source)
    torch.manual_seed(seed)
    if name.startswith("GPT-2"):
        config = transformers.GPT2Config(n_layer=4, vocab_size=5000)
        return transformers.GPT2LMHeadModel(config), None
    sizes = {"hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3}
    config = transformers.LlamaConfig(num_hidden_layers=4, vocab_size=5000, max_position_embeddings=512, **sizes)
    return transformers.LlamaForCausalLM(config), None


def measure(name: str, seed: int) -> dict:
    """The checks of one run: verdict and error ratio by name."""
    import torch
    import validate_mps

    torch.set_num_threads(1)
    model, tokenizer = load(name, seed)
    prompts = [batch[0] for batch in validate_mps.ioi_batches(tokenizer)][1:2]
    vocabulary = len(tokenizer) if tokenizer else model.config.vocab_size
    ids = torch.randint(vocabulary, (2, 32), generator=torch.Generator().manual_seed(seed))
    report = validate_mps.validate(model, [ids, *prompts], "emu", tokenizer)
    return {
        check.name: {"verdict": check.verdict, "ratio": check.margin and check.margin * validate_mps.ALLOWED_RATIO}
        for check in report.checks
    }


def run(mode: str, name: str, seeds: range) -> list[dict]:
    """The runs of one model on one device, in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--seeds", f"{seeds.start}:{seeds.stop}"]
    environment = os.environ | {"MPSCHECK_EMU": mode, "TQDM_DISABLE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def largest(runs: list[dict]) -> dict[str, float]:
    """The largest ratio of each check that compared something."""
    found: dict[str, float] = {}
    for checks in runs:
        for check, cell in checks.items():
            if cell["ratio"] is not None:
                found[check] = max(found.get(check, 0.0), cell["ratio"])
    return found


def alarms(runs: list[dict]) -> list[str]:
    """Checks of healthy runs that did not agree, though they compared."""
    return [
        check
        for checks in runs
        for check, cell in checks.items()
        if cell["verdict"] in ("disagrees", "could not check")
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="20", help="how many runs a model and device, or FIRST:LAST")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--one", help=argparse.SUPPRESS)  # what a process of its own does
    options = parser.parse_args()
    first, _, last = options.seeds.rpartition(":")
    seeds = range(int(first or 0), int(last))
    sys.path.insert(0, str(ROOT / "snippets"))
    if options.one:
        print(json.dumps([measure(options.one, seed) for seed in seeds]))
        return 0
    from mpscheck import provenance, results

    rows = []
    for mode in MODES:
        for name in MODELS:
            started = time.perf_counter()
            runs = run(mode, name, seeds)
            ratios = largest(runs)
            rows.append({"device": mode, "model": name, "runs": len(runs), "alarms": alarms(runs), "ratios": ratios})
            print(f"\n{name}, MPSCHECK_EMU={mode}: {len(runs)} runs in {time.perf_counter() - started:.0f} s")
            print(f"  false alarms: {len(rows[-1]['alarms'])} {rows[-1]['alarms'] or ''}")
            print("  " + ", ".join(f"{check} {ratio:.2f}" for check, ratio in ratios.items()), flush=True)
    honest = [ratio for row in rows if row["device"] == "honest" for ratio in row["ratios"].values()]
    count = sum(len(row["alarms"]) for row in rows)
    print(f"\nLargest ratio on healthy other arithmetic: {max(honest):.2f}; false alarms: {count}")
    import validate_mps

    document = {"schema": 1, "provenance": provenance.collect("emu"), "allowed_ratio": validate_mps.ALLOWED_RATIO}
    results.write_atomic(options.out, json.dumps(document | {"rows": rows}, indent=1, allow_nan=False) + "\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
