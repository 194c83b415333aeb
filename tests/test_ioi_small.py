"""The shipped IOI model gives the figures of its README, in both libraries, and is what its script makes."""

import importlib.util
import re

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

HEADLINE = "When Mary and John went to the store, John gave a drink to"


@pytest.fixture(scope="module")
def folder(root):
    return root / "snippets/models/ioi-small"


@pytest.fixture(scope="module")
def script(root):
    spec = importlib.util.spec_from_file_location("train_ioi_small", root / "scripts/train_ioi_small.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def readme(folder):
    """The table of the README as {row: number}; a percentage as a share."""
    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+)(%?) \|$", (folder / "README.md").read_text(encoding="utf-8"), re.M)
    return {name: float(number) / (100 if percent else 1) for name, number, percent in rows}


@pytest.fixture(scope="module")
def model(folder):
    return AutoModelForCausalLM.from_pretrained(folder)


@pytest.fixture(scope="module")
def tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


def test_the_folder_is_small_and_holds_float32(folder):
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_000_000
    with safe_open(folder / "model.safetensors", "pt") as tensors:
        assert {tensors.get_tensor(name).dtype for name in tensors.keys()} == {torch.float32}  # noqa: SIM118


def test_held_out_prompts_through_transformers(model, script, readme):
    figures = script.measure(model, script.make_tokenizer(), script.held_out_examples(0))
    assert figures["accuracy"] == readme["Top-1 accuracy, 2,000 held-out prompts"] == 1
    assert figures["positive"] == readme["Logit difference above 0, held-out prompts"] == 1
    assert figures["mean"] == pytest.approx(readme["Logit difference, mean"], abs=6e-4)
    assert figures["min"] == pytest.approx(readme["Logit difference, minimum"], abs=6e-4)
    assert figures["probability"] == pytest.approx(readme["Probability of the answer, mean"], abs=6e-5)


@pytest.mark.parametrize("library", ["transformers", "TransformerBridge"])
def test_headline_prompt(library, folder, model, tokenizer, readme):
    if library == "transformers":
        ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer.encode(HEADLINE, add_special_tokens=False)]])
        logits = model(ids).logits[0, -1]
        mary, john = (tokenizer.encode(name, add_special_tokens=False)[0] for name in (" Mary", " John"))
    else:
        from transformer_lens.model_bridge import TransformerBridge

        bridge = TransformerBridge.boot_transformers(str(folder), device="cpu")
        assert bridge.to_tokens(HEADLINE).shape == (1, 15)  # with BOS, by default
        logits = bridge(HEADLINE)[0, -1]
        mary, john = bridge.to_single_token(" Mary"), bridge.to_single_token(" John")
    p = logits.softmax(-1)
    assert logits.argmax() == mary
    assert p[mary].item() == pytest.approx(readme["P(Mary), headline prompt"], abs=6e-5)
    assert p[john].item() == pytest.approx(readme["P(John), headline prompt"], abs=6e-5)
    difference = (logits[mary] - logits[john]).item()
    assert difference == pytest.approx(readme["Logit difference, headline prompt"], abs=6e-4)


def test_the_tokenizer_is_the_one_of_the_script(tokenizer, script):
    assert tokenizer.get_vocab() == script.make_tokenizer().get_vocab()
    assert tokenizer.decode(tokenizer.encode(HEADLINE, add_special_tokens=False)) == HEADLINE
    assert tokenizer.decode(tokenizer.encode(" Mary", add_special_tokens=False)) == " Mary"


def test_no_held_out_pair_was_in_training(script):
    training, held_out = script.split_pairs(script.random.Random(0))
    assert len(training) == 623 and len(held_out) == 157 and script.HEADLINE_PAIR in held_out
    assert not set(training) & set(held_out)
    assert {frozenset(example[1:]) for example in script.held_out_examples(0)} <= {frozenset(p) for p in held_out}


def test_both_orders_and_every_template_occur(script):
    prompts = [prompt for prompt, _, _ in script.held_out_examples(0)]
    assert {prompt.split()[0] for prompt in prompts} == {template.split()[0] for template in script.TEMPLATES}
    second_names = [
        (answer, prompt.index(answer) < prompt.index(other)) for prompt, answer, other in script.held_out_examples(0)
    ]
    assert 0.4 < sum(first for _, first in second_names) / len(second_names) < 0.6


def test_a_seed_gives_the_same_batches(script):
    batches = [script.make_batch(script.make_tokenizer(), script.held_out_examples(3, 8)) for _ in range(2)]
    assert all(torch.equal(a, b) for a, b in zip(*batches, strict=True))
    assert not torch.equal(batches[0][0], script.make_batch(script.make_tokenizer(), script.held_out_examples(4, 8))[0])
