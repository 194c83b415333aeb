"""Every job of the workflows that measure, run here: its steps in their order, with recorded Macs, and `emu` for `mps`.

How, `mpscheck.rehearsal.workplace` says. What the emulated device gave becomes a made-up run of the recorded Mac only where the next job would refuse it, in a temporary
folder. What no test here can show stands in .github/workflows/SETUP.md.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mpscheck.known import cause, repeated
from mpscheck.rehearsal import road
from mpscheck.rehearsal.workplace import Workplace, as_mac
from mpscheck.runs import journal, results

ROOT = Path(__file__).parents[2]


@pytest.fixture
def github(tmp_path):
    place = Workplace(tmp_path)
    place.begin()
    return place


def measured_by(machine_run: dict, mac: dict) -> dict:
    """An emulated run as if the recorded Mac had made it; for the test of what comes after alone."""
    return as_mac(machine_run, mac, "2.8.0", "measured")


def test_preflight(github, recorded_mac):
    recorded_mac("hosted-macos-15")
    github.job("preflight", "mac", {})
    run = results.read(github.artifacts / "preflight" / "run.json")
    assert len(run["records"]) == 5
    assert run["provenance"]["virtual"] is True and run["provenance"]["model"] == "VirtualMac2,1"
    summary = github.summary.read_text()
    for words in (
        "virtual: True",
        "F.linear, 3-D input, bias: right",
        "| linear-noncontiguous-weight |",
    ):
        assert words in summary


def test_a_mac_without_mps_ends_the_preflight_with_the_error_of_torch(github):
    command = "python scripts/ci/preflight.py --device cuda --out run-files/run.json"
    code, said = github.run(command, {})
    assert code == 2 and "This machine cannot measure on cuda: allocate memory and fill it: error: " in said
    assert "Torch not compiled with CUDA enabled" in github.summary.read_text()


SETTINGS = {
    "pages": '{"build_type": "workflow"}',
    "actions/permissions/workflow": '{"can_approve_pull_request_reviews": false}',
}


def test_the_settings_that_are_missing_are_listed_with_their_click(github, tmp_path):
    cases = "\n".join(f"*/{path}) echo '{answer}';;" for path, answer in SETTINGS.items())
    (tmp_path / "tools" / "gh").write_text(f'#!/bin/sh\ncase "$2" in\n{cases}\nesac\n')
    context = {"github.token": "t", "vars.SITE_URL": ""}
    github.job("preflight", "settings", context)
    said = github.summary.read_text()
    assert "- MISSING: Secrets and variables" in said and "- there: Pages" in said
    assert "- MISSING: Actions, General, Workflow permissions" in said
    assert "https://github.com/owner/mps-check/settings/actions" in said


@pytest.mark.parametrize(("error", "state"), [("HTTP 404", "MISSING"), ("HTTP 403", "not known")])
def test_a_setting_that_may_not_be_looked_up_is_not_said_to_be_there(github, tmp_path, error, state):
    (tmp_path / "tools" / "gh").write_text(f"#!/bin/sh\necho 'gh: no ({error})' >&2\nexit 1\n")
    github.job("preflight", "settings", {"github.token": "t", "vars.SITE_URL": "https://example.org/"})
    said = github.summary.read_text()
    assert f"- {state}: Pages" in said and "- not known: Actions" in said and "- there: Secrets" in said


PLAN = {
    "inputs.torch": "2.15.0", "github.event_name": "workflow_dispatch",
    "github.event.pull_request.base.sha || github.event.before": "",
}  # fmt: skip


def test_from_the_plan_to_the_pull_request(github, recorded_mac, tmp_path):
    """One release on both hosted Macs; the second job is lost and is tried once more; both are published."""
    planned = github.job("mps", "plan", PLAN)
    legs = json.loads(planned["matrix"])["include"]
    assert [leg["runner"] for leg in legs] == ["macos-15", "macos-26"] and planned["reporter"] == ""

    def measure(leg):
        mac = recorded_mac(f"hosted-{leg['runner']}")
        context = {"matrix.torch": leg["torch"], "matrix.runner": leg["runner"], "inputs.snippets": SNIPPETS}
        shutil.rmtree(github.place / "run-files", ignore_errors=True)
        github.job("measure", "measure", context)
        file = github.artifacts / f"run-{leg['torch']}-{leg['runner']}" / "run.json"
        run = results.read(file)
        assert run["provenance"]["image"] == mac["variables"]["ImageVersion"]
        assert run["provenance"]["address"] == "https://github.com/owner/mps-check/actions/runs/7"
        results.write(file, measured_by(run, mac))

    measure(legs[0])
    needs = {"needs.plan.outputs.matrix": planned["matrix"], "needs.plan.outputs.reporter": planned["reporter"]}
    lost = github.job("mps", "missing", needs)
    assert json.loads(lost["matrix"])["include"] == legs[1:] and lost["reporter"] == ""
    measure(legs[1])
    github.job("mps", "publish", {"github.run_id": "7", "github.token": "t"})
    published = [
        "git",
        "-C",
        str(tmp_path / "origin.git"),
        "ls-tree",
        "-r",
        "--name-only",
        "runs/mps-7",
        "results/runs",
    ]
    names = subprocess.run(published, capture_output=True, text=True, check=True).stdout.split()
    assert len(names) == 2 and all("virtual" in name for name in names)
    assert "pr create --head runs/mps-7" in (tmp_path / "gh.log").read_text()
    summary = github.summary.read_text()
    assert summary.count("| rand-5d-batches-identical | float32 | agrees |") == 2
    assert '"records"' in summary, "the whole run file too"


@pytest.mark.matrix
def test_the_reporters_job(github, recorded_mac, hub, python_of, monkeypatch):
    """In TransformerLens 2.17.0, on a device made sick with pytorch#161640; a small model stands in place of GPT-2."""
    recorded_mac("hosted-macos-15")
    github.python = python_of("transformerlens-2.17.0")
    for name, value in {"HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1", "MPSCHECK_FAULTS": SICK}.items():
        monkeypatch.setenv(name, value)
    github.job("reporter", "reporter", {"matrix.runner": "macos-15", "secrets.HF_TOKEN": ""})
    result = repeated.read(github.artifacts / "reporter-macos-15" / "result.json")
    assert cause.cause(result) == "pytorch#161640" and result["validate_mps"]["exit_code"] == 3
    where = result["environment"]
    assert (where["macos"], where["virtual"], where["model"]) == ("15.7.7", True, "VirtualMac2,1")
    assert "cause: pytorch#161640" in github.summary.read_text() and '"p_mary"' in github.summary.read_text()


SICK = "linear-noncontiguous-weight"
SNIPPETS = "rand-5d-batches-identical triu-minus-inf-gives-nan"


def test_a_job_that_was_stopped_still_delivers_what_it_had(github, emulated_run):
    """Its run file is not there yet; the journal is uploaded, and stands in the summary."""
    folder = github.place / "run-files"
    with journal.Journal(folder / "run.json", emulated_run["provenance"], resume=False) as part:
        part.append(emulated_run["records"][0])
    github.run('.cache/envs/torch-"$TORCH"/bin/python scripts/ci/summary.py run-files/run.json', {})
    assert "Stopped after 1 records." in github.summary.read_text()
    assert emulated_run["records"][0]["snippet"] in github.summary.read_text()


def test_a_job_without_any_answer_says_so(github):
    code, _ = github.run("python scripts/ci/summary.py run-files/run.json", {})
    assert code == 0 and "No run file" in github.summary.read_text()


def test_a_file_too_large_for_a_summary_stands_in_the_log(github, emulated_run):
    records = emulated_run["records"] * 400
    results.write(github.place / "run-files" / "run.json", emulated_run | {"records": records})
    _, said = github.run("python scripts/ci/summary.py run-files/run.json", {})
    assert '"records"' in said and "too large" in github.summary.read_text()
    assert len(github.summary.read_bytes()) < 1_000_000


@pytest.fixture(scope="module")
def whole_road(tmp_path_factory):
    """A made-up release from the index to the pages, gone once; the folder, and the steps."""
    folder = tmp_path_factory.mktemp("road")
    return folder, list(road.walk(folder, build=False))


@pytest.mark.slow
def test_a_new_release_goes_from_the_index_to_the_pages_by_itself(whole_road):
    """Each step raises where it does not do what it is there for."""
    _, steps = whole_road
    found = [step.found for step in steps]
    assert "starts mps with 2.16.0@macos-15,2.16.0@macos-26" in found
    assert "macos-26 is tried again" in found and "starts nothing: the runs wait in a pull request" in found
    assert found[-1] == "all 4 made-up runs are refused by the schema of published ones"


@pytest.mark.slow
def test_the_pull_request_of_a_release_holds_all_that_a_person_has_to_read(whole_road):
    folder, _ = whole_road
    told = folder / "artifacts" / "pull-request"
    body = (told / "body.md").read_text(encoding="utf-8")
    assert body.startswith("# torch 2.16.0: runs on macOS\n")
    for words in (
        "What its wheel declares: read.",
        "**newly wrong** in torch 2.16.0 on macOS 15 and 26, a virtual GPU: `torch.addmm` of square matrices",
        "`linear-noncontiguous-weight` on torch 2.16.0, macOS 15 and 26, a virtual GPU: runs say affected, sources say",
        '+    "affected": ">=2.8,<=2.16.0",',
        "No range is proposed: 2.15.0 is right",
    ):
        assert words in body, words
    patch = (told / "proposed.patch").read_text(encoding="utf-8")
    done = subprocess.run(
        ["git", "apply", "--check", "-"], cwd=folder / "work", input=patch, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_bug_that_is_found_again_has_a_text_for_its_thread(whole_road):
    folder, _ = whole_road
    text = (folder / "artifacts/pull-request/upstream/addmm-square-matrices.md").read_text(encoding="utf-8")
    for words in (
        "https://github.com/pytorch/pytorch/issues/116331",
        "Wrong in torch 2.16.0, where it is said to be right",
        "Apple Paravirtual device (virtual machine), macOS 15.7.7 (24G720)",
        "2,304 of 2,304 values wrong",
        "https://github.com/owner/mps-check/actions/runs/7",
    ):
        assert words in text, words
