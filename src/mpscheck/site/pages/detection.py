"""Which check caught which fault, from `results/emulated/detection/`, and the false alarms. Pure."""

from collections import Counter

from mpscheck.bugs import trigger
from mpscheck.bugs.bug import Bug
from mpscheck.detection.facts import Facts, Outcome, by_check, by_subject, outcomes, sentences, stopped_in
from mpscheck.runs import made_of
from mpscheck.site import words
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table

CELLS = {  # verdict: how a cell says it, with a shape, never by a colour alone
    "caught": words.marked("✔", "caught"),
    "passed": words.marked("✘", "missed"),
    "could not check": words.marked("!", "error"),
    "not met": "",
}
ENTRIES = {"transformers": "`transformers`", "bridge": "`TransformerBridge`"}
# The devices whose numbers are not the CPU's own bits.
OTHER_ARITHMETIC = {"honest": "emulated, other arithmetic", "vulkan": "torchvulkan"}
VULKAN = (
    "torchvulkan is a backend of PyTorch by others, with kernels of its own, here on a Vulkan driver in software, on Linux: "
    "it has nothing of a Mac but that its numbers are not the CPU's. In bfloat16 it computes much on the CPU, with a warning.\n\n"
)
FROM = {"catalogue": "a check of this site", "reported": "a reported bug", "general": "made up"}


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes."""
    rows = sorted((document["row"] for document in inputs.detection.values()), key=place)
    found, pages = by_subject(rows), {entry.slug for entry in inputs.known}
    ends = outcomes(rows)
    return pieces(
        detection_summary=summary(ends),
        detection_sentence=headline(found),
        detection_checks=checks_table(rows),
        detection_uncaught=uncaught(ends, {bug.slug: bug for bug in inputs.checks}, pages),
        detection_tables="\n\n".join(subject(one, rows, pages) for one in found) or "Not made yet.",
        detection_made=words.made(inputs.detection) + outdated(inputs.detection, inputs.checks),
        calibration=calibrated(inputs.calibration),
    )


def place(row: dict) -> tuple:
    """Where a row stands: by model and entry point, then by where its fault comes from, then by its name."""
    return row["model"], list(ENTRIES).index(row["entry"]), list(FROM).index(row["group"]), row["fault"]


def outdated(results: dict[str, dict], bugs: tuple[Bug, ...]) -> str:
    """How many rows were made with other code than today's, and what has changed since, as a sentence."""
    by_slug = {bug.slug: bug for bug in bugs}
    return words.changed_since(
        made_of.changed(d["made_of"], made_of.of_row(d["row"]["fault"], by_slug)) for d in results.values()
    )


def summary(ends: list[Outcome]) -> str:
    """How many faults these models hit, and how many of those a check caught, as shares."""
    if not ends:
        return "Not made yet."
    count = Counter(one.outcome for one in ends)
    wrong = count["caught"] + count["stopped"] + count["missed"]
    fired = wrong + count["no wrong number"]
    stopped = f"; for {count['stopped']} it ended with an error" if count["stopped"] else ""
    return (
        f"Of **{len(ends)} faults** these models hit **{fired} ({fired / len(ends):.0%})**. {wrong} of them made a number wrong "
        f"while a check ran, and `validate_mps.py` caught **{count['caught']} of {wrong} ({count['caught'] / max(wrong, 1):.0%})**{stopped}. "
        f"The other {len(ends) - fired} say nothing about the checks: {count['never called']} are of an op that these models do "
        f"not call, {count['never so']} of one that they never call as the fault needs it. "
        "[Why none caught it](#what-no-check-caught), for each."
    )


def checks_table(rows: list[dict]) -> str:
    """What each check saw, all models together."""
    lines = [
        [name, str(len(seen.wrong)), str(len(seen.caught)), str(len(seen.alone))]
        for name, seen in by_check(rows).items()
    ]
    headings = ["Check", "Faults that made a number wrong while it ran", "Caught", "Caught by it alone"]
    return table(headings, lines, "Faults caught by each check") if lines else "Not made yet."


def uncaught(ends: list[Outcome], bugs: dict[str, Bug], pages: set[str]) -> str:
    """Each fault that no check caught, and why."""
    lines = [[name_of(one.row, pages), why(one, bugs.get(one.fault))] for one in ends if one.outcome != "caught"]
    return table(["Fault", "Why no check caught it"], lines, "Faults that no check caught") if lines else "None."


def why(one: Outcome, bug: Bug | None) -> str:
    """Why no check caught a fault, in a sentence."""
    row = one.row
    if one.outcome == "missed":
        return "**Missed**: a number was wrong while a check ran, and all checks agreed."
    if one.outcome == "stopped":
        return f"An error in {', '.join(stopped_in(row))}: `validate_mps.py` says `COULD NOT CHECK`."
    if one.outcome == "no wrong number":
        rare = f" It is wrong in 1 of {bug.effect.every} calls." if bug and bug.effect.every > 1 else ""
        memory = " What is wrong is the memory that it takes." if bug and bug.kind == "memory" else ""
        return f"It fired on {calls(row['fired'])}, and no number came out wrong while a check ran.{rare}{memory}"
    if one.outcome == "never called":
        return f"These models do not call {', '.join(f'`{op}`' for op in row['ops'])}."
    lacking = trigger.sentence(trigger.parse([row["lacking"]]))
    made = f"`{row['model']}` through {ENTRIES[row['entry']]} makes {calls(row['called'])} of its op"
    return f"{made}, none of them so: {lacking}."


def calls(number: int) -> str:
    """So many calls."""
    return f"{number:,} call" + "s" * (number != 1)


def headline(found: list[Facts]) -> str:
    """What follows from the tables, one sentence each."""
    if not found:
        return "The table was not made yet."
    all_ = max(one.faults for one in found)
    absent = (f" Not measured yet: {all_ - one.faults} faults." * (one.faults < all_) for one in found)
    return "\n".join(f"- {sentence(one)}{rest}" for one, rest in zip(found, absent, strict=True) if one.met)


def sentence(found: Facts) -> str:
    """What follows from one table, in short."""
    said = (
        f"`{found.model}` through {ENTRIES[found.entry]}: of the faults that gave a wrong number, all checks caught "
        f"**{len(found.caught)} of {len(found.met)}**."
    )
    if found.stopped:
        said += f" In {len(found.stopped)} more a check ended with an error, which is no agreement either."
    if found.missed:
        said += f" {len(found.missed)} passed unseen."
    if not found.ioi_met:
        return f"{said} None gave one in the IOI prompts."
    return (
        f"{said} Of those that gave one in the IOI prompts, the sign of one logit difference shows "
        f"**{len(found.sign)} of {len(found.ioi_met)}**, the whole IOI check **{len(found.ioi)} of {len(found.ioi_met)}**."
    )


def subject(found: Facts, rows: list[dict], pages: set[str]) -> str:
    """Heading, sentences and table of one model and entry point, without the faults that it does not hit."""
    here = [row for row in rows if (row["model"], row["entry"]) == (found.model, found.entry)]
    met = [row for row in here if any(cell["wrong"] for name, cell in row["cells"].items() if name != "snippet")]
    columns = list(dict.fromkeys(name for row in here for name in row["cells"]))
    lines = [
        [
            name_of(row, pages),
            *(CELLS[row["cells"][name]["verdict"]] if name in row["cells"] else "" for name in columns),
        ]
        for row in met
    ]
    label = f"{found.model} through {found.entry}"
    return "\n\n".join(
        [
            f"### `{found.model}` through {ENTRIES[found.entry]}",
            "\n".join(f"- {sentence}" for sentence in sentences(found)),
            table(["Fault", *columns], lines, f"What catches which fault, {label}"),
            others(here, met, {row["fault"] for row in rows}),
        ]
    )


def others(here: list[dict], shown: list[dict], all_: set[str]) -> str:
    """The rows of a model that its table leaves out, and those that it has not."""
    rest = [row for row in here if row not in shown]
    absent = len(all_ - {row["fault"] for row in here})
    unhit = sum(not row["fired"] for row in rest)
    said = f"Faults that made no number wrong here, left out of this table: {len(rest)}. "
    said += f"[Not hit](#how-to-read-the-tables) by this model this way: {unhit} of them."
    return said + f" Not measured yet with this model: {absent} more." * bool(absent)


def name_of(row: dict, pages: set[str]) -> str:
    """The fault, as a link where it has a page, and where it comes from."""
    name = f"[{row['fault']}](bugs/{row['fault']}.md)" if row["fault"] in pages else f"`{row['fault']}`"
    return f"{name}<br>{FROM[row['group']]}"


def calibrated(calibration: dict) -> str:
    """The largest error ratio of each check on healthy devices with other arithmetic, by device and model; false alarms."""
    rows = [row for row in calibration["rows"] if row["device"] in OTHER_ARITHMETIC]
    if not rows:
        return "Not measured yet."
    checks = list(dict.fromkeys(name for row in rows for name in row["ratios"]))
    lines = [
        [
            *(OTHER_ARITHMETIC[row["device"]], f"{row['model']}, {row['runs']} runs"),
            *(words.figure(row["ratios"][name]) if name in row["ratios"] else "" for name in checks),
        ]
        for row in rows
    ]
    runs, alarms = (
        sum(pick(row) for row in calibration["rows"]) for pick in (lambda r: r["runs"], lambda r: len(r["alarms"]))
    )
    largest = max(ratio for row in rows for ratio in row["ratios"].values())
    made = dict.fromkeys(on(row["provenance"]) for row in calibration["rows"])
    return (
        f"{runs} runs on healthy devices, each with inputs of its own and, for the random models, weights of its own: "
        f"**{alarms} false alarms**. The largest ratio is **{words.figure(largest)}**, "
        f"**{words.figure(calibration['allowed_ratio'])}** are allowed.\n\n"
        f"{table(['Device', 'Model', *checks], lines, 'Largest error ratio of each check')}\n\n"
        f"{VULKAN if any(row['device'] == 'vulkan' for row in rows) else ''}Made on {'; and on '.join(made)}."
    )


def on(provenance: dict) -> str:
    """What a row was made on; torchvulkan is named by its driver, since it is neither a Mac nor the emulated device."""
    if provenance["device"] != "vulkan":
        return words.environment(provenance)
    name, torch, date = (words.text(provenance[key]) for key in ("gpu", "torch", "date"))
    return f"{name}, {words.text(provenance['system'])}, torch {torch}, {date[:10]}"
