"""Which real model meets pytorch#161640, shown by its calls: TransformerBridge on GPT-2 does, SmolLM2 never."""

import importlib.util
import sys

import pytest
import torch

from mpscheck.bugs import catalogue, recorder
from mpscheck.emulation import faults

BUG = catalogue.find("linear-noncontiguous-weight")
PROMPT = "When Mary and John went to the store, John gave a drink to"


@pytest.fixture(scope="module")
def validate_mps(root):
    spec = importlib.util.spec_from_file_location("validate_mps", root / "snippets" / "validate_mps.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["validate_mps"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def loaded(validate_mps, smollm2):
    """(model on the CPU, token ids) of a model through an entry point; each is loaded once."""
    from transformers import AutoTokenizer

    kept = {}

    def load(model, entry):
        if (model, entry) not in kept:
            source = str(smollm2) if model == "smollm2" else validate_mps.find_model(model)
            ids = AutoTokenizer.from_pretrained(source)(PROMPT, return_tensors="pt").input_ids
            kept[model, entry] = validate_mps.load(source, entry).eval(), ids
        return kept[model, entry]

    return load


def linears(model, ids) -> tuple[int, int]:
    """How many calls of `linear` a forward makes, and how many of them the bug's trigger matches."""
    seen = [0, 0]

    def count(call):
        if call.op == "linear":
            seen[0] += 1
            seen[1] += any(trigger.matches(call) for trigger in BUG.triggers)

    with torch.no_grad(), recorder.calls("cpu", count):
        model(ids)
    return tuple(seen)


def test_the_bridge_hands_linear_transposed_weights_and_the_others_never_do(loaded):
    every, exposed = linears(*loaded("ioi-small", "bridge"))
    assert exposed == 3 * 2, "Q, K and V of both layers"
    assert linears(*loaded("ioi-small", "transformers"))[1] == 0
    every, exposed = linears(*loaded("smollm2", "transformers"))
    assert every > 200 and exposed == 0


def test_smollm2_agrees_under_161640_and_disagrees_under_an_attention_fault(validate_mps, loaded, monkeypatch):
    model, ids = loaded("smollm2", "transformers")
    monkeypatch.setattr(validate_mps, "CHECKS", {"logits": validate_mps.CHECKS["logits"]})
    attention = faults.fault(
        "attention", ["scaled_dot_product_attention"], "ignores-strides(query)", ["query.layout != contiguous"]
    )
    with faults.only(faults.of_bug(BUG)):
        assert validate_mps.validate(model, ids, "emu").verdict == "agrees"
        assert not faults.COUNTS, "the fault was on the device, and no call met it"
    with faults.only(attention):
        assert validate_mps.validate(model, ids, "emu").verdict == "disagrees"
        assert faults.COUNTS["attention"] == model.config.num_hidden_layers
