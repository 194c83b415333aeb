"""The experiment that settles the cause of TransformerLens#1178: what it concludes, and that it runs."""

import json
import os
import runpy
import shutil
import subprocess
from types import SimpleNamespace

import pytest

RIGHT = {"p_mary": 0.6770, "p_john": 0.0235, "ld": 3.362, "top1": " Mary"}
WRONG = {"p_mary": 0.0000, "p_john": 0.0001, "ld": -0.994, "top1": " the"}
FAULT = "linear-noncontiguous-weight"


@pytest.fixture(scope="module")
def reporter(root):
    return SimpleNamespace(**runpy.run_path(str(root / "scripts/ci/reporter.py")))


def runs(reported, packed, split):
    return {"the CPU": RIGHT, "as reported": reported, "W_O packed": packed, "use_attn_result": split}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (runs(WRONG, RIGHT, RIGHT), "pytorch#161640: the numbers are wrong as reported, and right with each"),
        (runs(RIGHT, RIGHT, RIGHT), "not shown: the device agrees"),
        (runs(WRONG, WRONG, RIGHT), "not pytorch#161640 alone"),
        (runs(WRONG, RIGHT, WRONG), "not pytorch#161640 alone"),
    ],
)
def test_the_conclusion_follows_from_the_four_measurements(reporter, found, words):
    assert reporter.cause(found).startswith(words)


def test_a_small_change_of_any_figure_beyond_rounding_counts(reporter):
    assert not reporter.differs(RIGHT, RIGHT | {"ld": 3.36201, "p_mary": 0.67701})
    assert reporter.differs(RIGHT, RIGHT | {"ld": 3.1})
    assert reporter.differs(RIGHT, RIGHT | {"p_mary": 0.65})
    assert reporter.differs(RIGHT, RIGHT | {"top1": " John"})


def test_the_lines_are_in_the_format_of_the_report(reporter):
    assert reporter.line("cpu", RIGHT) == "[CPU] P(Mary)=0.6770 P(John)=0.0235 LD=+3.362 Top1=' Mary'"
    assert reporter.line("mps", WRONG) == "[MPS] P(Mary)=0.0000 P(John)=0.0001 LD=-0.994 Top1=' the'"


def test_without_the_device_one_sentence_and_no_file(root, python, tmp_path):
    out = tmp_path / "found.json"
    done = python(str(root / "scripts/ci/reporter.py"), "--device", "mps", "--out", str(out))
    assert done.returncode == 2 and not out.exists()
    assert done.stderr.startswith("torch ") and "has no device 'mps'" in done.stderr


@pytest.fixture(scope="module")
def hub(root, tmp_path_factory):
    """A model cache in which "gpt2" is the small IOI model: from_pretrained("gpt2") finds it without a network."""
    folder = tmp_path_factory.mktemp("hub") / "models--gpt2"
    snapshot = folder / "snapshots" / "local"
    shutil.copytree(root / "snippets/models/ioi-small", snapshot)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("local")
    config = json.loads((snapshot / "config.json").read_text())
    config["n_ctx"] = config["n_positions"]  # which the real gpt2's config has, and TransformerLens reads
    (snapshot / "config.json").write_text(json.dumps(config))
    return folder.parent


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("fault", "cause", "validated"),
    [("", "not shown", 0), (FAULT, "pytorch#161640", 3)],
    ids=["healthy", "sick"],
)
def test_in_transformerlens_2_17_on_the_emulated_device(root, hub, tmp_path, fault, cause, validated):
    """The whole script, unchanged: the fault of pytorch#161640 is named as the cause where it is the cause."""
    interpreter = root / ".cache/envs/transformerlens-2.17.0/bin/python"
    if not interpreter.exists():
        pytest.skip("the environment is made by `make test-matrix`")
    out = tmp_path / "found.json"
    variables = {"MPSCHECK_EMU": "1", "MPSCHECK_FAULTS": fault, "HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1"}
    command = [str(interpreter), str(root / "scripts/ci/reporter.py"), "--device", "emu", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | variables, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert found["cause"].startswith(cause)
    assert found["environment"]["transformer-lens"] == "2.17.0"
    assert found["validate_mps"]["exit_code"] == validated
