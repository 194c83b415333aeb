"""The IOI page says whether a Mac has settled its cause: nothing where none was measured, else each finding in words.

All results here are made up, for the words of the page only: no fact about any Mac.
"""

import copy
import json
from pathlib import Path

import pytest

from mpscheck.known import cause, repeated
from mpscheck.runs import results
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import ioi
from mpscheck.site.words import NOT_ON_MAC

RIGHT = {"p_mary": 0.5, "p_john": 0.25, "ld": 1.5, "top1": " Mary", "tokens": [[1, 2]]}
WRONG = {"p_mary": 0.125, "p_john": "nan", "ld": -2.5, "top1": " <b>|the", "tokens": [[1, 2]]}
FAILED = {"outcome": "error", "reason": "made up", "before": [], "functions": {}}
RESULT = {
    "experiment": "TransformerLens#1178",
    "environment": {
        "python": "3.9.13", "system": "Darwin", "device": "mps", "date": "2026-01-02T03:04:05+00:00", "macos": "15.0",
        "macos_build": "24X1", "chip": "Made-up chip", "model": "Mac0,0", "virtual": False, "image": None, "address": None,
        "torch": "2.8.0", "transformer-lens": "2.17.0", "transformers": "4.57.6", "numpy": "1.26.4",
    },
    "prompt": "When Mary and John",
    "canaries": [],
    "gpu_fault": None,
    "runs": {"the CPU": RIGHT, "as reported": WRONG, "W_O packed": RIGHT, "use_attn_result": RIGHT},
    "validate_mps": None,
}  # fmt: skip


@pytest.fixture
def result(known_good):
    """One of a fit machine, made up."""
    calls = [canary | {"after": after} for after in (0, 3) for canary in known_good]
    return copy.deepcopy(RESULT | {"canaries": calls})


def stored(folder, result, name="a.json"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(result))
    return folder / name


def pieces_of(found: dict) -> dict[str, str]:
    files = ioi.files(Inputs(bugs=(), reporter=found))
    return {Path(name).stem: text for name, text in files.items()}


def pieces(tmp_path, result):
    stored(tmp_path, result)
    return pieces_of(repeated.read_folder(tmp_path))


def test_without_a_result_the_page_says_that_nothing_is_settled(tmp_path):
    found = pieces_of(repeated.read_folder(tmp_path))
    assert NOT_ON_MAC in found["ioi-mac"] and "It has not been done." in found["ioi-settled"]


def test_the_repository_holds_no_made_up_result():
    assert all("Made-up" not in json.dumps(result) for result in repeated.read_folder().values())


@pytest.mark.parametrize("virtual", [True, False, None])
def test_a_result_shows_its_figures_its_machine_and_the_finding(tmp_path, result, virtual):
    result["environment"]["virtual"] = virtual
    found = pieces(tmp_path, result)
    for words in ("Made-up chip", "24X1", "0.1250", "nan", "+1.500", '" Mary"', "**measured**", "PyTorch 2.8.0"):
        assert words in found["ioi-mac"]
    assert ("virtual machine" in found["ioi-mac"]) is (virtual is not False)
    assert NOT_ON_MAC not in found["ioi-mac"] and "not been done" not in found["ioi-settled"]
    assert cause.FOUND["pytorch#161640"] in found["ioi-settled"]


def fail(result, name):
    """Let a canary fail that was made after the measurements."""
    next(c for c in result["canaries"] if c["name"] == name and c["after"])["attempt"] = FAILED


def test_a_machine_that_fails_known_good_calls_settles_nothing(tmp_path, result):
    result["runs"]["W_O packed"] = WRONG
    assert "not pytorch#161640 alone" in pieces(tmp_path, result)["ioi-settled"]
    fail(result, "gelu")  # not all variants need it
    assert "not pytorch#161640 alone" in pieces(tmp_path, result)["ioi-settled"]
    fail(result, "linear-3d-bias")
    said = pieces(tmp_path, result)["ioi-settled"]
    assert "not separable on this machine" in said and "F.linear, 3" in said and "alone" not in said


def test_of_an_unfit_machine_no_finding_counts(tmp_path, result):
    assert cause.FOUND["pytorch#161640"] in pieces(tmp_path, result)["ioi-settled"]
    fail(result, "add")
    assert "not separable on this machine" in pieces(tmp_path, result)["ioi-settled"]
    said = pieces(tmp_path, result | {"canaries": []})["ioi-settled"]
    assert "not separable on this machine" in said and "nobody looked" in said


def test_strings_of_a_result_are_text(tmp_path, result):
    for name in ("chip", "macos_build", "model"):
        result["environment"][name] = "<script>|`x`"
    assert all("<script" not in piece and "<b>" not in piece for piece in pieces(tmp_path, result).values())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("experiment",), "another"),
        (("environment", "address"), "javascript:alert(1)"),
        (("environment", "torch"), "2.8.0 <b>"),
        (("environment", "more"), "x"),
        (("runs", "as reported", "p_mary"), "much"),
        (("canaries",), {}),
        (("runs", "a fifth"), RIGHT),
    ],
)
def test_what_is_no_result_is_refused_in_one_sentence(tmp_path, result, place, value):
    at = result
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    with pytest.raises(results.BadResults, match="a.json is not a result of TransformerLens#1178") as raised:
        repeated.read(stored(tmp_path, result))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["{", "NaN", '{"a": 1, "a": 2}', "[" * 100_000, "\x00"])
def test_what_is_no_json_is_refused_in_one_sentence(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(results.BadResults, match="cannot be read as JSON"):
        repeated.read(tmp_path / "a.json")


def test_a_result_of_another_device_is_not_shown(tmp_path, result):
    result["environment"]["device"] = "emu"
    stored(tmp_path, result)
    with pytest.raises(results.BadResults, match="not on mps"):
        repeated.read_folder(tmp_path)


def test_results_of_real_and_virtual_machines_have_files_of_their_own():
    names = {repeated.file_name({"environment": RESULT["environment"] | {"virtual": v}}) for v in (True, False, None)}
    assert len(names) == 3 and not any("/" in name or "," in name for name in names)
