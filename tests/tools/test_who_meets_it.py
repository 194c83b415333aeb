"""Which real models meet a bug, shown by their calls.

pytorch#161640: TransformerBridge on GPT-2 does, SmolLM2 never. pytorch#163597: encoders with a short unpadded text do,
GPT-2, Llama and T5 never.
"""

import importlib.util
import sys

import pytest
import torch

from mpscheck.bugs import catalogue, recorder, trigger
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
            seen[1] += any(one.matches(call) for one in BUG.triggers)

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


# ---- pytorch#163597: a transposed query of 8 positions or fewer ----------------------------------------------------

ATTENTION = catalogue.find("sdpa-noncontiguous-regression-28")
SHAPE = {
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "vocab_size": 60,
}
SDPA = {"attn_implementation": "sdpa", "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
SHORT = torch.tensor([[5, 6, 7, 8, 9, 10]])
PADDED = {
    "input_ids": SHORT.repeat(2, 1),
    "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1]]),
}


def model_of(name: str, model: str = "Model", **changes):
    """A model of transformers with random weights and heads of size 64."""
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**{**SHAPE, **SDPA, **changes})
    return getattr(transformers, f"{name}{model}")(config).eval()


def gpt2(name: str = "LMHeadModel"):
    return model_of("GPT2", name, n_embd=128, n_head=2, n_layer=2, n_positions=32)


def attentions(run) -> tuple[int, int]:
    """How many calls of attention `run()` makes, and how many of them the bug's trigger matches."""
    seen = [0, 0]

    def count(call):
        if call.op == "scaled_dot_product_attention":
            seen[0] += 1
            seen[1] += any(one.matches(call) for one in ATTENTION.triggers)

    with torch.no_grad(), recorder.calls("cpu", count):
        run()
    return tuple(seen)


@pytest.mark.parametrize("name", ["Bert", "Roberta", "XLMRoberta", "Electra", "ModernBert"])
def test_encoders_meet_163597_with_a_short_unpadded_text_alone(name):
    model = model_of(name)
    assert attentions(lambda: model(SHORT)) == (2, 2)
    assert attentions(lambda: model(SHORT, attention_mask=torch.ones_like(SHORT))) == (2, 2)
    assert attentions(lambda: model(**PADDED)) == (2, 0), "a mask"
    assert attentions(lambda: model(SHORT.repeat(1, 2)[:, :9])) == (2, 0), "9 tokens"


def test_an_encoder_that_is_trained_does_not_meet_it():
    model = model_of("Bert")

    def with_gradients():
        with torch.enable_grad():
            model(SHORT)

    assert attentions(with_gradients) == (2, 0)


def test_an_encoder_with_heads_of_another_size_does_not_meet_it():
    model = model_of("Bert", num_attention_heads=4)
    assert attentions(lambda: model(SHORT)) == (2, 0)


def test_vision_encoders_meet_it_with_8_patches_or_fewer():
    image = torch.zeros(1, 3, 32, 32)
    few, many = (model_of("ViT", image_size=32, patch_size=size) for size in (16, 8))
    assert attentions(lambda: few(image)) == (2, 2)
    assert attentions(lambda: many(image)) == (2, 0)


@pytest.mark.parametrize(
    "make",
    [
        gpt2,
        lambda: model_of("Llama", "ForCausalLM"),
        lambda: model_of("Llama", "ForCausalLM", num_key_value_heads=1),
        lambda: model_of("Qwen2", "ForCausalLM", num_key_value_heads=2),
        lambda: model_of("Mistral", "ForCausalLM", num_key_value_heads=2),
        lambda: model_of("GPTNeoX", "ForCausalLM"),
        lambda: model_of("OPT", "ForCausalLM", ffn_dim=64, word_embed_proj_dim=128),
    ],
    ids=["GPT-2", "Llama", "Llama with one key-value head", "Qwen2", "Mistral", "GPT-NeoX", "OPT"],
)
def test_decoders_of_transformers_never_meet_it(make):
    model = make()
    options = {"max_new_tokens": 3, "min_new_tokens": 3, "do_sample": False}
    assert attentions(lambda: model(SHORT)) == (2, 0), "is_causal"
    assert attentions(lambda: model(**PADDED)) == (2, 0), "a mask"
    assert attentions(lambda: model.generate(SHORT, attention_mask=torch.ones_like(SHORT), **options)) == (6, 0)


def test_the_query_of_gpt2_is_copied_first_even_without_is_causal():
    """It is a part of a fused projection, whose strides are not those that the kernels take without a copy."""
    (query,) = [c for c in ATTENTION.triggers[0].when if str(c) == "query.order == 0213"]
    seen = []
    model = gpt2("Model")
    with torch.no_grad(), recorder.calls("cpu", lambda call: seen.append(call) if "query" in call.args else None):
        model(SHORT)
    assert len(seen) == 2
    assert not any(trigger.holds(query, call.args["query"], call) for call in seen)


def test_t5_does_not_meet_it_and_the_encoder_of_bart_does():
    t5 = model_of("T5", d_model=128, d_kv=64, d_ff=64, num_layers=1, num_heads=2, decoder_start_token_id=0)
    every, met = attentions(lambda: t5(input_ids=SHORT, decoder_input_ids=SHORT))
    assert every and not met, "a mask of numbers: the bias"
    layers = {"num_hidden_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    bart = model_of("Bart", d_model=128, decoder_start_token_id=2, **layers)
    every, met = attentions(lambda: bart(input_ids=SHORT, decoder_input_ids=SHORT))
    assert (every, met) == (3, 2), "the encoder's own and the decoder's attention to it; not the causal one"


@pytest.mark.parametrize("batch", [1, 2])
def test_multihead_attention_of_torch_does_not_meet_it(batch):
    """It transposes batch and length, not heads and length: such a query is copied first."""
    module, x = torch.nn.MultiheadAttention(128, 2, batch_first=True), torch.ones(batch, 6, 128)
    assert attentions(lambda: module(x, x, x, need_weights=False)) == (1, 0)


def test_the_trigger_fires_on_compute_and_not_where_one_of_its_conditions_fails():
    """What the kernels of 2.8.0 require, one by one."""
    q = torch.ones(1, 8, 4, 64).transpose(1, 2)
    k = torch.ones(1, 4, 32, 64)
    call = torch.nn.functional.scaled_dot_product_attention
    assert attentions(lambda: call(q, k, k)) == (1, 1)
    assert attentions(lambda: call(q, k, k, enable_gqa=True)) == (1, 1)
    assert attentions(lambda: call(q, k[:, :1], k[:, :1], enable_gqa=True)) == (1, 1)
    others = {
        "contiguous": lambda: call(q.contiguous(), k, k),
        "causal": lambda: call(q, k, k, is_causal=True),
        "boolean mask": lambda: call(q, k, k, torch.ones(8, 32, dtype=torch.bool)),
        "mask of numbers": lambda: call(q, k, k, torch.zeros(8, 32)),
        "dropout": lambda: call(q, k, k, dropout_p=0.5),
        "fewer keys than positions": lambda: call(q, k[:, :, :4], k[:, :, :4]),
        "values of another size": lambda: call(q, k, k[..., :32]),
        "three dimensions": lambda: call(q[0], k[0], k[0]),
        "a slice of a longer one": lambda: call(torch.ones(1, 9, 4, 64)[:, :8].transpose(1, 2), k, k),
    }
    for name, other in others.items():
        assert attentions(other) == (1, 0), name
