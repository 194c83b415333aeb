"""The page of one bug, as Markdown."""

import ast

from packaging.version import Version

from mpscheck.bugs import effect, trigger
from mpscheck.bugs.bug import Bug
from mpscheck.bugs.figures import Figure
from mpscheck.known import evidence, releases
from mpscheck.known.answer import Answer
from mpscheck.known.entry import Entry
from mpscheck.known.measured import Measurement
from mpscheck.places import shown
from mpscheck.site import figures as figures_part
from mpscheck.site import measured_table, recorded, run_pages, words
from mpscheck.site.escape import text
from mpscheck.site.inputs import Inputs
from mpscheck.site.markup import definitions, items, region
from mpscheck.site.pages import advice
from mpscheck.site.pages import reported as reported_page


def page(
    entry: Entry,
    controls: dict,
    site_url: str = "",
    transcripts: dict[str, str] | None = None,
    recordings: dict[str, dict] | None = None,
    figures: tuple[Figure, ...] = (),
    run_links: dict[str, str] | None = None,
) -> str:
    """Claim, what is known on the newest release, cure, CPU against MPS, versions, check, evidence, explanation, threads."""
    bug = entry.bug
    found = entry.index.of(bug.slug)
    parts = [
        reported_page.head(bug),
        f"# {words.linked(bug.claim.rstrip('.'), bug)}",
        reported_page.also_known_as(bug),
        f"<div data-search-exclude markdown>\n\n{_summary(entry, found)}\n\n</div>",
        "## What to do { data-search-exclude }\n\n" + _cure(entry),
        figures_part.section(bug, figures, measured_table.section(entry, run_links or {})),
        "## Versions { data-search-exclude }\n\n" + _versions(entry),
        "## Check your machine { data-search-exclude }\n\n" + _check(bug, site_url) + _printed(bug, transcripts or {}),
        "## Evidence { data-search-exclude }\n\n" + _evidence(bug, found, controls),
        "## What goes wrong { data-search-exclude }\n\n" + words.linked(bug.check.explanation, bug),
        "## Who hits it { data-search-exclude }\n\n"
        + _who(bug, recordings or {})
        + reported_page.met_by(entry.encounters),
        "## Threads { data-search-exclude }\n\n" + reported_page.threads(bug),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(entry: Entry, found: list[Measurement]) -> str:
    bug = entry.bug
    newest, one = _on_newest(entry)
    entries = {
        "Newest PyTorch": f"{reported_page.state_word(one.state)} in {newest} ({text(one.because, limit=240)}).",
        "When": f"{trigger.sentence(bug.triggers) if bug.triggers else _why_not(bug, 'trigger')}.",
        "How": f"{effect.sentence(bug.effect) if bug.effect else _why_not(bug, 'effect')}.",
        "Kind": f"{words.kind(bug.kind, bug.silent)}.",
        "PyTorch": f"{words.versions(bug)}{_macos(bug)}.",
        "Our runs": words.last_measured([m.provenance for m in found]),
        "Your Mac": "[Run this check](#check-your-machine); it needs torch alone. Another result than here? "
        "[Send it](../contribute.md#a-run-from-your-mac).",
    }
    if bug.caused_by != "unknown":
        entries["Whose fault"] = f"{reported_page.BLAMED[bug.caused_by]}."
    if bug.in_a_release is False:
        entries["Releases"] = "only builds between releases had it."
    if bug.caveat:
        entries["Caveat"] = words.prose(bug.caveat, 300)
    return definitions(entries)


def _on_newest(entry: Entry) -> tuple[str, Answer]:
    """The newest release that a file or a run knows, and what is known of the bug there."""
    measured = [setup.torch for setup, _ in entry.measured_on if not Version(setup.torch).is_prerelease]
    newest = max([release.version for release in releases.load()] + measured, key=Version)
    return newest, entry.on(newest)


def _why_not(bug: Bug, name: str) -> str:
    """What is said where a trigger or an effect is absent."""
    return f"not said in data: {text(bug.absent.get(name, 'no reason is stated'), limit=240)}"


def _macos(bug: Bug) -> str:
    limits = [f"macOS {words.limits(bug.macos)}"] if bug.macos is not None else []
    limits += [words.prose(bug.macos_note, 160)] if bug.macos_note else []
    limits += [f"chips: {', '.join(bug.chips)}"] if bug.chips else []
    return f", {', '.join(limits)}" if limits else ""


def _cure(entry: Entry) -> str:
    bug, (newer, there) = entry.bug, advice.newer(entry)
    if "workaround" not in bug.check.functions:
        return f"{newer}\n\nThere is no workaround: {bug.check.no_workaround}."
    until = "Where you cannot:" if there else "Until then:"
    return f"{newer} {until}\n\n" + _included(bug, *_lines_of(bug, "workaround"), title="right on every device")


def _lines_of(bug: Bug, name: str) -> tuple[int, int]:
    """First and last line (1-based) of a function of the snippet."""
    nodes = ast.parse(bug.check.source).body
    node = next(n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == name)
    return node.lineno, node.end_lineno


def _included(bug: Bug, first: int, last: int, title: str) -> str:
    """A fenced block that the site build fills with these lines of the snippet."""
    return f'```python title="{title}"\n--8<-- "{shown(bug.check.path)}:{first}:{last}"\n```'


def _versions(entry: Entry) -> str:
    bug = entry.bug
    seen, fixed = bug.basis.get("seen", "unknown"), bug.basis.get("fixed", "unknown")
    fix = f", see {words.link(bug.fixed_pr)}" if bug.fixed_pr else ""
    rows = [("Oldest version seen affected", evidence.oldest_seen(bug) or "not known", seen)]
    if bug.introduced:
        rows.insert(0, ("First version with the fault", bug.introduced["version"], bug.introduced["basis"]))
    if evidence.last_seen(bug):
        rows.append(("Newest version seen affected", evidence.last_seen(bug), seen))
    rows.append(("First version with the fix", str(bug.fixed) if bug.fixed else "not known", fixed + fix))
    if bug.unsure:
        rows.append(("May have the fix already", ", ".join(bug.unsure), "not known"))
    if bug.macos is not None:
        rows.append(("macOS", words.limits(bug.macos), bug.basis.get("macos", "the threads below")))
    table = ["| PyTorch | Version | Known from |", "|---|---|---|"]
    table += [f"| {name} | {version} | {basis} |" for name, version, basis in rows]
    said = region("Versions", "\n".join(table))
    return (
        said
        + "\n\nWhat follows for each release. *Unknown* does not mean *not affected*.\n\n"
        + reported_page.by_release(entry)
    )


def _check(bug: Bug, site_url: str) -> str:
    name = bug.check.path.name
    fetch = f"curl -fsSLO {site_url}bugs/{name} && " if site_url else ""
    before = (
        "" if site_url else f"[Download {name}]({name}){{ download }} and run it with your own Python and PyTorch:\n\n"
    )
    after = f"\n\n[Download {name}]({name}){{ download }}" if site_url else ""
    command = f"```sh\n{fetch}python {name}\n```"
    code = _included(bug, *bug.check.shown_lines, title=name)
    return (
        f"{before}{command}\n\nIt needs torch alone. It ends with `AGREES` (exit status 0) or `WRONG` (exit status 3); "
        "any other exit status means that it could not run.\n\n"
        f"With uv, `uv run {name}` takes your own environment, and `uv run --no-project --with torch==2.8.0 {name}` the torch "
        f"that you name.{after}\n\n"
        f"The heart of it:\n\n{code}"
    )


def _printed(bug: Bug, transcripts: dict[str, str]) -> str:
    """What the snippet prints on a healthy and on a sick device, from runs that are kept; nothing if there are none."""
    healthy, sick = (transcripts.get(f"{bug.slug}-{state}") for state in ("healthy", "sick"))
    if healthy is None or sick is None:
        return ""
    return (
        "\n\n### What it prints { data-search-exclude }\n\n"
        "Both are **emulated**: the software device `emu` takes the place of `mps`. The second and third line name the "
        "Python and the torch that were measured: check that they are yours.\n\n"
        f"On a healthy device. What now: this call is right here; [check your model](../validate.md) for the others.\n\n"
        f"{_fenced(healthy)}\n\n"
        "With the fault. What now: [use the workaround](#what-to-do) and run your model again; "
        f"[send the output](../contribute.md) if your versions are not listed.\n\n{_fenced(sick)}"
    )


def _fenced(output: str) -> str:
    return f"````text\n{output.rstrip()}\n````"


def _evidence(bug: Bug, found: list[Measurement], controls: dict) -> str:
    cells = {
        "measured": words.on_macs(found) + (", [each of them](#cpu-against-mps)" if found else ""),
        "declared": items(words.linked(fact, bug) for fact in evidence.declared(bug))
        or "nothing read in the wheels so far",
        "reported": _reported(bug),
        "emulated": _emulated(bug, controls),
    }
    rows = [f"| **{kind}**<br><small>{meaning}</small> | {cells[kind]} |" for kind, meaning in evidence.KINDS.items()]
    return region("Evidence", "\n".join(["| Kind | What is known |", "|---|---|", *rows]))


def _reported(bug: Bug) -> str:
    entries = [words.sighting(entry) for entry in bug.reported]
    return items(entries or [words.link(bug.issue)])


def _healthy_alone(control: evidence.Control | None) -> str:
    """What the check without a fault to imitate gave."""
    if control is None or not control.current:
        return "It was not run on the healthy devices yet"
    return f"On the healthy devices it {'agrees' if control.agrees else 'does not agree'}"


def _emulated(bug: Bug, controls: dict) -> str:
    control = evidence.control(bug, controls)
    if not bug.imitable:
        return f"{evidence.NOT_PROVEN}: {text(bug.not_imitated, limit=240)}. {_healthy_alone(control)}"
    if control is None:
        return f"{words.verdict('not-run')} on the emulated device"
    if not control.current:
        return f"{words.verdict('outdated')}: the check or its fault has changed since it was run there"
    row = control.row
    others = ", ".join(f"{name} {verdict}" for name, verdict in row["sick"].items() if name != "compute")
    same = {True: ", bit for bit", False: ", not bit for bit", None: ""}[row["healthy_bitwise"]]
    facts = [
        f"device made sick: {words.verdict_and_ratio(row['sick']['compute'], row['sick_ratio'])}; {others}",
        f"healthy device: {words.verdict(row['healthy']['compute'])}{same}",
        f"healthy device, other arithmetic: {words.verdict_and_ratio(row['honest']['compute'], row['honest_ratio'])}",
    ]
    return items(facts) + f"<small>{words.environment(control.provenance)}</small>"


def _who(bug: Bug, recordings: dict[str, dict]) -> str:
    told = "\n".join(f"- {text(place, limit=400)}" for place in bug.met_in) or "Not known."
    if bug.slug not in recordings:
        return told
    return f"{recorded.table(recordings[bug.slug]['row'])}\n\n**Reported or judged**:\n\n{told}"


def files(inputs: Inputs) -> dict[str, str]:
    """A page a bug with a check, and the check itself."""
    found, run_links = {}, run_pages.links(inputs.published, to="../")
    for entry in inputs.known:
        if bug := entry.bug if entry.has_check else None:
            found[f"bugs/{bug.check.path.name}"] = bug.check.source
            found[f"bugs/{bug.slug}.md"] = page(
                entry,
                inputs.controls,
                inputs.site_url,
                inputs.printed,
                inputs.recordings,
                inputs.figures.get(bug.slug, ()),
                run_links,
            )
    return found
