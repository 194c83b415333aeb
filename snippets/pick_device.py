"""Which device for this model? "mps" only if the quick validation of this very model passed on this very machine.

    from pick_device import pick_device  # with validate_mps.py beside this file
    device = pick_device(model, tokens)

Use it in place of `"mps" if torch.backends.mps.is_available() else "cpu"`. The same model can be right through
`transformers` and wrong through TransformerBridge, so what was found is kept for this device, these versions, this
class, configuration, dtype and layout of the weights. For a test-suite, see the fixture at the end.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from pathlib import Path

import validate_mps
from validate_mps import environment, explain, validate

FOUND = Path.home() / ".cache" / "mps-check" / "devices.json"


def pick_device(model, inputs, tokenizer=None, device="mps"):
    """Return `device` if the quick validation of this model passed on this machine, else "cpu"; say in one line why.

    `model` is on the CPU; `inputs` as `validate` takes them. Only a verdict is kept: what could not be checked is tried
    again the next time, and gives "cpu" until then.
    """
    layout = [(name, str(t.dtype), tuple(t.shape), t.stride()) for name, t in model.state_dict().items()]
    shape = [tuple(t.shape) for t in (inputs if isinstance(inputs, (list, tuple)) else [inputs]) if hasattr(t, "shape")]
    config = getattr(model, "config", None) or getattr(model, "cfg", None)
    attention = getattr(config, "_attn_implementation", None)  # eager and sdpa call other kernels
    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    facts = [environment(device), kind, str(config), attention, layout, shape]
    key = hashlib.sha256(repr([*facts, Path(validate_mps.__file__).read_bytes()]).encode()).hexdigest()
    known = found_earlier()
    if key in known:
        return say(device, known[key], "found earlier, kept in " + str(FOUND))
    try:
        report = validate(model, inputs, device, tokenizer, type(model).__name__, quick=True)
    except Exception as error:  # no such device, not enough memory: whatever it is, the CPU is the answer
        return say(device, "could not check", explain(error))
    keep({**known, key: report.verdict})
    return say(device, report.verdict, str(report))


def say(device, verdict, reason):
    chosen = device if verdict == "agrees" else "cpu"
    print(f"pick_device: {chosen}, since {device} {verdict}: {reason}", file=sys.stderr)
    return chosen


def found_earlier():
    """The verdicts kept so far; none if there is no file, or one that is no such file."""
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(FOUND.read_text())
        return known if isinstance(known, dict) else {}
    return {}


def keep(known):
    """Write the verdicts, whole or not at all; a place that cannot be written is no reason to stop."""
    with contextlib.suppress(OSError):
        FOUND.parent.mkdir(parents=True, exist_ok=True)
        half = FOUND.with_suffix(".half")
        half.write_text(json.dumps(known))
        half.replace(FOUND)


# For conftest.py of a test-suite; `my_model` and `my_tokens` are fixtures of yours:
#
#     @pytest.fixture(scope="session")
#     def device(my_model, my_tokens):
#         return pick_device(my_model, my_tokens)
