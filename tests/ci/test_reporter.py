"""The experiment that settles the cause of TransformerLens#1178: what it concludes, and that it runs."""

import json
import os
import runpy
import subprocess
from types import SimpleNamespace

import pytest
import torch

from mpscheck.known import cause, repeated
from mpscheck.runs import stderr

RIGHT = {"p_mary": 0.6770, "p_john": 0.0235, "ld": 3.362, "top1": " Mary"}
WRONG = {"p_mary": 0.0000, "p_john": 0.0001, "ld": -0.994, "top1": " the"}
NAN = {"p_mary": "nan", "p_john": "nan", "ld": "nan", "top1": " Mary"}
FAULT = "linear-noncontiguous-weight"
FAILED = {"outcome": "error", "reason": "made up", "before": [], "functions": {}}


@pytest.fixture(scope="module")
def reporter(root):
    return SimpleNamespace(**runpy.run_path(str(root / "scripts/ci/reporter.py")))


@pytest.fixture
def result(known_good):
    """A result on `mps` whose canaries agree, but for those that are named."""

    def made(reported, packed, split, *failing):
        runs = {"the CPU": RIGHT, "as reported": reported, "W_O packed": packed, "use_attn_result": split}
        calls = [canary | {"after": after} for after in (0, 3) for canary in known_good]
        calls = [call | ({"attempt": FAILED} if call["name"] in failing else {}) for call in calls]
        return {"runs": runs, "canaries": calls, "gpu_fault": None, "environment": {"device": "mps"}}

    return made


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ((WRONG, RIGHT, RIGHT), "pytorch#161640"),
        ((NAN, RIGHT, RIGHT), "pytorch#161640"),
        ((RIGHT, RIGHT, RIGHT), "not shown"),
        ((WRONG, WRONG, RIGHT), "not alone"),
        ((WRONG, RIGHT, WRONG), "not alone"),
        ((WRONG, RIGHT, NAN), "not alone"),
        ((WRONG, WRONG, WRONG, "linear-3d-bias"), "not separable"),  # as on a hosted macos-26
        ((WRONG, RIGHT, WRONG, "matmul"), "not separable"),
        ((WRONG, RIGHT, RIGHT, "linear-3d-bias"), "pytorch#161640"),  # the cured runs make such calls too
        ((WRONG, RIGHT, WRONG, "sort"), "not alone"),  # GPT-2 does not sort
        ((WRONG, RIGHT, RIGHT, "add"), "not separable"),
        ((RIGHT, RIGHT, RIGHT, "copy"), "not separable"),
    ],
)
def test_the_conclusion_follows_from_the_measurements_and_the_known_good_calls(result, found, word):
    assert cause.cause(result(*found)) == word and word in cause.FOUND


def test_of_a_gpu_that_failed_no_finding_counts(result, reporter, capfd):
    with reporter.written() as text:
        os.write(2, b"Error: command buffer exited with error status.\n")
    found = result(WRONG, RIGHT, RIGHT) | {"gpu_fault": stderr.gpu_fault(text.getvalue())}
    assert cause.cause(found) == "not separable" and "command buffer" in cause.failing(found)[0]
    assert "command buffer" in capfd.readouterr().err, "the log of the job has it too"


def test_a_small_change_of_any_figure_beyond_rounding_counts():
    assert not cause.differs(RIGHT, RIGHT | {"ld": 3.36201, "p_mary": 0.67701})
    for change in ({"ld": 3.1}, {"p_mary": 0.65}, {"top1": " John"}, {"ld": "nan"}, {"p_mary": "nan"}, {"ld": "inf"}):
        assert cause.differs(RIGHT, RIGHT | change)


@pytest.mark.parametrize("value", [1.5, 0.0, float("inf"), -float("inf"), float("nan")])
def test_any_number_is_stored_as_json_and_read_again(value):
    stored = json.loads(json.dumps(cause.number(value), allow_nan=False))
    assert str(cause.as_float(stored)) == str(value)


def test_the_canaries_are_right_on_a_healthy_device_and_noticed_on_a_sick_one(reporter, monkeypatch, result, capsys):
    """The emulated device, which has its own F.linear; then one that drops the bias, as in pytorch#188438."""
    found = result(WRONG, RIGHT, WRONG) | {"canaries": reporter.canaries_of("emu", 0) + reporter.canaries_of("emu", 3)}
    assert cause.failing(found) == [] and capsys.readouterr().out == ""
    linear = torch.nn.functional.linear
    monkeypatch.setattr(
        torch.nn.functional, "linear", lambda x, w, b=None: linear(x, w, b if x.device.type == "cpu" else None)
    )
    found["canaries"] += reporter.canaries_of("emu", 3)
    assert cause.cause(found) == "not separable" and "linear-3d-bias" in capsys.readouterr().out


def test_the_lines_are_in_the_format_of_the_report():
    assert cause.line("cpu", RIGHT) == "[CPU] P(Mary)=0.6770 P(John)=0.0235 LD=+3.362 Top1=' Mary'"
    assert cause.line("mps", WRONG) == "[MPS] P(Mary)=0.0000 P(John)=0.0001 LD=-0.994 Top1=' the'"


def test_without_the_device_one_sentence_and_no_file(root, python, tmp_path):
    out = tmp_path / "found.json"
    done = python(str(root / "scripts/ci/reporter.py"), "--device", "mps", "--out", str(out))
    assert done.returncode == 2 and not out.exists()
    assert done.stderr.startswith("torch ") and "has no device 'mps'" in done.stderr


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("fault", "word", "validated"),
    [("", "not shown", 0), (FAULT, "pytorch#161640", 3)],
    ids=["healthy", "sick"],
)
def test_in_transformerlens_2_17_on_the_emulated_device(root, hub, tmp_path, fault, word, validated):
    """The whole script, unchanged: the fault of pytorch#161640 is named as the cause where it is the cause."""
    interpreter = root / ".cache/envs/transformerlens-2.17.0/bin/python"
    if not interpreter.exists():
        pytest.skip("the environment is made by `make test-matrix`")
    out = tmp_path / "found.json"
    variables = {"MPSCHECK_EMU": "1", "MPSCHECK_FAULTS": fault, "HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1"}
    command = [str(interpreter), str(root / "scripts/ci/reporter.py"), "--device", "emu", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | variables, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = repeated.read(out)
    assert cause.cause(found) == word and f"cause: {cause.FOUND[word]}" in done.stdout
    assert not repeated.on_mac(found)
    assert found["environment"]["transformer-lens"] == "2.17.0"
    assert found["validate_mps"]["exit_code"] == validated
