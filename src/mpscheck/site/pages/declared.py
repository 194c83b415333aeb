"""What PyTorch's wheels for macOS declare: the page `declared.md`, and a section on each release's page."""

from mpscheck.known import releases
from mpscheck.known.wheels import Declared
from mpscheck.site.escape import text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table
from mpscheck.site.words import span

DIFFERS = "mps_ops_modifier.UNDEFINED_XFAILLIST"
RAISES = "mps_ops_modifier.UNIMPLEMENTED_XFAILLIST"
GRADIENT = "mps_ops_grad_modifier.XFAILLIST_GRAD"
LISTS = {DIFFERS: "another result", GRADIENT: "gradient", RAISES: "not implemented"}


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes."""
    return pieces(declared_releases=by_release(inputs.declared), declared_ops=by_op(inputs.declared))


def by_release(declared: dict[str, Declared]) -> str:
    """A table: how many kernels and how many expected failures each release declares, newest first."""
    rows, before = [], None
    for version, found in declared.items():
        gained, lost = (len(ops) for ops in changed(before, found))
        change = f" ({gained:+}, {-lost:+})" if lost else f" ({gained:+})" if gained else ""
        kernels = f"{len(found.kernels)}{change}"
        rows.append([f"[{version}](releases/{version}.md)", kernels, *(_count(found, name) for name in LISTS)])
        before = found
    return table(["PyTorch", "Own kernels", *LISTS.values()], rows[::-1], "What each release declares")


def changed(before: Declared | None, now: Declared) -> tuple[list[str], list[str]]:
    """The ops that have got a kernel since the release before, and those that have lost theirs; none without one."""
    old, new = set(before.kernels if before else now.kernels), set(now.kernels)
    return sorted(new - old), sorted(old - new)


def _count(declared: Declared, name: str) -> str:
    if declared.expected_failures is None:
        return "unknown"
    return str(len(declared.expected_failures.get(name, {})))


def by_op(declared: dict[str, Declared]) -> str:
    """A table: each op whose result or gradient PyTorch's tests expect to fail, and on which releases."""
    listing = {version: found for version, found in declared.items() if found.expected_failures is not None}
    rows = []
    for name in (DIFFERS, GRADIENT):
        tables = {version: found.expected_failures.get(name, {}) for version, found in listing.items()}
        for op in sorted({op for ops in tables.values() for op in ops}):
            on = [version for version, ops in tables.items() if op in ops]
            dtypes = tables[on[-1]][op]
            said = "all" if dtypes is None else ", ".join(dtypes)
            rows.append([f"`{op}`", LISTS[name], said, stretches(on, list(listing))])
    headings = [
        "Op, as PyTorch's tests call it",
        "What is expected to fail",
        "dtypes, on the newest of them",
        "PyTorch",
    ]
    return table(headings, rows, "Ops that PyTorch's tests expect to fail")


def stretches(chosen: list[str], order: list[str]) -> str:
    """Releases as stretches: `2.8.0 to 2.12.1, 2.14.0`."""
    runs = releases.runs({version: "in" if version in chosen else "out" for version in order})
    return ", ".join(span(first, last) for label, first, last in runs if label == "in")


def of_release(version: str, declared: dict[str, Declared]) -> str:
    """The section of a release's page; empty if its wheel has not been read."""
    if version not in declared:
        return ""
    found, order = declared[version], list(declared)
    place = order.index(version)
    before = declared[order[place - 1]] if place else None
    new, lost = changed(before, found)
    lines = [f"{len(found.kernels)} ops have a kernel of `mps`'s own, says its wheel for macOS."]
    lines += [f"New since {order[place - 1]}: {_code(new)}."] if new else []
    lines += [f"Gone since {order[place - 1]}: {_code(lost)}."] if lost else []
    if found.expected_failures is None:
        lines.append("The wheel does not hold the list of failures that PyTorch's own tests expect.")
    else:
        for name, words in ((DIFFERS, "to differ from the CPU"), (GRADIENT, "to have a wrong or no gradient")):
            ops = sorted(found.expected_failures.get(name, {}))
            lines.append(f"PyTorch's own tests expect {len(ops)} ops {words}: {_code(ops)}." if ops else "")
    body = "\n\n".join(line for line in lines if line)
    return f"## Declared by its wheel {{ data-search-exclude }}\n\n{body}\n\n[What these lists are](../declared.md)"


def _code(ops: list[str]) -> str:
    return ", ".join(f"<code>{text(op)}</code>" for op in ops)
