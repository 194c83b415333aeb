"""The report of TransformerLens#1178, rebuilt: TransformerLens 2.17.0 with the fault of pytorch#161640 on `emu`.

    .cache/envs/transformerlens-2.17.0/bin/python scripts/case/reproduce.py
    .cache/envs/transformerlens-3.9.0/bin/python scripts/case/reproduce.py     the cure by an upgrade

For each model (the small IOI model, trained with three seeds): the figures of the report on the healthy and on the sick
device, what `locate` and `audit` name, and each cure that can be shown here. Writes results/emulated/case-<version>.json. What is
measured here is emulated: it shows what this fault does to this code, not what a Mac does.
"""

import importlib.metadata
import json
import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

os.environ["MPSCHECK_EMU"] = "1"  # before torch is imported

import torch
import torch.nn.functional as F

from mpscheck.bugs import catalogue
from mpscheck.emulation import faults
from mpscheck.places import ROOT
from mpscheck.runs import made_of, results
from mpscheck.tools import bundle, known
from mpscheck.tools.audit import audit
from mpscheck.tools.locate.command import locate

sys.path.insert(0, str(ROOT / "snippets"))
import validate_mps

VERSION = importlib.metadata.version("transformer-lens")
OUT = ROOT / "results" / "emulated" / f"case-{VERSION}.json"
MODELS = {
    0: ROOT / "snippets" / "models" / "ioi-small",
    1: ROOT / "results" / "emulated" / "models" / "ioi-small-seed1",
    2: ROOT / "results" / "emulated" / "models" / "ioi-small-seed2",
}
BUG = catalogue.find("linear-noncontiguous-weight")


def figures(model, tokenizer) -> dict:
    """P(Mary), P(John), logit difference and first guess on the report's prompt; accuracy on all prompts (LD > 0)."""
    batches = validate_mps.ioi_batches(tokenizer)
    differences = []
    for ids, answers, others in batches:
        with torch.no_grad():
            last = model(ids.to(model.cfg.device))[:, -1].cpu()
        rows = torch.arange(len(answers))
        differences.append(last[rows, answers] - last[rows, others])
        if ids is batches[0][0]:
            p = last[0].softmax(-1)
            first = {
                "p_mary": p[answers[0]].item(),
                "p_john": p[others[0]].item(),
                "top1": tokenizer.decode([int(last[0].argmax())]),
            }
    every = torch.cat(differences)
    return first | {
        "logit_difference": every[0].item(),
        "accuracy": every.gt(0).double().mean().item(),
        "prompts": len(every),
    }


@contextmanager
def contiguous_weights():
    """The cure in TransformerLens' own source: `F.linear(z, w.contiguous(), b)` in the attention output."""
    from transformer_lens.components import abstract_attention

    def linear(x, weight, bias=None):
        return F.linear(x, weight.contiguous(), bias)

    before = abstract_attention.F
    abstract_attention.F = SimpleNamespace(**{**vars(F), "linear": linear})
    try:
        yield
    finally:
        abstract_attention.F = before


def measured(seed: int, folder: Path) -> dict:
    """Everything for one model."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = validate_mps.load(str(folder), "hooked").eval()
    ids = validate_mps.ioi_batches(tokenizer)[0][0]
    entries = known.read_known(bundle.entries((BUG,)))
    row = {"seed": seed, "cpu": figures(model, tokenizer)}
    with audit(torch="2.8.0", macos="15", bugs=entries) as audited, torch.no_grad():
        model(ids)
    row["audit"] = [
        {"bug": f.bug.slug, "op": f.op, "arguments": f.arguments, "modules": f.modules} for f in audited.findings
    ]
    device = validate_mps.copy_to(model, "emu")
    row["healthy"] = figures(device, tokenizer)
    with faults.only(faults.of_bug(BUG)):
        row["sick"] = figures(device, tokenizer)
        row["fired_per_forward"] = _fired(device, ids)
        report = validate_mps.validate(model, ids, "emu", tokenizer, "HookedTransformer", quick=True)
        row["validate"] = {check.name: check.verdict for check in report.checks}
        found = locate(model, ids, device="emu", known=entries)
        row["locate"] = [
            {"op": f.op, "module": f.spot.module, "hook": f.spot.hook, "line": f.spot.line} for f in found.findings
        ]
        row["cures"] = cures(device, tokenizer)
    return row


def _fired(device, ids) -> int:
    before = faults.COUNTS.get(BUG.slug, 0)
    with torch.no_grad():
        device(ids.to("emu"))
    return faults.COUNTS.get(BUG.slug, 0) - before


def cures(device, tokenizer) -> dict:
    """The figures with each cure, on the sick device."""
    with contiguous_weights():
        cured = {"contiguous": figures(device, tokenizer)}
    device.set_use_attn_result(True)
    cured["use_attn_result"] = figures(device, tokenizer)
    device.set_use_attn_result(False)
    return cured


def main() -> None:
    versions = {name: importlib.metadata.version(name) for name in ("transformer-lens", "transformers", "torch")}
    provenance = {
        "evidence": "emulated",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions,
        "fault": BUG.slug,
    }
    rows = [measured(seed, folder) for seed, folder in MODELS.items()]
    document = {"schema": 1, "provenance": provenance, "made_of": made_of.of_case(), "rows": rows}
    results.write_atomic(OUT, json.dumps(document, indent=1, sort_keys=True) + "\n")
    for row in rows:
        for name in ("cpu", "healthy", "sick"):
            f = row[name]
            print(
                f"seed {row['seed']} {name:8} P(Mary)={f['p_mary']:.4f} P(John)={f['p_john']:.4f} "
                f"LD={f['logit_difference']:+.3f} Top1={f['top1']!r} accuracy {f['accuracy']:.0%}"
            )
        print(f"  locate: {row['locate']}\n  audit: {row['audit']}\n  validate: {row['validate']}")
        for name, f in row["cures"].items():
            print(f"  cure {name}: LD={f['logit_difference']:+.3f} accuracy {f['accuracy']:.0%}")


if __name__ == "__main__":
    main()
