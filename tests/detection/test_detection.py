"""The detection table: its faults do what they say, its cells mean what they say, its sentences follow from the cells."""

import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.commands import derived
from mpscheck.commands import detection as command
from mpscheck.detection import facts, rows
from mpscheck.detection.faults import counting, differ, groups
from mpscheck.emulation import faults as emulation
from mpscheck.runs import emulated, made_of
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import detection as detection_page

FAULTS = {fault.slug: fault for members in groups().values() for fault in members}


def cell(verdict="passed", wrong=1, text="", margin=None):
    return {"verdict": verdict, "wrong": wrong, "text": text, "margin": margin}


def row(fault, locate=None, ops=("linear",), **cells):
    named = {facts.SIGN: cell(), "IOI": cell(), "logits": cell(), "backward": cell(), "locate": locate or cell()}
    named |= {name.replace("_", " "): value for name, value in cells.items()}
    said = {"group": "general", "ops": list(ops), "called": 3, "fired": 2, "lacking": None}
    return {"model": "m", "entry": "bridge", "fault": fault, **said, "cells": named}


# --- the faults ------------------------------------------------------------------------------------------------------


def test_names_are_unique_and_known():
    names = [fault.slug for members in groups().values() for fault in members]
    assert len(names) == len(set(names))
    made_up = {fault.slug for fault in groups()["general"]}
    assert {fault.slug for fault in groups()["catalogue"]} == {
        bug.slug for bug in catalogue.with_check() if bug.imitable
    }
    assert {fault.slug for fault in groups()["reported"]} <= {bug.slug for bug in catalogue.rows()}
    assert not made_up & {bug.slug for bug in catalogue.all_bugs()}


def test_a_fault_is_counted_where_the_result_is_wrong_and_not_where_it_happens_to_be_right():
    told = []
    sick = counting(FAULTS["embedding-off-by-one"], lambda: told.append(1))
    weight = torch.arange(6.0).reshape(3, 2).to("emu")
    with emulation.only(sick):
        got = torch.nn.functional.embedding(torch.tensor([1], device="emu"), weight)
        assert got.tolist() == [[0.0, 1.0]] and len(told) == 1  # the row before
        torch.nn.functional.embedding(torch.tensor([1], device="emu"), torch.ones_like(weight))
        assert len(told) == 1 and emulation.COUNTS[sick.slug] == 2  # fired, and changed nothing


@pytest.mark.parametrize(
    ("slug", "call", "right", "wrong"),
    [
        ("flip-does-nothing", lambda x: x.flip(0), [2.0, 1.0], [1.0, 2.0]),
        ("argmax-first-index", lambda x: x.argmax(), 1, 0),
        ("softmax-of-two-dimensions", lambda x: x[None].log().softmax(1)[0].mul(30).round(), [10.0, 20.0], [9.0, 18.0]),
        ("masked-fill-does-nothing", lambda x: x.masked_fill(x > 1, 0), [1.0, 0.0], [1.0, 2.0]),
    ],
)
def test_effects_are_what_the_names_say(slug, call, right, wrong):
    x = torch.tensor([1.0, 2.0], device="emu")
    assert call(x).tolist() == right
    with emulation.only(FAULTS[slug]):
        assert call(x).tolist() == wrong


def test_a_fault_only_in_the_gradient():
    x = torch.tensor([0.5], device="emu", requires_grad=True)
    (right,) = torch.autograd.grad(x.tanh(), x)
    with emulation.only(FAULTS["tanh-gradient-halved"]):
        y = x.tanh()
        (wrong,) = torch.autograd.grad(y, x)
    assert torch.equal(y.cpu(), x.detach().cpu().tanh()) and torch.allclose(wrong.cpu(), right.cpu() / 2)


def test_nan_equals_nan():
    nan, one = torch.tensor([float("nan"), 1.0]), torch.tensor([0.0, 1.0])
    assert not differ(nan, nan.clone()) and differ(nan, one) and differ(one, one.double()) and differ(one, one[:1])


# --- what follows from cells -----------------------------------------------------------------------------------------


def test_facts_count_what_the_cells_say():
    nothing = cell("not met", 0)
    rows = [
        row("all", IOI=cell("caught"), logits=cell("caught"), locate=cell("caught", text="linear in h.0")),
        row("ioi-only", IOI=cell("caught"), locate=cell("caught", text="add in h.0")),
        row("sign-too", IOI=cell("caught"), backward=cell("caught"), sign_of_one_logit_difference=cell("caught")),
        row("backward-only", IOI=nothing, backward=cell("caught"), locate=nothing),
        row("missed", IOI=nothing),
        row("stopped", logits=cell("could not check")),
        row("never", IOI=nothing, logits=nothing, backward=nothing, locate=nothing),
    ]
    found = facts.facts(rows)
    assert found.faults == 7 and found.met == ["all", "ioi-only", "sign-too", "backward-only", "missed", "stopped"]
    assert found.sign == ["sign-too"] and found.ioi == ["all", "ioi-only", "sign-too"]
    assert found.ioi_met == ["all", "ioi-only", "sign-too", "stopped"]
    assert found.quick == ["all", "ioi-only", "sign-too"] and found.caught == [*found.quick, "backward-only"]
    assert found.missed == ["missed"] and found.stopped == ["stopped"]
    assert found.alone == {"IOI": ["ioi-only"], "backward": ["backward-only"]}
    assert found.locate_met == ["all", "ioi-only", "sign-too", "missed", "stopped"]
    assert found.locate_caught == ["all", "ioi-only"] and found.locate_named == ["all"]
    said = " ".join(facts.sentences(found))
    assert "Faults that gave a wrong number in at least one check: 6 of 7." in said
    assert "Passed every check: `missed`." in said and "Only backward caught `backward-only`." in said


ALL = {"IOI": cell("caught"), "logits": cell("caught")}
NOTHING = cell("not met", 0)
NO_CELL = {
    "sign_of_one_logit_difference": NOTHING,
    "IOI": NOTHING,
    "logits": NOTHING,
    "backward": NOTHING,
    "locate": NOTHING,
}


def of_each_outcome() -> list[dict]:
    """Rows of two models: a fault counts once, and one that any check caught on any of them is caught."""
    lacking = {"op": ["linear"], "when": ["weight.dtype == float16"]}
    return [
        row("everywhere", **ALL),
        row("everywhere", IOI=cell("passed")) | {"model": "other"},
        row("alone", **NO_CELL | {"backward": cell("caught")}),
        row("missed"),
        row("stopped", logits=cell("could not check")),
        row("harmless", **NO_CELL),
        row("never-so", **NO_CELL) | {"fired": 0, "called": 1234, "lacking": lacking},
        row("never-so", **NO_CELL) | {"fired": 0, "called": 0, "model": "other"},
        row("uncalled", ops=["fft_c2c"], **NO_CELL) | {"fired": 0, "called": 0},
    ]


def test_each_fault_has_one_outcome_and_the_page_says_why_none_caught_it():
    rows = of_each_outcome()
    assert {one.fault: one.outcome for one in facts.outcomes(rows)} == {
        "missed": "missed",
        "stopped": "stopped",
        "harmless": "no wrong number",
        "never-so": "never so",
        "uncalled": "never called",
        "alone": "caught",
        "everywhere": "caught",
    }
    made = pieces(Inputs((), detection={str(n): document(one) for n, one in enumerate(rows)}))
    summary, uncaught = made["detection-summary"], made["detection-uncaught"]
    assert (
        "Of **7 faults** these models hit **5 (71%)**" in summary
        and "caught **2 of 4 (50%)**; for 1 it ended with an error." in summary
    )
    reasons = {line.split("`")[1]: line for line in uncaught.splitlines() if line.startswith("| `")}
    assert list(reasons) == ["missed", "stopped", "harmless", "never-so", "uncalled"]
    assert (
        "makes 1,234 calls of its op, none of them so: " in reasons["never-so"]
        and "dtype of *weight* is float16" in reasons["never-so"]
    )
    assert "do not call `fft_c2c`" in reasons["uncalled"] and "An error in logits" in reasons["stopped"]
    assert made["detection-sentence"].count("Not measured yet: 5 faults.") == 1
    first, other = made["detection-tables"].split("### `other`")
    assert "left out of this table: 3. [Not hit](#how-to-read-the-tables) by this model this way: 2 of them." in first
    assert "yet" not in first and "Not measured yet with this model: 5 more." in other
    seen = facts.by_check(rows)
    assert (seen["backward"].caught, seen["backward"].alone) == (["alone"], ["alone"])
    assert (seen["IOI"].caught, seen["IOI"].alone) == (["everywhere"], [])
    assert "| backward | 4 | 1 | 1 |" in made["detection-checks"]


def document(one: dict) -> dict:
    where = {"evidence": "emulated", "variables": {}, "torch": "2.13.0", "python": "3.11", "date": "2026-11-30T00:00"}
    return {"provenance": where, "made_of": made_of.of_row(one["fault"], {}), "row": one}


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """The command with folders of its own."""
    for name in ("LOCAL", "PUBLISHED"):
        monkeypatch.setattr(emulated, name, tmp_path / name)
    return tmp_path


def test_three_faults_on_real_models(stored, capfd):
    three = ("linear-noncontiguous-weight", "argmax-first-index", "tanh-gradient-halved")
    assert command.main(["ioi-small"], (), three, publish=True, resume=False) == 0
    documents = emulated.read(command.KIND)
    cells = {(d["row"]["entry"], d["row"]["fault"]): d["row"]["cells"] for d in documents.values()}
    assert len(cells) == 6 and {d["provenance"]["evidence"] for d in documents.values()} == {"emulated"}
    for fault, check in (("argmax-first-index", "IOI"), ("tanh-gradient-halved", "backward")):
        for entry in ("transformers", "bridge"):
            caught = [name for name, one in cells[entry, fault].items() if one["verdict"] == "caught"]
            assert caught == [check]
            assert cells[entry, fault]["logits"] == {"verdict": "not met", "wrong": 0}
    escaped, met = (cells[entry, "linear-noncontiguous-weight"] for entry in ("transformers", "bridge"))
    assert {one["verdict"] for name, one in escaped.items() if name != "snippet"} == {"not met"}
    assert {one["verdict"] for name, one in met.items() if name != "same input twice"} == {"caught"}
    assert met["locate"]["text"] == "linear in blocks.0.attn.q" and met["logits"]["margin"] > 100
    assert "calls of linear" in met["audit"]["text"]
    printed = capfd.readouterr().err
    assert "Only backward caught `tanh-gradient-halved`." in printed

    fired = {(d["row"]["entry"], d["row"]["fault"]): d["row"]["fired"] > 0 for d in documents.values()}
    assert [one for one, hit in fired.items() if not hit] == [("transformers", "linear-noncontiguous-weight")]

    before = emulated.read(command.KIND, emulated.LOCAL)  # all kept: nothing is measured
    assert command.main(["ioi-small"], (), three, publish=False, resume=True) == 0
    assert emulated.read(command.KIND, emulated.LOCAL) == before
    assert "1/" not in capfd.readouterr().err


def test_a_fault_that_would_never_fire_is_not_run_and_its_row_is_what_a_run_gives(monkeypatch):
    tool = rows.validate_mps()
    subject = rows.load(tool, "ioi-small", "transformers")
    run = rows.row
    tried = []
    monkeypatch.setattr(rows, "row", lambda *given: tried.append(given[2].slug) or run(*given))
    monkeypatch.setattr(rows, "load", lambda *given: subject)
    absent = ("linear-noncontiguous-weight", "softmax-short-wrong")
    found = {one["fault"]: one for one in rows.rows("ioi-small", "transformers", {*absent, "tanh-gradient-halved"})}
    assert tried == ["tanh-gradient-halved"] and list(found) == [*absent, "tanh-gradient-halved"]
    for slug in absent:
        assert found[slug]["called"] and not found[slug]["fired"] and found[slug]["lacking"]
        assert {**run(tool, subject, FAULTS[slug])}.items() <= found[slug]["cells"].items()
    caught = [name for name, one in found["tanh-gradient-halved"]["cells"].items() if one["verdict"] == "caught"]
    assert (
        caught == ["backward"]
        and found["tanh-gradient-halved"]["fired"]
        and not found["tanh-gradient-halved"]["lacking"]
    )


def test_what_is_renewed_is_what_has_changed(stored, monkeypatch):
    two = ("argmax-first-index", "linear-noncontiguous-weight")
    ask = dict(chosen=["transformers"], faults=two, publish=True)
    assert command.main(["ioi-small"], resume=False, **ask) == 0
    of_row = made_of.of_row
    changed = lambda slug, bugs: of_row(slug, bugs) | ({"fault": "another"} if slug == two[1] else {})  # noqa: E731
    monkeypatch.setattr(made_of, "of_row", changed)
    stale = [one.name for one in derived.of_detection() if "changed since" in one.why]
    assert stale == [f"ioi-small-transformers/{two[1]}"]
    asked = []
    monkeypatch.setattr(command, "measure", lambda model, entry, slugs: asked.extend(slugs) or iter(()))
    command.main(["ioi-small"], resume=True, **ask)
    assert asked == [two[1]]


def test_a_fault_or_model_that_does_not_exist_is_one_sentence(stored, capfd):
    with pytest.raises(catalogue.UnknownBug, match="there is no fault 'nonsense'"):
        command.main(["ioi-small"], (), ["nonsense"], publish=False, resume=False)
    assert command.main(["no-such-model"], ["bridge"], ["tanh-in-half"], publish=False, resume=False) == 2
    assert "Could not run no-such-model through bridge: " in capfd.readouterr().err


def test_the_command_line():
    done = CliRunner().invoke(main, ["detection", "nonsense"])
    assert done.exit_code == 2 and done.stderr.startswith("there is no fault 'nonsense'; there are ")


# --- what is published -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def documents():
    return emulated.read(command.KIND)


@pytest.fixture(scope="module")
def published(documents):
    """The rows that the page shows."""
    return sorted((document["row"] for document in documents.values()), key=detection_page.place)


def test_each_row_stands_in_the_file_of_its_name(documents):
    for name, document in documents.items():
        row = document["row"]
        assert name == command.name_of(row["model"], row["entry"], row["fault"])


def test_its_columns_are_the_checks_of_the_file(published, root):
    source = (root / "snippets/validate_mps.py").read_text()
    names = re.findall(r'^    "([^"]+)": ', source[source.index("CHECKS = {") :], re.M)
    for one in published:
        assert list(facts.checks(one)) == names
        assert ("audit" in one["cells"], "snippet" in one["cells"]) == (one["group"] == "catalogue",) * 2
    assert tuple(names[: len(facts.QUICK)]) == facts.QUICK


def test_every_general_fault_is_met_and_none_passes_every_check(published):
    found = facts.by_subject(published)
    met = {fault for one in found for fault in one.met}
    assert {fault.slug for fault in groups()["general"]} <= met
    assert not [fault for one in found for fault in one.missed]


NAMED_OTHERWISE = {"bridge": {"element-assign-macos-14-4-regression"}}  # a copy, and `locate` names `zeros`


def test_its_words_follow_from_its_cells(published):
    """What docs/detection.md says in its own words."""
    for one in facts.by_subject([row for row in published if row["model"] == "ioi-small"]):
        assert len(one.sign) < len(one.ioi_met) / 2  # most faults leave the sign as it is
        assert len(one.ioi) < len(one.caught)
        assert set(one.locate_met) - set(one.locate_named) == NAMED_OTHERWISE.get(one.entry, set())


def pieces(inputs: Inputs) -> dict[str, str]:
    return {Path(name).stem: text.strip() for name, text in detection_page.files(inputs).items()}


def test_the_page(published, documents):
    bugs, calibration = catalogue.with_check(), emulated.read_calibration()
    made = pieces(Inputs(bugs, detection=documents, calibration=calibration))
    tables = made["detection-tables"]
    assert "[linear-noncontiguous-weight](bugs/linear-noncontiguous-weight.md)" in tables and "`tanh-in-half`" in tables
    for one in facts.by_subject(published):
        assert not one.met or f"all checks caught **{len(one.caught)} of {len(one.met)}**" in made["detection-sentence"]
    assert "**0 false alarms**" in made["calibration"]
    assert "| torchvulkan | ioi-small, transformers, 20 runs |" in made["calibration"]
    assert "it has nothing of a Mac but" in made["calibration"] and "llvmpipe" in made["calibration"]
    nothing = pieces(Inputs(bugs))
    assert nothing["detection-tables"] == "Not made yet." and nothing["calibration"] == "Not measured yet."


def test_the_guide_claims_what_the_matrix_shows(published, root):
    """docs/validate.md says of each check what it was seen to catch: where that is a bug with a page, the cell says so."""
    guide = (root / "docs/validate.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in guide.splitlines() if line.startswith("| ") and "bugs/" in line]
    claims = [(name, re.search(r"bugs/([\w-]+)\.md", said)[1]) for names, _, said in rows for name in names.split(", ")]
    assert len(claims) >= 10
    for check, fault in claims:
        cells = [row["cells"][check]["verdict"] for row in published if row["fault"] == fault]
        assert "caught" in cells, (check, fault)
