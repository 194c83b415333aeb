"""What AGREES means: how large and how frequent an error must be to be seen, from `results/emulated/redteam/`. Pure."""

from mpscheck.detection import shares
from mpscheck.detection.shares import Share
from mpscheck.runs import made_of
from mpscheck.site import words
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table
from mpscheck.site.share_lines import drawing

NAMES = {"gpt-2": "GPT-2", "llama": "Llama", "lstm": "LSTM", "mlp": "MLP"}
EXAMPLE = 10_000  # the size of which the answer speaks
OUTCOMES = ["Tried", "`DISAGREES`", "`COULD NOT CHECK`", "`AGREES`, numbers wrong", "`AGREES`, no number wrong"]
LOCATED = {  # what locate did: how a row says it
    "right": "names the op",
    "another op": "names another op, or a call around it",
    "no op": "says that the whole pass differs, and names no op",
    "could not check": "stops: COULD NOT CHECK",
    "missed": "says that no op diverges",
}


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes."""
    rows = [document["row"] for document in inputs.redteam.values()]
    if not rows:
        names = ("answer", "sizes", "rates", "checks", "locate", "tried")
        return pieces(**{f"agrees_{name}": "Not measured yet." for name in names})
    trials = [trial for row in rows for trial in row["trials"]]
    return pieces(
        agrees_answer=answer(trials),
        agrees_sizes=sizes(rows, trials),
        agrees_rates=rates(trials),
        agrees_checks=checks(trials),
        agrees_locate=located(trials),
        agrees_tried=f"{tried(rows)} {words.made(inputs.redteam)}{outdated(inputs.redteam)}",
    )


def answer(trials: list[dict]) -> str:
    """What follows, the most important first."""
    by_size, by_rate = shares.by_size(trials), shares.by_rate(trials, EXAMPLE)
    often, rare = by_rate[1], by_rate[max(by_rate)]
    smallest = by_size[min(by_size)]
    none, least = rare.quiet, by_rate[min(n for n in by_rate if n > 1)]
    return "\n".join(
        [
            f"**`AGREES` means: no op was wrong by much in each of its calls. It says little of rare errors.** On small models, "
            f"with an error {EXAMPLE:,} times what is allowed:\n",
            f"- In **each** call of an op: `AGREES` all the same for **{unseen(often)} of {often.tried}** faults.",
            f"- In 1 of {min(n for n in by_rate if n > 1)} calls: for {unseen(least)} of {least.tried}.",
            f"- In **1 of {max(by_rate):,}** calls: for **{unseen(rare)} of {rare.tried}**. For {none} of these the wrong call "
            "did not come while it ran.",
            f"\nAn error in each call that is just as large as allowed: for {unseen(smallest)} of {smallest.tried}.",
        ]
    )


def unseen(share: Share) -> int:
    """How many of the faults ended with AGREES."""
    return share.missed + share.quiet


def sizes(rows: list[dict], trials: list[dict]) -> str:
    """Caught by size, a line for each model; what became of all of them."""
    found = shares.by_size(trials)
    lines = {name_of(row): list(shares.by_size(row["trials"]).values()) for row in rows}
    picture = drawing(
        "agrees-by-size", "Faults caught, by the size of the error (1: as large as allowed)", places(found), lines
    )
    cells = [[f"{size:,}", *counts(share)] for size, share in found.items()]
    return f"{picture}\n{table(['Error / allowed error', *OUTCOMES], cells, 'What validate says of errors in each call, by size')}"


def rates(trials: list[dict]) -> str:
    """Caught by rate, a line for each size; what became of all of them."""
    rare = sorted({trial["size"] for trial in trials if trial["every"] > 1})
    found = {label(size): shares.by_rate(trials, size) for size in rare}
    every = list(next(iter(found.values())))
    lines = {name: [by_rate[n] for n in every] for name, by_rate in found.items()}
    picture = drawing(
        "agrees-by-rate", "Faults caught, by how many calls are wrong", [f"1 in {n:,}" for n in every], lines
    )
    cells = [[name, f"1 in {n:,}", *counts(share)] for name, by_rate in found.items() for n, share in by_rate.items()]
    return f"{picture}\n{table(['Error', 'Wrong calls', *OUTCOMES], cells, 'What validate says of rare errors')}"


def label(size: int) -> str:
    """A size as the name of a line."""
    return f"{size:,} times" if size else "no size"


def places(found: dict[int, Share]) -> list[str]:
    """The sizes as they stand below the picture."""
    return [f"{size:,}" for size in found]


def counts(share: Share) -> list[str]:
    """The cells of a row."""
    return [f"{share.tried}", f"**{share.caught}**", *map(str, (share.stopped, share.missed, share.quiet))]


def checks(trials: list[dict]) -> str:
    """How many each check caught, and how many it alone."""
    caught = [trial["caught"].split(", ") for trial in trials if trial["caught"]]
    names = dict.fromkeys(name for some in caught for name in some)
    rows = sorted(
        ([name, sum(name in some for some in caught), sum(some == [name] for some in caught)] for name in names),
        key=lambda row: (-row[1], row[0]),
    )
    cells = [[name, str(all_), str(alone)] for name, all_, alone in rows]
    said = f"Of {len(trials)} faults, {len(caught)} were caught. IOI needs a tokenizer, which these models do not have."
    return f"{said}\n\n{table(['Check', 'Caught', 'Caught by it alone'], cells, 'Faults caught by each check')}"


def located(trials: list[dict]) -> str:
    """What locate did with the faults that gave it a wrong number."""
    met = [trial for trial in trials if trial["locate"] != "not met"]
    found = shares.by(met, lambda trial: trial["locate"])
    right, others = len(found.get("right", ())), found.get("another op", [])
    copies = sum(trial["op"] == "copy" for trial in others)
    kinds = {"in each call": [t for t in met if t["every"] == 1], "rarer": [t for t in met if t["every"] > 1]}
    cells = [
        [says, *(str(sum(t["locate"] == word for t in some)) for some in kinds.values())]
        for word, says in LOCATED.items()
    ]
    said = (
        f"`locate` ran into {len(met)} of the {len(trials)} faults, not into the others: it looks at one forward pass, and not at "
        f"gradients unless told to. It names the op that is wrong for **{right} of {len(met)}**. {copies} of the {len(others)} that it names otherwise are in "
        "`copy`, which moves numbers to the device: locate needs it itself."
    )
    return f"{said}\n\n{table(['It', *(f'Wrong {kind}' for kind in kinds)], cells, 'What locate says of the faults that it ran into')}"


def tried(rows: list[dict]) -> str:
    """How many faults were tried, on which models, and the false alarms."""
    cells = [
        [name_of(row), f"{row['weights']:,}", str(len(row["ops"])), f"{row['kinds']:,}", str(len(row["trials"]))]
        for row in rows
    ]
    alarms, trials = sum(len(shares.false_alarms(row)) for row in rows), sum(len(row["trials"]) for row in rows)
    heads = ["Model", "Weights", "Ops with faults", "Kinds of faults that could fire", "Faults tried"]
    return (
        f"**{trials:,} faults** were tried, drawn with a fixed seed. With no fault, the same checks gave "
        f"**{alarms} false alarms**.\n\n{table(heads, cells, 'What was tried')}\n\n"
    )


def name_of(row: dict) -> str:
    """The name of a model."""
    return NAMES.get(row["model"], row["model"])


def outdated(results: dict[str, dict]) -> str:
    """What has changed since the results were made, as a sentence."""
    now = made_of.of_redteam()
    return words.changed_since(made_of.changed(one["made_of"], now) for one in results.values())
