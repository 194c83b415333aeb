"""How a new release of PyTorch gets here: when the watcher last looked, and the steps of a made-up release with their times."""

from mpscheck.site.escape import text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table

NEVER = "When a job last looked for new releases is unknown: none has said so here."


def looked(watched: dict) -> str:
    """When the watcher last looked, and what came of it, in words."""
    if not watched:
        return NEVER
    day, _, time = watched["looked"].partition("T")
    newest = f"; the newest was {text(watched['newest'])}" if watched["newest"] else ""
    started = f"It started {len(watched['started'])} jobs" if watched["started"] else "It started nothing"
    waits = f", and {len(watched['waits'])} wait" if watched["waits"] else ""
    return f"Last looked for new releases on {text(day)} at {text(time[:5])} UTC{newest}. {started}{waits}."


def steps(road: dict) -> str:
    """The steps as a table, with where and when they were timed."""
    if not road:
        return "The rehearsal has not been timed yet."
    rows = [[text(one["name"], 200), text(one["found"], 300), f"{one['seconds']:,.1f} s"] for one in road["steps"]]
    rows.append(["All of it", "", f"{sum(one['seconds'] for one in road['steps']):,.1f} s"])
    said = road["provenance"]
    where = (
        f"Timed on {text(said['date'])} on {text(said['system'])}, {said['cores']} cores, with torch {text(said['torch'])} and the "
        f"emulated device in place of `mps`; {said['snippets']} checks instead of all. The release is made up, and so is every "
        "number of it. On a Mac each job measures all checks, which takes longer."
    )
    return f"{where}\n\n{table(['Step', 'What came of it', 'Time'], rows, 'Steps')}"


def files(inputs: Inputs) -> dict[str, str]:
    """The pieces that pages include."""
    return pieces(watched=looked(inputs.watched), road=steps(inputs.road))
