"""Each field has the type and the words that its readers count on: those of `catalogue/schema.json`."""

from collections.abc import Iterator

from mpscheck.bugs import schema

NAME = "fields"
DESCRIPTION = "each field is one that the schema has, of its type and from its closed list"


def check(facts: dict, kind: str) -> Iterator[str]:
    """What is wrong with the fields of a `snippet` or a `row`, before a bug is made of them."""
    yield from schema.problems(facts, kind)
