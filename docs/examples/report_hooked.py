import torch
from transformer_lens import HookedTransformer

prompt = "When Mary and John went to the store, John gave a drink to"
for device in ("cpu", "mps"):
    model = HookedTransformer.from_pretrained("gpt2", device=device)
    with torch.no_grad():
        last = model(model.to_tokens(prompt))[0, -1].cpu()
    mary, john = (model.to_single_token(name) for name in (" Mary", " John"))
    p = last.softmax(-1)
    print(f"[{device.upper()}] P(Mary)={p[mary]:.4f} P(John)={p[john]:.4f}", end=" ")
    print(f"LD={last[mary] - last[john]:+.3f} Top1={model.to_string(last.argmax())!r}")
