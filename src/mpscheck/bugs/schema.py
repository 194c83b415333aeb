"""The fields of a bug, held against `catalogue/schema.json`: one schema for rows of the catalogue and for snippets."""

import json
from collections.abc import Iterator
from functools import lru_cache

import jsonschema

from mpscheck.places import CATALOGUE

FILE = CATALOGUE / "schema.json"
_TYPES = {
    "string": 'a text in quotes, "…"',
    "array": "a list, […]; leave it out if it is empty",
    "object": "a table, {…}",
    "boolean": "True or False",
    "integer": "a whole number",
    "number": "a number",
}


@lru_cache
def _schema() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))


@lru_cache
def _validator(kind: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**_schema(), "$ref": f"#/$defs/{kind}"})


def fields() -> dict[str, dict]:
    """The fields of a bug with their schemas, in the order in which they are written."""
    return _schema()["$defs"]["bug"]["properties"]


def required(kind: str) -> set[str]:
    """The fields that a `row` or a `snippet` must have."""
    definitions = _schema()["$defs"]
    return {*definitions["bug"]["required"], *definitions[kind].get("required", ())}


def fields_of(kind: str) -> tuple[str, ...]:
    """The fields that a `row` or a `snippet` may have, in their order."""
    forbidden = _schema()["$defs"][kind]["properties"]
    return tuple(name for name in fields() if name not in forbidden)


def words(field: str) -> dict[str, str]:
    """The closed list of a field (`family`, `kind`, `caused_by`) with what each word means, as far as it is said."""
    schema = fields()[field]
    if "enum" in schema:
        return dict.fromkeys(schema["enum"], "")
    return {entry["const"]: entry["description"] for entry in schema["oneOf"]}


def in_order(facts: dict) -> dict:
    """The same fields, in the order in which they are written."""
    places = {name: place for place, name in enumerate(fields())}
    return dict(sorted(facts.items(), key=lambda item: places.get(item[0], len(places))))


def problems(entry: object, kind: str) -> Iterator[str]:
    """What is wrong with the fields of a `row`, a `snippet` or a `report`: place, what was found, what is expected."""
    for error in sorted(_validator(kind).iter_errors(entry), key=lambda error: [str(part) for part in error.path]):
        yield _sentence(error, kind)


def _sentence(error: jsonschema.ValidationError, kind: str) -> str:
    where = "/".join(str(part) for part in error.absolute_path)
    if error.validator == "required":
        return f"{where or f'the {kind}'} lacks {error.message.split(chr(39))[1]}: add it"
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in known)
        return f"{where or f'the {kind}'} does not know {unknown}: it has {', '.join(known)}"
    if error.validator == "not":
        return f"{where} has no place in a {kind}: {fields()[where]['description']}"
    return f"{where or 'the line'} = {_short(error.instance)}: expected {_expected(error)}"


def _expected(error: jsonschema.ValidationError) -> str:
    if error.validator == "type":
        types = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        return " or ".join(_TYPES.get(one, one) for one in types)
    if error.validator == "enum":
        return f"one of {', '.join(map(str, error.validator_value))}"
    if error.validator == "const":
        return f"{error.validator_value}; leave it out otherwise"
    if error.validator == "oneOf" and all("const" in one for one in error.validator_value):
        return f"one of {', '.join(one['const'] for one in error.validator_value)}; they stand in {FILE.name}"
    if error.validator == "minItems":
        return _TYPES["array"]
    named = next((f" ({name})" for name, one in _schema()["$defs"].items() if one == error.schema), "")
    return f"{error.validator} {_short(error.validator_value)}{named}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"


def bases() -> tuple[str, ...]:
    """The words for what a fact is known from."""
    return tuple(_schema()["$defs"]["basis"]["enum"])
