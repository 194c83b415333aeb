"""The groups of a sweep: findings by the op that is wrong, what each is taken for, and how it is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

CLASSES = (
    "layout",
    "out",
    "inplace",
    "backward",
    "again",
    "values",
    "specials",
    "raises",
    "crash",
)  # first: look first
SAID = {
    "layout": "right on contiguous tensors, wrong in another layout",
    "out": "wrong with `out=` alone",
    "inplace": "wrong in place alone",
    "backward": "a gradient is wrong",
    "again": "wrong on the second call alone",
    "values": "wrong on contiguous tensors too",
    "specials": "wrong where NaN, infinity or zero are among the values",
    "raises": "raises where the CPU does not",
    "crash": "ends the process",
}


def grouped(by_entry: dict[str, dict[str, list[dict]]]) -> list[dict]:
    """Findings by op, from those of each entry by op: the layout-dependent ones first, then the larger groups."""
    groups: dict[str, dict] = {}
    for entry, by_op in by_entry.items():
        for op, findings in by_op.items():
            one = groups.setdefault(op, {"op": op, "entries": [], "findings": []})
            one["entries"].append(entry)
            one["findings"] += findings
    for one in groups.values():
        counts = Counter(finding["class"] for finding in one["findings"])
        one["class"] = min(counts, key=lambda name: (-counts[name], CLASSES.index(name)))
        one["classes"] = dict(counts)
    return sorted(groups.values(), key=lambda g: (CLASSES.index(g["class"]), -len(g["findings"]), g["op"]))


def status(group: dict, declared: Iterable[str]) -> str:
    """`known`, `declared` (PyTorch's own tests expect a failure) or `new`."""
    if group.get("known"):
        return "known"
    return "declared" if list(declared) else "new"


def document(where: dict, options: dict, entries: list[dict], groups: list[dict], unreached: list[str]) -> dict:
    """A sweep as its file holds it."""
    counts = Counter()
    for entry in entries:
        counts.update(entry["counts"])
    return {
        "schema": 1,
        "kind": "sweep",
        "provenance": where,
        "options": options,
        "entries": len(entries),
        "counts": dict(sorted(counts.items())),
        "seconds": round(sum(entry["seconds"] for entry in entries), 1),
        "given_up": {entry["entry"]: entry["given_up"] for entry in entries if "given_up" in entry},
        "groups": groups,
        "unreached": unreached,
    }


def said(group: dict) -> str:
    """A group in a few lines."""
    name = {"known": f"known: {', '.join(group['known'])}", "declared": f"declared: {', '.join(group['declared'])}"}
    lines = [f"{name.get(group['status'], 'new')}   aten::{group['op']}   {SAID[group['class']]}"]
    lines += [f"  when {group['when']}"] * bool(group.get("when"))
    if group.get("fresh", [0, 0])[1]:
        right, of = group["fresh"]
        lines.append(f"  tried on other values: it tells {right} of {of} calls right")
    small = group.get("smallest")
    if small is None:
        lines.append("  NOT SEEN AGAIN alone in a fresh process: an earlier call may be behind it")
    else:
        shapes = ", ".join(str(tuple(shape)) for shape in small["shapes"])
        lines.append(f"  smallest: {small['case']['entry']} in {small['case']['dtype']}, {shapes}: {small['said']}")
        lines.append(f"  with contiguous tensors: {'right' if small['plain'] == 'agrees' else small['plain']}")
    lines += [f"  near: {', '.join(group['near'])}"] * bool(group.get("near"))
    return "\n".join(lines)


TESTS = '''# Owner(s): ["module: mps"]
"""What a sweep of MPS Check found on {device} with torch {torch}: each program failed there.

Runs by itself (python FILE) and as part of test/test_mps.py: there the class derives from TestCaseMPS.
"""

import unittest

import torch


class TestSwept(unittest.TestCase):
{tests}

if __name__ == "__main__":
    unittest.main()
'''


def tests(document: dict) -> str:
    """A file of test cases for PyTorch's test_mps.py, one a group that has a program; empty where none has."""
    cases = []
    for group in document["groups"]:
        program = (group.get("smallest") or {}).get("program")
        if program:
            lines = [f"def test_{group['op']}(self):", *(f"    {line}" for line in body(program))]
            cases.append("\n".join(f"    {line}".rstrip() for line in lines) + "\n")
    where = document["provenance"]
    return TESTS.format(device=where["device"], torch=where["torch"], tests="\n".join(cases)) if cases else ""


def body(program: str) -> list[str]:
    """A program without its imports, which stand at the top of the file."""
    return "\n".join(line for line in program.splitlines() if line != "import torch").strip("\n").splitlines()


def issue(group: dict, where: dict) -> str:
    """A text for PyTorch's issues, with the program that was run; empty where there is none."""
    small = group.get("smallest") or {}
    if "program" not in small:
        return ""
    plain = "With contiguous tensors the result is right." if small["plain"] == "agrees" else ""
    versions = ", ".join(f"{name} {where[name]}" for name in ("torch", "macos", "chip") if where.get(name))
    return (
        f"`{group['op']}` gives wrong numbers on {where['device']}\n\n"
        f"`{group['op']}` is {SAID[group['class']]}: {group['when'] or 'no condition was found'}. {plain}\n\n"
        f"```python\n{small['program']}```\n\n{small['said']}\n\nVersions: {versions}\n"
    )
