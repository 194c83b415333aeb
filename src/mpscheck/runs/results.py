"""Run files: reading, writing, and refusing what is not one. A run file may come from a stranger: data, never code."""

import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import jsonschema
import jsonschema_rs

from mpscheck.places import OWN, RESULTS

SCHEMA = RESULTS / "schema.json"
RUNS = RESULTS / "runs"  # brought by the job that publishes
TRANSFORMERLENS = RESULTS / "transformerlens.json"  # what its releases do about mps
FOUND = RESULTS / "found.json"  # by the sweep, checked by hand
UNVERIFIED = OWN / "unverified"  # sent by people
LOCAL = OWN / "local"
VERSION = 2
MAX_BYTES = 20_000_000
MAX_DIGITS = 400


class BadResults(ValueError):
    """A file that is not a run file; the message names the file, the place in it, and what was expected."""


def _is_number(_, value: object) -> bool:
    """True for what a double can hold: no NaN, no infinity, no whole number of 400 digits."""
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return real and -sys.float_info.max <= value <= sys.float_info.max


def _is_integer(checker, value: object) -> bool:
    return _is_number(checker, value) and value == int(value)


def _whole(validator, pattern: str, value: object, schema: dict):
    """A pattern is one for the whole string, and its digits are 0 to 9."""
    if isinstance(value, str) and not re.fullmatch(pattern, value, re.ASCII):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


_Strict = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"pattern": _whole},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": _is_number, "integer": _is_integer}
    ),
)


def _schema(part: str | None, file: Path) -> dict:
    """For a whole run file, or for one of the schema's parts."""
    schema = json.loads(file.read_text(encoding="utf-8"))
    return schema if part is None else {"$defs": schema["$defs"], "$ref": f"#/$defs/{part}"}


@lru_cache
def _quick(part: str | None, file: Path) -> jsonschema_rs.Draft202012Validator:
    """Some ninety times as quick as the one that decides; it says yes or no."""
    return jsonschema_rs.Draft202012Validator(_schema(part, file))


@lru_cache
def _deciding(part: str | None, file: Path) -> jsonschema.Draft202012Validator:
    return _Strict(_schema(part, file))


def plainly_right(run: object, part: str | None = None, schema: Path = SCHEMA) -> bool:
    """The quick yes. False says nothing yet: it cannot read half a surrogate pair, which a string of JSON may hold."""
    try:
        return _quick(part, schema).is_valid(run)
    except ValueError:
        return False


def what_is_wrong(run: object, part: str | None = None, schema: Path = SCHEMA) -> jsonschema.ValidationError | None:
    """The deepest thing that does not follow the schema; None if all does. Raises RecursionError."""
    return jsonschema.exceptions.best_match(_deciding(part, schema).iter_errors(run))


def printable(value: object, limit: int = 200) -> str:
    """What a stranger wrote, for a message: one line, no control characters, cut."""
    shown = "".join(c if c.isprintable() else "?" for c in str(value)[:limit])
    return shown if len(str(value)) <= limit else shown[:-1] + "…"


def check(run: dict, name: str, part: str | None = None, schema: Path = SCHEMA) -> dict:
    """The run itself if it follows the schema, or a `part` of it. Raises BadResults with the deepest thing that is wrong."""
    refused = f"{printable(name)} is not a {f'{part} of a ' if part else ''}run file"
    try:
        error = None if plainly_right(run, part, schema) else what_is_wrong(run, part, schema)
    except RecursionError:
        raise BadResults(f"{refused}: it is nested too deeply") from None
    if error is not None:
        place = "/".join(str(step) for step in error.absolute_path) or "the whole file"
        raise BadResults(f"{refused}: {printable(place)}: {printable(error.message)}")
    return run


def document(provenance: dict, records: list[dict], canaries: Iterable[dict] = ()) -> dict:
    """A run as it is stored: its records by name."""
    return {
        "schema": VERSION,
        "provenance": provenance,
        "dtypes": sorted({record["dtype"] for record in records}),
        "records": sorted(records, key=lambda r: (r["snippet"], r["dtype"], r.get("faults", []))),
        "canaries": list(canaries),
    }


def _object(pairs: list[tuple[str, object]]) -> dict:
    """An object of JSON; a name that stands twice in it says one thing to a reviewer and another to the pages."""
    found = dict(pairs)
    if len(found) < len(pairs):
        [(key, _), *_] = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"{printable(repr(key))} stands twice in one object")
    return found


def _integer(digits: str) -> int:
    """A whole number that a double can hold. Python refuses to read one of more than 4,300 digits in its own words."""
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits")
    return int(digits)


def _constant(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def parse(text: str) -> object:
    """JSON as the standard says, which Python's reader does not keep to. Raises ValueError, RecursionError."""
    return json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)


def read(path: Path, schema: Path = SCHEMA) -> dict:
    """A run file, validated. Raises BadResults. Only a rehearsal, whose runs are made up, names another schema."""
    name = printable(path.name)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadResults(f"{name} is larger than {MAX_BYTES:,} bytes: not a run file")
        run = parse(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise BadResults(f"{name} cannot be read as JSON: it is nested too deeply") from None
    except OSError as error:
        raise BadResults(f"{name} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadResults(f"{name} cannot be read as JSON: {error}") from None
    except ValueError as error:
        raise BadResults(f"{name} is not a run file: {error}") from None
    return check(run, path.name, schema=schema)


def write_atomic(path: Path, text: str) -> None:
    """Write a file so that it is the old one or the whole new one, never a half. OSError passes through."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def text(run: dict) -> str:
    """A run as its file holds it: the same run gives the same bytes."""
    return json.dumps(run, indent=1, sort_keys=True, allow_nan=False) + "\n"


def write(path: Path, run: dict) -> None:
    """Write a run file, validated first. Raises BadResults, OSError."""
    check(run, path.name)
    write_atomic(path, text(run))
