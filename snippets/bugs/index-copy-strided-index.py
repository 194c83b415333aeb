"""`index_copy` reads an index with gaps as if it were contiguous.

The kernel knows the strides of the destination and of the source, but not those of the index. An index that is a view
with gaps (`positions[::2]`, one column of a table of positions) is read from its first element onwards without them, so
rows are written to positions that lie between the wanted ones in memory. The positions exist; nothing is raised.

You meet it when activations are written back at positions that are themselves a view. An index from `arange`, or any
other contiguous one, is not touched.

The kernel came with PyTorch 2.8.0: in that version's macOS wheel it takes no strides of the index, in 2.9.0's it does.
"""

BUG = {
    "issue": "pytorch/pytorch#160993",
    "also": ["pytorch/pytorch#154326"],
    "kind": "wrong",
    "family": "indexing",
    "introduced": {"version": "2.8", "basis": "release notes"},
    "affected": ">=2.8,<2.9",
    "basis": {"seen": "wheel", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#161333",
    "reported": [
        {"thread": "pytorch/pytorch#160993", "date": "2025-08-19", "figures": {"wrong": "60 of 100", "max_abs": 15.18}}
    ],
    "met_in": ["activations written back at every k-th position", "positions taken as one column of an index table"],
    "trigger": [{"op": ["index_copy"], "when": ["index.layout == sliced"]}],
    "effect": "ignores-strides(index)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    residual = torch.randn(16, 8, generator=generator)
    patch = torch.randn(8, 8, generator=generator)
    positions = torch.randperm(16, generator=generator)  # each once: no two rows compete for a place
    return residual, patch, positions


def compute(device, residual, patch, positions):
    index = positions.to(device)[::2]  # shape (8,), stride 2: a view with gaps
    return torch.index_copy(residual.to(device), 0, index, patch.to(device))


def workaround(device, residual, patch, positions):
    index = positions.to(device)[::2].contiguous()
    return torch.index_copy(residual.to(device), 0, index, patch.to(device))


def control(device, residual, patch, positions):
    index = positions.to(device)[:8]  # a view without gaps
    return torch.index_copy(residual.to(device), 0, index, patch.to(device))


# The lines below are the same in every snippet: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    try:
        torch.ones(1, device=device)
    except Exception:
        sys.exit(f"COULD NOT RUN: this torch sees no device {device!r}; on a Mac see torch.backends.mps.is_available()")

    def run(function, where, upcast=False):  # all outputs of a function as one vector on the CPU
        outputs = function(where, *(t.double() if upcast and t.is_floating_point() else t for t in inputs()))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return torch.cat([t.detach().cpu().flatten() for t in outputs])

    def agrees(function, reference):
        got, cpu, exact = run(function, device), run(function, "cpu"), run(reference, "cpu", upcast=True).double()

        def rms_error(values):  # equal infinities, and NaN where NaN belongs, are no error
            same = (values == exact) | (values.isnan() & exact.isnan())
            return torch.where(same, 0.0, values.double() - exact).square().mean().sqrt().item()

        eps = torch.finfo(cpu.dtype).eps if cpu.is_floating_point() else 0.0
        floor = eps * exact[exact.isfinite()].square().mean().sqrt().item()
        allowed = 10 * max(rms_error(cpu), floor) if rms_error(cpu) else 0.0  # where the CPU is exact, so is a device
        right = got.shape == exact.shape and rms_error(got) <= allowed
        error = rms_error(got) if got.shape == exact.shape else float("inf")
        word = "agrees" if right else "WRONG"
        print(f"  {function.__name__:10} error {error:.3g} on {device}, {allowed:.3g} allowed: {word}")
        return right

    right = agrees(compute, compute)
    agrees(control, control)
    if "workaround" in globals():
        agrees(workaround, compute)
    print(f"{'AGREES' if right else 'WRONG'}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if right else 3)
