"""Each metadata field has the type that its readers count on."""

from collections.abc import Iterator

from mpscheck.bugs.catalogue import Bug

NAME = "fields"
DESCRIPTION = "each metadata field is of the right type, and tables have no unknown keys"

TEXTS = ("issue", "kind", "family", "affected", "fixed_pr", "macos", "exempt", "no_workaround")
LISTS_OF_TEXTS = ("also", "chips", "met_in")
TABLES = {  # of these keys: True is required
    "basis": {"seen": True, "fixed": True, "macos": False},
    "introduced": {"version": True, "basis": True},
}
REPORTED = {"thread": True, "date": True, "torch": False, "macos": False, "chip": False, "figures": False}


def check(bug: Bug) -> Iterator[str]:
    for name, value in bug.metadata.items():
        if name in TEXTS and not _is_text(value):
            yield f'{name} = {value!r}: expected a text in quotes, such as {name} = "…"'
        if name in LISTS_OF_TEXTS and not (isinstance(value, list) and value and all(map(_is_text, value))):
            yield f'{name} = {value!r}: expected a list of texts, {name} = ["…"]; leave it out if there are none'
        if name == "fresh" and value is not True:
            yield f"fresh = {value!r}: expected true; leave it out otherwise"
        if name in TABLES:
            yield from _table(name, value, TABLES[name])
        if name == "reported" and not (isinstance(value, list) and value):
            yield f"reported = {value!r}: expected a list of tables; leave it out if there are none"
        elif name == "reported":
            for entry in value:
                yield from _table("reported", entry, REPORTED)


def _is_text(value) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _table(name: str, value, keys: dict[str, bool]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{name} = {value!r}: expected a table with {', '.join(keys)}"
        return
    missing = [key for key, required in keys.items() if required and key not in value]
    unknown = [key for key in value if key not in keys]
    if missing:
        yield f"{name} lacks {', '.join(missing)}: add it"
    if unknown:
        yield f"{name} does not know {', '.join(unknown)}: it has {', '.join(keys)}"
    for key, entry in value.items():
        if key == "figures" and not isinstance(entry, dict):
            yield f"{name}: figures = {entry!r}: expected a table of the thread's numbers, {{ max_abs = 3.4 }}"
        if key in keys and key != "figures" and not _is_text(entry):
            yield f"{name}: {key} = {entry!r}: expected a text in quotes"
