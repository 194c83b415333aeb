"""`F.avg_pool2d` of a `channels_last` view averages the elements at the start of its memory.

A view that begins later in memory, such as the patch tokens behind a class token, is read from the start all the same
when its order is `channels_last`. The averages belong to other places. Nothing is raised. Without an offset, or in the
plain order, the result is right.

You hit it when you turn the tokens of a vision transformer into a map and pool it: `tokens[:, 1:]`, reshaped and
permuted, is exactly such a view where the batch holds one image. `.contiguous()` before the pooling cures it.

Why: the fast path for `channels_last` makes its array without the strides and dropped the offset, says the author of
the fix. The thread, of February 2026, shows it on 2.10.0, and the same for `BatchNorm2d`, which is a bug of its own
here. The release notes of 2.12 list the fix (pytorch#175235). Since when it was wrong is not known.
"""

BUG = {'issue': 'pytorch/pytorch#174345',
 'also': ['pytorch/pytorch#175320'],
 'kind': 'wrong',
 'family': 'conv-pool',
 'ops': ['torch.nn.functional.avg_pool2d'],
 'affected': '>=2.10.0,<2.12',
 'basis': {'seen': 'thread', 'fixed': 'release notes'},
 'fixed_pr': 'pytorch/pytorch#175235',
 'reported': [{'thread': 'pytorch/pytorch#174345', 'date': '2026-02-05', 'torch': '2.10.0'}],
 'met_in': ['maps of the patch tokens of a vision transformer, without the class token (judged)'],
 'caused_by': 'torch',
 'in_a_release': True,
 'open_as_stored': True,
 'stored_date': '2026-11-24',
 'trigger': [{'op': ['avg_pool2d'],
              'when': ['self.ndim == 4',
                       'self.offset > 0',
                       'self.layout == permuted',
                       'self.stride.1 == 1',
                       'self.stride.3 == self.size.1',
                       'self.stride.2 == self.size.1 * self.size.3']}],
 'effect': 'ignores-offset(self)'}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 17, 8, generator=generator),)  # one image: a class token, then 4 x 4 patches


def patches(tokens):
    return tokens[:, 1:].unflatten(1, (4, 4)).permute(0, 3, 1, 2)  # a view: (batch, channel, height, width)


def compute(device, tokens):
    return F.avg_pool2d(patches(tokens.to(device)), 2)


def workaround(device, tokens):
    return F.avg_pool2d(patches(tokens.to(device)).contiguous(), 2)


def control(device, tokens):
    return F.avg_pool2d(tokens.to(device)[:, :16].unflatten(1, (4, 4)).permute(0, 3, 1, 2), 2)  # from the start
