"""What is checked: functions that compute something with a model, on whichever device it and its inputs are."""

from __future__ import annotations

import contextlib
import inspect
import math

import torch

from mpscheck.runs.rule import rate_seen
from mpscheck.tools.copies import changed, everything
from mpscheck.tools.models import CouldNotCheck
from mpscheck.tools.validate.calls import first_of, numbers, resized, tokens_of
from mpscheck.tools.validate.compare import NOT_FINITE, badness, compare, compare_runs
from mpscheck.tools.validate.run import Run, copy_to

PROMPTS = [  # {B} is said twice, {A} is the answer; the first prompt is the example of Wang et al.
    "When {A} and {B} went to the store, {B} gave a drink to",
    "After {A} and {B} met at the school, {B} handed a ring to",
    "While {A} and {B} walked to the garden, {B} lent a book to",
    "Later {A} and {B} found a gift at the office, so {B} gave it to",
]
PAIRS = [("Mary", "John"), ("Tom", "Anna"), ("Alice", "Bob")]
LENGTHS = (1, 2, 3, 5, 9, 17, 33, 61, 523)  # no multiples of the blocks in which kernels work


def logits(model, *inputs, **named):
    """All that the model gives, not the logits alone."""
    return numbers(model(*inputs, **named))


def residual_stream(model, *inputs, **named):
    return watched(model, inputs, named, layers(model))[1]


def attention_patterns(model, *inputs, **named):
    points = [module for name, module in modules(model) if name.endswith("hook_pattern")]
    if points:  # TransformerLens
        return watched(model, inputs, named, points)[1]
    with contextlib.ExitStack() as stack:
        stack.callback(model.set_attn_implementation, model.config._attn_implementation)
        model.set_attn_implementation("eager")  # the fused kernels keep no patterns
        return list(model(*inputs, **named, output_attentions=True).attentions)


def patched(model, *inputs, **named):
    """The middle layer's output at the last position is taken from a run on the inputs in reverse."""
    middle = layers(model)[len(layers(model)) // 2 :][:1]
    args, keywords = changed((inputs, named), lambda t: t.flip(*range(t.ndim)))
    _, (other,) = watched(model, args, keywords, middle)
    return [first_of(watched(model, inputs, named, middle, lambda tensor: tensor[:, -1].copy_(other[:, -1]))[0])]


def gradients(model, *inputs, **named):
    """With gradients other kernels run: all outputs; the gradients in inputs, layers and weights of their random mean."""
    draws = torch.Generator().manual_seed(0)
    with torch.enable_grad():
        args, keywords = changed((inputs, named), lambda t: t.detach().requires_grad_(t.is_floating_point()))
        found, seen = watched(
            model, args, keywords, layers(model, []), torch.Tensor.requires_grad_
        )  # weights may be frozen
        outputs = numbers(found)
        ends = [output for output in outputs if output.requires_grad]
        seen = [*everything((args, keywords)), *seen, *(weight for weight in everything(model, torch.nn.Parameter))]
        seen = list({id(tensor): tensor for tensor in seen if tensor.requires_grad}.values())
        if not ends or not seen:
            raise CouldNotCheck("no gradient goes through it")
        weights = [torch.randn(output.shape, generator=draws).to(output) for output in ends]
        found = torch.autograd.grad(ends, seen, weights, allow_unused=True)
        return outputs, [torch.zeros_like(t) if grad is None else grad for t, grad in zip(seen, found)]


def generated(model, *inputs, **named):
    """The logits of each step with a key-value cache: one token at a time takes other kernels."""
    ids = tokens_of((*inputs, named))
    steps, cache, options = [], None, {"use_cache": True, "return_dict": False}
    keyword = "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"  # renamed in 5
    if hasattr(model, "original_model"):  # TransformerBridge
        options = {"use_cache": True, "return_type": "logits_and_cache"}
    elif hasattr(model, "run_with_cache"):
        import transformer_lens as lens

        kind = getattr(lens, "HookedTransformerKeyValueCache", None) or lens.TransformerLensKeyValueCache  # since 3.0
        cache = kind.init_cache(model.cfg, ids.device, len(ids))
    for part in (ids[:, :-4], *ids[:, -4:].split(1, 1)):
        if hasattr(cache, "entries"):  # HookedTransformer writes into it
            found = model(part, past_kv_cache=cache)
        else:
            found, cache = model(part, **{keyword: cache}, **options)[:2]
        steps.append(found)
    return steps


def square(model, *inputs, **named):
    """The first layer on as many tokens as the model is wide: a square matrix can be taken for its transpose."""
    seen, first, ids = [], layers(model)[:1], tokens_of((*inputs, named))

    def stop(tensor):
        seen.append(tensor)
        raise Enough

    width = watched(model, (ids[:1, :1],), {}, first)[1][0].shape[-1]
    ids = ids.flatten().repeat(width)[:width]
    with contextlib.suppress(Enough):
        watched(model, (ids.view(-1, math.gcd(width, 32)),), {}, first, stop)
    return seen


def padded(model, *inputs, **named):
    """A batch whose first sequence is padded on the left; only what is no padding is compared."""
    mask = torch.ones_like(tokens_of((*inputs, named)))
    mask[0, :2] = 0
    return [first_of(model(*inputs, **{**named, "attention_mask": mask}))[mask.bool()]]


def check_ioi(run):
    """Logit difference, probabilities of the two names and first guess, in the format of TransformerLens#1178."""

    def figures(model, ids, answers, others):
        last = first_of(model(ids))[:, -1]
        top = last.argmax(-1).cpu().clamp(0, last.shape[-1] - 1)  # a wrong one can be no index at all
        p, row = last.softmax(-1).cpu(), torch.arange(len(answers))
        last, a, b = last.cpu(), answers.cpu(), others.cpu()
        return [last[row, a] - last[row, b], torch.stack([p[row, a], p[row, b]]), last[row, top] - last.amax(-1), top]

    found = [run.three(figures, batch) for batch in ioi_batches(run.tokenizer)]
    if not found:
        raise CouldNotCheck("no tokenizer in which the names are single tokens")
    sides = [[torch.cat(parts, -1) for parts in zip(*side)] for side in zip(*found)]  # device, CPU, float64
    for label, side in (("CPU", sides[1]), (run.device.upper(), sides[0])):
        difference, (mary, john), _, top = (values[..., 0] for values in side)
        name = run.tokenizer.decode([int(top)])
        run.lines.append(f"[{label}] P(Mary)={mary:.4f} P(John)={john:.4f} LD={difference:+.3f} Top1={name!r}")
    other, cpu = (side[0].gt(0).double().mean() for side in sides[:2])
    run.lines.append(f"IOI accuracy, {len(sides[0][0])} prompts: CPU {cpu:.0%}, {run.device} {other:.0%}")
    return [compare(*values) for values in list(zip(*sides))[:3]]


def check_lengths(run):
    """Some kernels are taken for short sequences only, others read past the end of a block that is not full."""
    found = []
    for length in LENGTHS:
        try:
            here = run.compare(logits, [resized(run.batches[0], length)])
        except CouldNotCheck:  # longer than it takes
            if not found:
                raise
            continue
        found += [
            one for one in here if not one[2].startswith(NOT_FINITE)
        ] or here  # such as the loss of a single token
    return found


def check_repeats(run):
    """The same input again and again on the device; a fault only where the spread exceeds what rounding allows."""
    sides, found = run.three(logits, run.batches[0]), []
    for _ in range(run.repeat - 1):
        again = run.once(logits, run.other, run.batches[0], run.device)
        found.append(max(map(compare_runs, again, *sides), key=badness))
    run.rate = rate_seen(run.repeat)
    return found


def check_half(run, dtype):
    """The device in a half type, against float64 with the same rounded weights."""
    low = copy_to(run.cpu, "cpu", dtype)
    half = Run(low, copy_to(low, run.device), run.device, [], None, run.lines)
    batch = run.batches[0]
    with contextlib.suppress(CouldNotCheck):
        batch = resized(batch, min(12, tokens_of(batch).shape[1]), 2)
    return half.compare(logits, [changed(batch, lambda t: t.to(dtype) if t.is_floating_point() else t)])


CHECKS = {  # name: function of a Run that gives a list of what `compare` gives
    "IOI": check_ioi,
    "logits": lambda run: run.compare(logits, run.batches),
    "residual stream": lambda run: run.compare(residual_stream),
    "attention patterns": lambda run: run.compare(attention_patterns),
    "patching": lambda run: run.compare(patched),
    "backward": lambda run: run.compare(gradients),
    "generation": lambda run: run.compare(generated),
    "lengths": check_lengths,
    "square": lambda run: run.compare(square),
    "padded batch": lambda run: run.compare(padded),
    "same input twice": check_repeats,
    "float16": lambda run: check_half(run, torch.float16),
    "bfloat16": lambda run: check_half(run, torch.bfloat16),
}
QUICK = list(CHECKS)[:5]


def ioi_batches(tokenizer):
    """Return [(ids [n, length], answers [n], other names [n])], int64: the headline prompt, then each in both orders.

    Empty if the names are not single tokens of this tokenizer. A BOS token is put first, as TransformerLens does.
    """
    if tokenizer is None:
        return []
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False)  # noqa: E731
    bos = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    ids = {name: encode(f" {name}") for pair in PAIRS for name in pair}
    if any(len(found) != 1 or found == [tokenizer.unk_token_id] for found in ids.values()):
        return []
    batches, orders = [], [([p, p.replace("{A} and {B}", "{B} and {A}")], PAIRS) for p in PROMPTS]
    for prompts, pairs in [(PROMPTS[:1], PAIRS[:1]), *orders]:
        rows = [(bos + encode(prompt.format(A=a, B=b)), *ids[a], *ids[b]) for prompt in prompts for a, b in pairs]
        batches.append(tuple(torch.tensor(column) for column in zip(*rows)))
    return batches


def layers(model, otherwise=None):
    """The model's layers: its longest ModuleList. Without one, what is given for that. Raises CouldNotCheck."""
    lists = [module for _, module in modules(model) if isinstance(module, torch.nn.ModuleList)]
    if not lists and otherwise is None:
        raise CouldNotCheck("no list of layers in this module")
    return list(max(lists, key=len, default=otherwise))


def modules(model):
    """The modules of a model with their names; a function has none."""
    return list(model.named_modules()) if isinstance(model, torch.nn.Module) else []


def watched(model, inputs, named, modules, change=lambda tensor: None):
    """Run the model. Return its output and that of each of the modules; `change` is called with that of the first."""
    seen = []

    def keep(module, args, output):
        seen.append(first_of(output))
        if module is modules[0]:
            change(seen[-1])

    with contextlib.ExitStack() as stack:
        for module in modules:
            stack.enter_context(module.register_forward_hook(keep))
        return model(*inputs, **named), seen


class Enough(Exception):
    """Ends a forward pass whose rest is not needed."""
