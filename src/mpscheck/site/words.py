"""Saying verdicts, figures, provenance and references in Markdown. Verdicts have a word and a shape, never only a colour."""

import math
import re
from collections.abc import Iterable

from packaging.version import Version

from mpscheck.bugs.bug import Bug, thread_url
from mpscheck.known import evidence
from mpscheck.known.measured import Measurement, of_runs
from mpscheck.runs import fitness, numerics, slim
from mpscheck.site.escape import entities, line, text
from mpscheck.site.markup import anchor

NOT_ON_MAC = "not yet run on a Mac"
UNVERIFIED = "unverified: no job of ours measured it"
SHAPES = {
    "agrees": "✔",
    "right": "✔",
    "wrong": "✘",
    "nan": "✘",
    "nondeterministic": "✘",
    "error": "!",
    "crash": "!",
    "hang": "!",
    "memory": "!",
    "gpu-fault": "!",
    "unfit": "?",
    "not-separable": "?",
    "unsupported": "!",
    "outdated": "?",
    "not-run": "–",
    NOT_ON_MAC: "–",
}
CLASSES = {"✘": "bad", "!": "failed", "✔": "good", "?": "unknown", "–": "unknown", "≠": "failed"}  # the worst first
BUG_KINDS = {
    "wrong": "silently wrong numbers",
    "nan": "NaN where numbers belong",
    "nondeterministic": "another result each time",
    "error": "an error",
    "crash": "a crash",
    "hang": "a hang",
    "memory": "memory outside the tensor, or too much of it",
}
LOUD_KINDS = ("error", "crash", "hang")  # these give themselves away, without a word on it
SHORT_NAMES = {  # how threads are named in short within an explanation
    "pytorch": "pytorch/pytorch",
    "transformers": "huggingface/transformers",
    "diffusers": "huggingface/diffusers",
    "TransformerLens": "TransformerLensOrg/TransformerLens",
}
_REFERENCE = re.compile(
    r"(?P<code>`[^`]*`)|(?P<power>(?<=\w)\*\*(?=\w))"
    r"|(?<![\w/.-])(?P<name>[A-Za-z][\w.-]*(?:/[A-Za-z][\w.-]*)?)#(?P<number>\d+)"
)
_THREAD = re.compile(r"(?<![\w/.-])(?P<name>[A-Za-z][\w.-]*(?:/[A-Za-z][\w.-]*)?)?#(?P<number>[1-9]\d*)\b")
MACHINES = {False: "on real Macs", True: "in virtual machines", None: "on machines that may be virtual"}
VIRTUAL = {False: "", True: " (virtual machine)", None: " (perhaps a virtual machine)"}
SPOKEN = {"None": "none", "True": "true", "False": "false", "nan": "NaN", "inf": "infinity", "-inf": "minus infinity"}


def kind(name: str, silent: bool) -> str:
    """The kind of a bug in words, and that it is not silent where the kind alone does not say so."""
    said = BUG_KINDS[name]
    return said if silent or name in LOUD_KINDS else f"{said.removeprefix('silently ')}, not silent"


def verdict(word: str) -> str:
    """A verdict with its shape: `✘ wrong`."""
    return marked(SHAPES[word], SPOKEN.get(word, word.replace("-", " ")))


def marked(shape: str, said: str) -> str:
    """Words with a shape, and the colour that goes with it: never a colour alone."""
    return f'<span class="verdict verdict--{CLASSES[shape]}"><span aria-hidden="true">{shape}</span> {said}</span>'


def on_macs(found: list[Measurement]) -> str:
    """How many runs on Macs gave which verdict, real and virtual ones apart; says so where there is none."""
    found = of_runs(found)
    groups = {words: [m for m in found if m.provenance["virtual"] is virtual] for virtual, words in MACHINES.items()}
    return "; ".join(f"{_verdicts(group)} {words}" for words, group in groups.items() if group) or verdict(NOT_ON_MAC)


def _verdicts(found: list[Measurement]) -> str:
    """How many of these gave which verdict, the worst first, equally bad ones by name."""
    verdicts = [m.verdict() for m in found]
    order = sorted(set(verdicts), key=lambda word: (list(CLASSES).index(SHAPES[word]), word))
    return ", ".join(f"{verdict(word)} in {verdicts.count(word)} of {len(found)} runs" for word in order)


def whose(m: Measurement) -> list[str]:
    """That a run is unverified; nothing of one that a job of ours made."""
    return [] if m.verified else [UNVERIFIED]


def figure(value: float | str | None) -> str:
    """A number with three figures; infinity and NaN in words."""
    number = numerics.as_float(value)
    if math.isnan(number):
        return "not a number"
    if math.isinf(number):
        return "infinite"
    if number == 0 or 0.001 <= abs(number) < 100_000:
        return f"{number:,.3g}" if abs(number) < 1000 else f"{number:,.0f}"
    return f"{number:.2e}"


def error_ratio(value: float | str | None) -> str:
    """An error ratio in words; empty where none is defined (a random sample)."""
    if value is None:
        return ""
    if numerics.as_float(value) == 0:
        return "exact"
    return "exact comparison failed" if math.isinf(numerics.as_float(value)) else f"error ratio {figure(value)}"


def verdict_and_ratio(word: str, value: float | str | None) -> str:
    """A verdict, with the error ratio where that is what decided it."""
    said = error_ratio(value) if word in ("agrees", "wrong") else ""
    return verdict(word) + (f" ({said})" if said else "")


def figures(found: slim.Output | slim.Sample | None) -> str:
    """The figures of a function in words, those of its worst output; for a random sample its p-value."""
    if found is None:
        return ""
    if isinstance(found, slim.Sample):
        return f"p-value {found.p_value:.2g}, false alarms {found.false_alarm:.0e}"
    which = f"output {found.place} of {found.of}: " * (found.of > 1)
    if found.other_shape:
        return f"{which}another shape or dtype"
    said = "NaN or infinity out of place" if found.misplaced else error_ratio(found.ratio)
    often = [f"{found.wrong_runs} of {found.repeats} runs wrong"] if found.wrong_runs is not None else []
    return which + "; ".join([said, *_first_wrong(found), *often])


def details(m: Measurement) -> list[str]:
    """What stands behind a verdict: figures, or the reason why there are none, and the verdicts on the other functions."""
    if m.hindered:
        return [text(m.reason, limit=300)]
    others = [f"{name} {m.verdict(name)}" for name in m.record.functions if name != "compute"]
    first = text(m.reason, limit=300) if m.reason else figures(m.record.figures)
    return [part for part in [first, *others] if part]


def fit(run: dict) -> str:
    """Whether the machine of a run was fit, in plain words; a canary's reason may be a stranger's."""
    found, count = fitness.fitness(run), len(run["canaries"])
    if found.unfit:
        return f"{verdict('unfit')}, so no result of this run counts: {text(found.unfit, limit=300)}"
    if found.failing:
        reasons = "; ".join(text(reason, limit=300) for _, reason in found.failing)
        return f"{verdict('not-separable')} where a check makes a call that fails here on its own: {reasons}"
    return f"all {count} calls that are known to be right were right" if count else "not asked of a device in software"


def _first_wrong(output: slim.Output) -> list[str]:
    """How many values of an output are wrong, and what stands in the first of them."""
    first = output.first_wrong
    if first is None:
        return []
    place = f", first at {first.index}" if output.elements > 1 else ""
    return [
        f"{output.wrong:,} of {output.elements:,} values wrong{place}: {value(first.device)}, on the CPU "
        f"{value(first.cpu)}, in float64 {value(first.exact)}"
    ]


def value(found: float | str | bool | list) -> str:
    """A value of a tensor with six digits; a whole number in full, a complex one as its two parts."""
    if isinstance(found, list):
        return f"({', '.join(map(value, found))})"
    if isinstance(found, (bool, str)):
        return SPOKEN.get(str(found), str(found))
    return str(found) if isinstance(found, int) else f"{found:.6g}"


def device(provenance: dict) -> str:
    """What a run was made on, in one phrase; every string of it may be a stranger's."""
    if provenance["evidence"] == "emulated":
        faults = provenance["variables"].get("MPSCHECK_FAULTS")
        other = ", other arithmetic" if provenance["variables"].get("MPSCHECK_EMU") == "honest" else ""
        return "the emulated device" + (f", sick with {text(faults)}" if faults else other)
    name = text(provenance["gpu"] or provenance["chip"] or "a GPU without a name")
    virtual = VIRTUAL[provenance["virtual"]]
    if not provenance["macos"]:
        return f"{name}{virtual}, {text(provenance['system'])}"
    build = f" ({text(provenance['macos_build'])})" if provenance["macos_build"] else ""
    return f"{name}{virtual}, macOS {text(provenance['macos'])}{build}"


def in_dtype(record: slim.Record) -> str:
    """Which dtype a record is in, where that is not float32."""
    return "" if record.dtype == "float32" else f" in {record.dtype}"


def environment(provenance: dict) -> str:
    """Device, torch, Python and date of a run."""
    versions = f"torch {text(provenance['torch'])}, Python {text(provenance['python'])}"
    return f"{device(provenance)}, {versions}, {text(provenance['date'][:10])}"


def last_measured(found: Iterable[dict]) -> str:
    """When something was measured on a Mac last, and on what: of the provenance of runs; says so where there is none."""
    newest = max(found, key=lambda where: where["date"], default=None)
    if newest is None:
        return f"Measured last: {NOT_ON_MAC}."
    return f"Measured last on {text(newest['date'][:10])}, on PyTorch {text(newest['torch'])}, {device(newest)}."


def changed_since(changes: Iterable[list[str]]) -> str:
    """A sentence on what results were made of and is another now, by result; nothing where nothing is."""
    changes = list(changes)
    old, names = sum(map(bool, changes)), ", ".join(sorted({name for parts in changes for name in parts}))
    return f" Changed since {old} of {len(changes)} results were made: {names}. They are shown as they were." * bool(
        old
    )


def made(documents: dict[str, dict]) -> str:
    """Where results on the emulated device were made: the newest of them stands for all."""
    if not documents:
        return "Not made yet."
    return f"Made on {environment(max((d['provenance'] for d in documents.values()), key=lambda p: p['date']))}."


def link(reference: str, shown: str | None = None) -> str:
    """`owner/repository#123` as a link to its thread, good in Markdown and in HTML."""
    return anchor(thread_url(reference), text(shown or reference))


def prose(value: str, limit: int) -> str:
    """Plain text of the catalogue, its threads (`#123` is PyTorch's) as links."""
    shown, parts, end = line(value, limit), [], 0
    for match in _THREAD.finditer(shown):
        name = match["name"] or "pytorch"
        repository = name if "/" in name else SHORT_NAMES.get(name)
        if repository is not None:
            parts += [entities(shown[end : match.start()]), link(f"{repository}#{match['number']}", match[0])]
            end = match.end()
    return "".join(parts) + entities(shown[end:])


def linked(markdown: str, bug: Bug | None = None) -> str:
    """Our own text with its references to threads (`pytorch#123`, `owner/repository#123`) made links.

    A repository that the bug names needs no owner.

    Code is left as it is, and `2**24` is a power, not the beginning of bold.
    """
    names = dict(SHORT_NAMES)
    for reference in [bug.issue, *bug.also, *(entry["thread"] for entry in bug.reported)] if bug else ():
        repository = reference.partition("#")[0]
        names.setdefault(repository.rpartition("/")[2], repository)

    def replace(match: re.Match) -> str:
        if match["code"]:
            return match["code"]
        if match["power"]:
            return "\\*\\*"
        repository = match["name"] if "/" in match["name"] else names.get(match["name"])
        return match[0] if repository is None else link(f"{repository}#{match['number']}", match[0])

    return _REFERENCE.sub(replace, markdown)


def span(first: str, last: str) -> str:
    """What goes from one to the other: `2.8.0 to 2.9.1`, `2.8.0`."""
    return first if first == last else f"{first} to {last}"


def versions(bug: Bug) -> str:
    """Where the bug is known to be: `from 2.8.0 on, fixed in 2.9.0`."""
    oldest, last = evidence.oldest_seen(bug), evidence.last_seen(bug)
    fix = f"fixed in {release(str(bug.fixed))}" if bug.fixed is not None else "fix not known"
    if oldest is None:
        return f"start not known, {fix}"
    if any(one.operator == "==" for one in bug.affected):
        return f"seen in {release(oldest)} alone, {fix}"
    return f"{release(oldest)} to {release(last)}, {fix}" if last else f"from {release(oldest)} on, {fix}"


def limits(specifiers) -> str:
    """A range of versions in words: `15 and newer`, `before 15.1`."""
    phrases = {">=": "{} and newer", ">": "after {}", "<": "before {}", "<=": "up to {}", "==": "{}", "!=": "not {}"}
    return ", ".join(phrases[one.operator].format(one.version) for one in sorted(specifiers, key=str, reverse=True))


def release(version: str) -> str:
    """A version as it is called at the download: `2.8` is 2.8.0."""
    return version if Version(version).is_prerelease or version.count(".") > 1 else f"{version}.0"


def first(version: str) -> str:
    """A version that a fault came with: `2.14.0.dev0` is the first of the builds before 2.14.0."""
    return f"a build before {Version(version).base_version}" if Version(version).dev == 0 else version


def said(value: object) -> str:
    """A figure of a thread as one says it, never as Python writes it: `NaN, 1, 2`; rows within a list in parentheses."""
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {said(inner)}" for name, inner in value.items()) or "empty"
    if isinstance(value, (list, tuple)):
        parts = (f"({said(part)})" if isinstance(part, (list, tuple, dict)) else said(part) for part in value)
        return ", ".join(parts) or "empty"
    return SPOKEN.get(str(value), str(value))


def known_figures(figures: dict) -> str:
    """The figures of a report: `channel 0 on mps: 0.163, 0.169`."""
    return text(said(figures), limit=2000)


def sighting(entry: dict) -> str:
    """One report in a thread: link, date, versions, figures."""
    names = {"date": "", "torch": "torch ", "macos": "macOS ", "chip": ""}
    where = [f"{label}{text(entry[name])}" for name, label in names.items() if name in entry]
    figures = f": {known_figures(entry['figures'])}" if "figures" in entry else ""
    return ", ".join([link(entry["thread"]), *where]) + figures


def command(site_url: str) -> str:
    """The one line to paste that validates a model; it fetches the file only where the site has a public address."""
    fetch = f"curl -fsSLO {site_url}validate_mps.py && " if site_url else ""
    return f"```sh\n{fetch}python validate_mps.py\n```"
