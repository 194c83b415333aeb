"""What a sweep says of what it found."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from mpscheck.cli import main
from mpscheck.sweep import report

PROGRAM = """import torch

torch.manual_seed(0)
data = [torch.randn(4)]

def call(device):
    return data[0] + (device == "cpu")

torch.testing.assert_close(call("cpu"), call("other"))
"""
CASE = {"entry": "own/add", "dtype": "float32", "layouts": ["contiguous"], "form": "call"}
SMALL = {"case": CASE, "shapes": [[4]], "said": "100% of the values", "plain": "agrees", "program": PROGRAM}
GROUP = {"op": "add", "class": "layout", "known": [], "near": [], "declared": [], "status": "new", "when": "always"}
REPORT = {
    "kind": "sweep",
    "provenance": {"device": "mps", "torch": "2.13.0", "macos": "26.1", "chip": "Apple M4"},
    "groups": [GROUP | {"smallest": SMALL, "fresh": [9, 9]}, GROUP | {"op": "sub", "smallest": None}],
}


def test_findings_are_exported_as_test_cases_that_fail_where_the_program_does(tmp_path):
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(REPORT))
    done = CliRunner().invoke(main, ["export", str(path), "--as", "pytorch-test"])
    assert done.exit_code == 0 and done.output.count("    def test_") == 1
    ran = subprocess.run([sys.executable, "-c", done.output], capture_output=True, text=True)
    assert "FAILED (failures=1)" in ran.stderr and "test_add" in ran.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "is no report of `mpscheck sweep`"),
        ("[1]", "is no report of `mpscheck sweep`"),
        ("no json", "is no report of `mpscheck sweep`"),
        ('{"kind": "sweep", "groups": [], "provenance": {}}', "holds no finding with a program"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_report_is_one_sentence(tmp_path, text, words):
    path = tmp_path / "sweep.json"
    if text is not None:
        path.write_text(text)
    done = CliRunner().invoke(main, ["export", str(path), "--as", "pytorch-test"])
    assert done.exit_code == 2 and words in done.output and "Traceback" not in done.output


def test_a_new_finding_becomes_a_text_for_an_issue_and_one_that_is_not_seen_again_says_so():
    text = report.issue(REPORT["groups"][0], REPORT["provenance"])
    assert PROGRAM in text and "With contiguous tensors the result is right." in text and "Apple M4" in text
    assert report.issue(REPORT["groups"][1], REPORT["provenance"]) == ""
    assert "NOT SEEN AGAIN alone" in report.said(REPORT["groups"][1])


def test_groups_are_by_op_and_those_that_depend_on_the_layout_come_first():
    def one(kind):
        return {"class": kind}

    found = report.grouped({"a": {"add": [one("values")] * 5, "mul": [one("layout")]}, "b": {"add": [one("values")]}})
    assert [(group["op"], group["class"], group["entries"]) for group in found] == [
        ("mul", "layout", ["a"]),
        ("add", "values", ["a", "b"]),
    ]
