"""The action for other people's CI: its one step, run as GitHub runs it, with the emulated device in place of `mps`."""

import os
import re
import subprocess
import sys

import pytest
import yaml

BUG = "linear-noncontiguous-weight"


@pytest.fixture
def action(root, tmp_path):
    """Run the step of action.yml with these inputs; the finished process, the outputs and the summary."""
    folder = root / "actions" / "validate"
    described = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
    [step] = described["runs"]["steps"]

    def run(faults="", **given):
        inputs = {name: one.get("default", "") for name, one in described["inputs"].items()} | given
        values = {
            name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], value)
            for name, value in step["env"].items()
        }
        files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        emulated = {"MPSCHECK_EMU": "1", "MPSCHECK_FAULTS": faults, "GITHUB_ACTION_PATH": str(folder)}
        environment = os.environ | values | {name: str(path) for name, path in files.items()} | emulated
        command = [step["shell"], "-e", "-o", "pipefail", "-c", step["run"]]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        told = [path.read_text(encoding="utf-8") if path.exists() else "" for path in files.values()]
        return done, *told

    model = str(root / "snippets" / "models" / "ioi-small")
    return lambda **given: run(**{"model": model, "entry": "bridge", "device": "emu", "python": sys.executable} | given)


@pytest.mark.parametrize(("faults", "status", "verdict"), [("", 0, "agrees"), (BUG, 3, "disagrees")])
def test_a_model_of_somebody_is_validated(action, faults, status, verdict):
    done, output, summary = action(faults=faults)
    assert done.returncode == status, done.stderr
    assert output == f"verdict={verdict}\n" and summary.startswith(
        f"### MPS Check: {verdict}\n\n    {verdict.upper()}: "
    )
    assert verdict.upper() in done.stdout


@pytest.mark.parametrize(("rule", "status"), [("fail", 2), ("pass", 0)])
def test_what_could_not_be_checked_is_no_agreement(action, rule, status):
    done, output, _ = action(device="mps", **{"could-not-check": rule})
    assert done.returncode == status and output == "verdict=could not check\n"
    assert ("::warning::" in done.stdout) == (rule == "pass")


def test_an_input_is_never_part_of_a_command(action, tmp_path):
    done, output, _ = action(model=f'"; touch {tmp_path}/owned; "\n::set-output', entry="$(touch owned)")
    assert done.returncode == 2 and not (tmp_path / "owned").exists() and output == "verdict=could not check\n"
