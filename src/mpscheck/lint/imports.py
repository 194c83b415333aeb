"""A snippet runs with the reader's own torch and nothing else."""

import ast
import re
import sys
from collections.abc import Iterator

from mpscheck.bugs.catalogue import Bug
from mpscheck.lint.syntax import tree

NAME = "imports"
DESCRIPTION = "only torch and the standard library are imported, and no dependencies are declared"


def check(bug: Bug) -> Iterator[str]:
    modules = []
    for node in ast.walk(tree(bug.source)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append("." * node.level + (node.module or ""))
    for module in modules:
        top = module.split(".")[0]
        if top != "torch" and top not in sys.stdlib_module_names:
            yield f"imports {module}: a snippet imports only torch and the standard library; write the few lines out"
    if "torch" not in {module.split(".")[0] for module in modules}:
        yield "does not import torch: add import torch"
    if re.search(r"(?m)^# *dependencies\b", bug.source):
        yield "declares dependencies: remove the line, a snippet is run with the reader's own torch, not a fresh one"
