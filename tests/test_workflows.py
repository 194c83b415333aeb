"""The workflows: clean for two linters, pinned, least privilege, and no shell of their own to go wrong in."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BIN = Path(sys.executable).parent


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs():
    return [pytest.param(job, id=f"{p.stem}-{name}") for p in WORKFLOWS for name, job in read(p)["jobs"].items()]


def steps():
    """Every step of every job, with a readable id."""
    return [
        pytest.param(step, id=f"{path.stem}-{name}-{number}")
        for path in WORKFLOWS
        for name, job in read(path)["jobs"].items()
        for number, step in enumerate(job.get("steps", []), 1)  # none where it calls another workflow
    ]


def commands():
    return [pytest.param(p.values[0]["run"], id=p.id) for p in steps() if "run" in p.values[0]]


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_zizmor_finds_nothing():
    done = run(BIN / "zizmor", "--offline", "--pedantic", "--no-progress", ".github", "actions")
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing():
    done = run(BIN / "actionlint", "-no-color", *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_is_permitted_at_the_top_and_runs_do_not_pile_up(path):
    workflow = read(path)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]


@pytest.mark.parametrize("job", jobs())
def test_every_job_has_a_name_and_ends_by_itself(job):
    assert job["name"]
    if "uses" in job:
        assert (ROOT / job["uses"].removeprefix("$/")).is_file()
    else:
        assert job["timeout-minutes"] <= 45


def test_a_run_ends_before_its_job_does():
    """With what is made before it and after it: what was not reached is then said, and all is uploaded."""
    job = read(ROOT / ".github/workflows/measure.yml")["jobs"]["measure"]
    [command] = [step["run"] for step in job["steps"] if "mpscheck run" in step.get("run", "")]
    assert float(re.search(r"--deadline (\d+)", command)[1]) <= job["timeout-minutes"] - 15
    minutes = re.search(r'DEADLINE = "(\d+)"', (ROOT / "scripts/ci/preflight.py").read_text())[1]
    assert float(minutes) <= read(ROOT / ".github/workflows/preflight.yml")["jobs"]["mac"]["timeout-minutes"] - 10
    uploads = [step for step in job["steps"] if step.get("uses", "").startswith("actions/upload-artifact")]
    assert [step["if"] for step in uploads] == ["${{ always() }}"]


@pytest.mark.parametrize("step", steps())
def test_actions_are_pinned_and_leave_no_credentials(step):
    if "uses" not in step:
        return
    assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step["uses"])
    if step["uses"].startswith("actions/checkout@"):
        assert step["with"]["persist-credentials"] is False


def test_the_same_action_has_the_same_pin_everywhere_and_names_its_version():
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pins = re.findall(r"uses: (\S+)@(\S+)(?: # (v\d+\.\d+\.\d+))?", text)
    assert all(version for _, _, version in pins)
    assert len(set(pins)) == len({action for action, _, _ in pins})


@pytest.mark.parametrize("command", commands())
def test_a_run_step_is_one_call_of_ours(command):
    assert "${{" not in command, "values reach a command through the environment alone"
    assert not re.search(r"[;&|<>`\n]|\$\(", command), "shell logic belongs in a tested script"
    program, *arguments = shlex.split(command)
    if program == "make":
        assert arguments[0] in targets()
    elif program == "bash":
        assert arguments == [".ci/run"]
    elif program.endswith("/mpscheck"):
        assert run(BIN / "mpscheck", arguments[0], "--help").returncode == 0
    else:
        assert program == "python" or program.endswith("/bin/python")
        assert (ROOT / arguments[0]).is_file() and arguments[0].startswith("scripts/")


@pytest.mark.parametrize("job", jobs())
def test_what_a_mac_measured_is_uploaded_whatever_happens_to_the_job(job):
    """Also after a failure, a time-out and a cancelled run: `always()` alone holds then (ankidroid/Anki-Android#16255)."""
    for step in job.get("steps", []):
        if step.get("uses", "").startswith("actions/upload-artifact@"):
            assert step["if"] == "${{ always() }}"


def test_only_plan_decides_where_a_job_runs_on_a_mac():
    """A runner's label comes from matrix.json, which says what strangers may use; the preflight is on a hosted one."""
    for path in WORKFLOWS:
        for job in read(path)["jobs"].values():
            assert job.get("runs-on", "ubuntu-24.04") in ("ubuntu-24.04", "macos-15", "${{ matrix.label }}")


def targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("scripts/**/*.py"), *ROOT.glob("src/**/*.py")]) + WORKFLOWS, ids=lambda path: path.name
)
def test_no_file_names_a_package_index(path):
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "download.pytorch" + ".org")
    text = path.read_text(encoding="utf-8")
    assert not [host for host in hosts if host in text]


@pytest.fixture
def clone(tmp_path):
    """A repository with the script of CI and a Makefile of its own, which a test writes."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")

    def ci(makefile):
        (tmp_path / "Makefile").write_text(makefile)
        for command in (
            ("init", "-q"),
            ("add", "-A"),
            ("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "a"),
        ):
            subprocess.run(["git", *command], cwd=tmp_path, check=True)
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        return subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, env=outside)

    return ci


def test_ci_runs_both_commands(clone):
    done = clone("verify:\n\t@echo verified\ntest:\n\t@echo tested\n")
    assert (done.returncode, done.stdout) == (0, "verified\ntested\n")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


@pytest.mark.parametrize("makefile", ["verify:\n\tfalse\ntest:\n", "verify:\ntest:\n\tfalse\n"])
def test_ci_ends_red_where_one_of_them_does(clone, makefile):
    assert clone(makefile).returncode != 0


@pytest.mark.parametrize("target", ["verify", "test"])
def test_ci_ends_red_where_a_command_leaves_a_file_or_changes_one(clone, target):
    other = {"verify": "test", "test": "verify"}[target]
    done = clone(f"{target}:\n\techo more >> .ci/run; touch left.txt\n{other}:\n")
    assert done.returncode == 1 and " M .ci/run" in done.stderr and "?? left.txt" in done.stderr
