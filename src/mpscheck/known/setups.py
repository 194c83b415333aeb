"""Set-ups: where a bug is asked about, or was measured. Torch release, major macOS, virtual or real; more where a claim names it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.version import Version

from mpscheck.bugs.bug import Bug
from mpscheck.bugs.versions import told_apart

CHIP = re.compile(r"\b(M\d+)\b")
VIRTUAL = " (virtual)"  # how a claim says that only the virtual GPU of a chip is meant


@dataclass(frozen=True)
class Setup:
    """One set-up. In a question None stands for any; of a run `virtual` is None where macOS did not tell.

    `macos` is a major version ("15"), or one with as many parts ("15.6", "15.6.1") as the claim names.
    """

    torch: str  # "2.8.0", or a build between releases, without what comes after a plus sign
    macos: str | None = None
    virtual: bool | None = None
    chip: str | None = None  # "M1", where the claim names chips

    def __str__(self) -> str:
        return ", ".join(part for part in (f"torch {self.torch}", self.machine) if part)

    @property
    def machine(self) -> str:
        """`macOS 15, a virtual GPU`"""
        gpu = {True: "a virtual GPU", False: "a real GPU", None: ""}[self.virtual]
        return ", ".join(part for part in (f"macOS {self.macos}" if self.macos else "", gpu, self.chip or "") if part)

    def meant_by(self, asked: "Setup") -> bool:
        """Whether a question is about this set-up too."""
        return (
            self.torch == asked.torch
            and (asked.macos is None or self.macos == asked.macos or f"{self.macos}.".startswith(f"{asked.macos}."))
            and asked.virtual in (None, self.virtual)
            and (asked.chip is None or self.chip in (None, asked.chip))
        )


def machines(found: Iterable[Setup], brief: bool = False) -> str:
    """The machines of several set-ups in words: `macOS 15 and 26, a real and a virtual GPU; macOS 27, a real GPU`.

    In brief: `macOS 15 and 26, real and virtual; macOS 27, real`.
    """
    by_kind: dict[tuple, set[str]] = {}
    for one in found:
        by_kind.setdefault((one.chip, one.virtual), set()).add(one.macos or "")
    alike: dict[tuple, list[bool | None]] = {}  # kinds of GPU on which the same versions of macOS were
    for (chip, virtual), macos in sorted(by_kind.items(), key=str):
        alike.setdefault((chip, tuple(sorted(macos, key=_by_number))), []).append(virtual)
    return "; ".join(_machine(chip, macos, virtual, brief) for (chip, macos), virtual in alike.items())


def _machine(chip: str | None, macos: tuple[str, ...], virtual: list[bool | None], brief: bool) -> str:
    named = [word if brief else f"a {word}" for word, flag in (("real", False), ("virtual", True)) if flag in virtual]
    gpus = [" and ".join(named) + " GPU" * (not brief)] if named else []
    gpus += ["perhaps virtual" if brief else "a GPU that may be virtual"] if None in virtual else []
    parts = (f"macOS {listed(macos)}" if any(macos) else "", " and ".join(gpus), chip or "")
    return ", ".join(part for part in parts if part)


def _by_number(macos: str) -> Version:
    return Version(macos or "0")


def listed(names: Sequence[str]) -> str:
    """`15, 26 and 27`"""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def release_of(torch: str) -> str:
    """`2.8.0` of `2.8.0+cpu`."""
    return torch.split("+")[0]


def key(bug: Bug, setup: Setup) -> Setup:
    """A set-up with no more than this claim tells apart: measurements with the same key are about the same thing."""
    macos = told_apart(setup.macos, str(bug.macos) if bug.macos is not None else None)
    return Setup(setup.torch, macos, setup.virtual, setup.chip if bug.chips else None)


def of_run(provenance: dict) -> Setup:
    """The whole set-up of a run."""
    chip = chip_of(provenance)
    return Setup(release_of(provenance["torch"]), provenance["macos"], provenance["virtual"], chip)


def chip_of(provenance: dict) -> str | None:
    """`M1` of "Apple M1 Pro" and of "Apple M1 (Virtual)"; `AMD`; else the chip as macOS names it."""
    names = [name for name in (provenance["chip"], provenance["gpu"]) if name]
    found = [match[1] for name in names if (match := CHIP.search(name))]
    if found:
        return found[0]
    return "AMD" if any("AMD" in name for name in names) else next(iter(names), None)


def fits_chips(bug: Bug, setup: Setup) -> bool:
    """Whether a set-up is one of those that the claim is tied to. A chip that a reader names is one that can be touched."""
    if not bug.chips:
        return True
    return any(_is_chip(claimed, setup) for claimed in bug.chips)


def _is_chip(claimed: str, setup: Setup) -> bool:
    if claimed.endswith(VIRTUAL) and not (setup.virtual or (setup.virtual is None and setup.chip is None)):
        return False
    return setup.chip in (None, claimed.removesuffix(VIRTUAL))
