"""The catalogue in the small form that the single-file tools carry: what they need to recognize a bug and to speak of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mpscheck.bugs.trigger import Trigger, parse
from mpscheck.bugs.versions import Version, contains, in_order, state


@dataclass(frozen=True)
class Known:
    """One known bug. `workaround` is the line of code that cures it, `page` the bug's page (an address or a path).

    Without `triggers`: nobody knows when it fires, and `ops` are the aten names of what it is a bug of.
    """

    slug: str
    claim: str
    when: str  # the trigger as a phrase
    issue: str
    url: str
    kind: str
    affected: str
    introduced: str | None
    macos: str | None
    chips: tuple[str, ...]
    workaround: str | None
    page: str
    triggers: tuple[Trigger, ...]
    draft: bool = False  # the trigger is drafted from the thread's words: no snippet has tried it
    ops: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()  # releases within `affected` that may have the fix already
    # Where runs make the state another than sources do: by release and macOS ("": any), as `state` says it.
    measured: dict[str, dict[str, str]] = field(default_factory=dict, hash=False)

    @property
    def where(self) -> str:
        """The versions and chips that are affected, in words; an unknown version is said to be unknown."""
        parts = [f"torch {in_order(self.affected)}" if self.affected else "no version of torch is known"]
        parts += [f"macOS {in_order(self.macos)}"] if self.macos else []
        return ", ".join([*parts, *self.chips])

    def of_machine(self, chip: str | None, macos: str | None) -> bool:
        """Whether a Mac is of those that sources tie it to. A chip that is not known is none of them."""
        chips = [rf"\b{re.escape(claimed)}" for claimed in self.chips]
        if chips and not any(re.search(claimed, chip or "", re.IGNORECASE) for claimed in chips):
            return False
        return not self.macos or macos is None or contains(self.macos, Version(macos))

    def state(self, torch: str, macos: str | None = None) -> str:
        """`affected`, `not affected` or `unknown` on this torch and macOS: what runs changed, else what sources say."""
        there = self.measured.get(torch.split("+")[0], {})
        for version in (macos or "", (macos or "").split(".")[0]):
            if version in there:
                return there[version]
        return state(self.affected, self.introduced, self.macos, torch, macos, self.unsure)


def read_known(entries: list[dict]) -> tuple[Known, ...]:
    """The bugs of an embedded catalogue (a list of plain dicts, see `mpscheck.tools.bundle.entries`)."""
    lists = ("chips", "ops", "unsure")
    return tuple(
        Known(**{**entry, **{n: tuple(entry[n]) for n in lists if n in entry}, "triggers": triggers_of(entry)})
        for entry in entries
    )


def triggers_of(entry: dict) -> tuple[Trigger, ...]:
    """The triggers of an entry; none where nobody knows when the bug fires."""
    return parse(entry["triggers"]) if entry["triggers"] else ()
