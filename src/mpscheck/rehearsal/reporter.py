"""Made-up results of the job that repeats the report of TransformerLens#1178, for the page of the IOI case."""

import json
from collections.abc import Iterator

from mpscheck.known import cause, repeated
from mpscheck.rehearsal import planted, runs

CPU = {"p_mary": 0.6, "p_john": 0.03, "ld": 3.0, "top1": " Mary", "tokens": [[1, 2, 3]]}
ANSWERS = {  # on the device, by a word of `planted.json`; round numbers, which no model gives
    "right": CPU | {"p_mary": 0.6001, "ld": 3.0001},
    "wrong": CPU | {"p_mary": 0.0, "p_john": 0.0002, "ld": -1.0, "top1": " the"},
}


def schema() -> str:
    """The schema of made-up results: that of results, but that each has to say that it is made up."""
    data = json.loads(repeated.SCHEMA.read_text(encoding="utf-8"))
    where = data["$defs"]["environment"]
    where["properties"]["evidence"] = {"const": runs.MARKER}
    where["required"].append("evidence")
    return json.dumps(data, indent=1) + "\n"


def made(plan: planted.Plan) -> Iterator[tuple[str, dict]]:
    """(name of its file, result) of each machine on which the report was not repeated."""
    for one in plan.reporter:
        result = {
            "experiment": repeated.EXPERIMENT,
            "environment": _environment(one, plan.machines[one.machine]),
            "prompt": "made up",
            "canaries": list(runs.canaries_around(len(cause.ON_DEVICE), one.failing)),
            "gpu_fault": None,
            "runs": {"the CPU": CPU, **dict(zip(cause.ON_DEVICE, (ANSWERS[word] for word in one.found), strict=True))},
            "validate_mps": None,
        }
        yield repeated.file_name(result), result


def _environment(one: planted.Repeated, machine: dict) -> dict:
    told = {name: machine.get(name) for name in ("macos", "macos_build", "chip", "model", "virtual", "image")}
    versions = {"torch": "2.8.0", "transformer-lens": "2.17.0", "transformers": "4.57.6", "numpy": "1.26.4"}
    ran = {"python": "3.9.13", "system": "Darwin", "device": "mps", "date": one.date, "address": runs.ADDRESS}
    return {"evidence": runs.MARKER, **ran, **told, **versions}
