"""A snippet runs with the reader's own torch and nothing else."""

import ast
import re
import sys
from collections.abc import Iterator

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import tree

NAME = "imports"
DESCRIPTION = "only torch and the standard library are imported, and no environment is declared"


def check(bug: Bug) -> Iterator[str]:
    modules = []
    for node in ast.walk(tree(bug.check.source)):
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
    if re.search(r"(?m)^# /// script$", bug.check.source):
        yield "has a `# /// script` block, with which `uv run FILE` hides the reader's own torch: remove the block"
