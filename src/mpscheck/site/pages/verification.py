"""The generated parts of "how it is verified": the rule in figures, and each check on the emulated devices."""

from mpscheck.bugs.bug import Bug
from mpscheck.known import answer, evidence, said
from mpscheck.runs import numerics
from mpscheck.runs import rule as rules
from mpscheck.site import error_ratio_plot, words
from mpscheck.site.escape import text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table

COLUMNS = ("Check", "Healthy", "Other arithmetic", "Sick", "Control, sick", "Workaround, sick")


def controls_table(bugs: tuple[Bug, ...], controls: dict) -> str:
    """Each check on the healthy, the honest and the sick emulated device."""
    rows = [_control_row(bug, evidence.control(bug, controls)) for bug in bugs]
    return f"{words.made(controls)}\n\n{table(COLUMNS, rows, 'Controls')}\n\n{_unproven(bugs)}".rstrip()


def _unproven(bugs: tuple[Bug, ...]) -> str:
    """The checks whose fault cannot be imitated, each with its reason; nothing if there are none."""
    rows = [[f"[{b.slug}](bugs/{b.slug}.md)", text(b.not_imitated, limit=240)] for b in bugs if not b.imitable]
    if not rows:
        return ""
    said = (
        f"{len(rows)} {'check is' if len(rows) == 1 else 'checks are'} {evidence.NOT_PROVEN}: nobody knows an imitation of "
        "the fault. They run on the healthy devices alone. That they would catch the fault is not shown here."
    )
    return f"{said}\n\n{table(['Check', 'Why it is not imitated'], rows, 'Not proven by emulation')}"


def _control_row(bug: Bug, control: evidence.Control | None) -> list[str]:
    name = f"[{bug.slug}](bugs/{bug.slug}.md)"
    if control is None or not control.current:
        return [name, *[words.verdict("not-run" if control is None else "outdated")] * (len(COLUMNS) - 1)]
    row = control.row
    bits = {True: " bit for bit", False: " not bit for bit", None: ""}[row["healthy_bitwise"]]
    sick = row["sick"]
    return [
        name,
        words.verdict(_worst(row["healthy"])) + bits,
        words.verdict_and_ratio(_worst(row["honest"]), row["honest_ratio"]),
        words.verdict_and_ratio(sick["compute"], row["sick_ratio"]) if sick else evidence.NOT_PROVEN,
        words.verdict(sick["control"]) if "control" in sick else "none",
        words.verdict(sick["workaround"]) if "workaround" in sick else "none",
    ]


def _worst(verdicts: dict[str, str]) -> str:
    return next((v for v in verdicts.values() if v != "agrees"), "agrees")


def rule(controls: dict[str, dict]) -> str:
    """The rule in figures: the allowed ratio beside the largest one that a healthy device made."""
    ratios = [numerics.as_float(r["honest_ratio"]) for r in evidence.rows(controls) if r["honest_ratio"] is not None]
    largest = (
        f" The largest that a healthy device made in the table below is {words.figure(max(ratios))}." if ratios else ""
    )
    return f"The allowed ratio is **{words.figure(numerics.ALLOWED_RATIO)}**.{largest}"


def meanings(words_: dict[str, str]) -> str:
    """Words and what each means, as a list of definitions."""
    return "\n\n".join(f"{word}\n:   {meaning[0].upper()}{meaning[1:]}." for word, meaning in words_.items())


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that this page and the one on the rule include."""
    families = {bug.slug: bug.family for bug in inputs.checks}
    drawing = error_ratio_plot.drawing(evidence.rows(inputs.controls), families, numerics.ALLOWED_RATIO)
    found = pieces(
        controls=controls_table(inputs.checks, inputs.controls),
        numerics=rules.__doc__,
        rule=rule(inputs.controls),
        states=meanings(answer.STATES),
        shades=meanings(said.SHADES),
    )
    return found | {"generated/error-ratios.svg": drawing}
