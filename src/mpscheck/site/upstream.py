"""What to tell a bug's thread when runs contradict it: a text for the issue, ready to be read by a person and sent. Pure."""

import ast

from mpscheck.bugs.bug import Bug, thread_url
from mpscheck.bugs.program import parts
from mpscheck.known import answer, setups
from mpscheck.known.changes import Contradiction
from mpscheck.known.measured import Measurement
from mpscheck.site import words
from mpscheck.site.escape import text

LONGEST = 15  # lines of a reproduction
SAMPLE = ("inputs", "compute", "p_value", "FALSE_ALARM")
COMPARED = ("inputs", "compute", "reference")


def report(one: Contradiction) -> str:
    """The text, in Markdown; empty where a run that nobody vouches for is among those that say so."""
    rests_on = list({m.run: m for _, found in one.found for m in found.rests_on}.values())
    if not all(m.verified for m in rests_on):
        return ""
    bug, newest = one.bug, one.newest
    again = one.proposed == answer.AFFECTED
    head = f"Wrong in torch {one.torch}, where it is said to be right" if again else f"Right in torch {one.torch} now"
    fixed = f" The fix is said to be [{bug.fixed_pr}]({thread_url(bug.fixed_pr)})." if again and bug.fixed_pr else ""
    said = f"Sources say *{newest.said.state}* of torch {one.torch} ({newest.said.basis}).{fixed}"
    heads = ["Machine", "torch", "Found", "Figures", "Run"]
    rows = [heads, ["---"] * len(heads), *(_row(m) for m in rests_on)]
    virtual = "A virtual GPU is that of a hosted runner of GitHub's; a Mac that can be touched may differ."
    return "\n\n".join(
        [
            f"For [{bug.issue}]({bug.url}):",
            f"**{head}: {bug.claim.rstrip('.')}**",
            f"{said} {len(rests_on)} run{'s' * (len(rests_on) > 1)} found it {'wrong' if again else 'right'} on "
            f"{setups.machines(one.where)}.",
            "\n".join(f"| {' | '.join(row)} |" for row in rows),
            *([virtual] if any(m.provenance["virtual"] for m in rests_on) else []),
            _shown(bug, newest.rests_on[0]),
        ]
    )


def _row(m: Measurement) -> list[str]:
    where = m.provenance
    address = where.get("address")
    run = f"[{m.day}]({address})" if address else m.day
    return [words.device(where), text(where["torch"]), m.outcome, "; ".join(words.details(m)), run]


def _shown(bug: Bug, m: Measurement) -> str:
    """The reproduction; where it would be too long, how to run the whole check."""
    program = reproduction(bug, m.record.dtype)
    address = m.provenance.get("address") or ""
    repository, commit = address.partition("/actions/")[0], (m.provenance.get("commit") or "main").rstrip("+")
    path = f"snippets/bugs/{bug.check.path.name}"
    whole = f"[{path}]({repository}/blob/{commit}/{path})" if repository else f"`{path}`"
    if not program:
        return f"The check is one file that needs torch alone: {whole}."
    return f"To see it:\n\n```python\n{program}```\n\nThe whole check, one file that needs torch alone: {whole}."


def reproduction(bug: Bug, dtype: str = "float32") -> str:
    """A program of at most LONGEST lines that prints how far mps and the CPU are off; empty where the check is longer."""
    sample = bug.check.false_alarm is not None
    imports, pieces = parts(bug.check.source, SAMPLE if sample else COMPARED)
    tree = ast.parse("\n".join(pieces))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {"torch"}
    body = [line for line in ast.unparse(tree).splitlines() if line]
    needed = [line for line in imports if _names(line) & used]
    lines = [*needed, *body, *(_drawn() if sample else _compared(bug, dtype))]
    return "\n".join(lines) + "\n" if len(lines) <= LONGEST else ""


def _names(line: str) -> set[str]:
    """What an import makes known."""
    (node,) = ast.parse(line).body
    return {(alias.asname or alias.name).split(".")[0] for alias in node.names}


def _drawn() -> list[str]:
    return ['print("p-value", p_value(compute("mps", *inputs())), "false alarms", FALSE_ALARM)']


def _compared(bug: Bug, dtype: str) -> list[str]:
    exact = (
        "reference(*given(torch.float64))"
        if "reference" in bug.check.defined
        else 'compute("cpu", *given(torch.float64))'
    )
    lines = [
        f'found = compute("mps", *given(torch.{dtype})), compute("cpu", *given(torch.{dtype})), {exact}',
        "for mps, cpu, exact in zip(*[f if isinstance(f, tuple) else (f,) for f in found]):",
        '    print("largest error on mps and on the CPU:", *[(1.0 * t.cpu() - 1.0 * exact).abs().max().item() for t in (mps, cpu)])',
    ]
    if (bug.check.repeats or 1) > 1:
        lines = [f"for _ in range({bug.check.repeats}):", *(f"    {line}" for line in lines)]
    return ["given = lambda to: [t.to(to) if t.is_floating_point() else t for t in inputs()]", *lines]
