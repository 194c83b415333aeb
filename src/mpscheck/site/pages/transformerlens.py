"""What TransformerLens does about mps, by version: from results/transformerlens.json and the recorded calls.

Default device, warning by entry point, transposed weights, tests for mps: made by running the installed releases.
"""

from mpscheck.known import exposure
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table
from mpscheck.site.pages.exposure import LINEAR

BROKEN, HEALTHY = "2.8.0", "2.13.0"  # the two releases of PyTorch that the probe says it is
NOT_RUN = "Not yet run: `scripts/transformerlens/measure.py` makes the data."
ENTRIES = ("HookedTransformer", "TransformerBridge")


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that pages include."""
    data = inputs.transformerlens
    return pieces(
        transformerlens_devices=devices(data) if data else NOT_RUN,
        transformerlens_warnings=warnings(data) if data else NOT_RUN,
        transformerlens_weights=weights(inputs.exposure),
    )


def devices(data: dict) -> str:
    """One row a release: the device that it takes, and its tests for mps."""
    rows = []
    for version, said in data["releases"].items():
        tests = said["tests_for_mps"]
        count = "unknown: its source was published without tests" if tests is None else str(tests) if tests else "none"
        rows.append([version, f"`{said['device']['plain']}`", f"`{said['device']['allowed']}`", count])
    headings = ["TransformerLens", "Takes unasked", "With `TRANSFORMERLENS_ALLOW_MPS=1`", "Tests for `mps`"]
    return table(headings, rows, "The device that each release takes") + f"\n\n{_where(data)}"


def warnings(data: dict) -> str:
    """One row an entry point and release: the warnings of mps, in words."""
    rows = []
    for version, said in data["releases"].items():
        for code, by_torch in said["entries"].items():
            rows.append([version, f"`{code}`", *(_said(by_torch[torch]) for torch in (BROKEN, HEALTHY))])
    headings = ["TransformerLens", "What you write", f"On PyTorch {BROKEN}", f"On PyTorch {HEALTHY}"]
    return table(headings, rows, "Warnings by entry point") + f"\n\n{_where(data)}"


def _said(kinds: dict[str, list[str]]) -> str:
    """`**none**`, or the warnings and whether the variable turns them off."""
    if not kinds["plain"]:
        return "**none**"
    left = kinds["allowed"]
    off = "the variable turns it off" if not left else f"with the variable only the one {' and '.join(left)}"
    return f"{' and '.join(kinds['plain'])}; {off}"


def weights(data: dict[str, dict]) -> str:
    """One row an entry point and release: calls of `F.linear` with a transposed weight, in one forward pass of GPT-2."""
    rows = []
    for row in exposure.rows(data):
        if row.project != "TransformerLens" or row.entry not in ENTRIES:
            continue
        calls = [found for found in row.uses["forward"]["findings"] if found["slug"] == LINEAR]
        sure = sum(call["count"] for call in calls if not call["doubt"])
        unsure = sum(call["count"] for call in calls if call["doubt"])
        words = f"{sure}" if sure else f"0 on `mps`, by a branch of its source; {unsure} elsewhere" if unsure else "0"
        rows.append([row.library.split()[-1], f"`{row.entry}`", words])
    return table(["TransformerLens", "Entry point", "Transposed weights, 12 layers"], rows, "Transposed weights")


def _where(data: dict) -> str:
    where = data["provenance"]
    return f"{where['how']}, {where['date']}; torch was made to say that it has one, and its version."
