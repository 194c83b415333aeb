"""The runs: tables of all of them, the newest of each set-up at a glance, and a page for each of these."""

import json

from packaging.version import Version

from mpscheck.bugs.bug import Bug
from mpscheck.known import measured
from mpscheck.known.expected import expected_on
from mpscheck.known.measured import Index, Measurement
from mpscheck.runs import numerics
from mpscheck.site import run_pages, words
from mpscheck.site.escape import text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import day, details, table
from mpscheck.site.run_pages import Run

UNVERIFIED = (
    "People sent the *unverified* runs. No job of ours measured them, so they clear no release, and where they differ from "
    "a run of ours both are shown."
)
COLUMNS = ["Date", "PyTorch", "macOS", "GPU", "Who", "Wrong", "Right", "Could not", "Not as expected"]
GPUS = {True: "virtual", False: "real", None: "perhaps virtual"}
NONE = "–"
NAMED = 3  # bugs by name in a row of the table


def run_section(name: str, run: dict, bugs: tuple[Bug, ...], earlier: Index = measured.NONE) -> str:
    """One run on a page that holds others too: heading, where it was made, and what it found."""
    where = run["provenance"]
    title = f"{text(where['date'][:10])}, torch {text(where['torch'])}, {words.device(where)}"
    # not in the search: dozens of runs would stand before the page that answers
    found = run_pages.by_check({bug.slug: bug for bug in bugs}, name, run)
    return f"### {title} {{ data-search-exclude }}\n\n{_whole(name, run, found, bugs, earlier, '')}"


def _whole(
    name: str, run: dict, found: dict[str, list[Measurement]], bugs: tuple[Bug, ...], earlier: Index, to: str
) -> str:
    """Where a run was made, and what it found for each bug, against what is said and what `earlier` runs gave."""
    rows = sorted(row for bug in bugs for row in _run_rows(bug, found.get(bug.slug, []), earlier, to))
    loud, quiet = ([cells for (_, agrees, *_), cells in rows if agrees == told] for told in (False, True))
    parts, heads = [_provenance(name, run)], ["Bug", "Expected", "Found", "Figures"]
    if loud:
        parts.append(table(heads, loud, f"Results of {text(name)}"))
    if quiet:
        inside = table(heads, quiet, f"Agreeing in {text(name)}")
        parts.append(details(f"{len(quiet)} agree, none against what is expected", inside))
    return "\n\n".join(parts if rows else [*parts, "No record."])


def _run_rows(bug: Bug, found: list[Measurement], earlier: Index, to: str) -> list[tuple[tuple, list[str]]]:
    """One row a record, with its place: surprises first, then the worst; of several dtypes the worst says whether it is one."""
    speaking = measured.of_runs(found)
    rows = []
    for m in found:
        verdict, expected = m.verdict(), expected_on(bug, m.provenance, earlier)
        surprise = m.current and any(m is one for one in speaking) and expected.is_surprise(verdict)
        severity = numerics.SEVERITY.index(verdict) if verdict in numerics.SEVERITY else 0
        shown = words.verdict(verdict) + (words.in_dtype(m.record) if m.current else "")
        figures = "; ".join(words.details(m)) if m.current else "the check has changed since"
        name = f"[{bug.slug}]({to}bugs/{bug.slug}.md)"
        cells = [name, expected.words, shown + " **not as expected**" * surprise, figures]
        agrees = m.current and verdict == "agrees" and not surprise
        rows.append(((not surprise, agrees, -severity, bug.slug, m.record.dtype), cells))
    return rows


def _provenance(name: str, run: dict) -> str:
    """All of it; every string may be a stranger's, but for the address, whose form the schema holds."""
    where = run["provenance"]
    variables = _pairs(where["variables"]) or "none"
    image = f", image {text(where['image'])}" if where.get("image") else ""
    entries = [
        f"Evidence: **{where['evidence']}**",
        f"The machine: {words.fit(run)}",
        f"Run file: {text(name)}",
        f"Chip: {text(where['chip'] or 'not known')}. Model: {text(where.get('model') or 'not known')}. "
        f"MPSGraph: {text(where['mpsgraph'] or 'none')}. Runner: {text(where['runner'] or 'none')}{image}",
        f"Python {text(where['python'])}. Environment variables: {variables}",
        f"Other packages: {_pairs(where.get('packages', {})) or 'none'}. Code: {text(where.get('commit') or 'not known')}",
        *([f"[The job on GitHub]({where['address']})"] if where.get("address") else []),
    ]
    return "\n".join(f"- {entry}" for entry in entries)


def _pairs(named: dict[str, str]) -> str:
    return ", ".join(f"{text(name)}={text(value)}" for name, value in named.items())


def results(runs: list[Run]) -> str:
    """The newest run of each set-up, then the last runs, then where all others are; says so where there is none."""
    last = words.last_measured(run.where for run in runs)
    if not runs:
        return f"No run is published. Every bug is {words.verdict(words.NOT_ON_MAC)}."
    links, older = run_pages.links(runs), run_pages.older(runs)
    shown = runs[: run_pages.SHOWN]
    years = [f"[{len(there)} of {year}](runs/{year}.md)" for year, there in older.items()]
    title = (
        f"The last {len(shown)} of {len(runs)} runs"
        if older
        else f"All {len(runs)} runs"
        if len(runs) > 1
        else "The run"
    )
    parts = [
        last,
        "Counted are checks. *Not as expected*: otherwise than sources say, or than the run before on the same runner.",
        *([] if all(run.verified for run in runs) else [UNVERIFIED]),
        "### The newest run of each set-up { data-search-exclude }",
        _setups(run_pages.with_page(runs)),
        f"### {title} {{ data-search-exclude }}",
        _table(shown, links, "Runs on Macs"),
        *([f"Older runs: {', '.join(years)}."] if years else []),
    ]
    return "\n\n".join(parts)


def _setups(newest: list[Run]) -> str:
    """One row a release, one column a macOS and kind of GPU: the newest run there, ours first."""
    there: dict[tuple, dict[str, list[Run]]] = {}
    for run in sorted(newest, key=lambda run: not run.verified):
        torch, macos, virtual, _ = run.setup
        there.setdefault((macos, virtual), {}).setdefault(torch, []).append(run)
    columns = sorted(there, key=lambda key: (-int(key[0] or 0), str(key[1])))
    torches = sorted({run.setup[0] for run in newest}, key=Version, reverse=True)
    rows = [
        [text(torch), *("<br>".join(map(_newest, there[key].get(torch, []))) or NONE for key in columns)]
        for torch in torches
    ]
    heads = [f"macOS {macos}, {GPUS[virtual]}" if macos else GPUS[virtual] for macos, virtual in columns]
    return table(["PyTorch", *heads], rows, "The newest run of each set-up", "numbers")


def _newest(run: Run) -> str:
    """A link to the page of a run, and what it found."""
    whose = "" if run.verified else ", unverified"
    counts = f"{run.counts['wrong']} wrong, {run.counts['right']} right"
    return f"{day(text(run.where['date'][:10]), f'runs/{run.slug}.md')}<br><small>{counts}{whose}</small>"


def _table(runs: list[Run], links: dict[str, str], label: str, up: str = "") -> str:
    return table(COLUMNS, [_row(run, links[run.name], up) for run in runs], label, "runs")


def _row(run: Run, link: str, up: str) -> list[str]:
    where, counts = run.where, run.counts
    return [
        f'<span id="{run_pages.anchor(run)}"></span>' + day(text(where["date"][:10]), "" if "#" in link else link),
        text(where["torch"]),
        text(where["macos"] or where["system"]),
        f"{text(where['chip'] or where['gpu'] or 'not known', 40).replace(' &#40;Virtual&#41;', '')}, {GPUS[where['virtual']]}",
        "CI" if run.verified else "unverified",
        str(counts["wrong"]),
        str(counts["right"]),
        str(counts["neither"]),
        _surprises(run, up),
    ]


def year_page(year: str, runs: list[Run], links: dict[str, str]) -> str:
    """The runs of a year that are not among the last ones."""
    told = f"Runs of MPS Check on Macs in {year}, but for the newest ones."
    return (
        f"---\ndescription: {json.dumps(told)}\nsearch:\n  exclude: true\nhide:\n  - toc\n---\n\n# Older runs of {year}\n\n"
        f"{len(runs)} runs, newest first. [The newest runs, and what the columns mean](../results.md)\n\n"
        f"{_table(runs, links, f'Runs on Macs, {year}', '../')}\n"
    )


def _surprises(run: Run, up: str) -> str:
    """Their number, and the first of them by name; `up` leads to `docs/`."""
    if not run.surprises:
        return "0"
    named = [f"[{slug}]({up}bugs/{slug}.md)" for slug in run.surprises[:NAMED]]
    more = [f"{len(run.surprises) - NAMED} more"] if len(run.surprises) > NAMED else []
    return f"**{len(run.surprises)}**: <small>{', '.join([*named, *more])}</small>"


def run_page(run: Run, bugs: tuple[Bug, ...], earlier: Index) -> str:
    """The page of the newest run of a set-up."""
    where, counts = run.where, run.counts
    title = f"{text(where['date'][:10])}, PyTorch {text(where['torch'])}, {words.device(where)}"
    told = f"What a run of {len(run.found)} checks on a Mac found on {where['date'][:10]}, against what sources say."
    whose = "" if run.verified else f" **{words.UNVERIFIED.capitalize()}.**"
    return (
        f"---\ndescription: {json.dumps(told)}\nsearch:\n  exclude: true\nhide:\n  - toc\n---\n\n# Run of {title}\n\n"
        f"{counts['wrong']} checks wrong, {counts['right']} right, {counts['neither']} gave no verdict; "
        f"{len(run.surprises)} not as expected.{whose} [All runs](../results.md)\n\n"
        f"{_whole(run.name, run.document, run.found, bugs, earlier, '../')}\n"
    )


def local_results(bugs: tuple[Bug, ...], runs: dict[str, dict]) -> str:
    """What was measured on the machine that built this copy of the site; empty where nothing was."""
    if not runs:
        return ""
    intro = (
        "## On the machine that built this copy\n\nThis section exists only in a copy built where something was "
        "measured. It is not published."
    )
    return "\n\n".join([intro, *(run_section(name, run, bugs) for name, run in sorted(runs.items()))])


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes, a page for the newest run of each set-up, and one for older runs a year."""
    runs, links = inputs.published, run_pages.links(inputs.published, to="../")
    found = {f"runs/{run.slug}.md": run_page(run, inputs.checks, inputs.measured) for run in run_pages.with_page(runs)}
    found |= {f"runs/{year}.md": year_page(year, there, links) for year, there in run_pages.older(runs).items()}
    return found | pieces(results=results(runs), local=local_results(inputs.checks, inputs.local))
