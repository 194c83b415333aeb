"""The generated pieces of the page of the IOI case: the report repeated on Macs, and whether that settles its cause."""

from mpscheck.known import cause
from mpscheck.site import words
from mpscheck.site.escape import text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table

NOT_SETTLED = (
    "What would settle it is one run of the report's own script on a Mac with PyTorch 2.8.0, with and without "
    "`.contiguous()`. It has not been done."
)
RUNS = {
    "the CPU": "CPU",
    "as reported": "`mps`, as reported",
    "W_O packed": "`mps`, `W_O` laid out contiguously",
    "use_attn_result": "`mps`, `set_use_attn_result(True)`",
}


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes."""
    newest_first = sorted(inputs.reporter.values(), key=lambda result: result["environment"]["date"], reverse=True)
    return pieces(ioi_mac=on_macs(newest_first), ioi_settled=settled(newest_first))


def on_macs(found: list[dict]) -> str:
    """The figures of each machine that has repeated the report."""
    if not found:
        return f"On a Mac of ours: {words.verdict(words.NOT_ON_MAC)}."
    return "\n\n".join(["### Repeated on Macs", *(_section(result) for result in found)])


def _section(result: dict) -> str:
    where = result["environment"]
    rows = [[shown, *_figures(result["runs"][name])] for name, shown in RUNS.items()]
    head = ["", "P(Mary)", "P(John)", "Logit difference", "First guess"]
    job = f" [The job on GitHub]({where['address']})." if where["address"] else ""
    return (
        f"On {_machine(where)}, {text(where['date'][:10])}:\n\n{table(head, rows, 'Figures on this machine')}\n\n"
        f"Evidence: **{where.get('evidence', 'measured')}**, PyTorch {text(where['torch'])}, TransformerLens {text(where['transformer-lens'])}, "
        f"transformers {text(where['transformers'])}, Python {text(where['python'])}.{job}"
    )


def _figures(run: dict) -> list[str]:
    p_mary, p_john, difference = (cause.as_float(run[name]) for name in ("p_mary", "p_john", "ld"))
    space = " " * run["top1"].startswith(" ")  # part of the token
    return [f"{p_mary:.4f}", f"{p_john:.4f}", f"{difference:+.3f}", f'"{space}{text(run["top1"])}"']


def _machine(where: dict) -> str:
    build = f" ({text(where['macos_build'])})" if where["macos_build"] else ""
    return f"{text(where['chip'] or 'a chip that is not known')}{words.VIRTUAL[where['virtual']]}, macOS {text(where['macos'] or 'not known')}{build}"


def settled(found: list[dict]) -> str:
    """What each machine shows of the cause; says what is missing where none was measured."""
    if not found:
        return NOT_SETTLED
    said = [f"- {_machine(result['environment'])}: {_finding(result)}" for result in found]
    return "\n".join(["What the report shows, repeated with and without two workarounds for that bug:", "", *said])


def _finding(result: dict) -> str:
    """The sentence of the finding; where the machine itself is sick, the calls that show it."""
    found = cause.cause(result)
    failing = [text(said, limit=300) for said in cause.failing(result)] if found == "not separable" else []
    calls = f" There {'; '.join(failing)}." if failing else ""
    return f"**{cause.FOUND[found]}**.{calls}"
