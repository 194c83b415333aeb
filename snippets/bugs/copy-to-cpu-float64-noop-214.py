"""Copying an Apple GPU tensor into a float64 CPU tensor (`copy_`, `x.to("cpu", torch.float64)`) writes nothing.

The conversion runs on the GPU, whose kernel skips the store for a dtype that Metal does not have: float64, complex128
and a few rarer ones. `destination.copy_(x)` leaves the destination as it was; `x.to("cpu", torch.float64)` returns
fresh, unwritten memory, which often reads as zeros. Nothing is raised.

You meet it where metrics are taken in double precision on the CPU: losses, logit differences, activation statistics.
`x.cpu().double()` converts on the CPU and is right.

PyTorch 2.13.0 raised a `TypeError` for this call; 2.14.0 and a nightly of 2026-09-19 are wrong. The cure does not
convert, it raises again. The macOS wheel of 2.15.0 has it, that of 2.14.1 does not; both were read in their machine
code. The copy in 2.15.0 first looks up the Metal name of the destination's dtype, which fails for float64 and
complex128. Where the call raises, this snippet ends with that error: no bug there.
"""

BUG = {
    "issue": "pytorch/pytorch#197715",
    "kind": "wrong",
    "family": "copy",
    "introduced": {"version": "2.14", "basis": "thread"},
    "affected": ">=2.14,<2.15",
    "basis": {"seen": "thread", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#197722",
    "reported": [
        {
            "thread": "pytorch/pytorch#197715",
            "date": "2026-09-19",
            "torch": "2.14.0",
            "macos": "26.6.2",
            "chip": "M1 Pro",
            "figures": {"right": [0.3333, 0.6667, 1.0], "got": [0, 0, 0], "got_into_sevens": [7, 7, 7]},
        }
    ],
    "met_in": ['losses, logit differences and activation statistics taken with .to("cpu", torch.float64)'],
    "danger": 24,
    "trigger": [
        {"op": ["copy"], "when": ["self.device == cpu", "src.device == accel", "self.dtype in float64,complex128"]}
    ],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(64, generator=generator),)


def compute(device, x):
    # filled first: fresh memory could hold the right numbers by accident
    return torch.full(x.shape, 7.0, dtype=torch.float64).copy_(x.to(device))


def workaround(device, x):
    return x.to(device).cpu().double()


def control(device, x):
    return torch.full_like(x, 7.0).copy_(x.to(device))  # a destination of the same dtype


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
