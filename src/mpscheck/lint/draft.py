"""The beginning of a snippet for a bug that is known from threads alone: its facts, and functions to be filled in.

Each line that needs a person says TODO; the linter names them. Imports torch, for the arguments of the op.
"""

import json
import re
import textwrap

from mpscheck.bugs.aten import overloads
from mpscheck.bugs.bug import Bug
from mpscheck.bugs.catalogue import UNSAID
from mpscheck.bugs.trigger import Condition
from mpscheck.known import exposure, names

SAID_ELSEWHERE = ("slug", "claim", "when", "effect_text", "workaround", "absent")  # than in BUG
VIEWS = {  # how an argument that fits a condition is made of a plain one on the device, and how it is mended
    "layout != contiguous": (".transpose(0, 1)", ".contiguous()"),
    "layout == permuted": (".transpose(0, 1)", ".contiguous()"),
    "layout == sliced": ("[:, ::2]", ".contiguous()"),
    "layout == expanded": ("[:1].expand(8, -1)", ".contiguous()"),
    "offset > 0": ("[1:]", ".clone()"),
}


def facts(bug: Bug) -> dict:
    """What `BUG` begins with: the facts of the row.

    What it does not know is said to be absent, so that the catalogue can be read past a draft; the linter asks for it.
    """
    found = {name: value for name, value in bug.facts.items() if name not in SAID_ELSEWHERE}
    reasons = {name: why for name, why in bug.absent.items() if name == "affected" or why != UNSAID[name]}
    ops = json.dumps(_ops(bug) or ["…"], ensure_ascii=False)
    for name, form in (("trigger", f'[{{"op": {ops}, "when": ["…"]}}]'), ("effect", '"…(result)"')):
        if name not in found and name not in reasons:
            reasons[name] = f'TODO: "{name}": {form} in its place, or why it is not known'
    if halves := _halves(bug):
        found["dtypes"] = halves
    return found | ({"absent": reasons} if reasons else {})


def docstring(bug: Bug) -> str:
    """The claim, and below it what the row says in plain words."""
    parts = [f"It happens with this: {bug.when.rstrip('.')}."]
    if bug.effect_text:
        parts.append(f"How it is wrong: {bug.effect_text.rstrip('.')}.")
    parts.append(
        "TODO: read the thread; say what goes wrong, who hits it, since when, how it was fixed, what is unknown."
    )
    text = "\n\n".join(textwrap.fill(_linked(part), 118) for part in parts)
    return f'"""{_escaped(bug.claim)}\n\n{_escaped(text)}\n"""\n'


def functions(bug: Bug) -> str:
    """Imports and functions, with the op's own arguments where torch knows them."""
    op = next((op for trigger in bug.triggers for op in trigger.ops), None) or next(iter(_ops(bug)), None)
    arguments = _tensors(op)
    plain = {name: f"{name}.to(device)" for name in arguments}
    sick, mended = dict(plain), dict(plain)
    for condition in (condition for trigger in bug.triggers[:1] for condition in trigger.when):
        name = {"self": arguments[0]}.get(condition.subject, condition.subject)
        view = VIEWS.get(_said(condition))
        if view and name in plain:
            sick[name], mended[name] = plain[name] + view[0], plain[name] + view[0] + view[1]
    call, module = _called(bug, op)
    parameters = ", ".join(["device", *arguments])
    statistical = bug.family == "random"
    lines = ["import torch", *(["import torch.nn.functional as F"] if module else []), ""]
    lines += ["FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG", ""] if statistical else []
    lines += ["", "def inputs():", "    generator = torch.Generator().manual_seed(0)"]
    lines += [f"    {name} = {_drawn(bug, name)}  # TODO: the smallest that shows it" for name in arguments]
    lines += [f"    return {', '.join(arguments)}" if len(arguments) > 1 else f"    return ({arguments[0]},)"]
    for name, values, what in (
        (
            "compute",
            sick,
            f"the call of the thread, {_schema(op) if op else 'whatever it is'}; views after .to(device)",
        ),
        ("workaround", mended, bug.workaround or "the same quantity another way, or no_workaround in BUG"),
        ("control", plain, "the nearest call that never showed the bug"),
    ):
        comment = textwrap.wrap(f"TODO: {what}", 112)
        lines += ["", "", f"def {name}({parameters}):", *(f"    # {line}" for line in comment)]
        lines += [f"    return {call}({', '.join(values.values())})"]
    if statistical:
        lines += ["", "", "def p_value(sample):", "    # TODO: the probability of such a sample on a healthy device"]
        lines += ["    return float(sample.isfinite().all())"]
    return "\n".join(lines) + "\n"


def _ops(bug: Bug) -> list[str]:
    """The aten ops that torch has among those that the row names."""
    return sorted(name for name in exposure.aten_names(bug) if overloads(name))


def _tensors(op: str | None) -> list[str]:
    """The tensors that an op must be given, by names that a function can have."""
    for overload in overloads(op) if op else ():
        found = [a.name for a in overload._schema.arguments if str(a.type) == "Tensor" and not a.is_out]
        if found:
            return ["x" if name == "self" else name for name in found]
    return ["x"]


def _said(condition: Condition) -> str:
    """What a condition says of its subject: `layout != contiguous`."""
    return str(condition).removeprefix(f"{condition.subject}.")


def _halves(bug: Bug) -> list[str]:
    """The half types that the trigger asks for, where it does not take float32."""
    said = [str(c) for trigger in bug.triggers for c in trigger.when if re.search(r"\bdtype (==|in) ", str(c))]
    asked = [dtype for dtype in ("float16", "bfloat16") if any(re.search(rf"\b{dtype}\b", text) for text in said)]
    return [] if any("float32" in text for text in said) else asked


def _drawn(bug: Bug, name: str) -> str:
    """An input of the dtype that the trigger asks for; floats are drawn in float32, whatever is under test."""
    asked = {"x": ("self", "x")}.get(name, (name,))
    said = (_said(c) for trigger in bug.triggers for c in trigger.when if c.subject in asked)
    dtype = next((text.removeprefix("dtype == ") for text in said if text.startswith("dtype == ")), "float32")
    if dtype == "bool" or dtype.startswith(("int", "uint")):
        return f"torch.randint(0, {2 if dtype == 'bool' else 100}, (8, 8), generator=generator, dtype=torch.{dtype})"
    return "torch.randn(8, 8, generator=generator)"


def _schema(op: str) -> str:
    """`linear(Tensor input, Tensor weight, Tensor? bias=None)`"""
    return str(overloads(op)[0]._schema).removeprefix("aten::").partition(" ->")[0]


def _called(bug: Bug, op: str | None) -> tuple[str, bool]:
    """How the op is called, and whether that needs `F`."""
    public = next((name for name in bug.ops if op is None or names.bare(name).rstrip("_") == op), None)
    if public is None:
        return f"torch.{op or 'todo'}", False
    if public.startswith("torch.nn.functional."):
        return f"F.{names.bare(public)}", True
    return public, False


def _linked(text: str) -> str:
    """Threads as a docstring names them: `pytorch#123` for `#123`."""
    return re.sub(r"(?<![\w/.-])#(\d+)", r"pytorch#\1", text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''")
