"""`F.conv2d` reads a weight that is a slice with gaps as if it were contiguous.

Apple's graph framework takes the weight's memory from front to back and does not look at its strides, says the author
of the fix, although PyTorch hands the strides over. A slice such as `weight[:, :, k]` of a 3-D kernel is then computed
with the numbers of other slices. Nothing is raised; `.contiguous()` on the weight gives right results. The gradients
were wrong too, by the fix.

You hit it where a 3-D convolution is written as a sum of 2-D ones over time, as code for Apple GPUs does to be faster.
The layers of a model hold contiguous weights and are not hit. Whether a weight in `channels_last`, which has no gaps,
is read wrongly was not said, so the trigger leaves it out.

It shows on macOS 15 and later, since 2.5 passes strides there (pytorch#128393); before, PyTorch made a contiguous copy
first. The fix, pytorch#192303, goes back to that, and is in 2.14.
"""

BUG = {'issue': 'pytorch/pytorch#192212',
 'also': ['pytorch/pytorch#128393'],
 'kind': 'wrong',
 'family': 'conv-pool',
 'ops': ['torch.nn.functional.conv2d'],
 'introduced': {'version': '2.5', 'basis': 'thread'},
 'affected': '>=2.13.0,<2.14',
 'basis': {'seen': 'thread', 'fixed': 'thread'},
 'fixed_pr': 'pytorch/pytorch#192303',
 'macos': '>=15',
 'reported': [{'thread': 'pytorch/pytorch#192212',
               'date': '2026-08-05',
               'figures': {'mps_noncontiguous_max_error': 212.4155, 'mps_contiguous_max_error': 0.000252}},
              {'thread': 'pytorch/pytorch#195008',
               'date': '2026-08-28',
               'torch': '2.13.0',
               'figures': {'max_error': 212.4}}],
 'met_in': ['3-D convolutions written as 2-D slices of their weight (judged)'],
 'caused_by': 'macos',
 'in_a_release': True,
 'open_as_stored': False,
 'stored_date': '2026-11-24',
 'trigger': [{'op': ['conv2d'], 'when': ['weight.layout == sliced']}],
 'effect': 'ignores-strides(weight)'}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 4, 8, 8, generator=generator)
    weight = torch.randn(3, 4, 3, 3, 3, generator=generator)  # a 3-D kernel: (out, in, time, height, width)
    return x, weight


def compute(device, x, weight):
    return F.conv2d(x.to(device), weight.to(device)[:, :, 1])  # its slice at one time: a view with gaps


def workaround(device, x, weight):
    return F.conv2d(x.to(device), weight.to(device)[:, :, 1].contiguous())


def control(device, x, weight):
    return F.conv2d(x.to(device), weight[:, :, 1].contiguous().to(device))  # contiguous from the start
