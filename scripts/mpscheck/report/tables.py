"""The generated tables of the other pages, each a piece of Markdown that a hand-written page includes."""

from mpscheck import numerics, trigger
from mpscheck.catalogue import Bug
from mpscheck.commands.run import expected_on, is_surprise
from mpscheck.effect import ARGUMENTS, RANDOM_KINDS, WORDS
from mpscheck.report import evidence, words
from mpscheck.report.escape import cell, text


def table(headings: list[str], rows: list[list[str]], label: str) -> str:
    """A Markdown table in a region that scrolls by itself."""
    lines = [headings, ["---"] * len(headings), *rows]
    return words.region(label, "\n".join(f"| {' | '.join(line)} |" for line in lines))


# ---- the bugs ------------------------------------------------------------------------------------------------------


def bug_index(bugs: tuple[Bug, ...], runs: dict[str, dict], controls: dict) -> str:
    """One row a bug: claim, versions, what a Mac said, whether the check is proven."""
    headings = ["Bug", "PyTorch", "On a Mac", "Check proven (emulated)"]
    rows = [_index_row(bug, runs, controls) for bug in evidence.by_age(bugs)]
    return table(headings, rows, "Known bugs")


def _index_row(bug: Bug, runs: dict[str, dict], controls: dict) -> list[str]:
    return [
        f"[{cell(words.linked(bug.claim.rstrip('.'), bug))}](bugs/{bug.slug}.md)",
        words.versions(bug),
        latest_on_mac(bug, runs),
        proven(evidence.control(bug, controls)),
    ]


def latest_on_mac(bug: Bug, runs: dict[str, dict]) -> str:
    """The newest verdict of a Mac and on what, or that there is none."""
    found = evidence.on_mac(bug, runs)
    if not found:
        return words.verdict(words.NOT_ON_MAC)
    where = found[0].provenance
    return f"{words.verdict(found[0].verdict())} torch {text(where['torch'])}, {words.device(where)}"


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


def macs(runs: dict[str, dict]) -> str:
    """One sentence on how many Macs have been measured."""
    found = [run["provenance"] for run in runs.values() if run["provenance"]["device"].startswith("mps")]
    if not found:
        return "No Mac has been measured yet."
    return f"{len(found)} runs on Macs [are published](results.md)."


def time_needed(measured: dict[str, float]) -> str:
    """One phrase on how long `validate_mps.py` computes for a model as large as GPT-2."""
    if "validate-smollm2" not in measured:
        return "How long it takes is not measured."
    return f"It takes about {measured['validate-smollm2']:.0f} seconds of processor time, and a download the first time."


def seconds(measured: dict[str, float]) -> str:
    """How long `validate_mps.py` computes, by model."""
    names = {"validate-healthy": "`ioi-small`", "validate-smollm2": "`smollm2`, about as large as GPT-2"}
    rows = [[name, f"{measured[key]:.0f} s"] for key, name in names.items() if key in measured]
    return table(["Model", "Processor time"], rows, "Time")


# ---- runs ----------------------------------------------------------------------------------------------------------


def run_section(name: str, run: dict, bugs: tuple[Bug, ...], level: int = 3) -> str:
    """One run: where it was made, and what it found for each bug."""
    where = run["provenance"]
    rows = [_run_row(bug, m) for bug in bugs for m in evidence.measurements(bug, {name: run})]
    title = f"{'#' * level} {text(where['date'][:10])}, torch {text(where['torch'])}, {words.device(where)}"
    found = table(["Bug", "Expected", "Found", "Figures"], rows, f"Results of {text(name)}") if rows else "No record."
    return f"{title}\n\n{_provenance(name, where)}\n\n{found}"


def _run_row(bug: Bug, m: evidence.Measurement) -> list[str]:
    found, expected = m.verdict(), expected_on(bug, m.provenance)
    name = f"[{bug.slug}](bugs/{bug.slug}.md)"
    if not m.current:
        return [name, expected, words.verdict(found), "the check has changed since"]
    surprise = " **not as expected**" if is_surprise(found, expected) else ""
    others = [f"{name}: {m.verdict(name)}" for name in m.record["functions"] if name != "compute"]
    reason = text(m.record["reason"], limit=300) if "reason" in m.record else words.ratio_of(m.record)
    figures = "; ".join(part for part in [reason, *others] if part)
    return [name, expected, words.verdict(found) + surprise, figures]


def _provenance(name: str, where: dict) -> str:
    variables = ", ".join(f"{text(k)}={text(v)}" for k, v in where["variables"].items()) or "none"
    entries = [
        f"Evidence: **{where['evidence']}**",
        f"Run file: {text(name)}",
        f"Chip: {text(where['chip'])}. MPSGraph: {text(where['mpsgraph'] or 'none')}. Runner: {text(where['runner'] or 'none')}",
        f"Python {text(where['python'])}. Environment variables: {variables}",
    ]
    return "\n".join(f"- {entry}" for entry in entries)


def results(bugs: tuple[Bug, ...], runs: dict[str, dict]) -> str:
    """All published runs, newest first; says so where there is none."""
    if not runs:
        return f"No run is published. Every bug is {words.verdict(words.NOT_ON_MAC)}."
    newest_first = sorted(runs.items(), key=lambda pair: pair[1]["provenance"]["date"], reverse=True)
    return "\n\n".join(run_section(name, run, bugs) for name, run in newest_first)


def local_results(bugs: tuple[Bug, ...], runs: dict[str, dict]) -> str:
    """What was measured on the machine that built this copy of the site; empty where nothing was."""
    if not runs:
        return ""
    intro = (
        "## On the machine that built this copy\n\nThis section exists only in a copy built where something was "
        "measured. It is not published."
    )
    return "\n\n".join([intro, *(run_section(name, run, bugs) for name, run in sorted(runs.items()))])


# ---- the controls --------------------------------------------------------------------------------------------------


def controls_table(bugs: tuple[Bug, ...], controls: dict) -> str:
    """Each check on the healthy, the honest and the sick emulated device."""
    headings = ["Check", "Healthy", "Other arithmetic", "Sick", "Control, sick", "Workaround, sick"]
    rows = [_control_row(bug, evidence.control(bug, controls)) for bug in bugs]
    made = f"Made on {words.environment(controls['provenance'])}." if controls["provenance"] else "Not made yet."
    return f"{made}\n\n{table(headings, rows, 'Controls')}"


def _control_row(bug: Bug, control: evidence.Control | None) -> list[str]:
    name = f"[{bug.slug}](bugs/{bug.slug}.md)"
    if control is None or not control.current:
        return [name, *[words.verdict("not-run" if control is None else "outdated")] * 5]
    row = control.row
    bits = {True: " bit for bit", False: " not bit for bit", None: ""}[row["healthy_bitwise"]]
    sick = row["sick"]
    return [
        name,
        words.verdict(_worst(row["healthy"])) + bits,
        words.verdict_and_ratio(_worst(row["honest"]), row["honest_ratio"]),
        words.verdict_and_ratio(sick["compute"], row["sick_ratio"]),
        words.verdict(sick["control"]) if "control" in sick else "none",
        words.verdict(sick["workaround"]) if "workaround" in sick else "none",
    ]


def _worst(verdicts: dict[str, str]) -> str:
    return next((v for v in verdicts.values() if v != "agrees"), "agrees")


def rule(controls: dict) -> str:
    """The rule in figures: the allowed ratio beside the largest one that a healthy device made."""
    ratios = [numerics.as_float(row["honest_ratio"]) for row in controls["rows"] if row["honest_ratio"] is not None]
    largest = f" The largest ratio in the table below is {words.figure(max(ratios))}." if ratios else ""
    return f"The allowed ratio is **{words.figure(numerics.ALLOWED_RATIO)}**.{largest}"


# ---- the vocabulary ------------------------------------------------------------------------------------------------


def properties() -> str:
    """The properties of an argument that a trigger may name, each by an example and what it says."""
    rows = [[f"`{name}`", _compared_with(name), *_example(_condition(name))] for name in trigger.PROPERTIES]
    rows += [[f"`has {tag}`", "nothing", *_example(f"self has {tag}")] for tag in trigger.TAGS]
    return table(["Word", "Compared with", "Example", "It says"], rows, "Properties in a trigger")


def _condition(name: str) -> str:
    if name in trigger.NAMES:
        return f"self.{name} == {trigger.NAMES[name][0]}"
    return f"self.{name}{'.0' if name == 'size' else ''} > 8"


def _example(condition: str) -> list[str]:
    said = trigger.sentence([trigger.Trigger(("op",), (trigger.parse_condition(condition),))])
    return [f"`{condition}`", said.partition(" and ")[2]]


def _compared_with(name: str) -> str:
    if name in trigger.NAMES:
        return ", ".join(f"`{value}`" for value in trigger.NAMES[name])
    return "whole numbers, by " + ", ".join(f"`{c}`" for c in trigger.NUMBER_COMPARATORS)


def effects() -> str:
    """The words for how a result is wrong."""
    rows = []
    for word, phrase in WORDS.items():
        second = ", value" if ARGUMENTS.get(word, 1) == 2 else ""
        if word == "random":
            rows += [[f"`random({kind})`", meaning] for kind, meaning in RANDOM_KINDS.items()]
        else:
            rows.append([f"`{word}(argument{second})`", phrase.format("*argument*", "*value*")])
    return table(["Word", "Meaning"], rows, "Words for an effect")
