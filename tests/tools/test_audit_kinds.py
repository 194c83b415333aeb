"""What a trigger may ask of a call, each kind on a CPU and at both levels: the audit sees it, and its neighbour not."""

import pytest
import torch
import torch.nn.functional as F

from mpscheck.bugs import catalogue, recorder
from mpscheck.tools import bundle
from mpscheck.tools.audit import Report
from mpscheck.tools.known import read_known

X, ROWS = torch.ones(1, 1, 8, 8), torch.ones(3, 8)
KERNEL = torch.ones(1, 1, 3, 3)


def lstm(pick, **options):
    output, (hidden, cell) = torch.nn.LSTM(4, 3, **options)(torch.ones(5, 2, 4))
    pick(output, hidden, cell).sum().backward()


def weight():
    return torch.ones(3, 8, requires_grad=True)


KINDS = {  # kind: op, conditions, a call that has them, the nearest one that has not
    "truth value": (
        "max_pool2d",
        ["ceil_mode.value == true"],
        lambda: F.max_pool2d(X, 2, ceil_mode=True),
        lambda: F.max_pool2d(X, 2),
    ),
    "one number for two": (
        "max_pool2d",
        ["kernel_size.value.1 == 2"],
        lambda: F.max_pool2d(X, 2),
        lambda: F.max_pool2d(X, 3),
    ),
    "two numbers": (
        *("conv2d", ["stride.value.0 != stride.value.1"]),
        lambda: F.conv2d(X, KERNEL, stride=(2, 1)),
        lambda: F.conv2d(X, KERNEL, stride=2),
    ),
    "the last of two": (
        *("conv_transpose2d", ["output_padding.value.1 == 1"]),
        lambda: F.conv_transpose2d(X, KERNEL, stride=2, output_padding=1),
        lambda: F.conv_transpose2d(X, KERNEL, stride=2),
    ),
    "word": ("gelu", ["approximate.value == tanh"], lambda: F.gelu(X, approximate="tanh"), lambda: F.gelu(X)),
    "fraction": ("mul", ["other.value == 2.5"], lambda: X * 2.5, lambda: X * 2.0),
    "default": ("add", ["alpha.value == 1"], lambda: X + X, lambda: torch.add(X, X, alpha=2)),
    "number for a tensor": ("where", ["other.tensor == false"], lambda: X.where(X > 0, 0.0), lambda: X.where(X > 0, X)),
    "not given": ("clamp", ["max.given == false"], lambda: X.clamp(min=0), lambda: X.clamp(0, 1)),
    "dtype asked for": ("sum", ["dtype.value == float16"], lambda: X.sum(dtype=torch.float16), lambda: X.sum()),
    "dtypes of two": ("add", ["self.dtype != other.dtype"], lambda: X + X.double(), lambda: X + X),
    "product of sizes": (
        "matmul",
        ["self.numel * self.itemsize == 256"],
        lambda: X @ X,
        lambda: X.double() @ X.double(),
    ),
    "ratio of sizes": ("matmul", ["self.numel / self.size.-1 == 8"], lambda: X @ X, lambda: ROWS @ ROWS.T),
    "sizes of two": ("matmul", ["other.size.-1 > self.size.-1"], lambda: ROWS[:, :2] @ ROWS[:2], lambda: ROWS @ ROWS.T),
    "size by a number": ("softmax", ["self.size.dim == 8"], lambda: ROWS.softmax(-1), lambda: ROWS.softmax(0)),
    "one of a list": (
        "cat",
        ["tensors.size.0 == 3"],
        lambda: torch.cat([X[0, 0], ROWS]),
        lambda: torch.cat([X[0, 0]] * 2),
    ),
    "gradient of mps alone": (
        *("linear_backward", ["output_mask.value.1 == true"]),
        lambda: F.linear(ROWS, weight()).sum().backward(),
        lambda: F.linear(weight(), ROWS).sum().backward(),
    ),
    "gradient of the second result": (
        *("lstm_mps_backward", ["grad_hy.given == true", "batch_first.value == true"]),
        lambda: lstm(lambda output, hidden, cell: hidden[-1], batch_first=True),
        lambda: lstm(lambda output, hidden, cell: output, batch_first=True),
    ),
    "gradient of a pooling": (
        *("max_pool2d_backward", ["kernel_size.value.0 == 2"]),
        lambda: F.max_pool2d(X.clone().requires_grad_(), 2).sum().backward(),
        lambda: F.max_pool2d(X.clone().requires_grad_(), 3).sum().backward(),
    ),
    "gradient that all devices have": (
        *("silu_backward", ["grad_output.layout != contiguous"]),
        lambda: F.silu(weight()).sum().backward(),
        lambda: F.silu(weight()).square().sum().backward(),
    ),
}


def found(op: str, when: list[str], program, level: str) -> int:
    """How many calls match."""
    entry = bundle.entries(catalogue.with_check()[:1])[0]
    known = read_known([{**entry, "triggers": [{"op": [op], "when": when}]}])
    report = Report(known, None, None, ".", "a program", level)
    with recorder.around(report.handle, level):
        program()
    assert {finding.doubt for finding in report.findings} <= {None}
    return sum(finding.count for finding in report.findings)


@pytest.mark.parametrize("level", [recorder.PRE_DISPATCH, recorder.TWO_MODES])
@pytest.mark.parametrize("kind", KINDS)
def test_a_call_is_seen_with_what_a_trigger_may_ask_of_it(kind, level):
    op, when, program, neighbour = KINDS[kind]
    assert found(op, when, program, level) == 1
    assert found(op, when, neighbour, level) == 0
