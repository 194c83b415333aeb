"""The generated parts of the index of bugs: one row a bug, and how much is known of all of them."""

from mpscheck.catalogue import Bug
from mpscheck.report import evidence, words
from mpscheck.report.escape import cell
from mpscheck.report.markup import table


def bug_index(bugs: tuple[Bug, ...], runs: dict[str, dict], controls: dict) -> str:
    """One row a bug: claim, versions, what a Mac said, whether the check is proven."""
    headings = ["Bug", "PyTorch", "On a Mac", "Check proven (emulated)"]
    rows = [_index_row(bug, runs, controls) for bug in evidence.by_age(bugs)]
    return table(headings, rows, "Known bugs")


def _index_row(bug: Bug, runs: dict[str, dict], controls: dict) -> list[str]:
    return [
        f"[{cell(words.linked(bug.claim.rstrip('.'), bug))}](bugs/{bug.slug}.md)",
        words.versions(bug),
        words.on_macs(evidence.on_mac(bug, runs)),
        proven(evidence.control(bug, controls)),
    ]


def proven(control: evidence.Control | None) -> str:
    """Whether the check caught its imitated fault and nothing else."""
    if control is None:
        return words.verdict("not-run")
    if not control.current:
        return words.verdict("outdated")
    return "✔ yes" if control.proven else "✘ no"


def counts(bugs: tuple[Bug, ...], runs: dict[str, dict], controls: dict) -> dict[str, dict[str, int]]:
    """How many bugs there are by family, by kind and by kind of evidence."""
    kinds = {bug.slug: evidence.kinds_of(bug, runs, controls) for bug in bugs}
    return {
        "family": _count(bug.family for bug in bugs),
        "kind": _count(bug.kind for bug in bugs),
        "evidence": {kind: sum(kind in found for found in kinds.values()) for kind in evidence.KINDS},
    }


def _count(values) -> dict[str, int]:
    found = list(values)
    return {value: found.count(value) for value in sorted(set(found))}


def summary(bugs: tuple[Bug, ...], runs: dict[str, dict], controls: dict) -> str:
    """One paragraph on how much is known."""
    by_kind = counts(bugs, runs, controls)["evidence"]
    measured = f"{by_kind['measured']} were measured on a Mac" if by_kind["measured"] else words.NOT_ON_MAC
    return (
        f"{len(bugs)} bugs, each reported in a public thread; {measured}. For {by_kind['declared']} "
        f"something was read in PyTorch's wheels. For {by_kind['emulated']} the check is proven on the emulated device."
    )
