"""The single file `locate_divergence.py` in older TransformerLens, as a user of them runs it."""

import json
import os
import subprocess

import pytest

pytestmark = pytest.mark.matrix
PROJECTION = ["blocks.0.attn", "blocks.1.attn"]  # the attention's output projection is called in its own module


@pytest.fixture
def report(root, python_of, tmp_path):
    """What the file prints with `--json` in an environment, with a fault."""

    def run(name: str, entry: str, faults: str) -> dict:
        command = [python_of(name), root / "snippets/locate_divergence.py", "--model", "ioi-small", "--json"]
        command += ["--device", "emu", "--entry", entry]
        environment = {**os.environ, "MPSCHECK_EMU": "honest", "MPSCHECK_FAULTS": faults}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert done.returncode in (0, 3), done.stdout + done.stderr
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("version", ["2.17.0", "2.18.0", "3.9.0"])
def test_no_op_is_named_on_a_healthy_device(report, version):
    assert report(f"transformerlens-{version}", "hooked", "")["verdict"] == "agrees"


@pytest.mark.parametrize("version", ["2.17.0", "2.18.0"])
def test_the_output_projection_is_named(report, version):
    found = report(f"transformerlens-{version}", "hooked", "linear-noncontiguous-weight")
    (finding,) = found["findings"]
    assert (found["verdict"], finding["op"], finding["modules"]) == ("diverges", "linear", PROJECTION)
    assert finding["bugs"][0]["slug"] == "linear-noncontiguous-weight"


def test_hookedtransformer_of_3_9_escapes_and_its_bridge_does_not(report):
    assert report("transformerlens-3.9.0", "hooked", "linear-noncontiguous-weight")["verdict"] == "agrees"
    (finding,) = report("transformerlens-3.9.0", "bridge", "linear-noncontiguous-weight")["findings"]
    assert finding["op"] == "linear" and all(".attn." in module for module in finding["modules"])
