"""`F.conv2d` and `F.batch_norm` of a slice of a `channels_last` tensor read it as if it were packed.

Cut some channels out of a tensor in `channels_last` order, `x[:, :4]`, and the strides still look like that order, but
between one pixel and the next lie the channels that were cut off. PyTorch asked only whether the strides look so, and
handed Apple's framework the memory as packed. So the numbers of the other channels slip in. Nothing is raised;
`.contiguous()` on the slice cures it.

You hit it in vision models that run in `channels_last` and split or slice their channels before a convolution. In the
plain order nothing is hit.

The thread, of April 2026, shows `conv2d`. The fix (pytorch#180992) names `batch_norm`, `avg_pool2d` and
`adaptive_avg_pool2d` as wrong in the same way; the trigger below has those two whose arguments have the same name.
That the fix is in 2.12.0 and not before is known from the macOS wheels; since when the bug was there is not known.
"""

BUG = {'issue': 'pytorch/pytorch#180984',
 'kind': 'wrong',
 'family': 'conv-pool',
 'ops': ['torch.nn.functional.adaptive_avg_pool2d',
         'torch.nn.functional.avg_pool2d',
         'torch.nn.functional.batch_norm',
         'torch.nn.functional.conv2d'],
 'affected': '<2.12',
 'basis': {'seen': 'unknown', 'fixed': 'wheel'},
 'fixed_pr': 'pytorch/pytorch#180992',
 'reported': [{'thread': 'pytorch/pytorch#180984',
               'date': '2026-04-21',
               'figures': {'cpu_view_vs_contiguous': 0.0, 'mps_view_vs_contiguous': 0.308}}],
 'caused_by': 'torch',
 'in_a_release': True,
 'open_as_stored': False,
 'stored_date': '2026-11-24',
 'trigger': [{'op': ['conv2d', 'batch_norm'],
              'when': ['input.ndim == 4',
                       'input.layout == sliced',
                       'input.stride.1 == 1',
                       'input.stride.3 >= input.size.1',
                       'input.stride.2 >= input.stride.3']}],
 'effect': 'ignores-strides(input)'}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 4, 3, 3, generator=generator), torch.randn(2, 2, 1, 1, generator=generator)


def compute(device, x, weight):
    x = x.to(device).contiguous(memory_format=torch.channels_last)
    return F.conv2d(x[:, :2], weight.to(device))  # half of the channels: a view with gaps


def workaround(device, x, weight):
    x = x.to(device).contiguous(memory_format=torch.channels_last)
    return F.conv2d(x[:, :2].contiguous(), weight.to(device))


def control(device, x, weight):
    x = x.to(device)[:, :2].contiguous(memory_format=torch.channels_last)
    return F.conv2d(x, weight.to(device))  # the same channels, packed
