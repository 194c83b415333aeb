"""Which known bugs the calls of one entry point would meet, by use; printed as JSON. Runs in one environment.

    python scripts/exposure/probe.py MODEL ENTRY CATALOGUE

`CATALOGUE` is a JSON file with the bugs in the form that the single-file tools carry.
"""

import json
import platform
import sys
from importlib import metadata
from pathlib import Path

import torch
import transformers

sys.path.insert(0, str(Path(__file__).parent))
import entries

from mpscheck.bugs.recorder import best_level
from mpscheck.tools.audit import Report, audit
from mpscheck.tools.known import Known, read_known

DEVICES = ("emu", "cpu")  # the first on which a use runs: on emu it is known which tensors are on the device
PACKAGES = ("torch", "transformer_lens", "transformers", "numpy", "huggingface_hub", "tokenizers")


def versions() -> dict[str, str | None]:
    """The versions of what decides which calls are made."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def findings(report: Report) -> list[dict]:
    """The certain bugs' findings as they are stored: by the library's line, without what the catalogue says of the bug."""
    merged = {}
    for found in report.findings:
        if found.bug.draft:
            continue
        key = (found.bug.slug, found.doubt, found.op, found.library)
        if key in merged:
            merged[key]["count"] += found.count
            for name, count in found.modules.items():
                merged[key]["modules"][name] = merged[key]["modules"].get(name, 0) + count
        else:
            data = found.data("known")
            kept = ("slug", "doubt", "op", "arguments", "library", "modules", "count")
            merged[key] = {name: data[name] for name in kept}
    return list(merged.values())


def possible(report: Report) -> list[dict]:
    """Drafted triggers that matched: one entry a bug and op, with the most frequent place as the example."""
    merged = {}
    for found in report.findings:  # the most frequent first
        if not found.bug.draft:
            continue
        key = (found.bug.slug, found.op)
        if key in merged:
            merged[key]["count"] += found.count
        else:
            data = found.data("known")
            merged[key] = {name: data[name] for name in ("slug", "op", "arguments", "library", "count")}
    return list(merged.values())


def probe(model_name: str, entry: str, bugs: tuple[Known, ...]) -> dict:
    """What each use of one entry point calls: a record of the stored file."""
    models = {device: entries.ENTRIES[entry](model_name).to(device) for device in DEVICES}
    tokens = torch.randint(0, 100, (1, entries.LENGTH), generator=torch.Generator().manual_seed(0))
    uses, asking = {}, {}
    for name, use in entries.USES.items():
        for device in DEVICES:
            try:
                with audit(bugs=bugs) as report:
                    use(models[device], tokens.to(device))
                break
            except RuntimeError as error:
                if device == DEVICES[-1]:
                    raise
                print(f"{name} does not run on {device}: {error}", file=sys.stderr)
        uses[name] = {
            "device": device,
            "ops": report.ops,
            "calls": report.calls,
            "called": report.called,
            "findings": findings(report),
            "possible": possible(report),
        }
        for place, called in report.other_paths:
            asking[place] = called or asking.get(place, False)
    paths = [{**vars(place), "called": called} for place, called in asking.items()]
    return {
        "model": model_name,
        "entry": entry,
        "uses": uses,
        "other_paths": sorted(paths, key=lambda path: (not path["called"], path["file"], path["line"])),
    }


def main(model_name: str, entry: str, catalogue: str) -> None:
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    bugs = read_known(json.loads(Path(catalogue).read_text(encoding="utf-8")))
    record = probe(model_name, entry, bugs)
    print(json.dumps({"versions": versions(), "level": best_level(), "record": record}))


if __name__ == "__main__":
    main(*sys.argv[1:])
