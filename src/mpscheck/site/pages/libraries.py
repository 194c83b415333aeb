"""What other libraries decided: their guards around `mps`, and whether the newest PyTorch still needs them.

What is known of a bug comes from `Entry.answer_on` alone; the strings of a row are data, never markup.
"""

from collections import Counter
from collections.abc import Iterable
from html import escape

from packaging.version import Version

from mpscheck.bugs.figures import Figure
from mpscheck.bugs.guards import IN_CODE, Guard
from mpscheck.known import answer, releases
from mpscheck.known.entry import Entry, every_release
from mpscheck.site import words
from mpscheck.site.escape import claim_html, claim_markdown, text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import anchor, day

NEEDED, UNKNOWN, NO_LONGER, NO_BUG = "still needed", "unknown", "no longer needed", "no bug of ours"
SHAPES = {NEEDED: "✘", UNKNOWN: "?", NO_LONGER: "✔", NO_BUG: "–"}
SECTIONS = {  # what a reader is told of each
    NEEDED: "A source or a run says that PyTorch {newest} is wrong there.",
    UNKNOWN: "No source and no run says whether PyTorch {newest} is wrong there: keep the guard, and run the check.",
    NO_LONGER: "PyTorch {newest} is right there, say sources or runs. On older versions it may be needed still.",
    NO_BUG: "The library names no fault that we know: a missing operation, another reason, or a cause that nobody traced.",
}
ANSWERS = {NEEDED: "Yes", NO_LONGER: "No, not on that version", UNKNOWN: "Nobody knows"}
CHOOSES = (
    "version bound",
    "dtype bound",
    "device off",
    "advice",
    "no guard",
)  # these ask about a PyTorch, the others about a call
LESSONS = {  # of `shows` in a row: what follows, and why
    "thread, range, end": (
        "Write three things beside a guard: the thread, the versions, and when it can go",
        "Without them nobody dares to take it out, or somebody takes it out without knowing what for.",
    ),
    "failing shape": (
        "Probe with the shape that fails, and leave the random state alone",
        "A probe needs no list of versions, and ends on its own. It sees the shape that it tries and no other. Draw its input "
        "from a generator of its own: `torch.manual_seed` in a probe changes the numbers of your user.",
    ),
    "presence": (
        "A probe for presence is no probe for correctness",
        "That an operation exists on `mps` does not say that it is right. A check that is skipped there turns an error into "
        "a wrong number.",
    ),
    "untested": (
        "Test the guard itself",
        "On a device in software, or on a Mac in CI: does it run, does it leave masks as they were, and does a test fail when "
        "the fault is gone?",
    ),
    "macOS": (
        "Tie a fault of the system to the version of macOS",
        "PyTorch's version says nothing about it, and the device alone keeps the detour after the update that fixed it. Where "
        "both play a part, ask for both.",
    ),
}
HEADS = ("Library", "What it does, and why", "Bug, and where it is", "What decides it")


# ---- what is known of a guard ---------------------------------------------------------------------------------------


class Guards:
    """All guards, with what is known of the bugs behind them on the newest release."""

    def __init__(self, rows: tuple[Guard, ...], known: list[Entry]):
        self.rows = rows
        self.known = known
        self.by_slug = {entry.slug: entry for entry in known}
        self.newest = every_release(known)[0]

    def entries(self, guard: Guard) -> list[Entry]:
        """The bugs of ours behind a guard."""
        return [self.by_slug[slug] for slug in guard.bugs]

    def verdict(self, guard: Guard) -> str:
        """Whether the newest release still needs it: one bug that is there is enough, all must be known to be gone."""
        found = [entry.answer_on(self.newest) for entry in self.entries(guard)]
        if not found:
            return NO_BUG
        if any(one.accused for one in found):
            return NEEDED
        return NO_LONGER if all(one.state == answer.NOT_AFFECTED for one in found) else UNKNOWN

    def of(self, verdict: str) -> list[Guard]:
        """The guards of a verdict."""
        return [guard for guard in self.rows if self.verdict(guard) == verdict]

    def stays(self, guard: Guard) -> bool:
        """Whether it is taken for ever although the bug is fixed: in the code, without an end, a range of macOS or a probe."""
        acts = guard.standing == IN_CODE and guard.kind in ("detour", "device off", "version bound")
        return acts and guard.ends_at is None and guard.macos is None and self.verdict(guard) == NO_LONGER

    def wrong_at_end(self, guard: Guard) -> list[Entry]:
        """The silent bugs that are known on the release at which it ends.

        A bound on PyTorch lets all of them through, a guard of one call those behind it.
        """
        if guard.standing != IN_CODE or guard.ends_at is None:
            return []
        there = self.known if guard.kind == "version bound" else self.entries(guard)
        release = first_from(guard.ends_at)
        return [entry for entry in there if entry.silent and entry.answer_on(release).accused]


def first_from(version: Version) -> str:
    """The first release of PyTorch from a version on."""
    found = [one.version for one in releases.load() if Version(one.version) >= version]
    return found[0] if found else str(version)


# ---- above the table ------------------------------------------------------------------------------------------------


def summary(guards: Guards) -> str:
    """The answer in short, all of it counted."""
    rows, newest = guards.rows, guards.newest
    count = {verdict: len(guards.of(verdict)) for verdict in SECTIONS}
    stay = [guard for guard in rows if guards.stays(guard)]
    dates = sorted({guard.looked_up for guard in rows})
    when = day(dates[0]) if len(dates) == 1 else f"{day(dates[0])} to {day(dates[-1])}"
    return "\n\n".join(
        [
            f"**{len(rows)} guards of {len({guard.library for guard in rows})} libraries, each looked up in the library's "
            f"source or its pull request, {when}.** Behind {len(rows) - count[NO_BUG]} of them is a bug that we know. Does "
            f"PyTorch {newest} still need them?\n\n"
            + "\n".join(f"- {ANSWERS[verdict]}: {_counted(verdict, count[verdict])}" for verdict in ANSWERS),
            _staying(stay),
            _ending([(guard, wrong) for guard in rows if (wrong := guards.wrong_at_end(guard))]),
        ]
    )


def _counted(verdict: str, number: int) -> str:
    """How many, as a link to their table where there is one."""
    return f"[**{number}**](#{slug(verdict)})" if number else "**none**"


def _staying(stay: list[Guard]) -> str:
    """The guards that are taken for ever after a fix."""
    if not stay:
        return "None is taken for ever after a fix."
    inferred = sum(guard.link == "inferred" for guard in stay)
    said = f" For {inferred} of them, that this is the bug is our inference." if inferred else ""
    return (
        f"**{len(stay)} are taken for ever although the bug is fixed**, with no end in the code: {_named(stay)}. That costs "
        f"time, and nothing else as long as older versions are supported.{said}"
    )


def _ending(end: list[tuple[Guard, list[Entry]]]) -> str:
    """The guards that end at a version with known silent bugs."""
    if not end:
        return "None ends at a version that is known to be wrong."
    told = "; ".join(
        f"{_link(guard)} from [{first_from(guard.ends_at)}](../releases/{first_from(guard.ends_at)}.md) on, where "
        f"{len(wrong)} silent {'bug is' if len(wrong) == 1 else 'bugs are'} known"
        for guard, wrong in end
    )
    number = f"{len(end)} end" if len(end) != 1 else "1 ends"
    return (
        f"**{number} at a version that is still wrong**, by what is known today: {told}. A bound that stops at the fix of one "
        "fault, or where an operation arrived, lets all other faults through."
    )


def lessons(guards: Guards) -> str:
    """What follows for a maintainer, each with the rows that show it."""
    found = []
    for name, (heading, reason) in LESSONS.items():
        shown = [guard for guard in guards.rows if name in guard.shows]
        first = name == "thread, range, end"
        examples = "\n".join(f"- {_link(guard)} ({_brackets(guard, first)}): {_example(guard)}" for guard in shown)
        counted = f" {_beside(guards.rows)}" if first else ""
        found.append(f"### {heading}\n\n{reason}{counted}\n\n{examples}")
    return "\n\n".join(found)


def _example(guard: Guard) -> str:
    """What a row does, as far as its own words go, then what follows from it."""
    condition = f" {_condition(guard)}" if guard.condition else ""
    return words_of(guard.what) + condition + (f" {words_of(guard.note)}" if guard.note else "")


def _brackets(guard: Guard, with_beside: bool) -> str:
    """Its kind, where it stands if not in the code, and what is written beside it."""
    parts = [guard.kind] + [guard.standing] * (guard.standing != IN_CODE)
    parts += [f"beside it: {', '.join(guard.beside) or 'nothing'}"] if with_beside else []
    return "; ".join(map(text, parts))


def _beside(rows: Iterable[Guard]) -> str:
    there = [guard for guard in rows if guard.standing == IN_CODE]
    has = {what: sum(what in guard.beside for guard in there) for what in ("thread", "range", "end")}
    nothing = sum(not guard.beside for guard in there)
    return (
        f"Of the {len(there)} guards that are in the code, {has['thread']} name a thread, {has['range']} a range of versions, "
        f"{has['end']} say when they can go, and {nothing} say none of the three."
    )


def _named(rows: list[Guard]) -> str:
    """Each library once, with how many of its guards are meant; the link leads to the first."""
    number = Counter(guard.library for guard in rows)
    first = {guard.library: guard for guard in reversed(rows)}
    return ", ".join(_link(first[name]) + (f" ({number[name]})" if number[name] > 1 else "") for name in number)


def _link(guard: Guard) -> str:
    return anchor(guard.url, text(guard.library))


# ---- the tables -----------------------------------------------------------------------------------------------------


def tables(guards: Guards) -> str:
    """One table a verdict, those with something to do first."""
    found = []
    for verdict, said in SECTIONS.items():
        rows = guards.of(verdict)
        if rows:
            heading = f"### {verdict.capitalize()} ({len(rows)}) {{ #{slug(verdict)} data-search-exclude }}"
            found.append(f"{heading}\n\n{said.format(newest=guards.newest)}\n\n{_table(verdict, rows, guards)}")
    return "\n\n".join(found)


def slug(verdict: str) -> str:
    """The anchor of a table."""
    return verdict.replace(" ", "-")


def _table(verdict: str, rows: list[Guard], guards: Guards) -> str:
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(guard, guards))}</tr>" for guard in rows)
    return (
        f'<div class="scroll guards" role="region" aria-label="Guards: {verdict}" tabindex="0" data-search-exclude>\n'
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _cells(guard: Guard, guards: Guards) -> list[str]:
    standing = "" if guard.standing == IN_CODE else f", {text(guard.standing)}"
    return [
        f"{_link(guard)}<br><small>{text(guard.kind)}{standing}</small>",
        _what(guard, guards),
        "<br>".join(_bug(entry, guard, guards) for entry in guards.entries(guard))
        or words.marked(SHAPES[NO_BUG], NO_BUG),
        "<br>".join(_decides(guard, entry) for entry in guards.entries(guard)) or _model(),
    ]


def _what(guard: Guard, guards: Guards) -> str:
    acts = [f"PyTorch {_range(guard.torch)}"] if guard.torch else []
    acts += [f"macOS {_range(guard.macos)}"] if guard.macos else []
    parts = [f"{words_of(guard.what)} {words_of(guard.why)}"]
    parts += [_condition(guard)] if guard.condition else []
    parts += [f"<small>Acts on {', '.join(acts)}.</small>"] if acts else []
    parts += ["<small><strong>Taken for ever.</strong></small>"] if guards.stays(guard) else []
    parts += [f"<small>{words_of(guard.note)}</small>"] if guard.note else []
    parts += [f"<small>{', '.join(map(_thread, guard.threads))}</small>"] if guard.threads else []
    return "<br>".join(parts)


def _condition(guard: Guard) -> str:
    """What decides in the code, as it stands there."""
    return f"<code>{text(guard.condition, limit=110)}</code>"


def _thread(reference: str) -> str:
    """A thread by its repository's name and its number."""
    return words.link(reference, reference.partition("/")[2])


def _range(specifier: str) -> str:
    """A range of versions as it is written in data."""
    return text(specifier.replace(",", ", "))


def _bug(entry: Entry, guard: Guard, guards: Guards) -> str:
    one = entry.answer_on(guards.newest)
    shape = SHAPES[NEEDED if one.accused else NO_LONGER if one.state == answer.NOT_AFFECTED else UNKNOWN]
    inferred = "; that this is the bug is inferred" if guard.link == "inferred" else ""
    return (
        f'<a href="../../bugs/{entry.slug}/">{claim_html(entry.bug.claim)}</a><br>'
        f"<small>{escape(words.versions(entry.bug))}{inferred}</small><br>"
        f"{words.marked(shape, f'{one.state} on {guards.newest}')} <small>{text(one.because, limit=200)}</small>"
    )


def _decides(guard: Guard, entry: Entry) -> str:
    check = (
        f'<a href="../../bugs/{entry.slug}.py" download>{entry.slug}.py</a>'
        if entry.has_check
        else "no check of ours yet"
    )
    asked = "known_bad" if guard.kind in CHOOSES else "needed"
    return f'{check}<br><small>in its place: <code>{asked}("{entry.slug}")</code></small>'


def _model() -> str:
    return '<a href="../../validate/">validate_mps.py</a> <small>with your model</small>'


def words_of(said: str) -> str:
    """A sentence of a row: what stands in backticks is code, all else text; its last stop stays."""
    return claim_markdown(said) + ("." if said.rstrip().endswith(".") else "")


# ---- the general picture, for the page on why ------------------------------------------------------------------------


def picture(known: list[Entry], figures: dict[str, tuple[Figure, ...]]) -> str:
    """By release, by system and by kind of GPU, how much is known: counted from the catalogue."""
    silent = [entry for entry in known if entry.silent]
    tied = [entry for entry in silent if entry.bug.macos is not None]
    blamed = {who: sum(entry.bug.caused_by == who for entry in silent) for who in ("torch", "macos", "both")}
    last = [one.version for one in releases.load() if one.version.endswith(".0")][-6:]
    by_release = ", ".join(
        f"[{version}](../releases/{version}.md) {sum(entry.answer_on(version).accused for entry in silent)}"
        for version in last
    )
    wrong = {slug: [one.virtual for one in rows if one.verdict == "wrong"] for slug, rows in figures.items()}
    hosted = [slug for slug, virtual in wrong.items() if any(virtual)]
    alone = [slug for slug in hosted if all(wrong[slug])]
    return "\n".join(
        [
            f"- **By PyTorch.** Silent bugs that are known to be there: {by_release}. A low number on the newest says that few "
            "have looked yet: what no source mentions is unknown.",
            f"- **By macOS.** {len(tied)} of {len(silent)} silent bugs are tied to versions of macOS by a source. A source blames "
            f"Apple's side for {blamed['macos']}, PyTorch's for {blamed['torch']}, both for {blamed['both']}; for all others "
            "none does.",
            f"- **By machine.** Wrong figures from the virtual GPU of a hosted Mac are published of {len(hosted)} bugs; of "
            f"{len(alone)} of them none is published from another Mac.",
        ]
    )


def files(inputs: Inputs) -> dict[str, str]:
    """The generated pieces of the page, and the picture for the page on why `mps` is wrong so often."""
    if not inputs.guards:
        return pieces(why_picture=picture(inputs.known, inputs.figures))
    guards = Guards(inputs.guards, inputs.known)
    return pieces(
        libraries_answer=summary(guards),
        libraries_lessons=lessons(guards),
        libraries=tables(guards),
        why_picture=picture(inputs.known, inputs.figures),
    )
