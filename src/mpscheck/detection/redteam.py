"""How large and how frequent must an error be, for validate to see it and for locate to name it? Generated faults, one at a time.

    python -m mpscheck.detection.redteam MODEL [few]    JSON, a line each; needs MPSCHECK_EMU=1

The lines: how many trials there are, each trial, the facts of the model. A trial is one fault: how many numbers it made
wrong, which checks of validate caught it, what locate named.
"""

import contextlib
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from mpscheck.detection import DEVICE, libraries
from mpscheck.detection.faults import counting
from mpscheck.detection.generated import RATES, SIZES, SIZES_AT_RATES, Calls, Kind, draw
from mpscheck.detection.located import Located, located
from mpscheck.detection.remembering import Remembering
from mpscheck.emulation.faults import only
from mpscheck.tools.validate.checks import CHECKS
from mpscheck.tools.validate.command import inputs_for
from mpscheck.tools.validate.compare import WORST_FIRST
from mpscheck.tools.validate.report import outcome
from mpscheck.tools.validate.run import Run, copy_to

SEED = 0
GRADED_KINDS, OTHER_KINDS = 21, 12  # of a model
FEW = 2


@dataclass(frozen=True)
class Trial:
    """One fault: its kind, its size (0: the effect has none), how rare it is, and before which call it begins."""

    kind: Kind
    size: int
    every: int
    before: int


def perceptron() -> nn.Module:
    return nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))


def of_transformers(config: str, model: str, **changes) -> Callable[[], tuple[nn.Module, object]]:
    """A language model of `transformers`, with the inputs that validate gives it."""

    def make():
        made = libraries.of_transformers(config, model, hidden_size=32, **changes)()
        return made, inputs_for(made, made.config)

    return make


MODELS: dict[str, Callable[[], tuple[nn.Module, object]]] = {  # by name: makes a model and its inputs
    "gpt-2": of_transformers("GPT2Config", "GPT2LMHeadModel", n_positions=64),
    "llama": of_transformers("LlamaConfig", "LlamaForCausalLM", num_key_value_heads=1, intermediate_size=64),
    "lstm": lambda: (
        libraries.LstmLanguageModel(),
        {"input_ids": libraries.tokens(), "labels": libraries.tokens()},
    ),
    "mlp": lambda: (perceptron(), torch.randn(61, 32)),
}


def trials(calls: Calls, model: str, few: bool = False) -> list[Trial]:
    """The faults to try on a model: the same ones each time."""
    chance = random.Random(f"{SEED} {model}")
    graded = draw([kind for kind in calls.kinds() if kind.graded], FEW if few else GRADED_KINDS, chance)
    others = draw([kind for kind in calls.kinds() if not kind.graded], FEW if few else OTHER_KINDS, chance)
    sizes = SIZES[::3] if few else SIZES
    grid = [(size, 1) for size in sizes] + [(size, every) for size in SIZES_AT_RATES for every in RATES[1:] if not few]
    plan = {kind: grid for kind in graded} | {
        kind: [(0, every) for every in RATES[: 1 if few else None]] for kind in others
    }
    found = []
    for kind, some in plan.items():
        start = chance.random()  # the same for all sizes, so that they differ in nothing else
        found += [Trial(kind, size, every, int(start * every)) for size, every in some]
    return found


class RememberingRun(Remembering, Run):
    """The checks as the package has them."""


def checked(model: nn.Module, inputs: object) -> dict[str, str]:
    """The verdict of each check of validate."""
    run = RememberingRun(model, copy_to(model, DEVICE), DEVICE, [inputs], None, [])
    return {name: outcome(run, name).verdict for name in CHECKS}


def tried(trial: Trial, model: nn.Module, inputs: object, usual: dict[str, str]) -> dict:
    """What the tools say of one fault. `usual` is what the checks say of a healthy device.

    `wrong` is how many calls gave a wrong number while they ran; `stopped` are the checks that could say nothing.
    """
    wrong = 0

    def told():
        nonlocal wrong
        wrong += 1

    kind = trial.kind
    with only(counting(kind.fault(trial.size, trial.every, trial.before), told)):
        found = checked(model, inputs)
        in_validate, wrong = wrong, 0
        first = located(model, inputs)
    changed = {name: verdict for name, verdict in found.items() if verdict != usual[name]}
    caught = [name for name, verdict in changed.items() if verdict == "disagrees"]
    return {
        "op": kind.op,
        "fault": kind.words(trial.size, trial.every),
        "effect": kind.word,
        "size": trial.size,
        "every": trial.every,
        "before": trial.before,
        "wrong": in_validate,
        "verdict": next((v for v in WORST_FIRST[:3] if v in found.values()), "could not check"),
        "caught": ", ".join(caught),
        "stopped": ", ".join(name for name, verdict in changed.items() if verdict == "could not check"),
        "locate": said_by_locate(first, kind.op, wrong),
        "named": first.ops[0] if first.ops else "",
    }


def said_by_locate(found: Located, op: str, wrong: int) -> str:
    """What locate did with a fault: `right`, `another op`, `no op`, `missed`, `could not check`, or it did `not meet` it."""
    if found.ops:
        return "right" if found.names([op]) else "another op"
    if found.verdict == "diverges":
        return "no op"
    return found.verdict if found.verdict == "could not check" else "missed" if wrong else "not met"


def results(name: str, few: bool = False) -> Iterator[dict]:
    """How many trials of a model there are, these, then its facts."""
    torch.manual_seed(SEED)
    model, inputs = MODELS[name]()
    model.eval()
    with Calls().recording() as calls:
        usual = checked(model, inputs)
    todo = trials(calls, name, few)
    yield {"trials": len(todo)}
    for trial in todo:
        yield tried(trial, model, inputs, usual)
    weights = sum(weight.numel() for weight in model.parameters())
    of_model = {"model": name, "weights": weights, "ops": sorted(calls.ops), "kinds": len(calls.kinds()), "seed": SEED}
    yield of_model | {"healthy": usual | {"locate": located(model, inputs).verdict}}


def main(model: str, *few: str) -> None:
    """Write the trials to the standard output, one a line; whatever libraries print goes to the standard error."""
    torch.set_num_threads(1)
    answer = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        for found in results(model, bool(few)):
            print(json.dumps(found, allow_nan=False), file=answer, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
