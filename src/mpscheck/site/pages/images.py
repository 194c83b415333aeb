"""The lists of known bugs in `docs/guides/nan-images.md`: chosen by symptom, family and op. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mpscheck.bugs.bug import Bug
from mpscheck.known import releases, said
from mpscheck.known.entry import Entry
from mpscheck.site.escape import claim_markdown
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import details
from mpscheck.site.pages.reported import state_word

HALF = ("float16", "bfloat16")


@dataclass(frozen=True)
class Topic:
    """What a reader works with or sees, and whether a bug belongs there."""

    name: str
    keeps: Callable[[Bug], bool]


def hit_in(words: str) -> Callable[[Bug], bool]:
    """Bugs that were hit in something of this name, a regular expression."""
    return lambda bug: re.search(words, "\n".join(bug.met_in), re.IGNORECASE) is not None


def calls(*names: str) -> Callable[[Bug], bool]:
    """Bugs of calls with one of these words in their public names."""
    return lambda bug: any(name in op.lower() for op in bug.ops for name in names)


TOPICS = (
    Topic("nan", lambda bug: bug.kind == "nan"),
    Topic("images", hit_in(r"diffus|stable diffusion|comfyui|flux|\bvae\b|video")),
    Topic("half", lambda bug: bug.check is not None and set(bug.check.dtypes) <= set(HALF)),
    Topic("copies", lambda bug: "non_blocking" in f"{bug.claim} {bug.when}"),
    Topic("recurrent", lambda bug: bug.family == "recurrent" or calls("lstm", "gru", "rnn")(bug)),
    Topic("speech", hit_in(r"whisper|speech|audio|wav2vec|encodec")),
    Topic("vision", lambda bug: bug.family == "conv-pool" or calls("batch_norm", "batchnorm", "group_norm")(bug)),
)


def known(entries: list[Entry]) -> str:
    """The bugs of a topic, those in the newest release first, then those that may be in it, each with its state there."""
    newest = releases.load()[-1].version
    if not entries:
        return "No known bug."
    order = ["affected", said.LIKELY, "unknown"]
    listed = sorted((_rank(one, order), one.order, one) for one in entries)
    states = [_state(one) for one in entries]
    names = dict.fromkeys([*order, *sorted(states)])
    counts = ", ".join(f"{states.count(state)} {state}" for state in names if state in states)
    lines = [
        f"- {state_word(_state(one))} [{claim_markdown(one.bug.claim)}](../bugs/{one.slug}.md)" for *_, one in listed
    ]
    title = f"{len(entries)} known bugs" if len(entries) > 1 else "1 known bug"
    return details(f"{title}; on PyTorch {newest}, the newest: {counts}", "\n".join(lines))


def _state(entry: Entry) -> str:
    place = len(releases.load()) - 1
    return said.LIKELY if entry.likely(place) else entry.answers[place].state


def _rank(entry: Entry, order: list[str]) -> int:
    return order.index(_state(entry)) if _state(entry) in order else len(order)


def files(inputs: Inputs) -> dict[str, str]:
    """A list a topic, which the guide includes."""
    return pieces(
        **{f"known_{topic.name}": known([one for one in inputs.known if topic.keeps(one.bug)]) for topic in TOPICS}
    )
