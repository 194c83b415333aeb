"""The generated pieces of the page of the seven operations that are suspected first when a GPT-2 is wrong on a GPU.

Which bugs an operation has, where they are, whether GPT-2 meets them, and that none of them explains the IOI case: all
from the catalogue, from what libraries were recorded to call, and from the report.
"""

from mpscheck.bugs.bug import Bug
from mpscheck.known import exposure, names, said
from mpscheck.known.entry import Entry
from mpscheck.known.exposure import CERTAIN, POSSIBLE, RELEASES, UNTESTED, Row, Study
from mpscheck.places import shown
from mpscheck.site import words
from mpscheck.site.escape import claim_markdown, text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table
from mpscheck.site.pages.exposure import LINEAR
from mpscheck.site.pages.reported import state_word

OPERATIONS = {  # name on the page: the ops that it stands for, as `bare` gives them
    "where": ("where", "nonzero"),  # `where(x)` is `nonzero(x)`
    "triu": ("triu", "tril"),
    "stack": ("stack",),
    "GELU": ("gelu",),
    "Conv1d": ("conv1d",),
    "Indexing": (
        *("__getitem__", "__setitem__", "index", "select", "index_put", "index_select", "index_copy", "index_add"),
        *("index_fill", "index_reduce", "gather", "scatter", "scatter_add", "scatter_reduce", "slice_scatter"),
        *("take_along_dim", "masked_select", "embedding", "embedding_bag", "one_hot", "repeat_interleave"),
        *("max_unpool2d", "max_unpool3d"),
    ),
    "Random numbers": (
        *(
            "rand",
            "randn",
            "randint",
            "randperm",
            "rand_like",
            "randn_like",
            "random",
            "normal",
            "uniform",
            "bernoulli",
        ),
        *("exponential", "multinomial", "Categorical", "Gamma", "gumbel_softmax", "Dropout", "dropout"),
        *("native_dropout", "manual_seed", "Generator", "get_state", "set_state", "get_rng_state", "fork_rng"),
    ),
}
REPORT = "TransformerLensOrg/TransformerLens#1178"
REPORTED = ("TransformerLens 2.17.0", "HookedTransformer", "forward")  # library, entry point and use of the report
RECORDED = "transformers: GPT-2"  # its name among the models whose calls were recorded
PROJECTS = ("transformers", "TransformerLens")
YES, PERHAPS, NOT_KNOWN = "**yes**", "perhaps", "not known, calls it"
NO, NOT_CALLED = "no, its calls do not fit", "no, does not call it"


def files(inputs: Inputs) -> dict[str, str]:
    """The generated pieces that the page includes."""
    study = exposure.Study(inputs.exposure, inputs.bugs, inputs.measured)
    return pieces(
        seven_answer=answer(inputs, study),
        seven_bugs="\n\n".join(_section(name, of(name, inputs.known), study, inputs) for name in OPERATIONS),
    )


def of(name: str, known: list[Entry]) -> list[Entry]:
    """All bugs of an operation: those that name one of its ops, or fire at one."""
    wanted = set(OPERATIONS[name])
    return [entry for entry in known if wanted & _ops(entry.bug)]


def _ops(bug: Bug) -> set[str]:
    named = {names.bare(op) for op in (*names.ops(bug), *(op for trigger in bug.triggers for op in trigger.ops))}
    return {name if name.startswith("__") else name.removesuffix("_") for name in named}


# ---- whether GPT-2 meets them --------------------------------------------------------------------------------------


def gpt2(bug: Bug, study: Study, recordings: dict[str, dict]) -> str:
    """Whether GPT-2 meets a bug through each library; one answer where both say the same."""
    found = {project: through(bug, project, study, recordings) for project in PROJECTS}
    if len(set(found.values())) == 1:
        return found[PROJECTS[0]]
    return "<br>".join(f"{project}: {one}" for project, one in found.items())


def through(bug: Bug, project: str, study: Study, recordings: dict[str, dict]) -> str:
    """Whether GPT-2 meets a bug through one library, in some version, entry point and use of it."""
    rows = study.of(project)
    hows = {study.how(row, use).get(bug.slug) for row in rows for use in row.uses}
    called = any(exposure.touches(bug, use) for row in rows for use in row.uses.values())
    tested = exposure.counts(bug) and bool(bug.triggers)
    tested = tested and all(row.measured.get(bug.slug) == exposure.fingerprint(bug) for row in rows)
    if project == PROJECTS[0] and bug.slug in recordings:
        cell = recordings[bug.slug]["row"]["libraries"].get(RECORDED)
        called, tested = called or cell is not None, True
        hows = {CERTAIN if cell and cell["certain"] else POSSIBLE if cell and cell["possible"] else None, *hows}
    if CERTAIN in hows:
        return YES
    if POSSIBLE in hows:
        return PERHAPS
    return NOT_CALLED if not called else NO if tested else NOT_KNOWN


# ---- one operation -------------------------------------------------------------------------------------------------


def _section(name: str, found: list[Entry], study: Study, inputs: Inputs) -> str:
    rows = [[_bug(one), _versions(one), gpt2(one.bug, study, inputs.recordings)] for one in found]
    ops = ", ".join(f"`{op}`" for op in OPERATIONS[name])
    heading = f"### {name}"
    silent, checks = sum(one.silent for one in found), sum(one.has_check for one in found)
    number = "1 bug" if len(found) == 1 else f"{len(found)} bugs"
    return (
        f"{heading} {{ data-search-exclude }}\n\n{number} of {ops}: {silent} silent, {checks} with a check.\n\n"
        + table(["Bug, and how to test it", "PyTorch", "Does GPT-2 hit it?"], rows, f"Known bugs: {name}")
    )


def _bug(entry: Entry) -> str:
    bug = entry.bug
    test = f"<code>python {shown(bug.check.path)}</code>" if bug.check else f"no check yet: {words.link(bug.issue)}"
    about = words.kind(bug.kind, entry.silent)
    return f"[{claim_markdown(bug.claim)}](bugs/{bug.slug}.md)<br><small>{about}; {test}</small>"


def _versions(entry: Entry) -> str:
    last = entry.answers[-1]
    label = said.LIKELY if last.shade == said.LIKELY else last.state
    return f"{words.versions(entry.bug)}<br><small>{state_word(label)} in {RELEASES[-1]}</small>"


# ---- none of them explains the case --------------------------------------------------------------------------------


def answer(inputs: Inputs, study: Study) -> str:
    """What the forward pass of the report calls, and which bugs could be behind it: in one sentence, then by operation."""
    report = next((one for one in inputs.encounters if one.thread == REPORT), None)
    row = next((one for one in study.shaped if (one.library, one.entry) == REPORTED[:2]), None)
    if report is None or row is None:
        return "The calls of the report's model have not been recorded yet."
    by_slug = {entry.slug: entry for entry in inputs.known}
    how = study.how(row, REPORTED[2])

    def there(entry: Entry) -> str:
        return entry.on(report.torch, report.macos).state

    hit = {name: [one for one in of(name, inputs.known) if one.slug in how] for name in OPERATIONS}
    guilty = _unique(one for found in hit.values() for one in found if _sure(one, how) and there(one) == "affected")
    left = {name: [one for one in found if there(one) != "not affected"] for name, found in hit.items()}
    linear = by_slug[LINEAR]
    known = _sure(linear, how) and there(linear) == "affected"
    calls = sum(found["count"] for found in row.uses[REPORTED[2]]["findings"] if found["slug"] == LINEAR)
    where = f"PyTorch {text(report.torch)} on macOS {text(report.macos)}"
    rows = [_row(name, inputs.known, row, left[name]) for name in OPERATIONS]
    return "\n\n".join(
        [
            _verdict(guilty, linear if known else None, calls, where),
            table(
                ["Operation", "Calls in that forward pass", "Known bugs", "Not ruled out"],
                rows,
                "The seven operations in the report's forward pass",
            ),
            *_open(_unique(one for found in left.values() for one in found if one not in guilty), how),
        ]
    )


def _sure(entry: Entry, how: dict[str, str]) -> bool:
    return how.get(entry.slug) == CERTAIN


def _unique(found) -> list[Entry]:
    return list({entry.slug: entry for entry in found}.values())


def _verdict(guilty: list[Entry], linear: Entry | None, calls: int, where: str) -> str:
    if guilty:
        return f"On {where} the report's forward pass hits, for certain: {'; '.join(map(_link, guilty))}."
    first = (
        f"**None of the seven is known to explain the case.** The report's set-up is {where}. In its forward pass no bug of "
        "the seven is both hit for certain and known to be there."
    )
    times = "one call" if calls == 1 else f"{calls} calls"
    return first + (f" One of another operation is both, in {times}: {_link(linear)}." if linear else "")


def _link(entry: Entry) -> str:
    return f"[{claim_markdown(entry.bug.claim)}](bugs/{entry.slug}.md)"


def _row(name: str, known: list[Entry], row: Row, left: list[Entry]) -> list[str]:
    wanted = {aten for op in OPERATIONS[name] for aten in exposure.ATEN.get(op, (op,))}
    calls = sorted(wanted & set(row.uses[REPORTED[2]]["called"]))
    return [name, ", ".join(f"`{op}`" for op in calls) or "none", str(len(of(name, known))), str(len(left) or "none")]


def _open(left: list[Entry], how: dict[str, str]) -> list[str]:
    """The bugs that are not ruled out, by the reason."""
    reasons = {
        CERTAIN: "Hit for certain, but whether that release has them is not known",
        POSSIBLE: "Perhaps hit",
        UNTESTED: "Not ruled out, since their condition was not tried on these calls",
    }
    found = {why: [one for one in left if how[one.slug] == kind] for kind, why in reasons.items()}
    return [f"{why}:\n\n" + "\n".join(f"- {_link(one)}" for one in bugs) for why, bugs in found.items() if bugs]
