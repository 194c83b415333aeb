import torch
import torch.nn.functional as F

weight = torch.randn(64, 32)


def layer(x):
    return F.linear(x, weight.T)


for _ in range(3):
    layer(torch.randn(8, 64))
