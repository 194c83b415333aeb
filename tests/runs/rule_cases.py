"""What the rule says of outputs whose verdict a reader can tell by eye; each place that holds the rule is asked."""

from dataclasses import dataclass

import torch

EPS = torch.finfo(torch.float32).eps
INF, NAN = float("inf"), float("nan")


@dataclass(frozen=True)
class Case:
    """Outputs of the device, of the CPU, of the CPU in float64. `by_cpu`: right or wrong against the CPU alone as well."""

    verdict: str
    got: tuple
    cpu: tuple
    exact: tuple
    by_cpu: bool = True


def normal(*size: int) -> torch.Tensor:
    """Random numbers of a fixed seed, float64, which float32 must round."""
    return torch.randn(size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def one(verdict: str, got, cpu, exact, dtype=torch.float32, **options) -> Case:
    """A case of one output; lists of numbers become tensors."""
    got, cpu = (t if isinstance(t, torch.Tensor) else torch.tensor(t, dtype=dtype) for t in (got, cpu))
    exact = exact if isinstance(exact, torch.Tensor) else torch.tensor(exact, dtype=torch.float64)
    return Case(verdict, (got,), (cpu,), (exact,), **options)


def changed(values: torch.Tensor, place, value) -> torch.Tensor:
    """A copy with another value at one place."""
    values = values.clone()
    values[place] = value
    return values


X = normal(1000)
LOW = X.float()
LONG = normal(300_000)
OUTLIER = changed(X * 0 + 1.1, 0, 1.1e4)
IDS = torch.arange(10) + 20_000_000  # such as places in a large tensor: float32 cannot tell them apart
COMPLEX = torch.complex(X, X.flip(0))
LAYER = normal(8, 64) * 1e4
DEVIATION = 1 / LAYER.std(-1)

CASES = {
    "rounded otherwise": one("agrees", LOW * (1 + 2 * EPS), LOW, X),
    "ten times the rounding": one("wrong", LOW + 30 * EPS, LOW, X),
    "a CPU that rounds more": one("agrees", LOW + 5e-4, LOW + 1e-4, X),
    "fifty times the error of such a CPU": one("wrong", LOW + 5e-3, LOW + 1e-4, X),
    "the CPU rounds nothing, nor does the device": one("agrees", [1.0, 2.0], [1.0, 2.0], [1.0, 2.0]),
    "the CPU rounds nothing, the device does": one("wrong", [1.0, 2 + 2 * EPS], [1.0, 2.0], [1.0, 2.0]),
    "one wrong value among many": one("wrong", changed(LONG.float(), 7, 0.0), LONG.float(), LONG),
    "one wrong value among many, bfloat16": one("wrong", changed(LONG.bfloat16(), 7, 2.0), LONG.bfloat16(), LONG),
    "small errors beside one huge value": one("wrong", OUTLIER.float() + 1e-3, OUTLIER.float(), OUTLIER),
    "overflow of float32, the CPU's own bits": one("agrees", [INF, 1.1], [INF, 1.1], [1e39, 1.1]),
    "overflow of float32, a finite number instead": one("wrong", [3e38, 1.1], [INF, 1.1], [1e39, 1.1]),
    "overflow of float16, the CPU's own bits": one("agrees", [INF, 1.1], [INF, 1.1], [7e4, 1.1], torch.float16),
    "the CPU overflows within, the device does not": one("agrees", [5.5, 1.1], [INF, 1.1], [5.5, 1.1], by_cpu=False),
    "NaN and infinity in their places": one("agrees", [NAN, INF, -INF, 1.1], [NAN, INF, -INF, 1.1], [NAN, INF, -INF, 1.1]),
    "a new NaN": one("nan", [NAN, 1.1], [2.2, 1.1], [2.2, 1.1]),
    "a number where NaN belongs": one("wrong", [0.0, 1.1], [NAN, 1.1], [NAN, 1.1]),
    "a new infinity": one("wrong", [INF, 1.1], [2.2, 1.1], [2.2, 1.1]),
    "the other infinity": one("wrong", [-INF, 1.1], [INF, 1.1], [INF, 1.1]),
    "NaN in float64 alone, the CPU's own bits": one("agrees", [2.2, 1.1], [2.2, 1.1], [NAN, 1.1]),
    "NaN in float64 alone, another number": one("wrong", [3.3, 1.1], [2.2, 1.1], [NAN, 1.1]),
    "all NaN, as on the CPU": one("agrees", [NAN, NAN], [NAN, NAN], [NAN, NAN]),
    "too small for a normal number, flushed to zero": one("agrees", [0.0, 0.0], [1e-40, 2e-39], [1e-40, 2e-39]),
    "half, rounded otherwise": one("agrees", LOW.half() * (1 + 2**-9), LOW.half(), X),
    "half, small numbers": one("wrong", LOW.half() * 1e-4 * 1.5, LOW.half() * 1e-4, X * 1e-4),
    "bfloat16, rounded otherwise": one("agrees", LOW.bfloat16() * (1 + 2**-7), LOW.bfloat16(), X),
    "float64, a copy": one("agrees", X, X, X),
    "float64, a copy that is another": one("wrong", changed(X, 3, 7.0), X, X),
    "complex, rounded otherwise": one("agrees", COMPLEX.to(torch.complex64) * (1 + EPS), COMPLEX.to(torch.complex64), COMPLEX),
    "complex, an imaginary part": one("wrong", changed(COMPLEX.to(torch.complex64), 3, 1j), COMPLEX.to(torch.complex64), COMPLEX),
    "whole numbers": one("agrees", IDS, IDS, IDS),
    "a whole number off by one": one("wrong", changed(IDS, 3, IDS[4]), IDS, IDS),
    "whole numbers past 2**53": one("wrong", torch.tensor([2**60 + 1]), torch.tensor([2**60]), torch.tensor([2**60])),
    "a whole number that rounding decides": one(
        "agrees", torch.tensor([3]), torch.tensor([2]), torch.tensor([3]), by_cpu=False
    ),
    "truth values": one("agrees", torch.tensor([True, False]), torch.tensor([True, False]), torch.tensor([True, False])),
    "a wrong truth value": one("wrong", torch.tensor([True, True]), torch.tensor([True, False]), torch.tensor([True, False])),
    "empty": one("agrees", torch.zeros(0, 3), torch.zeros(0, 3), torch.zeros(0, 3).double()),
    "empty, another shape": one("wrong", torch.zeros(0, 4), torch.zeros(0, 3), torch.zeros(0, 3).double()),
    "no dimension": one("agrees", LOW[0], LOW[0], X[0]),
    "no dimension, wrong": one("wrong", LOW[0] + 1, LOW[0], X[0]),
    "another shape": one("wrong", LOW[:999], LOW, X),
    "another shape, as many values": one("wrong", LOW.view(10, 100), LOW, X),
    "another dtype": one("wrong", X, LOW, X),
    "ids off by one beside float32 values": Case("wrong", (LOW, changed(IDS, 3, IDS[4])), (LOW, IDS), (X, IDS)),
    "ids right beside float32 values": Case("agrees", (LOW * (1 + EPS), IDS), (LOW, IDS), (X, IDS)),
    "ten times too large beside a large output": Case(
        "wrong", (LAYER.float(), DEVIATION.float() * 10), (LAYER.float(), DEVIATION.float()), (LAYER, DEVIATION)
    ),
    "exact beside rounded": Case("wrong", (LOW, torch.tensor([1 + EPS])), (LOW, torch.ones(1)), (X, torch.ones(1).double())),
    "an output less": Case("wrong", (LOW,), (LOW, LOW), (X, X)),
    "an output more": Case("wrong", (LOW, LOW), (LOW,), (X,)),
}  # fmt: skip
