import torch
from diffusers import IPNDMScheduler
from validate_mps import validate

torch.manual_seed(0)
latents, noise = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)


def step(latents, noise):
    scheduler = IPNDMScheduler()  # yours: type(pipe.scheduler).from_config(pipe.scheduler.config)
    scheduler.set_timesteps(20)  # made in here, its tables stay on the CPU, as in a pipeline
    for time in scheduler.timesteps[:4]:
        latents = scheduler.step(noise, time, latents).prev_sample
    return latents


print(validate(step, (latents, noise), device="mps", quick=True))
