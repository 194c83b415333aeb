import copy
import dataclasses
import math

import pytest

from mpscheck import catalogue, numerics
from mpscheck.report import evidence, words


@pytest.mark.parametrize("word", [*numerics.VERDICTS, "outdated", words.NOT_ON_MAC])
def test_every_verdict_has_a_shape_and_a_word(word):
    said = words.verdict(word)
    assert word.replace("-", " ") in said and words.SHAPES[word] in said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.779, "0.779"),
        (12.34, "12.3"),
        (10.0, "10"),
        (1_048_576.0, "1.05e+06"),
        (0, "0"),
        ("inf", "infinite"),
        (math.nan, "not a number"),
    ],
)
def test_figures(value, said):
    assert words.figure(value) == said


@pytest.mark.parametrize(
    ("affected", "said"),
    [
        (">=2.8,<2.9", "from 2.8.0 on, fixed in 2.9.0"),
        (">=2.14,<=2.14.1", "2.14.0 to 2.14.1, fix not known"),
        ("<2.5", "start not known, fixed in 2.5.0"),
        (">=2.1.0.dev20230329,<2.4", "from 2.1.0.dev20230329 on, fixed in 2.4.0"),
        (">=2.8", "from 2.8.0 on, fix not known"),
    ],
)
def test_versions(linear, affected, said):
    assert words.versions(dataclasses.replace(linear, affected=catalogue.SpecifierSet(affected))) == said


@pytest.mark.parametrize(
    ("version", "said"),
    [("2.14.0.dev0", "a build before 2.14.0"), ("2.14.0.dev20260629", "2.14.0.dev20260629"), ("2.8", "2.8")],
)
def test_the_first_version_with_a_fault(version, said):
    assert words.first(version) == said


def test_references_become_links_but_code_does_not(linear):
    text = "see pytorch#91071, `pytorch#1`, huggingface/transformers#22468 and TransformerLens#1062, not nobody#5"
    linked = words.linked(text, linear)
    assert "[pytorch#91071](https://github.com/pytorch/pytorch/issues/91071)" in linked
    assert "`pytorch#1`" in linked
    assert "[huggingface/transformers#22468](https://github.com/huggingface/transformers/issues/22468)" in linked
    assert "(https://github.com/TransformerLensOrg/TransformerLens/issues/1062)" in linked
    assert "not nobody#5" in linked


@pytest.mark.parametrize(
    ("name", "silent", "said"),
    [
        ("wrong", True, "silently wrong numbers"),
        ("wrong", False, "wrong numbers, not silent"),
        ("nan", False, "NaN where numbers belong, not silent"),
        ("crash", False, "a crash"),
    ],
)
def test_a_kind_never_says_silent_and_not_silent(name, silent, said):
    assert words.kind(name, silent) == said


def test_limits(linear):
    assert words.limits(catalogue.SpecifierSet(">=15,<15.1")) == "15 and newer, before 15.1"


def test_macs_are_counted_the_worst_first(linear, mac_run):
    healthy = copy.deepcopy(mac_run)
    for record in healthy["records"]:
        record["code"] = "0" * 16
    said = words.on_macs(evidence.on_mac(linear, {"a": healthy, "b": mac_run}))
    assert said.index("wrong</span> in 1 of 2 runs") < said.index("outdated</span> in 1 of 2 runs")
    assert words.NOT_ON_MAC in words.on_macs([])
