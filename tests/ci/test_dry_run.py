"""Every job of the workflows that measure, run here: its steps in their order, with recorded Macs, and `emu` for `mps`.

A step of ours runs as it stands, through the shell. Of the actions, those that move files do so between folders. What the
emulated device gave becomes a made-up run of the recorded Mac only where the next job would refuse it, in a temporary
folder. What no test here can show stands in .github/workflows/SETUP.md.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mpscheck.known import cause, repeated
from mpscheck.runs import journal, results

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
SKIPPED = ("actions/checkout", "actions/setup-python", "actions/cache", "actions/attest-build-provenance")
PYTHON = re.compile(r'\.cache/envs/(?:torch-"\$TORCH"|[\w.-]+)/bin/')  # of the job's own environment
GH = '#!/bin/sh\necho "$@" >> "$GH_LOG"\n[ "$1 $2" = \'pr list\' ] && echo \'[]\' || exit 0\n'


class GitHub:
    """What stands in place of GitHub: artifacts, outputs and summaries as files, a bare repository as origin."""

    def __init__(self, tmp_path: Path, monkeypatch):
        self.place, self.artifacts = tmp_path / "work", tmp_path / "artifacts"
        self.summary, self.output = tmp_path / "summary.md", tmp_path / "output"
        self.python = Path(sys.executable)  # in place of the job's own
        tools = tmp_path / "tools"
        for folder in (self.artifacts, tools):
            folder.mkdir()
        (tools / "gh").write_text(GH)
        (tools / "gh").chmod(0o755)
        self._git("init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"), cwd=tmp_path)
        kept = ("scripts", "snippets", "catalogue", "results/schema.json", "results/reporter.schema.json")
        for name in (*kept, "src"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            (self.place / name).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / name, self.place / name)
        self._git("init", "-q", "-b", "main")
        self._git("remote", "add", "origin", str(tmp_path / "origin.git"))
        self._git("add", "-A")
        self._git("commit", "-qm", "all")
        for name, value in {
            "PATH": f"{tools}:{os.environ['PATH']}", "GH_LOG": str(tmp_path / "gh.log"), "MPSCHECK_EMU": "1",
            "PYTHONPATH": str(self.place / "src"), "GITHUB_OUTPUT": str(self.output), "GITHUB_RUN_ID": "7",
            "GITHUB_STEP_SUMMARY": str(self.summary), "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "owner/mps-check", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/nowhere",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)

    def _git(self, *arguments, cwd=None) -> None:
        self.place.mkdir(exist_ok=True)
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
        subprocess.run(command, cwd=cwd or self.place, check=True, capture_output=True)

    def job(self, workflow: str, name: str, context: dict) -> dict[str, str]:
        """Run one job; its outputs. A step that fails ends it, but for those that run always."""
        self.output.write_text("")
        job = yaml.safe_load((FOLDER / f"{workflow}.yml").read_text(encoding="utf-8"))["jobs"][name]
        failed, said = False, []
        for step in job["steps"]:
            if failed and "always()" not in step.get("if", ""):
                continue
            variables = {k: filled(v, context) for k, v in {**job.get("env", {}), **step.get("env", {})}.items()}
            code, text = self.step(step, variables, context)
            said.append(text)
            failed = failed or code not in (0, 1)  # 1: measured, with a surprise
        assert not failed, "\n".join(said)
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())

    def step(self, step: dict, variables: dict, context: dict) -> tuple[int, str]:
        if "run" in step:
            return self.run(step["run"], variables)
        action, inputs = step["uses"].partition("@")[0], step.get("with", {})
        if action == "actions/upload-artifact":
            place = self.artifacts / filled(inputs["name"], context)
            shutil.copytree(self.place / inputs["path"], place, dirs_exist_ok=True)
        elif action == "actions/download-artifact":
            for artifact in self.artifacts.glob(inputs.get("pattern", "*")):
                shutil.copytree(artifact, self.place / inputs["path"] / artifact.name, dirs_exist_ok=True)
        else:
            assert action in SKIPPED, f"this test does not know what {action} does"
        return 0, ""

    def run(self, command: str, variables: dict) -> tuple[int, str]:
        """The very command, with this Python in place of the job's, `emu` for `mps`, and no installing."""
        command = PYTHON.sub(lambda _: f"{self.python.parent}/", command).replace("--device mps", "--device emu")
        if command.startswith("python "):
            command = f"{Path(sys.executable).parent}/{command}"
        if "scripts/ci/environment.py" in command:
            command += " --dry-run"
        environment = os.environ | variables
        done = subprocess.run(
            ["bash", "-e", "-c", command], cwd=self.place, capture_output=True, text=True, env=environment
        )
        return done.returncode, f"$ {command}\n{done.stdout}{done.stderr}"


def filled(text: str, context: dict) -> str:
    """A string of a workflow with the values that GitHub would put in."""
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: context[found[1]], str(text))


@pytest.fixture
def github(tmp_path, monkeypatch):
    return GitHub(tmp_path, monkeypatch)


def measured_by(machine_run: dict, mac: dict) -> dict:
    """An emulated run as if the recorded Mac had made it; for the test of what comes after alone."""
    said = {command: output["prints"] for command, output in mac["commands"].items()}
    where = {
        "evidence": "measured", "device": "mps", "gpu": "Apple Paravirtual device", "variables": {}, "system": "Darwin",
        "torch": "2.8.0", "macos_build": said["sw_vers -buildVersion"],
    }  # fmt: skip
    return machine_run | {"provenance": machine_run["provenance"] | where}


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
