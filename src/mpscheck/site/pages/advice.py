"""Which PyTorch to take: the pieces of that page, and each sentence that advises a version on any other page."""

from packaging.version import Version

from mpscheck.known import advice as advised
from mpscheck.known import releases
from mpscheck.known.advice import Advice, Mac, Standing
from mpscheck.known.entry import Entry
from mpscheck.known.exposure import RELEASES
from mpscheck.known.uses import OF_ADVICE, Use
from mpscheck.site import words
from mpscheck.site.escape import claim_markdown, text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table

SYSTEMS = ("14", "15", "26", "27")
SETTLED = 2  # how many unknown bugs with a check are named of a use
LINEAR = "linear-noncontiguous-weight"
ATTENTION = "sdpa-noncontiguous-regression-28"
LONG_SUM = "mm-large-k-allocator-dependent"
BATCHED = "bmm-large-k-m1-m2"


def counted(one: Standing) -> str:
    """`0 known to be wrong, 2 likely, 31 unknown`."""
    return f"{len(one.accused)} known to be wrong, {len(one.likely)} likely, {len(one.near) + len(one.unknown)} unknown"


def short(advice: Advice) -> str:
    """The answer in a few sentences, for all uses and Macs together."""
    by_release: dict[str, list[str]] = {}
    for use in OF_ADVICE:
        by_release.setdefault(advice.take(use.name).release, []).append(use.label)
    if len(by_release) == 1:
        (release,) = by_release
        first = f"**Take PyTorch {release}**, whatever you run of what is listed here."
    else:
        told = "\n".join(f"- **{release}**: {'; '.join(uses)}" for release, uses in _newest_first(by_release).items())
        first = f"**Take this PyTorch**, for all that is known about any Mac:\n\n{told}\n\nFor your own macOS see the table."
    return f"{first} There the fewest silent bugs are known, likely or near. **No release is known to be right**: {_unmeasured(advice)}"


def _unmeasured(advice: Advice) -> str:
    check = "What decides is [validate_mps.py](validate.md) with your own model."
    if not advice.on_macs:
        return f"nothing has been measured on a physical Mac yet, so all of this is what sources say. {check}"
    return f"our runs on physical Macs cover {advice.on_macs} of {len(advice.bugs)} silent bugs. {check}"


def _newest_first(by_release: dict[str, list[str]]) -> dict[str, list[str]]:
    return dict(sorted(by_release.items(), key=lambda pair: RELEASES.index(pair[0]), reverse=True))


def by_use(advice: Advice) -> str:
    """One row a use, one column a macOS, equal ones together: the release, and how it stands."""
    alike: dict[tuple[str, ...], list[str]] = {}  # a column: the versions of macOS that share it
    for macos in SYSTEMS:
        found = (advice.take(use.name, Mac(macos)) for use in OF_ADVICE)
        alike.setdefault(tuple(f"**{one.release}**<br>{counted(one)}" for one in found), []).append(macos)
    names = [f"[{use.label}](#{use.name})" for use in OF_ADVICE]
    rows = [list(row) for row in zip(names, *alike, strict=True)]
    headings = ["What I run", *(f"macOS {', '.join(systems)}" for systems in alike.values())]
    return table(headings, rows, "PyTorch by use and macOS")


def by_chip(advice: Advice) -> str:
    """Where a chip changes the answer of the table."""
    lines = []
    for use in OF_ADVICE:
        for macos in SYSTEMS:
            for chip in ("M1", "M2", "M3", "M4", "M5"):
                any_chip, mine = (advice.take(use.name, Mac(macos, one)).release for one in (None, chip))
                if mine != any_chip:
                    lines.append(f"- {use.label}, macOS {macos}, {chip}: **{mine}**")
    if not lines:
        return "The table holds for M1 to M5: on none of them is another release ahead."
    return "Another release is ahead on these chips:\n\n" + "\n".join(lines)


def remains(advice: Advice, with_check: set[str]) -> str:
    """What remains with the release that a use is sent to, on any Mac, by use."""
    return "\n\n".join(_remaining(use, advice, with_check) for use in OF_ADVICE)


def _remaining(use: Use, advice: Advice, with_check: set[str]) -> str:
    one = advice.take(use.name)
    unknown = (*one.near, *one.unknown)
    settle = [slug for slug in unknown if slug in with_check][:SETTLED]
    lines = [f"- **Known to be wrong**: {_said(advice, slug, one)}" for slug in one.accused]
    lines += [f"- **Likely**: {_said(advice, slug, one)}{_settle(slug, with_check)}" for slug in one.likely]
    lines += [f"- Unknown: {_said(advice, slug, one)}{_settle(slug, with_check)}" for slug in settle]
    lines += [f"- Unverified runs say wrong, which does not count here: {_link(advice, slug)}" for slug in one.claimed]
    rest = len(unknown) - len(settle)
    if rest:
        address = f"bugs.md?torch={one.release}&who={use.family}&state=unknown"
        lacking = sum(slug not in with_check for slug in unknown)
        which = "and have no check yet" if lacking == rest else f"{lacking} of them without a check"
        lines.append(f"- {rest} more are unknown, {which}: [all that are unknown for such work]({address})")
    return f"### {use.label} {{ #{use.name} }}\n\nPyTorch **{one.release}**: {counted(one)}.\n\n" + "\n".join(lines)


def _said(advice: Advice, slug: str, one: Standing) -> str:
    found = advice.answer(slug, one.release)
    why = found.because if found.accused or found.where else found.said.reason
    return f"{_link(advice, slug)}<br><small>{text(why, limit=300)}</small>"


def _settle(slug: str, with_check: set[str]) -> str:
    """The command that settles it on the reader's Mac; says so where there is none."""
    if slug not in with_check:
        return "<br>No check yet: [check your own model](validate.md)."
    return f"<br>On your Mac: `python snippets/bugs/{slug}.py`, or [the file alone](bugs/{slug}.py){{ download }}."


def _link(advice: Advice, slug: str, up: str = "") -> str:
    return f"[{claim_markdown(advice.bugs[slug].claim)}]({up}bugs/{slug}.md)"


def rests(advice: Advice) -> str:
    """What the ranking rests on."""
    ours = f"{advice.on_macs} of the {len(advice.bugs)} silent bugs have been measured on a physical Mac."
    return (
        f"From [what is known](verification.md#what-is-known-on-a-set-up) about {len(advice.bugs)} silent bugs on each release: runs, "
        f"wheels, release notes, threads. {ours if advice.on_macs else 'None of it has been measured on a physical Mac yet.'}"
    )


# ---- sentences for other pages: none of them names a version by hand


def mended(advice: Advice, slug: str) -> str:
    """`wrong in 2.8.0, fixed in 2.9.0`."""
    bad, right = _spans(advice.wrong_in(slug)), advice.right_since(slug)
    there = f"wrong in {bad}" if bad else "not known to be wrong in any release"
    return f"{there}, {f'fixed in {right}' if right else 'and no release is known with a fix'}"


def _spans(versions: list[str]) -> str:
    """`2.7.0 to 2.8.0 and 2.10.0`."""
    among = sorted({*RELEASES, *versions}, key=Version)
    found = releases.runs({release: release in versions for release in among})
    return " and ".join(words.span(first, last) for there, first, last in found if there)


def newer(entry: Entry) -> tuple[str, bool]:
    """`Use PyTorch 2.9.0 or newer.`, or that no release is known to be right; and whether there is one."""
    bug, verified = entry.bug, entry.index.verified
    since, fixed = advised.right_since(bug, verified), bug.fixed
    if fixed is None and since is None:
        return "No release is known to have a fix.", False
    if (
        fixed is not None and since == RELEASES[0]
    ):  # the fix is older than all that are listed, or came before a release
        since = words.release(str(fixed))
    wrong = [one for one in advised.wrong_in(bug, verified) if fixed is not None and Version(one) >= fixed]
    told = (
        f" {words.release(str(fixed))} has the fix, says a source; runs on Macs say wrong in {_spans(wrong)}."
        if wrong
        else ""
    )
    return (f"Use PyTorch {since} or newer." if since else "No release is known to be right.") + told, since is not None


def leave(advice: Advice, up: str = "") -> str:
    """Which releases to leave, and why."""
    return (
        f"[`F.linear`]({up}bugs/{LINEAR}.md), as TransformerLens calls it, is {mended(advice, LINEAR)}. "
        f"[Attention]({up}bugs/{ATTENTION}.md) in encoders such as BERT is {mended(advice, ATTENTION)}."
    )


def m1_m2(advice: Advice, up: str = "") -> str:
    """What gradients need on M1 and M2, and what no release is known to mend there."""
    return (
        f"On an M1 or M2, the gradient of GPT-2's logits is {mended(advice, LONG_SUM)} "
        f"([why]({up}exposure-details.md#which-bugs-these-are)); [batched products]({up}bugs/{BATCHED}.md) with a very long sum are "
        f"{mended(advice, BATCHED)}."
    )


def or_newer(advice: Advice, slug: str) -> str:
    """`PyTorch 2.9.0 or newer`: from which release on a bug is known not to be there."""
    right = advice.right_since(slug)
    return f"PyTorch {right} or newer" if right else "a PyTorch that is known to be right, once there is one"


def taken(advice: Advice) -> str:
    """The releases that the uses are sent to, on any Mac, newest first, in few words."""
    found = {advice.take(use.name).release: [] for use in OF_ADVICE}
    return " or ".join(f"**{release}**" for release in _newest_first(found))


def case_line(advice: Advice) -> str:
    """Whether a PyTorch has the fix of the IOI case."""
    right, page = advice.right_since(LINEAR), f"[the bug's page](bugs/{LINEAR}.md)"
    if right is None:
        return f"- **No PyTorch** is known to have the fix for good: {page}."
    return f"- **PyTorch {right} or newer** has the fix (known from: {advice.answer(LINEAR, right).basis}): {page}."


def files(inputs: Inputs) -> dict[str, str]:
    """The pieces of the page, and the sentences that other pages include."""
    advice, with_check = inputs.advice, {bug.slug for bug in inputs.checks}
    linear, long_sum = or_newer(advice, LINEAR), or_newer(advice, LONG_SUM)
    by_hand = f"the fewest bugs are known with PyTorch {taken(advice)}, [by use and macOS](which-pytorch.md)"
    bad = _spans(advice.wrong_in(LINEAR))
    return pieces(
        advice_short=short(advice),
        advice_table=by_use(advice),
        advice_chips=by_chip(advice),
        advice_remains=remains(advice, with_check),
        advice_rests=rests(advice),
        advice_home=f"For language models {by_hand}. {leave(advice)} {m1_m2(advice)} Then run the check again.",
        advice_upgrade=f"For language models {by_hand}. {leave(advice)}",
        advice_ioi=f"install {linear}: {leave(advice).partition('. ')[0]}. {m1_m2(advice)}",
        advice_case=case_line(advice),
        advice_long_sum=f"So on these chips take {long_sum} for the gradients of a GPT-2, attribution patching and training.",
        advice_teaching=f"On Macs avoid {bad}: [why](../ioi.md)." if bad else "",
        advice_redo=f"`F.linear` is {mended(advice, LINEAR)} ([each release](../bugs/{LINEAR}.md#versions)).",
        advice_m1_m2=m1_m2(advice, "../"),
    )
