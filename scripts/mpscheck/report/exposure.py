"""What library versions call (`results/exposure/*.json`), and which known bugs that meets on a release of PyTorch.

The files are written by `scripts/exposure/measure.py`. Of each bug it is known how a use of a library relates to it:

- `certain`: a call has all that the bug needs, says a trigger that a snippet has tried;
- `possible`: a trigger matched that is drafted from a thread's words, or something decides that the run cannot show;
- `untested`: no trigger was held against the calls, and an op that the bug's thread names was called.

Bugs that give themselves away (an error, a crash, a hang) and those that only write outside a tensor are left out.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from mpscheck import bundle, results
from mpscheck.catalogue import Bug
from mpscheck.report import releases
from mpscheck.report.entry import SILENT_KINDS
from mpscheck.report.names import bare
from mpscheck.reported import Reported

FOLDER = results.RUNS.parent / "exposure"
MODEL = "gpt2-shape"  # what the answers are about; toy models are only there as `ioi-small`
CERTAIN, POSSIBLE, UNTESTED = "certain", "possible", "untested"
ATEN = {  # public names of ops whose aten names are other ones
    "Dropout": ("dropout",),
    "GRU": ("gru",),
    "LSTM": ("lstm",),
    "Linear": ("linear",),
    "__getitem__": ("index", "select", "slice"),
    "__setitem__": ("index_put", "copy", "fill"),
    "cross_entropy": ("cross_entropy_loss",),
    "float": ("to", "_to_copy"),
    "half": ("to", "_to_copy"),
    "int": ("to", "_to_copy"),
    "mT": ("transpose",),
    "T": ("t", "numpy_T"),
    "to": ("to", "_to_copy"),
    "type": ("to", "_to_copy"),
}


@dataclass(frozen=True)
class Row:
    """One entry point of one library version, measured with one model."""

    library: str  # "TransformerLens 2.17.0"
    entry: str
    model: str
    uses: dict[str, dict]


@dataclass(frozen=True)
class Met:
    """The bugs of one use on one release, by slug, as far as they are not known to be healthy there."""

    known: tuple[str, ...]  # certain, and sick
    possible: tuple[str, ...]  # possible, and sick
    unknown: tuple[str, ...]  # untested; or certain or possible, and no source says whether this release has it


# ---- the stored files ----------------------------------------------------------------------------------------------


def read(folder: Path = FOLDER) -> dict[str, dict]:
    """The stored files by name, oldest library first; raises BadResults for one that is not such a file."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data["schema"] != 2 or not isinstance(data["records"], list) or "bugs" not in data["provenance"]:
                raise KeyError("schema")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise results.BadResults(f"{path.name} is not a file of exposures: {error}") from None
        found[path.stem] = data
    return found


def rows(data: dict[str, dict]) -> list[Row]:
    """One row an entry point and library version: with GPT-2's shape, or with the small model where that is all."""
    found = []
    for file in data.values():
        versions = file["provenance"]["versions"]
        shaped = {record["entry"] for record in file["records"] if record["model"] == MODEL}
        for record in file["records"]:
            if record["model"] == MODEL or record["entry"] not in shaped:
                library = f"TransformerLens {versions['transformer_lens']}"
                if record["entry"].startswith("transformers"):
                    library = f"transformers {versions['transformers']}"
                found.append(Row(library, record["entry"], record["model"], record["uses"]))
    return found


def fingerprint(bug: Bug | Reported) -> str:
    """The hash of a bug's triggers, which a file of exposures stores for each bug that it was measured for."""
    tables = bug.metadata["trigger"] if isinstance(bug, Bug) else [bundle.table_of(trigger) for trigger in bug.triggers]
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()[:16]


def drafted(bugs: tuple[Bug | Reported, ...]) -> list[Reported]:
    """The silent bugs without a snippet whose trigger somebody drafted."""
    return [bug for bug in bugs if isinstance(bug, Reported) and bug.silent and bug.triggers]
