"""Triggers about integers, mixed dtypes and special numbers: the user's call must match, an ordinary one must not.

Only ops that none of the recorded library models calls; of the others the recordings are the negative control.
"""

import pytest
import torch

from .matching import count

BYTES = torch.tensor([16, 255], dtype=torch.uint8)
WHOLE = torch.tensor([1, 2**25])
REAL = torch.tensor([0.5, -2.0])
COMPLEX = torch.complex(REAL, REAL)
NAN = torch.tensor([float("nan"), 1.0])


def step_of_adam():
    """A step of Adam, which multiplies and adds its running squares in one call."""
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.grad = torch.ones(3)
    torch.optim.Adam([parameter], foreach=False).step()


def rates_of_stochastic_depth():
    """The rates that vision models draw for dropping layers: evenly spaced floats."""
    torch.linspace(0, 0.1, 12).tolist()


def sums_modulo_a_prime():
    """The data set of a grokking experiment: all sums modulo 113."""
    numbers = torch.arange(113)
    (numbers[:, None] + numbers) % 113


def fourier_layer_of_fnet():
    """The mixing of tokens in FNet, which takes the real part of a spectrum."""
    from transformers import FNetConfig, FNetModel

    sizes = dict(vocab_size=8, hidden_size=8, num_hidden_layers=1, intermediate_size=8)
    FNetModel(FNetConfig(**sizes))(torch.ones(1, 5).long())


def upper_weights(packed):
    """Two 4-bit weights lie in a byte: the upper ones, through whole numbers as wide as those of the tensor."""
    return packed.to(torch.int32) >> 4


CASES = {  # the user's calls, then ordinary ones that must not match
    "rshift-uint8": (
        [lambda: BYTES >> 4, lambda: torch.bitwise_right_shift(BYTES, 1)],
        [lambda: upper_weights(BYTES), lambda: BYTES & 15, lambda: BYTES[:1] >> 4, lambda: BYTES[1] >> 4],
    ),
    "shift-scalar-by-tensor": (
        [lambda: 1 << WHOLE, lambda: 255 >> WHOLE, lambda: torch.tensor(1) << WHOLE],
        [lambda: WHOLE << 1, lambda: WHOLE >> WHOLE, lambda: torch.ones_like(WHOLE) << WHOLE],
    ),
    "linspace-integer-endpoints": (
        [lambda: torch.linspace(0, 47.5, 5, dtype=torch.int64), lambda: torch.linspace(0.5, 9, 5, dtype=torch.int32)],
        [rates_of_stochastic_depth, lambda: torch.linspace(0, 47, 5, dtype=torch.int64)],
    ),
    "addcmul-integer": (
        [lambda: torch.addcmul(WHOLE, WHOLE, WHOLE)],
        [step_of_adam, lambda: WHOLE + 2 * WHOLE * WHOLE],
    ),
    "copysign-python-scalar-ignored": (
        [lambda: torch.copysign(REAL, -2.0)],
        [lambda: torch.copysign(REAL, -REAL), lambda: REAL.sign() * 2.0],
    ),
    "fmax-fmin-mixed-dtypes": (
        [lambda: torch.fmax(REAL, REAL.half()), lambda: torch.fmin(REAL.half(), REAL)],
        [lambda: torch.fmax(REAL, REAL), lambda: torch.maximum(REAL, REAL.half())],
    ),
    "integer-remainder-via-float": (
        [lambda: WHOLE % 113, lambda: torch.fmod(-WHOLE, 7)],
        [sums_modulo_a_prime, lambda: WHOLE.float() % 113],
    ),
    "conj-imag": (
        [lambda: COMPLEX.conj().imag],
        [fourier_layer_of_fnet, lambda: COMPLEX.imag, lambda: COMPLEX.conj().real, lambda: COMPLEX.conj() * COMPLEX],
    ),
    "hypot-overflow-nan": (
        [lambda: torch.hypot(REAL, REAL * 1e20), lambda: torch.hypot(-REAL * 1e20, REAL)],
        [lambda: torch.hypot(REAL, REAL), lambda: torch.linalg.vector_norm(REAL * 1e20)],
    ),
    "nextafter-bf16-noop": (
        [lambda: torch.nextafter(REAL.bfloat16(), REAL.bfloat16() + 1)],
        [lambda: torch.nextafter(REAL, REAL + 1)],
    ),
    "nextafter-negative": (
        [lambda: torch.nextafter(REAL, REAL - 1)],
        [lambda: torch.nextafter(REAL.abs(), REAL - 1)],
    ),
    "nextafter-zero-flush": (
        [lambda: torch.nextafter(torch.zeros(1), torch.ones(1))],
        [lambda: torch.nextafter(REAL, REAL + 1)],
    ),
    "int32-scalar-add": (
        [lambda: WHOLE.int() + 5],
        [lambda: WHOLE.int() * 2.0, lambda: WHOLE + 5],  # the first becomes float32
    ),
    "hardsigmoid-nan-to-zero": (
        [lambda: torch.nn.functional.hardsigmoid(NAN)],
        [lambda: torch.nn.Hardsigmoid()(REAL), lambda: torch.nn.Sigmoid()(NAN)],
    ),
    "softshrink-nan-to-zero": (
        [lambda: torch.nn.functional.softshrink(NAN)],
        [lambda: torch.nn.Softshrink()(REAL), lambda: torch.nn.LeakyReLU()(NAN)],
    ),
}


@pytest.mark.parametrize("slug, number", [(slug, at) for slug in CASES for at in range(len(CASES[slug][0]))])
def test_the_call_of_a_user_matches(slug, number):
    assert count(slug, CASES[slug][0][number]) == 1


@pytest.mark.parametrize("slug, number", [(slug, at) for slug in CASES for at in range(len(CASES[slug][1]))])
def test_an_ordinary_call_does_not(slug, number):
    assert count(slug, CASES[slug][1][number]) == 0
