"""Run files for tests: made up, valid by `results/schema.json`; they say nothing about any Mac."""

from mpscheck.runs import canaries, results

MAC = {
    "evidence": "measured", "torch_git": None, "python": "3.11.9", "device": "mps", "system": "Darwin",
    "macos_build": "24G90", "mpsgraph": "5.6.2", "variables": {},
}  # fmt: skip
GPUS = {
    True: ("Apple Paravirtual device", "Apple M1 (Virtual)"),
    False: ("Apple M2", "Apple M2"),
    None: ("A GPU", None),
}
P_VALUES = {"right": 0.5, "wrong": 0.0}
CONTROL_WRONG = "control wrong"
JOB = "https://github.com/an-owner/a-project/actions/runs/1"


def attempt(found: str) -> dict:
    """`right`, `wrong`, `control wrong` (both are), or the outcome of an attempt that measured nothing."""
    if found == CONTROL_WRONG:
        both = attempt("wrong")
        return both | {"functions": {name: both["functions"]["compute"] for name in ("compute", "control")}}
    if found in P_VALUES:
        compute = {"p_value": P_VALUES[found], "false_alarm": 1e-6}
        return {"outcome": "measured", "before": [], "functions": {"compute": compute}}
    return {"outcome": found, "reason": f"it ended in {found}", "before": [], "functions": {}}


def record(bug, *attempts: str, dtype: str = "float32", code: str | None = None) -> dict:
    """The record of a snippet, one attempt after the other."""
    found = [attempt(one) for one in attempts]
    return {"snippet": bug.slug, "code": code or bug.check.code_hash, "dtype": dtype, "attempts": found}


def canaries_of(records: int, found: str = "right") -> tuple[dict, ...]:
    """The known-good calls of a machine before the first record and after the last."""
    ends = ((0, "right"), (records, found))
    return tuple(
        {"name": one.name, "after": n, "attempt": attempt(word)} for n, word in ends for one in canaries.MACHINE
    )


def run(
    *records: dict,
    torch="2.8.0",
    macos="15.6",
    virtual=False,
    date="2026-11-20",
    by_ci=True,
    runner=None,
    machine="right",
) -> dict:
    """A run of these records, brought by the publishing job or not; checked against the schema."""
    gpu, chip = GPUS[virtual]
    where = {"torch": torch, "macos": macos, "virtual": virtual, "gpu": gpu, "chip": chip, "runner": runner}
    known_good = canaries_of(len(records), machine)
    document = results.document(MAC | where | {"date": f"{date}T12:00:00+00:00"}, list(records), known_good)
    if by_ci:
        document["published"] = {"address": JOB, "sha256": "0" * 64}
    return results.check(document, "planted")


def runs(*documents: dict) -> dict[str, dict]:
    """Runs by made-up names."""
    return {f"run-{number}": document for number, document in enumerate(documents)}
