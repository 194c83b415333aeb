"""Which known bugs a GPT-2 meets through which library version: tables made from `results/exposure/*.json`. Pure."""

from mpscheck.bugs.bug import Bug
from mpscheck.known import exposure
from mpscheck.known.exposure import CERTAIN, MODEL, POSSIBLE, RELEASES, UNTESTED, Answer, Met, Study
from mpscheck.site import words
from mpscheck.site.escape import claim_markdown, text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import items, table

LINEAR = "linear-noncontiguous-weight"  # pytorch/pytorch#161640
MACS = {"M1, M2": "M1", "M3, M4": "M4", "M5": "M5"}  # chips in words, and one that stands for them
SYSTEMS = ("14", "15", "26", "27")


# ---- from which PyTorch on -----------------------------------------------------------------------------------------


def counted(found: Met) -> str:
    """`0 known, 2 possible, 31 unknown`."""
    return f"{len(found.known)} known, {len(found.possible)} possible, {len(found.unknown)} unknown"


def smallest(found: Answer) -> list[str]:
    """The smallest release without a known bug, and the one without a possible one if that is another; what is met."""
    if found.first is None:
        return [f"**none**: known in {found.known_in[-1]}"]
    lines = [f"{_release(found.first)}: {counted(found.on_first)}"]
    if found.strict is None:
        lines.append(f"**none** without a possible one, {RELEASES[-1]} included")
    elif found.strict != found.first:
        lines.append(f"{_release(found.strict)}: {counted(found.on_strict)}")
    return lines


def in_cell(found: Answer) -> str:
    """The same for a narrow cell: `2.9.0, 1 possible, 26 unknown` and, below it, the release without possible ones."""
    if found.first is None:
        return smallest(found)[0]
    met = [(found.first, found.on_first)]
    if found.strict not in (None, found.first):
        met.append((found.strict, found.on_strict))
    lines = []
    for version, on in met:
        possible = [f"{len(on.possible)} possible"] if on.possible else []
        lines.append(", ".join([_release(version), *possible, f"{len(on.unknown)} unknown"]))
    return "<br>".join(lines + ["**none** without a possible one"] * (found.strict is None))


def _release(version: str | None) -> str:
    return "**none**" if version is None else "**any**" if version == RELEASES[0] else f"**{version}**"


def _from(version: str | None) -> str:
    if version is None:
        return "There is no PyTorch release from which on"
    return "On any PyTorch release" if version == RELEASES[0] else f"From PyTorch **{version}** on,"


def in_short(study: Study) -> str:
    """The answer for GPT-2 through TransformerLens, all versions and entry points together, by use."""
    rows = study.of("TransformerLens")
    if not rows:
        return "Nothing was measured yet."
    states = study.states()
    by_use = {use: exposure.together(study.how(row, use) for row in rows) for use in rows[0].uses}
    all_of_them = study.together("TransformerLens")
    every = exposure.answer(all_of_them, states)
    left = exposure.left(every, all_of_them, states)
    lines = [
        f"{_from(every.first)} GPT-2 through TransformerLens hits no bug that is **known** for certain. "
        f"{_from(every.strict)} it hits none that is **possible** either. **No release is known to "
        f"be safe**: on {every.strict or RELEASES[-1]} it is **unknown** for {len(left.unknown)} bugs whether it hits them.",
        "",
        "By use, from that release on. A short forward pass has 6 tokens; a KV cache is used to generate token by token.",
        "",
    ]
    for use, how in by_use.items():
        lines.append(f"- {use}: {'; '.join(smallest(exposure.answer(how, states)))}")
    decisive = sorted({slug for how in by_use.values() for slug in exposure.deciding(how, states)})
    lines += ["", f"These versions rest on: {'; '.join(_link(study.bugs[slug]) for slug in decisive)}."]
    return "\n".join(lines)


def by_use(study: Study) -> str:
    """The smallest release by entry point and use, on any Mac."""
    states = study.states()
    uses = list(dict.fromkeys(use for row in study.rows for use in row.uses))
    lines = []
    for row in study.rows:
        answers = [exposure.answer(study.how(row, use), states) for use in uses]
        lines.append([row.library, row.entry, *map(in_cell, answers)])
    return table(["Library", "Entry point", *uses], lines, "Smallest PyTorch by entry point and use")


def by_mac(study: Study) -> str:
    """The smallest release by chip and macOS, for all uses of an entry point together."""
    states = {(chips, system): study.states(system, chip) for chips, chip in MACS.items() for system in SYSTEMS}
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}  # one answer a Mac: the entry points that share them
    for row in study.shaped:
        how = exposure.together(study.how(row, use) for use in row.uses)
        found = [exposure.answer(how, of_mac) for of_mac in states.values()]
        ends = tuple((_release(one.first), _release(one.strict)) for one in found)
        groups.setdefault(ends, []).append(f"{row.library} {row.entry}")
    lines = []
    for ends, entries in groups.items():
        by_answer: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for mac, answer in zip(states, ends, strict=True):
            by_answer.setdefault(answer, []).append(mac)
        said = [f"{mac}: {_ends(*answer)}" for answer, macs in by_answer.items() for mac in _macs(macs)]
        lines.append([items(entries), items(said)])
    return table(["Entry points", "Smallest PyTorch by chip and macOS"], lines, "Smallest PyTorch by Mac")


def _ends(first: str, strict: str) -> str:
    return first if first == strict else f"{first}, without possible ones {strict}"


def _macs(macs: list[tuple[str, str]]) -> list[str]:
    """Pairs of chip and macOS in words: those of chips with the same versions on one line."""
    systems: dict[str, list[str]] = {}
    for chips, system in macs:
        systems.setdefault(chips, []).append(system)
    found: dict[tuple[str, ...], list[str]] = {}
    for chips, versions in systems.items():
        found.setdefault(tuple(versions), []).append(chips)
    return [f"{', '.join(chips)} on macOS {', '.join(versions)}" for versions, chips in found.items()]


# ---- which bugs ----------------------------------------------------------------------------------------------------


def _link(bug: Bug) -> str:
    return f"[{claim_markdown(bug.claim)}](bugs/{bug.slug}.md)"


def matched(study: Study) -> str:
    """The bugs that are known or possible on some release: how certain, when, where, and in which uses."""
    states, lines = study.states(), []
    for how in (CERTAIN, POSSIBLE):
        for slug, uses in _uses_by_bug(study, how).items():
            if "affected" in states.of(slug):
                bug = study.bugs[slug]
                lines.append([_link(bug), _certainty(bug, how), words.versions(bug), _tied(bug), items(uses)])
    headings = ["Bug", "Certainty", "PyTorch", "Tied to", "Hit in"]
    return table(headings, lines, "Known and possible bugs")


def _certainty(bug: Bug, how: str) -> str:
    if how == CERTAIN:
        return "known"
    return "possible: another path on `mps`" if bug.check else "possible: trigger not proven"


def _tied(bug: Bug) -> str:
    systems = [f"macOS {words.limits(bug.macos)}"] if bug.macos is not None else []
    return "; ".join([*systems, *([", ".join(text(chip) for chip in bug.chips)] if bug.chips else [])])


def _uses_by_bug(study: Study, wanted: str) -> dict[str, list[str]]:
    """By slug, the entry points that relate to the bug in this way, each group of them with the uses in which."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in study.shaped:
        for use in row.uses:
            for slug, how in study.how(row, use).items():
                if how == wanted:
                    found.setdefault(slug, {}).setdefault(use, []).append(f"{row.library} {row.entry}")
    return {slug: _by_entries(uses, len(study.shaped)) for slug, uses in sorted(found.items())}


def _by_entries(uses: dict[str, list[str]], every: int) -> list[str]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for use, entries in uses.items():
        groups.setdefault(tuple(entries), []).append(use)
    return [
        f"{', '.join(uses)}: {'every entry point' if len(entries) == every else '; '.join(entries)}"
        for entries, uses in groups.items()
    ]


def unknown(study: Study) -> str:
    """The bugs that are unknown on the newest release, why, and in which uses they are or may be met."""
    newest, states = RELEASES[-1], study.states()
    found: dict[str, tuple[str, list[str]]] = {}
    for row in study.shaped:
        for use in row.uses:
            how = study.how(row, use)
            for slug in exposure.met(how, states, newest).unknown:
                uses = found.setdefault(slug, (how[slug], []))[1]
                if use not in uses:
                    uses.append(use)
    why = {
        CERTAIN: "its trigger matches; nobody has said whether this release has it",
        POSSIBLE: "a drafted trigger matches; nobody has said whether this release has it",
        UNTESTED: "no trigger to look for; its op is called",
    }
    lines = [[_link(study.bugs[slug]), why[how], ", ".join(uses)] for slug, (how, uses) in sorted(found.items())]
    return table(["Bug", "Why unknown", "Uses"], lines, f"Unknown on {newest}")


def summary(study: Study) -> str:
    """What was looked for, and what is left out."""
    counting = [bug for bug in study.bugs.values() if exposure.counts(bug)]
    models = [bug for bug in counting if bug.family == "model"]
    proven = [bug for bug in counting if bug.check and bug.triggers]
    drafted = [bug for bug in counting if not bug.check and bug.triggers]
    late = f" Not measured yet with their newest trigger: {', '.join(study.late)}." if study.late else ""
    return (
        f"Looked for were {len(proven)} bugs with a trigger that a snippet has proven, and {len(drafted)} with one that "
        f"is drafted from their threads.{late} {len(counting) - len(proven) - len(drafted) - len(models)} more have no "
        f"trigger: they are unknown wherever an op of theirs is called. {len(models)} reports about whole models name no "
        "op and are in no count."
    )


# ---- #161640 -------------------------------------------------------------------------------------------------------


def linear_exposure(data: dict[str, dict]) -> str:
    """Who passes a weight to `F.linear` that is not contiguous: entry point, calls by use, and the line."""
    found = exposure.rows(data)
    uses = list(dict.fromkeys(use for row in found for use in row.uses))
    lines = []
    for row in found:
        calls = [_linear(row.uses[use]) for use in uses]
        first = next((use for use in calls if use), [])
        counts = ", ".join(str(sum(f["count"] for f in use)) for use in calls) if first else ""
        lines.append([row.library, row.entry, _verdict(first), counts, items(_places(first))])
    headings = ["Library", "Entry point", "Exposed", f"Calls ({', '.join(uses)})", "Where, and the weight"]
    return table(headings, lines, "Exposure")


def _linear(use: dict) -> list[dict]:
    return [found for found in use["findings"] if found["slug"] == LINEAR]


def _verdict(findings: list[dict]) -> str:
    if not findings:
        return "no"
    if all(found["doubt"] for found in findings):
        return "unknown: on `mps` the code takes another path"
    return "**yes**"


def _places(findings: list[dict]) -> list[str]:
    places = []
    for found in findings:
        place = found["library"] or {"file": "the program itself", "line": ""}
        note = " (in a branch that asks for `mps`)" if found["doubt"] else ""
        places.append(f"`{place['file']}:{place['line']}`{note}: {found['arguments']}; {_modules(found['modules'])}")
    return places


def _modules(modules: dict[str, int]) -> str:
    names = [name.partition(" (")[2].rstrip(")") or name for name in modules]
    return words.span(names[0], names[-1]) if names else ""


# ---- other paths, and where it was measured ------------------------------------------------------------------------


def other_paths(data: dict[str, dict]) -> str:
    """How many lines ask for `mps` in what each entry point imports, and which of them are in code that ran."""
    lines = []
    for name, file in data.items():
        for record in file["records"]:
            if record["model"] == MODEL:
                ran = [f"`{p['file']}:{p['line']}`" for p in record["other_paths"] if p["called"]]
                lines.append([name.partition("-")[2], record["entry"], str(len(record["other_paths"])), items(ran)])
    return table(
        ["TransformerLens environment", "Entry point", "Lines", "In code that ran"], lines, "Lines that ask for mps"
    )


def provenance(data: dict[str, dict]) -> str:
    """Where each file was measured: one entry a library version."""
    entries = []
    for file in data.values():
        where, versions = file["provenance"], file["provenance"]["versions"]
        on = sorted({use["device"] for record in file["records"] for use in record["uses"].values()})
        entries.append(
            f"- TransformerLens {versions['transformer_lens']}, transformers {versions['transformers']}, torch "
            f"{versions['torch']}, Python {versions['python']}, {where['cpu']}, {where['system']}, {where['date']}; "
            f"devices: {' and '.join(on)}; recorder: {where['level']}"
        )
    return "\n".join(entries)


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes."""
    data = inputs.exposure
    study = inputs.advice.study
    return pieces(
        exposure_short=in_short(study),
        exposure_torch=by_use(study),
        exposure_macs=by_mac(study),
        exposure_matched=matched(study),
        exposure_unknown=unknown(study),
        exposure_summary=summary(study),
        exposure_linear=linear_exposure(data),
        exposure_paths=other_paths(data),
        exposure_provenance=provenance(data),
    )
