"""The jobs of the workflows, run here: their steps in their order, with recorded Macs, and `emu` in place of `mps`.

A step of ours runs as it stands, through the shell. Of the actions, those that move files do so between folders. A bare
repository stands in place of GitHub, and a small program in place of its command line.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from mpscheck.places import ROOT
from mpscheck.runs import results

WORKFLOWS = ROOT / ".github" / "workflows"
MACHINES = ROOT / "tests" / "machines"  # what Apple's programs print, each with the thread that tells it
FEW = (
    "pyproject.toml",
    "scripts",
    "snippets",
    "catalogue",
    "results/found.json",
    "results/schema.json",
    "results/transformerlens.json",
    "results/reporter.schema.json",
    "src",
)
SKIPPED = ("actions/checkout", "actions/setup-python", "actions/cache", "actions/attest-build-provenance")
FINDING = ("mpscheck run", "scripts/ci/settings.py")  # 1 says: something was found; that job is red, the others go on
PYTHON = re.compile(r'\.cache/envs/(?:torch-"\$TORCH"|[\w.-]+)/bin/')  # of the job's own environment
# Logs what it is asked; a pull request that was opened is there from then on.
GH = """#!/bin/sh
echo "$@" >> "$GH_LOG"
case "$1 $2" in
"pr create") echo "[{\\"headRefName\\": \\"$4\\", \\"isCrossRepository\\": false, \\"number\\": 1}]" > "$GH_LOG.open";;
"pr list") cat "$GH_LOG.open" 2>/dev/null || echo '[]';;
"run list"|"issue list") echo '[]';;
esac
exit 0
"""


class Workplace:
    """What stands in place of GitHub: artifacts, outputs and summaries as files, a bare repository as origin."""

    def __init__(self, folder: Path, names: tuple[str, ...] = FEW):
        self.folder, self.place, self.artifacts = folder, folder / "work", folder / "artifacts"
        self.summary, self.output, self.log = folder / "summary.md", folder / "output", folder / "gh.log"
        self.python = Path(sys.executable)  # in place of the job's own
        self.mac: dict[str, str] = {}
        tools = folder / "tools"
        for made in (self.place, self.artifacts, tools):
            made.mkdir()
        (tools / "gh").write_text(GH)
        (tools / "gh").chmod(0o755)
        for name in names:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            (self.place / name).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / name, self.place / name)
        self.variables = {
            "PATH": f"{tools}:{os.environ['PATH']}", "GH_LOG": str(self.log), "MPSCHECK_EMU": "1",
            "PYTHONPATH": str(self.place / "src"), "GITHUB_OUTPUT": str(self.output), "GITHUB_RUN_ID": "7",
            "GITHUB_STEP_SUMMARY": str(self.summary), "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "owner/mps-check", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/nowhere",
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        }  # fmt: skip

    def begin(self) -> None:
        """Commit what is there, as the main branch of the origin."""
        self.git("init", "-q", "--bare", "-b", "main", str(self.folder / "origin.git"))
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", str(self.folder / "origin.git"))
        self.git("add", "-A")
        self.git("commit", "-qm", "all")
        self.git("push", "-q", "origin", "HEAD:main")

    def git(self, *arguments: str) -> str:
        """What git prints in the clone."""
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
        return subprocess.run(command, cwd=self.place, check=True, capture_output=True, text=True).stdout

    def become(self, name: str) -> None:
        """From now on Apple's programs print in the jobs what those of this recorded Mac do."""
        machine, folder = recorded(name), self.folder / "apple" / name
        fake_programs(machine, folder)
        self.mac = {"PATH": f"{folder}:{self.variables['PATH']}", **machine["variables"]}

    def job(self, workflow: str, name: str, context: dict, changed: dict[str, str] | None = None) -> dict[str, str]:
        """Run one job; its outputs. A step that fails ends it, but for those that run always. Raises AssertionError."""
        self.output.write_text("")
        job = yaml.safe_load((WORKFLOWS / f"{workflow}.yml").read_text(encoding="utf-8"))["jobs"][name]
        failed, said = False, []
        for step in job["steps"]:
            if failed and "always()" not in step.get("if", ""):
                continue
            variables = {k: filled(v, context) for k, v in {**job.get("env", {}), **step.get("env", {})}.items()}
            code, text = self.step(step, variables | (changed or {}), context)
            said.append(text)
            failed = failed or code not in ((0, 1) if any(one in step.get("run", "") for one in FINDING) else (0,))
        if failed:
            raise AssertionError("\n".join(said))
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())

    def step(self, step: dict, variables: dict, context: dict) -> tuple[int, str]:
        """Run one step: its exit code, and what it printed."""
        if "run" in step:
            return self.run(step["run"], variables)
        action, inputs = step["uses"].partition("@")[0], step.get("with", {})
        if action == "actions/upload-artifact":
            place = self.artifacts / filled(inputs["name"], context)
            shutil.copytree(self.place / inputs["path"], place, dirs_exist_ok=True)
        elif action == "actions/download-artifact":
            for artifact in self.artifacts.glob(inputs.get("pattern", "*")):
                shutil.copytree(artifact, self.place / inputs["path"] / artifact.name, dirs_exist_ok=True)
        elif action not in SKIPPED:
            raise AssertionError(f"nothing here does what {action} does")
        return 0, ""

    def run(self, command: str, variables: dict) -> tuple[int, str]:
        """The very command, with this Python in place of the job's, `emu` for `mps`, and no installing."""
        command = PYTHON.sub(lambda _: f"{self.python.parent}/", command).replace("--device mps", "--device emu")
        if command.startswith("python "):
            command = f"{Path(sys.executable).parent}/{command}"
        if "scripts/ci/environment.py" in command:
            command += " --dry-run"
        environment = (
            os.environ | self.variables | {"PATH": f"{self.variables['PATH'].split(':')[0]}:{os.environ['PATH']}"}
        )
        done = subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=self.place,
            capture_output=True,
            text=True,
            env=environment | self.mac | variables,
        )
        return done.returncode, f"$ {command}\n{done.stdout}{done.stderr}"


def filled(text: str, context: dict) -> str:
    """A string of a workflow with the values that GitHub would put in."""
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: context[found[1]], str(text))


def recorded(name: str) -> dict:
    """A recorded Mac: what Apple's programs print there, and the variables that its image sets."""
    return json.loads((MACHINES / f"{name}.json").read_text(encoding="utf-8"))


def fake_programs(machine: dict, folder: Path) -> None:
    """Apple's programs as small shell scripts that print what was recorded."""
    folder.mkdir(parents=True, exist_ok=True)
    for tool in ("sw_vers", "sysctl", "system_profiler"):
        said = {c.partition(" ")[2]: o["prints"] for c, o in machine["commands"].items() if c.split()[0] == tool}
        cases = [f"{shlex.quote(args)}) printf '%s\\n' {shlex.quote(prints)};;" for args, prints in said.items()]
        (folder / tool).write_text("\n".join(["#!/bin/sh", 'case "$*" in', *cases, "*) exit 1;;", "esac", ""]))
        (folder / tool).chmod(0o755)


def as_mac(run: dict, machine: dict, torch: str, evidence: str) -> dict:
    """An emulated run as if a recorded Mac had made it, with the evidence that it is to claim; for what comes after alone."""
    said = {command: output["prints"] for command, output in machine["commands"].items()}
    where = {
        "evidence": evidence, "device": "mps", "gpu": "Apple Paravirtual device", "variables": {}, "system": "Darwin",
        "torch": torch, "macos_build": said["sw_vers -buildVersion"],
    }  # fmt: skip
    return run | {"provenance": run["provenance"] | where}


def rewrite(file: Path, run: dict) -> None:
    """A run file in place of another, not held against the schema of published runs."""
    results.write_atomic(file, results.text(run))
