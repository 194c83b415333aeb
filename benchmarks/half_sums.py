"""Which sums in half types does validate_mps.py find, and how much do other roundings of the CPU change?

    python benchmarks/half_sums.py [--seeds 3] [--models …]

On the emulated device, with the models of `calibrate_ratio.py`: the largest error ratios of the checks float16 and bfloat16
where products are added in float32 and cut to the half type three times (healthy, as `MPSCHECK_EMU=honest`), and where
they are cut at each step (found, if the check disagrees). Then how far `Shaken`, one rounding of it, is from float64, as a
multiple of the CPU's own error: what joins the baseline where a device differs.
"""

import argparse
import os
import sys

os.environ["MPSCHECK_EMU"] = "1"

import calibrate_ratio
import torch

sys.path.insert(0, str(calibrate_ratio.ROOT / "snippets"))
import validate_mps as tool

from mpscheck.emulation import honest, kernels

HALF = {"float16": torch.float16, "bfloat16": torch.bfloat16}


def added(pieces: int | None):
    """A product in which the sum is cut to the half type between so many pieces; None: at each of its terms."""

    def matmul(a, b):
        if a.dtype not in HALF.values():
            return torch.matmul(a, b)
        step = max(1, -(-a.shape[-1] // pieces)) if pieces else 1
        total = None
        for part in (slice(at, at + step) for at in range(0, a.shape[-1], step)):
            more = torch.matmul(a[..., part].float(), (b[..., part, :] if b.ndim > 1 else b[part]).float())
            total = (more if total is None else total.float() + more).to(a.dtype)
        return total

    return matmul


def install(matmul) -> None:
    """Let the emulated device make all its products so."""
    honest.matmul = matmul
    names = ("addmm", "baddbmm", "linear", "scaled_dot_product_attention")
    kernels.HOST.update({name: honest.HOST_FUNCTIONS[name] for name in names} | dict.fromkeys(("mm", "bmm"), matmul))


def checks(model, batch) -> str:
    """Of each half type the largest ratio, and a mark where the check disagrees."""
    run, said = tool.Run(model.eval(), None, "emu", [batch], None, []), []
    for name in HALF:
        check = tool.outcome(run, name)
        limit = tool.HALF_RATIO if "(RMS)" in check.text else tool.ALLOWED_RATIO
        ratio = "?" if check.margin is None else f"{check.margin * limit:.2f}"
        said.append(ratio + (" found" if check.verdict == "disagrees" else ""))
    return ", ".join(said)


def shaken(model, batch) -> list[str]:
    """The error of one rounding of `Shaken` over the CPU's, by RMS of the first output, in float32 and in bfloat16."""
    found = []
    for dtype in (torch.float32, torch.bfloat16):
        low = tool.copy_to(model.eval(), "cpu", dtype)
        inputs = tool.changed(batch, lambda t, dtype=dtype: t.to(dtype) if t.is_floating_point() else t)
        run = tool.Run(low, None, "cpu", [inputs], None, [])
        with torch.no_grad():
            exact, cpu, *others = (
                run.once(tool.logits, low, inputs, mode=mode)[0].double()
                for mode in (tool.Float64(), None, *map(tool.Shaken, range(tool.SHAKES)))
            )
        largest = max((other - exact).square().mean().sqrt() for other in others) / tool.SHAKE
        found.append(f"{largest / (cpu - exact).square().mean().sqrt():.2f}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=list(calibrate_ratio.MODELS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.models:
        for seed in range(options.seeds):
            model, _, (batch, *_) = calibrate_ratio.load(name, seed)
            said = []
            for pieces in (4, None):
                install(added(pieces))
                said.append(checks(model, batch))
            print(
                f"{name}: cut three times {said[0]}; each time {said[1]}; other roundings {', '.join(shaken(model, batch))}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
