import torch
from diffusers import AutoencoderKL
from validate_mps import validate

torch.manual_seed(0)
vae = AutoencoderKL(  # yours: pipe.vae, loaded on the CPU
    block_out_channels=(16, 32),
    down_block_types=("DownEncoderBlock2D",) * 2,
    up_block_types=("UpDecoderBlock2D",) * 2,
    layers_per_block=1,
    norm_num_groups=8,
)
latents = torch.randn(1, 4, 8, 8)  # yours: pipe(prompt, output_type="latent").images.float().cpu()


def decode(latents):
    return vae.decode(latents / vae.config.scaling_factor, return_dict=False)[0]


report = validate(decode, latents, device="mps")
print(report)
for check in report.checks:
    if check.verdict != "not checked":
        print(f"{check.name}: {check.text}")
