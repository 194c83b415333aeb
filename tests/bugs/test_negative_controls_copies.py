"""Triggers about writes into a part of a tensor and copies: the user's call must match, a library's usual one must not."""

import pytest
import torch

from .matching import count
from .test_negative_controls_values import DEVICE

MASK = torch.zeros(16, dtype=torch.bool, device=DEVICE)
TOKENS = torch.zeros(4, 8, device=DEVICE)


def zero_gradients():
    """What an optimizer does between two steps: whole gradients are set to zero."""
    model = torch.nn.Linear(4, 2, device=DEVICE)
    model(torch.ones(1, 4, device=DEVICE)).sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.1).zero_grad(set_to_none=False)


def make_a_norm():
    """Parameters that a model fills when it is made: those of a norm, with ones and zeros."""
    torch.nn.LayerNorm(8, device=DEVICE).reset_parameters()


def identity_of_a_rnn():
    """Recurrent weights that start as identities, each a parameter of its own."""
    torch.nn.init.eye_(torch.nn.RNN(4, 4, device=DEVICE).weight_hh_l0)


CASES = {
    "eye-init-slice-noop": (
        lambda: torch.nn.init.eye_(torch.zeros(2, 3, 3, device=DEVICE)[1]),
        [identity_of_a_rnn, lambda: torch.eye(3, device=DEVICE), lambda: torch.eye(3, out=TOKENS.new_zeros(3, 3))],
    ),
    "fill-view-offset-not-written": (
        lambda: TOKENS[1:].fill_(1.0),
        [make_a_norm, zero_gradients, lambda: TOKENS[:, 1:].fill_(1.0), lambda: TOKENS[:2].fill_(1.0)],
    ),
    "slice-assign-0d-broadcast-no-effect": (
        lambda: TOKENS.__setitem__(slice(None), torch.tensor([4.0])[0]),
        [
            make_a_norm,
            lambda: TOKENS.__setitem__(slice(None), 4.0),
            lambda: TOKENS.__setitem__(slice(None), torch.tensor([4.0])),
            lambda: TOKENS.__setitem__((0, 0), torch.tensor(4.0)),
        ],
    ),
    "fill-bool-offset-view": (
        lambda: MASK[1:].fill_(True),
        [lambda: MASK[4:].fill_(True), lambda: MASK.fill_(True), lambda: TOKENS[1:].fill_(1.0), make_a_norm],
    ),
    "zero-on-element-view-zeroes-neighbour": (
        lambda: TOKENS[1].zero_(),
        [zero_gradients, make_a_norm, lambda: TOKENS[:, 1].zero_(), lambda: TOKENS[1].fill_(1.0)],
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_the_call_of_a_user_matches(slug):
    assert count(slug, CASES[slug][0], DEVICE) > 0


@pytest.mark.parametrize(
    "slug, number", [(slug, at) for slug, (_, others) in CASES.items() for at in range(len(others))]
)
def test_the_plain_call_of_a_library_does_not(slug, number):
    assert count(slug, CASES[slug][1][number], DEVICE) == 0
