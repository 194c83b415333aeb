"""CONTRIBUTING.md tells the contract that the linter enforces."""

import pytest

from mpscheck import lint
from mpscheck.bugs import schema
from mpscheck.places import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.NAME)
def test_rule(rule):
    assert f"| `{rule.NAME}` | {rule.DESCRIPTION} |" in TEXT


@pytest.mark.parametrize("field", schema.fields_of("snippet"))
def test_field(field):
    needed = " yes " if field in schema.required("snippet") else " "
    assert f"| `{field}` |{needed}| " in TEXT


@pytest.mark.parametrize("word", [*schema.words("kind"), *schema.words("family"), *schema.bases()])
def test_word(word):
    assert f"`{word}`" in TEXT


def test_every_rule_is_collected():
    helpers = {"__init__", "syntax", "mend", "draft"}
    modules = {path.stem for path in (ROOT / "src/mpscheck/lint").glob("*.py")} - helpers
    assert {rule.__name__.rpartition(".")[2] for rule in lint.RULES} == modules
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests/lint").glob("test_*.py")}
    assert modules <= tested
