"""What the linter can mend by itself: the main block, the order of the metadata, the formatting. No fact is changed."""

import ast
import subprocess
import sys

from mpscheck.bugs import bug as bugs
from mpscheck.bugs import schema
from mpscheck.lint import main_block
from mpscheck.places import ROOT


class CannotFormat(RuntimeError):
    """The formatter is not there, or does not take the text; the message says which."""


def mended(source: str) -> str:
    """The text of a snippet with its main block, its metadata and its formatting as they should be.

    What is no snippet, or not Python, comes back as it is. Raises CannotFormat.
    """
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return source
    return formatted(sorted_metadata(formatted(with_main_block(source))))


def with_main_block(source: str) -> str:
    """The source, ending in the main block that it should have."""
    tree = ast.parse(source)
    lines = source.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith(bugs.MAIN_BLOCK)), None)
    if start is None:  # a main block of somebody's own: what it holds is not worth keeping
        start = next((node.lineno - 1 for node in tree.body if bugs.is_main_block(node)), len(lines))
    own = "\n".join(lines[:start]).rstrip()
    return f"{own}\n\n\n{main_block.text_of(source)}"


def sorted_metadata(source: str) -> str:
    """The source with the fields of `BUG` in the order of the schema; a comment goes with the field below it."""
    node = next((n for n in ast.parse(source).body if bugs.is_metadata(n)), None)
    if node is None or not isinstance(node.value, ast.Dict):
        return source
    keys, values = node.value.keys, node.value.values
    starts = [node.value.lineno, *(value.end_lineno for value in values)]  # 0-based: the line after the field before
    if not all(isinstance(key, ast.Constant) for key in keys) or any(
        start >= key.lineno for start, key in zip(starts, keys)
    ):
        return source  # several fields on a line, or fields that are no texts: the linter says so
    lines = source.splitlines()
    fields = {key.value: lines[start : value.end_lineno] for start, key, value in zip(starts, keys, values)}
    if len(fields) != len(keys):
        return source  # a field twice: which of them is meant, nobody can say
    in_order = [line for text in schema.in_order(fields).values() for line in text]
    return "\n".join([*lines[: starts[0]], *in_order, *lines[starts[-1] :]]) + "\n"


def formatted(source: str) -> str:
    """The source as `ruff format` writes it. Raises CannotFormat."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "snippets/bugs/snippet.py", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        raise CannotFormat(f"ruff cannot format it: {done.stderr.strip() or 'it is not installed'}")
    return done.stdout


def literal(facts: dict) -> str:
    """`BUG = {…}` with these fields, one a line, in their order."""
    return (
        "BUG = {\n" + "".join(f"    {name!r}: {value!r},\n" for name, value in schema.in_order(facts).items()) + "}\n"
    )
