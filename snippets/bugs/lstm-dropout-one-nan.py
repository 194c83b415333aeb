"""`nn.LSTM` with `dropout=1.0` returns NaN in training.

Between its layers an LSTM drops elements and scales up the others by `1 / (1 - dropout)`. At a rate of one all are
dropped, and the scale is infinite: zero times infinity is NaN, in each element of the output. On the CPU the next
layer gets zeros, and the output is finite.

You hit it only with two or more layers, in training, at a rate of exactly one, as a sweep over dropout rates may
reach. In `eval()` nothing is dropped.

It was seen on 2.13.0 and on a development build of 2.14, on macOS 26.5.2 with an M5 Max. The release notes of 2.14
list the fix (pytorch#190059), which makes the scale zero. Since when it was so is not known.
"""

BUG = {'issue': 'pytorch/pytorch#190057',
 'kind': 'nan',
 'family': 'recurrent',
 'ops': ['torch.nn.LSTM'],
 'affected': '>=2.13.0,<2.14',
 'basis': {'seen': 'thread', 'fixed': 'release notes'},
 'fixed_pr': 'pytorch/pytorch#190059',
 'reported': [{'thread': 'pytorch/pytorch#190057',
               'date': '2026-07-15',
               'torch': '2.13.0',
               'macos': '26.5.2',
               'chip': 'M5 Max',
               'figures': {'cpu': 'all finite', 'mps': 'all NaN'}}],
 'met_in': ['a sweep over dropout rates up to 1 (judged)'],
 'caused_by': 'torch',
 'in_a_release': True,
 'open_as_stored': False,
 'stored_date': '2026-11-24',
 'trigger': [{'op': ['lstm'], 'when': ['num_layers.value > 1', 'dropout.value == 1', 'train.value == true']}],
 'effect': 'sets(result, nan)'}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 2, 4, generator=generator)  # position, batch, size
    weights = torch.randn(4, 16, 4, generator=generator)  # of two layers: what goes in, what recurs
    return x, weights


def lstm(device, weights, layers, **options):
    model = torch.nn.LSTM(4, 4, num_layers=layers, bias=False, **options).to(device, weights.dtype)
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights):
            parameter.copy_(weight)
    return model


@torch.no_grad()
def compute(device, x, weights):
    return lstm(device, weights, 2, dropout=1.0).train()(x.to(device))[0]


@torch.no_grad()
def workaround(device, x, weights):
    first, second = (lstm(device, pair, 1) for pair in weights.split(2))
    return second(torch.zeros_like(first(x.to(device))[0]))[0]  # all is dropped in between


@torch.no_grad()
def control(device, x, weights):
    return lstm(device, weights, 2, dropout=1.0).eval()(x.to(device))[0]
