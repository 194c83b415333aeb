"""Small models of many kinds from the configurations of transformers, with random weights: nothing is downloaded."""

import torch

TOKENS = 500
USUAL = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
GROUPED = {**USUAL, "num_key_value_heads": 2, "vocab_size": TOKENS, "pad_token_id": 0}
OLDER = {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": TOKENS}
KINDS = {  # what a reader calls it: its class in transformers, the sizes in its configuration
    "BERT": ("BertForMaskedLM", {**USUAL, "vocab_size": TOKENS}),
    "RoBERTa": ("RobertaForMaskedLM", {**USUAL, "vocab_size": TOKENS}),
    "ALBERT": ("AlbertForMaskedLM", {**USUAL, "vocab_size": TOKENS, "embedding_size": 32}),
    "DistilBERT": ("DistilBertForMaskedLM", {"dim": 64, "n_layers": 2, "n_heads": 4, "hidden_dim": 128, "vocab_size": TOKENS}),
    "ModernBERT": ("ModernBertForMaskedLM", GROUPED),
    "OPT": ("OPTForCausalLM", {**USUAL, "ffn_dim": 128, "word_embed_proj_dim": 64, "vocab_size": TOKENS}),
    "BLOOM": ("BloomForCausalLM", {"hidden_size": 64, "n_layer": 2, "n_head": 4, "vocab_size": TOKENS}),
    "GPT-NeoX": ("GPTNeoXForCausalLM", {**USUAL, "vocab_size": TOKENS}),
    "GPT-J": ("GPTJForCausalLM", {**OLDER, "rotary_dim": 8}),
    "Phi": ("PhiForCausalLM", GROUPED),
    "Qwen2": ("Qwen2ForCausalLM", GROUPED),
    "Gemma 2": ("Gemma2ForCausalLM", {**GROUPED, "head_dim": 16}),
    "Mistral": ("MistralForCausalLM", GROUPED),
    "Mixtral": ("MixtralForCausalLM", {**GROUPED, "num_local_experts": 4}),
    "Falcon": ("FalconForCausalLM", {**USUAL, "vocab_size": TOKENS}),
    "MPT": ("MptForCausalLM", {"d_model": 64, "n_layers": 2, "n_heads": 4, "vocab_size": TOKENS}),
    "OLMo 2": ("Olmo2ForCausalLM", GROUPED),
    "Mamba": ("MambaForCausalLM", {"hidden_size": 64, "num_hidden_layers": 2, "state_size": 8, "vocab_size": TOKENS}),
    "RWKV": ("RwkvForCausalLM", {"hidden_size": 64, "num_hidden_layers": 2, "vocab_size": TOKENS}),
    "T5": ("T5ForConditionalGeneration", {"d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 2, "num_heads": 4, "vocab_size": TOKENS}),
    "Whisper": (
        "WhisperForConditionalGeneration",
        {
            **{f"{part}_{name}": size for part in ("encoder", "decoder") for name, size in (("layers", 2), ("attention_heads", 4), ("ffn_dim", 128))},
            **{"d_model": 64, "num_mel_bins": 16, "max_source_positions": 40, "max_target_positions": 64, "vocab_size": TOKENS},
            **{"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1},
        },
    ),
    "ViT": ("ViTForImageClassification", {**USUAL, "image_size": 32, "patch_size": 8, "num_labels": 10}),
    "CLIP": (
        "CLIPModel",
        {
            "text_config": {**USUAL, "vocab_size": TOKENS, "bos_token_id": 1, "eos_token_id": 2},
            "vision_config": {**USUAL, "image_size": 32, "patch_size": 8},
            "projection_dim": 32,
        },
    ),
}  # fmt: skip
IMAGES = ("ViT", "CLIP")


class Pair(torch.nn.Module):
    """A model of encoder and decoder, called with what each of them reads."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, read, written):
        return self.model(read, decoder_input_ids=written).logits


def make(kind: str, seed: int) -> tuple[torch.nn.Module, tuple]:
    """A model of this kind and what it is called with, both drawn from the seed."""
    import transformers

    name, sizes = KINDS[kind]
    cls = getattr(transformers, name)
    torch.manual_seed(seed)
    model = cls(cls.config_class(**sizes))
    ids = torch.randint(3, TOKENS, (2, 32))
    if kind == "Whisper":
        return Pair(model), (torch.randn(2, 16, 80), ids)
    if kind == "T5":
        return Pair(model), (ids, ids.flip(1))
    images = (torch.randn(2, 3, 32, 32),) if kind in IMAGES else ()
    return model, images if kind == "ViT" else (ids, *images)
