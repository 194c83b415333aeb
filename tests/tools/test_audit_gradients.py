"""The audit on a CPU finds bugs of kernels for gradients that mps alone has; their neighbours do not match."""

import os

import torch
import torch.nn.functional as F

from mpscheck.bugs import catalogue, recorder
from mpscheck.tools import bundle
from mpscheck.tools.audit import Report
from mpscheck.tools.audit.matching import DRAFT_DOUBT
from mpscheck.tools.known import read_known

NAMED = {"backward-large-k-stale-memory", "linear-backward-input-k1-noncontig", "linear-grads-1x1"}
KNOWN = tuple(bug for bug in read_known(bundle.TOOLS["audit_mps.py"].carries()) if bug.slug in NAMED)


def report_of(program) -> Report:
    report = Report(KNOWN, None, None, os.path.dirname(__file__), "a program", recorder.best_level())
    with recorder.around(report.handle):
        program()
    return report


def found(program) -> set[str]:
    return {finding.bug.slug for finding in report_of(program).findings}


def one_output(gradient_is_contiguous=False, inputs=33, needs_input=True):
    x, w = torch.ones(3840, inputs, requires_grad=needs_input), torch.ones(1, inputs, requires_grad=not needs_input)
    result = F.linear(x, w)
    (result * torch.ones(3840, 1) if gradient_is_contiguous else result).sum().backward()


def tokens(number, width=16):
    layer = torch.nn.Linear(width, width)
    layer(torch.ones(number, width)).square().sum().backward()


def test_those_with_a_check_are_certain_and_the_drafted_one_is_possible():
    checked = {bug.slug for bug in catalogue.with_check()}
    assert {bug.slug for bug in KNOWN} == NAMED, "the file for download carries them"
    assert {bug.slug: bug.draft for bug in KNOWN} == {slug: slug not in checked for slug in NAMED}
    for program, doubt in (
        (one_output, None),
        (lambda: torch.nn.Linear(1, 1)(torch.ones(1, 1)).backward(), DRAFT_DOUBT),
    ):
        assert [finding.doubt for finding in report_of(program).findings] == [doubt]


def test_a_gradient_that_is_expanded_through_one_output():
    assert found(one_output) == {"linear-backward-input-k1-noncontig"}
    assert not found(lambda: one_output(gradient_is_contiguous=True))
    assert not found(lambda: one_output(inputs=1)), "3,840 numbers lie within the first 16 KB"
    assert not found(lambda: one_output(needs_input=False)), "no gradient of the input is asked for"


def test_more_tokens_than_a_sum_may_have_terms():
    assert found(lambda: tokens(32776)) == {"backward-large-k-stale-memory"}
    assert not found(lambda: tokens(32768))
    assert not found(lambda: tokens(32776, width=8))


def test_a_layer_of_one_weight():
    def fit(samples):
        torch.nn.L1Loss()(torch.nn.Linear(1, 1)(torch.ones(samples, 1)), torch.zeros(samples, 1)).backward()

    assert found(lambda: fit(1)) == {"linear-grads-1x1"}
    assert not found(lambda: fit(4))


def test_a_gpt2_in_training_meets_none_of_them():
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_positions=64, n_embd=32, n_layer=1, n_head=2))
    ids = torch.arange(1, 13)[None]
    assert not found(lambda: model(ids, labels=ids).loss.backward())


def test_what_is_said_of_it_names_the_line_of_the_program():
    (finding,) = report_of(one_output).findings
    assert finding.op == "linear_backward" and ".backward()" in finding.user.code
    assert "output_mask: [True, False, False]" in finding.arguments
