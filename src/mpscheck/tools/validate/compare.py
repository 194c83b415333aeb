"""Is one tensor of the device wrong? Its error, and the CPU's, are both measured against the CPU in float64."""

from __future__ import annotations

import torch

ALLOWED_RATIO = 10  # calibrated on healthy devices with other arithmetic than the CPU's: see the page on numerics


def compare(got, cpu, exact):
    """Return (verdict, margin, words) for one tensor of the device; `exact` is the CPU's answer in float64."""
    got = got.detach().cpu()  # pytorch#197715: never .to("cpu", float64)
    cpu, exact = cpu.detach(), exact.detach().double()
    if got.shape != cpu.shape:
        return "disagrees", None, f"shape {tuple(got.shape)}, on the CPU {tuple(cpu.shape)}"
    odd = [~t.isfinite() for t in (got, cpu)]
    if not torch.allclose(*(t[odd[0] | odd[1]].double() for t in (got, cpu)), equal_nan=True):
        return "disagrees", None, "NaN or Inf: {}, on the CPU {}".format(*(int(o.count_nonzero()) for o in odd))
    finite = ~odd[1] & exact.isfinite()
    if not finite.any():
        return "could not check", None, "the CPU itself gives no finite number"
    rms = lambda t: torch.where(finite, t, 0).norm().item() / int(finite.sum()) ** 0.5  # noqa: E731
    limits = torch.finfo(cpu.dtype if cpu.is_floating_point() else torch.float64)
    of_cpu = max(rms(cpu.double() - exact), limits.eps * rms(exact), limits.tiny)
    error, allowed = rms(got.double() - exact), ALLOWED_RATIO * of_cpu
    if error <= allowed and of_cpu > 0.1 * rms(exact) > 0 and cpu.dtype is torch.float32:
        return "could not check", None, f"in float64 the CPU gives other numbers, {of_cpu:.3g} away: no reference"
    return "agrees" if error <= allowed else "disagrees", error / allowed, f"error {error:.3g}, {allowed:.3g} allowed"
