"""What `validate` and `locate` say of the models that people use, from `results/emulated/works-with/`. Pure."""

from mpscheck.runs import made_of
from mpscheck.site import words
from mpscheck.site.escape import text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table

TOOLS = ("validate", "locate")
WELL = ("healthy", "honest")  # devices without a fault: there a disagreement is a false alarm
HEADINGS = ("Model", "Healthy device", "Other arithmetic", "With a fault")


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes."""
    rows = sorted((document["row"] for document in inputs.works.values()), key=lambda row: row["name"].lower())
    return pieces(
        works_with_sentences="\n".join(f"- {sentence}" for sentence in sentences(rows)) or "Not made yet.",
        works_with_table=tabled(rows, {entry.slug for entry in inputs.known}) if rows else "Not made yet.",
        works_with_reasons="\n".join(reasons(rows)) or "None.",
        works_with_made=words.made(inputs.works) + outdated(inputs),
    )


def outdated(inputs: Inputs) -> str:
    """What has changed since the results were made, as a sentence."""
    bugs = {bug.slug: bug for bug in inputs.checks}
    return words.changed_since(
        made_of.changed(one["made_of"], made_of.of_works(one["row"].get("fault", ""), "", bugs))
        for one in inputs.works.values()
    )


def told(rows: list[dict], devices: tuple[str, ...], tool: str, what: str) -> int:
    """In how many runs a tool said something, all models together."""
    return sum(row["cells"][device][tool][what] for row in rows for device in devices if device in row["cells"])


def sentences(rows: list[dict]) -> list[str]:
    """What follows from the table, in plain words."""
    if not rows:
        return []
    said = [f"{len(rows)} models, with random weights."]
    for tool in TOOLS:
        runs, alarms = (told(rows, WELL, tool, what) for what in ("runs", "disagrees"))
        silent = told(rows, WELL, tool, "could not check")
        met, caught = (told(rows, ("sick",), tool, what) for what in ("met", "disagrees"))
        said.append(
            f"`{tool}`, devices without a fault: **{alarms} false alarms** in {runs} runs; no verdict in {silent}. "
            f"With a fault that gave a wrong number in the run: caught in **{caught} of {met}** runs."
        )
    return said


def tabled(rows: list[dict], pages: set[str]) -> str:
    """One line a model."""
    lines = [
        [
            subject(row),
            *("<br>".join(f"{tool}: {well(row['cells'][device][tool])}" for tool in TOOLS) for device in WELL),
            sick(row, pages),
        ]
        for row in rows
    ]
    return table(HEADINGS, lines, "What each tool said of each model")


def subject(row: dict) -> str:
    """A model, its size and the versions of the libraries that it is of."""
    versions = ", ".join(f"{text(name)} {text(version)}" for name, version in row["versions"].items())
    return f"{text(row['name'])}<br>{row['parameters']:,} parameters" + f"<br>{versions}" * bool(versions)


def well(cell: dict) -> str:
    """What a tool said where nothing is wrong."""
    runs = cell["runs"]
    if cell["disagrees"]:
        return words.marked("✘", f"false alarm in {cell['disagrees']} of {runs} runs")
    if cell["could not check"]:
        return words.marked("!", f"no verdict in {cell['could not check']} of {runs} runs")
    return words.marked("✔", f"agrees, {runs} of {runs} runs")


def sick(row: dict, pages: set[str]) -> str:
    """Which fault a model was given, and which tool caught it."""
    if "sick" not in row["cells"]:
        return "no fault of the list changes what it gives"
    fault = row["fault"]
    name = f"[{fault}](bugs/{fault}.md)" if fault in pages else f"`{fault}`"
    return "<br>".join([name, *(f"{tool}: {caught(row['cells']['sick'][tool])}" for tool in TOOLS)])


def caught(cell: dict) -> str:
    """In how many of the runs in which the fault gave a wrong number a tool saw it."""
    met, seen = cell["met"], cell["disagrees"]
    if not met:
        return "the fault did not show in a run"
    named = f", its op named in {cell['named']}" if cell["named"] else ""
    return words.marked("✔" if seen >= met else "✘", f"caught in {seen} of {met} runs{named}")


def reasons(rows: list[dict]) -> list[str]:
    """Why there was no verdict, or a false alarm, on devices without a fault: an entry for each model and tool."""
    found = []
    for row in rows:
        for tool in TOOLS:
            cells = {device: row["cells"][device][tool] for device in WELL}
            why = [reason for cell in cells.values() for reason in cell["reasons"][:1]]
            if why:
                found.append(f"- {text(row['name'])}, `{tool}`: {text(why[0], limit=300)}")
    return found
