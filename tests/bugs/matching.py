"""How many calls of a piece of code match a bug's trigger: what the tests of negative controls count."""

from mpscheck.bugs import catalogue
from mpscheck.runs.selftest import matches_of


def count(slug: str, function, device: str = "cpu") -> int:
    """How many calls of the function match the bug's trigger; `device` plays the part of `mps`."""
    return matches_of(catalogue.find(slug).triggers, device, lambda device: function(), ())
