"""`mpscheck export`: a snippet, or what a sweep found, as test cases for PyTorch's own `test/test_mps.py`."""

import ast
import textwrap
from pathlib import Path

import click

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.bugs.program import parts
from mpscheck.lint import main_block
from mpscheck.runs import results
from mpscheck.sweep import report

DYING = ("crash", "hang", "memory")  # kinds that would end the process of all tests
RULE = ("wide", "error_ratio")  # functions of the common main block
STATISTICAL = ("compute", "inputs", "p_value", "FALSE_ALARM")
COMPARED = ("compute", "inputs", "reference")

HEAD = '''# Owner(s): ["module: mps"]
"""{claim}

{url}

Runs by itself (python FILE) and as part of test/test_mps.py: there the class derives from TestCaseMPS.
Made from {snippet} of MPS Check; the rule is its own: the CPU in float64 is the reference,
and the device may make ten times the rounding error of the CPU.
"""

import unittest

'''
FOOT = '\n\nif __name__ == "__main__":\n    unittest.main()\n'


def main(slug: str) -> int:
    """0 if the test case was printed; raises UnknownBug where there is no such snippet or no test case of it."""
    text = of_sweep(Path(slug)) if slug.endswith(".json") else pytorch_test(catalogue.find(slug))
    click.echo(text, nl=False)
    return 0


def of_sweep(path: Path) -> str:
    """The test cases of a sweep's report. Raises BadResults."""
    name = results.printable(path.name)
    try:
        document = results.parse(path.read_text("utf-8"))
        found = report.tests(document) if document["kind"] == "sweep" else ""
    except OSError as error:
        raise results.BadResults(f"{name} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise results.BadResults(f"{name} is no report of `mpscheck sweep`") from None
    if not found:
        raise results.BadResults(f"{name} holds no finding with a program")
    return found


def pytorch_test(bug: Bug) -> str:
    """The text of a file with one test case. Raises UnknownBug where there can be none."""
    if bug.kind in DYING:
        raise catalogue.UnknownBug(f"{bug.slug} is of the kind {bug.kind}: it would end the process of all tests")
    statistical = bug.check.false_alarm is not None
    imports, functions = parts(bug.check.source, STATISTICAL if statistical else COMPARED)
    name = "".join(word.capitalize() for word in bug.slug.split("-"))
    head = HEAD.format(claim=bug.claim, url=bug.url, snippet=bug.check.path.name)
    lines = [f"class Test{name}(unittest.TestCase):", f"    def test_{bug.slug.replace('-', '_')}(self):"]
    body = ['device = "mps"', *functions, *(sample() if statistical else comparison(bug))]
    return head + "\n".join(imports) + "\n\n\n" + "\n".join(lines) + "\n" + indented(body) + FOOT


def rule() -> list[str]:
    """The functions of the common main block that hold the rule, as text."""
    (block,) = [node for node in ast.parse(main_block.text_for({"exact"})).body if isinstance(node, ast.If)]
    text = main_block.text_for({"exact"}).splitlines()
    nodes = [node for node in block.body if isinstance(node, ast.FunctionDef) and node.name in RULE]
    return [textwrap.dedent("\n".join(text[node.lineno - 1 : node.end_lineno])) for node in nodes]


def comparison(bug: Bug) -> list[str]:
    """The end of a test that compares numbers with the CPU's, in each dtype under test and as often as needed."""
    check = bug.check
    exact = "reference(*map(wide, given()))" if "reference" in check.defined else 'compute("cpu", *map(wide, given()))'
    dtypes = ", ".join(f"torch.{dtype}" for dtype in check.dtypes) + ("," if len(check.dtypes) == 1 else "")
    return [
        *rule(),
        "def outputs(found):\n    return [t.detach().cpu() for t in (found if isinstance(found, tuple) else (found,))]",
        "\n".join(
            [
                f"for dtype in ({dtypes}):",
                "    def given():  # drawn anew for each run, which may write into them",
                "        return [t.to(dtype) if t.is_floating_point() else t for t in inputs()]\n",
                f'    cpu, exact = outputs(compute("cpu", *given())), outputs({exact})',
                f"    for _ in range({check.repeats or 1}):",
                "        got = outputs(compute(device, *given()))",
                "        self.assertEqual([(t.shape, t.dtype) for t in got], [(t.shape, t.dtype) for t in cpu])",
                "        for mine, its, right in zip(got, cpu, exact):",
                '            self.assertLessEqual(error_ratio(mine, its, right), 10, f"{dtype}")',
            ]
        ),
    ]


def sample() -> list[str]:
    """The end of a test about random numbers."""
    return ["self.assertGreaterEqual(p_value(compute(device, *inputs())), FALSE_ALARM)"]


def indented(pieces: list[str]) -> str:
    """The body of the test: the pieces, a line between them."""
    return textwrap.indent("\n\n".join(piece.strip("\n") for piece in pieces) + "\n", " " * 8)
