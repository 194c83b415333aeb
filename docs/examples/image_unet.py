import torch
from diffusers import UNet2DConditionModel
from validate_mps import validate

torch.manual_seed(0)
unet = UNet2DConditionModel(  # yours: pipe.unet, loaded on the CPU
    sample_size=8,
    layers_per_block=1,
    block_out_channels=(32, 64),
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    cross_attention_dim=16,
    attention_head_dim=8,
    norm_num_groups=8,
)
unet.set_attention_slice("max")  # what pipe.enable_attention_slicing("max") does
torch.use_deterministic_algorithms(True, warn_only=True)  # fills memory that nobody has written to with NaN
step = (torch.randn(1, 4, 8, 8), torch.tensor(10), torch.randn(1, 7, 16))  # latents, timestep, text

report = validate(unet, step, device="mps", quick=True)
print(report)
for check in report.checks:
    if check.verdict != "not checked":
        print(f"{check.name}: {check.text}")
