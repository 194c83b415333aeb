"""Recorded calls: who hits a bug is told from who calls the op and does not; each trigger has such a negative control."""

import html

import pytest
import torch
from torch import nn

from mpscheck.bugs import catalogue
from mpscheck.commands import recordings as published
from mpscheck.detection.libraries import HERE, USES, Library
from mpscheck.detection.recordings import record, row
from mpscheck.runs import emulated, made_of
from mpscheck.site import recorded
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import bug as page
from mpscheck.tools.bundle import entries
from mpscheck.tools.known import read_known

ELSEWHERE = {  # every library that calls the op hits the bug, in one use: the others are the negative control
    "half-item-wrong-value": "float16 alone",
    "lstm-dropout-same-mask": "training alone",
}
LINEAR = catalogue.find("linear-noncontiguous-weight")


class Projection(nn.Linear):
    def forward(self, x):
        return nn.functional.linear(x, self.weight if self.bias is None else self.weight.T)


def recorded_as(name: str, **options) -> dict:
    library = Library(name, lambda: Projection(4, 4, **options), lambda: {"x": torch.ones(2, 4)})
    return row(LINEAR, [record(library, "forward pass", read_known(entries((LINEAR,))))])


def test_a_library_that_hands_over_a_transposed_weight_hits_161640_and_one_that_does_not_is_the_negative_control():
    hit, not_hit = recorded_as("transposed"), recorded_as("plain", bias=False)
    assert hit == {"transposed": {"ops": ["linear"], "certain": {"forward pass": 1}, "possible": {}}}
    assert not_hit == {"plain": {"ops": ["linear"], "certain": {}, "possible": {}}}
    assert recorded.negative_controls(hit | not_hit) == ["plain"]


def test_a_bug_of_an_op_that_nobody_calls_has_an_empty_row_and_the_page_says_so():
    library = Library("no products", nn.Identity, lambda: {"input": torch.ones(2)})
    found = row(LINEAR, [record(library, "forward pass", read_known(entries((LINEAR,))))])
    assert found == {}
    said = recorded.table({"recorded": ["no products"], "libraries": found})
    assert said == "**Recorded.** None of the models whose calls were recorded calls this op: no products."


def test_what_is_published_is_of_each_bug_with_a_trigger_and_of_every_library():
    there, known = emulated.read("recordings"), published.bugs()
    assert set(there) <= set(known)
    for document in there.values():
        assert document["row"]["recorded"] == [library.name for library in HERE]
        uses = {use for cell in document["row"]["libraries"].values() for use in cell["certain"]}
        assert uses <= set(USES)


def test_every_trigger_has_a_library_that_calls_the_op_and_does_not_hit_the_bug_or_a_call_that_must_not(root):
    rows = {slug: document["row"]["libraries"] for slug, document in emulated.read("recordings").items()}
    by_hand = "".join(path.read_text() for path in (root / "tests" / "bugs").glob("test_negative_controls*.py"))
    without = {slug for slug, found in rows.items() if found and not recorded.negative_controls(found)}
    assert {slug for slug in without if slug not in by_hand} <= set(ELSEWHERE)
    assert without >= set(ELSEWHERE)


@pytest.mark.parametrize(
    ("slug", "library", "use"),
    [
        ("sdpa-noncontiguous-regression-28", "transformers: BERT", "forward pass over a short prompt"),
        ("activation-backward-permuted", "transformers: Mamba", "training"),
    ],
)
def test_the_page_names_who_hits_the_bug_and_who_calls_the_op_without(slug, library, use):
    bug, rows = catalogue.find(slug), emulated.read("recordings")
    text = page.files(Inputs((bug,), recordings=rows))[f"bugs/{slug}.md"]
    lines = [line for line in text.splitlines() if line.startswith("| ") and library in html.unescape(line)]
    assert any(f"**yes**: {use}" in line for line in lines)
    assert any(line.endswith("| no |") for line in text.splitlines())


def test_a_changed_effect_leaves_recordings_as_they_are_and_a_changed_condition_does_not():
    from dataclasses import replace

    before = made_of.of_recording(LINEAR)
    assert made_of.of_recording(replace(LINEAR, effect=None)) == before
    other = replace(LINEAR, triggers=catalogue.find("gelu-noncontiguous").triggers)
    assert made_of.changed(before, made_of.of_recording(other)) == ["trigger"]
