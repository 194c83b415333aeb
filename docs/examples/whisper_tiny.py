import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration
from validate_mps import validate

torch.manual_seed(0)
small = {"d_model": 64, "vocab_size": 99, "max_source_positions": 50, "pad_token_id": 0, "bos_token_id": 1}
small |= {"eos_token_id": 2, "decoder_start_token_id": 3, "encoder_layers": 2, "decoder_layers": 2}
small |= {"encoder_attention_heads": 1, "decoder_attention_heads": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
model = WhisperForConditionalGeneration(WhisperConfig(**small))  # yours: from_pretrained(...)
sound = {"input_features": torch.randn(1, 80, 100), "decoder_input_ids": torch.randint(4, 99, (1, 11))}

print(validate(model, sound, device="mps", name="Whisper"))
