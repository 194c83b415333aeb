"""The report of TransformerLens#1178, repeated on Macs: results/reporter, one file a machine. What it shows: `cause`."""

import json
from pathlib import Path

import jsonschema

from mpscheck.places import RESULTS
from mpscheck.runs import results

FOLDER = RESULTS / "reporter"
SCHEMA = RESULTS / "reporter.schema.json"
MAX_BYTES = 1_000_000
EXPERIMENT = "TransformerLens#1178"


def read(path: Path, schema: Path = SCHEMA) -> dict:
    """One result, validated. Raises BadResults, in one sentence. Only a rehearsal, whose results are made up, names another
    schema."""
    name = results.printable(path.name)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise results.BadResults(f"{name} is larger than {MAX_BYTES:,} bytes: not a result of {EXPERIMENT}")
        found = results.parse(path.read_text(encoding="utf-8"))
        error = jsonschema.exceptions.best_match(
            jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).iter_errors(found)
        )
    except OSError as problem:
        raise results.BadResults(f"{name} cannot be read: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:
        raise results.BadResults(f"{name} cannot be read as JSON: {results.printable(problem)}") from None
    if error is not None:
        place = "/".join(str(step) for step in error.absolute_path) or "the whole file"
        message = f"{results.printable(place)}: {results.printable(error.message)}"
        raise results.BadResults(f"{name} is not a result of {EXPERIMENT}: {message}")
    for canary in found["canaries"]:
        results.check(canary, path.name, "canary")
    return found


def read_folder(folder: Path = FOLDER, schema: Path = SCHEMA) -> dict[str, dict]:
    """All published results, by file name. Raises BadResults for the first bad one, or for one that is not of a Mac."""
    found = {path.stem: read(path, schema) for path in sorted(folder.glob("*.json"))}
    for name, result in found.items():
        if not on_mac(result):
            raise results.BadResults(
                f"{results.printable(name)} was measured on {result['environment']['device']}, not on mps"
            )
    return found


def on_mac(result: dict) -> bool:
    """True for a result of the device `mps`: any other says nothing about a Mac."""
    return result["environment"]["device"].split(":")[0] == "mps"


def file_name(result: dict) -> str:
    """The name of a result's file: what decides its numbers, without path separators."""
    where = result["environment"]
    virtual = {True: "virtual", False: "real", None: "unknown"}[where["virtual"]]
    parts = [where["device"], f"torch{where['torch']}", f"macos{where['macos_build']}", where["chip"], virtual]
    text = "_".join(str(part) for part in parts)
    return "".join(c if c.isascii() and (c.isalnum() or c in "._+-") else "-" for c in text)[:200] + ".json"
