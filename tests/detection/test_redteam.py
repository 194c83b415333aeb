"""Faults made by rule: they are of calls that a model makes, the same each time, and a large frequent one is caught."""

import random

import pytest
import torch
from click.testing import CliRunner

from mpscheck.bugs import aten
from mpscheck.cli import main
from mpscheck.detection import redteam, shares
from mpscheck.detection.generated import ONE, SIZES, Calls, Kind, draw
from mpscheck.detection.redteam import Trial, checked, tried
from mpscheck.emulation.faults import only
from mpscheck.tools.validate.checks import CHECKS
from mpscheck.tools.validate.report import outcome
from mpscheck.tools.validate.run import Run, copy_to


@pytest.fixture(scope="module")
def subject():
    """The MLP, its inputs, what the checks say of it, and the calls that it makes."""
    torch.manual_seed(0)
    model, inputs = redteam.MODELS["mlp"]()
    with Calls().recording() as calls:
        usual = checked(model.eval(), inputs)
    return model, inputs, usual, calls


def test_faults_are_of_kernels_that_the_model_calls_on_the_device(subject):
    ops = set(subject[-1].ops)
    assert {"linear", "relu", "linear_backward", "copy"} <= ops
    assert not ops & {"view", "detach", "empty", "item", "to"}  # no new numbers
    assert {kind.op for kind in subject[-1].kinds()} == ops and all(aten.overloads(op) for op in ops)


def test_a_condition_holds_for_some_of_the_calls_and_not_for_all(subject):
    """All calls of relu are on two dimensions of 61 x 64: a first one that is no multiple of 16 says nothing more."""
    whens = {kind.when for kind in subject[-1].kinds() if kind.op == "relu" and kind.word == "noise"}
    assert "" in whens and "self.size.-2 not-multiple-of 16" not in whens
    assert any(kind.when == "self.dtype == float16" for kind in subject[-1].kinds() if kind.op == "relu")


def test_a_size_is_that_multiple_of_the_allowed_error():
    right = torch.ones(8)
    for size in (1, 1000):
        value = Kind("relu", "", "", "scales").effect(size)
        assert float(value.removeprefix("scales(result, ").removesuffix(")")) - 1 == pytest.approx(size * ONE, rel=1e-2)
    assert 10 * torch.finfo(right.dtype).eps == ONE


def test_each_op_is_drawn_once_before_one_twice():
    kinds = [Kind(op, "", "", word) for op in "abc" for word in ("noise", "scales", "stale")]
    first = draw(kinds, 3, random.Random(0))
    assert sorted(kind.op for kind in first) == ["a", "b", "c"]
    assert sorted(draw(kinds, 99, random.Random(0))) == sorted(kinds)
    assert first == draw(kinds, 3, random.Random(0))


def test_a_large_error_in_each_call_is_caught_and_located(subject):
    model, inputs, usual, _ = subject
    found = tried(Trial(Kind("linear", "", "", "noise"), SIZES[-1], 1, 0), model, inputs, usual)
    assert found["verdict"] == "disagrees" and found["wrong"] and "logits" in found["caught"]
    assert found["locate"] == "right" and found["named"] == "linear"


def test_a_fault_of_the_backward_pass_is_seen_by_its_check_alone(subject):
    model, inputs, usual, _ = subject
    found = tried(Trial(Kind("threshold_backward", "", "", "noise"), SIZES[-1], 1, 0), model, inputs, usual)
    assert found["caught"] == "backward" and found["locate"] == "not met"


def test_a_rare_fault_begins_with_the_call_that_is_drawn(subject):
    model, inputs, usual, calls = subject
    kind, total = Kind("linear", "", "", "noise"), calls.ops["linear"]
    late, first = (Trial(kind, SIZES[-1], 10_000, before) for before in (0, 9_999))
    assert total < 10_000 and shares.outcome(tried(late, model, inputs, usual)) == "quiet"
    assert tried(first, model, inputs, usual)["wrong"] == 1


def test_the_command_tries_few_finds_no_false_alarm_and_is_the_same_twice(tmp_path):
    said = [CliRunner().invoke(main, ["redteam", "mlp", "--few"]) for _ in range(2)]
    assert [one.exit_code for one in said] == [0, 0] and said[0].stdout == said[1].stdout
    assert "mlp: 8 faults, 0 false alarms" in said[0].stdout
    assert "1,000,000 times the allowed error, in each call: 2 of 2 caught" in said[0].stdout


@pytest.mark.parametrize("arguments", [["nothing"], ["--few", "--publish"]])
def test_what_cannot_be_asked_is_one_sentence(arguments):
    done = CliRunner().invoke(main, ["redteam", *arguments])
    assert done.exit_code == 2 and "Traceback" not in done.output and done.output.strip()


def test_a_check_that_calls_a_healthy_device_wrong_is_a_false_alarm():
    assert shares.false_alarms({"healthy": {"logits": "agrees", "IOI": "not checked", "lengths": "disagrees"}}) == [
        "lengths"
    ]


def test_what_the_cpu_gave_before_changes_no_verdict(subject):
    model, inputs, usual, _ = subject
    with only(Kind("relu", "", "", "noise").fault(SIZES[2])):
        run = Run(model, copy_to(model, "emu"), "emu", [inputs], None, [])
        plain = {name: outcome(run, name).verdict for name in CHECKS}
        assert checked(model, inputs) == checked(model, inputs) == plain != usual
