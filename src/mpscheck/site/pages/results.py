"""The generated parts of the results: each run with its provenance and what it found."""

from mpscheck.bugs.bug import Bug
from mpscheck.known import measured
from mpscheck.known.expected import expected_on
from mpscheck.known.measured import Index, Measurement
from mpscheck.site import words
from mpscheck.site.escape import text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table

UNVERIFIED = (
    "People sent these runs. No job of ours measured them, so they are labelled, they clear no release, and where they "
    "differ from a run of ours both are shown."
)


def run_section(name: str, run: dict, bugs: tuple[Bug, ...], earlier: Index = measured.NONE, level: int = 3) -> str:
    """One run: where it was made, and what it found for each bug, against what is said and what `earlier` runs gave."""
    where = run["provenance"]
    found: dict[str, list[Measurement]] = {}
    for bug, m in measured.measurements({bug.slug: bug for bug in bugs}, name, run):
        found.setdefault(bug.slug, []).append(m)
    rows = [row for bug in bugs for row in _run_rows(bug, found.get(bug.slug, []), earlier)]
    title = f"{text(where['date'][:10])}, torch {text(where['torch'])}, {words.device(where)}"
    found = table(["Bug", "Expected", "Found", "Figures"], rows, f"Results of {text(name)}") if rows else "No record."
    # not in the search: dozens of runs would stand before the page that answers
    return f"{'#' * level} {title} {{ data-search-exclude }}\n\n{_provenance(name, run)}\n\n{found}"


def _run_rows(bug: Bug, found: list[Measurement], earlier: Index) -> list[list[str]]:
    """One row a record; of several dtypes the worst says whether that was expected."""
    speaking = measured.of_runs(found)
    return [_run_row(bug, m, any(m is one for one in speaking), earlier) for m in found]


def _run_row(bug: Bug, m: Measurement, speaks: bool, earlier: Index) -> list[str]:
    found, expected = m.verdict(), expected_on(bug, m.provenance, earlier)
    name = f"[{bug.slug}](bugs/{bug.slug}.md)"
    if not m.current:
        return [name, expected.words, words.verdict(found), "the check has changed since"]
    surprise = " **not as expected**" if speaks and expected.is_surprise(found) else ""
    return [
        name,
        expected.words,
        words.verdict(found) + words.in_dtype(m.record) + surprise,
        "; ".join(words.details(m)),
    ]


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


def results(inputs: Inputs) -> str:
    """All published runs, newest first, those that people sent apart; says so where there is none."""
    if not inputs.runs and not inputs.unverified:
        return f"No run is published. Every bug is {words.verdict(words.NOT_ON_MAC)}."
    parts = _sections(inputs, inputs.runs)
    if inputs.unverified:
        parts += [f"### Unverified {{ #unverified }}\n\n{UNVERIFIED}", *_sections(inputs, inputs.unverified)]
    return "\n\n".join(parts)


def _sections(inputs: Inputs, runs: dict[str, dict]) -> list[str]:
    newest_first = sorted(runs.items(), key=lambda pair: pair[1]["provenance"]["date"], reverse=True)
    return [run_section(name, run, inputs.checks, inputs.measured) for name, run in newest_first]


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
    """The generated files that the page includes."""
    return pieces(results=results(inputs), local=local_results(inputs.checks, inputs.local))
