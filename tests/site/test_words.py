import copy
import dataclasses
import math

import pytest
from packaging.specifiers import SpecifierSet

from mpscheck.known import measured
from mpscheck.runs import numerics
from mpscheck.site import words
from mpscheck.site.pages import home


@pytest.mark.parametrize("word", [*numerics.VERDICTS, "outdated", words.NOT_ON_MAC])
def test_every_verdict_has_a_shape_and_a_word(word):
    said = words.verdict(word)
    assert words.SPOKEN.get(word, word.replace("-", " ")) in said and words.SHAPES[word] in said


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
    assert words.versions(dataclasses.replace(linear, affected=SpecifierSet(affected))) == said


@pytest.mark.parametrize(
    ("version", "said"),
    [("2.14.0.dev0", "a build before 2.14.0"), ("2.14.0.dev20260629", "2.14.0.dev20260629"), ("2.8", "2.8")],
)
def test_the_first_version_with_a_fault(version, said):
    assert words.first(version) == said


def test_references_become_links_but_code_does_not(linear):
    text = "see pytorch#91071, `pytorch#1`, huggingface/transformers#22468 and TransformerLens#1062, not nobody#5"
    linked = words.linked(text, linear)
    assert '<a href="https://github.com/pytorch/pytorch/issues/91071">pytorch&#35;91071</a>' in linked
    assert "`pytorch#1`" in linked
    assert '<a href="https://github.com/huggingface/transformers/issues/22468">' in linked
    assert '<a href="https://github.com/TransformerLensOrg/TransformerLens/issues/1062">' in linked
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


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.163, "0.163"),
        (-9223372036854775808, "-9223372036854775808"),
        ("19200 of 19200", "19200 of 19200"),
        ("nan", "NaN"),
        (math.nan, "NaN"),
        (-math.inf, "minus infinity"),
        (True, "true"),
        (None, "none"),
        ([], "empty"),
        ([1, "nan", False], "1, NaN, false"),
        ([["nan", "nan"], ["inf", 0]], "(NaN, NaN), (infinity, 0)"),
        ({"row_1": [1, 2], "row_2": {"a": None}}, "row 1: 1, 2; row 2: a: none"),
    ],
)
def test_a_figure_is_said_without_python(value, said):
    assert words.said(value) == said


def test_threads_in_plain_text_become_links_and_all_else_stays_text():
    said = words.prose("Cured by #166615 (see transformers#5, a/b#7, not nobody#5): x[#] <b>", 300)
    assert said.count("<a ") == 3 and "nobody&#35;5" in said and "<b>" not in said
    assert '<a href="https://github.com/pytorch/pytorch/issues/166615">&#35;166615</a>' in said
    assert '<a href="https://github.com/huggingface/transformers/issues/5">' in said
    assert '<a href="https://github.com/a/b/issues/7">' in said


def test_limits(linear):
    assert words.limits(SpecifierSet(">=15,<15.1")) == "15 and newer, before 15.1"


def test_macs_are_counted_the_worst_first(linear, mac_run):
    healthy = copy.deepcopy(mac_run)
    for record in healthy["records"]:
        record["code"] = "0" * 16
    said = words.on_macs(measured.index([linear], {"a": healthy, "b": mac_run}).of(linear.slug))
    assert said.index("wrong</span> in 1 of 2 runs") < said.index("outdated</span> in 1 of 2 runs")
    assert words.NOT_ON_MAC in words.on_macs([])


def test_real_macs_and_virtual_machines_are_never_counted_together(linear, mac_run):
    runs = {str(virtual): copy.deepcopy(mac_run) for virtual in (True, False, None)}
    for virtual, run in zip((True, False, None), runs.values(), strict=True):
        run["provenance"]["virtual"] = virtual
    said = words.on_macs(measured.index([linear], runs).of(linear.slug))
    assert said.count("in 1 of 1 runs") == 3
    assert (
        said.index("on real Macs") < said.index("in virtual machines") < said.index("on machines that may be virtual")
    )
    assert home.measured_macs(runs).endswith(
        "1 on real Macs, 1 in virtual machines, 1 on machines that may be virtual."
    )


def test_equally_bad_verdicts_stand_in_the_same_order_in_every_process():
    """They are gathered in a set, whose order is another one in each process."""

    @dataclasses.dataclass
    class Found:
        word: str

        def verdict(self):
            return self.word

    failed = [word for word, shape in words.SHAPES.items() if shape == "!"]
    said = words._verdicts([Found(word) for word in failed])
    assert [said.index(words.verdict(word)) for word in sorted(failed)] == sorted(
        said.index(words.verdict(word)) for word in failed
    )
