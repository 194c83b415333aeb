"""Metadata words are from the closed lists."""

from collections.abc import Iterator

from mpscheck.bugs.catalogue import BASES, KINDS, Bug
from mpscheck.runs.numerics import SICK

NAME = "values"
DESCRIPTION = "kind, family and basis are words of the closed lists, and the kind is one that a run can measure"

FAMILIES = {  # what a bug has to do with; a new word is one line here
    "attention": "scaled dot product attention",
    "copy": "moving or converting tensors between devices and dtypes",
    "in-place": "writes into an existing tensor or through a view",
    "indexing": "reads and writes through index tensors",
    "large": "sizes and positions past a limit",
    "mask": "masks, NaN and infinity",
    "matmul": "matrix products and linear layers",
    "offset": "the storage offset of a view or scalar",
    "random": "random numbers",
    "strides": "the strides of a view",
}


def check(bug: Bug) -> Iterator[str]:
    if bug.kind not in KINDS:
        yield f"kind = {bug.kind!r}: expected one of {', '.join(SICK)}"
    elif bug.kind not in SICK:  # `run` and `controls` would call the sick device "not as expected"
        yield (
            f"kind = {bug.kind!r}: a run cannot judge such a bug yet, only {', '.join(SICK)}; "
            "list it in catalogue/reported.jsonl"
        )
    if bug.family not in FAMILIES:
        yield f"family = {bug.family!r}: expected one of {', '.join(FAMILIES)}; a new one is added in lint/values.py"
    for end, basis in bug.basis.items():
        if basis not in BASES:
            yield f"basis.{end} = {basis!r}: expected one of {', '.join(BASES)}"
    if bug.introduced and bug.introduced["basis"] not in BASES:
        yield f"introduced.basis = {bug.introduced['basis']!r}: expected one of {', '.join(BASES)}"
