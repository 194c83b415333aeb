"""`torch.nonzero` gives wrong positions once they pass 16,777,216 (2**24).

The positions go through float32, which holds every whole number only up to 2**24. A larger odd position comes back as
its even neighbour, and from 2**25 on only multiples of four are right (pytorch#123024 names the cause for the code of
early 2024). The number of hits is right and nothing is raised. `torch.where(condition)` with one argument and
`torch.argwhere` go through `nonzero` and are wrong with it.

You meet it when you search a long flat tensor, such as all (token, latent) activations of a sparse autoencoder in one
row: a feature is credited to a neighbour. All reports are about one-dimensional tensors. Whether the positions of a
larger matrix suffer as long as each of its sides is short is not said in any thread.

PyTorch 2.5.0 hands tensors of 2**24 elements or more to the CPU (pytorch#126188), but only below macOS 15, as its macOS
wheel shows. From macOS 15 on it still calls the operation of Apple's framework that 2.4.0 calls, and 2.4.0 was wrong on
macOS 15.1; no thread says whether Apple has cured it since. PyTorch 2.12 has a kernel of its own (pytorch#178484).
"""

BUG = {
    "issue": "pytorch/pytorch#122916",
    "also": ["pytorch/pytorch#122233", "pytorch/pytorch#123024", "pytorch/pytorch#140570", "pytorch/pytorch#178484"],
    "kind": "wrong",
    "family": "large",
    "affected": ">=2.4,<=2.4.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#126188",
    "reported": [
        {
            "thread": "pytorch/pytorch#140570",
            "date": "2024-11-13",
            "torch": "2.4.0",
            "macos": "15.1",
            "chip": "M1",
            "figures": {"position_cpu": 47102619, "position_mps": 47102620},
        }
    ],
    "met_in": ["torch.where(condition), torch.argwhere and nonzero on one row of more than 2**24 activations"],
    "danger": 36,
    "trigger": [{"op": ["nonzero"], "when": ["self.numel > 16777216"]}],
    "effect": "rounds(result, float32)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    positions = torch.randint(2**24 - 1_000_000, 2**24 + 1_000_000, (200,), generator=generator)
    mask = torch.zeros(18_000_000, dtype=torch.bool)
    mask[positions] = True  # 200 hits: half of them above 2**24, and half of those odd
    return (mask,)


def compute(device, mask):
    return torch.nonzero(mask.to(device)).flatten()


def workaround(device, mask):
    mask = mask.to(device)
    found, chunk = [], 2**23
    for start in range(0, mask.numel(), chunk):
        part = mask[start : start + chunk].clone()  # short enough for exact positions
        found.append(torch.nonzero(part).flatten().cpu() + start)  # added on the CPU, where int64 is exact
    return torch.cat(found).to(device)


def control(device, mask):
    return torch.nonzero(mask.to(device)[: 2**24]).flatten()  # the largest size below the limit


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
