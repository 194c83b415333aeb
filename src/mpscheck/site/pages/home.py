"""The generated parts of the home page and of the page of `validate_mps.py`: the widget, what to paste, what it prints."""

from html import escape

from mpscheck.bugs.figures import Figure
from mpscheck.known import releases, said, setups, uses
from mpscheck.known.advice import Advice, Standing, macs, right_since
from mpscheck.known.answer import AFFECTED, MEASURED, NOT_AFFECTED, UNKNOWN
from mpscheck.known.entry import PLACES, Entry, every_release
from mpscheck.known.setups import Setup
from mpscheck.runs import slim
from mpscheck.site import reported_bars, words
from mpscheck.site.escape import json_of, text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table
from mpscheck.site.pages import releases as releases_page
from mpscheck.site.pages.exposure import LINEAR
from mpscheck.site.pages.seven import REPORT

OFFERED = {  # by what one runs: the uses that advice is given for, and what only families of bugs tell
    "anything": uses.USES["anything"][0],
    **{use.name: use.label for use in uses.OF_ADVICE},
    "images": uses.USES["images"][0],
}
SETTLED = 2  # how many checks are offered at once
NO_MAC = ("a virtual GPU",)  # in the place of a chip, where only a machine that may be virtual is accused


def widget(entries: list[Entry]) -> str:
    """The form "Is my set-up affected?" and the place of its answer, as HTML.

    Hidden until `docs/assets/home.js` can work it; without a script a list of releases stands in its place.
    """
    versions = {release.version: release.version for release in releases.load()[::-1]}
    fields = [
        _select("torch", "PyTorch", versions, "choose"),
        _select("macos", "macOS", {version: version for version in releases.MACOS[::-1]}, "any"),
        _select("chip", "Chip", {chip: chip for chip in releases.CHIPS}, "any"),
        _select("use", "What I run", OFFERED, None),
    ]
    silent = sum(entry.silent for entry in entries)
    return (
        f'<section class="affected" data-affected data-search-exclude>\n<form aria-label="My set-up" hidden>{"".join(fields)}</form>\n'
        f'<div aria-live="polite" data-answer><p>{len(entries)} bugs are known, {silent} of them silent. Which of them are '
        'in yours? <a href="#by-pytorch-release">By release of PyTorch</a>.</p></div>\n'
        f"<noscript>{_by_release(entries)}</noscript>\n</section>"
    )


def _by_release(entries: list[Entry]) -> str:
    """All releases with what is known and unknown there, in little space: the answer where no script runs."""
    cells = []
    for release, number in releases_page.counts_by_release(entries):
        link = f'<a href="releases/{release.version}/">{release.version}</a>'
        cells.append(f"<li>{link} {number.known} / {number.likely} / {number.unknown - number.likely}</li>")
    return f'<p>PyTorch: bugs known / likely / else unknown there</p><ul class="releases">{"".join(cells)}</ul>'


def _select(name: str, label: str, options: dict[str, str], first: str | None) -> str:
    empty = f'<option value="">{first}</option>' if first else ""
    inside = "".join(f'<option value="{value}">{escape(shown)}</option>' for value, shown in options.items())
    return f'<label>{label}<select name="{name}">{empty}{inside}</select></label>'


def affected(entries: list[Entry], place: int) -> str:
    """The widget's data for one release, as JSON: what affects it and what is likely to, and how much is unknown, or is not there, by use."""
    release = releases.load()[place]

    def number(state: str) -> dict[str, int]:
        there = [entry for entry in entries if entry.answers[place].state == state]
        return {use: sum(use in entry.uses for entry in there) for use in uses.USES}

    document = {
        "torch": release.version,
        "affected": [
            _listed(entry)
            | {"state": entry.answers[place].state, "where": where(entry, place), "silent": entry.silent}
            | {"measured": entry.answers[place].basis == MEASURED}
            | {"fixed": right_since(entry.bug, entry.index.verified)}
            for entry in entries
            if entry.answers[place].accused
        ],
        "likely": [
            _listed(entry) | {"where": [_tied(entry)], "why": entry.answers[place].said.reason.partition(";")[0]}
            for entry in entries
            if entry.likely(place)
        ],
        "unknown": number(UNKNOWN),
        "not_affected": number(NOT_AFFECTED),
    }
    return json_of(document) + "\n"


def advised(advice: Advice, release: str, with_check: set[str]) -> str:
    """What the widget says by use and Mac, as JSON: the release that stands best, and how this one stands.

    A list has one number a Mac, each macOS with each chip: the place in `taken`, or in `standings`.
    """
    taken: list[str] = []
    standings: list[dict] = []
    by_use = {}
    for use in uses.OF_ADVICE:
        best = [advice.take(use.name, mac).release for mac in macs()]
        here = [_standing(advice.standing(release, use.name, mac), with_check) for mac in macs()]
        by_use[use.name] = {
            "family": use.family,
            "take": [_place(taken, one) for one in best],
            "standing": [_place(standings, one) for one in here],
        }
    chosen = {"macos": ["", *releases.MACOS], "chip": ["", *releases.CHIPS]}
    document = {"torch": release, **chosen, "uses": by_use, "taken": taken, "standings": standings}
    return json_of(document, indent=None) + "\n"


def _standing(one: Standing, with_check: set[str]) -> dict:
    unknown = (*one.likely, *one.near, *one.unknown)
    return {
        "said": f"{len(one.accused)} known to be wrong, {len(one.likely)} likely",
        "met": [*one.accused, *one.likely],
        "settle": [slug for slug in unknown if slug in with_check][:SETTLED],
    }


def _place(found: list, one: object) -> int:
    """The place of this in the list, at whose end it is put where it is not in it yet."""
    if one not in found:
        found.append(one)
    return found.index(one)


def _listed(entry: Entry) -> dict:
    return {"slug": entry.slug, "claim": entry.bug.claim.rstrip("."), "uses": entry.uses}


def _tied(entry: Entry) -> dict:
    """The Macs that sources tie a bug to."""
    return {"macos": releases.macos_of(entry.bug), "chips": entry.bug.chips or None}


def where(entry: Entry, place: int) -> list[dict]:
    """The Macs on which a release is accused, one of these is enough: versions of macOS and chips, None for all of them."""
    version = releases.load()[place].version
    found = []
    if said.said(entry.bug, Setup(version)).state == AFFECTED:
        found.append(_tied(entry))
    for setup, one in entry.measured_on:
        if setup.torch == version and one.accused:
            chips = ((setup.chip,) if setup.chip else None) if setup.virtual is False else NO_MAC
            found.append({"macos": (setup.macos.split(".")[0],) if setup.macos else None, "chips": chips})
    return [one for n, one in enumerate(found) if one not in found[:n]]


def answer(transcript: str | None) -> str:
    """The lines of a transcript that matter most, as a Mac prints them: the figures on each device, and the last line."""
    lines = transcript.splitlines() if transcript else ["not run yet"]
    shown = "\n".join([line for line in lines[:-1] if line.startswith("[")] + lines[-1:])
    shown = shown.replace("[EMU]", "[MPS]").replace(" emu against the CPU", " mps against the CPU")
    return f'```text title="Illustration: emulated, not a Mac"\n{shown}\n```'


def measured_macs(runs: dict[str, dict], unverified: dict[str, dict] | None = None) -> str:
    """One sentence on how many Macs have been measured, by our jobs and by people."""
    ours, theirs = _machines(runs), _machines(unverified or {})
    if not ours and not theirs:
        return "No Mac has been measured yet."
    said = [*([ours] if ours else []), *([f"sent by people and unverified: {theirs}"] if theirs else [])]
    return f"Runs [are published](results.md): {'; '.join(said)}."


def _machines(runs: dict[str, dict]) -> str:
    counted = [run for run in runs.values() if any(record.functions for record in slim.slim(run)["records"])]
    found = [run["provenance"] for run in counted if run["provenance"]["device"].startswith("mps")]
    groups = {phrase: sum(where["virtual"] is virtual for where in found) for virtual, phrase in words.MACHINES.items()}
    return ", ".join(f"{count} {phrase}" for phrase, count in groups.items() if count)


def time_needed(measured: dict[str, float]) -> str:
    """One phrase on how long `validate_mps.py` computes for a model as large as GPT-2."""
    if "validate-smollm2" not in measured:
        return "How long it takes is not measured."
    return (
        f"With `--quick`, a model of GPT-2's size took {measured['validate-smollm2']:.0f} seconds of processor time "
        "on the emulated device; the first time there is a download too."
    )


def seconds(measured: dict[str, float]) -> str:
    """How long `validate_mps.py` computes, by model."""
    names = {"validate-healthy": "`ioi-small`", "validate-smollm2": "`smollm2`, about as large as GPT-2"}
    rows = [[name, f"{measured[key]:.0f} s"] for key, name in names.items() if key in measured]
    return table(["Model", "Processor time"], rows, "Time")


def only_in_runs(entries: list[Entry]) -> str:
    """Where the releases stand that runs know and the form does not offer; empty where there is none."""
    found = [version for version in every_release(entries) if version not in PLACES]
    if not found:
        return ""
    return f"Not in the form yet, but in our runs: PyTorch {setups.listed(found)}, in [the matrix](matrix.md) and under [what changed](changes.md)."


def reported(found: tuple[Figure, ...]) -> str:
    """What the report of the IOI case measured, as a picture; empty where its figures are not there."""
    drawn = reported_bars.drawing(reported_bars.shares(found, REPORT))
    if not drawn:
        return ""
    [date] = {one.date for one in found if one.source == REPORT}
    return (
        f'<div class="figure narrow" data-search-exclude markdown="0">\n{drawn}</div>\n\n'
        f"Evidence: **reported**, by {words.link(REPORT)} on {date}; we have not run it. [The case, and what now](ioi.md)"
    )


def happened(found: tuple[Figure, ...]) -> str:
    """What the report of the IOI case saw, in two numbers, as HTML; empty where its figures are not there."""
    first = next(iter(reported_bars.shares(found, REPORT)), None)
    if first is None:
        return ""
    values = "".join(
        f'<p class="value {name.lower()}"><span>{text(first.what)} on {name}</span><b>{text(digits)}</b></p>'
        for name, digits in (("CPU", first.cpu), ("MPS", first.mps))
    )
    said = "One prompt, GPT-2, one Mac, and no error: what a user of TransformerLens saw. Evidence: <strong>reported</strong>."
    return f'<div class="happened" data-search-exclude>{values}<p class="said">{said} <a href="report/">The report</a></p></div>'


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes, and what its widget reads: the bugs of each release, and the advice."""
    printed, seconds_ = inputs.printed, inputs.seconds
    found = pieces(
        command=words.command(inputs.site_url),
        healthy=answer(printed.get("validate-healthy")),
        sick=answer(printed.get("validate-sick")),
        seconds=seconds(seconds_),
        time_needed=time_needed(seconds_),
        macs=measured_macs(inputs.runs, inputs.unverified),
        widget=widget(inputs.known),
        only_in_runs=only_in_runs(inputs.known),
        happened=happened(inputs.figures.get(LINEAR, ())),
        reported_bars=reported(inputs.figures.get(LINEAR, ())),
    )
    with_check = {bug.slug for bug in inputs.checks}
    for place, release in enumerate(releases.load()):
        found[f"api/affected/{release.version}.json"] = affected(inputs.known, place)
        found[f"api/advice/{release.version}.json"] = advised(inputs.advice, release.version, with_check)
    return found
