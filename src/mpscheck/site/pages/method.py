"""The method at work: what the sweep found on real devices, and which imitated faults it finds. Pure.

From results/found.json, each finding checked by hand, and results/emulated/sweep/.
"""

from mpscheck.runs import made_of
from mpscheck.site import words
from mpscheck.site.escape import text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import details, table

CLASSES = {"layout": "layout", "out": "`out=`"}


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes."""
    findings = inputs.found.get("findings", [])
    rows = [document["row"] for document in inputs.sweep.values()]
    return pieces(
        method_found=found_table(findings) if findings else "Not yet run.",
        method_programs="\n\n".join(map(program, findings)),
        method_shares=shares(rows),
        method_faults=faults(rows, {bug.slug for bug in inputs.checks}),
        method_made=words.made(inputs.sweep) + outdated(inputs),
    )


def outdated(inputs: Inputs) -> str:
    """How many rows were made with other code than today's, and what has changed since, as a sentence."""
    bugs = {bug.slug: bug for bug in inputs.checks}
    return words.changed_since(
        made_of.changed(document["made_of"], made_of.of_sweep(bugs[slug]))
        for slug, document in inputs.sweep.items()
        if slug in bugs
    )


def found_table(findings: list[dict]) -> str:
    """One row a finding."""
    rows = [
        [
            f"`{one['op']}`",
            f"{one['device']}, {one['torch']}",
            one["when"],
            one["what"],
            known(one),
        ]
        for one in findings
    ]
    return table(["Call", "Device, PyTorch", "When", "What is wrong", "Threads"], rows, "What the sweep found")


def known(one: dict) -> str:
    """The threads about a finding, and what they say."""
    if not one["threads"]:
        return "none found"
    return f"{', '.join(map(words.link, one['threads']))}: {one['said']}"


def program(one: dict) -> str:
    """A program that fails, to be opened."""
    return details(
        f"<code>{text(one['op'])}</code> on {one['device']}, PyTorch {one['torch']}", f"```python\n{one['program']}```"
    )


def shares(rows: list[dict]) -> str:
    """How many faults were found, named and explained, as a list."""
    if not rows:
        return "The table was not made yet."
    found = [row for row in rows if row["found"]]
    seconds = sorted(row["seconds"] for row in found)
    named, inferred = (sum(row[name] for row in found) for name in ("named", "inferred"))
    return "\n".join(
        [
            f"- **{len(found)} of {len(rows)}** faults were found, half of them within {seconds[len(seconds) // 2]:.1f} seconds.",
            f"- Of those found, **{named} of {len(found)}** were named: the bug itself came first among the known ones.",
            f"- Of those found, **{inferred} of {len(found)}** triggers were inferred: on other values, they tell wrong "
            "calls from right ones.",
        ]
    )


def faults(rows: list[dict], pages: set[str]) -> str:
    """One row a fault."""
    shown = []
    for row in sorted(rows, key=lambda row: (row["found"], row["fault"])):
        name = f"[{row['fault']}](bugs/{row['fault']}.md)" if row["fault"] in pages else row["fault"]
        if not row["found"]:
            shown.append([name, words.marked("✘", "not found"), "", "", ""])
            continue
        marks = [words.marked("✔", "yes") if row[part] else words.marked("✘", "no") for part in ("named", "inferred")]
        shown.append([name, f"{row['seconds']:.1f} s", *marks, row["when"] or "nothing was inferred"])
    return table(
        ["Fault", "Found after", "Named", "Trigger inferred", "What was inferred"], shown, "Faults, one by one"
    )
