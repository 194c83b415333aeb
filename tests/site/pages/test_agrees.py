"""The page on what AGREES means says what the trials gave, and nothing of what was not tried."""

import re
import xml.etree.ElementTree as ElementTree

from mpscheck.runs import made_of
from mpscheck.site.inputs import Inputs, read_inputs
from mpscheck.site.pages import agrees

WHERE = {"date": "2026-11-01T00:00:00", "torch": "2.13.0", "python": "3.11.5", "device": "emu", "gpu": None, "cpu": "x"}


def trial(size, every, verdict, wrong=1, locate="not met", caught="logits"):
    return {
        "op": "linear", "fault": "x", "effect": "noise", "size": size, "every": every, "before": 0, "wrong": wrong,
        "verdict": verdict, "caught": caught if verdict == "disagrees" else "", "stopped": "", "locate": locate, "named": "",
    }  # fmt: skip


def pieces(monkeypatch, trials, made=None):
    monkeypatch.setattr(agrees.words, "made", lambda documents: "Made here.")
    row = {"model": "mlp", "weights": 6, "ops": ["linear"], "kinds": 9, "seed": 0, "healthy": {"logits": "agrees"}}
    document = {"provenance": WHERE, "made_of": made or made_of.of_redteam(), "row": row | {"trials": trials}}
    return agrees.files(Inputs((), redteam={"mlp": document}))


TRIALS = [
    *(trial(1, 1, verdict) for verdict in ("agrees", "agrees", "disagrees")),
    *(trial(10_000, 1, "disagrees", locate=locate) for locate in ("right", "right", "another op")),
    *(trial(10_000, 1000, verdict, wrong) for verdict, wrong in (("agrees", 0), ("agrees", 1), ("disagrees", 1))),
]


def test_the_answer_counts_what_agreed_all_the_same(monkeypatch):
    said = pieces(monkeypatch, TRIALS)["generated/agrees-answer.md"]
    assert "**0 of 3** faults" in said and "just as large as allowed: for 2 of 3." in said
    assert "1 of 1,000** calls: for **2 of 3**. For 1 of these" in said


def test_the_curves_have_a_text_with_each_share(monkeypatch):
    found = pieces(monkeypatch, TRIALS)
    for name, shown in (
        ("sizes", "MLP: 1: 33%, 10,000: 100%"),
        ("rates", "10,000 times: 1 in 1: 100%, 1 in 1,000: 33%"),
    ):
        svg = re.search("<svg.*</svg>", found[f"generated/agrees-{name}.md"], re.S)[0]
        assert shown in ElementTree.fromstring(svg)[0].text


def test_checks_and_locate_are_counted(monkeypatch):
    found = pieces(monkeypatch, TRIALS)
    assert "| logits | 5 | 5 |" in found["generated/agrees-checks.md"]
    assert "**2 of 3**" in found["generated/agrees-locate.md"]
    assert "**0 false alarms**" in found["generated/agrees-tried.md"]


def test_what_has_changed_since_is_named(monkeypatch):
    assert "Changed since" not in pieces(monkeypatch, TRIALS)["generated/agrees-tried.md"]
    old = made_of.of_redteam() | {"device": "other"}
    assert (
        "Changed since 1 of 1 results were made: device. They are shown as they were."
        in pieces(monkeypatch, TRIALS, old)["generated/agrees-tried.md"]
    )


def test_without_results_the_page_says_so():
    assert set(agrees.files(Inputs(())).values()) == {"Not measured yet.\n"}


def test_the_published_results_are_shown_in_full():
    """All that is kept is counted on the page: no trial is left out."""
    inputs = read_inputs()
    total = sum(len(document["row"]["trials"]) for document in inputs.redteam.values())
    found = agrees.files(inputs)
    assert total and f"**{total:,} faults** were tried" in found["generated/agrees-tried.md"]
    assert max(map(len, found.values())) < 20_000  # a page weighs at most 90 kB
