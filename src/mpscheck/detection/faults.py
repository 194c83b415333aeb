"""The faults of the detection table: the catalogue's own, reported ones that no snippet runs yet, and general ones.

The reported ones are those of the index (`catalogue/reported.jsonl`) that a GPT-2 meets and whose effect the thread says
or implies; how each is imitated is ours. The general ones are chosen so that each check of `validate_mps.py` has faults
to see that other checks do not, and so that what a look at one prompt lets pass is shown.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch.utils import _pytree as pytree

from mpscheck.bugs import catalogue
from mpscheck.bugs import effect as words
from mpscheck.bugs.trigger import Call
from mpscheck.emulation.effects import each
from mpscheck.emulation.faults import Fault, Imitation, fault, made, of_bug
from mpscheck.emulation.firing import right_result

# ---- effects: how a result is wrong; each gives an imitation ------------------------------------------------------


def noisy(size: float) -> Imitation:
    """Relative noise of this size on the result, another at each call."""
    generator = torch.Generator().manual_seed(0)

    def imitate(call, run):
        right = run(call.args)
        drawn = torch.randn(right.shape, generator=generator).to(right.device, right.dtype)
        return right * (1 + size * drawn)

    return imitate


def narrowed(dtype: torch.dtype) -> Imitation:
    """The arguments rounded to a narrower dtype."""

    def narrow(value):
        floating = isinstance(value, torch.Tensor) and value.is_floating_point()
        return value.to(dtype).to(value.dtype) if floating else value

    return lambda call, run: run({name: narrow(value) for name, value in call.args.items()})


def stale(every: int = 1) -> Imitation:
    """At each `every`-th call the result of the one before, of the same shape and dtype: a buffer used again too early."""
    last: dict[tuple, torch.Tensor] = {}
    count = 0

    def imitate(call, run):
        nonlocal count
        count += 1
        right = run(call.args)
        kind = (right.dtype, *right.shape)
        before = last.get(kind, right)
        last[kind] = right
        return before if count % every == 0 else right

    return imitate


def at(index: tuple, value: float | None = None, factor: float = 0.0) -> Imitation:
    """A part of the result, by its index, takes a value, or is multiplied."""

    def imitate(call, run):
        wrong = run(call.args).clone()
        if value is None:
            wrong[index] = wrong[index] * factor
        else:
            wrong[index] = value
        return wrong

    return imitate


def shifted_ids(call: Call, run):
    """Each id finds the row of the one before."""
    return run(call.args | {"weight": call.args["weight"].roll(1, 0)})


def first_index(call: Call, run):
    """The first index, whatever the values."""
    return torch.zeros_like(run(call.args))


def keys_past_the_end(call: Call, run):
    """Keys and values are read up to the next multiple of 32, where the memory holds zeros."""
    missing = -call.args["key"].shape[-2] % 32
    if call.args.get("attn_mask") is not None or call.args.get("is_causal") or call.args["query"].shape[-2] > 8:
        return run(call.args)
    longer = {name: torch.nn.functional.pad(call.args[name], (0, 0, 0, missing)) for name in ("key", "value")}
    return run(call.args | longer)


# ---- the faults ---------------------------------------------------------------------------------------------------


def of_report(slug: str, effect: str | Imitation, op: list[str] | None = None, when: list[str] | None = None) -> Fault:
    """The fault of a bug of the index: with the trigger drafted there, or with the one given here."""
    if op:
        return fault(slug, op, effect, when)
    bug = next(bug for bug in catalogue.all_bugs() if bug.slug == slug)
    return made(slug, bug.triggers, effect if callable(effect) else words.parse(effect))


SDPA = ["scaled_dot_product_attention"]
SOFTMAX = ["softmax", "_softmax"]


def reported_faults() -> list[Fault]:
    """Imitations of reported bugs; those that have become snippets are left to the catalogue."""
    found = [
        of_report("cat-noncontiguous-inputs-misplaced", "ignores-strides(tensors)"),
        of_report("sdpa-vector-partial-block-oob", keys_past_the_end, SDPA, ["query.size.-1 in 64,96,128"]),
        of_report("sum-sliced-tensor", "ignores-strides(self)"),
        of_report("argmax-amd-zero", first_index, ["argmax"]),
    ]  # fmt: skip
    mended = {bug.slug for bug in catalogue.with_check()}
    return [one for one in found if one.slug not in mended]


def general_faults() -> list[Fault]:
    """One of each kind, with state of their own (noise, buffers) as new."""
    return [
        # the whole forward pass, more or less
        fault("tanh-in-half", ["tanh"], narrowed(torch.float16)),
        fault("softmax-in-half", SOFTMAX, narrowed(torch.float16)),
        fault("softmax-sums-to-0.97", SOFTMAX, "scales(result, 0.97)"),
        fault("layer-norm-ignores-bias", ["layer_norm"], "drops(bias)"),
        fault("layer-norm-eps-0.01", ["layer_norm"], "sets(eps, 0.01)"),
        fault("addmm-drops-bias", ["addmm"], "sets(beta, 0)"),
        fault("addmm-noise-1-percent", ["addmm"], noisy(0.01)),
        fault("linear-halves-result", ["linear"], "scales(result, 0.5)"),
        fault("embedding-off-by-one", ["embedding"], shifted_ids),
        fault("attention-scale-1", SDPA, "sets(scale, 1.0)"),
        fault("attention-not-causal", SDPA, "sets(is_causal, false)"),
        fault("matmul-last-column-zero", ["matmul"], at((..., -1))),
        # some items or positions
        fault("linear-second-sequence-zero", ["linear"], at((slice(1, None),)), ["result.ndim >= 3"]),
        fault("linear-nan-at-first-position", ["linear"], at((slice(None), 0), float("nan")), ["result.ndim >= 3"]),
        fault("linear-wrong-before-last-position", ["linear"], at((slice(None), slice(-1)), factor=1.1), ["result.ndim >= 3", "result.size.-2 > 1"]),
        # what one check alone does
        fault("argmax-first-index", ["argmax"], first_index),
        fault("softmax-of-two-dimensions", SOFTMAX, "scales(result, 0.9)", ["self.ndim == 2"]),
        fault("softmax-of-four-dimensions", SOFTMAX, "scales(result, 0.9)", ["self.ndim == 4"]),
        fault("copy-into-slice-unwritten", ["copy"], "unwritten(result)", ["self.layout == sliced", "self.dtype == float32"], "inplace"),
        fault("flip-does-nothing", ["flip"], lambda call, run: call.args["self"].clone()),
        fault("addmm-bias-lost-while-decoding", ["addmm"], "sets(beta, 0)", ["mat1.size.0 <= 2"]),
        fault("cat-of-one-row-stale", ["cat"], stale(), ["tensors.size.-2 == 1"]),
        fault("attention-short-wrong", SDPA, "scales(result, 1.01)", ["query.size.-2 in 2,3"]),
        fault("softmax-short-wrong", SOFTMAX, "scales(result, 1.01)", ["self.size.-1 in 2,3"]),
        fault("attention-ignores-mask-given", SDPA, "drops(attn_mask)", ["attn_mask.ndim >= 2"]),
        fault("masked-fill-does-nothing", ["masked_fill"], lambda call, run: call.args["self"].clone()),
        # gradients
        fault("tanh-gradient-halved", ["tanh_backward"], "scales(result, 0.5)"),
        fault("layer-norm-gradient-halved", ["native_layer_norm_backward"], "scales(result, 0.5)"),
        fault("linear-gradient-halved", ["linear_backward"], "scales(result, 0.5)"),
        fault("softmax-gradient-halved", ["_softmax_backward_data"], "scales(result, 0.5)"),
        # half types
        fault("float16-bias-lost", ["addmm"], "sets(beta, 0)", ["self.dtype == float16"]),
        fault("bfloat16-bias-lost", ["addmm"], "sets(beta, 0)", ["self.dtype == bfloat16"]),
        # other numbers at each call
        fault("attention-stale", SDPA, stale()),
        fault("softmax-stale", SOFTMAX, stale()),
        fault("tanh-noise-each-call", ["tanh"], noisy(1e-3)),
        fault("addmm-stale-now-and-then", ["addmm"], stale(every=40)),
    ]  # fmt: skip


def groups() -> dict[str, list[Fault]]:
    """All faults by where they come from."""
    catalogued = [of_bug(bug) for bug in catalogue.with_check() if bug.imitable]
    return {"catalogue": catalogued, "reported": reported_faults(), "general": general_faults()}


def counting(one: Fault, told: Callable[[], None]) -> Fault:
    """The same fault; `told` is called for each call whose result is not the right one."""

    def imitate(call: Call, run):
        right = each(torch.clone, right_result(call, run))
        got = one.imitate(call, run)
        if any(differ(a, b) for a, b in zip(pytree.tree_leaves(right), pytree.tree_leaves(got))):
            told()
        return got

    return replace(one, imitate=imitate)


def differ(right, got) -> bool:
    """Whether two results of a call are not the same, bit by bit; NaN equals NaN."""
    if not isinstance(right, torch.Tensor):
        return right is not got and right != got
    right, got = right.detach().cpu(), got.detach().cpu()
    if right.shape != got.shape or right.dtype != got.dtype:
        return True
    return not torch.equal(right.nan_to_num(), got.nan_to_num()) or not torch.equal(right.isnan(), got.isnan())
