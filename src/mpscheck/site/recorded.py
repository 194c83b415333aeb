"""What libraries call, as a bug's page shows it: which of them hits the bug, which calls the op and does not."""

from mpscheck.site.escape import text

ABOUT = (
    "**Recorded.** Small models of these libraries, with random weights, ran without an Apple GPU. Each of their calls was "
    "compared with what the faulty kernel needs. Other sizes and options may call other kernels."
)
NONE = "**Recorded.** None of the models whose calls were recorded calls this op: {}."


def table(row: dict) -> str:
    """The row of one bug (see `detection/recordings.py`) as Markdown."""
    found, libraries = row["libraries"], row["recorded"]
    if not found:
        return NONE.format(", ".join(text(name) for name in libraries))
    lines = ["| Model | Calls | Hits the bug |", "|---|---|---|"]
    lines += [f"| {text(name)} | {_ops(cell['ops'])} | {answer(cell)} |" for name, cell in found.items()]
    others = [text(name) for name in libraries if name not in found]
    rest = f"\n\nThese do not call it: {', '.join(others)}." if others else ""
    return f"{ABOUT}\n\n" + "\n".join(lines) + rest


def _ops(names: list[str]) -> str:
    return ", ".join(f"<code>{text(name)}</code>" for name in names) or "a gradient of it"


def answer(cell: dict) -> str:
    """Whether a library hits the bug, and in which uses."""
    if cell["certain"]:
        return f"**yes**: {', '.join(text(use) for use in cell['certain'])}"
    if cell["possible"]:
        return (
            f"perhaps, something that a CPU does not show decides: {', '.join(text(use) for use in cell['possible'])}"
        )
    return "no"


def negative_controls(found: dict[str, dict]) -> list[str]:
    """The libraries that call the op and do not hit the bug."""
    return [name for name, cell in found.items() if not cell["certain"] and not cell["possible"]]
