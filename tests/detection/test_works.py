"""What it works with: the page shows what the data say, one that fails shows as failing, and a quick model runs for real."""

import copy
import html
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.commands import works as command
from mpscheck.detection.libraries import HERE, LIBRARIES
from mpscheck.environments import names as environments
from mpscheck.runs import emulated, made_of
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import works_with as page


def tool(agrees=0, disagrees=0, silent=0, met=0, named=0, reasons=()):
    counts = {"runs": agrees + disagrees + silent, "agrees": agrees, "disagrees": disagrees, "could not check": silent}
    return counts | {"met": met, "named": named, "reasons": list(reasons), "not checked": {}}


def row(healthy, honest, sick, name="a: model"):
    cells = {device: dict(zip(("validate", "locate"), told)) for device, told in
             (("healthy", healthy), ("honest", honest), ("sick", sick))}  # fmt: skip
    return {"name": name, "cells": cells, "fault": "tanh-in-half", "ops": ["tanh"], "parameters": 1234,
            "versions": {"sae-lens": "6.54.12"}}  # fmt: skip


GOOD, SEEN = tool(agrees=4), tool(disagrees=3, met=3, named=2)
WELL = row((GOOD, GOOD), (GOOD, GOOD), (SEEN, SEEN))


def pages(*rows, **changed) -> dict[str, str]:
    provenance = {
        "evidence": "emulated",
        "variables": {},
        "torch": "2.13.0",
        "python": "3.11",
        "date": "2026-11-30T00:00",
    }
    now = made_of.of_works("tanh-in-half", "", {}) | changed
    documents = {str(n): {"row": one, "provenance": provenance, "made_of": now} for n, one in enumerate(rows)}
    return {Path(name).stem: text for name, text in page.files(Inputs((), works=documents)).items()}


def line(*rows) -> str:
    text = html.unescape(pages(*rows)["works-with-table"])
    return next(line for line in text.splitlines() if "a: model" in line)


def test_a_model_that_works():
    shown = line(WELL)
    assert "1,234 parameters" in shown and "sae-lens 6.54.12" in shown and "`tanh-in-half`" in shown
    assert shown.count("agrees, 4 of 4 runs") == 4 and shown.count("caught in 3 of 3 runs, its op named in 2") == 2
    assert "verdict--bad" not in shown and "verdict--failed" not in shown
    assert pages(WELL)["works-with-reasons"] == "None.\n"
    said = pages(WELL)["works-with-sentences"]
    assert said.count("**0 false alarms** in 8 runs; no verdict in 0.") == 2 and said.count("**3 of 3** runs") == 2


@pytest.mark.parametrize(
    ("device", "answer", "shown", "kind"),
    [
        ("honest", tool(3, 1, reasons=["run 2: logits: error 1"]), "false alarm in 1 of 4 runs", "bad"),
        ("healthy", tool(3, 0, 1, reasons=["run 0: no reference"]), "no verdict in 1 of 4 runs", "failed"),
        ("sick", tool(2, 1, met=3), "caught in 1 of 3 runs", "bad"),
    ],
)
def test_a_model_that_fails_is_shown_as_failing_with_the_reason(device, answer, shown, kind):
    failing = copy.deepcopy(WELL)
    failing["cells"][device]["validate"] = answer
    assert f'<span class="verdict verdict--{kind}">' in line(failing) and shown in line(failing)
    why = html.unescape(pages(failing)["works-with-reasons"])
    assert all(reason in why for reason in answer["reasons"])
    alarms, silent = ((answer[what] if device != "sick" else 0) for what in ("disagrees", "could not check"))
    said = pages(failing)["works-with-sentences"]
    assert f"**{alarms} false alarms** in 8 runs; no verdict in {silent}." in said
    assert command.wrong(failing) == (kind == "bad" and device != "sick")


def test_a_fault_that_both_tools_miss_is_a_failure_of_the_command():
    assert not command.wrong(WELL)
    assert command.wrong(row((GOOD, GOOD), (GOOD, GOOD), (tool(3, met=3), tool(3, met=3))))


def test_results_of_older_tools_are_said_to_be_so():
    assert "Changed since" not in pages(WELL)["works-with-made"]
    said = "Changed since 1 of 1 results were made: validate. They are shown as they were."
    assert said in pages(WELL, validate="old")["works-with-made"]


def test_without_data_the_page_says_so():
    assert {text for name, text in pages().items() if name != "works-with-reasons"} == {"Not made yet.\n"}


def test_a_quick_model_for_real(tmp_path, monkeypatch):
    for name in ("LOCAL", "PUBLISHED"):
        monkeypatch.setattr(emulated, name, tmp_path / name)
    name = "dictionaries-and-tuples-in-plain-pytorch"
    assert command.main([name], runs=2, seconds=60, publish=False, resume=False) == 0
    document = emulated.read(command.KIND, emulated.LOCAL)[name]
    cells = document["row"]["cells"]
    assert {(one["runs"], one["agrees"]) for d in ("healthy", "honest") for one in cells[d].values()} == {(2, 2)}
    assert cells["sick"]["validate"]["disagrees"] == cells["sick"]["locate"]["named"] == 2
    assert document["provenance"]["evidence"] == "emulated"
    assert set(document["made_of"]) == {"validate", "locate", "models", "fault", "counting", "device"}
    monkeypatch.setattr(command, "measure", None)  # nothing is measured again
    assert command.main([name], runs=2, seconds=60, publish=False, resume=True) == 0


def test_a_model_that_does_not_exist_is_one_sentence():
    done = CliRunner().invoke(main, ["works-with", "nonsense"])
    assert done.exit_code == 2 and done.stderr.startswith(
        "there is no model 'nonsense'; there are transformers-gpt-2, "
    )


def test_each_model_has_a_file_name_of_its_own_and_an_environment_that_there_are_pins_for():
    assert len({command.file_of(library.name) for library in LIBRARIES}) == len(LIBRARIES)
    assert {library.environment for library in LIBRARIES} - {""} <= set(environments())
    assert {library for library in LIBRARIES if not library.environment} == set(HERE)


def test_what_is_published_is_shown_model_by_model():
    documents = emulated.read(command.KIND)
    shown = page.files(Inputs(catalogue.all_bugs(), works=documents))["generated/works-with-table.md"]
    names = {library.name: command.file_of(library.name) for library in LIBRARIES}
    assert {names[document["row"]["name"]] for document in documents.values()} == set(documents)
    lines = [html.unescape(line) for line in shown.splitlines() if re.match(r"\| .*<br>", line)]
    assert len(lines) == len(documents) and all(any(name in line for line in lines) for name in
                                                (d["row"]["name"] for d in documents.values()))  # fmt: skip
