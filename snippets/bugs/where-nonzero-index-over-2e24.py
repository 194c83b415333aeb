"""`torch.nonzero` gives wrong positions once they pass 16,777,216 (2**24).

A larger odd position comes back as its even neighbour, and from 2**25 on only multiples of four are right. The number
of hits is right and nothing is raised. `torch.where(condition)` with one argument and `torch.argwhere` call `nonzero`
and are wrong too.

You hit it when you search a long flat tensor, such as all (token, latent) activations of a sparse autoencoder in one
row: a feature is credited to a neighbour. Search parts of less than 2**24 elements, and add the start of each on the
CPU. All reports are about one-dimensional tensors; that a matrix with short sides is hit is not known.

PyTorch 2.5.0 hands tensors of 2**24 elements or more to the CPU (pytorch#126188), but only below macOS 15, as its
macOS wheel shows. From macOS 15 on it still calls the operation of Apple's framework that 2.4.0 calls, and 2.4.0 was
wrong on macOS 15.1; whether Apple has fixed it since is not known. PyTorch 2.12 has a kernel of its own
(pytorch#178484).

The positions go through float32, which holds every whole number only up to 2**24 (pytorch#123024 names this for the
code of early 2024).
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
    "met_in": ["torch.where(condition), torch.argwhere and nonzero on one row of more than 2**24 activations (judged)"],
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


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU
        outputs = function(*where, *[precision(t.float() if t.is_floating_point() else t) for t in inputs()])
        return [t.detach().cpu() for t in (outputs if isinstance(outputs, tuple) else (outputs,))]

    def error_ratio(got, cpu, exact):  # the device's error over the CPU's; infinite where no rounding explains it
        right = torch.stack([(got == t) | (got.isnan() & t.isnan()) for t in (cpu, exact.to(cpu.dtype))]).any(0)
        kind, got, cpu, exact = got.dtype, wide(got), wide(cpu), wide(exact)
        exact = torch.where(exact.isfinite(), exact, cpu)
        rounds = kind.is_floating_point or kind.is_complex
        here, there = (t.isfinite() & exact.isfinite() & rounds for t in (cpu, got))
        if not (right | there).all() or not there.any():
            return 0.0 if right.all() else float("inf")
        sizes = (torch.where(ok, t.abs(), 0.0) for t, ok in ((got - exact, there), (cpu - exact, here), (exact, here)))
        error, own, size = (torch.stack([t.square().mean().sqrt(), t.max()]) for t in sizes)  # RMS and largest
        rounding = torch.maximum(own, torch.finfo(kind).eps * size).clamp(min=2**-126) if own.any() else own
        return (error / rounding).nan_to_num(0.0, float("inf")).max().item()  # where the CPU is exact, all must be

    found = {}
    for function in (compute, control, workaround):
        cpu, exact = run(function, "cpu"), run(control if function is control else compute, "cpu", precision=wide)
        try:
            got = run(function, device)
        except Exception as error:
            found[function], said = "ERROR", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            alike = [(t.shape, t.dtype) for t in got] == [(t.shape, t.dtype) for t in cpu]
            ratios = [error_ratio(*outputs) for outputs in zip(got, cpu, exact)] if alike else [float("inf")]
            found[function] = "WRONG" if max(ratios) > 10 else "agrees"
            said = f"error ratio {', '.join(f'{ratio:.3g}' for ratio in ratios)}, 10 allowed"  # one for each output
        print(f"  {function.__name__:10} {said}: {found[function]}")
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
