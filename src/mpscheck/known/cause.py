"""What the repeated report of TransformerLens#1178 shows of its cause: one rule, for the job that repeats it and for the page.

For Python 3.9 and the standard library alone: the job asks it in the reporter's own environment.
"""

from __future__ import annotations

from mpscheck.runs import fitness

ON_DEVICE = ("as reported", "W_O packed", "use_attn_result")  # in the order in which they are measured
OPS = {"linear", "matmul", "softmax"}  # what all of them call
AS_REPORTED, CURES = "as reported", ("W_O packed", "use_attn_result")
ALLOWED = {"p_mary": 0.01, "ld": 0.1}  # more than rounding: in a probability, in a difference of logits
# One value stands for each of these in a result, and the page has a sentence for each.
FOUND = {
    "not shown": "not shown: the device agrees with the CPU even without a workaround, so the report is not reproduced here",
    "pytorch#161640": "pytorch#161640: the numbers are wrong as reported, and right with each of its two workarounds",
    "not separable": "not separable on this machine: its GPU failed, or calls that all variants make and that are known to be "
    "right are wrong here on their own, or nobody looked",
    "not alone": "not pytorch#161640 alone: the numbers stay wrong with a workaround for it, and calls that are known to be right "
    "are right here",
}


def cause(result: dict) -> str:
    """The word of FOUND for a result: from its four measurements and its canaries."""
    runs = result["runs"]
    if result["gpu_fault"] or fit_of(result).unfit:
        return "not separable"
    wrong = {name: differs(run, runs["the CPU"]) for name, run in runs.items()}
    if not wrong[AS_REPORTED]:
        return "not shown"
    if not any(wrong[cure] for cure in CURES):
        return "pytorch#161640"
    return "not separable" if failing(result) else "not alone"


def fit_of(result: dict) -> fitness.Fitness:
    """Whether the machine of a result was fit: the rule for runs, its measurements on the device being the records."""
    return fitness.fitness({"provenance": result["environment"], "records": ON_DEVICE, "canaries": result["canaries"]})


def failing(result: dict) -> list[str]:
    """What speaks against the machine of a result, one sentence each: a GPU that failed, calls that all variants make."""
    fit = fit_of(result)
    return [said for said in (result["gpu_fault"], fit.unfit) if said] + [why for ops, why in fit.failing if ops & OPS]


def differs(a: dict, b: dict) -> bool:
    """Whether two measurements differ by more than rounding does; NaN differs from everything."""
    far = (not abs(as_float(a[name]) - as_float(b[name])) <= allowed for name, allowed in ALLOWED.items())
    return a["top1"] != b["top1"] or any(far)


def as_float(value: float | str) -> float:
    """A number of a result: JSON has none for NaN and infinity, which stand there as words."""
    return float(value)


def number(value: float) -> float | str:
    """A number as a result holds it."""
    return value if abs(value) < float("inf") else {True: "inf", False: "-inf"}[value > 0] if value == value else "nan"


def line(device: str, run: dict) -> str:
    """One measurement in the format of the report."""
    p_mary, p_john, ld = (as_float(run[name]) for name in ("p_mary", "p_john", "ld"))
    return f"[{device.upper()}] P(Mary)={p_mary:.4f} P(John)={p_john:.4f} LD={ld:+.3f} Top1='{run['top1']}'"
