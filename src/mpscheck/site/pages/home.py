"""The generated parts of the home page and of the page of `validate_mps.py`: the widget, what to paste, what it prints."""

import json
from html import escape

from mpscheck.known import releases, uses
from mpscheck.known.entry import Entry
from mpscheck.runs import numerics
from mpscheck.site import words
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table
from mpscheck.site.pages import releases as releases_page


def widget(entries: list[Entry]) -> str:
    """The form "Is my set-up affected?" and the place of its answer, as HTML.

    Hidden until `docs/assets/home.js` can work it; without a script a list of releases stands in its place.
    """
    versions = {release.version: release.version for release in releases.load()[::-1]}
    fields = [
        _select("torch", "PyTorch", versions, "choose"),
        _select("macos", "macOS", {version: version for version in releases.MACOS[::-1]}, "any"),
        _select("chip", "Chip", {chip: chip for chip in releases.CHIPS}, "any"),
        _select("use", "What I run", {use: label for use, (label, _) in uses.USES.items()}, None),
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
        cells.append(f"<li>{link} {number['affected']} / {number['unknown']}</li>")
    return f'<p>PyTorch: bugs known / unknown there</p><ul class="releases">{"".join(cells)}</ul>'


def _select(name: str, label: str, options: dict[str, str], first: str | None) -> str:
    empty = f'<option value="">{first}</option>' if first else ""
    inside = "".join(f'<option value="{value}">{escape(shown)}</option>' for value, shown in options.items())
    return f'<label>{label}<select name="{name}">{empty}{inside}</select></label>'


def affected(entries: list[Entry], place: int) -> str:
    """The widget's data for one release, as JSON: what affects it, and of how much that is unknown, or known not to be so, by use."""
    release = releases.load()[place]
    affected = [entry for entry in entries if entry.letters[place] == "a"]

    def number(letter: str) -> dict[str, int]:
        return {
            use: sum(entry.letters[place] == letter and use in entry.uses for entry in entries) for use in uses.USES
        }

    document = {
        "torch": release.version,
        "affected": [
            {
                "slug": entry.slug,
                "claim": entry.bug.claim.rstrip("."),
                "silent": entry.silent,
                "macos": releases.macos_of(entry.bug),
                "chips": entry.bug.chips or None,
                "fixed": words.release(str(entry.bug.fixed)) if entry.bug.fixed is not None else None,
                "uses": entry.uses,
            }
            for entry in affected
        ],
        "unknown": number("u"),
        "not_affected": number("n"),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def answer(transcript: str | None) -> str:
    """The lines of a transcript that matter most: the figures on each device, and the last line."""
    lines = transcript.splitlines() if transcript else ["not run yet"]
    return "```text\n" + "\n".join([line for line in lines[:-1] if line.startswith("[")] + lines[-1:]) + "\n```"


def macs(runs: dict[str, dict]) -> str:
    """One sentence on how many Macs have been measured."""
    counted = [run for run in runs.values() if numerics.measured_anything(run)]
    found = [run["provenance"] for run in counted if run["provenance"]["device"].startswith("mps")]
    if not found:
        return "No Mac has been measured yet."
    groups = {phrase: sum(where["virtual"] is virtual for where in found) for virtual, phrase in words.MACHINES.items()}
    counts = ", ".join(f"{count} {phrase}" for phrase, count in groups.items() if count)
    return f"Runs [are published](results.md): {counts}."


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


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes, and what its widget reads: the bugs of each release."""
    printed, seconds_ = inputs.printed, inputs.seconds
    found = pieces(
        command=words.command(inputs.site_url),
        healthy=answer(printed.get("validate-healthy")),
        sick=answer(printed.get("validate-sick")),
        seconds=seconds(seconds_),
        time_needed=time_needed(seconds_),
        macs=macs(inputs.runs),
        widget=widget(inputs.known),
    )
    every = enumerate(releases.load())
    return found | {f"api/affected/{one.version}.json": affected(inputs.known, place) for place, one in every}
