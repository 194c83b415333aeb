"""Where is it wrong? The first op, and its module, where a device leaves the CPU although its inputs were right.

    python locate_divergence.py                        GPT-2 on mps, through TransformerLens where it is installed
    python locate_divergence.py --model DIR --entry transformers --prompt "Any text"

Exit status 0: no op diverges and the whole forward pass agrees; 3: found; anything else: could not check. In a notebook,
for any torch.nn.Module of yours on the CPU: `from locate_divergence import locate; print(locate(model, tokens))`.

The model runs once on the CPU. Each op that it calls is computed on the device too, before torch takes it apart, for the
CPU's inputs in the CPU's layout, so errors do not add up. What is found comes with a program that shows it without the
model, and that was run here. At the end the whole model runs on the device, for what the inputs alone do not show.
For Python 3.9 and torch 2.4 or newer.
"""

# Built from the modules of MPS Check by `make derived`; edit those, not this file.
from __future__ import annotations

import argparse
import contextlib
import copy
import dataclasses
import functools
import importlib.util
import inspect
import io
import json
import math
import operator
import os
import re
import runpy
import subprocess
import sys
import threading
import time
import types
import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch.nn.modules import module as module_hooks

# ---- the catalogue ------------------------------------------------------------------------------------------

CATALOGUE_DATE = "2026-09-22"
CATALOGUE = [{'slug': 'abs-complex-interleaved-zeros',
  'claim': '`torch.abs` of a complex tensor puts a zero after each value and loses the second half.',
  'when': '`abs` is called and the dtype of *self* is complex64 and the number of elements of *self* is above 1',
  'issue': 'pytorch/pytorch#125135',
  'url': 'https://github.com/pytorch/pytorch/issues/125135',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.4,>=2.3.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'z = torch.complex(real.to(device), imaginary.to(device))\n'
                'return torch.sqrt(z.real ** 2 + z.imag ** 2)',
  'page': 'bugs/abs-complex-interleaved-zeros/',
  'triggers': [{'op': ['abs'], 'when': ['self.dtype == complex64', 'self.numel > 1']}],
  'unsure': ['2.3.1']},
 {'slug': 'abs-int-via-float32',
  'claim': '`torch.abs` of int32 and int64 tensors rounds numbers above 2**24.',
  'when': '`abs` is called and the dtype of *self* is one of int32, int64 and the largest value of *self* is above '
          '16,777,216, or `abs` is called and the dtype of *self* is one of int32, int64 and the smallest value of '
          '*self* is below -16,777,216',
  'issue': 'pytorch/pytorch#190052',
  'url': 'https://github.com/pytorch/pytorch/issues/190052',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.where(x < 0, -x, x)',
  'page': 'bugs/abs-int-via-float32/',
  'triggers': [{'op': ['abs'], 'when': ['self.dtype in int32,int64', 'self.max > 16777216']},
               {'op': ['abs'], 'when': ['self.dtype in int32,int64', 'self.min < -16777216']}]},
 {'slug': 'activation-backward-permuted',
  'claim': 'The gradient of `F.silu`, `torch.sigmoid` and `torch.tanh` is wrong for permuted inputs.',
  'when': '`silu_backward`, `sigmoid_backward`, `tanh_backward`, `logit_backward` is called and the result is not '
          'contiguous',
  'issue': 'pytorch/pytorch#175188',
  'url': 'https://github.com/pytorch/pytorch/issues/175188',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device).T.requires_grad_()\nreturn torch.autograd.grad(F.silu(x.contiguous()).sum(), x)[0]',
  'page': 'bugs/activation-backward-permuted/',
  'triggers': [{'op': ['silu_backward', 'sigmoid_backward', 'tanh_backward', 'logit_backward'],
                'when': ['result.layout != contiguous']}],
  'danger': 34},
 {'slug': 'activation-sum-backward-1d',
  'claim': 'The gradient of `F.gelu(x).sum()` is wrong for tensors of one dimension or none.',
  'when': '`gelu_backward`, `leaky_relu_backward`, `mish_backward` is called and the number of dimensions of *self* '
          'is 1 and *grad_output* is expanded (a stride of 0), or `gelu_backward`, `leaky_relu_backward`, '
          '`mish_backward` is called and the number of dimensions of *self* is 0',
  'issue': 'pytorch/pytorch#123178',
  'url': 'https://github.com/pytorch/pytorch/issues/123178',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '<2.3',
  'introduced': None,
  'macos': '>=14.4',
  'chips': [],
  'workaround': 'x = x.to(device).requires_grad_()\nreturn torch.autograd.grad(F.gelu(x[None]).sum(), x)[0]',
  'page': 'bugs/activation-sum-backward-1d/',
  'triggers': [{'op': ['gelu_backward', 'leaky_relu_backward', 'mish_backward'],
                'when': ['self.ndim == 1', 'grad_output.layout == expanded']},
               {'op': ['gelu_backward', 'leaky_relu_backward', 'mish_backward'], 'when': ['self.ndim == 0']}]},
 {'slug': 'adam-noncontiguous-param-frozen',
  'claim': '`addcmul_` and `addcdiv_` leave a non-contiguous tensor as it was, so Adam never moves such a parameter.',
  'when': '`addcmul`, `addcdiv` is called in place and *self* is not contiguous',
  'issue': 'pytorch/pytorch#118115',
  'url': 'https://github.com/pytorch/pytorch/issues/118115',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<2.4,>=2.2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'parameter, a, b = (t.to(device).T.contiguous() for t in (weight, a, b))\n'
                'return parameter.addcmul_(a, b).addcdiv_(a, b)',
  'page': 'bugs/adam-noncontiguous-param-frozen/',
  'triggers': [{'op': ['addcmul', 'addcdiv'], 'when': ['self.layout != contiguous'], 'form': 'inplace'}],
  'danger': 38},
 {'slug': 'adaptive-max-pool2d-nondivisible',
  'claim': '`F.adaptive_max_pool2d` gives wrong values and places where the sizes do not divide.',
  'when': '`adaptive_max_pool2d` is called and the size of *self* in dimension -1 is not a multiple of item -1 of '
          '*output_size*, or `adaptive_max_pool2d` is called and the size of *self* in dimension -2 is not a '
          'multiple of item -2 of *output_size*',
  'issue': 'pytorch/pytorch#190064',
  'url': 'https://github.com/pytorch/pytorch/issues/190064',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\n'
                'ends = [(0, 2), (1, 4), (3, 5)]\n'
                'rows = torch.stack([x[:, :, top:bottom].amax(2) for top, bottom in ends], 2)\n'
                'return torch.stack([rows[..., left:right].amax(-1) for left, right in ends], -1)',
  'page': 'bugs/adaptive-max-pool2d-nondivisible/',
  'triggers': [{'op': ['adaptive_max_pool2d'], 'when': ['self.size.-1 not-multiple-of output_size.value.-1']},
               {'op': ['adaptive_max_pool2d'], 'when': ['self.size.-2 not-multiple-of output_size.value.-2']}]},
 {'slug': 'addcmul-integer',
  'claim': '`torch.addcmul` of integer tensors gives wrong numbers.',
  'when': '`addcmul` is called and the dtype of *self* is one of int8, uint8, int16, int32, int64',
  'issue': 'pytorch/pytorch#189420',
  'url': 'https://github.com/pytorch/pytorch/issues/189420',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return a.to(device) + 2 * b.to(device) * c.to(device)',
  'page': 'bugs/addcmul-integer/',
  'triggers': [{'op': ['addcmul'], 'when': ['self.dtype in int8,uint8,int16,int32,int64']}]},
 {'slug': 'addmm-complex-large-k',
  'claim': '`torch.addmm` of complex matrices is wrong for a long reduction.',
  'when': '`addmm` is called and the dtype of *mat1* is complex64 and the size of *mat1* in dimension 1 is above '
          '2,048, or `mm` is called and the dtype of *self* is complex64 and the size of *self* in dimension 1 is '
          'above 2,048',
  'issue': 'pytorch/pytorch#167727',
  'url': 'https://github.com/pytorch/pytorch/issues/167727',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': '(real, imag), (a_real, a_imag), (b_real, b_imag) = (parts.to(device) for parts in (bias, a, b))\n'
                'return torch.complex(real + a_real @ b_real - a_imag @ b_imag, imag + a_real @ b_imag + a_imag @ '
                'b_real)',
  'page': 'bugs/addmm-complex-large-k/',
  'triggers': [{'op': ['addmm'], 'when': ['mat1.dtype == complex64', 'mat1.size.1 > 2048']},
               {'op': ['mm'], 'when': ['self.dtype == complex64', 'self.size.1 > 2048']}]},
 {'slug': 'addmm-square-matrices',
  'claim': '`torch.addmm` of square matrices multiplies by the transpose.',
  'when': '`addmm` is called and *mat1* is square and *mat2* is square',
  'issue': 'pytorch/pytorch#116331',
  'url': 'https://github.com/pytorch/pytorch/issues/116331',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<2.3,>=2.0.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.mm(x.to(device), weight.to(device)) + bias.to(device)',
  'page': 'bugs/addmm-square-matrices/',
  'triggers': [{'op': ['addmm'], 'when': ['mat1 has square', 'mat2 has square']}]},
 {'slug': 'advanced-index-out-of-range-reads',
  'claim': 'Indexing with `x[rows, columns]` out of range reads other memory instead of raising.',
  'when': '`index`, `index_put` is called, and all of this holds: the number of dimensions of *self* is 1; the dtype '
          'of *indices* is one of int32, int64; the largest value of *indices* is at least the size of *self* in '
          'dimension 0',
  'issue': 'pytorch/pytorch#105860',
  'url': 'https://github.com/pytorch/pytorch/issues/105860',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.10,>=2.0.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (index >= 2).any()',
  'page': 'bugs/advanced-index-out-of-range-reads/',
  'triggers': [{'op': ['index', 'index_put'],
                'when': ['self.ndim == 1', 'indices.dtype in int32,int64', 'indices.max >= self.size.0']}]},
 {'slug': 'all-empty-false',
  'claim': '`torch.all` of an empty tensor is False.',
  'when': '`all` is called and *dim* is not given and the number of elements of *self* is 0',
  'issue': 'pytorch/pytorch#104694',
  'url': 'https://github.com/pytorch/pytorch/issues/104694',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.1,>=2.1.0.dev20230702',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\n'
                'chosen = x[x > 9] < 20\n'
                'return torch.all(chosen) if chosen.numel() else torch.tensor(True, device=device)',
  'page': 'bugs/all-empty-false/',
  'triggers': [{'op': ['all'], 'when': ['dim.given == false', 'self.numel == 0']}]},
 {'slug': 'amax-int64-partial-simdgroup',
  'claim': '`torch.amax` and `torch.amin` of int64 can return 0 instead of the extreme value.',
  'when': '`amax` is called, and all of this holds: the dtype of *self* is int64; the largest value of *self* is '
          'below 0; the number of elements of the result is 1; the number of elements of *self* is above 32; the '
          'number of elements of *self* is at most 992, or `amin` is called, and all of this holds: the dtype of '
          '*self* is int64; the smallest value of *self* is above 0; the number of elements of the result is 1; the '
          'number of elements of *self* is above 32; the number of elements of *self* is at most 992, or `amax` is '
          'called, and all of this holds: the dtype of *self* is int64; the largest value of *self* is below 0; the '
          'size of *self* in dimension *dim* is above 32; the size of *self* in dimension *dim* is at most 992, or '
          '`amin` is called, and all of this holds: the dtype of *self* is int64; the smallest value of *self* is '
          'above 0; the size of *self* in dimension *dim* is above 32; the size of *self* in dimension *dim* is at '
          'most 992',
  'issue': 'pytorch/pytorch#187976',
  'url': 'https://github.com/pytorch/pytorch/issues/187976',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.14,>=2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device).int().amax().long()',
  'page': 'bugs/amax-int64-partial-simdgroup/',
  'triggers': [{'op': ['amax'],
                'when': ['self.dtype == int64',
                         'self.max < 0',
                         'result.numel == 1',
                         'self.numel > 32',
                         'self.numel <= 992']},
               {'op': ['amin'],
                'when': ['self.dtype == int64',
                         'self.min > 0',
                         'result.numel == 1',
                         'self.numel > 32',
                         'self.numel <= 992']},
               {'op': ['amax'],
                'when': ['self.dtype == int64', 'self.max < 0', 'self.size.dim > 32', 'self.size.dim <= 992']},
               {'op': ['amin'],
                'when': ['self.dtype == int64', 'self.min > 0', 'self.size.dim > 32', 'self.size.dim <= 992']}]},
 {'slug': 'amp-unscale-zeroes-half-grads',
  'claim': '`GradScaler` sets all bfloat16 gradients to zero, so that the model does not train.',
  'when': '`_amp_foreach_non_finite_check_and_unscale` is called and the dtype of *self* is one of float16, bfloat16',
  'issue': 'pytorch/pytorch#184286',
  'url': 'https://github.com/pytorch/pytorch/issues/184286',
  'kind': 'wrong',
  'family': 'optimizer',
  'affected': '<2.13',
  'introduced': '2.8',
  'macos': None,
  'chips': [],
  'workaround': 'return unscaled(gradient.to(device, torch.float32, copy=True)).to(gradient.dtype)',
  'page': 'bugs/amp-unscale-zeroes-half-grads/',
  'triggers': [{'op': ['_amp_foreach_non_finite_check_and_unscale'], 'when': ['self.dtype in float16,bfloat16']}]},
 {'slug': 'argmax-amd-zero',
  'claim': '`torch.argmax` returns 0 on AMD GPUs of Intel Macs.',
  'when': '`argmax` is called and the dtype of *self* is int32',
  'issue': 'pytorch/pytorch#112186',
  'url': 'https://github.com/pytorch/pytorch/issues/112186',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '==2.1.0',
  'introduced': None,
  'macos': None,
  'chips': ['AMD'],
  'workaround': 'return ids.to(device).cpu().long().argmax(dim=1)',
  'page': 'bugs/argmax-amd-zero/',
  'triggers': [{'op': ['argmax'], 'when': ['self.dtype == int32']}]},
 {'slug': 'argmax-ignores-nan',
  'claim': '`torch.argmax` and `torch.argmin` skip NaN instead of returning its index.',
  'when': '`argmax`, `argmin` is called and *self* holds NaN',
  'issue': 'pytorch/pytorch#187039',
  'url': 'https://github.com/pytorch/pytorch/issues/187039',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.13,>=2.3.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'def first_nan(t, otherwise):\n'
                '    return torch.where(t.isnan().any(), t.isnan().int().argmax(), otherwise)\n'
                'x, y = (x.to(device), y.to(device))\n'
                'return (first_nan(x, x.nan_to_num().argmax()), first_nan(y, y.nan_to_num().argmin()))',
  'page': 'bugs/argmax-ignores-nan/',
  'triggers': [{'op': ['argmax', 'argmin'], 'when': ['self has nan']}]},
 {'slug': 'argmax-inf-input',
  'claim': '`torch.argmax` of a row that is minus infinity throughout returns -1.',
  'when': '`argmax` is called and *self* has a row that is masked as a whole, or `argmin` is called and the smallest '
          'value of *self* is inf',
  'issue': 'kulinseth/pytorch#193',
  'url': 'https://github.com/kulinseth/pytorch/issues/193',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return scores.to(device).clamp(min=torch.finfo(scores.dtype).min).argmax(-1)',
  'page': 'bugs/argmax-inf-input/',
  'triggers': [{'op': ['argmax'], 'when': ['self has masked-row']}, {'op': ['argmin'], 'when': ['self.min == inf']}]},
 {'slug': 'argsort-dim0-large',
  'claim': '`torch.argsort` along the first dimension gives wrong indices beyond 2**22 columns.',
  'when': '`argsort`, `sort` is called and the number of elements of *self* divided by the size of *self* in '
          'dimension *dim* is above 4,194,304',
  'issue': 'pytorch/pytorch#183885',
  'url': 'https://github.com/pytorch/pytorch/issues/183885',
  'kind': 'wrong',
  'family': 'sort',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.cat([torch.argsort(block, dim=0) for block in x.to(device).split(2 ** 20, dim=1)], '
                'dim=1)',
  'page': 'bugs/argsort-dim0-large/',
  'triggers': [{'op': ['argsort', 'sort'], 'when': ['self.numel / self.size.dim > 4194304']}]},
 {'slug': 'avg-pool2d-count-include-pad',
  'claim': '`F.avg_pool2d` with padding leaves the padding out of its averages, whatever `count_include_pad` says.',
  'when': '`avg_pool2d` is called and *count_include_pad* is true and item 0 of *padding* is above 0, or '
          '`avg_pool2d` is called and *count_include_pad* is true and item -1 of *padding* is above 0',
  'issue': 'pytorch/pytorch#94348',
  'url': 'https://github.com/pytorch/pytorch/issues/94348',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.avg_pool2d(F.pad(x.to(device), (1, 1, 1, 1)), 3, stride=1)',
  'page': 'bugs/avg-pool2d-count-include-pad/',
  'triggers': [{'op': ['avg_pool2d'], 'when': ['count_include_pad.value == true', 'padding.value.0 > 0']},
               {'op': ['avg_pool2d'], 'when': ['count_include_pad.value == true', 'padding.value.-1 > 0']}]},
 {'slug': 'avgpool2d-channelslast-offset',
  'claim': '`F.avg_pool2d` of a `channels_last` view averages the elements at the start of its memory.',
  'when': '`avg_pool2d` is called, and all of this holds: the number of dimensions of *self* is 4; the storage '
          'offset of *self* is above 0; *self* is permuted (dense, in another order than contiguous); the stride of '
          '*self* in dimension 1 is 1; the stride of *self* in dimension 3 is the size of *self* in dimension 1; the '
          'stride of *self* in dimension 2 is the size of *self* in dimension 1 times the size of *self* in '
          'dimension 3; the stride of *self* in dimension 0 is at least the size of *self* in dimension 1 times the '
          'size of *self* in dimension 2 times the size of *self* in dimension 3',
  'issue': 'pytorch/pytorch#174345',
  'url': 'https://github.com/pytorch/pytorch/issues/174345',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<2.12,>=2.10.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.avg_pool2d(patches(tokens.to(device)).contiguous(), 2)',
  'page': 'bugs/avgpool2d-channelslast-offset/',
  'triggers': [{'op': ['avg_pool2d'],
                'when': ['self.ndim == 4',
                         'self.offset > 0',
                         'self.layout == permuted',
                         'self.stride.1 == 1',
                         'self.stride.3 == self.size.1',
                         'self.stride.2 == self.size.1 * self.size.3',
                         'self.stride.0 >= self.size.1 * self.size.2 * self.size.3']}]},
 {'slug': 'backward-large-k-stale-memory',
  'claim': 'Gradients of `nn.Linear` are far too large above 32,768 tokens if an earlier step had another size.',
  'when': '`linear_backward` is called, and all of this holds: the number of elements of *self* divided by the size '
          'of *self* in dimension -1 is above 32,768; the size of *self* in dimension -1 is at least 16; the size of '
          '*grad_output* in dimension -1 is at least 16; item 1 of *output_mask* is true',
  'issue': 'pytorch/pytorch#177116',
  'url': 'https://github.com/pytorch/pytorch/issues/177116',
  'kind': 'nondeterministic',
  'family': 'matmul',
  'affected': '<2.14,>=2.10.0',
  'introduced': None,
  'macos': None,
  'chips': ['M1', 'M2'],
  'workaround': 'x, weight, incoming = (x.to(device), weight.to(device), incoming.to(device))\n'
                'return gradient(x[:16400], weight, incoming[:16400]) + gradient(x[16400:], weight, '
                'incoming[16400:])',
  'page': 'bugs/backward-large-k-stale-memory/',
  'triggers': [{'op': ['linear_backward'],
                'when': ['self.numel / self.size.-1 > 32768',
                         'self.size.-1 >= 16',
                         'grad_output.size.-1 >= 16',
                         'output_mask.value.1 == true']}],
  'danger': 13},
 {'slug': 'baddbmm-beta-zero-nan',
  'claim': '`torch.baddbmm` with `beta=0` lets NaN of the ignored input through.',
  'when': '`baddbmm` is called and *beta* is 0 and *self* holds NaN, or `baddbmm` is called and *beta* is 0 and '
          '*self* holds infinity',
  'issue': 'pytorch/pytorch#187521',
  'url': 'https://github.com/pytorch/pytorch/issues/187521',
  'kind': 'nan',
  'family': 'matmul',
  'affected': '<2.14,>=2.1.0.dev20230310',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.bmm(a.to(device), b.to(device))',
  'page': 'bugs/baddbmm-beta-zero-nan/',
  'triggers': [{'op': ['baddbmm'], 'when': ['beta.value == 0', 'self has nan']},
               {'op': ['baddbmm'], 'when': ['beta.value == 0', 'self has inf']}]},
 {'slug': 'batchnorm-backward-channelslast',
  'claim': 'The backward of `nn.BatchNorm2d` gives wrong gradients for inputs in the order channels last.',
  'when': '`native_batch_norm_backward` is called and the order of the dimensions of *input* in memory is (0, 2, 3, '
          '1)',
  'issue': 'pytorch/pytorch#175189',
  'url': 'https://github.com/pytorch/pytorch/issues/175189',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '',
  'introduced': None,
  'macos': '<15',
  'chips': [],
  'workaround': 'x = images.to(device).permute(0, 3, 1, 2).requires_grad_()\n'
                'F.batch_norm(x.contiguous(), None, None, training=True).backward(upstream.to(device))\n'
                'return x.grad',
  'page': 'bugs/batchnorm-backward-channelslast/',
  'triggers': [{'op': ['native_batch_norm_backward'], 'when': ['input.order == 0231']}]},
 {'slug': 'batchnorm-incorrect-gradient-28',
  'claim': 'The backward of `F.batch_norm` returns unwritten gradients of weight and bias where the input needs '
           'none.',
  'when': '`native_batch_norm_backward` is called and item 0 of *output_mask* is false',
  'issue': 'pytorch/pytorch#156555',
  'url': 'https://github.com/pytorch/pytorch/issues/156555',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '<2.9',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = data.to(device).requires_grad_()\n'
                'weight = torch.ones_like(data[0, :, 0]).to(device).requires_grad_()\n'
                'bias = torch.zeros_like(data[0, :, 0]).to(device).requires_grad_()\n'
                '(F.batch_norm(x, None, None, weight, bias, training=True) * upstream.to(device)).sum().backward()\n'
                'return (weight.grad, bias.grad)',
  'page': 'bugs/batchnorm-incorrect-gradient-28/',
  'triggers': [{'op': ['native_batch_norm_backward'], 'when': ['output_mask.value.0 == false']}]},
 {'slug': 'batchnorm-sliced-input',
  'claim': '`F.batch_norm` of a slice normalises the rows at the start of the tensor that it was cut from.',
  'when': '`batch_norm` is called and the storage offset of *input* is above 0 and *input* is contiguous',
  'issue': 'pytorch/pytorch#133520',
  'url': 'https://github.com/pytorch/pytorch/issues/133520',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '<2.5,>=2.4.0',
  'introduced': '2.4',
  'macos': None,
  'chips': [],
  'workaround': 'return F.batch_norm(batch.to(device)[2:].clone(), None, None, training=True)',
  'page': 'bugs/batchnorm-sliced-input/',
  'triggers': [{'op': ['batch_norm'], 'when': ['input.offset > 0', 'input.layout == contiguous']}]},
 {'slug': 'batchnorm2d-channelslast-forward',
  'claim': '`nn.BatchNorm2d` gives wrong results for inputs in the order channels last.',
  'when': '`batch_norm` is called and the order of the dimensions of *input* in memory is (0, 2, 3, 1)',
  'issue': 'pytorch/pytorch#134580',
  'url': 'https://github.com/pytorch/pytorch/issues/134580',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '<2.5',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = images.to(device).permute(0, 3, 1, 2).contiguous()\n'
                'return F.batch_norm(x, mean.to(device), variance.to(device))',
  'page': 'bugs/batchnorm2d-channelslast-forward/',
  'triggers': [{'op': ['batch_norm'], 'when': ['input.order == 0231']}]},
 {'slug': 'batchnorm2d-channelslast-offset',
  'claim': '`nn.BatchNorm2d` reads a channels-last tensor with a storage offset from the start of its memory.',
  'when': '`batch_norm` is called, and all of this holds: the number of dimensions of *input* is 4; the storage '
          'offset of *input* is above 0; *input* is permuted (dense, in another order than contiguous); the stride '
          'of *input* in dimension 1 is 1; the stride of *input* in dimension 3 is the size of *input* in dimension '
          '1; the stride of *input* in dimension 2 is the size of *input* in dimension 1 times the size of *input* '
          'in dimension 3; the stride of *input* in dimension 0 is at least the size of *input* in dimension 1 times '
          'the size of *input* in dimension 2 times the size of *input* in dimension 3',
  'issue': 'pytorch/pytorch#174345',
  'url': 'https://github.com/pytorch/pytorch/issues/174345',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '==2.10.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'image = tokens.to(device)[:, 1:].reshape(1, 4, 4, 8).permute(0, 3, 1, 2).contiguous()\n'
                'return F.batch_norm(image, None, None, training=True)',
  'page': 'bugs/batchnorm2d-channelslast-offset/',
  'triggers': [{'op': ['batch_norm'],
                'when': ['input.ndim == 4',
                         'input.offset > 0',
                         'input.layout == permuted',
                         'input.stride.1 == 1',
                         'input.stride.3 == input.size.1',
                         'input.stride.2 == input.size.1 * input.size.3',
                         'input.stride.0 >= input.size.1 * input.size.2 * input.size.3']}]},
 {'slug': 'bce-logits-empty-zero',
  'claim': '`F.binary_cross_entropy_with_logits` of empty tensors is 0 instead of NaN.',
  'when': '`binary_cross_entropy_with_logits` is called and the number of elements of *self* is 0 and *reduction* is '
          '1',
  'issue': 'pytorch/pytorch#144104',
  'url': 'https://github.com/pytorch/pytorch/issues/144104',
  'kind': 'wrong',
  'family': 'loss',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': "loss = F.binary_cross_entropy_with_logits(none.to(device), none.to(device), reduction='sum')\n"
                'return loss / none.numel()',
  'page': 'bugs/bce-logits-empty-zero/',
  'triggers': [{'op': ['binary_cross_entropy_with_logits'], 'when': ['self.numel == 0', 'reduction.value == 1']}]},
 {'slug': 'bce-size-one-dims-wrong-grad',
  'claim': '`F.binary_cross_entropy` without reduction gives wrong gradients for a shape such as (batch, 1, 1).',
  'when': '`binary_cross_entropy_backward` is called, and all of this holds: the number of dimensions of *self* is '
          '3; the size of *self* in dimension 0 is above 1; the size of *self* in dimension 1 is 1; the size of '
          '*self* in dimension 2 is 1; the largest value of *grad_output* is not the smallest value of *grad_output*',
  'issue': 'pytorch/pytorch#166746',
  'url': 'https://github.com/pytorch/pytorch/issues/166746',
  'kind': 'wrong',
  'family': 'loss',
  'affected': '<2.10,>=2.2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'prediction = prediction.to(device).requires_grad_()\n'
                'loss = F.binary_cross_entropy(prediction.flatten(), torch.ones_like(prediction).flatten(), '
                "reduction='none')\n"
                'return torch.autograd.grad((loss * weight.to(device).flatten()).sum(), prediction)[0]',
  'page': 'bugs/bce-size-one-dims-wrong-grad/',
  'triggers': [{'op': ['binary_cross_entropy_backward'],
                'when': ['self.ndim == 3',
                         'self.size.0 > 1',
                         'self.size.1 == 1',
                         'self.size.2 == 1',
                         'grad_output.max != grad_output.min']}]},
 {'slug': 'bernoulli-zeros-ventura',
  'claim': '`torch.bernoulli` returns zeros for every probability on macOS 13.',
  'when': '`bernoulli` is called and *p* is not given and the largest value of *self* is above 0',
  'issue': 'pytorch/pytorch#85611',
  'url': 'https://github.com/pytorch/pytorch/issues/85611',
  'kind': 'wrong',
  'family': 'random',
  'affected': '==1.12.1',
  'introduced': None,
  'macos': '<14,>=13',
  'chips': [],
  'workaround': 'return (torch.rand(p.shape) < p).to(device, p.dtype)',
  'page': 'bugs/bernoulli-zeros-ventura/',
  'triggers': [{'op': ['bernoulli'], 'when': ['p.given == false', 'self.max > 0']}]},
 {'slug': 'binary-op-cpu-0d-view-offset',
  'claim': '`mps_tensor * cpu_vector[i]` multiplies by `cpu_vector[0]`, whatever `i` is.',
  'when': '`mul`, `div`, `add`, `sub` is called, and all of this holds: *other* is on the CPU; the number of '
          'dimensions of *other* is 0; the storage offset of *other* is above 0',
  'issue': 'pytorch/pytorch#187117',
  'url': 'https://github.com/pytorch/pytorch/issues/187117',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<2.14,>=2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return vector.to(device) * strengths[2].item()',
  'page': 'bugs/binary-op-cpu-0d-view-offset/',
  'triggers': [{'op': ['mul', 'div', 'add', 'sub'],
                'when': ['other.device == cpu', 'other.ndim == 0', 'other.offset > 0']}],
  'danger': 20},
 {'slug': 'bitwise-bool-0d-offset',
  'claim': '`mask & flags[1]` takes the first flag in place of the one that was picked.',
  'when': '`bitwise_and`, `bitwise_or`, `bitwise_xor` is called and the number of dimensions of *other* is 0 and the '
          'storage offset of *other* times the bytes of an element of *other* is not a multiple of 4',
  'issue': 'pytorch/pytorch#182822',
  'url': 'https://github.com/pytorch/pytorch/issues/182822',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<2.13',
  'introduced': None,
  'macos': '>=15',
  'chips': [],
  'workaround': 'return mask.to(device) & flags.to(device)[1].clone()',
  'page': 'bugs/bitwise-bool-0d-offset/',
  'triggers': [{'op': ['bitwise_and', 'bitwise_or', 'bitwise_xor'],
                'when': ['other.ndim == 0', 'other.offset * other.itemsize not-multiple-of 4']}]},
 {'slug': 'bitwise-noncontiguous-output-macos15',
  'claim': '`z[:, 0] ^= 1` and other bitwise operations in place write into the wrong places.',
  'when': '`bitwise_and`, `bitwise_or`, `bitwise_xor` is called in place and *self* is not contiguous, or '
          '`bitwise_and`, `bitwise_or`, `bitwise_xor` is called with `out=` and the result is not contiguous',
  'issue': 'pytorch/pytorch#145203',
  'url': 'https://github.com/pytorch/pytorch/issues/145203',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<2.7,>=2.5',
  'introduced': '2.5',
  'macos': '>=15',
  'chips': [],
  'workaround': 'z = z.to(device, copy=True)\nz[:, 0] = z[:, 0] ^ 1\nreturn z',
  'page': 'bugs/bitwise-noncontiguous-output-macos15/',
  'triggers': [{'op': ['bitwise_and', 'bitwise_or', 'bitwise_xor'],
                'when': ['self.layout != contiguous'],
                'form': 'inplace'},
               {'op': ['bitwise_and', 'bitwise_or', 'bitwise_xor'],
                'when': ['result.layout != contiguous'],
                'form': 'out'}]},
 {'slug': 'bmm-conj-mh-ignored',
  'claim': '`torch.bmm` ignores the conjugation of complex operands.',
  'when': '`bmm` is called and *mat2* is a conjugated view',
  'issue': 'pytorch/pytorch#191835',
  'url': 'https://github.com/pytorch/pytorch/issues/191835',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '==2.9.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.bmm(torch.complex(*a.to(device)), torch.complex(*b.to(device)).conj().resolve_conj())',
  'page': 'bugs/bmm-conj-mh-ignored/',
  'triggers': [{'op': ['bmm'], 'when': ['mat2.conj == true']}]},
 {'slug': 'bmm-large-k-m1-m2',
  'claim': '`torch.bmm` adds memory past its operands if the reduction is 32,767 long or more, on M1 and M2.',
  'when': '`bmm` is called, and all of this holds: the size of *self* in dimension 2 is at least 32,767; the size of '
          '*self* in dimension 1 is at least 16; the size of *mat2* in dimension 2 is at least 16, or `baddbmm`, '
          '`addbmm` is called, and all of this holds: the size of *batch1* in dimension 2 is at least 32,767; the '
          'size of *batch1* in dimension 1 is at least 16; the size of *batch2* in dimension 2 is at least 16',
  'issue': 'pytorch/pytorch#195163',
  'url': 'https://github.com/pytorch/pytorch/issues/195163',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<=2.15.0a0,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': ['M1', 'M2'],
  'workaround': 'a, b = (a.to(device), b.to(device)[:1])\n'
                'return torch.bmm(a[..., :16384], b[:, :16384]) + torch.bmm(a[..., 16384:], b[:, 16384:])',
  'page': 'bugs/bmm-large-k-m1-m2/',
  'triggers': [{'op': ['bmm'], 'when': ['self.size.2 >= 32767', 'self.size.1 >= 16', 'mat2.size.2 >= 16']},
               {'op': ['baddbmm', 'addbmm'],
                'when': ['batch1.size.2 >= 32767', 'batch1.size.1 >= 16', 'batch2.size.2 >= 16']}],
  'danger': 12},
 {'slug': 'bool-accumulate-misaligned-view',
  'claim': '`scatter_add_`, `index_add_` and `index_put_` write before an offset boolean view.',
  'when': '`scatter_add`, `index_add` is called in place and the dtype of *self* is bool and the storage offset of '
          '*self* is not a multiple of 4, or `index_put` is called in place, and all of this holds: the dtype of '
          '*self* is bool; the storage offset of *self* is not a multiple of 4; *accumulate* is true',
  'issue': 'pytorch/pytorch#195074',
  'url': 'https://github.com/pytorch/pytorch/issues/195074',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'flags = flags.to(device)\n'
                'flags[1:5] = flags[1:5].clone().scatter_add_(0, index.to(device), true.to(device))\n'
                'return flags',
  'page': 'bugs/bool-accumulate-misaligned-view/',
  'triggers': [{'op': ['scatter_add', 'index_add'],
                'when': ['self.dtype == bool', 'self.offset not-multiple-of 4'],
                'form': 'inplace'},
               {'op': ['index_put'],
                'when': ['self.dtype == bool', 'self.offset not-multiple-of 4', 'accumulate.value == true'],
                'form': 'inplace'}]},
 {'slug': 'bool-times-int-255',
  'claim': '`torch.mul` of a true boolean tensor by 2 gives 255.',
  'when': '`mul` is called, and all of this holds: the dtype of *self* is bool; *other* is no tensor; *other* is '
          'above 1',
  'issue': 'pytorch/pytorch#78020',
  'url': 'https://github.com/pytorch/pytorch/issues/78020',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<1.12.1,>=1.12.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return mask.to(device).long() * 2',
  'page': 'bugs/bool-times-int-255/',
  'triggers': [{'op': ['mul'], 'when': ['self.dtype == bool', 'other.tensor == false', 'other.value > 1']}]},
 {'slug': 'bool-to-float-garbage',
  'claim': '`mask.type(torch.float)` of a boolean mask on the GPU gives tiny garbage instead of ones and zeros.',
  'when': '`copy` is called, and all of this holds: *src* is on the GPU; *self* is on the GPU; the dtype of *src* is '
          'bool; the dtype of *self* is float32',
  'issue': 'pytorch/pytorch#77835',
  'url': 'https://github.com/pytorch/pytorch/issues/77835',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '==1.12.0.dev20220518',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return mask.type(torch.float).to(device)',
  'page': 'bugs/bool-to-float-garbage/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == accel',
                         'self.device == accel',
                         'src.dtype == bool',
                         'self.dtype == float32']}]},
 {'slug': 'cat-channels-last-wrong',
  'claim': '`torch.cat` of tensors in the order channels last mixes up the numbers of its result.',
  'when': '`cat` is called and the result is not contiguous',
  'issue': 'pytorch/pytorch#89353',
  'url': 'https://github.com/pytorch/pytorch/issues/89353',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'maps = [x.to(device).permute(0, 3, 1, 2).contiguous() for x in (encoder, decoder)]\n'
                'return torch.cat(maps, dim=1)',
  'page': 'bugs/cat-channels-last-wrong/',
  'triggers': [{'op': ['cat'], 'when': ['result.layout != contiguous']}]},
 {'slug': 'categorical-same-sample',
  'claim': '`torch.multinomial` draws the same sample again and again from transposed probabilities.',
  'when': '`multinomial` is called and *self* is permuted (dense, in another order than contiguous) and '
          '*replacement* is false',
  'issue': 'pytorch/pytorch#141457',
  'url': 'https://github.com/pytorch/pytorch/issues/141457',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<2.7',
  'introduced': None,
  'macos': '<15,>=14',
  'chips': [],
  'workaround': 'return torch.stack([torch.multinomial(p.to(device).T.contiguous(), 1) for _ in range(8)])',
  'page': 'bugs/categorical-same-sample/',
  'triggers': [{'op': ['multinomial'], 'when': ['self.layout == permuted', 'replacement.value == false']}]},
 {'slug': 'clamp-inplace-column-view',
  'claim': '`x[..., 0].clamp_(0, 1)` clamps other numbers than those of the column.',
  'when': '`clamp` is called in place and *self* is a slice with gaps',
  'issue': 'pytorch/pytorch#147510',
  'url': 'https://github.com/pytorch/pytorch/issues/147510',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '==2.4.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device, copy=True)\nx[..., 0] = x[..., 0].clamp(0, 1)\nreturn x',
  'page': 'bugs/clamp-inplace-column-view/',
  'triggers': [{'op': ['clamp'], 'when': ['self.layout == sliced'], 'form': 'inplace'}]},
 {'slug': 'clamp-int-tensor-float-bound',
  'claim': '`torch.clamp` of an integer tensor cuts the fraction off a float bound.',
  'when': '`clamp`, `clamp_min` is called and the dtype of *self* is one of int8, uint8, int16, int32, int64 and '
          '*min* is not a multiple of 1, or `clamp`, `clamp_max` is called and the dtype of *self* is one of int8, '
          'uint8, int16, int32, int64 and *max* is not a multiple of 1',
  'issue': 'pytorch/pytorch#130201',
  'url': 'https://github.com/pytorch/pytorch/issues/130201',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.5,>=2.3.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return counts.to(device).float().clamp(min=0.1)',
  'page': 'bugs/clamp-int-tensor-float-bound/',
  'triggers': [{'op': ['clamp', 'clamp_min'],
                'when': ['self.dtype in int8,uint8,int16,int32,int64', 'min.value not-multiple-of 1']},
               {'op': ['clamp', 'clamp_max'],
                'when': ['self.dtype in int8,uint8,int16,int32,int64', 'max.value not-multiple-of 1']}]},
 {'slug': 'clamp-min-cached-bound',
  'claim': '`torch.clamp` takes the lower bound of an earlier call where both bounds are nearly zero.',
  'when': '`clamp` is called, and all of this holds: *min* is below 5e-07; *min* is above -5e-07; *max* is not '
          'given; in an earlier call *min* was below 5e-07 and *min* was above -5e-07 and *min* was not the same as '
          'now and *max* is not given and the shape of *self* was the same as now and the dtype of *self* was the '
          'same as now, or `clamp` is called, and all of this holds: *min* is below 5e-07; *min* is above -5e-07; in '
          'an earlier call *min* was below 5e-07 and *min* was above -5e-07 and *min* was not the same as now and '
          '*max* was the same as now and the shape of *self* was the same as now and the dtype of *self* was the '
          'same as now, or `clamp_min` is called, and all of this holds: *min* is below 5e-07; *min* is above '
          '-5e-07; in an earlier call *min* was below 5e-07 and *min* was above -5e-07 and *min* was not the same as '
          'now and the shape of *self* was the same as now and the dtype of *self* was the same as now',
  'issue': 'pytorch/pytorch#167767',
  'url': 'https://github.com/pytorch/pytorch/issues/167767',
  'kind': 'wrong',
  'family': 'graph-cache',
  'affected': '<2.10,>=2.9.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'p = p.to(device)\n'
                'p.clamp(min=0.0)\n'
                'return p.clamp(min=torch.tensor(1e-07, dtype=p.dtype, device=p.device)).log()',
  'page': 'bugs/clamp-min-cached-bound/',
  'triggers': [{'op': ['clamp'],
                'when': ['min.value < 5e-7',
                         'min.value > -5e-7',
                         'max.given == false',
                         'earlier.min.value < 5e-7',
                         'earlier.min.value > -5e-7',
                         'earlier.min.value != min.value',
                         'earlier.max.given == false',
                         'earlier.self.shape == self.shape',
                         'earlier.self.dtype == self.dtype']},
               {'op': ['clamp'],
                'when': ['min.value < 5e-7',
                         'min.value > -5e-7',
                         'earlier.min.value < 5e-7',
                         'earlier.min.value > -5e-7',
                         'earlier.min.value != min.value',
                         'earlier.max.value == max.value',
                         'earlier.self.shape == self.shape',
                         'earlier.self.dtype == self.dtype']},
               {'op': ['clamp_min'],
                'when': ['min.value < 5e-7',
                         'min.value > -5e-7',
                         'earlier.min.value < 5e-7',
                         'earlier.min.value > -5e-7',
                         'earlier.min.value != min.value',
                         'earlier.self.shape == self.shape',
                         'earlier.self.dtype == self.dtype']}],
  'danger': 39},
 {'slug': 'clamp-mixed-dtype-bounds',
  'claim': '`torch.clamp` with bound tensors of another dtype gives wrong values or an error.',
  'when': '`clamp` is called and the dtype of *min* is not the dtype of *self*, or `clamp` is called and the dtype '
          'of *max* is not the dtype of *self*',
  'issue': 'pytorch/pytorch#105747',
  'url': 'https://github.com/pytorch/pytorch/issues/105747',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\n'
                'bound = torch.full_like(x, 2.0)\n'
                'return torch.clamp(x, min=-bound, max=bound).float()',
  'page': 'bugs/clamp-mixed-dtype-bounds/',
  'triggers': [{'op': ['clamp'], 'when': ['min.dtype != self.dtype']},
               {'op': ['clamp'], 'when': ['max.dtype != self.dtype']}]},
 {'slug': 'clamp-nan-to-zero',
  'claim': '`torch.clamp` turns NaN into one of the bounds.',
  'when': '`clamp`, `clamp_min`, `clamp_max` is called and the dtype of *self* is one of float16, bfloat16, float32 '
          'and *self* holds NaN',
  'issue': 'pytorch/pytorch#120899',
  'url': 'https://github.com/pytorch/pytorch/issues/120899',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.3,>=2.1.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.where(x.isnan(), x, x.nan_to_num().clamp(0, 1))',
  'page': 'bugs/clamp-nan-to-zero/',
  'triggers': [{'op': ['clamp', 'clamp_min', 'clamp_max'],
                'when': ['self.dtype in float16,bfloat16,float32', 'self has nan']}]},
 {'slug': 'clamp-permuted-inputs',
  'claim': '`torch.clamp` of a permuted tensor puts its numbers in the wrong places.',
  'when': '`clamp`, `clamp_min`, `clamp_max` is called and the result is permuted (dense, in another order than '
          'contiguous)',
  'issue': 'pytorch/pytorch#87348',
  'url': 'https://github.com/pytorch/pytorch/issues/87348',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<=2.0.0,>=1.13.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return picture.to(device).permute(2, 0, 1).contiguous().clamp(0, 0.5)',
  'page': 'bugs/clamp-permuted-inputs/',
  'triggers': [{'op': ['clamp', 'clamp_min', 'clamp_max'], 'when': ['result.layout == permuted']}]},
 {'slug': 'column-assign-wrong-places',
  'claim': '`x[:, 0] = 7` writes into the first row instead of the column.',
  'when': '`copy` is called in place, and all of this holds: *self* is a slice with gaps; *self* is on the GPU; '
          '*src* is on the GPU, or `fill` is called in place and *self* is a slice with gaps',
  'issue': 'pytorch/pytorch#78074',
  'url': 'https://github.com/pytorch/pytorch/issues/78074',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<1.12.1,>=1.12.0.dev20220518',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\n'
                'first = torch.tensor([True, False, False]).to(device)\n'
                'return torch.where(first, torch.full_like(x, 7), x)',
  'page': 'bugs/column-assign-wrong-places/',
  'triggers': [{'op': ['copy'],
                'when': ['self.layout == sliced', 'self.device == accel', 'src.device == accel'],
                'form': 'inplace'},
               {'op': ['fill'], 'when': ['self.layout == sliced'], 'form': 'inplace'}]},
 {'slug': 'compare-two-slices',
  'claim': '`t[2:] <= t[:2]` compares the first elements with themselves.',
  'when': '`le`, `lt`, `ge`, `gt`, `eq`, `ne` is called and the storage offset of *self* is above 0 and *self* is '
          'contiguous',
  'issue': 'pytorch/pytorch#77750',
  'url': 'https://github.com/pytorch/pytorch/issues/77750',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<1.13,>=1.12.0.dev20220518',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 't = t.to(device)\nreturn t[2:].clone() <= t[:2]',
  'page': 'bugs/compare-two-slices/',
  'triggers': [{'op': ['le', 'lt', 'ge', 'gt', 'eq', 'ne'],
                'when': ['self.offset > 0', 'self.layout == contiguous']}],
  'unsure': ['1.12']},
 {'slug': 'complex-pow-zero-nan',
  'claim': '`z ** n` of a complex zero gives NaN on the GPU.',
  'when': '`pow` is called and the dtype of *self* is complex64 and *self* holds a zero',
  'issue': 'pytorch/pytorch#194813',
  'url': 'https://github.com/pytorch/pytorch/issues/194813',
  'kind': 'nan',
  'family': 'elementwise',
  'affected': '==2.5.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'zeros = zeros.to(device)\nz = torch.complex(zeros, zeros)\nreturn z * z',
  'page': 'bugs/complex-pow-zero-nan/',
  'triggers': [{'op': ['pow'], 'when': ['self.dtype == complex64', 'self has zero']}]},
 {'slug': 'conj-imag',
  'claim': '`torch.imag` of a conjugated tensor is not negated.',
  'when': '`imag` is called and *self* is a conjugated view',
  'issue': 'pytorch/pytorch#184379',
  'url': 'https://github.com/pytorch/pytorch/issues/184379',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'z = torch.complex(real.to(device), imaginary.to(device))\n'
                'return z.conj().resolve_conj().imag.clone()',
  'page': 'bugs/conj-imag/',
  'triggers': [{'op': ['imag'], 'when': ['self.conj == true']}]},
 {'slug': 'conv-gradient-minibatch-65536',
  'claim': 'The weight gradient of `F.conv1d` and `F.conv2d` is wrong for 65,536 or more items in a batch.',
  'when': '`convolution_backward` is called, and all of this holds: the number of dimensions of *input* is at most '
          '4; the size of *input* in dimension 0 is at least 65,536; item 1 of *output_mask* is true; *transposed* '
          'is false',
  'issue': 'pytorch/pytorch#96225',
  'url': 'https://github.com/pytorch/pytorch/issues/96225',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return sum((gradient(device, half, weight) for half in x.to(device).chunk(2))) / 2',
  'page': 'bugs/conv-gradient-minibatch-65536/',
  'triggers': [{'op': ['convolution_backward'],
                'when': ['input.ndim <= 4',
                         'input.size.0 >= 65536',
                         'output_mask.value.1 == true',
                         'transposed.value == false']}]},
 {'slug': 'conv-transpose-output-padding',
  'claim': '`nn.ConvTranspose2d` accepts an invalid `output_padding` and returns a larger tensor.',
  'when': '`conv_transpose1d`, `conv_transpose2d`, `conv_transpose3d` is called and item 0 of *output_padding* is at '
          'least item 0 of *stride* and item 0 of *output_padding* is at least item 0 of *dilation*, or '
          '`conv_transpose1d`, `conv_transpose2d`, `conv_transpose3d` is called and item -1 of *output_padding* is '
          'at least item -1 of *stride* and item -1 of *output_padding* is at least item -1 of *dilation*',
  'issue': 'pytorch/pytorch#169236',
  'url': 'https://github.com/pytorch/pytorch/issues/169236',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'stride, dilation, output_padding = (1, 1, 1)\n'
                'return torch.tensor(output_padding >= max(stride, dilation))',
  'page': 'bugs/conv-transpose-output-padding/',
  'triggers': [{'op': ['conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d'],
                'when': ['output_padding.value.0 >= stride.value.0', 'output_padding.value.0 >= dilation.value.0']},
               {'op': ['conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d'],
                'when': ['output_padding.value.-1 >= stride.value.-1',
                         'output_padding.value.-1 >= dilation.value.-1']}]},
 {'slug': 'conv-transpose1d-stride',
  'claim': '`F.conv_transpose1d` with a stride of 2 puts contributions in the wrong places.',
  'when': '`conv_transpose1d` is called and item 0 of *stride* is above 1',
  'issue': 'pytorch/pytorch#82711',
  'url': 'https://github.com/pytorch/pytorch/issues/82711',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<=1.13.0.dev20220801,>=1.13.0.dev20220719',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'spread = torch.zeros(1, 1, 3, device=device, dtype=x.dtype)\n'
                'spread[..., ::2] = x.to(device)\n'
                'return F.conv_transpose1d(spread, weight.to(device))',
  'page': 'bugs/conv-transpose1d-stride/',
  'triggers': [{'op': ['conv_transpose1d'], 'when': ['stride.value.0 > 1']}]},
 {'slug': 'conv1d-out-channels-over-65536',
  'claim': '`F.conv1d` with more than 65,536 output channels writes the last channels over the first ones.',
  'when': '`conv1d` is called and the size of *weight* in dimension 0 is above 65,536',
  'issue': 'pytorch/pytorch#129207',
  'url': 'https://github.com/pytorch/pytorch/issues/129207',
  'kind': 'wrong',
  'family': 'large',
  'affected': '<2.5',
  'introduced': None,
  'macos': '<15.1',
  'chips': [],
  'workaround': 'x, weight, bias = (x.to(device), weight.to(device), bias.to(device))\n'
                'parts = []\n'
                'for start in range(0, weight.shape[0], 32768):\n'
                '    chunk = slice(start, start + 32768)\n'
                '    parts.append(F.conv1d(x, weight[chunk].clone(), bias[chunk].clone(), padding=1))\n'
                'return torch.cat(parts, dim=1)',
  'page': 'bugs/conv1d-out-channels-over-65536/',
  'triggers': [{'op': ['conv1d'], 'when': ['weight.size.0 > 65536']}]},
 {'slug': 'conv2d-channels-last-channel-slice',
  'claim': '`F.conv2d` and `F.batch_norm` of a slice of a `channels_last` tensor read it as if it were packed.',
  'when': '`conv2d`, `batch_norm` is called, and all of this holds: the number of dimensions of *input* is 4; '
          '*input* is a slice with gaps; the stride of *input* in dimension 1 is 1; the stride of *input* in '
          'dimension 3 is at least the size of *input* in dimension 1; the stride of *input* in dimension 2 is at '
          'least the stride of *input* in dimension 3 times the size of *input* in dimension 3; the stride of '
          '*input* in dimension 0 is at least the stride of *input* in dimension 2 times the size of *input* in '
          'dimension 2',
  'issue': 'pytorch/pytorch#180984',
  'url': 'https://github.com/pytorch/pytorch/issues/180984',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device).contiguous(memory_format=torch.channels_last)\n'
                'return F.conv2d(x[:, :2].contiguous(), weight.to(device))',
  'page': 'bugs/conv2d-channels-last-channel-slice/',
  'triggers': [{'op': ['conv2d', 'batch_norm'],
                'when': ['input.ndim == 4',
                         'input.layout == sliced',
                         'input.stride.1 == 1',
                         'input.stride.3 >= input.size.1',
                         'input.stride.2 >= input.stride.3 * input.size.3',
                         'input.stride.0 >= input.stride.2 * input.size.2']}]},
 {'slug': 'conv2d-chunk-view-batch',
  'claim': '`F.conv2d` of one half of `x.chunk(2, dim=1)` is right only for the first item of the batch.',
  'when': '`conv2d` is called, and all of this holds: the number of dimensions of *input* is 4; *input* is a slice '
          'with gaps; the storage offset of *input* is above 0; the size of *input* in dimension 0 is above 1; the '
          'stride of *input* in dimension 3 is 1; the stride of *input* in dimension 2 is the size of *input* in '
          'dimension 3; the stride of *input* in dimension 1 is the size of *input* in dimension 2 times the size of '
          '*input* in dimension 3; the stride of *input* in dimension 0 is 2 times the size of *input* in dimension '
          '1 times the stride of *input* in dimension 1',
  'issue': 'pytorch/pytorch#169342',
  'url': 'https://github.com/pytorch/pytorch/issues/169342',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<=2.10.0.dev20251124,>=2.9.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'kept, half = x.to(device).chunk(2, dim=1)\n'
                'return torch.cat([kept, F.conv2d(half.contiguous(), weight.to(device), padding=1)], 1)',
  'page': 'bugs/conv2d-chunk-view-batch/',
  'triggers': [{'op': ['conv2d'],
                'when': ['input.ndim == 4',
                         'input.layout == sliced',
                         'input.offset > 0',
                         'input.size.0 > 1',
                         'input.stride.3 == 1',
                         'input.stride.2 == input.size.3',
                         'input.stride.1 == input.size.2 * input.size.3',
                         'input.stride.0 == 2 * input.size.1 * input.stride.1']}]},
 {'slug': 'conv2d-grouped-batch-over-1',
  'claim': '`F.conv2d` with groups and a kernel of 256 or more in one direction is wrong for larger batches.',
  'when': '`conv2d` is called, and all of this holds: the size of *input* in dimension 0 is above 1; the dtype of '
          '*input* is float32; *groups* is above 1; the size of *weight* in dimension 2 is at least 256, or `conv2d` '
          'is called, and all of this holds: the size of *input* in dimension 0 is above 1; the dtype of *input* is '
          'float32; *groups* is above 1; the size of *weight* in dimension 3 is at least 256',
  'issue': 'pytorch/pytorch#188335',
  'url': 'https://github.com/pytorch/pytorch/issues/188335',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x, weight = (x.to(device), weight.to(device))\n'
                'halves = [F.conv2d(part, kernel, groups=8) for part, kernel in zip(x.split(128, 2), '
                'weight.split(128, 2))]\n'
                'return halves[0] + halves[1]',
  'page': 'bugs/conv2d-grouped-batch-over-1/',
  'triggers': [{'op': ['conv2d'],
                'when': ['input.size.0 > 1', 'input.dtype == float32', 'groups.value > 1', 'weight.size.2 >= 256']},
               {'op': ['conv2d'],
                'when': ['input.size.0 > 1', 'input.dtype == float32', 'groups.value > 1', 'weight.size.3 >= 256']}]},
 {'slug': 'conv2d-large-out-channels-regression',
  'claim': '`F.conv2d` with more than 65,536 output channels is wrong again.',
  'when': '`conv2d` is called and the size of *weight* in dimension 0 is above 65,536',
  'issue': 'pytorch/pytorch#142836',
  'url': 'https://github.com/pytorch/pytorch/issues/142836',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '==2.6.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x, weight = (x.to(device), weight.to(device))\n'
                'return torch.cat([F.conv2d(x, part) for part in weight.split(32768)], 1)',
  'page': 'bugs/conv2d-large-out-channels-regression/',
  'triggers': [{'op': ['conv2d'], 'when': ['weight.size.0 > 65536']}]},
 {'slug': 'conv2d-noncontiguous-weight',
  'claim': '`F.conv2d` reads a weight that is a slice with gaps as if it were contiguous.',
  'when': '`conv2d` is called and *weight* is a slice with gaps',
  'issue': 'pytorch/pytorch#192212',
  'url': 'https://github.com/pytorch/pytorch/issues/192212',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<2.14,>=2.13.0',
  'introduced': '2.5',
  'macos': '>=15',
  'chips': [],
  'workaround': 'return F.conv2d(x.to(device), weight.to(device)[:, :, 1].contiguous())',
  'page': 'bugs/conv2d-noncontiguous-weight/',
  'triggers': [{'op': ['conv2d'], 'when': ['weight.layout == sliced']}]},
 {'slug': 'conv2d-unequal-stride',
  'claim': '`F.conv2d` with two different strides, and `F.conv1d` with a stride above 1, differ from the CPU.',
  'when': '`conv1d` is called and item 0 of *stride* is above 1, or `conv2d` is called and item 0 of *stride* is not '
          'item 1 of *stride*',
  'issue': 'pytorch/pytorch#83180',
  'url': 'https://github.com/pytorch/pytorch/issues/83180',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '==1.13.0.dev20220801',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.conv2d(image.to(device), weight.to(device))[..., ::2]',
  'page': 'bugs/conv2d-unequal-stride/',
  'triggers': [{'op': ['conv1d'], 'when': ['stride.value.0 > 1']},
               {'op': ['conv2d'], 'when': ['stride.value.0 != stride.value.1']}]},
 {'slug': 'conv3d-channels-last-3d',
  'claim': '`F.conv3d` is wrong for an input in `channels_last_3d` order.',
  'when': '`conv3d` is called, and all of this holds: the number of dimensions of *input* is 5; *input* is permuted '
          '(dense, in another order than contiguous); the stride of *input* in dimension 1 is 1; the stride of '
          '*input* in dimension 4 is the size of *input* in dimension 1',
  'issue': 'pytorch/pytorch#141471',
  'url': 'https://github.com/pytorch/pytorch/issues/141471',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<2.6,>=2.5.1',
  'introduced': '2.5',
  'macos': '>=15',
  'chips': [],
  'workaround': 'x = x.to(device).contiguous(memory_format=torch.channels_last_3d)\n'
                'return F.conv3d(x.contiguous(), weight.to(device))',
  'page': 'bugs/conv3d-channels-last-3d/',
  'triggers': [{'op': ['conv3d'],
                'when': ['input.ndim == 5',
                         'input.layout == permuted',
                         'input.stride.1 == 1',
                         'input.stride.4 == input.size.1']}]},
 {'slug': 'conv3d-contiguous-wrong',
  'claim': "`nn.Conv3d` with contiguous input gives numbers unrelated to the CPU's for common small kernels.",
  'when': '`conv3d` is called, and all of this holds: *input* is contiguous; the size of *weight* in dimension 2 is '
          'one of 1, 3; the size of *weight* in dimension 3 is 3; the size of *weight* in dimension 4 is 3; item 0 '
          'of *stride* is one of 1, 2; item -1 of *stride* is one of 1, 2; item 0 of *dilation* is 1; *groups* is 1, '
          'or `conv3d` is called, and all of this holds: *input* is contiguous; the size of *weight* in dimension 2 '
          'is 3; the size of *weight* in dimension 3 is 1; the size of *weight* in dimension 4 is 1; item 0 of '
          '*stride* is one of 1, 2; item -1 of *stride* is 1; item 0 of *dilation* is 1; *groups* is 1',
  'issue': 'pytorch/pytorch#197114',
  'url': 'https://github.com/pytorch/pytorch/issues/197114',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '',
  'introduced': None,
  'macos': '<26.3,>=26.2',
  'chips': [],
  'workaround': 'channels_last = video.to(device).contiguous(memory_format=torch.channels_last_3d)\n'
                'return F.conv3d(channels_last, weight.to(device), padding=1)',
  'page': 'bugs/conv3d-contiguous-wrong/',
  'triggers': [{'op': ['conv3d'],
                'when': ['input.layout == contiguous',
                         'weight.size.2 in 1,3',
                         'weight.size.3 == 3',
                         'weight.size.4 == 3',
                         'stride.value.0 in 1,2',
                         'stride.value.-1 in 1,2',
                         'dilation.value.0 == 1',
                         'groups.value == 1']},
               {'op': ['conv3d'],
                'when': ['input.layout == contiguous',
                         'weight.size.2 == 3',
                         'weight.size.3 == 1',
                         'weight.size.4 == 1',
                         'stride.value.0 in 1,2',
                         'stride.value.-1 == 1',
                         'dilation.value.0 == 1',
                         'groups.value == 1']}]},
 {'slug': 'copy-broadcast-column-wrong',
  'claim': '`matrix.copy_(column)` on the GPU writes only the start of the matrix.',
  'when': '`copy` is called in place, and all of this holds: *src* is on the GPU; the number of dimensions of *self* '
          'is the number of dimensions of *src*; the number of elements of *self* is not the number of elements of '
          '*src*',
  'issue': 'pytorch/pytorch#105277',
  'url': 'https://github.com/pytorch/pytorch/issues/105277',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'matrix = matrix.to(device, copy=True)\nreturn matrix.copy_(column.to(device).expand_as(matrix))',
  'page': 'bugs/copy-broadcast-column-wrong/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == accel', 'self.ndim == src.ndim', 'self.numel != src.numel'],
                'form': 'inplace'}]},
 {'slug': 'copy-cast-ignores-offset',
  'claim': '`x[i:].to(dtype)` on the GPU converts the start of `x` instead of the slice.',
  'when': '`copy` is called, and all of this holds: *self* is on the GPU; *src* is on the GPU; the storage offset of '
          '*src* is above 0; *src* is contiguous; the dtype of *self* is not the dtype of *src*',
  'issue': 'pytorch/pytorch#94980',
  'url': 'https://github.com/pytorch/pytorch/issues/94980',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '<2.0,>=1.13.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return positions.to(device)[5:].clone().to(torch.int32)',
  'page': 'bugs/copy-cast-ignores-offset/',
  'triggers': [{'op': ['copy'],
                'when': ['self.device == accel',
                         'src.device == accel',
                         'src.offset > 0',
                         'src.layout == contiguous',
                         'self.dtype != src.dtype']}]},
 {'slug': 'copy-to-cpu-cast-overwrites-source',
  'claim': '`cpu.copy_(mps)` with a change of dtype overwrites the tensor on the GPU.',
  'when': '`copy` is called in place, and all of this holds: *self* is on the CPU; *src* is on the GPU; the storage '
          'offset of *self* is above 0; the dtype of *self* is not the dtype of *src*; the bytes of an element of '
          '*self* is at most the bytes of an element of *src*',
  'issue': 'pytorch/pytorch#189563',
  'url': 'https://github.com/pytorch/pytorch/issues/189563',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'source = x.to(device, copy=True)\n'
                'buffer = torch.zeros(10, dtype=torch.int16)\n'
                'buffer[2:].copy_(source.to(torch.int16).cpu())\n'
                'return source',
  'page': 'bugs/copy-to-cpu-cast-overwrites-source/',
  'triggers': [{'op': ['copy'],
                'when': ['self.device == cpu',
                         'src.device == accel',
                         'self.offset > 0',
                         'self.dtype != src.dtype',
                         'self.itemsize <= src.itemsize'],
                'form': 'inplace'}],
  'danger': 22},
 {'slug': 'copy-to-cpu-cast-source-offset',
  'claim': '`x[i:j].to("cpu", dtype)` with another dtype returns numbers from the wrong place.',
  'when': '`copy` is called, and all of this holds: *self* is on the CPU; *src* is on the GPU; the storage offset of '
          '*src* is above 0; the list of strides of *self* is the list of strides of *src*; the dtype of *self* is '
          'not the dtype of *src*',
  'issue': 'pytorch/pytorch#194344',
  'url': 'https://github.com/pytorch/pytorch/issues/194344',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device)[256:320].cpu().to(torch.int32)',
  'page': 'bugs/copy-to-cpu-cast-source-offset/',
  'triggers': [{'op': ['copy'],
                'when': ['self.device == cpu',
                         'src.device == accel',
                         'src.offset > 0',
                         'self.strides == src.strides',
                         'self.dtype != src.dtype']}],
  'danger': 21},
 {'slug': 'copy-to-cpu-float64-noop-214',
  'claim': 'Copying an Apple GPU tensor into a float64 CPU tensor (`copy_`, `x.to("cpu", torch.float64)`) writes '
           'nothing.',
  'when': '`copy` is called, and all of this holds: *self* is on the CPU; *src* is on the GPU; the dtype of *self* '
          'is one of float64, complex128',
  'issue': 'pytorch/pytorch#197715',
  'url': 'https://github.com/pytorch/pytorch/issues/197715',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '<2.15,>=2.14',
  'introduced': '2.14',
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device).cpu().double()',
  'page': 'bugs/copy-to-cpu-float64-noop-214/',
  'triggers': [{'op': ['copy'],
                'when': ['self.device == cpu', 'src.device == accel', 'self.dtype in float64,complex128']}],
  'danger': 24},
 {'slug': 'copysign-python-scalar-ignored',
  'claim': '`torch.copysign` ignores a Python number as its second operand.',
  'when': '`copysign` is called and *other* is no tensor, or `copysign` is called and *other* is on the CPU and the '
          'number of dimensions of *other* is 0',
  'issue': 'pytorch/pytorch#152582',
  'url': 'https://github.com/pytorch/pytorch/issues/152582',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.7.1,>=2.7',
  'introduced': '2.7',
  'macos': None,
  'chips': [],
  'workaround': 'return torch.copysign(x.to(device), torch.full_like(x, -2.0).to(device))',
  'page': 'bugs/copysign-python-scalar-ignored/',
  'triggers': [{'op': ['copysign'], 'when': ['other.tensor == false']},
               {'op': ['copysign'], 'when': ['other.device == cpu', 'other.ndim == 0']}]},
 {'slug': 'count-nonzero-empty-garbage',
  'claim': '`torch.count_nonzero` of an empty tensor returns leftover memory.',
  'when': '`count_nonzero` is called and the number of elements of *self* is 0',
  'issue': 'pytorch/pytorch#139400',
  'url': 'https://github.com/pytorch/pytorch/issues/139400',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.6,>=2.5.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'mask = x.to(device) > empty.to(device)\n'
                'return torch.count_nonzero(mask) if mask.numel() else torch.tensor(0, device=device)',
  'page': 'bugs/count-nonzero-empty-garbage/',
  'triggers': [{'op': ['count_nonzero'], 'when': ['self.numel == 0']}]},
 {'slug': 'cpu-to-strided-mps-assign',
  'claim': '`a[1:, 1] = cpu_tensor` writes into consecutive memory instead of the column.',
  'when': '`copy` is called in place, and all of this holds: *src* is on the CPU; *self* is on the GPU; *self* is a '
          'slice with gaps',
  'issue': 'pytorch/pytorch#86975',
  'url': 'https://github.com/pytorch/pytorch/issues/86975',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'a = a.to(device, copy=True)\na[1:, 1] = b.to(device)\nreturn a',
  'page': 'bugs/cpu-to-strided-mps-assign/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == cpu', 'self.device == accel', 'self.layout == sliced'],
                'form': 'inplace'}]},
 {'slug': 'cross-entropy-ignore-index',
  'claim': '`F.cross_entropy` averages over the targets of -100 too, which it should ignore.',
  'when': '`nll_loss_forward`, `nll_loss2d_forward` is called, and all of this holds: *reduction* is 1; '
          '*ignore_index* is -100; the smallest value of *target* is -100',
  'issue': 'pytorch/pytorch#108148',
  'url': 'https://github.com/pytorch/pytorch/issues/108148',
  'kind': 'wrong',
  'family': 'loss',
  'affected': '<2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'logits, labels = (logits.to(device), labels.to(device))\n'
                'return F.cross_entropy(logits, labels.where(labels != -100, labels.new_tensor(-1)), '
                'ignore_index=-1)',
  'page': 'bugs/cross-entropy-ignore-index/',
  'triggers': [{'op': ['nll_loss_forward', 'nll_loss2d_forward'],
                'when': ['reduction.value == 1', 'ignore_index.value == -100', 'target.min == -100']}]},
 {'slug': 'cumsum-bool',
  'claim': '`torch.cumsum` of a boolean mask wraps around after 127 and goes on at -128.',
  'when': '`cumsum` is called, and all of this holds: the dtype of *self* is bool; *dtype* is not given; the size of '
          '*self* in dimension *dim* is above 127',
  'issue': 'pytorch/pytorch#96614',
  'url': 'https://github.com/pytorch/pytorch/issues/96614',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '==2.1.0.dev20230311',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return mask.to(device).cumsum(-1, dtype=torch.int64) - 1',
  'page': 'bugs/cumsum-bool/',
  'triggers': [{'op': ['cumsum'], 'when': ['self.dtype == bool', 'dtype.given == false', 'self.size.dim > 127']}]},
 {'slug': 'cumsum-integer-types-identity',
  'claim': '`torch.cumsum` of int64, int16 and int8 returns its input.',
  'when': '`cumsum` is called and the dtype of *self* is one of int8, int16, int64 and *dtype* is not given, or '
          '`cumsum` is called and *dtype* is one of `int8`, `int16`, `int64`',
  'issue': 'pytorch/pytorch#90635',
  'url': 'https://github.com/pytorch/pytorch/issues/90635',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.0,>=2.0.0.dev20221210',
  'introduced': '2.0.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'return mask.to(device).cumsum(-1, dtype=torch.int32).long() - 1',
  'page': 'bugs/cumsum-integer-types-identity/',
  'triggers': [{'op': ['cumsum'], 'when': ['self.dtype in int8,int16,int64', 'dtype.given == false']},
               {'op': ['cumsum'], 'when': ['dtype.value in int8,int16,int64']}]},
 {'slug': 'dataloader-repeats-first-target',
  'claim': '`DataLoader` over labels that lie on the GPU repeats the first label.',
  'when': '`stack` is called, and all of this holds: *tensors* is on the GPU; the number of dimensions of *tensors* '
          'is 0; the storage offset of *tensors* is above 0',
  'issue': 'pytorch/pytorch#92265',
  'url': 'https://github.com/pytorch/pytorch/issues/92265',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<=2.0.0.dev20230116,>=1.13.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return next(iter(torch.utils.data.DataLoader(labels, batch_size=3))).to(device)',
  'page': 'bugs/dataloader-repeats-first-target/',
  'triggers': [{'op': ['stack'], 'when': ['tensors.device == accel', 'tensors.ndim == 0', 'tensors.offset > 0']}]},
 {'slug': 'div-floor-nonfinite',
  'claim': '`torch.div` with `rounding_mode="floor"` differs from the CPU for infinities.',
  'when': '`div` is called and *rounding_mode* is `floor` and *self* holds infinity, or `div` is called and '
          '*rounding_mode* is `floor` and *other* holds infinity, or `floor_divide` is called and *self* holds '
          'infinity, or `floor_divide` is called and *other* holds infinity',
  'issue': 'pytorch/pytorch#189243',
  'url': 'https://github.com/pytorch/pytorch/issues/189243',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'a, b = (a.to(device), b.to(device))\n'
                'quotient = torch.floor(a / b)\n'
                'return torch.where(b.isinf() & (a * b < 0), torch.full_like(quotient, -1.0), quotient)',
  'page': 'bugs/div-floor-nonfinite/',
  'triggers': [{'op': ['div'], 'when': ['rounding_mode.value == floor', 'self has inf']},
               {'op': ['div'], 'when': ['rounding_mode.value == floor', 'other has inf']},
               {'op': ['floor_divide'], 'when': ['self has inf']},
               {'op': ['floor_divide'], 'when': ['other has inf']}]},
 {'slug': 'einsum-conj-ignored',
  'claim': '`torch.einsum` ignores the conjugation of an operand.',
  'when': '`einsum` is called and *tensors* is a conjugated view',
  'issue': 'pytorch/pytorch#177474',
  'url': 'https://github.com/pytorch/pytorch/issues/177474',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': "z = torch.complex(*parts.to(device))\nreturn torch.einsum('i,i', z, z.conj().resolve_conj())",
  'page': 'bugs/einsum-conj-ignored/',
  'triggers': [{'op': ['einsum'], 'when': ['tensors.conj == true']}]},
 {'slug': 'element-assign-macos-14-4-regression',
  'claim': '`x[1] = 1; x[2] = 3` stores 3 in both places.',
  'when': '`copy` is called in place, and all of this holds: the number of dimensions of *self* is 0; the number of '
          'dimensions of *src* is 0; the dtype of *self* is the dtype of *src*',
  'issue': 'pytorch/pytorch#122016',
  'url': 'https://github.com/pytorch/pytorch/issues/122016',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<2.3,>=2.2',
  'introduced': '2.2',
  'macos': '>=14.4',
  'chips': [],
  'workaround': 'places, values = (torch.tensor([1, 2]), torch.tensor([1.0, 3.0]))\n'
                'x = x.to(device)\n'
                'return x.scatter(0, places.to(device), values.to(device).to(x.dtype))',
  'page': 'bugs/element-assign-macos-14-4-regression/',
  'triggers': [{'op': ['copy'],
                'when': ['self.ndim == 0', 'src.ndim == 0', 'self.dtype == src.dtype'],
                'form': 'inplace'}],
  'danger': 29},
 {'slug': 'elu-noncontiguous',
  'claim': '`F.elu` of a transposed input differs from the CPU.',
  'when': '`elu` is called and *self* is permuted (dense, in another order than contiguous) and the number of '
          'dimensions of *self* is at most 3',
  'issue': 'pytorch/pytorch#124834',
  'url': 'https://github.com/pytorch/pytorch/issues/124834',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.4',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.elu(x.to(device).transpose(1, 2).contiguous())',
  'page': 'bugs/elu-noncontiguous/',
  'triggers': [{'op': ['elu'], 'when': ['self.layout == permuted', 'self.ndim <= 3']}]},
 {'slug': 'embedding-bag-index-equal-size',
  'claim': '`F.embedding_bag` accepts an index one past the table and reads the memory behind it.',
  'when': '`embedding_bag` is called and the largest value of *indices* is the size of *weight* in dimension 0',
  'issue': 'pytorch/pytorch#189971',
  'url': 'https://github.com/pytorch/pytorch/issues/189971',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<=2.14.0a0,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (ids >= len(table)).any()',
  'page': 'bugs/embedding-bag-index-equal-size/',
  'triggers': [{'op': ['embedding_bag'], 'when': ['indices.max == weight.size.0']}]},
 {'slug': 'embedding-bag-last-offset-ignored',
  'claim': '`F.embedding_bag` with `include_last_offset=True` ignores the last offset.',
  'when': '`embedding_bag` is called and *include_last_offset* is true and the largest value of *offsets* is below '
          'the number of elements of *indices*',
  'issue': 'pytorch/pytorch#190060',
  'url': 'https://github.com/pytorch/pytorch/issues/190060',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<=2.14.0a0,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'end = int(offsets[-1])\n'
                'table, ids, offsets = (table.to(device), ids.to(device)[:end], offsets.to(device))\n'
                "return F.embedding_bag(ids, table, offsets, mode='sum', include_last_offset=True)",
  'page': 'bugs/embedding-bag-last-offset-ignored/',
  'triggers': [{'op': ['embedding_bag'],
                'when': ['include_last_offset.value == true', 'offsets.max < indices.numel']}]},
 {'slug': 'embedding-bag-negative-zero',
  'claim': '`F.embedding_bag` with a negative index returns zeros instead of raising.',
  'when': '`embedding_bag` is called and the smallest value of *indices* is below 0',
  'issue': 'pytorch/pytorch#169201',
  'url': 'https://github.com/pytorch/pytorch/issues/169201',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '',
  'introduced': '2.10',
  'macos': None,
  'chips': [],
  'workaround': 'return (ids < 0).any()',
  'page': 'bugs/embedding-bag-negative-zero/',
  'triggers': [{'op': ['embedding_bag'], 'when': ['indices.min < 0']}]},
 {'slug': 'embedding-bag-offsets-not-validated',
  'claim': '`F.embedding_bag` accepts invalid offsets and returns wrong sums.',
  'when': '`embedding_bag` is called and the smallest value of *offsets* is above 0, or `embedding_bag` is called '
          'and the largest value of *offsets* is above the number of elements of *indices*',
  'issue': 'pytorch/pytorch#170370',
  'url': 'https://github.com/pytorch/pytorch/issues/170370',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (offsets[0] != 0) | (offsets[-1] > len(ids))',
  'page': 'bugs/embedding-bag-offsets-not-validated/',
  'triggers': [{'op': ['embedding_bag'], 'when': ['offsets.min > 0']},
               {'op': ['embedding_bag'], 'when': ['offsets.max > indices.numel']}]},
 {'slug': 'embedding-bag-out-of-range',
  'claim': '`F.embedding_bag` does not raise for an index that is too large.',
  'when': '`embedding_bag` is called and the largest value of *indices* is at least the size of *weight* in '
          'dimension 0',
  'issue': 'pytorch/pytorch#163630',
  'url': 'https://github.com/pytorch/pytorch/issues/163630',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.10,>=2.10.0a0',
  'introduced': '2.10.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'return (ids >= len(table)).any()',
  'page': 'bugs/embedding-bag-out-of-range/',
  'triggers': [{'op': ['embedding_bag'], 'when': ['indices.max >= weight.size.0']}]},
 {'slug': 'embedding-bag-scale-grad-ignored',
  'claim': '`F.embedding_bag` ignores `scale_grad_by_freq` in its backward.',
  'when': '`_embedding_bag_backward` is called, and all of this holds: *scale_grad_by_freq* is true; *sparse* is '
          'false; *indices* holds a value more than once',
  'issue': 'pytorch/pytorch#190061',
  'url': 'https://github.com/pytorch/pytorch/issues/190061',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '==2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'often = torch.bincount(indices, minlength=len(weight)).clamp(min=1)\n'
                'return gradient(device, indices, offsets, weight) / often.to(device)[:, None]',
  'page': 'bugs/embedding-bag-scale-grad-ignored/',
  'triggers': [{'op': ['_embedding_bag_backward'],
                'when': ['scale_grad_by_freq.value == true', 'sparse.value == false', 'indices has duplicates']}]},
 {'slug': 'embedding-out-of-range-zero',
  'claim': '`F.embedding` with an id out of range returns zeros instead of raising.',
  'when': '`embedding` is called and the largest value of *indices* is at least the size of *weight* in dimension 0',
  'issue': 'pytorch/pytorch#123119',
  'url': 'https://github.com/pytorch/pytorch/issues/123119',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<=2.4.0.dev20240401,>=2.2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (ids >= len(table)).any()',
  'page': 'bugs/embedding-out-of-range-zero/',
  'triggers': [{'op': ['embedding'], 'when': ['indices.max >= weight.size.0']}]},
 {'slug': 'embedding-scale-grad-padding-ignored',
  'claim': 'The backward of `nn.Embedding` ignores `padding_idx` and `scale_grad_by_freq`.',
  'when': '`embedding_dense_backward` is called and *padding_idx* is at least 0 and the smallest value of *indices* '
          'is *padding_idx*, or `embedding_dense_backward` is called and *padding_idx* is at least 0 and the largest '
          'value of *indices* is *padding_idx*, or `embedding_dense_backward` is called and *scale_grad_by_freq* is '
          'true and *indices* holds a value more than once',
  'issue': 'pytorch/pytorch#103023',
  'url': 'https://github.com/pytorch/pytorch/issues/103023',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'found = gradient(device, ids, weight)\nfound[0] = 0\nreturn found',
  'page': 'bugs/embedding-scale-grad-padding-ignored/',
  'triggers': [{'op': ['embedding_dense_backward'],
                'when': ['padding_idx.value >= 0', 'indices.min == padding_idx.value']},
               {'op': ['embedding_dense_backward'],
                'when': ['padding_idx.value >= 0', 'indices.max == padding_idx.value']},
               {'op': ['embedding_dense_backward'],
                'when': ['scale_grad_by_freq.value == true', 'indices has duplicates']}]},
 {'slug': 'expand-bool-wrong',
  'claim': '`Tensor.expand` of boolean tensors gives the same for a column and a row.',
  'when': '`expand` is called, and all of this holds: the dtype of *self* is bool; the number of dimensions of '
          '*self* is at least 2; the result is expanded (a stride of 0)',
  'issue': 'pytorch/pytorch#82663',
  'url': 'https://github.com/pytorch/pytorch/issues/82663',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '==1.12.0',
  'introduced': None,
  'macos': '<13,>=12',
  'chips': [],
  'workaround': 'return column.to(device).to(torch.int8).expand(2, 3).bool()',
  'page': 'bugs/expand-bool-wrong/',
  'triggers': [{'op': ['expand'], 'when': ['self.dtype == bool', 'self.ndim >= 2', 'result.layout == expanded']}]},
 {'slug': 'expand-uint8-zero',
  'claim': '`Tensor.expand` of a uint8 column reads as zeros.',
  'when': '`expand` is called and the dtype of *self* is uint8',
  'issue': 'pytorch/pytorch#82305',
  'url': 'https://github.com/pytorch/pytorch/issues/82305',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return column.to(device).int().expand(2, 3).to(torch.uint8)',
  'page': 'bugs/expand-uint8-zero/',
  'triggers': [{'op': ['expand'], 'when': ['self.dtype == uint8']}]},
 {'slug': 'eye-init-slice-noop',
  'claim': '`nn.init.eye_(t[1])` and `torch.eye(n, out=t[1])` leave the slice as it was.',
  'when': '`eye` is called with `out=` and the storage offset of the result is above 0',
  'issue': 'pytorch/pytorch#92098',
  'url': 'https://github.com/pytorch/pytorch/issues/92098',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '==1.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 't = t.to(device, copy=True)\nt[1] = torch.eye(3)\nreturn t',
  'page': 'bugs/eye-init-slice-noop/',
  'triggers': [{'op': ['eye'], 'when': ['result.offset > 0'], 'form': 'out'}]},
 {'slug': 'fill-bool-offset-view',
  'claim': '`mask[1:].fill_(True)` of a boolean tensor writes the wrong positions.',
  'when': '`fill` is called in place, and all of this holds: *self* is on the GPU; the dtype of *self* is one of '
          'bool, int8, uint8; the storage offset of *self* is not a multiple of 4; *self* is contiguous',
  'issue': 'pytorch/pytorch#183631',
  'url': 'https://github.com/pytorch/pytorch/issues/183631',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<2.12.1,>=2.12.0',
  'introduced': '2.12',
  'macos': None,
  'chips': [],
  'workaround': 'mask = mask.clone()\nmask[1:].fill_(True)\nreturn mask.to(device)',
  'page': 'bugs/fill-bool-offset-view/',
  'triggers': [{'op': ['fill'],
                'when': ['self.device == accel',
                         'self.dtype in bool,int8,uint8',
                         'self.offset not-multiple-of 4',
                         'self.layout == contiguous'],
                'form': 'inplace'}],
  'danger': 27},
 {'slug': 'fill-view-offset-not-written',
  'claim': '`x[2:].fill_(1)` leaves the slice as it was.',
  'when': '`fill` is called in place and the storage offset of *self* is above 0 and *self* is contiguous',
  'issue': 'pytorch/pytorch#95113',
  'url': 'https://github.com/pytorch/pytorch/issues/95113',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device, copy=True)\nx[2:].copy_(torch.ones_like(x)[:2])\nreturn x',
  'page': 'bugs/fill-view-offset-not-written/',
  'triggers': [{'op': ['fill'], 'when': ['self.offset > 0', 'self.layout == contiguous'], 'form': 'inplace'}]},
 {'slug': 'flip-size-1-dim-flips-other',
  'claim': '`torch.flip` along a dimension of size 1 reverses the other dimensions.',
  'when': '`flip` is called and the size of *self* in dimension *dims* is 1 and the number of elements of *self* is '
          'above 1',
  'issue': 'pytorch/pytorch#98266',
  'url': 'https://github.com/pytorch/pytorch/issues/98266',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.1,>=1.13.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'batch = batch.to(device)\n'
                'return torch.flip(batch, dims=[0]) if batch.shape[0] > 1 else batch.clone()',
  'page': 'bugs/flip-size-1-dim-flips-other/',
  'triggers': [{'op': ['flip'], 'when': ['self.size.dims == 1', 'self.numel > 1']}]},
 {'slug': 'float-to-int-bitcast',
  'claim': '`.int()` of a float tensor reinterprets the bits: 42.8 becomes 1110127411.',
  'when': '`copy` is called, and all of this holds: *src* is on the GPU; the dtype of *src* is one of float16, '
          'float32; the dtype of *self* is one of int8, uint8, int16, int32, int64, or `copy` is called, and all of '
          'this holds: *self* is on the GPU; the dtype of *src* is one of float16, float32; the dtype of *self* is '
          'one of int8, uint8, int16, int32, int64',
  'issue': 'pytorch/pytorch#78091',
  'url': 'https://github.com/pytorch/pytorch/issues/78091',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '==1.13.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.int().to(device)',
  'page': 'bugs/float-to-int-bitcast/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == accel',
                         'src.dtype in float16,float32',
                         'self.dtype in int8,uint8,int16,int32,int64']},
               {'op': ['copy'],
                'when': ['self.device == accel',
                         'src.dtype in float16,float32',
                         'self.dtype in int8,uint8,int16,int32,int64']}]},
 {'slug': 'float-to-int8-saturates',
  'claim': '`x.to(torch.int8)` of a float tensor stops at 127 where the CPU wraps around.',
  'when': '`copy` is called, and all of this holds: *src* is on the GPU; *self* is on the GPU; the dtype of *src* is '
          'one of float16, bfloat16, float32; the dtype of *self* is int8; the largest value of *src* is above 127',
  'issue': 'pytorch/pytorch#169058',
  'url': 'https://github.com/pytorch/pytorch/issues/169058',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device).to(torch.int32).to(torch.int8)',
  'page': 'bugs/float-to-int8-saturates/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == accel',
                         'self.device == accel',
                         'src.dtype in float16,bfloat16,float32',
                         'self.dtype == int8',
                         'src.max > 127']}]},
 {'slug': 'floor-divide-int-by-float',
  'claim': '`torch.floor_divide` of an integer tensor by a float tensor returns integers.',
  'when': '`floor_divide` is called and the dtype of *self* is one of uint8, int8, int16, int32, int64 and the dtype '
          'of *other* is one of float16, bfloat16, float32',
  'issue': 'pytorch/pytorch#149233',
  'url': 'https://github.com/pytorch/pytorch/issues/149233',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.8',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'y = y.to(device)\nreturn x.to(device).to(y.dtype) // y',
  'page': 'bugs/floor-divide-int-by-float/',
  'triggers': [{'op': ['floor_divide'],
                'when': ['self.dtype in uint8,int8,int16,int32,int64', 'other.dtype in float16,bfloat16,float32']}]},
 {'slug': 'fmax-fmin-mixed-dtypes',
  'claim': '`torch.fmax` and `torch.fmin` of different dtypes give garbage.',
  'when': '`fmax`, `fmin` is called and the dtype of *self* is not the dtype of *other*',
  'issue': 'pytorch/pytorch#149951',
  'url': 'https://github.com/pytorch/pytorch/issues/149951',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.8,>=2.6.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.fmax(statistics.to(device).float(), half.to(device).float())',
  'page': 'bugs/fmax-fmin-mixed-dtypes/',
  'triggers': [{'op': ['fmax', 'fmin'], 'when': ['self.dtype != other.dtype']}]},
 {'slug': 'full-uint8-over-127-zeros',
  'claim': '`torch.full` of uint8 with a value above 127 gives zeros.',
  'when': '`full` is called and *dtype* is `uint8` and *fill_value* is above 127',
  'issue': 'pytorch/pytorch#83692',
  'url': 'https://github.com/pytorch/pytorch/issues/83692',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<1.13,>=1.12.1',
  'introduced': None,
  'macos': '<13.2.1',
  'chips': [],
  'workaround': 'return torch.full((2, 2), int(value), dtype=torch.int32, device=device).to(torch.uint8)',
  'page': 'bugs/full-uint8-over-127-zeros/',
  'triggers': [{'op': ['full'], 'when': ['dtype.value == uint8', 'fill_value.value > 127']}]},
 {'slug': 'fused-adam-found-inf-ignored',
  'claim': '`torch.optim.Adam(fused=True)` steps where `GradScaler` has found infinity, and keeps its scale in.',
  'when': '`_fused_adam` is called and the largest value of *found_inf* is above 0, or `_fused_adam` is called and '
          'the largest value of *grad_scale* is not 1',
  'issue': 'pytorch/pytorch#186360',
  'url': 'https://github.com/pytorch/pytorch/issues/186360',
  'kind': 'wrong',
  'family': 'optimizer',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return stepped(device, parameter, gradient, found=1.0, fused=False)',
  'page': 'bugs/fused-adam-found-inf-ignored/',
  'triggers': [{'op': ['_fused_adam'], 'when': ['found_inf.max > 0']},
               {'op': ['_fused_adam'], 'when': ['grad_scale.max != 1']}]},
 {'slug': 'gelu-noncontiguous',
  'claim': '`F.gelu` of a transposed tensor returns meaningless numbers.',
  'when': '`gelu` is called and *self* is permuted (dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#98212',
  'url': 'https://github.com/pytorch/pytorch/issues/98212',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.4,>=2.1.0.dev20230329',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.gelu(x.to(device).transpose(1, 2).contiguous())',
  'page': 'bugs/gelu-noncontiguous/',
  'triggers': [{'op': ['gelu'], 'when': ['self.layout == permuted']}]},
 {'slug': 'gelu-tanh-bf16-nan',
  'claim': '`F.gelu(approximate="tanh")` gives NaN for bfloat16 inputs above about 10.',
  'when': '`gelu` is called, and all of this holds: *approximate* is `tanh`; the dtype of *self* is bfloat16; the '
          'largest value of *self* is at least 10.5',
  'issue': 'pytorch/pytorch#186278',
  'url': 'https://github.com/pytorch/pytorch/issues/186278',
  'kind': 'nan',
  'family': 'elementwise',
  'affected': '<2.13',
  'introduced': '2.13.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': "return torch.nn.functional.gelu(x.to(device).float(), approximate='tanh')",
  'page': 'bugs/gelu-tanh-bf16-nan/',
  'triggers': [{'op': ['gelu'],
                'when': ['approximate.value == tanh', 'self.dtype == bfloat16', 'self.max >= 10.5']}]},
 {'slug': 'grid-sample-3d-nan-grid',
  'claim': '`F.grid_sample` in three dimensions takes NaN in the grid as -1.',
  'when': '`grid_sampler_3d` is called and *grid* holds NaN',
  'issue': 'pytorch/pytorch#163851',
  'url': 'https://github.com/pytorch/pytorch/issues/163851',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '',
  'introduced': '2.9',
  'macos': None,
  'chips': [],
  'workaround': 'point = point.to(device)\n'
                'unknown = point.isnan().any(-1)[:, None]\n'
                'found = F.grid_sample(volume.to(device), point.nan_to_num(0.0), align_corners=True)\n'
                "return found.masked_fill(unknown, float('nan'))",
  'page': 'bugs/grid-sample-3d-nan-grid/',
  'triggers': [{'op': ['grid_sampler_3d'], 'when': ['grid has nan']}]},
 {'slug': 'grid-sample-3d-noncontiguous-grid',
  'claim': '`F.grid_sample` in three dimensions reads a non-contiguous grid as if it were contiguous.',
  'when': '`grid_sampler_3d` is called and *grid* is not contiguous',
  'issue': 'pytorch/pytorch#171602',
  'url': 'https://github.com/pytorch/pytorch/issues/171602',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.11',
  'introduced': '2.9',
  'macos': None,
  'chips': [],
  'workaround': 'grid = coordinates.to(device).permute(0, 2, 3, 4, 1).contiguous()\n'
                'return F.grid_sample(volume.to(device), grid, align_corners=False)',
  'page': 'bugs/grid-sample-3d-noncontiguous-grid/',
  'triggers': [{'op': ['grid_sampler_3d'], 'when': ['grid.layout != contiguous']}]},
 {'slug': 'grid-sample-channels-last',
  'claim': '`F.grid_sample` of a picture in the order `channels_last` gives other numbers than the CPU.',
  'when': '`grid_sampler_2d` is called, and all of this holds: the order of the dimensions of *input* in memory is '
          '(0, 2, 3, 1); *interpolation_mode* is not 2; *padding_mode* is not 1',
  'issue': 'pytorch/pytorch#174339',
  'url': 'https://github.com/pytorch/pytorch/issues/174339',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '==2.10.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = picture.to(device).permute(0, 3, 1, 2).contiguous()\n'
                'return F.grid_sample(x, grid.to(device), align_corners=False)',
  'page': 'bugs/grid-sample-channels-last/',
  'triggers': [{'op': ['grid_sampler_2d'],
                'when': ['input.order == 0231', 'interpolation_mode.value != 2', 'padding_mode.value != 1']}]},
 {'slug': 'gumbel-softmax-nan-exponential-zero',
  'claim': '`F.gumbel_softmax` gives NaN because `exponential_` can return exactly zero.',
  'when': '`exponential` is called in place',
  'issue': 'pytorch/pytorch#159103',
  'url': 'https://github.com/pytorch/pytorch/issues/159103',
  'kind': 'nan',
  'family': 'random',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (-torch.rand(10000000, device=device).clamp(min=1e-38).log()).min().log()[None]',
  'page': 'bugs/gumbel-softmax-nan-exponential-zero/',
  'triggers': [{'op': ['exponential'], 'when': [], 'form': 'inplace'}]},
 {'slug': 'half-item-wrong-value',
  'claim': '`Tensor.half` of a float32 tensor on the GPU gives another number.',
  'when': '`copy` is called, and all of this holds: *src* is on the GPU; *self* is on the GPU; the dtype of *src* is '
          'float32; the dtype of *self* is float16',
  'issue': 'pytorch/pytorch#78168',
  'url': 'https://github.com/pytorch/pytorch/issues/78168',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '==1.13.0.dev20220523',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = half.to(device).float()\nreturn x.cpu().to(half.dtype).to(device)',
  'page': 'bugs/half-item-wrong-value/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == accel',
                         'self.device == accel',
                         'src.dtype == float32',
                         'self.dtype == float16']}]},
 {'slug': 'hardsigmoid-nan-to-zero',
  'claim': '`F.hardsigmoid` turns NaN into 0.',
  'when': '`hardsigmoid` is called and the dtype of *self* is one of float16, bfloat16, float32 and *self* holds NaN',
  'issue': 'pytorch/pytorch#183939',
  'url': 'https://github.com/pytorch/pytorch/issues/183939',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.where(x.isnan(), x, torch.nn.functional.hardsigmoid(x.nan_to_num()))',
  'page': 'bugs/hardsigmoid-nan-to-zero/',
  'triggers': [{'op': ['hardsigmoid'], 'when': ['self.dtype in float16,bfloat16,float32', 'self has nan']}]},
 {'slug': 'hardswish-backward-channels-last',
  'claim': 'The gradient of `F.hardswish` is wrong for inputs in the order channels last.',
  'when': '`hardswish_backward` is called and the order of the dimensions of *self* in memory is (0, 2, 3, 1)',
  'issue': 'pytorch/pytorch#107214',
  'url': 'https://github.com/pytorch/pytorch/issues/107214',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = images.to(device).permute(0, 3, 1, 2).requires_grad_()\n'
                'return torch.autograd.grad(F.hardswish(x.contiguous()), x, upstream.to(device))[0]',
  'page': 'bugs/hardswish-backward-channels-last/',
  'triggers': [{'op': ['hardswish_backward'], 'when': ['self.order == 0231']}]},
 {'slug': 'histogram-edges',
  'claim': '`torch.histogram` and `torch.histc` count values that lie just outside the range.',
  'when': '`histogram` is called and the largest value of *self* is above item 1 of *range* and the largest value of '
          '*self* divided by item 1 of *range* is below 1.000004, or `histogram` is called and the largest value of '
          '*self* is above the largest value of *bins* and the largest value of *self* divided by the largest value '
          'of *bins* is below 1.000004, or `histc` is called and the largest value of *self* is above *max* and the '
          'largest value of *self* divided by *max* is below 1.000004',
  'issue': 'pytorch/pytorch#195076',
  'url': 'https://github.com/pytorch/pytorch/issues/195076',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<=2.15.0a0,>=2.14.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.histogram(x[(x >= 0) & (x <= 1)], bins=4, range=(0.0, 1.0)).hist',
  'page': 'bugs/histogram-edges/',
  'triggers': [{'op': ['histogram'], 'when': ['self.max > range.value.1', 'self.max / range.value.1 < 1.000004']},
               {'op': ['histogram'], 'when': ['self.max > bins.max', 'self.max / bins.max < 1.000004']},
               {'op': ['histc'], 'when': ['self.max > max.value', 'self.max / max.value < 1.000004']}]},
 {'slug': 'hypot-overflow-nan',
  'claim': '`torch.hypot` gives infinity for large numbers, and NaN for infinity beside NaN.',
  'when': '`hypot` is called and the largest value of *self* is above 18,446,744,073,709,551,616, or `hypot` is '
          'called and the smallest value of *self* is below -18,446,744,073,709,551,616, or `hypot` is called and '
          'the largest value of *other* is above 18,446,744,073,709,551,616, or `hypot` is called and the smallest '
          'value of *other* is below -18,446,744,073,709,551,616',
  'issue': 'pytorch/pytorch#192507',
  'url': 'https://github.com/pytorch/pytorch/issues/192507',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'a, b = (a.to(device), b.to(device))\n'
                'size = torch.maximum(a.abs(), b.abs())\n'
                'return size * torch.hypot(a / size, b / size)',
  'page': 'bugs/hypot-overflow-nan/',
  'triggers': [{'op': ['hypot'], 'when': ['self.max > 18446744073709551616']},
               {'op': ['hypot'], 'when': ['self.min < -18446744073709551616']},
               {'op': ['hypot'], 'when': ['other.max > 18446744073709551616']},
               {'op': ['hypot'], 'when': ['other.min < -18446744073709551616']}]},
 {'slug': 'iadd-column-noop',
  'claim': '`a[:, 0] += b[:, 0]` has no effect.',
  'when': '`add`, `sub`, `mul`, `div` is called in place and *self* is not contiguous',
  'issue': 'pytorch/pytorch#79672',
  'url': 'https://github.com/pytorch/pytorch/issues/79672',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<1.12.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return a.to(device) + b.to(device) * torch.tensor([1, 0]).to(device)',
  'page': 'bugs/iadd-column-noop/',
  'triggers': [{'op': ['add', 'sub', 'mul', 'div'], 'when': ['self.layout != contiguous'], 'form': 'inplace'}]},
 {'slug': 'index-add-complex-imag-lost',
  'claim': '`index_add_` of complex tensors drops the imaginary part.',
  'when': '`index_add` is called and the dtype of *self* is one of complex32, complex64',
  'issue': 'pytorch/pytorch#160845',
  'url': 'https://github.com/pytorch/pytorch/issues/160845',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.9,>=2.9.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'values = torch.stack([real.to(device), imag.to(device)], dim=1)\n'
                'return torch.view_as_complex(torch.zeros_like(values).index_add_(0, index.to(device), values))',
  'page': 'bugs/index-add-complex-imag-lost/',
  'triggers': [{'op': ['index_add'], 'when': ['self.dtype in complex32,complex64']}]},
 {'slug': 'index-add-half-zero',
  'claim': '`torch.index_add` of float16 tensors gives zeros.',
  'when': '`index_add` is called and the dtype of *self* is float16',
  'issue': 'pytorch/pytorch#88542',
  'url': 'https://github.com/pytorch/pytorch/issues/88542',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'total = x.to(device).float().index_add(0, index.to(device), rows.to(device).float())\n'
                'return total.to(x.dtype)',
  'page': 'bugs/index-add-half-zero/',
  'triggers': [{'op': ['index_add'], 'when': ['self.dtype == float16']}]},
 {'slug': 'index-add-permuted-noop-macos14',
  'claim': '`index_add_` leaves a permuted tensor unchanged on macOS 14.',
  'when': '`index_add` is called in place and *self* is not contiguous and the dtype of *source* is one of float16, '
          'bfloat16, float32, bool, uint8, int8, int16, int32',
  'issue': 'pytorch/pytorch#176159',
  'url': 'https://github.com/pytorch/pytorch/issues/176159',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.12',
  'introduced': None,
  'macos': '<15,>=14',
  'chips': [],
  'workaround': 'x, source = (x.to(device).permute(1, 0, 2).contiguous(), source.to(device).permute(1, 0, 2))\n'
                'return x.index_add_(0, index.to(device), source)',
  'page': 'bugs/index-add-permuted-noop-macos14/',
  'triggers': [{'op': ['index_add'],
                'when': ['self.layout != contiguous',
                         'source.dtype in float16,bfloat16,float32,bool,uint8,int8,int16,int32'],
                'form': 'inplace'}]},
 {'slug': 'index-copy-out-of-range-writes',
  'claim': '`index_copy_` does not check its indices and writes outside the tensor.',
  'when': '`index_copy` is called and the largest value of *index* is at least the size of *self* in dimension '
          '*dim*, or `index_copy` is called and the smallest value of *index* is below 0',
  'issue': 'pytorch/pytorch#189968',
  'url': 'https://github.com/pytorch/pytorch/issues/189968',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<=2.14.0a0,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return ((index >= 5).any(), memory.to(device)[5:])',
  'page': 'bugs/index-copy-out-of-range-writes/',
  'triggers': [{'op': ['index_copy'], 'when': ['index.max >= self.size.dim']},
               {'op': ['index_copy'], 'when': ['index.min < 0']}]},
 {'slug': 'index-copy-scalar',
  'claim': '`torch.index_copy` into a tensor without dimensions raises an error.',
  'when': '`index_copy` is called and the number of dimensions of *self* is 0 and the number of dimensions of '
          '*source* is 1',
  'issue': 'pytorch/pytorch#160737',
  'url': 'https://github.com/pytorch/pytorch/issues/160737',
  'kind': 'error',
  'family': 'indexing',
  'affected': '<2.9',
  'introduced': '2.8',
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device).view(1).index_copy(0, index.to(device), source.to(device)).view(())',
  'page': 'bugs/index-copy-scalar/',
  'triggers': [{'op': ['index_copy'], 'when': ['self.ndim == 0', 'source.ndim == 1']}]},
 {'slug': 'index-copy-strided-index',
  'claim': '`index_copy` reads an index with gaps as if it were contiguous.',
  'when': '`index_copy` is called and *index* is a slice with gaps',
  'issue': 'pytorch/pytorch#160993',
  'url': 'https://github.com/pytorch/pytorch/issues/160993',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.9,>=2.8',
  'introduced': '2.8',
  'macos': None,
  'chips': [],
  'workaround': 'index = positions.to(device)[::2].contiguous()\n'
                'return torch.index_copy(residual.to(device), 0, index, patch.to(device))',
  'page': 'bugs/index-copy-strided-index/',
  'triggers': [{'op': ['index_copy'], 'when': ['index.layout == sliced']}]},
 {'slug': 'index-fill-out-of-range-writes',
  'claim': '`index_fill_` does not check its indices and can write outside the view.',
  'when': '`index_fill` is called and the largest value of *index* is at least the size of *self* in dimension *dim*',
  'issue': 'pytorch/pytorch#189969',
  'url': 'https://github.com/pytorch/pytorch/issues/189969',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return ((index >= 32).any(), memory.to(device)[32:])',
  'page': 'bugs/index-fill-out-of-range-writes/',
  'triggers': [{'op': ['index_fill'], 'when': ['index.max >= self.size.dim']}]},
 {'slug': 'index-put-accumulate-misaligned-half',
  'claim': '`index_put_` with `accumulate=True` fails silently on a misaligned view of a 16-bit or 8-bit tensor.',
  'when': '`index_put` is called in place, and all of this holds: the dtype of *self* is one of float16, bfloat16, '
          'int16, int8, uint8; the storage offset of *self* times the bytes of an element of *self* is not a '
          'multiple of 4; *accumulate* is true',
  'issue': 'pytorch/pytorch#176009',
  'url': 'https://github.com/pytorch/pytorch/issues/176009',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.12',
  'introduced': '2.8',
  'macos': None,
  'chips': [],
  'workaround': 'sums = sums.to(device)\n'
                'sums[1:] = sums[1:].clone().index_put_((index.to(device),), acts.to(device), accumulate=True)\n'
                'return sums',
  'page': 'bugs/index-put-accumulate-misaligned-half/',
  'triggers': [{'op': ['index_put'],
                'when': ['self.dtype in float16,bfloat16,int16,int8,uint8',
                         'self.offset * self.itemsize not-multiple-of 4',
                         'accumulate.value == true'],
                'form': 'inplace'}]},
 {'slug': 'index-reduce-misaligned-half-noop',
  'claim': '`torch.index_reduce` does nothing on half-precision views with an odd storage offset.',
  'when': '`index_reduce` is called in place and the dtype of *self* is one of float16, bfloat16, int16, int8, uint8 '
          'and the storage offset of *self* times the bytes of an element of *self* is not a multiple of 4',
  'issue': 'pytorch/pytorch#176009',
  'url': 'https://github.com/pytorch/pytorch/issues/176009',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.12',
  'introduced': '2.12.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'largest = largest.to(device)\n'
                "largest[1:] = largest[1:].clone().index_reduce_(0, index.to(device), acts.to(device), 'amax')\n"
                'return largest',
  'page': 'bugs/index-reduce-misaligned-half-noop/',
  'triggers': [{'op': ['index_reduce'],
                'when': ['self.dtype in float16,bfloat16,int16,int8,uint8',
                         'self.offset * self.itemsize not-multiple-of 4'],
                'form': 'inplace'}]},
 {'slug': 'index-reduce-out-of-range-writes',
  'claim': '`index_reduce_` does not check its indices and writes far outside the tensor.',
  'when': '`index_reduce` is called and the largest value of *index* is at least the size of *self* in dimension '
          '*dim*, or `index_reduce` is called and the smallest value of *index* is below 0',
  'issue': 'pytorch/pytorch#189970',
  'url': 'https://github.com/pytorch/pytorch/issues/189970',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<=2.14.0a0,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return ((index >= 5).any(), memory.to(device)[5:])',
  'page': 'bugs/index-reduce-out-of-range-writes/',
  'triggers': [{'op': ['index_reduce'], 'when': ['index.max >= self.size.dim']},
               {'op': ['index_reduce'], 'when': ['index.min < 0']}]},
 {'slug': 'inplace-advanced-index-subtract',
  'claim': '`coords[:, [0, 2]] -= pad` scrambles other rows, where it falls back to the CPU.',
  'when': '`index_put` is called in place and *self* is a slice with gaps',
  'issue': 'pytorch/pytorch#84229',
  'url': 'https://github.com/pytorch/pytorch/issues/84229',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'detections = detections.to(device, copy=True)\n'
                'detections[:, 0] -= 1.0\n'
                'detections[:, 2] -= 1.0\n'
                'return detections',
  'page': 'bugs/inplace-advanced-index-subtract/',
  'triggers': [{'op': ['index_put'], 'when': ['self.layout == sliced'], 'form': 'inplace'}]},
 {'slug': 'inplace-column-subtract-noop',
  'claim': '`boxes[..., 1] -= c` leaves the column as it was.',
  'when': '`sub` is called in place and *self* is a slice with gaps',
  'issue': 'ultralytics/ultralytics#8555',
  'url': 'https://github.com/ultralytics/ultralytics/issues/8555',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return boxes.to(device) - torch.tensor([0, 9, 0, 0]).to(device)',
  'page': 'bugs/inplace-column-subtract-noop/',
  'triggers': [{'op': ['sub'], 'when': ['self.layout == sliced'], 'form': 'inplace'}]},
 {'slug': 'int-division-by-zero-is-zero',
  'claim': '`x / 0` of an integer tensor is 0 on the GPU instead of infinity.',
  'when': '`div` is called, and all of this holds: the dtype of *self* is one of int8, uint8, int16, int32, int64; '
          '*other* is no tensor; *other* is 0; *rounding_mode* is not given',
  'issue': 'pytorch/pytorch#85106',
  'url': 'https://github.com/pytorch/pytorch/issues/85106',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '==1.13.0.dev20220826',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return counts.to(device).float() / 0',
  'page': 'bugs/int-division-by-zero-is-zero/',
  'triggers': [{'op': ['div'],
                'when': ['self.dtype in int8,uint8,int16,int32,int64',
                         'other.tensor == false',
                         'other.value == 0',
                         'rounding_mode.given == false']}]},
 {'slug': 'int32-exp-log-zero',
  'claim': '`torch.exp` and `torch.log` of int32 tensors return zeros.',
  'when': '`exp`, `log` is called and the dtype of *self* is int32',
  'issue': 'pytorch/pytorch#78019',
  'url': 'https://github.com/pytorch/pytorch/issues/78019',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<1.12.1,>=1.12.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'counts = counts.to(device).float()\nreturn (counts.exp(), counts.log())',
  'page': 'bugs/int32-exp-log-zero/',
  'triggers': [{'op': ['exp', 'log'], 'when': ['self.dtype == int32']}]},
 {'slug': 'int32-scalar-add',
  'claim': 'An int32 tensor `+ 5` is zero in all places but the first.',
  'when': '`add`, `sub`, `mul` is called, and all of this holds: the dtype of *self* is int32; *other* is no tensor; '
          'the dtype of the result is int32; the number of elements of *self* is above 1',
  'issue': 'pytorch/pytorch#79835',
  'url': 'https://github.com/pytorch/pytorch/issues/79835',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<1.12.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'ids = ids.to(device)\nreturn ids + torch.full_like(ids, 5)',
  'page': 'bugs/int32-scalar-add/',
  'triggers': [{'op': ['add', 'sub', 'mul'],
                'when': ['self.dtype == int32',
                         'other.tensor == false',
                         'result.dtype == int32',
                         'self.numel > 1']}]},
 {'slug': 'integer-remainder-via-float',
  'claim': '`a % b` of integer tensors is wrong for numbers above about 16.8 million.',
  'when': '`remainder`, `fmod` is called, and all of this holds: *self* is on the GPU; the dtype of *self* is one of '
          'int32, int64; the largest value of *self* is above 16,777,216, or `remainder`, `fmod` is called, and all '
          'of this holds: *self* is on the GPU; the dtype of *self* is one of int32, int64; the smallest value of '
          '*self* is below -16,777,216',
  'issue': 'pytorch/pytorch#154171',
  'url': 'https://github.com/pytorch/pytorch/issues/154171',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.8,>=2.7.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (x % 31).to(device)',
  'page': 'bugs/integer-remainder-via-float/',
  'triggers': [{'op': ['remainder', 'fmod'],
                'when': ['self.device == accel', 'self.dtype in int32,int64', 'self.max > 16777216']},
               {'op': ['remainder', 'fmod'],
                'when': ['self.device == accel', 'self.dtype in int32,int64', 'self.min < -16777216']}]},
 {'slug': 'interpolate-after-permute-zeros',
  'claim': '`F.interpolate` of a permuted image gives zeros.',
  'when': '`upsample_bilinear2d` is called, and all of this holds: the number of dimensions of *input* is 4; *input* '
          'is contiguous; the size of *input* in dimension 1 is above 1; the stride of *input* in dimension 1 is 1; '
          'the stride of *input* in dimension 3 is the size of *input* in dimension 1; the stride of *input* in '
          'dimension 2 is the size of *input* in dimension 1 times the size of *input* in dimension 3',
  'issue': 'pytorch/pytorch#88183',
  'url': 'https://github.com/pytorch/pytorch/issues/88183',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'image = image.to(device).permute(0, 3, 1, 2)\n'
                'plain = torch.empty(1, 2, 1, 1, dtype=image.dtype, device=device).copy_(image)\n'
                "return F.interpolate(plain, size=[2, 2], mode='bilinear')",
  'page': 'bugs/interpolate-after-permute-zeros/',
  'triggers': [{'op': ['upsample_bilinear2d'],
                'when': ['input.ndim == 4',
                         'input.layout == contiguous',
                         'input.size.1 > 1',
                         'input.stride.1 == 1',
                         'input.stride.3 == input.size.1',
                         'input.stride.2 == input.size.1 * input.size.3']}]},
 {'slug': 'interpolate-linear-align-corners-nan',
  'claim': '`F.interpolate` of a single point with `mode="linear"` and `align_corners=True` gives NaN.',
  'when': '`upsample_linear1d` is called and *align_corners* is true and the size of *input* in dimension -1 is 1',
  'issue': 'pytorch/pytorch#144245',
  'url': 'https://github.com/pytorch/pytorch/issues/144245',
  'kind': 'nan',
  'family': 'conv-pool',
  'affected': '==2.5.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': "return F.interpolate(x.to(device), 3, mode='linear', align_corners=False)",
  'page': 'bugs/interpolate-linear-align-corners-nan/',
  'triggers': [{'op': ['upsample_linear1d'], 'when': ['align_corners.value == true', 'input.size.-1 == 1']}]},
 {'slug': 'irfft-roundtrip-wrong',
  'claim': '`torch.fft.irfft` gives signals of odd length back in reverse.',
  'when': '`_fft_c2r` is called and *last_dim_size* is not a multiple of 2',
  'issue': 'pytorch/pytorch#126649',
  'url': 'https://github.com/pytorch/pytorch/issues/126649',
  'kind': 'wrong',
  'family': 'fft',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'spectrum = torch.fft.rfft(signal.to(device))\n'
                'negative = spectrum[1:].flip(0).conj()\n'
                'return (spectrum, torch.fft.ifft(torch.cat([spectrum, negative])).real)',
  'page': 'bugs/irfft-roundtrip-wrong/',
  'triggers': [{'op': ['_fft_c2r'], 'when': ['last_dim_size.value not-multiple-of 2']}]},
 {'slug': 'isin-garbage-macos13',
  'claim': '`torch.isin` misses elements that are there, on macOS 13.',
  'when': '`isin` is called, and all of this holds: *elements* is on the GPU; the dtype of *elements* is one of '
          'float16, float32; the number of elements of *test_elements* is above 0',
  'issue': 'pytorch/pytorch#151600',
  'url': 'https://github.com/pytorch/pytorch/issues/151600',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '==2.6.0',
  'introduced': None,
  'macos': '<14,>=13',
  'chips': [],
  'workaround': 'return (x.to(device)[:, None] == wanted.to(device)).any(1)',
  'page': 'bugs/isin-garbage-macos13/',
  'triggers': [{'op': ['isin'],
                'when': ['elements.device == accel',
                         'elements.dtype in float16,float32',
                         'test_elements.numel > 0']}]},
 {'slug': 'kldiv-zero-target-nan',
  'claim': '`F.kl_div` is NaN if the target holds zeros.',
  'when': '`kl_div` is called and *target* holds a zero and *log_target* is false',
  'issue': 'pytorch/pytorch#98269',
  'url': 'https://github.com/pytorch/pytorch/issues/98269',
  'kind': 'nan',
  'family': 'loss',
  'affected': '==2.0.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'found, wanted = distributions(device, logits, target)\n'
                'chosen = target.to(device) > 0\n'
                "return F.kl_div(found[chosen], wanted[chosen], reduction='sum')",
  'page': 'bugs/kldiv-zero-target-nan/',
  'triggers': [{'op': ['kl_div'], 'when': ['target has zero', 'log_target.value == false']}]},
 {'slug': 'layer-norm-backward-frozen-input',
  'claim': 'The backward of `F.layer_norm` gives wrong gradients of weight and bias where the input needs none.',
  'when': '`native_layer_norm_backward` is called and item 0 of *output_mask* is false',
  'issue': 'pytorch/pytorch#183825',
  'url': 'https://github.com/pytorch/pytorch/issues/183825',
  'kind': 'nondeterministic',
  'family': 'normalisation',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = cached.to(device).requires_grad_()\n'
                'weight = torch.ones_like(cached[0]).to(device).requires_grad_()\n'
                'bias = torch.zeros_like(cached[0]).to(device).requires_grad_()\n'
                '(F.layer_norm(x, (8,), weight, bias) * upstream.to(device)).sum().backward()\n'
                'return (weight.grad, bias.grad)',
  'page': 'bugs/layer-norm-backward-frozen-input/',
  'triggers': [{'op': ['native_layer_norm_backward'], 'when': ['output_mask.value.0 == false']}]},
 {'slug': 'layer-norm-noncontiguous-bias',
  'claim': '`F.layer_norm` reads a non-contiguous bias as if it were contiguous.',
  'when': '`layer_norm` is called and *bias* is one of a slice with gaps, expanded (a stride of 0)',
  'issue': 'pytorch/pytorch#176238',
  'url': 'https://github.com/pytorch/pytorch/issues/176238',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.layer_norm(hidden.to(device), (8,), bias=biases.to(device)[:, 0].contiguous())',
  'page': 'bugs/layer-norm-noncontiguous-bias/',
  'triggers': [{'op': ['layer_norm'], 'when': ['bias.layout in sliced,expanded']}]},
 {'slug': 'layer-norm-slice-offset',
  'claim': '`F.layer_norm` of a slice normalises the rows at the start of the tensor that it was cut from.',
  'when': '`layer_norm` is called and the storage offset of *input* is above 0 and *input* is contiguous',
  'issue': 'pytorch/pytorch#131750',
  'url': 'https://github.com/pytorch/pytorch/issues/131750',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.layer_norm(hidden.to(device)[:, -1:].clone(), (8,))',
  'page': 'bugs/layer-norm-slice-offset/',
  'triggers': [{'op': ['layer_norm'], 'when': ['input.offset > 0', 'input.layout == contiguous']}]},
 {'slug': 'layer-norm-small-variance',
  'claim': '`F.layer_norm` takes the variance of a row as zero where it is below 1e-6.',
  'when': '`layer_norm` is called and the largest value of *input* is below 0.001 and the smallest value of *input* '
          'is above -0.001',
  'issue': 'pytorch/pytorch#190491',
  'url': 'https://github.com/pytorch/pytorch/issues/190491',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\n'
                'centred = x - x.mean(-1, keepdim=True)\n'
                'return centred / (centred.square().mean(-1, keepdim=True) + 1e-12).sqrt()',
  'page': 'bugs/layer-norm-small-variance/',
  'triggers': [{'op': ['layer_norm'], 'when': ['input.max < 0.001', 'input.min > -0.001']}],
  'danger': 33},
 {'slug': 'layernorm-half-input-fp32-affine',
  'claim': '`F.layer_norm` of a half-precision input misreads a weight and a bias in float32.',
  'when': '`layer_norm` is called and the dtype of *input* is one of float16, bfloat16 and the dtype of *weight* is '
          'float32',
  'issue': 'pytorch/pytorch#190054',
  'url': 'https://github.com/pytorch/pytorch/issues/190054',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.layer_norm(hidden.to(device), (8,), weight.to(device))',
  'page': 'bugs/layernorm-half-input-fp32-affine/',
  'triggers': [{'op': ['layer_norm'], 'when': ['input.dtype in float16,bfloat16', 'weight.dtype == float32']}],
  'danger': 32},
 {'slug': 'lerp-half-mixed-weight-214',
  'claim': '`torch.lerp` of half-precision tensors misreads a weight of another dtype that lies on the CPU.',
  'when': '`lerp` is called, and all of this holds: the dtype of *self* is one of float16, bfloat16; *weight* is on '
          'the CPU; the number of dimensions of *weight* is 0; the dtype of *weight* is not the dtype of *self*',
  'issue': 'pytorch/pytorch#196067',
  'url': 'https://github.com/pytorch/pytorch/issues/196067',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '==2.14.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.lerp(mean.to(device), new.to(device), 0.5)',
  'page': 'bugs/lerp-half-mixed-weight-214/',
  'triggers': [{'op': ['lerp'],
                'when': ['self.dtype in float16,bfloat16',
                         'weight.device == cpu',
                         'weight.ndim == 0',
                         'weight.dtype != self.dtype']}]},
 {'slug': 'lgamma-expanded-inf',
  'claim': '`torch.lgamma` of an expanded or transposed tensor is computed from other numbers, or gives infinity.',
  'when': '`lgamma`, `digamma` is called and *self* is one of permuted (dense, in another order than contiguous), '
          'expanded (a stride of 0)',
  'issue': 'pytorch/pytorch#132605',
  'url': 'https://github.com/pytorch/pytorch/issues/132605',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.12,>=2.5.0.dev20240803',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.lgamma(concentration.to(device).expand(3, 4).contiguous())',
  'page': 'bugs/lgamma-expanded-inf/',
  'triggers': [{'op': ['lgamma', 'digamma'], 'when': ['self.layout in permuted,expanded']}]},
 {'slug': 'linalg-inv-second-matrix',
  'claim': '`torch.linalg.inv` of a matrix picked out of a batch is wrong, but for the first one.',
  'when': '`linalg_inv` is called and the storage offset of *A* is above 0',
  'issue': 'pytorch/pytorch#78363',
  'url': 'https://github.com/pytorch/pytorch/issues/78363',
  'kind': 'wrong',
  'family': 'linalg',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.linalg.inv(matrices.to(device)[1].clone())',
  'page': 'bugs/linalg-inv-second-matrix/',
  'triggers': [{'op': ['linalg_inv'], 'when': ['A.offset > 0']}]},
 {'slug': 'linalg-solve-backward-wrong',
  'claim': 'The backward of `torch.linalg.solve` gives wrong gradients for both arguments.',
  'when': '`linalg_lu_solve` is called in a backward pass',
  'issue': 'pytorch/pytorch#175192',
  'url': 'https://github.com/pytorch/pytorch/issues/175192',
  'kind': 'wrong',
  'family': 'linalg',
  'affected': '<=2.12.0.dev20260217,>=2.10.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'a, b = (a.to(device).requires_grad_(), b.to(device).requires_grad_())\n'
                'return torch.autograd.grad((torch.linalg.inv(a) @ b).sum(), (a, b))',
  'page': 'bugs/linalg-solve-backward-wrong/',
  'triggers': [{'op': ['linalg_lu_solve'], 'when': [], 'phase': 'backward'}]},
 {'slug': 'linalg-solve-broadcast-b',
  'claim': '`torch.linalg.solve` solves only the first system of a batch if they share one right-hand side.',
  'when': '`linalg_solve` is called and the number of dimensions of *B* is 1 and the number of elements of *A* is '
          'above the number of elements of *B* times the number of elements of *B*, or `linalg_solve` is called, and '
          'all of this holds: the number of dimensions of *A* is 3; the number of dimensions of *B* is 2; the size '
          'of *B* in dimension 0 is not the size of *A* in dimension 0; the size of *A* in dimension 0 is above 1, '
          'or `linalg_solve` is called, and all of this holds: the number of dimensions of *A* is 3; the number of '
          'dimensions of *B* is 2; the size of *B* in dimension 1 is not the size of *A* in dimension 2; the size of '
          '*A* in dimension 0 is above 1, or `linalg_solve` is called and the number of dimensions of *B* is the '
          'number of dimensions of *A* and the number of elements of *A* times the size of *B* in dimension -1 is '
          'above the number of elements of *B* times the size of *A* in dimension -1',
  'issue': 'pytorch/pytorch#189134',
  'url': 'https://github.com/pytorch/pytorch/issues/189134',
  'kind': 'wrong',
  'family': 'linalg',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.linalg.solve(gram.to(device), target.to(device).expand(4, 8).contiguous())',
  'page': 'bugs/linalg-solve-broadcast-b/',
  'triggers': [{'op': ['linalg_solve'], 'when': ['B.ndim == 1', 'A.numel > B.numel * B.numel']},
               {'op': ['linalg_solve'],
                'when': ['A.ndim == 3', 'B.ndim == 2', 'B.size.0 != A.size.0', 'A.size.0 > 1']},
               {'op': ['linalg_solve'],
                'when': ['A.ndim == 3', 'B.ndim == 2', 'B.size.1 != A.size.2', 'A.size.0 > 1']},
               {'op': ['linalg_solve'], 'when': ['B.ndim == A.ndim', 'A.numel * B.size.-1 > B.numel * A.size.-1']}]},
 {'slug': 'linear-3d-bias-virtual-m1',
  'claim': '`F.linear` with a bias is wrong for 3-D inputs on virtual M1 machines with macOS 26.',
  'when': '`linear` is called and the number of dimensions of *input* is 3 and the number of dimensions of *bias* is '
          'at least 1',
  'issue': 'pytorch/pytorch#192934',
  'url': 'https://github.com/pytorch/pytorch/issues/192934',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<=2.14.0.dev20260810,>=2.13.0',
  'introduced': None,
  'macos': '<27,>=26',
  'chips': ['M1 (virtual)'],
  'workaround': 'return x.to(device) @ weight.to(device).T + bias.to(device)',
  'page': 'bugs/linear-3d-bias-virtual-m1/',
  'triggers': [{'op': ['linear'], 'when': ['input.ndim == 3', 'bias.ndim >= 1']}],
  'danger': 17},
 {'slug': 'linear-amd-rdna2',
  'claim': '`F.linear` returns garbage on AMD RDNA2 GPUs in Intel Macs.',
  'when': '`linear` is called and the size of *weight* in dimension -1 is at least 256',
  'issue': 'pytorch/pytorch#178697',
  'url': 'https://github.com/pytorch/pytorch/issues/178697',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': ['AMD RDNA2'],
  'workaround': 'return torch.mm(x.to(device), weight.to(device).T.contiguous())',
  'page': 'bugs/linear-amd-rdna2/',
  'triggers': [{'op': ['linear'], 'when': ['weight.size.-1 >= 256']}]},
 {'slug': 'linear-backward-input-k1-noncontig',
  'claim': 'The backward of `F.linear` with one output gives zeros past the first memory page.',
  'when': '`linear_backward` is called, and all of this holds: the size of *weight* in dimension 0 is 1; '
          '*grad_output* is not contiguous; the number of elements of *self* times the bytes of an element of *self* '
          'is above 16,384; item 0 of *output_mask* is true',
  'issue': 'pytorch/pytorch#189565',
  'url': 'https://github.com/pytorch/pytorch/issues/189565',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device).requires_grad_()\n'
                'out = F.linear(x, weight.to(device))\n'
                'return torch.autograd.grad((out * torch.ones_like(out)).sum(), x)[0]',
  'page': 'bugs/linear-backward-input-k1-noncontig/',
  'triggers': [{'op': ['linear_backward'],
                'when': ['weight.size.0 == 1',
                         'grad_output.layout != contiguous',
                         'self.numel * self.itemsize > 16384',
                         'output_mask.value.0 == true']}]},
 {'slug': 'linear-bias-batch-over-65536',
  'claim': '`F.linear` with a bias is wrong for 3-D inputs with more than 65,536 matrices.',
  'when': '`linear` is called, and all of this holds: the size of *input* in dimension -3 is above 65,536; the '
          'number of dimensions of *input* is at least 3; *input* is contiguous; *weight* is contiguous; the number '
          'of dimensions of *bias* is at least 1',
  'issue': 'pytorch/pytorch#189495',
  'url': 'https://github.com/pytorch/pytorch/issues/189495',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<2.14,>=2.12.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.linear(x.to(device).flatten(0, 1), weight.to(device), bias.to(device)).view(65600, 2, 16)',
  'page': 'bugs/linear-bias-batch-over-65536/',
  'triggers': [{'op': ['linear'],
                'when': ['input.size.-3 > 65536',
                         'input.ndim >= 3',
                         'input.layout == contiguous',
                         'weight.layout == contiguous',
                         'bias.ndim >= 1']}],
  'danger': 15},
 {'slug': 'linear-bias-dropped-vector-shape-macos26',
  'claim': '`F.linear` drops the bias for inputs of one row each on macOS 26.',
  'when': '`linear` is called, and all of this holds: the number of dimensions of *input* is at least 3; the size of '
          '*input* in dimension -2 is 1; the number of dimensions of *bias* is at least 1; *input* is contiguous; '
          '*weight* is contiguous',
  'issue': 'pytorch/pytorch#188438',
  'url': 'https://github.com/pytorch/pytorch/issues/188438',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<2.14,>=2.14.0.dev20260629',
  'introduced': None,
  'macos': '<27,>=26',
  'chips': ['M1'],
  'workaround': 'return F.linear(x.to(device), weight.to(device)) + bias.to(device)',
  'page': 'bugs/linear-bias-dropped-vector-shape-macos26/',
  'triggers': [{'op': ['linear'],
                'when': ['input.ndim >= 3',
                         'input.size.-2 == 1',
                         'bias.ndim >= 1',
                         'input.layout == contiguous',
                         'weight.layout == contiguous']}],
  'danger': 18},
 {'slug': 'linear-half-3d-nondeterministic-m5',
  'claim': '`F.linear` without a bias differs from call to call for 3-D half inputs on M5.',
  'when': '`linear` is called, and all of this holds: the dtype of *input* is one of float16, bfloat16; the number '
          'of dimensions of *input* is at least 3; *bias* is not given',
  'issue': 'pytorch/pytorch#180776',
  'url': 'https://github.com/pytorch/pytorch/issues/180776',
  'kind': 'nondeterministic',
  'family': 'matmul',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': ['M5'],
  'workaround': 'return F.linear(x.to(device).flatten(0, 1), weight.to(device)).view(2, 13, 1024)',
  'page': 'bugs/linear-half-3d-nondeterministic-m5/',
  'triggers': [{'op': ['linear'],
                'when': ['input.dtype in float16,bfloat16', 'input.ndim >= 3', 'bias.given == false']}],
  'danger': 19},
 {'slug': 'linear-noncontiguous-weight',
  'claim': '`F.linear` reads a non-contiguous weight as if it were contiguous.',
  'when': '`linear` is called and *weight* is not contiguous',
  'issue': 'pytorch/pytorch#161640',
  'url': 'https://github.com/pytorch/pytorch/issues/161640',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.9,>=2.8',
  'introduced': '2.8',
  'macos': '>=15',
  'chips': [],
  'workaround': 'return F.linear(x.to(device), w.to(device).T.contiguous())',
  'page': 'bugs/linear-noncontiguous-weight/',
  'triggers': [{'op': ['linear'], 'when': ['weight.layout != contiguous']}],
  'danger': 2},
 {'slug': 'linspace-int64-large',
  'claim': '`torch.linspace` of large whole numbers gives the nearest float32 instead.',
  'when': '`linspace` is called and *dtype* is one of `int32`, `int64` and *end* is above 16,777,216, or `linspace` '
          'is called and *dtype* is one of `int32`, `int64` and *start* is above 16,777,216',
  'issue': 'pytorch/pytorch#189630',
  'url': 'https://github.com/pytorch/pytorch/issues/189630',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'first, last = ends.tolist()\n'
                'return torch.tensor([first + i * (last - first) // 8 for i in range(9)], device=device)',
  'page': 'bugs/linspace-int64-large/',
  'triggers': [{'op': ['linspace'], 'when': ['dtype.value in int32,int64', 'end.value > 16777216']},
               {'op': ['linspace'], 'when': ['dtype.value in int32,int64', 'start.value > 16777216']}]},
 {'slug': 'linspace-integer-endpoints',
  'claim': '`torch.linspace` with an integer dtype differs from the CPU where an end point has a fraction.',
  'when': '`linspace` is called and *dtype* is one of `int8`, `uint8`, `int16`, `int32`, `int64` and *start* is not '
          'a multiple of 1, or `linspace` is called and *dtype* is one of `int8`, `uint8`, `int16`, `int32`, `int64` '
          'and *end* is not a multiple of 1',
  'issue': 'pytorch/pytorch#137635',
  'url': 'https://github.com/pytorch/pytorch/issues/137635',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'first, last = ends.tolist()\n'
                'return torch.linspace(int(first), int(last), 20, dtype=torch.int32, device=device)',
  'page': 'bugs/linspace-integer-endpoints/',
  'triggers': [{'op': ['linspace'],
                'when': ['dtype.value in int8,uint8,int16,int32,int64', 'start.value not-multiple-of 1']},
               {'op': ['linspace'],
                'when': ['dtype.value in int8,uint8,int16,int32,int64', 'end.value not-multiple-of 1']}]},
 {'slug': 'log-after-transpose',
  'claim': '`torch.log` of a transposed tensor gives other numbers than the logarithm transposed afterwards.',
  'when': '`log` is called and *self* is permuted (dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#89673',
  'url': 'https://github.com/pytorch/pytorch/issues/89673',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return probabilities.to(device).transpose(-2, -1).contiguous().log()',
  'page': 'bugs/log-after-transpose/',
  'triggers': [{'op': ['log'], 'when': ['self.layout == permuted']}]},
 {'slug': 'log-softmax-underflow-inf',
  'claim': '`F.log_softmax` returns minus infinity for logits some 90 or more below the greatest.',
  'when': '`log_softmax` is called, and all of this holds: the dtype of *self* is float32; the largest value of '
          '*self* is at least 0; the smallest value of *self* is below -88; the smallest value of *self* is above '
          '-inf, or `log_softmax` is called, and all of this holds: the dtype of *self* is float32; the largest '
          'value of *self* is above 88; the smallest value of *self* is at most 0; the smallest value of *self* is '
          'above -inf',
  'issue': 'pytorch/pytorch#94043',
  'url': 'https://github.com/pytorch/pytorch/issues/94043',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '==1.13.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'logits = logits.to(device)\nreturn logits - logits.logsumexp(-1, keepdim=True)',
  'page': 'bugs/log-softmax-underflow-inf/',
  'triggers': [{'op': ['log_softmax'],
                'when': ['self.dtype == float32', 'self.max >= 0', 'self.min < -88', 'self.min > -inf']},
               {'op': ['log_softmax'],
                'when': ['self.dtype == float32', 'self.max > 88', 'self.min <= 0', 'self.min > -inf']}]},
 {'slug': 'long-bool-casts-2022',
  'claim': '`x.to(torch.int32)` of an int64 tensor on the GPU gives its upper and lower halves in turn.',
  'when': '`copy` is called, and all of this holds: *src* is on the GPU; *self* is on the GPU; the dtype of *src* is '
          'one of int64, bool; the dtype of *self* is one of int32, float32',
  'issue': 'pytorch/pytorch#79286',
  'url': 'https://github.com/pytorch/pytorch/issues/79286',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '==1.13.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return ids.to(torch.int32).to(device)',
  'page': 'bugs/long-bool-casts-2022/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == accel',
                         'self.device == accel',
                         'src.dtype in int64,bool',
                         'self.dtype in int32,float32']}]},
 {'slug': 'lstm-backward-ignores-dropout',
  'claim': 'The backward of `nn.LSTM` is computed as if there were no dropout.',
  'when': '`lstm` is called, and all of this holds: *num_layers* is above 1; *dropout* is above 0; *train* is true; '
          'a gradient is recorded through *params*, or `lstm` is called, and all of this holds: *num_layers* is '
          'above 1; *dropout* is above 0; *train* is true; a gradient is recorded through *input*',
  'issue': 'pytorch/pytorch#190056',
  'url': 'https://github.com/pytorch/pytorch/issues/190056',
  'kind': 'wrong',
  'family': 'recurrent',
  'affected': '<2.14,>=2.14.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'first, second = (lstm(device, pair) for pair in weights.split(2))\n'
                'x = x.to(device).requires_grad_()\n'
                'between = torch.nn.functional.dropout(first(x)[0], 0.9999999)\n'
                'return torch.autograd.grad(second(between)[0].sum(), x)[0]',
  'page': 'bugs/lstm-backward-ignores-dropout/',
  'triggers': [{'op': ['lstm'],
                'when': ['num_layers.value > 1', 'dropout.value > 0', 'train.value == true', 'params.grad == true']},
               {'op': ['lstm'],
                'when': ['num_layers.value > 1', 'dropout.value > 0', 'train.value == true', 'input.grad == true']}]},
 {'slug': 'lstm-backward-noncontig-input',
  'claim': 'The backward of `nn.LSTM` gives wrong input gradients for non-contiguous inputs.',
  'when': '`lstm` is called and *input* is not contiguous and a gradient is recorded through *input*',
  'issue': 'pytorch/pytorch#175189',
  'url': 'https://github.com/pytorch/pytorch/issues/175189',
  'kind': 'wrong',
  'family': 'recurrent',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device).transpose(0, 1).requires_grad_()\n'
                'return torch.autograd.grad(lstm(device, weights)(x.contiguous())[0].square().sum(), x)[0]',
  'page': 'bugs/lstm-backward-noncontig-input/',
  'triggers': [{'op': ['lstm'], 'when': ['input.layout != contiguous', 'input.grad == true']}]},
 {'slug': 'lstm-backward-over-2-layers-macos-14-4',
  'claim': 'The backward of `nn.LSTM` with more than two layers is wrong on macOS 14.4.',
  'when': '`lstm` is called and *num_layers* is above 2 and a gradient is recorded through *params*, or `lstm` is '
          'called and *num_layers* is above 2 and a gradient is recorded through *input*',
  'issue': 'pytorch/pytorch#125803',
  'url': 'https://github.com/pytorch/pytorch/issues/125803',
  'kind': 'wrong',
  'family': 'recurrent',
  'affected': '<2.5',
  'introduced': None,
  'macos': '>=14.4',
  'chips': [],
  'workaround': 'models = [lstm(device, pair) for pair in weights.split(2)]\n'
                'x = x.to(device)\n'
                'for model in models:\n'
                '    x = model(x)[0]\n'
                'return torch.autograd.grad(x.sum(), tuple((p for model in models for p in model.parameters())))',
  'page': 'bugs/lstm-backward-over-2-layers-macos-14-4/',
  'triggers': [{'op': ['lstm'], 'when': ['num_layers.value > 2', 'params.grad == true']},
               {'op': ['lstm'], 'when': ['num_layers.value > 2', 'input.grad == true']}]},
 {'slug': 'lstm-batch-first-transposed',
  'claim': '`nn.LSTM` with `batch_first=True` returns batch and time swapped.',
  'when': '`lstm` is called and *batch_first* is true',
  'issue': 'pytorch/pytorch#80306',
  'url': 'https://github.com/pytorch/pytorch/issues/80306',
  'kind': 'wrong',
  'family': 'recurrent',
  'affected': '<1.12.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return lstm(device, weights)(x.to(device).transpose(0, 1).contiguous())[0].transpose(0, 1)',
  'page': 'bugs/lstm-batch-first-transposed/',
  'triggers': [{'op': ['lstm'], 'when': ['batch_first.value == true']}]},
 {'slug': 'lstm-bidirectional',
  'claim': 'A bidirectional `nn.LSTM` is wrong.',
  'when': '`lstm` is called and *bidirectional* is true',
  'issue': 'pytorch/pytorch#94754',
  'url': 'https://github.com/pytorch/pytorch/issues/94754',
  'kind': 'wrong',
  'family': 'recurrent',
  'affected': '==2.0.0.dev20230205',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'forth, back = (lstm(device, pair) for pair in weights.split(2))\n'
                'return torch.cat([forth(x.to(device))[0], back(x.to(device).flip(0))[0].flip(0)], -1)',
  'page': 'bugs/lstm-bidirectional/',
  'triggers': [{'op': ['lstm'], 'when': ['bidirectional.value == true']}]},
 {'slug': 'lstm-dropout-one-nan',
  'claim': '`nn.LSTM` with `dropout=1.0` returns NaN in training.',
  'when': '`lstm` is called, and all of this holds: *num_layers* is above 1; *dropout* is 1; *train* is true',
  'issue': 'pytorch/pytorch#190057',
  'url': 'https://github.com/pytorch/pytorch/issues/190057',
  'kind': 'nan',
  'family': 'recurrent',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'first, second = (lstm(device, pair, 1) for pair in weights.split(2))\n'
                'return second(torch.zeros_like(first(x.to(device))[0]))[0]',
  'page': 'bugs/lstm-dropout-one-nan/',
  'triggers': [{'op': ['lstm'], 'when': ['num_layers.value > 1', 'dropout.value == 1', 'train.value == true']}]},
 {'slug': 'lstm-dropout-same-mask',
  'claim': '`nn.LSTM` drops the same elements between its layers on every call.',
  'when': '`lstm` is called, and all of this holds: *train* is true; *dropout* is above 0; *num_layers* is above 1; '
          'in an earlier call *train* was true and the shape of *input* was the same as now and the dtype of *input* '
          'was the same as now and the shape of *hx* was the same as now and *dropout* was the same as now and '
          '*num_layers* was the same as now and *has_biases* was the same as now and *bidirectional* was the same as '
          'now and *batch_first* was the same as now',
  'issue': 'pytorch/pytorch#185351',
  'url': 'https://github.com/pytorch/pytorch/issues/185351',
  'kind': 'wrong',
  'family': 'recurrent',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'first, second = (torch.nn.LSTM(8, 8).to(device) for _ in range(2))\n'
                'hidden = first(x.to(device))[0]\n'
                'return torch.stack([second(torch.nn.functional.dropout(hidden, 0.5))[0] for _ in range(2)])',
  'page': 'bugs/lstm-dropout-same-mask/',
  'triggers': [{'op': ['lstm'],
                'when': ['train.value == true',
                         'dropout.value > 0',
                         'num_layers.value > 1',
                         'earlier.train.value == true',
                         'earlier.input.shape == input.shape',
                         'earlier.input.dtype == input.dtype',
                         'earlier.hx.shape == hx.shape',
                         'earlier.dropout.value == dropout.value',
                         'earlier.num_layers.value == num_layers.value',
                         'earlier.has_biases.value == has_biases.value',
                         'earlier.bidirectional.value == bidirectional.value',
                         'earlier.batch_first.value == batch_first.value']}]},
 {'slug': 'lstm-eval-uses-train-graph',
  'claim': '`nn.LSTM` still drops elements after `eval()` if it was trained on inputs of the same shape.',
  'when': '`lstm` is called, and all of this holds: *train* is false; *dropout* is above 0; *num_layers* is above 1; '
          'in an earlier call *train* was true and the shape of *input* was the same as now and the dtype of *input* '
          'was the same as now and the shape of *hx* was the same as now and *dropout* was the same as now and '
          '*num_layers* was the same as now and *has_biases* was the same as now and *bidirectional* was the same as '
          'now and *batch_first* was the same as now',
  'issue': 'pytorch/pytorch#180744',
  'url': 'https://github.com/pytorch/pytorch/issues/180744',
  'kind': 'wrong',
  'family': 'recurrent',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'model, x = (lstm(device, weights), x.to(device))\n'
                'with torch.no_grad():\n'
                '    model.train()(x)\n'
                '    model.eval().dropout = 0.0\n'
                '    return model(x)[0]',
  'page': 'bugs/lstm-eval-uses-train-graph/',
  'triggers': [{'op': ['lstm'],
                'when': ['train.value == false',
                         'dropout.value > 0',
                         'num_layers.value > 1',
                         'earlier.train.value == true',
                         'earlier.input.shape == input.shape',
                         'earlier.input.dtype == input.dtype',
                         'earlier.hx.shape == hx.shape',
                         'earlier.dropout.value == dropout.value',
                         'earlier.num_layers.value == num_layers.value',
                         'earlier.has_biases.value == has_biases.value',
                         'earlier.bidirectional.value == bidirectional.value',
                         'earlier.batch_first.value == batch_first.value']}]},
 {'slug': 'lstsq-complex-underdetermined-214',
  'claim': '`torch.linalg.lstsq` is wrong for complex underdetermined systems.',
  'when': '`linalg_lstsq` is called, and all of this holds: the dtype of *self* is complex64; the size of *self* in '
          'dimension -2 is below the size of *self* in dimension -1; the number of elements of *self* is at least '
          '8,192',
  'issue': 'pytorch/pytorch#196113',
  'url': 'https://github.com/pytorch/pytorch/issues/196113',
  'kind': 'wrong',
  'family': 'linalg',
  'affected': '==2.14.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'halves = zip(matrices.to(device).chunk(2), right.to(device).chunk(2))\n'
                'return torch.cat([solved(*half) for half in halves])',
  'page': 'bugs/lstsq-complex-underdetermined-214/',
  'triggers': [{'op': ['linalg_lstsq'],
                'when': ['self.dtype == complex64', 'self.size.-2 < self.size.-1', 'self.numel >= 8192']}]},
 {'slug': 'lu-factor-batched-large',
  'claim': '`torch.linalg.lu_factor` of a batch of larger matrices is wrong.',
  'when': '`linalg_lu_factor`, `linalg_lu_factor_ex` is called, and all of this holds: the number of dimensions of '
          '*A* is above 2; the number of elements of *A* is above the size of *A* in dimension -1 times the size of '
          '*A* in dimension -2; the size of *A* in dimension -1 is at least 256; the size of *A* in dimension -2 is '
          'at least 256',
  'issue': 'pytorch/pytorch#146753',
  'url': 'https://github.com/pytorch/pytorch/issues/146753',
  'kind': 'wrong',
  'family': 'linalg',
  'affected': '<2.7',
  'introduced': '2.5',
  'macos': None,
  'chips': [],
  'workaround': 'return torch.stack([torch.linalg.lu_factor(one)[0] for one in matrices.to(device)])',
  'page': 'bugs/lu-factor-batched-large/',
  'triggers': [{'op': ['linalg_lu_factor', 'linalg_lu_factor_ex'],
                'when': ['A.ndim > 2', 'A.numel > A.size.-1 * A.size.-2', 'A.size.-1 >= 256', 'A.size.-2 >= 256']}]},
 {'slug': 'mask-equal-assign-wrong-element',
  'claim': '`x[x == 2] = -1` changes the wrong elements of a small matrix.',
  'when': '`index_put` is called in place, and all of this holds: the dtype of *indices* is bool; the number of '
          'dimensions of *self* is above 1; the number of elements of *values* is 1',
  'issue': 'pytorch/pytorch#126919',
  'url': 'https://github.com/pytorch/pytorch/issues/126919',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '==2.2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.where(x == 2, -torch.ones_like(x), x)',
  'page': 'bugs/mask-equal-assign-wrong-element/',
  'triggers': [{'op': ['index_put'],
                'when': ['indices.dtype == bool', 'self.ndim > 1', 'values.numel == 1'],
                'form': 'inplace'}]},
 {'slug': 'masked-fill-bool-value-over-1',
  'claim': '`torch.masked_fill` of a boolean tensor with a value above 1 writes False.',
  'when': '`masked_fill` is called and the dtype of *self* is bool and *value* is above 1',
  'issue': 'pytorch/pytorch#94263',
  'url': 'https://github.com/pytorch/pytorch/issues/94263',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return flags.to(device).masked_fill(mask.to(device), True)',
  'page': 'bugs/masked-fill-bool-value-over-1/',
  'triggers': [{'op': ['masked_fill'], 'when': ['self.dtype == bool', 'value.value > 1']}]},
 {'slug': 'masked-fill-inplace-noncontiguous',
  'claim': '`masked_fill_` on a non-contiguous tensor changes values that the mask does not select.',
  'when': '`masked_fill` is called in place and *self* is not contiguous',
  'issue': 'pytorch/pytorch#131285',
  'url': 'https://github.com/pytorch/pytorch/issues/131285',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '<2.5,>=2.0.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': "return scores.to(device).transpose(1, 2).masked_fill(mask.to(device), float('-inf'))",
  'page': 'bugs/masked-fill-inplace-noncontiguous/',
  'triggers': [{'op': ['masked_fill'], 'when': ['self.layout != contiguous'], 'form': 'inplace'}],
  'danger': 28},
 {'slug': 'masked-log-softmax-nan-vs-zero',
  'claim': '`torch.masked.log_softmax` gives 0 for a masked element where the CPU gives NaN.',
  'when': '`log_softmax` is called and the dtype of *self* is float16 and the largest value of *self* is -inf',
  'issue': 'pytorch/pytorch#111416',
  'url': 'https://github.com/pytorch/pytorch/issues/111416',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'kept = mask.to(device)[0]\n'
                'found = torch.masked.log_softmax(logits.to(device)[0], 0, mask=torch.ones_like(kept))\n'
                "return torch.where(kept, found, torch.full_like(found, float('nan')))",
  'page': 'bugs/masked-log-softmax-nan-vs-zero/',
  'triggers': [{'op': ['log_softmax'], 'when': ['self.dtype == float16', 'self.max == -inf']}]},
 {'slug': 'masked-scatter-0d-shape',
  'claim': '`torch.masked_scatter` of a tensor without dimensions returns the shape [1].',
  'when': '`masked_scatter` is called and the number of dimensions of *self* is 0',
  'issue': 'pytorch/pytorch#174381',
  'url': 'https://github.com/pytorch/pytorch/issues/174381',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device).view(1).masked_scatter(mask.to(device), source.to(device)).view(())',
  'page': 'bugs/masked-scatter-0d-shape/',
  'triggers': [{'op': ['masked_scatter'], 'when': ['self.ndim == 0']}]},
 {'slug': 'matmul-2d-columns-after-1024',
  'claim': '`torch.matmul` of a column by a row of 32,769 is wrong past the first 1,024 columns.',
  'when': '`mm` is called and the size of *mat2* in dimension 1 is above 32,768',
  'issue': 'pytorch/pytorch#116769',
  'url': 'https://github.com/pytorch/pytorch/issues/116769',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<2.3',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'a, b = (a.to(device), b.to(device))\n'
                'return torch.cat([torch.mm(a, b[:, :16384]), torch.mm(a, b[:, 16384:])], dim=1)',
  'page': 'bugs/matmul-2d-columns-after-1024/',
  'triggers': [{'op': ['mm'], 'when': ['mat2.size.1 > 32768']}]},
 {'slug': 'matmul-permuted-key-2022',
  'claim': '`torch.matmul` with a transposed view of a permuted tensor is wrong.',
  'when': '`matmul` is called and the order of the dimensions of *other* in memory is (0, 3, 1, 2)',
  'issue': 'pytorch/pytorch#78511',
  'url': 'https://github.com/pytorch/pytorch/issues/78511',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<1.13,>=1.13.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.matmul(heads(query.to(device)), heads(key.to(device)).contiguous().transpose(-1, -2))',
  'page': 'bugs/matmul-permuted-key-2022/',
  'triggers': [{'op': ['matmul'], 'when': ['other.order == 0312']}]},
 {'slug': 'matmul-sliced-out',
  'claim': '`torch.matmul` with a part of a larger tensor as `out=` writes nothing.',
  'when': '`matmul`, `mm`, `addmm`, `bmm` is called with `out=` and the result is not contiguous, or `matmul`, `mm`, '
          '`addmm`, `bmm` is called with `out=` and the storage offset of the result is above 0',
  'issue': 'pytorch/pytorch#104832',
  'url': 'https://github.com/pytorch/pytorch/issues/104832',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<2.14,>=2.0.1',
  'introduced': None,
  'macos': '<16,>=13',
  'chips': [],
  'workaround': 'z = z.to(device)\nz[:, 4:12] = torch.matmul(x.to(device), y.to(device))\nreturn z',
  'page': 'bugs/matmul-sliced-out/',
  'triggers': [{'op': ['matmul', 'mm', 'addmm', 'bmm'], 'when': ['result.layout != contiguous'], 'form': 'out'},
               {'op': ['matmul', 'mm', 'addmm', 'bmm'], 'when': ['result.offset > 0'], 'form': 'out'}]},
 {'slug': 'matmul-stride0-grad',
  'claim': 'Gradients of `y.sum()` through `torch.mm` are zero or corrupt.',
  'when': '`mm` is called and the stride of *self* in dimension 0 is 0 and the size of *self* in dimension 0 is '
          'above 1, or `mm` is called and the stride of *self* in dimension 1 is 0 and the size of *self* in '
          'dimension 1 is above 1, or `mm` is called and the stride of *mat2* in dimension 0 is 0 and the size of '
          '*mat2* in dimension 0 is above 1, or `mm` is called and the stride of *mat2* in dimension 1 is 0 and the '
          'size of *mat2* in dimension 1 is above 1',
  'issue': 'pytorch/pytorch#180201',
  'url': 'https://github.com/pytorch/pytorch/issues/180201',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '<2.12,>=2.11.0',
  'introduced': None,
  'macos': '<26.4,>=15',
  'chips': [],
  'workaround': 'x = x.to(device).requires_grad_()\n'
                'y = torch.mm(x, weight.to(device))\n'
                'return torch.autograd.grad(y, x, torch.ones_like(y))[0]',
  'page': 'bugs/matmul-stride0-grad/',
  'triggers': [{'op': ['mm'], 'when': ['self.stride.0 == 0', 'self.size.0 > 1']},
               {'op': ['mm'], 'when': ['self.stride.1 == 0', 'self.size.1 > 1']},
               {'op': ['mm'], 'when': ['mat2.stride.0 == 0', 'mat2.size.0 > 1']},
               {'op': ['mm'], 'when': ['mat2.stride.1 == 0', 'mat2.size.1 > 1']}],
  'danger': 14},
 {'slug': 'matmul-stride0-macos-27',
  'claim': '`torch.mm` with an expanded operand is wrong again on a beta of macOS 27.',
  'when': '`mm` is called and the stride of *self* in dimension 0 is 0 and the size of *self* in dimension 0 is '
          'above 1, or `mm` is called and the stride of *self* in dimension 1 is 0 and the size of *self* in '
          'dimension 1 is above 1, or `mm` is called and the stride of *mat2* in dimension 0 is 0 and the size of '
          '*mat2* in dimension 0 is above 1, or `mm` is called and the stride of *mat2* in dimension 1 is 0 and the '
          'size of *mat2* in dimension 1 is above 1',
  'issue': 'pytorch/pytorch#180201',
  'url': 'https://github.com/pytorch/pytorch/issues/180201',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '',
  'introduced': None,
  'macos': '<28,>=27',
  'chips': [],
  'workaround': 'x = x.to(device).requires_grad_()\n'
                'y = torch.mm(x, weight.to(device))\n'
                'return torch.autograd.grad(y, x, torch.ones_like(y))[0]',
  'page': 'bugs/matmul-stride0-macos-27/',
  'triggers': [{'op': ['mm'], 'when': ['self.stride.0 == 0', 'self.size.0 > 1']},
               {'op': ['mm'], 'when': ['self.stride.1 == 0', 'self.size.1 > 1']},
               {'op': ['mm'], 'when': ['mat2.stride.0 == 0', 'mat2.size.0 > 1']},
               {'op': ['mm'], 'when': ['mat2.stride.1 == 0', 'mat2.size.1 > 1']}]},
 {'slug': 'max-int64-first-value',
  'claim': '`torch.max` of an int64 tensor returns its first element.',
  'when': '`max`, `min` is called, and all of this holds: the dtype of *self* is int64; *dim* is not given; *other* '
          'is not given; the number of elements of *self* is above 1',
  'issue': 'pytorch/pytorch#90273',
  'url': 'https://github.com/pytorch/pytorch/issues/90273',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.0,>=1.12.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device).int().max().long()',
  'page': 'bugs/max-int64-first-value/',
  'triggers': [{'op': ['max', 'min'],
                'when': ['self.dtype == int64', 'dim.given == false', 'other.given == false', 'self.numel > 1']}]},
 {'slug': 'max-reduction-ignores-nan',
  'claim': '`torch.max` and `torch.min` skip NaN.',
  'when': '`max`, `min` is called and *self* holds NaN and *other* is not given',
  'issue': 'pytorch/pytorch#130295',
  'url': 'https://github.com/pytorch/pytorch/issues/130295',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.14,>=2.3.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'def place(t, otherwise):\n'
                '    return torch.where(t.isnan().any(), t.isnan().int().argmax(), otherwise)\n'
                'x, y = (x.to(device), y.to(device))\n'
                'at, to = (place(x, x.nan_to_num(-9).argmax()), place(y, y.nan_to_num(9).argmin()))\n'
                'return (x[at], at, y[to], to)',
  'page': 'bugs/max-reduction-ignores-nan/',
  'triggers': [{'op': ['max', 'min'], 'when': ['self has nan', 'other.given == false']}]},
 {'slug': 'maximum-minimum-drop-nan',
  'claim': '`torch.maximum` and `torch.minimum` drop NaN and return the other operand.',
  'when': '`maximum`, `minimum` is called and *self* holds NaN, or `maximum`, `minimum` is called and *other* holds '
          'NaN',
  'issue': 'pytorch/pytorch#143976',
  'url': 'https://github.com/pytorch/pytorch/issues/143976',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.7,>=2.5.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x, y = (x.to(device), y.to(device))\n'
                'return (torch.where(x.isnan(), x, y), torch.where(x.isnan(), x, y))',
  'page': 'bugs/maximum-minimum-drop-nan/',
  'triggers': [{'op': ['maximum', 'minimum'], 'when': ['self has nan']},
               {'op': ['maximum', 'minimum'], 'when': ['other has nan']}]},
 {'slug': 'mean-of-slice',
  'claim': '`torch.mean` of a slice of a slice is wrong for some shapes.',
  'when': '`mean` is called, and all of this holds: *self* is contiguous; the number of dimensions of *self* is '
          'above 1; the storage offset of *self* is not a multiple of the number of elements of *self*; the storage '
          'offset of *self* times the bytes of an element of *self* is not a multiple of 16',
  'issue': 'pytorch/pytorch#94753',
  'url': 'https://github.com/pytorch/pytorch/issues/94753',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '==2.0.0.dev20230205',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return m.to(device)[1][:2].clone().mean(dim=0)',
  'page': 'bugs/mean-of-slice/',
  'triggers': [{'op': ['mean'],
                'when': ['self.layout == contiguous',
                         'self.ndim > 1',
                         'self.offset not-multiple-of self.numel',
                         'self.offset * self.itemsize not-multiple-of 16']}]},
 {'slug': 'median-empty-zero',
  'claim': '`torch.median` and `torch.nanmedian` of an empty tensor return 0 instead of NaN.',
  'when': '`median`, `nanmedian` is called and the number of elements of *self* is 0',
  'issue': 'pytorch/pytorch#162846',
  'url': 'https://github.com/pytorch/pytorch/issues/162846',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.10',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\n'
                'chosen = x[x > 9]\n'
                "return torch.median(chosen) if chosen.numel() else torch.tensor(float('nan'), device=device)",
  'page': 'bugs/median-empty-zero/',
  'triggers': [{'op': ['median', 'nanmedian'], 'when': ['self.numel == 0']}]},
 {'slug': 'mm-conj-ignored',
  'claim': '`torch.mm` ignores the conjugation of an operand.',
  'when': '`mm` is called and *mat2* is a conjugated view',
  'issue': 'pytorch/pytorch#148599',
  'url': 'https://github.com/pytorch/pytorch/issues/148599',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<2.8,>=2.6.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.mm(torch.complex(*a.to(device)), torch.complex(*b.to(device)).conj_physical())',
  'page': 'bugs/mm-conj-ignored/',
  'triggers': [{'op': ['mm'], 'when': ['mat2.conj == true']}],
  'unsure': ['2.7']},
 {'slug': 'mm-empty-inner-garbage',
  'claim': '`torch.mm` with an empty inner dimension returns uninitialised memory.',
  'when': '`mm` is called and the size of *self* in dimension 1 is 0, or `addmm` is called and the size of *mat1* in '
          'dimension 1 is 0',
  'issue': 'pytorch/pytorch#175905',
  'url': 'https://github.com/pytorch/pytorch/issues/175905',
  'kind': 'nondeterministic',
  'family': 'matmul',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (a.to(device)[:, None, :0] * b.to(device).T[None, :, :0]).sum(2)',
  'page': 'bugs/mm-empty-inner-garbage/',
  'triggers': [{'op': ['mm'], 'when': ['self.size.1 == 0']}, {'op': ['addmm'], 'when': ['mat1.size.1 == 0']}]},
 {'slug': 'mm-large-k-allocator-dependent',
  'claim': '`torch.mm` with a reduction longer than 32,768 is wrong on M1 and M2, depending on earlier work.',
  'when': '`mm` is called, and all of this holds: the size of *self* in dimension 1 is above 32,768; the size of '
          '*self* in dimension 0 is at least 16; the size of *mat2* in dimension 1 is at least 16, or `addmm` is '
          'called, and all of this holds: the size of *mat1* in dimension 1 is above 32,768; the size of *mat1* in '
          'dimension 0 is at least 16; the size of *mat2* in dimension 1 is at least 16, or `linear` is called and '
          'the size of *weight* in dimension 1 is above 32,768 and the size of *weight* in dimension 0 is at least '
          '16, or `linear_backward` is called, and all of this holds: the size of *grad_output* in dimension -1 is '
          'above 32,768; the number of elements of *grad_output* is at least 524,288; the size of *weight* in '
          'dimension 1 is at least 16',
  'issue': 'pytorch/pytorch#193487',
  'url': 'https://github.com/pytorch/pytorch/issues/193487',
  'kind': 'nondeterministic',
  'family': 'matmul',
  'affected': '<2.14,>=2.7',
  'introduced': None,
  'macos': None,
  'chips': ['M1', 'M2'],
  'workaround': 'a, b = (a.to(device), b.to(device)[0])\n'
                'return torch.mm(a[:, :16384], b[:16384]) + torch.mm(a[:, 16384:], b[16384:])',
  'page': 'bugs/mm-large-k-allocator-dependent/',
  'triggers': [{'op': ['mm'], 'when': ['self.size.1 > 32768', 'self.size.0 >= 16', 'mat2.size.1 >= 16']},
               {'op': ['addmm'], 'when': ['mat1.size.1 > 32768', 'mat1.size.0 >= 16', 'mat2.size.1 >= 16']},
               {'op': ['linear'], 'when': ['weight.size.1 > 32768', 'weight.size.0 >= 16']},
               {'op': ['linear_backward'],
                'when': ['grad_output.size.-1 > 32768', 'grad_output.numel >= 524288', 'weight.size.1 >= 16']}],
  'danger': 11},
 {'slug': 'mm-second-operand-transposed',
  'claim': '`torch.mm` of two square matrices multiplies by the transpose of the second.',
  'when': '`mm` is called and *self* is square and *mat2* is square',
  'issue': 'pytorch/pytorch#84736',
  'url': 'https://github.com/pytorch/pytorch/issues/84736',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<=1.12.1,>=1.12.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (a.to(device).unsqueeze(2) * b.to(device)).sum(1)',
  'page': 'bugs/mm-second-operand-transposed/',
  'triggers': [{'op': ['mm'], 'when': ['self has square', 'mat2 has square']}]},
 {'slug': 'mps-to-cpu-copy-equal-gappy-strides',
  'claim': '`cpu[::2].copy_(mps[::2])` copies the wrong elements if both sides have the same gaps.',
  'when': '`copy` is called in place, and all of this holds: *self* is on the CPU; *src* is on the GPU; *self* is a '
          'slice with gaps; the list of strides of *self* is the list of strides of *src*',
  'issue': 'pytorch/pytorch#189961',
  'url': 'https://github.com/pytorch/pytorch/issues/189961',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'cache = torch.zeros(20, dtype=x.dtype)\n'
                'cache[::2].copy_(x.to(device)[::2].contiguous().cpu())\n'
                'return cache',
  'page': 'bugs/mps-to-cpu-copy-equal-gappy-strides/',
  'triggers': [{'op': ['copy'],
                'when': ['self.device == cpu',
                         'src.device == accel',
                         'self.layout == sliced',
                         'self.strides == src.strides'],
                'form': 'inplace'}],
  'danger': 23},
 {'slug': 'mse-loss-strided',
  'claim': '`F.mse_loss` with `reduction="none"` leaves the result unwritten where it is not contiguous.',
  'when': '`mse_loss` is called and *reduction* is 0 and the result is not contiguous',
  'issue': 'pytorch/pytorch#124621',
  'url': 'https://github.com/pytorch/pytorch/issues/124621',
  'kind': 'wrong',
  'family': 'loss',
  'affected': '<2.4,>=2.2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': "return F.mse_loss(prediction.to(device).T.contiguous(), target.to(device), reduction='none')",
  'page': 'bugs/mse-loss-strided/',
  'triggers': [{'op': ['mse_loss'], 'when': ['reduction.value == 0', 'result.layout != contiguous']}],
  'unsure': ['2.3.1']},
 {'slug': 'multinomial-always-zero',
  'claim': '`torch.multinomial` with replacement always returns index 0.',
  'when': '`multinomial` is called and *replacement* is true',
  'issue': 'pytorch/pytorch#99802',
  'url': 'https://github.com/pytorch/pytorch/issues/99802',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<=2.3.1,>=2.0.0',
  'introduced': None,
  'macos': '<13,>=12',
  'chips': [],
  'workaround': 'return torch.cat([torch.multinomial(p, 1) for _ in range(20)]).to(device)',
  'page': 'bugs/multinomial-always-zero/',
  'triggers': [{'op': ['multinomial'], 'when': ['replacement.value == true']}]},
 {'slug': 'multinomial-zero-probability',
  'claim': '`torch.multinomial(p, 1)` now and then returns an index of probability zero.',
  'when': '`multinomial` is called and *num_samples* is 1 and *self* holds a zero',
  'issue': 'pytorch/pytorch#192577',
  'url': 'https://github.com/pytorch/pytorch/issues/192577',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.multinomial(p, 1280, replacement=True).to(device)',
  'page': 'bugs/multinomial-zero-probability/',
  'triggers': [{'op': ['multinomial'], 'when': ['num_samples.value == 1', 'self has zero']}],
  'danger': 37},
 {'slug': 'native-dropout-train-none',
  'claim': '`torch.native_dropout` with `train=None` returns its input instead of dropping elements.',
  'when': '`native_dropout` is called and *train* is not given',
  'issue': 'pytorch/pytorch#197846',
  'url': 'https://github.com/pytorch/pytorch/issues/197846',
  'kind': 'wrong',
  'family': 'random',
  'affected': '',
  'introduced': '2.9',
  'macos': None,
  'chips': [],
  'workaround': 'return torch.native_dropout(x.to(device), 1.0, True)[0]',
  'page': 'bugs/native-dropout-train-none/',
  'triggers': [{'op': ['native_dropout'], 'when': ['train.given == false']}]},
 {'slug': 'nextafter-bf16-noop',
  'claim': '`torch.nextafter` of bfloat16 numbers returns its input.',
  'when': '`nextafter` is called and *self* is on the GPU and the dtype of *self* is bfloat16',
  'issue': 'pytorch/pytorch#190476',
  'url': 'https://github.com/pytorch/pytorch/issues/190476',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.nextafter(x, y).to(device) != x.to(device)',
  'page': 'bugs/nextafter-bf16-noop/',
  'triggers': [{'op': ['nextafter'], 'when': ['self.device == accel', 'self.dtype == bfloat16']}]},
 {'slug': 'nextafter-negative',
  'claim': '`torch.nextafter` goes the wrong way for negative inputs.',
  'when': '`nextafter` is called and *self* is on the GPU and the smallest value of *self* is below 0',
  'issue': 'pytorch/pytorch#124985',
  'url': 'https://github.com/pytorch/pytorch/issues/124985',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.4,>=2.3.0',
  'introduced': '2.2',
  'macos': None,
  'chips': [],
  'workaround': 'return torch.nextafter(x, y).to(device) < x.to(device)',
  'page': 'bugs/nextafter-negative/',
  'triggers': [{'op': ['nextafter'], 'when': ['self.device == accel', 'self.min < 0']}],
  'unsure': ['2.3.1']},
 {'slug': 'nextafter-zero-flush',
  'claim': '`torch.nextafter(0, 1)` is 0 on the GPU.',
  'when': '`nextafter` is called and the dtype of *self* is float32 and *self* holds a zero',
  'issue': 'pytorch/pytorch#150027',
  'url': 'https://github.com/pytorch/pytorch/issues/150027',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '==2.6.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.full_like(x, torch.finfo(torch.float32).tiny).to(device).cpu() > 0',
  'page': 'bugs/nextafter-zero-flush/',
  'triggers': [{'op': ['nextafter'], 'when': ['self.dtype == float32', 'self has zero']}]},
 {'slug': 'nll-smoothl1-backward-ignores-grad-output',
  'claim': 'The backward of `F.nll_loss`, `F.cross_entropy` and `F.smooth_l1_loss` ignores the incoming gradient.',
  'when': '`nll_loss_backward`, `nll_loss2d_backward`, `smooth_l1_loss_backward` is called and the largest value of '
          '*grad_output* is not 1, or `nll_loss_backward`, `nll_loss2d_backward`, `smooth_l1_loss_backward` is '
          'called and the smallest value of *grad_output* is not 1',
  'issue': 'pytorch/pytorch#94226',
  'url': 'https://github.com/pytorch/pytorch/issues/94226',
  'kind': 'wrong',
  'family': 'loss',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'logits = logits.to(device).requires_grad_()\n'
                'F.cross_entropy(logits, target.to(device)).backward()\n'
                'return 10 * logits.grad',
  'page': 'bugs/nll-smoothl1-backward-ignores-grad-output/',
  'triggers': [{'op': ['nll_loss_backward', 'nll_loss2d_backward', 'smooth_l1_loss_backward'],
                'when': ['grad_output.max != 1']},
               {'op': ['nll_loss_backward', 'nll_loss2d_backward', 'smooth_l1_loss_backward'],
                'when': ['grad_output.min != 1']}]},
 {'slug': 'non-blocking-source-released',
  'claim': '`x.to("mps", non_blocking=True)` copies what stands in the memory of `x` by then, also after `x` was '
           'freed.',
  'when': '`copy` is called, and all of this holds: *src* is on the CPU; *self* is on the GPU; *non_blocking* is '
          'true',
  'issue': 'pytorch/pytorch#189690',
  'url': 'https://github.com/pytorch/pytorch/issues/189690',
  'kind': 'nondeterministic',
  'family': 'race',
  'affected': '<2.13,>=2.5.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.stack([row.clone().to(device) for row in x])',
  'page': 'bugs/non-blocking-source-released/',
  'triggers': [{'op': ['copy'], 'when': ['src.device == cpu', 'self.device == accel', 'non_blocking.value == true']}],
  'danger': 25},
 {'slug': 'norm-zero-formula',
  'claim': '`torch.norm` with `p=0` counts zeros too.',
  'when': '`norm` is called and *p* is 0, or `linalg_vector_norm` is called and *ord* is 0',
  'issue': 'pytorch/pytorch#99811',
  'url': 'https://github.com/pytorch/pytorch/issues/99811',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (x.to(device) != 0).sum().to(x.dtype)',
  'page': 'bugs/norm-zero-formula/',
  'triggers': [{'op': ['norm'], 'when': ['p.value == 0']},
               {'op': ['linalg_vector_norm'], 'when': ['ord.value == 0']}]},
 {'slug': 'one-hot-out-of-range-zero',
  'claim': '`F.one_hot` and `scatter_` drop indices out of range without an error.',
  'when': '`scatter` is called and the largest value of *index* is at least the size of *self* in dimension *dim*, '
          'or `scatter` is called and the smallest value of *index* is below 0',
  'issue': 'pytorch/pytorch#170507',
  'url': 'https://github.com/pytorch/pytorch/issues/170507',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return ((classes < 0) | (classes >= 8)).any()',
  'page': 'bugs/one-hot-out-of-range-zero/',
  'triggers': [{'op': ['scatter'], 'when': ['index.max >= self.size.dim']},
               {'op': ['scatter'], 'when': ['index.min < 0']}]},
 {'slug': 'pad-5d-inner-over-65536',
  'claim': '`F.pad` of a 5-D tensor writes the fill value over the data.',
  'when': '`constant_pad_nd` is called, and all of this holds: the number of dimensions of *self* is 5; the size of '
          '*self* in dimension 3 times the size of *self* in dimension 4 is at least 65,536; item 4 of *pad* is '
          'above 0, or `constant_pad_nd` is called, and all of this holds: the number of dimensions of *self* is 5; '
          'the size of *self* in dimension 3 times the size of *self* in dimension 4 is at least 65,536; item 5 of '
          '*pad* is above 0',
  'issue': 'pytorch/pytorch#194922',
  'url': 'https://github.com/pytorch/pytorch/issues/194922',
  'kind': 'wrong',
  'family': 'large',
  'affected': '==2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.cat([torch.zeros_like(x[:, :, :1]).expand(-1, -1, 2, -1, -1), x], 2)',
  'page': 'bugs/pad-5d-inner-over-65536/',
  'triggers': [{'op': ['constant_pad_nd'],
                'when': ['self.ndim == 5', 'self.size.3 * self.size.4 >= 65536', 'pad.value.4 > 0']},
               {'op': ['constant_pad_nd'],
                'when': ['self.ndim == 5', 'self.size.3 * self.size.4 >= 65536', 'pad.value.5 > 0']}]},
 {'slug': 'permute-transfer-1-12',
  'claim': '`x.permute(1, 0).to("mps").cpu()` returns other values.',
  'when': '`copy` is called, and all of this holds: *src* is on the CPU; *self* is on the GPU; *src* is permuted '
          '(dense, in another order than contiguous); *self* is permuted (dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#86589',
  'url': 'https://github.com/pytorch/pytorch/issues/86589',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '==1.12.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.permute(1, 0).contiguous().to(device).cpu()',
  'page': 'bugs/permute-transfer-1-12/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == cpu',
                         'self.device == accel',
                         'src.layout == permuted',
                         'self.layout == permuted']}]},
 {'slug': 'rand-5d-batches-identical',
  'claim': '`torch.randn` of a shape with five dimensions or more repeats the same numbers in every batch item.',
  'when': '`randn`, `randn_like`, `rand`, `rand_like`, `normal`, `uniform` is called and the number of dimensions of '
          'the result is at least 5',
  'issue': 'pytorch/pytorch#147624',
  'url': 'https://github.com/pytorch/pytorch/issues/147624',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<2.7,>=2.5.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.randn(2 * 32 * 32 * 32, device=device).view(2, 1, 32, 32, 32)',
  'page': 'bugs/rand-5d-batches-identical/',
  'triggers': [{'op': ['randn', 'randn_like', 'rand', 'rand_like', 'normal', 'uniform'],
                'when': ['result.ndim >= 5']}]},
 {'slug': 'rand-half-returns-one',
  'claim': '`torch.rand` in half types returns 1, which it excludes.',
  'when': '`rand`, `rand_like`, `uniform` is called and the dtype of the result is one of float16, bfloat16',
  'issue': 'pytorch/pytorch#197079',
  'url': 'https://github.com/pytorch/pytorch/issues/197079',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<=2.15.0.dev20260913,>=2.14.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.rand(200000, device=device)',
  'page': 'bugs/rand-half-returns-one/',
  'triggers': [{'op': ['rand', 'rand_like', 'uniform'], 'when': ['result.dtype in float16,bfloat16']}]},
 {'slug': 'rand-like-permuted',
  'claim': '`torch.rand_like` and `torch.randn_like` of a permuted tensor return what the memory held before.',
  'when': '`rand_like`, `randn_like` is called and *self* is permuted (dense, in another order than contiguous) and '
          '*memory_format* is not given',
  'issue': 'pytorch/pytorch#124029',
  'url': 'https://github.com/pytorch/pytorch/issues/124029',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<2.10,>=2.2.2',
  'introduced': None,
  'macos': '<15',
  'chips': [],
  'workaround': 'return torch.rand(3, 32, 32, device=device)',
  'page': 'bugs/rand-like-permuted/',
  'triggers': [{'op': ['rand_like', 'randn_like'],
                'when': ['self.layout == permuted', 'memory_format.given == false']}]},
 {'slug': 'randn-complex-deviation',
  'claim': '`torch.randn` of complex numbers has too large a standard deviation.',
  'when': '`randn`, `randn_like` is called and the dtype of the result is complex64',
  'issue': 'pytorch/pytorch#135210',
  'url': 'https://github.com/pytorch/pytorch/issues/135210',
  'kind': 'wrong',
  'family': 'random',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.view_as_complex(torch.randn(10000, 2, device=device) / math.sqrt(2))',
  'page': 'bugs/randn-complex-deviation/',
  'triggers': [{'op': ['randn', 'randn_like'], 'when': ['result.dtype == complex64']}]},
 {'slug': 'randn-same-every-call',
  'claim': '`torch.randn` and `torch.normal` return the same numbers on every call for one shape.',
  'when': '`randn`, `randn_like`, `normal` is called and in an earlier call the shape of the result was the same as '
          'now',
  'issue': 'pytorch/pytorch#78009',
  'url': 'https://github.com/pytorch/pytorch/issues/78009',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<1.13,>=1.12.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.randn(2, 64).to(device)',
  'page': 'bugs/randn-same-every-call/',
  'triggers': [{'op': ['randn', 'randn_like', 'normal'], 'when': ['earlier.result.shape == result.shape']}],
  'unsure': ['1.12']},
 {'slug': 'random-inplace-noncontiguous-noop',
  'claim': '`normal_`, `uniform_` and other random in-place operations do nothing on non-contiguous tensors.',
  'when': '`normal`, `uniform`, `exponential`, `bernoulli`, `random` is called in place and *self* is not contiguous',
  'issue': 'pytorch/pytorch#165257',
  'url': 'https://github.com/pytorch/pytorch/issues/165257',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<2.10,>=2.2.2',
  'introduced': None,
  'macos': '<15',
  'chips': [],
  'workaround': 'return weight.to(device).T.copy_(torch.randn(64, 48, device=device))',
  'page': 'bugs/random-inplace-noncontiguous-noop/',
  'triggers': [{'op': ['normal', 'uniform', 'exponential', 'bernoulli', 'random'],
                'when': ['self.layout != contiguous'],
                'form': 'inplace'}]},
 {'slug': 'reflection-pad1d-backward-65536',
  'claim': 'The backward of `F.pad(mode="reflect")` is wrong for signals longer than 65,536.',
  'when': '`reflection_pad1d_backward` is called and the size of *self* in dimension -1 is above 65,536 and the size '
          'of *self* in dimension -1 is not a multiple of 65,536',
  'issue': 'pytorch/pytorch#196949',
  'url': 'https://github.com/pytorch/pytorch/issues/196949',
  'kind': 'wrong',
  'family': 'large',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'signal = signal.to(device).requires_grad_()\n'
                'padded = torch.cat([signal[..., 1:3].flip(-1), signal, signal[..., -3:-1].flip(-1)], -1)\n'
                'return torch.autograd.grad((padded * weight.to(device)).sum(), signal)[0]',
  'page': 'bugs/reflection-pad1d-backward-65536/',
  'triggers': [{'op': ['reflection_pad1d_backward'],
                'when': ['self.size.-1 > 65536', 'self.size.-1 not-multiple-of 65536']}]},
 {'slug': 'relu-nan-to-zero',
  'claim': '`torch.relu` turns NaN into 0.',
  'when': '`relu` is called and the dtype of *self* is one of float16, bfloat16, float32 and *self* holds NaN',
  'issue': 'pytorch/pytorch#183571',
  'url': 'https://github.com/pytorch/pytorch/issues/183571',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.where(x.isnan(), x, torch.relu(x.nan_to_num()))',
  'page': 'bugs/relu-nan-to-zero/',
  'triggers': [{'op': ['relu'], 'when': ['self.dtype in float16,bfloat16,float32', 'self has nan']}]},
 {'slug': 'replication-pad-backward-65536',
  'claim': 'The backward of `nn.ReplicationPad1d` and `ReplicationPad2d` is zero past 65,535 items.',
  'when': '`replication_pad1d_backward`, `replication_pad2d_backward` is called and the size of *self* in dimension '
          '-3 is at least 65,536',
  'issue': 'pytorch/pytorch#135447',
  'url': 'https://github.com/pytorch/pytorch/issues/135447',
  'kind': 'wrong',
  'family': 'large',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'pad = torch.nn.ReplicationPad1d(1)\n'
                'return gradient(lambda x: torch.cat([pad(half) for half in x.chunk(2)]), x, weight, device)',
  'page': 'bugs/replication-pad-backward-65536/',
  'triggers': [{'op': ['replication_pad1d_backward', 'replication_pad2d_backward'],
                'when': ['self.size.-3 >= 65536']}]},
 {'slug': 'rshift-uint8',
  'claim': '`x >> n` of a uint8 tensor shifts in ones from 128 on: `255 >> 4` stays 255.',
  'when': '`bitwise_right_shift`, `__rshift_`, `__irshift_` is called, and all of this holds: the dtype of *self* is '
          'uint8; the number of dimensions of *self* is above 0; the largest value of *self* is above 127',
  'issue': 'pytorch/pytorch#144190',
  'url': 'https://github.com/pytorch/pytorch/issues/144190',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.7,>=2.5.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (packed.to(device).to(torch.int32) >> 4).to(torch.uint8)',
  'page': 'bugs/rshift-uint8/',
  'triggers': [{'op': ['bitwise_right_shift', '__rshift_', '__irshift_'],
                'when': ['self.dtype == uint8', 'self.ndim > 0', 'self.max > 127']}],
  'unsure': ['2.6']},
 {'slug': 'rsub-scalar-rounded',
  'claim': '`1.0 - x` gives whole numbers where `0.99 - x` is right.',
  'when': '`rsub` is called, and all of this holds: *self* is on the GPU; the dtype of *self* is float32; *other* is '
          'no tensor; *other* is a multiple of 1',
  'issue': 'pytorch/pytorch#82543',
  'url': 'https://github.com/pytorch/pytorch/issues/82543',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '==1.13.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.ones_like(x) - x',
  'page': 'bugs/rsub-scalar-rounded/',
  'triggers': [{'op': ['rsub'],
                'when': ['self.device == accel',
                         'self.dtype == float32',
                         'other.tensor == false',
                         'other.value multiple-of 1']}]},
 {'slug': 'scalar-element-plus-one',
  'claim': '`d[1] + 1` gives the value of `d[0] + 1`.',
  'when': '`add`, `sub`, `mul`, `div` is called, and all of this holds: the number of dimensions of *self* is 0; the '
          'storage offset of *self* is above 0; *self* is on the GPU; *other* is no tensor',
  'issue': 'pytorch/pytorch#100370',
  'url': 'https://github.com/pytorch/pytorch/issues/100370',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return d.to(device)[1].clone() + 1',
  'page': 'bugs/scalar-element-plus-one/',
  'triggers': [{'op': ['add', 'sub', 'mul', 'div'],
                'when': ['self.ndim == 0', 'self.offset > 0', 'self.device == accel', 'other.tensor == false']}]},
 {'slug': 'scatter-add-offset-slice-noop',
  'claim': '`scatter_add_` into a row other than the first does nothing.',
  'when': '`scatter_add` is called in place and the storage offset of *self* is above 0',
  'issue': 'pytorch/pytorch#163327',
  'url': 'https://github.com/pytorch/pytorch/issues/163327',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'counts = counts.to(device)\n'
                'counts[1] = counts[1].clone().scatter_add_(0, index.to(device), ones.to(device))\n'
                'return counts',
  'page': 'bugs/scatter-add-offset-slice-noop/',
  'triggers': [{'op': ['scatter_add'], 'when': ['self.offset > 0'], 'form': 'inplace'}]},
 {'slug': 'scatter-after-permute-zero',
  'claim': '`scatter_` into `zeros_like` of a permuted tensor leaves zeros.',
  'when': '`scatter` is called in place and *self* is not contiguous',
  'issue': 'pytorch/pytorch#115152',
  'url': 'https://github.com/pytorch/pytorch/issues/115152',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '==2.2.0.dev20231128',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'acts = acts.to(device).permute(0, 2, 1)\n'
                'top = acts.topk(2)\n'
                'zeros = torch.zeros_like(acts, memory_format=torch.contiguous_format)\n'
                'return zeros.scatter_(2, top.indices, top.values)',
  'page': 'bugs/scatter-after-permute-zero/',
  'triggers': [{'op': ['scatter'], 'when': ['self.layout != contiguous'], 'form': 'inplace'}]},
 {'slug': 'sdpa-2pass-half-accumulator-oob',
  'claim': '`F.scaled_dot_product_attention` corrupts memory in half types for 1,024 keys or more.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: the dtype of *query* is one of float16, '
          'bfloat16; the size of *key* in dimension -2 is at least 1,024; the size of *query* in dimension -2 is at '
          'most 8; the size of *query* in dimension -1 is one of 64, 96, 128; the size of *value* in dimension -1 is '
          'the size of *query* in dimension -1; *attn_mask* is not given; *is_causal* is false; *dropout_p* is 0; no '
          'gradient is recorded through *query*; no gradient is recorded through *key*; no gradient is recorded '
          'through *value*',
  'issue': 'pytorch/pytorch#174861',
  'url': 'https://github.com/pytorch/pytorch/issues/174861',
  'kind': 'nondeterministic',
  'family': 'attention',
  'affected': '<2.11,>=2.8',
  'introduced': '2.8',
  'macos': None,
  'chips': [],
  'workaround': 'mask = torch.zeros(1, 1024, dtype=q.dtype, device=device)\n'
                'return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), attn_mask=mask)',
  'page': 'bugs/sdpa-2pass-half-accumulator-oob/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['query.dtype in float16,bfloat16',
                         'key.size.-2 >= 1024',
                         'query.size.-2 <= 8',
                         'query.size.-1 in 64,96,128',
                         'value.size.-1 == query.size.-1',
                         'attn_mask.given == false',
                         'is_causal.value == false',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}],
  'danger': 5},
 {'slug': 'sdpa-causal-leak-half',
  'claim': '`F.scaled_dot_product_attention` with `is_causal=True` lets queries see later keys in half types.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: *is_causal* is true; the dtype of '
          '*query* is one of float16, bfloat16; the size of *query* in dimension -2 is above 1; *dropout_p* is 0; no '
          'gradient is recorded through *query*; no gradient is recorded through *key*; no gradient is recorded '
          'through *value*',
  'issue': 'pytorch/pytorch#195910',
  'url': 'https://github.com/pytorch/pytorch/issues/195910',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '<2.13,>=2.10.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'mask = torch.ones(64, 64, dtype=torch.bool).tril().to(device)\n'
                'return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), attn_mask=mask)',
  'page': 'bugs/sdpa-causal-leak-half/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['is_causal.value == true',
                         'query.dtype in float16,bfloat16',
                         'query.size.-2 > 1',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}],
  'danger': 1},
 {'slug': 'sdpa-dropout-p-ignored',
  'claim': '`F.scaled_dot_product_attention` ignores `dropout_p`.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: *dropout_p* is above 0; no gradient is '
          'recorded through *query*; no gradient is recorded through *key*; no gradient is recorded through *value*',
  'issue': 'pytorch/pytorch#184126',
  'url': 'https://github.com/pytorch/pytorch/issues/184126',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '<2.13',
  'introduced': '2.12',
  'macos': None,
  'chips': [],
  'workaround': 'weights = torch.softmax(q.to(device) @ k.to(device).transpose(2, 3) * 64 ** (-0.5), dim=-1)\n'
                'return F.dropout(weights, 0.5) @ v.to(device)',
  'page': 'bugs/sdpa-dropout-p-ignored/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['dropout_p.value > 0', 'query.grad == false', 'key.grad == false', 'value.grad == false']}]},
 {'slug': 'sdpa-fully-masked-rows-nan',
  'claim': '`F.scaled_dot_product_attention` gives NaN for queries whose mask blocks every key.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: *attn_mask* has a row that is masked as '
          'a whole; *dropout_p* is 0; no gradient is recorded through *query*; no gradient is recorded through '
          '*key*; no gradient is recorded through *value*',
  'issue': 'pytorch/pytorch#156707',
  'url': 'https://github.com/pytorch/pytorch/issues/156707',
  'kind': 'nan',
  'family': 'attention',
  'affected': '<2.9,>=2.7.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'blocked = ~mask.to(device).any(dim=1, keepdim=True)\n'
                'out = F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), '
                'attn_mask=mask.to(device) | blocked)\n'
                'return out.masked_fill(blocked, 0.0)',
  'page': 'bugs/sdpa-fully-masked-rows-nan/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['attn_mask has masked-row',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}],
  'danger': 8},
 {'slug': 'sdpa-mask-partial-broadcast-offset',
  'claim': '`F.scaled_dot_product_attention` reads a mask that broadcasts over heads at the wrong place.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: the size of *attn_mask* in dimension -4 '
          'is above 1; the stride of *attn_mask* in dimension -3 is 0; the size of *query* in dimension -2 is at '
          'most 8; the size of *key* in dimension -2 is at least the size of *query* in dimension -2; the size of '
          '*query* in dimension -1 is one of 64, 96, 128; the size of *value* in dimension -1 is the size of *query* '
          'in dimension -1; the size of *query* in dimension -3 is above 1; no gradient is recorded through *query*; '
          'no gradient is recorded through *key*; no gradient is recorded through *value*, or '
          '`scaled_dot_product_attention` is called, and all of this holds: the size of *attn_mask* in dimension -4 '
          'is above 1; the size of *attn_mask* in dimension -3 is 1; the size of *query* in dimension -2 is at most '
          '8; the size of *key* in dimension -2 is at least the size of *query* in dimension -2; the size of *query* '
          'in dimension -1 is one of 64, 96, 128; the size of *value* in dimension -1 is the size of *query* in '
          'dimension -1; no gradient is recorded through *query*; no gradient is recorded through *key*; no gradient '
          'is recorded through *value*',
  'issue': 'pytorch/pytorch#184180',
  'url': 'https://github.com/pytorch/pytorch/issues/184180',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '<2.13',
  'introduced': '2.13.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'q = q.to(device)\n'
                'return F.scaled_dot_product_attention(q, q, q, attn_mask=mask.to(device).expand(2, 4, 8, '
                '8).contiguous())',
  'page': 'bugs/sdpa-mask-partial-broadcast-offset/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['attn_mask.size.-4 > 1',
                         'attn_mask.stride.-3 == 0',
                         'query.size.-2 <= 8',
                         'key.size.-2 >= query.size.-2',
                         'query.size.-1 in 64,96,128',
                         'value.size.-1 == query.size.-1',
                         'query.size.-3 > 1',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']},
               {'op': ['scaled_dot_product_attention'],
                'when': ['attn_mask.size.-4 > 1',
                         'attn_mask.size.-3 == 1',
                         'query.size.-2 <= 8',
                         'key.size.-2 >= query.size.-2',
                         'query.size.-1 in 64,96,128',
                         'value.size.-1 == query.size.-1',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}]},
 {'slug': 'sdpa-nan-not-propagated',
  'claim': '`F.scaled_dot_product_attention` hides a NaN in the query.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: *query* holds NaN; the size of *query* '
          'in dimension -2 is at most 8; the size of *query* in dimension -1 is one of 64, 96, 128; the size of '
          '*key* in dimension -2 is at least the size of *query* in dimension -2; the size of *value* in dimension '
          '-1 is the size of *query* in dimension -1; *attn_mask* is not given; *is_causal* is false; *dropout_p* is '
          '0; no gradient is recorded through *query*; no gradient is recorded through *key*; no gradient is '
          'recorded through *value*',
  'issue': 'pytorch/pytorch#188147',
  'url': 'https://github.com/pytorch/pytorch/issues/188147',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'q = q.to(device)\n'
                'out = F.scaled_dot_product_attention(q.nan_to_num(0.0), k.to(device), v.to(device))\n'
                "return out.masked_fill(q.isnan().any(dim=-1, keepdim=True), float('nan'))",
  'page': 'bugs/sdpa-nan-not-propagated/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['query has nan',
                         'query.size.-2 <= 8',
                         'query.size.-1 in 64,96,128',
                         'key.size.-2 >= query.size.-2',
                         'value.size.-1 == query.size.-1',
                         'attn_mask.given == false',
                         'is_causal.value == false',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}]},
 {'slug': 'sdpa-noncontiguous-regression-28',
  'claim': '`scaled_dot_product_attention` ignores the strides of a transposed query of 8 positions or fewer.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: the order of the dimensions of *query* '
          'in memory is (0, 2, 1, 3); *query* is not contiguous; the size of *query* in dimension -2 is at most 8; '
          'the size of *query* in dimension -1 is one of 64, 96, 128; the size of *key* in dimension -2 is at least '
          'the size of *query* in dimension -2; the size of *value* in dimension -1 is the size of *query* in '
          'dimension -1; *attn_mask* is not given; *is_causal* is false; *dropout_p* is 0; no gradient is recorded '
          'through *query*; no gradient is recorded through *key*; no gradient is recorded through *value*',
  'issue': 'pytorch/pytorch#163597',
  'url': 'https://github.com/pytorch/pytorch/issues/163597',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '<2.9,>=2.8',
  'introduced': '2.8',
  'macos': '>=15',
  'chips': [],
  'workaround': 'query = q.to(device).transpose(1, 2).contiguous()\n'
                'return F.scaled_dot_product_attention(query, k.to(device), v.to(device))',
  'page': 'bugs/sdpa-noncontiguous-regression-28/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['query.order == 0213',
                         'query.layout != contiguous',
                         'query.size.-2 <= 8',
                         'query.size.-1 in 64,96,128',
                         'key.size.-2 >= query.size.-2',
                         'value.size.-1 == query.size.-1',
                         'attn_mask.given == false',
                         'is_causal.value == false',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}],
  'danger': 4},
 {'slug': 'sdpa-permuted-qkv-wrong',
  'claim': '`F.scaled_dot_product_attention` is wrong for permuted q, k and v of a batch.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: the order of the dimensions of *query* '
          'in memory is (0, 2, 1, 3); *query* is not contiguous; the size of *query* in dimension 0 is above 1; the '
          'size of *query* in dimension -2 is at most 8; the size of *query* in dimension -1 is one of 64, 96, 128; '
          'the size of *key* in dimension -2 is at least the size of *query* in dimension -2; the size of *value* in '
          'dimension -1 is the size of *query* in dimension -1; *attn_mask* is not given; *is_causal* is false; '
          '*dropout_p* is 0; no gradient is recorded through *query*; no gradient is recorded through *key*; no '
          'gradient is recorded through *value*',
  'issue': 'pytorch/pytorch#181133',
  'url': 'https://github.com/pytorch/pytorch/issues/181133',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '<2.12,>=2.8',
  'introduced': None,
  'macos': '>=15',
  'chips': [],
  'workaround': 'q, k, v = (t.to(device).transpose(1, 2).contiguous() for t in (q, k, v))\n'
                'return F.scaled_dot_product_attention(q, k, v)',
  'page': 'bugs/sdpa-permuted-qkv-wrong/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['query.order == 0213',
                         'query.layout != contiguous',
                         'query.size.0 > 1',
                         'query.size.-2 <= 8',
                         'query.size.-1 in 64,96,128',
                         'key.size.-2 >= query.size.-2',
                         'value.size.-1 == query.size.-1',
                         'attn_mask.given == false',
                         'is_causal.value == false',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}],
  'danger': 3},
 {'slug': 'sdpa-prefill-finite-mask',
  'claim': '`F.scaled_dot_product_attention` counts a finite float mask too little.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: the largest value of *attn_mask* is '
          'above 0; the size of *query* in dimension -2 is above 8; the size of *query* in dimension -1 is one of '
          '32, 64, 72, 80, 96, 128, 256; the size of *value* in dimension -1 is the size of *query* in dimension -1; '
          'the dtype of *attn_mask* is the dtype of *query*; *dropout_p* is 0; no gradient is recorded through '
          '*query*; no gradient is recorded through *key*; no gradient is recorded through *value*, or '
          '`scaled_dot_product_attention` is called, and all of this holds: the largest value of *attn_mask* is '
          'below 0; the largest value of *attn_mask* is above -1,000; the size of *query* in dimension -2 is above '
          '8; the size of *query* in dimension -1 is one of 32, 64, 72, 80, 96, 128, 256; the size of *value* in '
          'dimension -1 is the size of *query* in dimension -1; the dtype of *attn_mask* is the dtype of *query*; '
          '*dropout_p* is 0; no gradient is recorded through *query*; no gradient is recorded through *key*; no '
          'gradient is recorded through *value*, or `scaled_dot_product_attention` is called, and all of this holds: '
          'the smallest value of *attn_mask* is below 0; the smallest value of *attn_mask* is above -1,000; the size '
          'of *query* in dimension -2 is above 8; the size of *query* in dimension -1 is one of 32, 64, 72, 80, 96, '
          '128, 256; the size of *value* in dimension -1 is the size of *query* in dimension -1; the dtype of '
          '*attn_mask* is the dtype of *query*; *dropout_p* is 0; no gradient is recorded through *query*; no '
          'gradient is recorded through *key*; no gradient is recorded through *value*',
  'issue': 'pytorch/pytorch#184400',
  'url': 'https://github.com/pytorch/pytorch/issues/184400',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '<2.13',
  'introduced': '2.13.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'scores = q.to(device) @ k.to(device).transpose(2, 3) * 64 ** (-0.5)\n'
                'return torch.softmax(scores + mask.to(device), dim=-1) @ v.to(device)',
  'page': 'bugs/sdpa-prefill-finite-mask/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['attn_mask.max > 0',
                         'query.size.-2 > 8',
                         'query.size.-1 in 32,64,72,80,96,128,256',
                         'value.size.-1 == query.size.-1',
                         'attn_mask.dtype == query.dtype',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']},
               {'op': ['scaled_dot_product_attention'],
                'when': ['attn_mask.max < 0',
                         'attn_mask.max > -1000',
                         'query.size.-2 > 8',
                         'query.size.-1 in 32,64,72,80,96,128,256',
                         'value.size.-1 == query.size.-1',
                         'attn_mask.dtype == query.dtype',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']},
               {'op': ['scaled_dot_product_attention'],
                'when': ['attn_mask.min < 0',
                         'attn_mask.min > -1000',
                         'query.size.-2 > 8',
                         'query.size.-1 in 32,64,72,80,96,128,256',
                         'value.size.-1 == query.size.-1',
                         'attn_mask.dtype == query.dtype',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}]},
 {'slug': 'sdpa-scale-not-in-cache-key',
  'claim': '`F.scaled_dot_product_attention` uses the `scale` of an earlier call.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: the size of *query* in dimension -2 is '
          'above 8; *dropout_p* is 0; no gradient is recorded through *query*; no gradient is recorded through '
          '*key*; no gradient is recorded through *value*; in an earlier call *scale* was not the same as now and '
          'the shape of *query* was the same as now and the dtype of *query* was the same as now and the shape of '
          '*key* was the same as now and the shape of *value* was the same as now and *is_causal* was the same as '
          'now and *attn_mask* was the same as now, or `scaled_dot_product_attention` is called, and all of this '
          'holds: the size of *query* in dimension -1 is below 64; *dropout_p* is 0; no gradient is recorded through '
          '*query*; no gradient is recorded through *key*; no gradient is recorded through *value*; in an earlier '
          'call *scale* was not the same as now and the shape of *query* was the same as now and the dtype of '
          '*query* was the same as now and the shape of *key* was the same as now and the shape of *value* was the '
          'same as now and *is_causal* was the same as now and *attn_mask* was the same as now, or '
          '`scaled_dot_product_attention` is called, and all of this holds: *is_causal* is true; *dropout_p* is 0; '
          'no gradient is recorded through *query*; no gradient is recorded through *key*; no gradient is recorded '
          'through *value*; in an earlier call *scale* was not the same as now and the shape of *query* was the same '
          'as now and the dtype of *query* was the same as now and the shape of *key* was the same as now and the '
          'shape of *value* was the same as now and *is_causal* was the same as now and *attn_mask* was the same as '
          'now, or `scaled_dot_product_attention` is called, and all of this holds: *attn_mask* is given; '
          '*dropout_p* is 0; no gradient is recorded through *query*; no gradient is recorded through *key*; no '
          'gradient is recorded through *value*; in an earlier call *scale* was not the same as now and the shape of '
          '*query* was the same as now and the dtype of *query* was the same as now and the shape of *key* was the '
          'same as now and the shape of *value* was the same as now and *is_causal* was the same as now and '
          '*attn_mask* was the same as now',
  'issue': 'pytorch/pytorch#184122',
  'url': 'https://github.com/pytorch/pytorch/issues/184122',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nattend(x)\nreturn F.scaled_dot_product_attention(x * (2.0 * 8 ** 0.5), x, x)',
  'page': 'bugs/sdpa-scale-not-in-cache-key/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['query.size.-2 > 8',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false',
                         'earlier.scale.value != scale.value',
                         'earlier.query.shape == query.shape',
                         'earlier.query.dtype == query.dtype',
                         'earlier.key.shape == key.shape',
                         'earlier.value.shape == value.shape',
                         'earlier.is_causal.value == is_causal.value',
                         'earlier.attn_mask.given == attn_mask.given']},
               {'op': ['scaled_dot_product_attention'],
                'when': ['query.size.-1 < 64',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false',
                         'earlier.scale.value != scale.value',
                         'earlier.query.shape == query.shape',
                         'earlier.query.dtype == query.dtype',
                         'earlier.key.shape == key.shape',
                         'earlier.value.shape == value.shape',
                         'earlier.is_causal.value == is_causal.value',
                         'earlier.attn_mask.given == attn_mask.given']},
               {'op': ['scaled_dot_product_attention'],
                'when': ['is_causal.value == true',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false',
                         'earlier.scale.value != scale.value',
                         'earlier.query.shape == query.shape',
                         'earlier.query.dtype == query.dtype',
                         'earlier.key.shape == key.shape',
                         'earlier.value.shape == value.shape',
                         'earlier.is_causal.value == is_causal.value',
                         'earlier.attn_mask.given == attn_mask.given']},
               {'op': ['scaled_dot_product_attention'],
                'when': ['attn_mask.given == true',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false',
                         'earlier.scale.value != scale.value',
                         'earlier.query.shape == query.shape',
                         'earlier.query.dtype == query.dtype',
                         'earlier.key.shape == key.shape',
                         'earlier.value.shape == value.shape',
                         'earlier.is_causal.value == is_causal.value',
                         'earlier.attn_mask.given == attn_mask.given']}],
  'danger': 9},
 {'slug': 'sdpa-value-dim-differs-shape',
  'claim': "`F.scaled_dot_product_attention` returns the head size of the query instead of the value's.",
  'when': '`scaled_dot_product_attention` is called, and all of this holds: the size of *value* in dimension -1 is '
          'not the size of *query* in dimension -1; *dropout_p* is 0; no gradient is recorded through *query*; no '
          'gradient is recorded through *key*; no gradient is recorded through *value*',
  'issue': 'pytorch/pytorch#176767',
  'url': 'https://github.com/pytorch/pytorch/issues/176767',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'v = F.pad(v.to(device), (0, 8))\n'
                'return F.scaled_dot_product_attention(q.to(device), k.to(device), v)[..., :24]',
  'page': 'bugs/sdpa-value-dim-differs-shape/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['value.size.-1 != query.size.-1',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}],
  'danger': 10},
 {'slug': 'setitem-int-index-writes-element-0',
  'claim': '`ids[10] = new` writes to element 0 if `new` has another dtype.',
  'when': '`copy` is called in place, and all of this holds: *self* is on the GPU; *src* is on the GPU; the storage '
          'offset of *self* is above 0; *self* is contiguous; the dtype of *self* is not the dtype of *src*',
  'issue': 'pytorch/pytorch#101936',
  'url': 'https://github.com/pytorch/pytorch/issues/101936',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '==2.0.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'ids = ids.to(device, copy=True)\nids[3] = new.to(device).to(ids.dtype)\nreturn ids',
  'page': 'bugs/setitem-int-index-writes-element-0/',
  'triggers': [{'op': ['copy'],
                'when': ['self.device == accel',
                         'src.device == accel',
                         'self.offset > 0',
                         'self.layout == contiguous',
                         'self.dtype != src.dtype'],
                'form': 'inplace'}]},
 {'slug': 'setitem-slice-dtype-mismatch-start',
  'claim': '`t[2:4] = b` writes to the start of `t` if `b` has another dtype.',
  'when': '`copy` is called in place, and all of this holds: *self* is on the GPU; *src* is on the GPU; the storage '
          'offset of *self* is above 0; *self* is contiguous; the dtype of *self* is not the dtype of *src*',
  'issue': 'pytorch/pytorch#95417',
  'url': 'https://github.com/pytorch/pytorch/issues/95417',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<2.1,>=1.13.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 't = t.to(device, copy=True)\nt[2:4] = b.to(device).to(t.dtype)\nreturn t',
  'page': 'bugs/setitem-slice-dtype-mismatch-start/',
  'triggers': [{'op': ['copy'],
                'when': ['self.device == accel',
                         'src.device == accel',
                         'self.offset > 0',
                         'self.layout == contiguous',
                         'self.dtype != src.dtype'],
                'form': 'inplace'}]},
 {'slug': 'shift-scalar-by-tensor',
  'claim': '`1 << x` shifts the tensor by the number instead of the number by the tensor.',
  'when': '`bitwise_left_shift`, `bitwise_right_shift` is called and *self* is no tensor and the number of '
          'dimensions of *other* is above 0, or `bitwise_left_shift`, `bitwise_right_shift`, `__lshift_`, '
          '`__rshift_` is called and the number of dimensions of *self* is 0 and the number of dimensions of *other* '
          'is above 0',
  'issue': 'pytorch/pytorch#147889',
  'url': 'https://github.com/pytorch/pytorch/issues/147889',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.7,>=2.6.0',
  'introduced': '2.4',
  'macos': None,
  'chips': [],
  'workaround': 'exponents = exponents.to(device)\nreturn torch.ones_like(exponents) << exponents',
  'page': 'bugs/shift-scalar-by-tensor/',
  'triggers': [{'op': ['bitwise_left_shift', 'bitwise_right_shift'],
                'when': ['self.tensor == false', 'other.ndim > 0']},
               {'op': ['bitwise_left_shift', 'bitwise_right_shift', '__lshift_', '__rshift_'],
                'when': ['self.ndim == 0', 'other.ndim > 0']}]},
 {'slug': 'silu-noncontiguous',
  'claim': '`F.silu` of a permuted tensor returns random values, zeros or NaN before macOS 15.',
  'when': '`silu` is called and the result is not contiguous',
  'issue': 'pytorch/pytorch#139006',
  'url': 'https://github.com/pytorch/pytorch/issues/139006',
  'kind': 'nondeterministic',
  'family': 'strides',
  'affected': '<2.6',
  'introduced': None,
  'macos': '<15',
  'chips': [],
  'workaround': 'return F.silu(x.to(device).transpose(1, 2).contiguous())',
  'page': 'bugs/silu-noncontiguous/',
  'triggers': [{'op': ['silu'], 'when': ['result.layout != contiguous']}]},
 {'slug': 'slice-add-int64-amd',
  'claim': '`torch.add` of int64 tensors is cut to 32 bits on AMD GPUs.',
  'when': '`add` is called, and all of this holds: *self* is on the GPU; the dtype of *self* is int64; the largest '
          'value of the result is above 2,147,483,647',
  'issue': 'pytorch/pytorch#78848',
  'url': 'https://github.com/pytorch/pytorch/issues/78848',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': ['AMD'],
  'workaround': 'return (x + 2 ** 32).to(device)',
  'page': 'bugs/slice-add-int64-amd/',
  'triggers': [{'op': ['add'], 'when': ['self.device == accel', 'self.dtype == int64', 'result.max > 2147483647']}]},
 {'slug': 'slice-assign-0d-broadcast-no-effect',
  'claim': '`x[:] = value` has no effect if `value` is a CPU tensor without dimensions.',
  'when': '`fill` is called in place, and all of this holds: *self* is on the GPU; the number of elements of *self* '
          'is above 1; *value* is on the CPU; the number of dimensions of *value* is 0',
  'issue': 'pytorch/pytorch#86185',
  'url': 'https://github.com/pytorch/pytorch/issues/86185',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device, copy=True)\nx[:] = mean[0].item()\nreturn x',
  'page': 'bugs/slice-assign-0d-broadcast-no-effect/',
  'triggers': [{'op': ['fill'],
                'when': ['self.device == accel', 'self.numel > 1', 'value.device == cpu', 'value.ndim == 0'],
                'form': 'inplace'}]},
 {'slug': 'slice-step-assign-ignores-step',
  'claim': '`x[::2] = v` fills the first half instead of every second element.',
  'when': '`copy` is called in place, and all of this holds: *self* is a slice with gaps; *self* is on the GPU; '
          '*src* is on the GPU, or `fill` is called in place and *self* is a slice with gaps',
  'issue': 'pytorch/pytorch#78886',
  'url': 'https://github.com/pytorch/pytorch/issues/78886',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<1.12.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\n'
                'even = torch.arange(10, device=device) % 2 == 0\n'
                'return torch.where(even, torch.ones_like(x), x)',
  'page': 'bugs/slice-step-assign-ignores-step/',
  'triggers': [{'op': ['copy'],
                'when': ['self.layout == sliced', 'self.device == accel', 'src.device == accel'],
                'form': 'inplace'},
               {'op': ['fill'], 'when': ['self.layout == sliced'], 'form': 'inplace'}]},
 {'slug': 'softmax-sliced-input-zeros',
  'claim': 'Reading `x[..., 0]` of a sliced tensor gives zeros past the first elements.',
  'when': '`select` is called and *self* is a slice with gaps and the result is a slice with gaps',
  'issue': 'pytorch/pytorch#80006',
  'url': 'https://github.com/pytorch/pytorch/issues/80006',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '==1.13.0.dev20220620',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device)[..., :4].contiguous()[..., 0]',
  'page': 'bugs/softmax-sliced-input-zeros/',
  'triggers': [{'op': ['select'], 'when': ['self.layout == sliced', 'result.layout == sliced']}]},
 {'slug': 'softplus-moveaxis-zeros',
  'claim': '`F.softplus` of a `moveaxis` or transposed view gives zeros or mixed-up values.',
  'when': '`softplus` is called and the result is not contiguous',
  'issue': 'pytorch/pytorch#131736',
  'url': 'https://github.com/pytorch/pytorch/issues/131736',
  'kind': 'nondeterministic',
  'family': 'strides',
  'affected': '',
  'introduced': None,
  'macos': '<15',
  'chips': [],
  'workaround': 'return F.softplus(x.to(device).moveaxis(0, 1).contiguous())',
  'page': 'bugs/softplus-moveaxis-zeros/',
  'triggers': [{'op': ['softplus'], 'when': ['result.layout != contiguous']}]},
 {'slug': 'softshrink-nan-to-zero',
  'claim': '`F.softshrink` turns NaN into 0.',
  'when': '`softshrink` is called and the dtype of *self* is one of float16, bfloat16, float32 and *self* holds NaN',
  'issue': 'pytorch/pytorch#183710',
  'url': 'https://github.com/pytorch/pytorch/issues/183710',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.where(x.isnan(), x, torch.nn.functional.softshrink(x.nan_to_num()))',
  'page': 'bugs/softshrink-nan-to-zero/',
  'triggers': [{'op': ['softshrink'], 'when': ['self.dtype in float16,bfloat16,float32', 'self has nan']}]},
 {'slug': 'sort-ignores-strides',
  'claim': '`torch.sort` and `torch.argsort` sort the wrong elements of a transposed tensor.',
  'when': '`sort`, `argsort`, `msort` is called and *self* is permuted (dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#175187',
  'url': 'https://github.com/pytorch/pytorch/issues/175187',
  'kind': 'wrong',
  'family': 'sort',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.sort(acts.to(device).T.contiguous())',
  'page': 'bugs/sort-ignores-strides/',
  'triggers': [{'op': ['sort', 'argsort', 'msort'], 'when': ['self.layout == permuted']}],
  'danger': 35},
 {'slug': 'sort-int64-after-256th-zero',
  'claim': '`torch.sort` of int64 gives zeros or garbage from the 257th element on, on macOS later than 15.4.',
  'when': '`sort`, `argsort` is called and the dtype of *self* is int64 and the size of *self* in dimension *dim* is '
          'above 256',
  'issue': 'pytorch/pytorch#155560',
  'url': 'https://github.com/pytorch/pytorch/issues/155560',
  'kind': 'wrong',
  'family': 'sort',
  'affected': '<2.13',
  'introduced': None,
  'macos': '>=15.4.1',
  'chips': [],
  'workaround': 'values, places = torch.sort(ids.to(device).to(torch.int32))\n'
                'return (values.to(torch.int64), places)',
  'page': 'bugs/sort-int64-after-256th-zero/',
  'triggers': [{'op': ['sort', 'argsort'], 'when': ['self.dtype == int64', 'self.size.dim > 256']}]},
 {'slug': 'stack-bool-false',
  'claim': '`torch.stack` of true tensors gives False.',
  'when': '`stack`, `cat` is called and the dtype of *tensors* is bool',
  'issue': 'pytorch/pytorch#80850',
  'url': 'https://github.com/pytorch/pytorch/issues/80850',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<1.13,>=1.12.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'mask = mask.to(device).int()\nreturn torch.stack([mask, mask]).bool()',
  'page': 'bugs/stack-bool-false/',
  'triggers': [{'op': ['stack', 'cat'], 'when': ['tensors.dtype == bool']}],
  'unsure': ['1.12.1']},
 {'slug': 'stack-sliced-views-same-values',
  'claim': '`torch.stack` of two slices repeats the first slice.',
  'when': '`stack` is called and the storage offset of *tensors* is above 0',
  'issue': 'pytorch/pytorch#87856',
  'url': 'https://github.com/pytorch/pytorch/issues/87856',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<2.0,>=1.14.0.dev20221027',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.stack((x[:32].clone(), x[32:].clone()), dim=-1)',
  'page': 'bugs/stack-sliced-views-same-values/',
  'triggers': [{'op': ['stack'], 'when': ['tensors.offset > 0']}]},
 {'slug': 'std-negative-dim',
  'claim': '`torch.std` over any negative dimension reduces the last one.',
  'when': '`std`, `var` is called and item 0 of *dim* is below -1',
  'issue': 'pytorch/pytorch#107116',
  'url': 'https://github.com/pytorch/pytorch/issues/107116',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.2,>=1.14.0.dev20221121',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return acts.to(device).std(dim=1)',
  'page': 'bugs/std-negative-dim/',
  'triggers': [{'op': ['std', 'var'], 'when': ['dim.value.0 < -1']}],
  'unsure': ['2.1']},
 {'slug': 'std-var-empty-zero',
  'claim': '`torch.std` and `torch.var` over no elements are 0 instead of NaN.',
  'when': '`std`, `var`, `std_mean`, `var_mean` is called and the number of elements of *self* is 0 and the number '
          'of elements of the result is above 0',
  'issue': 'pytorch/pytorch#184510',
  'url': 'https://github.com/pytorch/pytorch/issues/184510',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\n'
                "return (x - x.mean(dim=1, keepdim=True)).square().sum(dim=1) / (x.shape[1] or float('nan'))",
  'page': 'bugs/std-var-empty-zero/',
  'triggers': [{'op': ['std', 'var', 'std_mean', 'var_mean'], 'when': ['self.numel == 0', 'result.numel > 0']}]},
 {'slug': 'sum-negative-dim-trailing-ones',
  'claim': '`torch.sum` over a negative dimension of a 5-D tensor reduces the wrong one.',
  'when': '`sum`, `mean`, `prod`, `nansum`, `amax`, `amin`, `count_nonzero` is called, and all of this holds: item 0 '
          'of *dim* is below -1; the number of dimensions of *self* is 5; the size of *self* in dimension 4 is 1, or '
          '`sum`, `mean`, `prod`, `nansum`, `amax`, `amin`, `count_nonzero` is called, and all of this holds: item 0 '
          'of *dim* is below -2; the number of dimensions of *self* is 6; the size of *self* in dimension 4 is 1; '
          'the size of *self* in dimension 5 is 1',
  'issue': 'pytorch/pytorch#132732',
  'url': 'https://github.com/pytorch/pytorch/issues/132732',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.6,>=2.4.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device).sum(2)',
  'page': 'bugs/sum-negative-dim-trailing-ones/',
  'triggers': [{'op': ['sum', 'mean', 'prod', 'nansum', 'amax', 'amin', 'count_nonzero'],
                'when': ['dim.value.0 < -1', 'self.ndim == 5', 'self.size.4 == 1']},
               {'op': ['sum', 'mean', 'prod', 'nansum', 'amax', 'amin', 'count_nonzero'],
                'when': ['dim.value.0 < -2', 'self.ndim == 6', 'self.size.4 == 1', 'self.size.5 == 1']}],
  'unsure': ['2.5']},
 {'slug': 'tanh-backward-complex',
  'claim': 'The gradient of `torch.tanh` of complex tensors is wrong.',
  'when': '`tanh_backward` is called and the dtype of *output* is one of complex64, complex128',
  'issue': 'pytorch/pytorch#189490',
  'url': 'https://github.com/pytorch/pytorch/issues/189490',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '<2.15',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return gradient(lambda x: 1 - 2 / ((2 * x).exp() + 1), device, real, imaginary)',
  'page': 'bugs/tanh-backward-complex/',
  'triggers': [{'op': ['tanh_backward'], 'when': ['output.dtype in complex64,complex128']}]},
 {'slug': 'to-mps-expanded-garbage',
  'claim': '`x.expand(10).to("mps")` of a CPU tensor reads memory that is not its own.',
  'when': '`copy` is called, and all of this holds: *src* is on the CPU; *self* is on the GPU; *src* is expanded (a '
          'stride of 0)',
  'issue': 'pytorch/pytorch#78642',
  'url': 'https://github.com/pytorch/pytorch/issues/78642',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '<1.13,>=1.13.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.expand(10).contiguous().to(device)',
  'page': 'bugs/to-mps-expanded-garbage/',
  'triggers': [{'op': ['copy'], 'when': ['src.device == cpu', 'self.device == accel', 'src.layout == expanded']}]},
 {'slug': 'to-mps-transposed-scrambled',
  'claim': '`x.t().to("mps")` scrambles a transposed CPU tensor.',
  'when': '`copy` is called, and all of this holds: *src* is on the CPU; *self* is on the GPU; *src* is permuted '
          '(dense, in another order than contiguous); *self* is permuted (dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#79383',
  'url': 'https://github.com/pytorch/pytorch/issues/79383',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return x.t().contiguous().to(device)',
  'page': 'bugs/to-mps-transposed-scrambled/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == cpu',
                         'self.device == accel',
                         'src.layout == permuted',
                         'self.layout == permuted']}]},
 {'slug': 'topk-over-16-zeros',
  'claim': '`torch.topk` with `k` above 16 fills values and indices beyond the 16th with zeros.',
  'when': '`topk` is called and *k* is above 16',
  'issue': 'pytorch/pytorch#78915',
  'url': 'https://github.com/pytorch/pytorch/issues/78915',
  'kind': 'wrong',
  'family': 'sort',
  'affected': '<1.12.1,>=1.12.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'values, places = torch.sort(scores.to(device), descending=True)\nreturn (values[:20], places[:20])',
  'page': 'bugs/topk-over-16-zeros/',
  'triggers': [{'op': ['topk'], 'when': ['k.value > 16']}]},
 {'slug': 'topk-threshold-mask-assign-wrong-entry',
  'claim': '`t[t < v[:, [-1]]] = -inf`, as in top-k sampling, overwrites the wrong logit.',
  'when': '`index_put` is called in place, and all of this holds: the dtype of *indices* is bool; the number of '
          'dimensions of *self* is above 1; the number of elements of *values* is 1; *values* holds minus infinity',
  'issue': 'pytorch/pytorch#124206',
  'url': 'https://github.com/pytorch/pytorch/issues/124206',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '==2.2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'logits = logits.to(device)\n'
                'largest, _ = torch.topk(logits, 1)\n'
                "return torch.where(logits < largest[:, -1:], torch.full_like(logits, -float('inf')), logits)",
  'page': 'bugs/topk-threshold-mask-assign-wrong-entry/',
  'triggers': [{'op': ['index_put'],
                'when': ['indices.dtype == bool', 'self.ndim > 1', 'values.numel == 1', 'values has neginf'],
                'form': 'inplace'}]},
 {'slug': 'triangular-wrong-over-3d',
  'claim': '`torch.triu` and `torch.tril` are wrong for inputs of more than three dimensions.',
  'when': '`triu`, `tril` is called and the size of *self* in dimension -4 is above 1',
  'issue': 'pytorch/pytorch#144545',
  'url': 'https://github.com/pytorch/pytorch/issues/144545',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '<2.7',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'patterns = patterns.to(device)\nreturn torch.tril(patterns.flatten(0, 1)).reshape(patterns.shape)',
  'page': 'bugs/triangular-wrong-over-3d/',
  'triggers': [{'op': ['triu', 'tril'], 'when': ['self.size.-4 > 1']}]},
 {'slug': 'tril-inf-nan',
  'claim': '`torch.tril` with a negative diagonal turns masked infinities into NaN.',
  'when': '`tril` is called and *self* holds infinity and *diagonal* is below 0',
  'issue': 'pytorch/pytorch#149813',
  'url': 'https://github.com/pytorch/pytorch/issues/149813',
  'kind': 'nan',
  'family': 'mask',
  'affected': '<2.7,>=2.6.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'infinite = infinite.to(device)\n'
                'place = torch.arange(3, device=device)\n'
                'return torch.where(place[None, :] < place[:, None], infinite, torch.zeros_like(infinite))',
  'page': 'bugs/tril-inf-nan/',
  'triggers': [{'op': ['tril'], 'when': ['self has inf', 'diagonal.value < 0']}]},
 {'slug': 'triu-minus-inf-gives-nan',
  'claim': '`torch.triu` turns the zeros of a causal mask into NaN.',
  'when': '`triu` is called and *self* holds minus infinity',
  'issue': 'pytorch/pytorch#100005',
  'url': 'https://github.com/pytorch/pytorch/issues/100005',
  'kind': 'nan',
  'family': 'mask',
  'affected': '<2.5,>=2.0.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'minus_inf = minus_inf.to(device)\n'
                'position = torch.arange(minus_inf.shape[-1], device=device)\n'
                'future = position[None, :] > position[:, None]\n'
                'return torch.where(future, minus_inf, torch.zeros_like(minus_inf))',
  'page': 'bugs/triu-minus-inf-gives-nan/',
  'triggers': [{'op': ['triu'], 'when': ['self has neginf']}],
  'danger': 40},
 {'slug': 'uint8-permute-zeros',
  'claim': '`Tensor.permute` of a uint8 tensor reads as zeros.',
  'when': '`permute` is called and the dtype of *self* is uint8 and the result is permuted (dense, in another order '
          'than contiguous)',
  'issue': 'pytorch/pytorch#80285',
  'url': 'https://github.com/pytorch/pytorch/issues/80285',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<=1.13.0.dev20220625,>=1.13.0.dev20220623',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return picture.to(device).int().permute(1, 0).to(torch.uint8)',
  'page': 'bugs/uint8-permute-zeros/',
  'triggers': [{'op': ['permute'], 'when': ['self.dtype == uint8', 'result.layout == permuted']}]},
 {'slug': 'uint8-sum-saturates',
  'claim': '`torch.sum` with `dtype=torch.uint8` stops at 255.',
  'when': '`sum` is called and the dtype of the result is uint8 and the largest value of *self* times the number of '
          'elements of *self* is above 255',
  'issue': 'pytorch/pytorch#179415',
  'url': 'https://github.com/pytorch/pytorch/issues/179415',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '==2.11.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return (x.to(device).sum() % 256).to(torch.uint8)',
  'page': 'bugs/uint8-sum-saturates/',
  'triggers': [{'op': ['sum'], 'when': ['result.dtype == uint8', 'self.max * self.numel > 255']}]},
 {'slug': 'uint8-to-float-signed',
  'claim': '`.to(torch.float32)` of a uint8 tensor takes the values as signed: 208 becomes -48.',
  'when': '`copy` is called, and all of this holds: *src* is on the GPU; *self* is on the GPU; the dtype of *src* is '
          'uint8; the dtype of *self* is one of float16, bfloat16, float32; the largest value of *src* is above 127',
  'issue': 'pytorch/pytorch#80009',
  'url': 'https://github.com/pytorch/pytorch/issues/80009',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<1.12.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return pixels.to(torch.float32).to(device)',
  'page': 'bugs/uint8-to-float-signed/',
  'triggers': [{'op': ['copy'],
                'when': ['src.device == accel',
                         'self.device == accel',
                         'src.dtype == uint8',
                         'self.dtype in float16,bfloat16,float32',
                         'src.max > 127']}]},
 {'slug': 'unary-op-out-strided',
  'claim': '`torch.neg` and other unary ops mix up the elements of an `out=` tensor with other strides.',
  'when': '`abs`, `exp`, `log`, `neg`, `sqrt` is called with `out=` and the result is permuted (dense, in another '
          'order than contiguous) and the list of strides of *self* is not the list of strides of the result',
  'issue': 'pytorch/pytorch#100764',
  'url': 'https://github.com/pytorch/pytorch/issues/100764',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '==2.0.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'destination = torch.zeros_like(x).to(device).T\nreturn destination.copy_(torch.neg(x.to(device)))',
  'page': 'bugs/unary-op-out-strided/',
  'triggers': [{'op': ['abs', 'exp', 'log', 'neg', 'sqrt'],
                'when': ['result.layout == permuted', 'self.strides != result.strides'],
                'form': 'out'}]},
 {'slug': 'unary-strided-out-copy',
  'claim': '`torch.sqrt` between two views with the same gaps leaves most of the result unwritten.',
  'when': '`sqrt` is called with `out=`, and all of this holds: *self* is a slice with gaps; the result is a slice '
          'with gaps; the list of strides of *self* is the list of strides of the result',
  'issue': 'pytorch/pytorch#148512',
  'url': 'https://github.com/pytorch/pytorch/issues/148512',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.7',
  'introduced': '2.7.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'source, destination = numbers.to(device).clone().view(2, 8, 8).unbind(0)\n'
                'return destination[::2, ::2].copy_(torch.sqrt(source[::2, ::2]))',
  'page': 'bugs/unary-strided-out-copy/',
  'triggers': [{'op': ['sqrt'],
                'when': ['self.layout == sliced', 'result.layout == sliced', 'self.strides == result.strides'],
                'form': 'out'}]},
 {'slug': 'unique-inverse-int64-over-2e24',
  'claim': '`torch.unique` with `return_inverse=True` gives wrong inverse indices for int64 values above 2**24.',
  'when': '`_unique2` is called, and all of this holds: *self* is on the GPU; the dtype of *self* is int64; '
          '*return_inverse* is true; the largest value of *self* is above 16,777,216',
  'issue': 'pytorch/pytorch#195595',
  'url': 'https://github.com/pytorch/pytorch/issues/195595',
  'kind': 'wrong',
  'family': 'sort',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': '_, inverse = torch.unique(keys, return_inverse=True)\nreturn inverse.to(device)',
  'page': 'bugs/unique-inverse-int64-over-2e24/',
  'triggers': [{'op': ['_unique2'],
                'when': ['self.device == accel',
                         'self.dtype == int64',
                         'return_inverse.value == true',
                         'self.max > 16777216']}]},
 {'slug': 'unique-multi-dim-drops-values',
  'claim': '`torch.unique` of a tensor whose first dimension has size 1 returns its first value alone.',
  'when': '`_unique2` is called, and all of this holds: the number of dimensions of *self* is above 1; the size of '
          '*self* in dimension 0 is 1; the number of elements of *self* is above 1, or `unique_consecutive` is '
          'called, and all of this holds: the number of dimensions of *self* is above 1; the size of *self* in '
          'dimension 0 is 1; the number of elements of *self* is above 1; *dim* is not given',
  'issue': 'pytorch/pytorch#104879',
  'url': 'https://github.com/pytorch/pytorch/issues/104879',
  'kind': 'wrong',
  'family': 'sort',
  'affected': '<2.1,>=2.0.1',
  'introduced': None,
  'macos': '>=13',
  'chips': [],
  'workaround': 'return torch.unique(tokens.to(device).flatten())',
  'page': 'bugs/unique-multi-dim-drops-values/',
  'triggers': [{'op': ['_unique2'], 'when': ['self.ndim > 1', 'self.size.0 == 1', 'self.numel > 1']},
               {'op': ['unique_consecutive'],
                'when': ['self.ndim > 1', 'self.size.0 == 1', 'self.numel > 1', 'dim.given == false']}]},
 {'slug': 'var-complex',
  'claim': '`torch.var` and `torch.std` of complex tensors return a complex, wrong number.',
  'when': '`std`, `var`, `std_mean`, `var_mean` is called and the dtype of *self* is one of complex32, complex64',
  'issue': 'pytorch/pytorch#135210',
  'url': 'https://github.com/pytorch/pytorch/issues/135210',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.15',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'z = z.to(device)\nreturn z.real.var() + z.imag.var()',
  'page': 'bugs/var-complex/',
  'triggers': [{'op': ['std', 'var', 'std_mean', 'var_mean'], 'when': ['self.dtype in complex32,complex64']}]},
 {'slug': 'var-default-unbiased',
  'claim': '`torch.var` and `torch.std` without arguments divide by N instead of N - 1.',
  'when': '`var`, `std` is called, and all of this holds: *dim* is not given; *correction* is not given; *unbiased* '
          'is not given',
  'issue': 'pytorch/pytorch#91198',
  'url': 'https://github.com/pytorch/pytorch/issues/91198',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '==1.13.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn (x - x.mean()).square().sum() / (x.numel() - 1)',
  'page': 'bugs/var-default-unbiased/',
  'triggers': [{'op': ['var', 'std'],
                'when': ['dim.given == false', 'correction.given == false', 'unbiased.given == false']}]},
 {'slug': 'varying-shapes-memory-growth',
  'claim': 'Memory grows without bound where the shapes for `nn.Linear`, GELU, softmax and attention vary.',
  'when': '`linear` is called and in an earlier call the number of dimensions of *input* was the same as now and the '
          'shape of *weight* was the same as now and in no earlier call the shape of *input* was the same as now, or '
          '`gelu` is called and in an earlier call the number of dimensions of *self* was the same as now and the '
          'size of *self* in dimension -1 was the same as now and in no earlier call the shape of *self* was the '
          'same as now, or `softmax` is called and in an earlier call the number of dimensions of *self* was the '
          'same as now and in no earlier call the shape of *self* was the same as now, or '
          '`scaled_dot_product_attention` is called and in an earlier call the number of dimensions of *query* was '
          'the same as now and the size of *query* in dimension -1 was the same as now and in no earlier call the '
          'shape of *query* was the same as now',
  'issue': 'pytorch/pytorch#132596',
  'url': 'https://github.com/pytorch/pytorch/issues/132596',
  'kind': 'memory',
  'family': 'system',
  'affected': '<=2.10.0,>=2.4.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return grown(device, (F.pad(x[n:], (0, 0, n, 0)) for n in range(len(x))), weight)',
  'page': 'bugs/varying-shapes-memory-growth/',
  'triggers': [{'op': ['linear'],
                'when': ['never.input.shape == input.shape',
                         'earlier.input.ndim == input.ndim',
                         'earlier.weight.shape == weight.shape']},
               {'op': ['gelu'],
                'when': ['never.self.shape == self.shape',
                         'earlier.self.ndim == self.ndim',
                         'earlier.self.size.-1 == self.size.-1']},
               {'op': ['softmax'], 'when': ['never.self.shape == self.shape', 'earlier.self.ndim == self.ndim']},
               {'op': ['scaled_dot_product_attention'],
                'when': ['never.query.shape == query.shape',
                         'earlier.query.ndim == query.ndim',
                         'earlier.query.size.-1 == query.size.-1']}]},
 {'slug': 'where-noncontiguous-cond',
  'claim': '`torch.where` with a transposed condition returns what its memory held before.',
  'when': '`where` is called and *self* is given and the result is not contiguous',
  'issue': 'pytorch/pytorch#150967',
  'url': 'https://github.com/pytorch/pytorch/issues/150967',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.8,>=2.8.0a0',
  'introduced': None,
  'macos': '<15',
  'chips': [],
  'workaround': 'seen = mask.to(device).bool().T.contiguous()\nreturn torch.where(seen, scores.to(device), 0.0)',
  'page': 'bugs/where-noncontiguous-cond/',
  'triggers': [{'op': ['where'], 'when': ['self.given == true', 'result.layout != contiguous']}]},
 {'slug': 'where-nonzero-index-over-2e24',
  'claim': '`torch.nonzero` gives wrong positions once they pass 16,777,216 (2**24).',
  'when': '`nonzero` is called and the number of elements of *self* is above 16,777,216',
  'issue': 'pytorch/pytorch#122916',
  'url': 'https://github.com/pytorch/pytorch/issues/122916',
  'kind': 'wrong',
  'family': 'large',
  'affected': '<=2.4.1,>=2.4',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'mask = mask.to(device)\n'
                'found, chunk = ([], 2 ** 23)\n'
                'for start in range(0, mask.numel(), chunk):\n'
                '    part = mask[start:start + chunk].clone()\n'
                '    found.append(torch.nonzero(part).flatten().cpu() + start)\n'
                'return torch.cat(found).to(device)',
  'page': 'bugs/where-nonzero-index-over-2e24/',
  'triggers': [{'op': ['nonzero'], 'when': ['self.numel > 16777216']}],
  'danger': 36},
 {'slug': 'write-mps-value-into-cpu-element',
  'claim': '`cpu_tensor[i] = mps_tensor` always writes to the start of the CPU tensor.',
  'when': '`copy` is called in place, and all of this holds: *self* is on the CPU; *src* is on the GPU; the storage '
          'offset of *self* is above 0; *self* is contiguous',
  'issue': 'pytorch/pytorch#108978',
  'url': 'https://github.com/pytorch/pytorch/issues/108978',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '<2.1.1,>=1.13.0.dev20221003',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'scores = scores.to(device)\n'
                'table = torch.zeros(scores.shape, dtype=scores.dtype)\n'
                'for layer in range(3):\n'
                '    table[layer] = scores[layer].cpu()\n'
                'return table',
  'page': 'bugs/write-mps-value-into-cpu-element/',
  'triggers': [{'op': ['copy'],
                'when': ['self.device == cpu', 'src.device == accel', 'self.offset > 0', 'self.layout == contiguous'],
                'form': 'inplace'}],
  'danger': 31},
 {'slug': 'zero-on-element-view-zeroes-neighbour',
  'claim': '`b[1].zero_()` also zeroes everything that follows in the tensor.',
  'when': '`zero` is called in place and the storage offset of *self* is above 0 and *self* is contiguous, or `fill` '
          'is called in place, and all of this holds: the storage offset of *self* is above 0; *self* is contiguous; '
          '*value* is 0',
  'issue': 'pytorch/pytorch#114692',
  'url': 'https://github.com/pytorch/pytorch/issues/114692',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '<2.1.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'keep = torch.tensor([[1], [0], [1], [1]])\nreturn tokens.to(device) * keep.to(device)',
  'page': 'bugs/zero-on-element-view-zeroes-neighbour/',
  'triggers': [{'op': ['zero'], 'when': ['self.offset > 0', 'self.layout == contiguous'], 'form': 'inplace'},
               {'op': ['fill'],
                'when': ['self.offset > 0', 'self.layout == contiguous', 'value.value == 0'],
                'form': 'inplace'}],
  'danger': 30},
 {'slug': 'zeros-like-permuted',
  'claim': '`torch.zeros_like` of a permuted tensor returns what its memory held before, not zeros.',
  'when': '`zeros_like` is called and the result is permuted (dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#94190',
  'url': 'https://github.com/pytorch/pytorch/issues/94190',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<2.0,>=1.13.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'picture = picture.to(device).permute(2, 0, 1).clone()\n'
                '_ = picture * 1.0\n'
                'return torch.zeros(picture.shape, dtype=picture.dtype, device=picture.device)',
  'page': 'bugs/zeros-like-permuted/',
  'triggers': [{'op': ['zeros_like'], 'when': ['result.layout == permuted']}]},
 {'slug': 'argmax-any-over-2e32',
  'claim': '`torch.argmax`, `argmin` and `any` are wrong for more than 2**32 elements.',
  'when': '`argmax`, `argmin`, `any`, `all` is called and the number of elements of *self* is above 4,294,967,296',
  'issue': 'pytorch/pytorch#194082',
  'url': 'https://github.com/pytorch/pytorch/issues/194082',
  'kind': 'wrong',
  'family': 'large',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'reduce in chunks',
  'page': 'bugs/argmax-any-over-2e32/',
  'triggers': [{'op': ['argmax', 'argmin', 'any', 'all'], 'when': ['self.numel > 4294967296']}],
  'draft': True,
  'unsure': []},
 {'slug': 'argmax-macos27-fp16',
  'claim': '`torch.argmax` goes wrong on the macOS 27 beta, which spoils SDXL images in ComfyUI.',
  'when': '`argmax` is called',
  'issue': 'pytorch/pytorch#187280',
  'url': 'https://github.com/pytorch/pytorch/issues/187280',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.13,>=2.10.0',
  'introduced': None,
  'macos': '<28,>=27',
  'chips': [],
  'workaround': None,
  'page': 'bugs/argmax-macos27-fp16/',
  'triggers': [{'op': ['argmax'], 'when': []}],
  'draft': True,
  'unsure': []},
 {'slug': 'bmm-large-then-index',
  'claim': 'Indexing a `torch.bmm` result of more than 2**32 elements with a tensor gives wrong values.',
  'when': '`index` is called and the number of elements of *self* is above 4,294,967,296',
  'issue': 'pytorch/pytorch#153560',
  'url': 'https://github.com/pytorch/pytorch/issues/153560',
  'kind': 'wrong',
  'family': 'large',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'integer indices',
  'page': 'bugs/bmm-large-then-index/',
  'triggers': [{'op': ['index'], 'when': ['self.numel > 4294967296']}],
  'draft': True,
  'unsure': []},
 {'slug': 'bmm-over-2e32-noncontiguous',
  'claim': '`torch.bmm` is wrong once its output or an input has more than 2**32 elements.',
  'when': '`bmm` is called and the number of elements of the result is above 4,294,967,296, or `bmm` is called and '
          'the number of elements of *self* is above 4,294,967,296, or `bmm` is called and the number of elements of '
          '*mat2* is above 4,294,967,296',
  'issue': 'pytorch/pytorch#197636',
  'url': 'https://github.com/pytorch/pytorch/issues/197636',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<=2.14.0,>=2.4.1',
  'introduced': None,
  'macos': '>=15',
  'chips': [],
  'workaround': 'split the batch so that no operand or result has 2**32 elements or more',
  'page': 'bugs/bmm-over-2e32-noncontiguous/',
  'triggers': [{'op': ['bmm'], 'when': ['result.numel > 4294967296']},
               {'op': ['bmm'], 'when': ['self.numel > 4294967296']},
               {'op': ['bmm'], 'when': ['mat2.numel > 4294967296']}],
  'draft': True,
  'unsure': []},
 {'slug': 'bool-index-inconsistent-size',
  'claim': '`x[mask]` returns a different number of elements from call to call for large tensors.',
  'when': '`index` is called and the dtype of *indices* is bool and the number of elements of *self* is above '
          '1,000,000, or `nonzero` is called and the number of elements of *self* is above 1,000,000',
  'issue': 'pytorch/pytorch#181867',
  'url': 'https://github.com/pytorch/pytorch/issues/181867',
  'kind': 'nondeterministic',
  'family': 'mask',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'mask on CPU, or compare numel with mask.sum()',
  'page': 'bugs/bool-index-inconsistent-size/',
  'triggers': [{'op': ['index'], 'when': ['indices.dtype == bool', 'self.numel > 1000000']},
               {'op': ['nonzero'], 'when': ['self.numel > 1000000']}],
  'draft': True,
  'unsure': []},
 {'slug': 'bool-mask-2d-first-element-intel',
  'claim': '`x[mask]` of a 2-D integer tensor returns a value in first place that the mask excludes.',
  'when': '`index` is called and the dtype of *indices* is bool, or `masked_select` is called',
  'issue': 'pytorch/pytorch#125100',
  'url': 'https://github.com/pytorch/pytorch/issues/125100',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '==2.2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'keep the mask on CPU',
  'page': 'bugs/bool-mask-2d-first-element-intel/',
  'triggers': [{'op': ['index'], 'when': ['indices.dtype == bool']}, {'op': ['masked_select'], 'when': []}],
  'draft': True,
  'unsure': []},
 {'slug': 'bool-python-sum',
  'claim': "Python's `sum` of ten boolean tensors gives a huge number.",
  'when': '`add` is called and the dtype of *self* is bool',
  'issue': 'pytorch/pytorch#79849',
  'url': 'https://github.com/pytorch/pytorch/issues/79849',
  'kind': 'nondeterministic',
  'family': 'dtype',
  'affected': '==1.13.0.dev20220530',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'convert to int first',
  'page': 'bugs/bool-python-sum/',
  'triggers': [{'op': ['add'], 'when': ['self.dtype == bool']}],
  'draft': True,
  'unsure': []},
 {'slug': 'cat-noncontiguous-inputs-misplaced',
  'claim': '`torch.cat` puts the values of a non-contiguous input in the wrong places.',
  'when': '`cat` is called and *tensors* is permuted (dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#85675',
  'url': 'https://github.com/pytorch/pytorch/issues/85675',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<1.13,>=1.13.0.dev20220926',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': '.contiguous() on the rotated input',
  'page': 'bugs/cat-noncontiguous-inputs-misplaced/',
  'triggers': [{'op': ['cat'], 'when': ['tensors.layout == permuted']}],
  'draft': True,
  'unsure': []},
 {'slug': 'cat-over-2e31-elements',
  'claim': '`torch.cat` leaves part of an output of more than 2**31 elements unwritten.',
  'when': '`cat` is called and the number of elements of the result is above 2,147,483,648',
  'issue': 'pytorch/pytorch#189960',
  'url': 'https://github.com/pytorch/pytorch/issues/189960',
  'kind': 'wrong',
  'family': 'large',
  'affected': '==2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'concatenate in parts below 2**31 elements',
  'page': 'bugs/cat-over-2e31-elements/',
  'triggers': [{'op': ['cat'], 'when': ['result.numel > 2147483648']}],
  'draft': True,
  'unsure': []},
 {'slug': 'cat-over-2e31-noncontiguous-paths',
  'claim': '`torch.cat` beyond 2**31 elements stays wrong for non-contiguous or mixed inputs.',
  'when': '`cat` is called and the number of elements of the result is above 2,147,483,648 and *tensors* is not '
          'contiguous',
  'issue': 'pytorch/pytorch#189965',
  'url': 'https://github.com/pytorch/pytorch/issues/189965',
  'kind': 'wrong',
  'family': 'large',
  'affected': '==2.15.0.dev20260915',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'contiguous inputs of one dtype, below 2**31 elements',
  'page': 'bugs/cat-over-2e31-noncontiguous-paths/',
  'triggers': [{'op': ['cat'], 'when': ['result.numel > 2147483648', 'tensors.layout != contiguous']}],
  'draft': True,
  'unsure': []},
 {'slug': 'cholesky-complex-no-guard',
  'claim': '`torch.linalg.cholesky` of a complex matrix gives wrong factors in silence.',
  'when': '`linalg_cholesky`, `linalg_cholesky_ex` is called and the dtype of *self* is complex64',
  'issue': 'pytorch/pytorch#191836',
  'url': 'https://github.com/pytorch/pytorch/issues/191836',
  'kind': 'wrong',
  'family': 'linalg',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'decompose complex matrices on the CPU',
  'page': 'bugs/cholesky-complex-no-guard/',
  'triggers': [{'op': ['linalg_cholesky', 'linalg_cholesky_ex'], 'when': ['self.dtype == complex64']}],
  'draft': True,
  'unsure': []},
 {'slug': 'col2im-over-2e32',
  'claim': '`F.fold` is wrong for more than 2**32 elements.',
  'when': '`col2im` is called and the number of elements of *self* is above 4,294,967,296',
  'issue': 'pytorch/pytorch#185663',
  'url': 'https://github.com/pytorch/pytorch/issues/185663',
  'kind': 'wrong',
  'family': 'large',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'compute it on the CPU',
  'page': 'bugs/col2im-over-2e32/',
  'triggers': [{'op': ['col2im'], 'when': ['self.numel > 4294967296']}],
  'draft': True,
  'unsure': []},
 {'slug': 'copy-bool-over-5-dims',
  'claim': '`Tensor.copy_` of boolean tensors with more than five dimensions is wrong.',
  'when': '`copy` is called and the dtype of *self* is bool and the number of dimensions of *self* is above 5',
  'issue': 'pytorch/pytorch#121439',
  'url': 'https://github.com/pytorch/pytorch/issues/121439',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'flatten dims',
  'page': 'bugs/copy-bool-over-5-dims/',
  'triggers': [{'op': ['copy'], 'when': ['self.dtype == bool', 'self.ndim > 5']}],
  'draft': True,
  'unsure': []},
 {'slug': 'cpu-view-to-mps-loses-offset',
  'claim': '`x[1].detach().to("mps")` of a CPU tensor copies element 0.',
  'when': '`copy` is called, and all of this holds: *src* is on the CPU; *self* is on the GPU; the storage offset of '
          '*src* is above 0',
  'issue': 'pytorch/pytorch#86052',
  'url': 'https://github.com/pytorch/pytorch/issues/86052',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': ".clone() before .to('mps')",
  'page': 'bugs/cpu-view-to-mps-loses-offset/',
  'triggers': [{'op': ['copy'], 'when': ['src.device == cpu', 'self.device == accel', 'src.offset > 0']}],
  'draft': True,
  'unsure': []},
 {'slug': 'embedding-source-over-2e31',
  'claim': '`F.embedding` and `torch.index_select` return zeros for tables of more than 2**31 elements.',
  'when': '`embedding` is called and the number of elements of *weight* is above 2,147,483,648, or `index_select` is '
          'called and the number of elements of *self* is above 2,147,483,648',
  'issue': 'pytorch/pytorch#188756',
  'url': 'https://github.com/pytorch/pytorch/issues/188756',
  'kind': 'wrong',
  'family': 'large',
  'affected': '<2.14,>=2.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'split the table',
  'page': 'bugs/embedding-source-over-2e31/',
  'triggers': [{'op': ['embedding'], 'when': ['weight.numel > 2147483648']},
               {'op': ['index_select'], 'when': ['self.numel > 2147483648']}],
  'draft': True,
  'unsure': []},
 {'slug': 'full-4gb-macos-26',
  'claim': '`torch.ones` of more than 4 GB is not one everywhere on macOS 26.',
  'when': '`full`, `ones`, `zeros` is called and the number of elements of the result is at least 536,870,912',
  'issue': 'pytorch/pytorch#161265',
  'url': 'https://github.com/pytorch/pytorch/issues/161265',
  'kind': 'wrong',
  'family': 'large',
  'affected': '<2.10',
  'introduced': None,
  'macos': '>=26',
  'chips': [],
  'workaround': 'fill in pieces',
  'page': 'bugs/full-4gb-macos-26/',
  'triggers': [{'op': ['full', 'ones', 'zeros'], 'when': ['result.numel >= 536870912']}],
  'draft': True,
  'unsure': []},
 {'slug': 'half-reduction-no-fp32-accumulate',
  'claim': '`torch.sum` and `torch.mean` of half types seem to accumulate in the half type.',
  'when': '`sum`, `mean` is called and the dtype of *self* is one of float16, bfloat16',
  'issue': 'pytorch/pytorch#136987',
  'url': 'https://github.com/pytorch/pytorch/issues/136987',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x.float() before reducing',
  'page': 'bugs/half-reduction-no-fp32-accumulate/',
  'triggers': [{'op': ['sum', 'mean'], 'when': ['self.dtype in float16,bfloat16']}],
  'draft': True,
  'unsure': []},
 {'slug': 'half-to-float-large-matrix-zeros',
  'claim': '`.float()` of a 45,000 by 45,000 float16 matrix reads as zeros.',
  'when': '`copy` is called and the dtype of *src* is float16 and the number of elements of *self* is above '
          '1,849,000,000',
  'issue': 'pytorch/pytorch#154322',
  'url': 'https://github.com/pytorch/pytorch/issues/154322',
  'kind': 'wrong',
  'family': 'large',
  'affected': '==2.7.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'process in blocks',
  'page': 'bugs/half-to-float-large-matrix-zeros/',
  'triggers': [{'op': ['copy'], 'when': ['src.dtype == float16', 'self.numel > 1849000000']}],
  'draft': True,
  'unsure': []},
 {'slug': 'index-fill-bool-sonoma',
  'claim': '`torch.index_fill` of boolean tensors is wrong on macOS 12 and 14.',
  'when': '`index_fill` is called and the dtype of *self* is bool',
  'issue': 'pytorch/pytorch#116764',
  'url': 'https://github.com/pytorch/pytorch/issues/116764',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'use int8',
  'page': 'bugs/index-fill-bool-sonoma/',
  'triggers': [{'op': ['index_fill'], 'when': ['self.dtype == bool']}],
  'draft': True,
  'unsure': []},
 {'slug': 'index-select-uint8-monterey',
  'claim': '`torch.index_select`, `gather` and `scatter` of uint8 are broken on macOS 12.',
  'when': '`index_select`, `gather`, `scatter` is called and the dtype of *self* is uint8',
  'issue': 'pytorch/pytorch#91047',
  'url': 'https://github.com/pytorch/pytorch/issues/91047',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '<2.0',
  'introduced': None,
  'macos': '<13,>=12',
  'chips': [],
  'workaround': 'int8 or int32',
  'page': 'bugs/index-select-uint8-monterey/',
  'triggers': [{'op': ['index_select', 'gather', 'scatter'], 'when': ['self.dtype == uint8']}],
  'draft': True,
  'unsure': []},
 {'slug': 'index-tensor-fallback-empty',
  'claim': '`x[mask]` through the CPU fallback returns an empty tensor.',
  'when': '`index` is called and the dtype of *indices* is bool',
  'issue': 'pytorch/pytorch#77977',
  'url': 'https://github.com/pytorch/pytorch/issues/77977',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '==1.12.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'index on CPU',
  'page': 'bugs/index-tensor-fallback-empty/',
  'triggers': [{'op': ['index'], 'when': ['indices.dtype == bool']}],
  'draft': True,
  'unsure': []},
 {'slug': 'index-then-newaxis-division-inf',
  'claim': '`1.0 / x[1][None]` gives infinity.',
  'when': '`div` is called and the storage offset of *self* is above 0',
  'issue': 'pytorch/pytorch#84364',
  'url': 'https://github.com/pytorch/pytorch/issues/84364',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<1.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x[1][None].clone() or .detach()',
  'page': 'bugs/index-then-newaxis-division-inf/',
  'triggers': [{'op': ['div'], 'when': ['self.offset > 0']}],
  'draft': True,
  'unsure': []},
 {'slug': 'isfinite-slice-writes-past-output',
  'claim': '`torch.isfinite` of a large column slice writes past its output.',
  'when': '`isfinite`, `isinf` is called and *self* is a slice with gaps',
  'issue': 'pytorch/pytorch#183419',
  'url': 'https://github.com/pytorch/pytorch/issues/183419',
  'kind': 'memory',
  'family': 'strides',
  'affected': '<2.13,>=2.11.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': '.contiguous() first',
  'page': 'bugs/isfinite-slice-writes-past-output/',
  'triggers': [{'op': ['isfinite', 'isinf'], 'when': ['self.layout == sliced']}],
  'draft': True,
  'unsure': []},
 {'slug': 'linear-backward-half-3d-nondeterministic-m5',
  'claim': 'The backward of `F.linear` differs from call to call for 3-D half inputs on M5.',
  'when': '`linear_backward` is called and the dtype of *grad_output* is one of float16, bfloat16 and the number of '
          'dimensions of *grad_output* is at least 3',
  'issue': 'pytorch/pytorch#181936',
  'url': 'https://github.com/pytorch/pytorch/issues/181936',
  'kind': 'nondeterministic',
  'family': 'autograd',
  'affected': '<2.14,>=2.13.0.dev20260429',
  'introduced': None,
  'macos': None,
  'chips': ['M5'],
  'workaround': 'flatten to 2-D before linear',
  'page': 'bugs/linear-backward-half-3d-nondeterministic-m5/',
  'triggers': [{'op': ['linear_backward'],
                'when': ['grad_output.dtype in float16,bfloat16', 'grad_output.ndim >= 3']}],
  'unsure': ['2.13'],
  'draft': True},
 {'slug': 'linear-grads-1x1',
  'claim': 'The gradient of `nn.Linear(1, 1)` under an L1 loss is wrong.',
  'when': '`linear_backward` is called and the number of elements of *weight* is 1 and the number of elements of '
          '*self* is 1',
  'issue': 'pytorch/pytorch#123259',
  'url': 'https://github.com/pytorch/pytorch/issues/123259',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/linear-grads-1x1/',
  'triggers': [{'op': ['linear_backward'], 'when': ['weight.numel == 1', 'self.numel == 1']}],
  'draft': True,
  'unsure': []},
 {'slug': 'linear-huge-output-wraps',
  'claim': '`F.linear` is wrong for very large outputs, such as the logits of long batches.',
  'when': '`linear` is called and the number of elements of the result is above 412,090,368',
  'issue': 'pytorch/pytorch#122045',
  'url': 'https://github.com/pytorch/pytorch/issues/122045',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<=2.5.0.dev20240822,>=2.5.0.dev20240806',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'loop over the batch, or x @ w.T',
  'page': 'bugs/linear-huge-output-wraps/',
  'triggers': [{'op': ['linear'], 'when': ['result.numel > 412090368']}],
  'danger': 16,
  'draft': True,
  'unsure': []},
 {'slug': 'matmul-outer-batch-wrong-13',
  'claim': '`torch.matmul` of zeros by ones gives ones for large batched outer products.',
  'when': '`matmul` is called and the number of dimensions of *self* is at least 3 and the size of *other* in '
          'dimension -1 is above 32,768',
  'issue': 'pytorch/pytorch#111634',
  'url': 'https://github.com/pytorch/pytorch/issues/111634',
  'kind': 'nondeterministic',
  'family': 'matmul',
  'affected': '==2.1.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'split the batch',
  'page': 'bugs/matmul-outer-batch-wrong-13/',
  'triggers': [{'op': ['matmul'], 'when': ['self.ndim >= 3', 'other.size.-1 > 32768']}],
  'draft': True,
  'unsure': []},
 {'slug': 'no-grad-4d-mask-nan',
  'claim': 'A padded 4-D mask for `F.scaled_dot_product_attention` gives NaN logits under `no_grad` only.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: the dtype of *attn_mask* is bool; '
          '*dropout_p* is 0; no gradient is recorded through *query*; no gradient is recorded through *key*; no '
          'gradient is recorded through *value*, or `scaled_dot_product_attention` is called, and all of this holds: '
          '*attn_mask* holds minus infinity; *dropout_p* is 0; no gradient is recorded through *query*; no gradient '
          'is recorded through *key*; no gradient is recorded through *value*',
  'issue': 'pytorch/pytorch#167515',
  'url': 'https://github.com/pytorch/pytorch/issues/167515',
  'kind': 'nan',
  'family': 'attention',
  'affected': '==2.7.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'let padded rows attend to something; attn_implementation eager',
  'page': 'bugs/no-grad-4d-mask-nan/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['attn_mask.dtype == bool',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']},
               {'op': ['scaled_dot_product_attention'],
                'when': ['attn_mask has neginf',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}],
  'draft': True,
  'unsure': []},
 {'slug': 'numpy-column-slice-to-mps',
  'claim': '`torch.tensor(array[:, :2], device="mps")` takes the first elements in memory.',
  'when': '`copy` is called, and all of this holds: *src* is on the CPU; *self* is on the GPU; *src* is not '
          'contiguous',
  'issue': 'pytorch/pytorch#85967',
  'url': 'https://github.com/pytorch/pytorch/issues/85967',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '==1.13.0.dev20220920',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'np.ascontiguousarray',
  'page': 'bugs/numpy-column-slice-to-mps/',
  'triggers': [{'op': ['copy'], 'when': ['src.device == cpu', 'self.device == accel', 'src.layout != contiguous']}],
  'draft': True,
  'unsure': []},
 {'slug': 'pad-65536-elements',
  'claim': '`F.pad` of 65,536 or more elements can return zeros or random values.',
  'when': '`pad` is called and the number of elements of *self* is at least 65,536',
  'issue': 'pytorch/pytorch#121961',
  'url': 'https://github.com/pytorch/pytorch/issues/121961',
  'kind': 'wrong',
  'family': 'large',
  'affected': '<=2.2.1,>=2.1.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'cat with zeros; CPU',
  'page': 'bugs/pad-65536-elements/',
  'triggers': [{'op': ['pad'], 'when': ['self.numel >= 65536']}],
  'draft': True,
  'unsure': []},
 {'slug': 'philox-hi-lo-swapped-bias',
  'claim': 'Gamma samples (`torch.distributions.Gamma`) rest on normal numbers whose mean is not 0.',
  'when': '`_standard_gamma` is called',
  'issue': 'pytorch/pytorch#179227',
  'url': 'https://github.com/pytorch/pytorch/issues/179227',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'sample on CPU',
  'page': 'bugs/philox-hi-lo-swapped-bias/',
  'triggers': [{'op': ['_standard_gamma'], 'when': []}],
  'draft': True,
  'unsure': []},
 {'slug': 'randperm-two-runs',
  'claim': '`torch.randperm` returns two ascending runs.',
  'when': '`randperm` is called',
  'issue': 'pytorch/pytorch#104170',
  'url': 'https://github.com/pytorch/pytorch/issues/104170',
  'kind': 'wrong',
  'family': 'random',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'draw on CPU: torch.randperm(n).to("mps")',
  'page': 'bugs/randperm-two-runs/',
  'triggers': [{'op': ['randperm'], 'when': []}],
  'draft': True,
  'unsure': []},
 {'slug': 'scalar-view-repr-and-newaxis',
  'claim': '`c[1]` is printed as 0 and `c[1][..., None]` is wrong.',
  'when': '`unsqueeze` is called and the number of dimensions of *self* is 0 and the storage offset of *self* is '
          'above 0',
  'issue': 'pytorch/pytorch#85592',
  'url': 'https://github.com/pytorch/pytorch/issues/85592',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<1.13,>=1.13.0.dev20220922',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': '.clone()',
  'page': 'bugs/scalar-view-repr-and-newaxis/',
  'triggers': [{'op': ['unsqueeze'], 'when': ['self.ndim == 0', 'self.offset > 0']}],
  'draft': True,
  'unsure': []},
 {'slug': 'sdpa-bool-mask-1pass-decode',
  'claim': '`aten::_scaled_dot_product_attention_math_for_mps` misreads a boolean mask for short queries.',
  'when': '`_scaled_dot_product_attention_math_for_mps` is called, and all of this holds: the dtype of *attn_mask* '
          'is bool; *is_causal* is false; the size of *query* in dimension -2 is at most 8; the size of *query* in '
          'dimension -1 is one of 64, 96, 128; the size of *key* in dimension -2 is at least the size of *query* in '
          'dimension -2; the size of *value* in dimension -1 is the size of *query* in dimension -1; the size of '
          '*key* in dimension -2 is below 1,024',
  'issue': 'pytorch/pytorch#182285',
  'url': 'https://github.com/pytorch/pytorch/issues/182285',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'use an additive float mask',
  'page': 'bugs/sdpa-bool-mask-1pass-decode/',
  'triggers': [{'op': ['_scaled_dot_product_attention_math_for_mps'],
                'when': ['attn_mask.dtype == bool',
                         'is_causal.value == false',
                         'query.size.-2 <= 8',
                         'query.size.-1 in 64,96,128',
                         'key.size.-2 >= query.size.-2',
                         'value.size.-1 == query.size.-1',
                         'key.size.-2 < 1024']}],
  'draft': True,
  'unsure': []},
 {'slug': 'sdpa-half-long-sequence-precision',
  'claim': '`F.scaled_dot_product_attention` loses precision in half types for long sequences.',
  'when': '`scaled_dot_product_attention` is called and the dtype of *query* is one of float16, bfloat16 and the '
          'size of *query* in dimension -2 is above 3,068',
  'issue': 'pytorch/pytorch#190791',
  'url': 'https://github.com/pytorch/pytorch/issues/190791',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'chunk the query and upcast to float32',
  'page': 'bugs/sdpa-half-long-sequence-precision/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['query.dtype in float16,bfloat16', 'query.size.-2 > 3068']}],
  'draft': True,
  'unsure': []},
 {'slug': 'sdpa-scores-over-2e32',
  'claim': '`F.scaled_dot_product_attention` is wrong once all its scores together exceed 2**32.',
  'when': '`scaled_dot_product_attention` is called and the number of elements of *query* times the size of *key* in '
          'dimension -2 is above 4,294,967,296 times the size of *query* in dimension -1',
  'issue': 'pytorch/pytorch#179592',
  'url': 'https://github.com/pytorch/pytorch/issues/179592',
  'kind': 'wrong',
  'family': 'large',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'attend to the queries in blocks, so that each call stays below 2**32 scores',
  'page': 'bugs/sdpa-scores-over-2e32/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['query.numel * key.size.-2 > 4294967296 * query.size.-1']}],
  'draft': True,
  'unsure': []},
 {'slug': 'sdpa-vector-partial-block-oob',
  'claim': '`F.scaled_dot_product_attention` reads past the keys if their number is no multiple of 32.',
  'when': '`scaled_dot_product_attention` is called, and all of this holds: the size of *query* in dimension -2 is '
          'at most 8; the size of *query* in dimension -1 is one of 64, 96, 128; the size of *key* in dimension -2 '
          'is at least the size of *query* in dimension -2; the size of *value* in dimension -1 is the size of '
          '*query* in dimension -1; *attn_mask* is not given; *is_causal* is false; *dropout_p* is 0; no gradient is '
          'recorded through *query*; no gradient is recorded through *key*; no gradient is recorded through *value*',
  'issue': 'pytorch/pytorch#169222',
  'url': 'https://github.com/pytorch/pytorch/issues/169222',
  'kind': 'nondeterministic',
  'family': 'attention',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'pad keys to a multiple of 32 with an additive mask, or use attention by hand',
  'page': 'bugs/sdpa-vector-partial-block-oob/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['query.size.-2 <= 8',
                         'query.size.-1 in 64,96,128',
                         'key.size.-2 >= query.size.-2',
                         'value.size.-1 == query.size.-1',
                         'attn_mask.given == false',
                         'is_causal.value == false',
                         'dropout_p.value == 0',
                         'query.grad == false',
                         'key.grad == false',
                         'value.grad == false']}],
  'draft': True,
  'unsure': []},
 {'slug': 'softmax-nan-large-attention',
  'claim': '`F.softmax` of a (10, 12416, 12416) tensor returns NaN.',
  'when': '`softmax` is called and the number of elements of *self* is at least 1,500,000,000',
  'issue': 'pytorch/pytorch#96602',
  'url': 'https://github.com/pytorch/pytorch/issues/96602',
  'kind': 'nan',
  'family': 'large',
  'affected': '==2.1.0.dev20230310',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'slice attention by heads',
  'page': 'bugs/softmax-nan-large-attention/',
  'triggers': [{'op': ['softmax'], 'when': ['self.numel >= 1500000000']}],
  'draft': True,
  'unsure': []},
 {'slug': 'sub-chunks-zero',
  'claim': '`a - b` of two chunks of one tensor is zero.',
  'when': '`sub` is called and *self* is a slice with gaps, or `sub` is called and *other* is a slice with gaps',
  'issue': 'pytorch/pytorch#91617',
  'url': 'https://github.com/pytorch/pytorch/issues/91617',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'clone the second chunk',
  'page': 'bugs/sub-chunks-zero/',
  'triggers': [{'op': ['sub'], 'when': ['self.layout == sliced']},
               {'op': ['sub'], 'when': ['other.layout == sliced']}],
  'draft': True,
  'unsure': []},
 {'slug': 'sum-sliced-tensor',
  'claim': '`torch.sum` of a sliced 4-D tensor is wrong.',
  'when': '`sum` is called and *self* is a slice with gaps and the storage offset of *self* is above 0',
  'issue': 'pytorch/pytorch#182688',
  'url': 'https://github.com/pytorch/pytorch/issues/182688',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'call .contiguous() on the input first',
  'page': 'bugs/sum-sliced-tensor/',
  'triggers': [{'op': ['sum'], 'when': ['self.layout == sliced', 'self.offset > 0']}],
  'draft': True,
  'unsure': []},
 {'slug': 'svd-large-error-1x',
  'claim': 'The factors of `torch.linalg.svd` reconstruct a large matrix poorly on the GPU.',
  'when': '`linalg_svd`, `svd` is called',
  'issue': 'pytorch/pytorch#78099',
  'url': 'https://github.com/pytorch/pytorch/issues/78099',
  'kind': 'wrong',
  'family': 'linalg',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'compute it on the CPU',
  'page': 'bugs/svd-large-error-1x/',
  'triggers': [{'op': ['linalg_svd', 'svd'], 'when': []}],
  'draft': True,
  'unsure': []},
 {'slug': 'to-memory-format-contiguous-transfer',
  'claim': '`.to(memory_format=torch.contiguous_format)` does not save a permuted tensor from being scrambled.',
  'when': '`copy` is called, and all of this holds: *src* is on the CPU; *self* is on the GPU; *src* is permuted '
          '(dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#85613',
  'url': 'https://github.com/pytorch/pytorch/issues/85613',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'call .contiguous() on the input first',
  'page': 'bugs/to-memory-format-contiguous-transfer/',
  'triggers': [{'op': ['copy'], 'when': ['src.device == cpu', 'self.device == accel', 'src.layout == permuted']}],
  'draft': True,
  'unsure': []},
 {'slug': 'topk-transpose-eq-expand',
  'claim': 'Top-k accuracy from `torch.topk(...).indices.t()` differs from the CPU.',
  'when': '`eq` is called and *self* is permuted (dense, in another order than contiguous), or `eq` is called and '
          '*other* is permuted (dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#87014',
  'url': 'https://github.com/pytorch/pytorch/issues/87014',
  'kind': 'wrong',
  'family': 'sort',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': '.contiguous() on both sides',
  'page': 'bugs/topk-transpose-eq-expand/',
  'triggers': [{'op': ['eq'], 'when': ['self.layout == permuted']},
               {'op': ['eq'], 'when': ['other.layout == permuted']}],
  'draft': True,
  'unsure': []},
 {'slug': 'transfer-4gib-corrupted',
  'claim': '`.to("mps")` corrupts tensors of 4 GiB or more.',
  'when': '`copy` is called, and all of this holds: *src* is on the CPU; *self* is on the GPU; the number of '
          'elements of *self* is at least 1,073,741,824',
  'issue': 'pytorch/pytorch#124335',
  'url': 'https://github.com/pytorch/pytorch/issues/124335',
  'kind': 'wrong',
  'family': 'large',
  'affected': '==2.2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'move in pieces',
  'page': 'bugs/transfer-4gib-corrupted/',
  'triggers': [{'op': ['copy'], 'when': ['src.device == cpu', 'self.device == accel', 'self.numel >= 1073741824']}],
  'draft': True,
  'unsure': []},
 {'slug': 'transfer-dataframe-40m-rows',
  'claim': '`.to("mps")` of a 4.8 GB matrix loses rows.',
  'when': '`copy` is called, and all of this holds: *src* is on the CPU; *self* is on the GPU; the number of '
          'elements of *self* is above 900,000,000',
  'issue': 'pytorch/pytorch#107455',
  'url': 'https://github.com/pytorch/pytorch/issues/107455',
  'kind': 'wrong',
  'family': 'large',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'move in pieces',
  'page': 'bugs/transfer-dataframe-40m-rows/',
  'triggers': [{'op': ['copy'], 'when': ['src.device == cpu', 'self.device == accel', 'self.numel > 900000000']}],
  'draft': True,
  'unsure': []},
 {'slug': 'abs-complex-overflow',
  'claim': '`torch.abs` of very large or very small complex numbers gives infinity or zero.',
  'when': '',
  'issue': 'pytorch/pytorch#174246',
  'url': 'https://github.com/pytorch/pytorch/issues/174246',
  'kind': 'wrong',
  'family': 'elementwise',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'divide by the largest magnitude first, multiply afterwards',
  'page': 'bugs/abs-complex-overflow/',
  'triggers': [],
  'ops': ['abs'],
  'seen': '2026-02-03'},
 {'slug': 'add-inplace-grad-wrong',
  'claim': '`p.add_` of a scaled gradient under `no_grad` gives a wrong update.',
  'when': '',
  'issue': 'pytorch/pytorch#77988',
  'url': 'https://github.com/pytorch/pytorch/issues/77988',
  'kind': 'wrong',
  'family': 'in-place',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'p = p - lr*g',
  'page': 'bugs/add-inplace-grad-wrong/',
  'triggers': [],
  'ops': ['add'],
  'seen': '2022-05-20'},
 {'slug': 'all-dim-empty-undefined',
  'claim': '`torch.all` over an empty dimension returns an undefined value.',
  'when': '',
  'issue': 'kornia/kornia#4160',
  'url': 'https://github.com/kornia/kornia/issues/4160',
  'kind': 'nondeterministic',
  'family': 'reduction',
  'affected': '==2.9.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'skip the reduction if the dimension is empty',
  'page': 'bugs/all-dim-empty-undefined/',
  'triggers': [],
  'ops': ['all'],
  'seen': '2026-09-02'},
 {'slug': 'argmax-int64-min',
  'claim': '`torch.argmax` returns -9223372036854775808 for every row in x86_64 builds.',
  'when': '',
  'issue': 'pytorch/pytorch#92311',
  'url': 'https://github.com/pytorch/pytorch/issues/92311',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '<2.1,>=2.0.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'a.max(1).indices',
  'page': 'bugs/argmax-int64-min/',
  'triggers': [],
  'ops': ['argmax'],
  'seen': '2023-09-11'},
 {'slug': 'avg-pool-running-sum',
  'claim': '`F.avg_pool1d` of non-negative inputs gives negative averages.',
  'when': '',
  'issue': 'pytorch/pytorch#179608',
  'url': 'https://github.com/pytorch/pytorch/issues/179608',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'ceil_mode=True takes another kernel, which is right',
  'page': 'bugs/avg-pool-running-sum/',
  'triggers': [],
  'ops': ['avg_pool1d', 'avg_pool2d'],
  'seen': '2026-04-11'},
 {'slug': 'avg-pool2d-ceil-mode',
  'claim': '`F.avg_pool2d` with `ceil_mode=True` gives wrong averages.',
  'when': '',
  'issue': 'pytorch/pytorch#161011',
  'url': 'https://github.com/pytorch/pytorch/issues/161011',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '<2.9',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'pad by hand with ceil_mode=False',
  'page': 'bugs/avg-pool2d-ceil-mode/',
  'triggers': [],
  'ops': ['avg_pool2d'],
  'seen': '2025-08-19'},
 {'slug': 'batchnorm-train-result-113',
  'claim': '`nn.BatchNorm2d` in training mode differs from the CPU.',
  'when': '',
  'issue': 'pytorch/pytorch#84962',
  'url': 'https://github.com/pytorch/pytorch/issues/84962',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '==1.13.0.dev20220913',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/batchnorm-train-result-113/',
  'triggers': [],
  'ops': ['batch_norm'],
  'seen': '2022-09-13'},
 {'slug': 'broadcast-add-after-einsum-2022',
  'claim': '`x + bias` after `torch.einsum` is not what the CPU computes.',
  'when': '',
  'issue': 'pytorch/pytorch#81384',
  'url': 'https://github.com/pytorch/pytorch/issues/81384',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x.contiguous() + bias',
  'page': 'bugs/broadcast-add-after-einsum-2022/',
  'triggers': [],
  'ops': ['add', 'bmm', 'einsum'],
  'seen': '2022-07-13'},
 {'slug': 'c10d-broadcast-fallback-noop',
  'claim': '`torch.distributed.broadcast` through the CPU fallback leaves the tensor unchanged.',
  'when': '',
  'issue': 'pytorch/pytorch#173808',
  'url': 'https://github.com/pytorch/pytorch/issues/173808',
  'kind': 'wrong',
  'family': 'system',
  'affected': '<2.11',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'use CPU tensors for collectives',
  'page': 'bugs/c10d-broadcast-fallback-noop/',
  'triggers': [],
  'ops': ['broadcast'],
  'seen': '2026-01-29'},
 {'slug': 'chebyshev-t-scalar-degree-m1',
  'claim': '`torch.special.chebyshev_polynomial_t` with a number as degree gives ones.',
  'when': '',
  'issue': 'pytorch/pytorch#150051',
  'url': 'https://github.com/pytorch/pytorch/issues/150051',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': ['M1'],
  'workaround': 'give the degree as a float tensor on the device',
  'page': 'bugs/chebyshev-t-scalar-degree-m1/',
  'triggers': [],
  'ops': ['chebyshev_polynomial_t'],
  'seen': '2025-03-26'},
 {'slug': 'checkpoint-dropout-mask-differs',
  'claim': '`checkpoint` recomputes dropout with another mask, so that the gradients are wrong.',
  'when': '',
  'issue': 'pytorch/pytorch#127676',
  'url': 'https://github.com/pytorch/pytorch/issues/127676',
  'kind': 'wrong',
  'family': 'random',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'no dropout (or p=0) with gradient checkpointing on MPS',
  'page': 'bugs/checkpoint-dropout-mask-differs/',
  'triggers': [],
  'ops': ['checkpoint', 'dropout'],
  'seen': '2026-08-23'},
 {'slug': 'chunk-unsafe-product-wrong',
  'claim': '`torch.mul` of two chunks from `unsafe_chunk` is wrong.',
  'when': '',
  'issue': 'pytorch/pytorch#91065',
  'url': 'https://github.com/pytorch/pytorch/issues/91065',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<2.0,>=2.0.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'clone the view first',
  'page': 'bugs/chunk-unsafe-product-wrong/',
  'triggers': [],
  'ops': ['mul', 'unsafe_chunk'],
  'seen': '2022-12-17'},
 {'slug': 'clamp-moveaxis-wrong',
  'claim': '`torch.clamp` of a view from `moveaxis` gives wrong values.',
  'when': '',
  'issue': 'pytorch/pytorch#89673',
  'url': 'https://github.com/pytorch/pytorch/issues/89673',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '==2.0.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'clamp first, then moveaxis',
  'page': 'bugs/clamp-moveaxis-wrong/',
  'triggers': [],
  'ops': ['clamp', 'moveaxis'],
  'seen': '2023-03-16'},
 {'slug': 'complex-exp-real-axis-nan',
  'claim': '`torch.exp` of a complex number without an imaginary part gives NaN where it overflows.',
  'when': '',
  'issue': 'pytorch/pytorch#184749',
  'url': 'https://github.com/pytorch/pytorch/issues/184749',
  'kind': 'nan',
  'family': 'elementwise',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'use the real function',
  'page': 'bugs/complex-exp-real-axis-nan/',
  'triggers': [],
  'ops': ['cosh', 'exp', 'exp2', 'expm1', 'sinh'],
  'seen': '2026-05-21'},
 {'slug': 'conv1d-after-upsample',
  'claim': '`nn.Conv1d` right after `nn.Upsample` is wrong.',
  'when': '',
  'issue': 'pytorch/pytorch#124591',
  'url': 'https://github.com/pytorch/pytorch/issues/124591',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': '.contiguous() between the two',
  'page': 'bugs/conv1d-after-upsample/',
  'triggers': [],
  'ops': ['conv1d'],
  'seen': '2024-04-22'},
 {'slug': 'conv1d-mm-occasional-nan-2022',
  'claim': '`F.conv1d` and `torch.mm` of random inputs give a NaN now and then.',
  'when': '',
  'issue': 'pytorch/pytorch#84138',
  'url': 'https://github.com/pytorch/pytorch/issues/84138',
  'kind': 'nan',
  'family': 'conv-pool',
  'affected': '==1.13.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/conv1d-mm-occasional-nan-2022/',
  'triggers': [],
  'ops': ['conv1d', 'mm'],
  'seen': '2022-08-30'},
 {'slug': 'conv1d-very-long-kernel-zeros',
  'claim': '`F.conv1d` with a kernel of 65,536 taps and 352 filters returns only zeros.',
  'when': '',
  'issue': 'pytorch/pytorch#96982',
  'url': 'https://github.com/pytorch/pytorch/issues/96982',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '==2.0.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'use FFT convolution or process fewer filters at a time',
  'page': 'bugs/conv1d-very-long-kernel-zeros/',
  'triggers': [],
  'ops': ['conv1d'],
  'seen': '2023-03-16'},
 {'slug': 'copy-strided-dest-over-2e32',
  'claim': 'Assigning to a slice, `x[i] = y`, writes to wrong places beyond offset 2**32.',
  'when': '',
  'issue': 'pytorch/pytorch#182052',
  'url': 'https://github.com/pytorch/pytorch/issues/182052',
  'kind': 'wrong',
  'family': 'large',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'split the tensor below 2**32 elements',
  'page': 'bugs/copy-strided-dest-over-2e32/',
  'triggers': [],
  'ops': ['__setitem', 'copy', 'index_put', 'to'],
  'seen': '2026-04-30'},
 {'slug': 'cross-entropy-float-labels',
  'claim': '`F.cross_entropy` accepts one-dimensional float labels.',
  'when': '',
  'issue': 'pytorch/pytorch#174943',
  'url': 'https://github.com/pytorch/pytorch/issues/174943',
  'kind': 'wrong',
  'family': 'loss',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'labels.long()',
  'page': 'bugs/cross-entropy-float-labels/',
  'triggers': [],
  'ops': ['cross_entropy', 'cross_entropy_loss'],
  'seen': '2026-02-13'},
 {'slug': 'cumprod-gradient-macos-13-2-1',
  'claim': 'The gradient of `torch.cumprod` is wrong on macOS 13.2.1.',
  'when': '',
  'issue': 'pytorch/pytorch#106112',
  'url': 'https://github.com/pytorch/pytorch/issues/106112',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '',
  'introduced': None,
  'macos': '==13.2.1',
  'chips': [],
  'workaround': 'a newer macOS, or the product on the CPU',
  'page': 'bugs/cumprod-gradient-macos-13-2-1/',
  'triggers': [],
  'ops': ['cumprod'],
  'seen': '2023-07-27'},
 {'slug': 'dropout-seed-nondeterministic',
  'claim': '`nn.Dropout` is not reproducible under `torch.manual_seed`.',
  'when': '',
  'issue': 'pytorch/pytorch#84516',
  'url': 'https://github.com/pytorch/pytorch/issues/84516',
  'kind': 'nondeterministic',
  'family': 'random',
  'affected': '<2.0,>=1.13.0.dev20220902',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/dropout-seed-nondeterministic/',
  'triggers': [],
  'ops': ['dropout'],
  'seen': '2022-09-03'},
 {'slug': 'einsum-first-call-wrong',
  'claim': '`torch.einsum` is wrong on the first call and right afterwards.',
  'when': '',
  'issue': 'pytorch/pytorch#85224',
  'url': 'https://github.com/pytorch/pytorch/issues/85224',
  'kind': 'nondeterministic',
  'family': 'matmul',
  'affected': '==1.13.0.dev20220917',
  'introduced': '1.13.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'matmul with an explicit contiguous transpose',
  'page': 'bugs/einsum-first-call-wrong/',
  'triggers': [],
  'ops': ['bmm', 'einsum'],
  'seen': '2022-09-17'},
 {'slug': 'einsum-gradient-wrong',
  'claim': 'The gradient of `torch.einsum` with weights per head differs from the CPU.',
  'when': '',
  'issue': 'pytorch/pytorch#117826',
  'url': 'https://github.com/pytorch/pytorch/issues/117826',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'one Linear module for each head',
  'page': 'bugs/einsum-gradient-wrong/',
  'triggers': [],
  'ops': ['bmm', 'einsum'],
  'seen': '2024-01-19'},
 {'slug': 'embedding-backward-nondeterministic',
  'claim': 'The backward of `F.embedding` differs from run to run although determinism is asked for.',
  'when': '',
  'issue': 'pytorch/pytorch#195404',
  'url': 'https://github.com/pytorch/pytorch/issues/195404',
  'kind': 'nondeterministic',
  'family': 'autograd',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': "one-hot matmul (issue's comparison)",
  'page': 'bugs/embedding-backward-nondeterministic/',
  'triggers': [],
  'ops': ['embedding'],
  'seen': '2026-08-31'},
 {'slug': 'faster-rcnn-nan-grads-race',
  'claim': 'NaN and infinite gradients appear at random in the `backward` of Faster R-CNN.',
  'when': '',
  'issue': 'pytorch/pytorch#190632',
  'url': 'https://github.com/pytorch/pytorch/issues/190632',
  'kind': 'nondeterministic',
  'family': 'model',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/faster-rcnn-nan-grads-race/',
  'triggers': [],
  'ops': ['backward', 'roi_align'],
  'seen': '2026-07-21'},
 {'slug': 'fftfreq-range',
  'claim': '`torch.fft.fftfreq(10000)` differs from the CPU.',
  'when': '',
  'issue': 'pytorch/pytorch#135223',
  'url': 'https://github.com/pytorch/pytorch/issues/135223',
  'kind': 'wrong',
  'family': 'fft',
  'affected': '==2.4.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'make it on CPU and move',
  'page': 'bugs/fftfreq-range/',
  'triggers': [],
  'ops': ['fftfreq'],
  'seen': '2024-09-05'},
 {'slug': 'fold-accepts-wrong-shape',
  'claim': '`F.fold` accepts an input of the wrong shape and makes up a result.',
  'when': '',
  'issue': 'pytorch/pytorch#170639',
  'url': 'https://github.com/pytorch/pytorch/issues/170639',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '==2.10.0.dev20251210',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'check the number of blocks before the call',
  'page': 'bugs/fold-accepts-wrong-shape/',
  'triggers': [],
  'ops': ['fold'],
  'seen': '2025-12-17'},
 {'slug': 'fork-rng-state-frozen',
  'claim': 'After `torch.random.fork_rng` the generator does not advance on the next draw.',
  'when': '',
  'issue': 'pytorch/pytorch#124833',
  'url': 'https://github.com/pytorch/pytorch/issues/124833',
  'kind': 'wrong',
  'family': 'random',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 're-seed after fork_rng',
  'page': 'bugs/fork-rng-state-frozen/',
  'triggers': [],
  'ops': ['fork_rng', 'get_rng_state'],
  'seen': '2024-04-24'},
 {'slug': 'from-dlpack-byte-offset',
  'claim': '`torch.from_dlpack` ignores the byte offset of a Metal buffer.',
  'when': '',
  'issue': 'pytorch/pytorch#169272',
  'url': 'https://github.com/pytorch/pytorch/issues/169272',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<2.10',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': "hand over tensors that start at their buffer's beginning",
  'page': 'bugs/from-dlpack-byte-offset/',
  'triggers': [],
  'ops': ['from_dlpack', 'to_dlpack'],
  'seen': '2025-12-01'},
 {'slug': 'generator-clone-restarts',
  'claim': 'A clone of a `torch.Generator` starts again from the seed.',
  'when': '',
  'issue': 'pytorch/pytorch#185002',
  'url': 'https://github.com/pytorch/pytorch/issues/185002',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<2.13',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/generator-clone-restarts/',
  'triggers': [],
  'ops': ['generator'],
  'seen': '2026-05-23'},
 {'slug': 'generator-set-state-restarts',
  'claim': '`Generator.set_state` starts again from the seed instead of the saved position.',
  'when': '',
  'issue': 'pytorch/pytorch#130613',
  'url': 'https://github.com/pytorch/pytorch/issues/130613',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<2.5',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'do not rely on state; re-seed with a new seed per step',
  'page': 'bugs/generator-set-state-restarts/',
  'triggers': [],
  'ops': ['get_state', 'set_state'],
  'seen': '2024-07-12'},
 {'slug': 'groupnorm-backward-nan-113',
  'claim': 'The backward of `nn.GroupNorm` gives NaN.',
  'when': '',
  'issue': 'pytorch/pytorch#88331',
  'url': 'https://github.com/pytorch/pytorch/issues/88331',
  'kind': 'nan',
  'family': 'normalisation',
  'affected': '==1.13.0',
  'introduced': '1.13',
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/groupnorm-backward-nan-113/',
  'triggers': [],
  'ops': ['group_norm'],
  'seen': '2022-11-02'},
 {'slug': 'gru-nan-2023',
  'claim': '`nn.GRU` gives NaN.',
  'when': '',
  'issue': 'pytorch/pytorch#94691',
  'url': 'https://github.com/pytorch/pytorch/issues/94691',
  'kind': 'nan',
  'family': 'recurrent',
  'affected': '==2.0.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'run the GRU on the CPU',
  'page': 'bugs/gru-nan-2023/',
  'triggers': [],
  'ops': ['gru'],
  'seen': '2023-06-01'},
 {'slug': 'hessian-functorch-zero',
  'claim': "A Hessian by functorch's `vmap` and `jacrev` is zero.",
  'when': '',
  'issue': 'pytorch/pytorch#88308',
  'url': 'https://github.com/pytorch/pytorch/issues/88308',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '==1.13.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'compute it on the CPU',
  'page': 'bugs/hessian-functorch-zero/',
  'triggers': [],
  'ops': ['jacrev', 'vmap'],
  'seen': '2022-11-01'},
 {'slug': 'index-add-not-deterministic',
  'claim': '`torch.index_add` differs from run to run although determinism is asked for.',
  'when': '',
  'issue': 'pytorch/pytorch#161029',
  'url': 'https://github.com/pytorch/pytorch/issues/161029',
  'kind': 'nondeterministic',
  'family': 'indexing',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'CPU for sums that must repeat bit-exactly',
  'page': 'bugs/index-add-not-deterministic/',
  'triggers': [],
  'ops': ['index_add', 'index_put'],
  'seen': '2025-08-20'},
 {'slug': 'index-put-nondeterministic-duplicates',
  'claim': '`x[idx] = v` with repeated indices differs from run to run although determinism is asked for.',
  'when': '',
  'issue': 'pytorch/pytorch#97574',
  'url': 'https://github.com/pytorch/pytorch/issues/97574',
  'kind': 'nondeterministic',
  'family': 'indexing',
  'affected': '==2.1.0.dev20230320',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'make indices unique, or CPU',
  'page': 'bugs/index-put-nondeterministic-duplicates/',
  'triggers': [],
  'ops': ['__setitem', 'index_put'],
  'seen': '2023-03-24'},
 {'slug': 'interpolate-nearest-exact',
  'claim': '`F.interpolate` with `mode="nearest-exact"` picks a neighbouring sample.',
  'when': '',
  'issue': 'pytorch/pytorch#134430',
  'url': 'https://github.com/pytorch/pytorch/issues/134430',
  'kind': 'wrong',
  'family': 'conv-pool',
  'affected': '==2.5.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'gather with indices made on CPU',
  'page': 'bugs/interpolate-nearest-exact/',
  'triggers': [],
  'ops': ['interpolate'],
  'seen': '2024-08-25'},
 {'slug': 'l1-distance-large-row-sum',
  'claim': '`(a - A).abs().sum(1)` over 360,000 columns is wrong.',
  'when': '',
  'issue': 'pytorch/pytorch#111889',
  'url': 'https://github.com/pytorch/pytorch/issues/111889',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'clone A[i]',
  'page': 'bugs/l1-distance-large-row-sum/',
  'triggers': [],
  'ops': ['abs', 'sum'],
  'seen': '2023-10-24'},
 {'slug': 'linear-stack-grad-large-vocab',
  'claim': 'Gradients of stacked `nn.Linear` layers differ from the CPU for a large vocabulary.',
  'when': '',
  'issue': 'pytorch/pytorch#153957',
  'url': 'https://github.com/pytorch/pytorch/issues/153957',
  'kind': 'wrong',
  'family': 'autograd',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'check on CPU in float64',
  'page': 'bugs/linear-stack-grad-large-vocab/',
  'triggers': [],
  'ops': ['addmm', 'linear', 'mm'],
  'seen': '2025-05-20'},
 {'slug': 'linear-wrong-macos-13-2-1',
  'claim': '`nn.Linear` of long 3-D inputs is wrong on macOS 13.2.1.',
  'when': '',
  'issue': 'pytorch/pytorch#95188',
  'url': 'https://github.com/pytorch/pytorch/issues/95188',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '',
  'introduced': None,
  'macos': '==13.2.1',
  'chips': [],
  'workaround': 'x @ w.t() + b',
  'page': 'bugs/linear-wrong-macos-13-2-1/',
  'triggers': [],
  'ops': ['addmm', 'linear', 'mm'],
  'seen': '2023-03-21'},
 {'slug': 'load-map-location-zero-weights',
  'claim': '`torch.load(map_location="mps")` gives weights of zero.',
  'when': '',
  'issue': 'pytorch/pytorch#85230',
  'url': 'https://github.com/pytorch/pytorch/issues/85230',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '==1.13.0.dev20220917',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'map_location="cpu", load_state_dict, then .to("mps")',
  'page': 'bugs/load-map-location-zero-weights/',
  'triggers': [],
  'ops': ['load'],
  'seen': '2022-09-18'},
 {'slug': 'lstm-backward-and-multilayer',
  'claim': 'The backward of `nn.LSTM` and the initial states of several layers are wrong.',
  'when': '',
  'issue': 'pytorch/pytorch#95137',
  'url': 'https://github.com/pytorch/pytorch/issues/95137',
  'kind': 'wrong',
  'family': 'recurrent',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/lstm-backward-and-multilayer/',
  'triggers': [],
  'ops': ['lstm'],
  'seen': '2023-02-19'},
 {'slug': 'lstm-memory-leak',
  'claim': '`nn.LSTM` keeps memory with each call.',
  'when': '',
  'issue': 'pytorch/pytorch#145503',
  'url': 'https://github.com/pytorch/pytorch/issues/145503',
  'kind': 'memory',
  'family': 'system',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/lstm-memory-leak/',
  'triggers': [],
  'ops': ['lstm'],
  'seen': '2025-01-23'},
 {'slug': 'lstm-packed-sequence',
  'claim': '`nn.LSTM` of a packed sequence is wrong for batches above 1.',
  'when': '',
  'issue': 'pytorch/pytorch#95118',
  'url': 'https://github.com/pytorch/pytorch/issues/95118',
  'kind': 'wrong',
  'family': 'recurrent',
  'affected': '==2.0.0.dev20230217',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'pad and mask',
  'page': 'bugs/lstm-packed-sequence/',
  'triggers': [],
  'ops': ['lstm'],
  'seen': '2023-02-18'},
 {'slug': 'manual-seed-ignored',
  'claim': '`torch.manual_seed` has no effect on random numbers drawn on the device.',
  'when': '',
  'issue': 'pytorch/pytorch#84288',
  'url': 'https://github.com/pytorch/pytorch/issues/84288',
  'kind': 'nondeterministic',
  'family': 'random',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'draw on CPU with a seeded generator, then .to("mps")',
  'page': 'bugs/manual-seed-ignored/',
  'triggers': [],
  'ops': ['manual_seed', 'randn'],
  'seen': '2022-08-30'},
 {'slug': 'masked-scatter-changes-source-and-lacks-check',
  'claim': '`torch.masked_scatter` resizes its source and does not check that it is long enough.',
  'when': '',
  'issue': 'pytorch/pytorch#175622',
  'url': 'https://github.com/pytorch/pytorch/issues/175622',
  'kind': 'wrong',
  'family': 'mask',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'pass a clone and check sizes',
  'page': 'bugs/masked-scatter-changes-source-and-lacks-check/',
  'triggers': [],
  'ops': ['masked_scatter'],
  'seen': '2026-02-24'},
 {'slug': 'matmul-32000-square-zeros',
  'claim': '`torch.matmul` of two matrices of 32,000 by 32,000 is shown as all zeros.',
  'when': '',
  'issue': 'pytorch/pytorch#123716',
  'url': 'https://github.com/pytorch/pytorch/issues/123716',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '==2.2.2',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'multiply in blocks of rows',
  'page': 'bugs/matmul-32000-square-zeros/',
  'triggers': [],
  'ops': ['bmm', 'matmul', 'mm'],
  'seen': '2024-04-10'},
 {'slug': 'max-unpool-accepts-invalid-index',
  'claim': '`F.max_unpool2d` accepts indices outside the output and returns a tensor.',
  'when': '',
  'issue': 'pytorch/pytorch#163035',
  'url': 'https://github.com/pytorch/pytorch/issues/163035',
  'kind': 'wrong',
  'family': 'indexing',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'check the indices before the call',
  'page': 'bugs/max-unpool-accepts-invalid-index/',
  'triggers': [],
  'ops': ['max_unpool2d', 'max_unpool3d'],
  'seen': '2025-09-16'},
 {'slug': 'mha-forward-values-differ',
  'claim': '`F.multi_head_attention_forward` returns other values and weights than the CPU.',
  'when': '',
  'issue': 'pytorch/pytorch#111479',
  'url': 'https://github.com/pytorch/pytorch/issues/111479',
  'kind': 'wrong',
  'family': 'attention',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'compare on CPU; reporter had no Mac, dropout may play a part',
  'page': 'bugs/mha-forward-values-differ/',
  'triggers': [],
  'ops': ['multi_head_attention_forward'],
  'seen': '2023-10-18'},
 {'slug': 'mha-mask-dropout-nan',
  'claim': '`nn.MultiheadAttention` with a mask and dropout gives NaN in training.',
  'when': '',
  'issue': 'pytorch/pytorch#151667',
  'url': 'https://github.com/pytorch/pytorch/issues/151667',
  'kind': 'nan',
  'family': 'attention',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'no dropout in the attention',
  'page': 'bugs/mha-mask-dropout-nan/',
  'triggers': [],
  'ops': ['flash_attention', 'multiheadattention', 'scaled_dot_product_attention', 'sdpa'],
  'seen': '2025-04-18'},
 {'slug': 'mm-padding-overflow-alignment',
  'claim': '`torch.mm` of certain shapes gives wrong values or an assertion.',
  'when': '',
  'issue': 'pytorch/pytorch#178056',
  'url': 'https://github.com/pytorch/pytorch/issues/178056',
  'kind': 'wrong',
  'family': 'matmul',
  'affected': '<2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'compute it on the CPU',
  'page': 'bugs/mm-padding-overflow-alignment/',
  'triggers': [],
  'ops': ['bmm', 'matmul', 'mm'],
  'seen': '2026-03-23'},
 {'slug': 'multinomial-int64-min',
  'claim': '`torch.multinomial` returns -9223372036854775808.',
  'when': '',
  'issue': 'pytorch/pytorch#92752',
  'url': 'https://github.com/pytorch/pytorch/issues/92752',
  'kind': 'wrong',
  'family': 'random',
  'affected': '<2.1,>=2.0.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'sample on the CPU',
  'page': 'bugs/multinomial-int64-min/',
  'triggers': [],
  'ops': ['argmax', 'categorical', 'multinomial'],
  'seen': '2025-03-11'},
 {'slug': 'multinomial-out-of-domain',
  'claim': '`torch.multinomial` with replacement returns an index past the last category.',
  'when': '',
  'issue': 'pytorch/pytorch#136623',
  'url': 'https://github.com/pytorch/pytorch/issues/136623',
  'kind': 'wrong',
  'family': 'random',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'sample on CPU, or clamp',
  'page': 'bugs/multinomial-out-of-domain/',
  'triggers': [],
  'ops': ['multinomial'],
  'seen': '2024-09-25'},
 {'slug': 'norm-empty-dim-then-dim-cache',
  'claim': '`x.norm(2, dim=[])` spoils a later `x.norm(2, dim=0)` of the same shape.',
  'when': '',
  'issue': 'pytorch/pytorch#97231',
  'url': 'https://github.com/pytorch/pytorch/issues/97231',
  'kind': 'wrong',
  'family': 'graph-cache',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'use x.flatten().norm() for the full norm',
  'page': 'bugs/norm-empty-dim-then-dim-cache/',
  'triggers': [],
  'ops': ['norm'],
  'seen': '2023-03-21'},
 {'slug': 'pad-2d-column-wrong',
  'claim': '`F.pad` of a column smears it over a row.',
  'when': '',
  'issue': 'pytorch/pytorch#80192',
  'url': 'https://github.com/pytorch/pytorch/issues/80192',
  'kind': 'wrong',
  'family': 'strides',
  'affected': '<1.12.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'cat with zeros',
  'page': 'bugs/pad-2d-column-wrong/',
  'triggers': [],
  'ops': ['pad'],
  'seen': '2022-06-23'},
 {'slug': 'pin-memory-device-mps',
  'claim': '`torch.empty(pin_memory=True)` for the CPU lies on the GPU.',
  'when': '',
  'issue': 'pytorch/pytorch#181374',
  'url': 'https://github.com/pytorch/pytorch/issues/181374',
  'kind': 'wrong',
  'family': 'copy',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'no pin_memory on Macs',
  'page': 'bugs/pin-memory-device-mps/',
  'triggers': [],
  'ops': ['empty', 'pin_memory'],
  'seen': '2026-04-24'},
 {'slug': 'pin-memory-recycled-buffer',
  'claim': '`pin_memory()` can return a buffer that queued GPU work still overwrites.',
  'when': '',
  'issue': 'pytorch/pytorch#193819',
  'url': 'https://github.com/pytorch/pytorch/issues/193819',
  'kind': 'nondeterministic',
  'family': 'race',
  'affected': '<2.14',
  'introduced': '2.14.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'torch.mps.synchronize() before pinning, or no pin_memory',
  'page': 'bugs/pin-memory-recycled-buffer/',
  'triggers': [],
  'ops': ['pin_memory'],
  'seen': '2026-08-17'},
 {'slug': 'quantile-dim-unsorted',
  'claim': '`torch.quantile` along a dimension does not sort first.',
  'when': '',
  'issue': 'pytorch/pytorch#101878',
  'url': 'https://github.com/pytorch/pytorch/issues/101878',
  'kind': 'wrong',
  'family': 'reduction',
  'affected': '==2.0.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'sort first',
  'page': 'bugs/quantile-dim-unsorted/',
  'triggers': [],
  'ops': ['quantile'],
  'seen': '2023-05-19'},
 {'slug': 'randn-statistics-differ',
  'claim': 'The histogram of `torch.randn` does not match that of the CPU.',
  'when': '',
  'issue': 'pytorch/pytorch#115325',
  'url': 'https://github.com/pytorch/pytorch/issues/115325',
  'kind': 'wrong',
  'family': 'random',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'draw on CPU',
  'page': 'bugs/randn-statistics-differ/',
  'triggers': [],
  'ops': ['randn'],
  'seen': '2023-12-07'},
 {'slug': 'randperm-ties-not-uniform',
  'claim': '`torch.randperm` is not exactly uniform.',
  'when': '',
  'issue': 'pytorch/pytorch#104315',
  'url': 'https://github.com/pytorch/pytorch/issues/104315',
  'kind': 'wrong',
  'family': 'random',
  'affected': '==2.1.0a0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'draw on CPU',
  'page': 'bugs/randperm-ties-not-uniform/',
  'triggers': [],
  'ops': ['randperm'],
  'seen': '2023-06-28'},
 {'slug': 'rearranged-linear-nan-first-look',
  'claim': 'The rearranged output of `nn.Linear` holds NaN on the first look and none on the second.',
  'when': '',
  'issue': 'pytorch/pytorch#85516',
  'url': 'https://github.com/pytorch/pytorch/issues/85516',
  'kind': 'nondeterministic',
  'family': 'strides',
  'affected': '==1.13.0.dev20220917',
  'introduced': '1.13.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'call .detach() on the output before the rearrange',
  'page': 'bugs/rearranged-linear-nan-first-look/',
  'triggers': [],
  'ops': ['addmm', 'linear', 'mm', 'rearrange', 'view'],
  'seen': '2022-09-22'},
 {'slug': 'resnet-grad-inconsistent',
  'claim': 'Gradients of torchvision models from `backward` differ from those of the CPU.',
  'when': '',
  'issue': 'pytorch/pytorch#78035',
  'url': 'https://github.com/pytorch/pytorch/issues/78035',
  'kind': 'wrong',
  'family': 'model',
  'affected': '==1.13.0.dev20220823',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/resnet-grad-inconsistent/',
  'triggers': [],
  'ops': ['backward'],
  'seen': '2022-08-24'},
 {'slug': 'rmsnorm-half-weight-rounding',
  'claim': '`F.rms_norm` in half types rounds before it multiplies by the weight.',
  'when': '',
  'issue': 'pytorch/pytorch#189617',
  'url': 'https://github.com/pytorch/pytorch/issues/189617',
  'kind': 'wrong',
  'family': 'normalisation',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'compute the norm in float32',
  'page': 'bugs/rmsnorm-half-weight-rounding/',
  'triggers': [],
  'ops': ['rms_norm'],
  'seen': '2026-07-11'},
 {'slug': 'rprop-noncontiguous',
  'claim': '`torch.optim.Rprop` does not move non-contiguous parameters.',
  'when': '',
  'issue': 'pytorch/pytorch#118117',
  'url': 'https://github.com/pytorch/pytorch/issues/118117',
  'kind': 'wrong',
  'family': 'optimizer',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'contiguous parameters',
  'page': 'bugs/rprop-noncontiguous/',
  'triggers': [],
  'ops': ['rprop'],
  'seen': '2024-01-23'},
 {'slug': 'sort-padding-index-out-of-range',
  'claim': '`torch.sort` returns indices out of range for extreme values and NaN.',
  'when': '',
  'issue': 'pytorch/pytorch#184620',
  'url': 'https://github.com/pytorch/pytorch/issues/184620',
  'kind': 'wrong',
  'family': 'sort',
  'affected': '<2.13',
  'introduced': '2.13.0.dev0',
  'macos': None,
  'chips': [],
  'workaround': 'replace NaN/extreme values first',
  'page': 'bugs/sort-padding-index-out-of-range/',
  'triggers': [],
  'ops': ['argsort', 'sort'],
  'seen': '2026-05-20'},
 {'slug': 'sum-mean-rarely-wrong',
  'claim': '`torch.sum` now and then gives another number when it is called many times in a row.',
  'when': '',
  'issue': 'pytorch/pytorch#178497',
  'url': 'https://github.com/pytorch/pytorch/issues/178497',
  'kind': 'nondeterministic',
  'family': 'reduction',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'repeat the reduction and compare, or reduce on the CPU',
  'page': 'bugs/sum-mean-rarely-wrong/',
  'triggers': [],
  'ops': ['count_nonzero', 'mean', 'nansum', 'sum', 'trace'],
  'seen': '2026-03-26'},
 {'slug': 'svd-jacobi-nonorthogonal-214',
  'claim': '`torch.linalg.svd` returns a `U` that is not orthogonal.',
  'when': '',
  'issue': 'pytorch/pytorch#196112',
  'url': 'https://github.com/pytorch/pytorch/issues/196112',
  'kind': 'wrong',
  'family': 'linalg',
  'affected': '==2.14.0',
  'introduced': '2.14',
  'macos': None,
  'chips': [],
  'workaround': 'compute it on the CPU',
  'page': 'bugs/svd-jacobi-nonorthogonal-214/',
  'triggers': [],
  'ops': ['svd'],
  'seen': '2026-09-05'},
 {'slug': 'sync-after-nonblocking-not-waiting',
  'claim': '`torch.mps.synchronize` does not wait for an earlier command buffer.',
  'when': '',
  'issue': 'pytorch/pytorch#140725',
  'url': 'https://github.com/pytorch/pytorch/issues/140725',
  'kind': 'nondeterministic',
  'family': 'race',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': '.cpu()/.item() on the tensor itself',
  'page': 'bugs/sync-after-nonblocking-not-waiting/',
  'triggers': [],
  'ops': ['synchronize'],
  'seen': '2024-11-14'},
 {'slug': 'tensor-zero-after-app-switch',
  'claim': 'A `torch.randn` tensor on `mps` turns to zeros after switching to another program.',
  'when': '',
  'issue': 'pytorch/pytorch#77829',
  'url': 'https://github.com/pytorch/pytorch/issues/77829',
  'kind': 'nondeterministic',
  'family': 'system',
  'affected': '==1.12.0.dev20220518',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/tensor-zero-after-app-switch/',
  'triggers': [],
  'ops': ['randn'],
  'seen': '2022-05-19'},
 {'slug': 'transformer-training-loss-differs',
  'claim': 'Training a transformer with `nn.MultiheadAttention` reports a loss nine times smaller than on the CPU.',
  'when': '',
  'issue': 'pytorch/pytorch#103343',
  'url': 'https://github.com/pytorch/pytorch/issues/103343',
  'kind': 'wrong',
  'family': 'model',
  'affected': '==2.1.0.dev20230608',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': None,
  'page': 'bugs/transformer-training-loss-differs/',
  'triggers': [],
  'ops': ['flash_attention', 'multiheadattention', 'scaled_dot_product_attention', 'sdpa'],
  'seen': '2023-06-09'},
 {'slug': 'uint16-division-garbage',
  'claim': '`torch.div` of uint16, uint32 or uint64 tensors gives garbage.',
  'when': '',
  'issue': 'pytorch/pytorch#176296',
  'url': 'https://github.com/pytorch/pytorch/issues/176296',
  'kind': 'wrong',
  'family': 'dtype',
  'affected': '<2.12',
  'introduced': '2.9',
  'macos': None,
  'chips': [],
  'workaround': 'convert to int32 or int64 first',
  'page': 'bugs/uint16-division-garbage/',
  'triggers': [],
  'ops': ['div'],
  'seen': '2026-03-03'},
 {'slug': 'unique-counts-wrong-over-1m',
  'claim': '`torch.unique` returns too small counts for a million integers.',
  'when': '',
  'issue': 'pytorch/pytorch#111173',
  'url': 'https://github.com/pytorch/pytorch/issues/111173',
  'kind': 'nondeterministic',
  'family': 'sort',
  'affected': '<2.14',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'torch.unique on CPU',
  'page': 'bugs/unique-counts-wrong-over-1m/',
  'triggers': [],
  'ops': ['_unique2', 'unique'],
  'seen': '2023-10-13'},
 {'slug': 'unique-single-value-count-maxint',
  'claim': '`torch.unique` returns 2**63 - 1 as the count of a single value.',
  'when': '',
  'issue': 'ultralytics/ultralytics#12999',
  'url': 'https://github.com/ultralytics/ultralytics/issues/12999',
  'kind': 'wrong',
  'family': 'sort',
  'affected': '==2.3.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'unique on CPU',
  'page': 'bugs/unique-single-value-count-maxint/',
  'triggers': [],
  'ops': ['_unique2', 'unique'],
  'seen': '2024-05-21'},
 {'slug': 'var-large-reduction-intermittent-27',
  'claim': '`torch.var` of a few million elements is now and then wrong on macOS 27.',
  'when': '',
  'issue': 'pytorch/pytorch#197235',
  'url': 'https://github.com/pytorch/pytorch/issues/197235',
  'kind': 'nondeterministic',
  'family': 'reduction',
  'affected': '',
  'introduced': None,
  'macos': '>=27',
  'chips': [],
  'workaround': 'reduce in two steps over smaller dims',
  'page': 'bugs/var-large-reduction-intermittent-27/',
  'triggers': [],
  'ops': ['std', 'var', 'var_mean'],
  'seen': '2026-09-16'},
 {'slug': 'view-second-dim-zero-offset',
  'claim': '`x[i:j, :k]`, a slice of two dimensions, takes the wrong block.',
  'when': '',
  'issue': 'pytorch/pytorch#95381',
  'url': 'https://github.com/pytorch/pytorch/issues/95381',
  'kind': 'wrong',
  'family': 'offset',
  'affected': '<2.0',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'clone the slice',
  'page': 'bugs/view-second-dim-zero-offset/',
  'triggers': [],
  'ops': ['__getitem', 'index', 'slice'],
  'seen': '2023-02-23'},
 {'slug': 'weights-corrupted-device-map-mps',
  'claim': 'Loading a diffusers model with `device_map="mps"` corrupts weights at random.',
  'when': '',
  'issue': 'huggingface/diffusers#13308',
  'url': 'https://github.com/huggingface/diffusers/issues/13308',
  'kind': 'nondeterministic',
  'family': 'race',
  'affected': '',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'load on CPU, then .to("mps")',
  'page': 'bugs/weights-corrupted-device-map-mps/',
  'triggers': [],
  'danger': 26,
  'ops': ['_to_copy', 'copy', 'cpu', 'cuda', 'to'],
  'seen': '2026-03-22'}]


# ---- aten ------------------------------------------------------------------------------------------------------------
# Names and arguments of aten ops, as triggers speak of them.


@cache
def base_name(op) -> str:
    """The name that triggers use: no overload, and no trailing underscore where the op writes to `self`."""
    return op._schema.name.rpartition("::")[2].removesuffix("_")


def bind(op, args, kwargs) -> dict[str, Any]:
    """The arguments by their names in the op's schema, defaults included."""
    bound = {}
    for position, argument in enumerate(op._schema.arguments):
        if position < len(args):
            bound[argument.name] = args[position]
        elif argument.name in kwargs:
            bound[argument.name] = kwargs[argument.name]
        elif argument.has_default_value():
            bound[argument.name] = argument.default_value
    return bound


def unbind(op, bound: dict) -> tuple[list, dict]:
    """The reverse of `bind`: positional and keyword arguments."""
    args, kwargs = [], {}
    for argument in op._schema.arguments:
        if argument.name not in bound:
            continue
        if argument.kwarg_only:
            kwargs[argument.name] = bound[argument.name]
        else:
            args.append(bound[argument.name])
    return args, kwargs


def destinations_of(op) -> tuple[str, ...]:
    """The arguments that an op writes its results to: those of `out=`, or `self` in place. Empty if it makes them."""
    arguments = op._schema.arguments
    out = tuple(a.name for a in arguments if a.is_out)
    in_place = tuple(a.name for a in arguments[:1] if a.alias_info is not None and a.alias_info.is_write)
    return out or in_place


def overloads(name: str) -> list:
    """The overloads of an op by its `base_name`, in place ones included; empty if torch has none. Imports torch."""
    import torch

    packets = [getattr(torch.ops.aten, spelled, None) for spelled in (name, name + "_")]
    return [getattr(packet, overload) for packet in packets if packet is not None for overload in packet.overloads()]


# ---- mps_names -------------------------------------------------------------------------------------------------------
# Ops that exist on mps alone, and what is seen of them elsewhere.


# The gradients that arrive at the results, the first result's first.
INCOMING = ("the gradient of the result", "the gradient of the second result", "the gradient of the third result")


@dataclass(frozen=True)
class Gradient:
    """A gradient that mps has a kernel for, and the CPU none: the forward op, and its arguments by those of that op.

    `needed` are the arguments of that op whose gradients its `output_mask` asks for, one after the other.
    """

    of: str
    args: dict[str, str]
    needed: tuple[str, ...] = ()


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_POOLING = _same("self", "kernel_size", "stride", "padding", "dilation", "ceil_mode")
_RECURRENT = _same(
    "input", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first"
)
GRADIENTS = {
    "linear_backward": Gradient(
        "linear",
        {"self": "input", "grad_output": INCOMING[0], "weight": "weight"},
        ("input", "weight", "bias"),
    ),
    "max_pool2d_backward": Gradient("max_pool2d", {"grad_output": INCOMING[0]} | _POOLING),
    "lstm_mps_backward": Gradient("lstm", dict(zip(("grad_y", "grad_hy", "grad_cy"), INCOMING)) | _RECURRENT),
}
WITHIN = {  # called by mps inside the op that stands beside it
    "_mps_convolution": "convolution",
    "_mps_convolution_transpose": "convolution",
    "mps_convolution_backward": "convolution_backward",
    "mps_convolution_transpose_backward": "convolution_backward",
    "_lstm_mps": "lstm",
}


# ---- properties ------------------------------------------------------------------------------------------------------
# What a trigger may ask of an argument, one entry a word: how it is read, and what it may be compared with.


def layout(tensor) -> str:
    """The layout: contiguous, permuted (dense, in another order), sliced (gaps) or expanded (a stride of 0)."""
    if tensor.is_contiguous():
        return "contiguous"
    sizes_strides = [(size, stride) for size, stride in zip(tensor.shape, tensor.stride()) if size > 1]
    if any(stride == 0 for _, stride in sizes_strides):
        return "expanded"
    dense, expected = True, 1
    for size, stride in sorted(sizes_strides, key=lambda pair: pair[1]):
        dense, expected = dense and stride == expected, expected * size
    return "permuted" if dense else "sliced"


def order(tensor) -> str:
    """The dimensions from the outermost in memory to the innermost, such as `0213`; empty where there are gaps.

    The strides must be the exact ones: also that of a dimension of size 1, at which kernels look as at any other.
    """
    sizes, strides = tensor.shape, tensor.stride()
    dims = sorted(range(tensor.ndim), key=lambda dim: (-strides[dim], -sizes[dim]))
    expected = 1
    for dim in reversed(dims):
        if strides[dim] != expected:
            return ""
        expected *= sizes[dim]
    return "".join(map(str, dims))


def records_gradient(tensor) -> bool:
    """Whether autograd records what is done with it."""
    import torch

    return tensor.requires_grad and torch.is_grad_enabled()


def plain(value) -> bool | int | float | str | None:
    """The value of an argument that is no tensor; what torch has a name for (a dtype, a device) is that name."""
    if is_tensor(value):
        return None
    return value if value is None or isinstance(value, (int, float, str)) else str(value).removeprefix("torch.")


def element(values, dim: int | None):
    """The whole value, or one item of a list; a single number stands for a list of such."""
    if dim is None or not isinstance(values, (list, tuple)):
        return plain(values)
    return plain(values[dim]) if -len(values) <= dim < len(values) else None


def at(numbers, dim: int | None) -> int | None:
    """A size or stride by its dimension; None if there is no such dimension."""
    return numbers[dim] if dim is not None and -len(numbers) <= dim < len(numbers) else None


def extreme(tensor, name: str) -> int | float | None:
    """The largest or smallest value; None of nothing, of complex numbers and where some value is NaN."""
    if not tensor.numel() or tensor.is_complex():
        return None
    found = getattr(tensor.detach().cpu(), name)().item()
    return None if found != found else int(found) if isinstance(found, bool) else found


def is_tensor(value) -> bool:
    """True for a tensor."""
    return hasattr(value, "storage_offset")


def tensors_in_argument(value) -> Iterator:
    """The tensors in an argument or a result: itself, or those in a list, also in lists of them."""
    if is_tensor(value):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in_argument(item)


def has_duplicates(tensor) -> bool:
    """Whether some value is there twice."""
    return tensor.numel() > len(tensor.detach().cpu().flatten().unique())


def has_masked_row(tensor) -> bool:
    """Whether a whole row (of the last dimension) is masked: all false, or all minus infinity."""
    if not tensor.ndim or not tensor.shape[-1]:
        return False
    values = tensor.detach().cpu()
    masked = ~values if str(values.dtype) == "torch.bool" else values == float("-inf")
    return bool(masked.all(-1).any())


PROPERTIES: dict[str, Callable[[Any, int | None, str], Any]] = {
    "layout": lambda t, dim, accelerator: layout(t),
    "order": lambda t, dim, accelerator: order(t),
    "device": lambda t, dim, accelerator: "accel" if t.device.type == accelerator else t.device.type,
    "dtype": lambda t, dim, accelerator: str(t.dtype).removeprefix("torch."),
    "size": lambda t, dim, accelerator: at(t.shape, dim),
    "stride": lambda t, dim, accelerator: at(t.stride(), dim),
    "ndim": lambda t, dim, accelerator: t.ndim,
    "numel": lambda t, dim, accelerator: t.numel(),
    "offset": lambda t, dim, accelerator: t.storage_offset(),
    "itemsize": lambda t, dim, accelerator: t.element_size(),
    "max": lambda t, dim, accelerator: extreme(t, "max"),
    "min": lambda t, dim, accelerator: extreme(t, "min"),
    "shape": lambda t, dim, accelerator: tuple(t.shape),
    "strides": lambda t, dim, accelerator: t.stride(),
    "memory": lambda t, dim, accelerator: t.untyped_storage()._cdata,
    "conj": lambda t, dim, accelerator: t.is_conj(),
    "grad": lambda t, dim, accelerator: records_gradient(t),
    "given": lambda value, dim, accelerator: value is not None,
    "tensor": lambda value, dim, accelerator: None if value is None else is_tensor(value),
    "value": lambda value, dim, accelerator: element(value, dim),
}
TAGS: dict[str, Callable[[Any], bool]] = {
    "neginf": lambda t: t.is_floating_point() and bool((t.cpu() == float("-inf")).any()),
    "inf": lambda t: bool(t.detach().cpu().isinf().any()),
    "nan": lambda t: bool(t.detach().cpu().isnan().any()),
    "zero": lambda t: bool((t.detach().cpu() == 0).any()),
    "duplicates": lambda t: has_duplicates(t),
    "masked-row": lambda t: has_masked_row(t),
    "square": lambda t: t.ndim >= 2 and t.shape[-1] == t.shape[-2],
}
NUMBERS = ("size", "stride", "ndim", "numel", "offset", "itemsize", "max", "min", "value")
WITH_DIM = ("size", "stride")  # `value` may have one too: of a list
ALIKE = ("shape", "strides", "memory")  # compared with that of another argument alone
OF_ANY_ARGUMENT = ("given", "tensor", "value")  # the others are properties of tensors
READS = ("max", "min", "memory")  # known from the tensor itself alone, as most tags are: calls that look alike differ
LOOKS = ("square",)  # the tags that are known from sizes
FLOATS = ("float16", "bfloat16", "float32", "float64")
FLOAT8S = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64")
YES_OR_NO = ("grad", "given", "tensor", "conj")
NAMES = {  # words that a property may be compared with; `order` and `value` are compared with more than a few
    "layout": ("contiguous", "permuted", "sliced", "expanded"),
    "device": ("cpu", "accel"),
    "dtype": ("bool", *INTEGERS, *FLOATS, *FLOAT8S, "complex32", "complex64", "complex128"),
    **dict.fromkeys(YES_OR_NO, ("true", "false")),
}
COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, literals: value in literals,
    "multiple-of": lambda value, number: number != 0 and value % number == 0,
    "not-multiple-of": lambda value, number: number != 0 and value % number != 0,
}
WORD_COMPARATORS = ("==", "!=", "in")


# ---- trigger ---------------------------------------------------------------------------------------------------------
# When a bug fires, said in data: an op and conditions on the properties of its arguments.


FORMS = ("inplace", "out")
PHASES = ("forward", "backward", "double-backward")
EARLIER = ("earlier", "never")  # true of some earlier call, of none


class BadTrigger(ValueError):
    """A trigger that is not in the grammar; the message says which part, and what is allowed."""


def phase_now() -> str:
    """The pass that the calling thread is in: `backward` while autograd computes gradients.

    `double-backward` where it records what it does there (`create_graph=True`), as a gradient of a gradient needs.
    """
    import torch

    if torch._C._current_graph_task_id() == -1:
        return "forward"
    return "double-backward" if torch.is_grad_enabled() else "backward"


@dataclass(frozen=True)
class Call:
    """One call of an op: what a trigger looks at.

    `args` maps the names of the aten schema to the values, `writes` names those that the results are written to,
    `result` is the returned value (None before the call), `accelerator` the device type that plays the part of `mps`,
    `phase` one of PHASES.
    """

    op: str
    args: dict[str, Any]
    writes: tuple[str, ...] = ()
    result: Any = None
    accelerator: str = "mps"
    phase: str = field(default_factory=phase_now)

    @property
    def form(self) -> str:
        """How it gives its results: `inplace`, `out` or `functional`."""
        if not self.writes:
            return "functional"
        return "inplace" if "self" in self.writes else "out"

    @property
    def destination(self) -> tuple:
        """The tensors that an in-place or `out=` call writes to, one for each result; empty if it makes its results."""
        return tuple(tensors_in_argument([self.args.get(name) for name in self.writes]))


@dataclass(frozen=True)
class Term:
    """A property of an argument: `key.size.-2`, `earlier.scale.value`. `dim` is a number or names an argument that is one.

    `of` is which call it is asked of: "" for this one, else one of EARLIER.
    """

    subject: str
    property: str
    dim: str | None = None
    of: str = ""

    @property
    def earlier(self) -> bool:
        """Whether it asks about earlier calls."""
        return self.of in EARLIER

    def __str__(self) -> str:
        parts = (self.of or None, self.subject, self.property, self.dim)
        return ".".join(part for part in parts if part is not None)


@dataclass(frozen=True)
class Product:
    """Terms and numbers multiplied, and divided by others: `query.size.1 / key.size.1`."""

    over: tuple[Term | str, ...]
    under: tuple[Term | str, ...] = ()

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The properties in it."""
        return tuple(factor for factor in self.over + self.under if isinstance(factor, Term))

    def __str__(self) -> str:
        return " * ".join(map(str, self.over)) + "".join(f" / {factor}" for factor in self.under)


@dataclass(frozen=True)
class Condition:
    """`weight.size.0 > 65536`: what is compared, how, and with what: a literal (several after `in`) or another product.

    Of a tag, `left` is the subject alone, the comparator `has`, and `right` the tag.
    """

    left: Product
    comparator: str
    right: Product | str

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The properties that it speaks of, on both sides."""
        return self.left.terms + (() if isinstance(self.right, str) else self.right.terms)

    @cached_property
    def subject(self) -> str:
        """The argument that it is mainly about."""
        return self.left.terms[0].subject

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """The arguments that it speaks of."""
        return tuple(dict.fromkeys(term.subject for term in self.terms))

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """The properties that it speaks of; none for a tag."""
        return () if self.comparator == "has" else tuple(dict.fromkeys(term.property for term in self.terms))

    @property
    def words(self) -> tuple[str, ...]:
        """The entries of the vocabulary that it uses, such as `PROPERTIES[size]`."""
        if self.comparator == "has":
            return (f"TAGS[{self.right}]",)
        return (f"COMPARATORS[{self.comparator}]", *(f"PROPERTIES[{name}]" for name in self.properties))

    @cached_property
    def of(self) -> str:
        """Which call it asks about: "" for this one alone, else one of EARLIER."""
        return self.left.terms[0].of

    @cached_property
    def earlier(self) -> bool:
        """Whether it asks about earlier calls."""
        return self.of in EARLIER

    @cached_property
    def reads(self) -> bool:
        """Whether two calls that look alike (sizes, dtypes, strides, numbers) may differ in it: by values or memory."""
        return self.right not in LOOKS if self.comparator == "has" else any(name in READS for name in self.properties)

    @cached_property
    def alike(self) -> bool:
        """Whether a property is held against the same one of another call or argument, equal or not."""
        if isinstance(self.right, str) or self.comparator not in ("==", "!="):
            return False
        sides = (self.left, self.right)
        if any(len(side.over) != 1 or side.under or not side.terms for side in sides):
            return False
        return sides[0].terms[0].property == sides[1].terms[0].property

    def __str__(self) -> str:
        left = self.subject if self.comparator == "has" else self.left
        return f"{left} {self.comparator} {self.right}"


@dataclass(frozen=True)
class Trigger:
    """Any of `ops`, called in this `form` and `phase` (None: any), with every condition true."""

    ops: tuple[str, ...]
    when: tuple[Condition, ...] = ()
    form: str | None = None
    phase: str | None = None

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.ops, self.when, self.form, self.phase))

    @property
    def table(self) -> dict:
        """The trigger as it is written in metadata."""
        table = {"op": list(self.ops), "when": [str(condition) for condition in self.when]}
        more = {"form": self.form, "phase": self.phase}
        return table | {name: value for name, value in more.items() if value}

    def needs_result(self) -> bool:
        """True if it can be decided only after the call."""
        return any("result" in condition.subjects for condition in self.when)

    @cached_property
    def looks(self) -> Trigger:
        """What of it two calls that look alike have in common; itself if that is all."""
        when = tuple(c for c in self.when if not c.reads and not c.earlier)
        return self if when == self.when else replace(self, when=when)

    @cached_property
    def reads(self) -> bool:
        """Whether two calls that look alike, with the same calls before them, may differ: by values or memory."""
        return any(condition.reads for condition in self.when)

    def without(self, name: str) -> Trigger:
        """The trigger without what it asks of this property; itself if that is nothing."""
        when = tuple(c for c in self.when if name not in c.properties)
        return self if when == self.when else replace(self, when=when)

    @cached_property
    def earlier_terms(self) -> tuple[Term, ...]:
        """What it asks about earlier calls."""
        return tuple(dict.fromkeys(term for c in self.when for term in c.terms if term.earlier))

    def matches(self, call: Call, before: Iterable[tuple] = ()) -> bool:
        """True if the call is one on which the bug fires. Reads values only for tags, `max` and `min`.

        `before` holds what `snapshot` gave for earlier calls; `Earlier` keeps it.
        """
        if call.op not in self.ops or self.form not in (None, call.form) or not self._in_phase(call.phase):
            return False
        if not all(
            any(all(holds(c, item, call) for c in mine) for item in items_of(subject, call))
            for subject, mine in self._by_subject.items()
        ):
            return False
        return self._was("earlier", call, before, if_nothing=True) and not self._was("never", call, before)

    def _was(self, of: str, call: Call, before: Iterable[tuple], if_nothing: bool = False) -> bool:
        """Whether what is said of earlier calls is true of one; `if_nothing` where nothing is said."""
        said = [condition for condition in self.when if condition.of == of]
        kept = (dict(zip(self.earlier_terms, values)) for values in before)
        return any(all(holds(c, None, call, one) for c in said) for one in kept) if said else if_nothing

    def _in_phase(self, phase: str) -> bool:
        return self.phase in (None, phase) or (self.phase, phase) == ("backward", "double-backward")

    @cached_property
    def _by_subject(self) -> dict[str, list[Condition]]:
        """What it asks of this call, by the argument: one tensor of that must have all. Those that read come last."""
        found: dict[str, list[Condition]] = {}
        for condition in sorted(self.when, key=lambda c: c.reads):
            if not condition.earlier:
                found.setdefault(condition.subject, []).append(condition)
        return found

    def snapshot(self, call: Call) -> tuple:
        """What the trigger asks about this call once it is an earlier one."""
        return tuple(_whole(term, items_of(term.subject, call)[0], call) for term in self.earlier_terms)


class Earlier:
    """Triggers held against the calls of one program in their order: it keeps what they ask about earlier ones."""

    def __init__(self):
        self._kept: dict[Trigger, dict[tuple, None]] = {}

    def matches(self, trigger: Trigger, call: Call) -> bool:
        """Whether the trigger matches the call, which from then on is an earlier one."""
        if not trigger.earlier_terms:
            return trigger.matches(call)
        kept = self._kept.setdefault(trigger, {})
        fires = trigger.matches(call, kept)
        if call.op in trigger.ops:
            kept[trigger.snapshot(call)] = None
        return fires

    def count(self, triggers: Iterable[Trigger]) -> int:
        """How many different earlier calls are kept for these triggers: while it is the same, so are their answers."""
        return sum([len(self._kept.get(trigger, ())) for trigger in triggers])


# ---- whether a condition holds ------------------------------------------------------------------------------------

_NUMBER = re.compile(r"-?(\d+(\.\d+)?(e[+-]?\d+)?|inf)")


def read_literal(text: str) -> bool | int | float | str:
    """`true` and `false`, a number, or else a word."""
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return text


def kind(value) -> str:
    """`truth value`, `number` or `word`: only values of one kind are compared."""
    if isinstance(value, bool):
        return "truth value"
    return "number" if isinstance(value, (int, float)) else "word"


def holds(condition: Condition, item, call: Call, before: dict[Term, Any] | None = None) -> bool:
    """Whether one condition is true of one tensor, or of an argument that is none.

    `item` is what the condition's subject stands for, `before` what an earlier call had for its terms.
    """
    if condition.comparator == "has":
        return is_tensor(item) and TAGS[condition.right](item)

    def value_of(term: Term, read: Callable[[Term, Any, Call], Any] = property_of):
        if term.earlier:
            return before[term]
        mine = item is not None and term.subject == condition.subject
        return read(term, item if mine else items_of(term.subject, call)[0], call)

    if condition.alike:  # also what has no order: shapes, dtypes, lists of numbers, an argument that is None
        pair = [value_of(side.over[0], _whole) for side in (condition.left, condition.right)]
        absent = None in pair and condition.left.over[0].property != "value"
        return not absent and COMPARATORS[condition.comparator](*pair)
    left = _evaluated(condition.left, value_of)
    right = _right_side(condition, value_of)
    if left is None or not right or any(kind(one) != kind(left) for one in right):
        return False
    return COMPARATORS[condition.comparator](left, right if condition.comparator == "in" else right[0])


def _evaluated(product: Product, value_of: Callable[[Term], Any]):
    """The value of a single term, the number of a product; None where a part is missing or is no number."""
    values = [
        [value_of(f) if isinstance(f, Term) else read_literal(f) for f in p] for p in (product.over, product.under)
    ]
    if len(values[0]) == 1 and not values[1]:
        return values[0][0]
    if any(kind(value) != "number" for value in values[0] + values[1]) or 0 in values[1]:
        return None
    return prod(values[0]) / prod(values[1]) if values[1] else prod(values[0])


def _right_side(condition: Condition, value_of: Callable[[Term], Any]) -> list:
    """What the left side is compared with; empty where that is something that the call has not."""
    if isinstance(condition.right, Product):
        value = _evaluated(condition.right, value_of)
        return [] if value is None else [value]
    words = condition.right.split(",")
    return words if condition.properties == ("order",) else [read_literal(word) for word in words]


def property_of(term: Term, item, call: Call):
    """A property of one tensor, or of an argument that is none; None if it has no such property."""
    if term.property not in OF_ANY_ARGUMENT and not is_tensor(item):
        return None
    dim = None if term.dim is None else _dimension(term.dim, call)
    if term.dim is not None and dim is None:
        return None
    if term.property == "value" and dim is not None:
        item = _argument(term.subject, call)
    return PROPERTIES[term.property](item, dim, call.accelerator)


def _whole(term: Term, item, call: Call):
    """The property as it is held against that of another argument or call: a list of numbers is one value."""
    values = _argument(term.subject, call)
    if term.property == "value" and term.dim is None and isinstance(values, (list, tuple)):
        return tuple(plain(value) for value in values)
    return property_of(term, item, call)


def _dimension(dim: str, call: Call) -> int | None:
    """A dimension that is written as a number, or that an argument of the call names."""
    if re.fullmatch(r"-?\d+", dim):
        return int(dim)
    value = call.args.get(dim)
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def items_of(subject: str, call: Call) -> list:
    """What a subject stands for: its tensors; if it has none, the argument itself, or each item of a list."""
    tensors = tensors_of(subject, call)
    if tensors:
        return tensors
    value = _argument(subject, call)
    return list(value) if isinstance(value, (list, tuple)) and value else [value]


def tensors_of(subject: str, call: Call) -> list:
    """The tensors that a subject stands for: an argument, each of a list, or the result (each of a tuple)."""
    return list(tensors_in_argument(_argument(subject, call)))


def _argument(subject: str, call: Call):
    if subject == "result":
        return call.result if call.result is not None else call.destination or None
    return call.args.get(subject, call.args.get("input") if subject == "self" else None)


# ---- parsing ------------------------------------------------------------------------------------------------------

_TERM = re.compile(
    r"(?:(?P<of>earlier|never)\.)?(?P<subject>[a-z_A-Z][a-z_A-Z0-9]*)"
    r"\.(?P<property>[a-z]+)(?:\.(?P<dim>-?\d+|[a-z_][a-z_0-9]*))?"
)
_SHAPE_OF_A_CONDITION = "SUBJECT.PROPERTY COMPARATOR LITERAL, or SUBJECT has TAG"


def parse(tables: Iterable[dict]) -> tuple[Trigger, ...]:
    """The triggers of a snippet's metadata, alternatives of each other. Raises BadTrigger."""
    if not isinstance(tables, list) or not tables:
        raise BadTrigger("trigger is a list of tables: [{ op = [...], when = [...] }]")
    return tuple(_parse_table(table) for table in tables)


def _parse_table(table: dict) -> Trigger:
    unknown = set(table) - {"op", "when", "form", "phase"}
    if unknown:
        raise BadTrigger(f"unknown key {sorted(unknown)[0]!r} in trigger: it has op, when, form, phase")
    if not isinstance(table.get("op"), list) or not all(isinstance(op, str) for op in table["op"]) or not table["op"]:
        raise BadTrigger('trigger needs op, a list of aten names: op = ["linear"]')
    for name, allowed in (("form", FORMS), ("phase", PHASES)):
        if table.get(name) not in (None, *allowed):
            raise BadTrigger(f"{name} = {table[name]!r} is not known: {' or '.join(allowed)}")
    when = tuple(parse_condition(text) for text in table.get("when", ()))
    return Trigger(tuple(table["op"]), when, table.get("form"), table.get("phase"))


def parse_condition(text: str) -> Condition:
    """One condition. Raises BadTrigger where the text is not in the grammar or uses a word that does not exist."""
    words = text.split(" ")
    if len(words) == 3 and words[1] == "has" and words[0].isidentifier():
        if words[2] not in TAGS:
            raise BadTrigger(f"{text!r}: no tag {words[2]!r}; there is {', '.join(TAGS)}")
        return Condition(Product((Term(words[0], "has"),)), "has", words[2])
    places = [place for place, word in enumerate(words) if word in COMPARATORS]
    if len(places) != 1:
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    left, comparator, right = words[: places[0]], words[places[0]], words[places[0] + 1 :]
    product = _parse_product(left, text)
    literal = len(right) == 1 and not _is_term(right[0])
    if literal and not re.fullmatch(r"[\w.,+-]+", right[0]):
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    condition = Condition(product, comparator, right[0] if literal else _parse_product(right, text))
    wrong = _wrong_parts(condition)
    if wrong:
        raise BadTrigger(f"{text!r}: {wrong}")
    return condition


def _is_term(word: str) -> bool:
    match = _TERM.fullmatch(word)
    return bool(match) and not _NUMBER.fullmatch(word)


def _parse_product(words: list[str], text: str) -> Product:
    """Terms and numbers with `*` and `/` between them. Raises BadTrigger."""
    factors, signs = words[::2], ["*", *words[1::2]]
    if len(words) % 2 == 0 or any(sign not in ("*", "/") for sign in signs):
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    sides: dict[str, list] = {"*": [], "/": []}
    for sign, factor in zip(signs, factors):
        sides[sign].append(factor if re.fullmatch(r"\d+", factor) else _parse_term(factor, text))
    product = Product(tuple(sides["*"]), tuple(sides["/"]))
    if not product.terms:
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    return product


def _parse_term(word: str, text: str) -> Term:
    match = _TERM.fullmatch(word)
    if match is None:
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    name, dim = match["property"], match["dim"]
    if name not in PROPERTIES:
        raise BadTrigger(f"{text!r}: no property {name!r}; there is {', '.join(PROPERTIES)}")
    if name != "value" and (name in WITH_DIM) != (dim is not None):
        raise BadTrigger(
            f"{text!r}: {name} needs a dimension ({name}.0, {name}.-1)"
            if dim is None
            else f"{text!r}: {name} has no dimension"
        )
    return Term(match["subject"], name, dim, match["of"] or "")


def _wrong_parts(condition: Condition) -> str | None:
    """What is wrong with what is compared, by which comparator, and with what; None if nothing is."""
    left, right, comparator = condition.left, condition.right, condition.comparator
    if isinstance(right, Product) and any(term.earlier for term in right.terms):
        return "what is earlier stands on the left side"
    if len({term.of for term in left.terms}) > 1:
        return "the left side is of this call or of an earlier one, not of both"
    single = len(left.over) == 1 and not left.under
    name = left.terms[0].property
    if isinstance(right, Product):
        if condition.alike:
            return None
        fits = comparator != "in" and all(term.property in NUMBERS for term in condition.terms)
        if fits:
            return None
        if single and name not in NUMBERS:
            return f"{name} is compared by == or != with the same property of another argument"
        return f"a number is compared with a number: {', '.join(NUMBERS)}"
    if not single or any(not isinstance(factor, Term) for factor in left.over):
        strange = next((term.property for term in left.terms if term.property not in NUMBERS), None)
        if strange:
            return f"only numbers are multiplied: {', '.join(NUMBERS)}, not {strange}"
        return None if _NUMBER.fullmatch(right) and comparator != "in" else "a product is compared with one number"
    return _wrong_literal(name, comparator, right)


def _wrong_literal(name: str, comparator: str, literal: str) -> str | None:
    """What is wrong with what a property is compared with, and by which comparator; None if nothing is."""
    words = literal.split(",")
    if comparator != "in" and len(words) > 1:
        return "several literals are compared by `in`"
    if name in ALIKE:
        return f"{name} is compared by == or != with that of another argument"
    if name in YES_OR_NO:
        fits = literal in NAMES[name] and comparator in ("==", "!=")
        return None if fits else f"{name} is compared by == or != with true or false"
    if name in NAMES:
        fits = all(word in NAMES[name] for word in words) and comparator in WORD_COMPARATORS
        return None if fits else f"{name} is compared by ==, != or in with {', '.join(NAMES[name])}"
    if name == "order":
        fits = all(sorted(word) == list("0123456789")[: len(word)] for word in words) and comparator in WORD_COMPARATORS
        said = "order is compared by ==, != or in with all dimensions, the outermost first, as in 0213"
        return None if fits else said
    if name == "value":
        kinds = {kind(read_literal(word)) for word in words if word}
        if len(kinds) != 1 or not all(words):
            return "value is compared with a number, a word, true or false, or by `in` with several of one kind"
        fits = comparator in WORD_COMPARATORS or kinds == {"number"}
        return None if fits else "only a number is compared by <, <=, >, >=, multiple-of and not-multiple-of"
    if name in ("max", "min"):
        return None if all(_NUMBER.fullmatch(word) for word in words) else f"{name} is compared with a number"
    fits = all(re.fullmatch(r"-?\d+", word) for word in words)
    return None if fits else f"{name} is compared with a whole number (with several after `in`) or with key.size.0"


# ---- names against torch's schemas --------------------------------------------------------------------------------


def check_names(triggers: Iterable[Trigger], also: Iterable[str] = ()) -> list[str]:
    """What is wrong with the names against torch's own schemas: no such op, no such argument. Imports torch.

    An argument must also be one that has the property, and a value of the kind that it is compared with. `also` are
    more names that each op must have as an argument.
    """
    import torch

    errors = []
    for trigger in triggers:
        for op in trigger.ops:
            if not overloads(op):
                errors.append(f"torch {torch.__version__} has no op aten::{op}")
                continue
            if op in WITHIN:
                errors.append(f"aten::{op} is what mps calls inside {WITHIN[op]}, which is what a program calls")
            types = types_of(op)
            terms = [(condition, term) for condition in trigger.when for term in condition.terms]
            dims = [term.dim for _, term in terms if term.dim is not None and not term.dim.lstrip("-").isdigit()]
            wanted = [*(term.subject for _, term in terms), *dims, *also]
            missing = [name for name in dict.fromkeys(wanted) if name not in types]
            errors += [f"aten::{op} has no argument {name!r}" for name in missing]
            errors += [
                f"aten::{op}: {dim!r} is no whole number, which a dimension is"
                for dim in dims
                if not _is_int(types, dim)
            ]
            for condition, term in terms:
                if term.subject in types:
                    errors += _wrong_type(op, condition, term, types[term.subject])
    return list(dict.fromkeys(errors))


def types_of(op: str) -> dict[str, set[str]]:
    """The types that each argument has in the overloads of an op; `Optional` where it may be left out or None."""
    found: dict[str, set[str]] = {"result": {"Tensor"}}
    in_each = [{a.name: str(a.type) for a in overload._schema.arguments} for overload in overloads(op)]
    for types in in_each:
        for name, of in types.items():
            found.setdefault(name, set()).add(of)
    for name, of in found.items():
        if name != "result" and any(name not in types for types in in_each):
            of.add("Optional")
    if "input" in found:
        found.setdefault("self", found["input"])
    return found


def _is_int(types: dict[str, set[str]], name: str) -> bool:
    return any("int" in of for of in types.get(name, {"int"}))


_KINDS = {  # kinds of values by the words in the names of their types; a dtype is an `int` in Python's schemas
    "truth value": ("bool", "number"),
    "number": ("int", "float", "number"),
    "word": ("str", "int", "Device"),
}


def takes(types: set[str], value: bool | int | float | str) -> bool:
    """Whether an argument of these types may have such a value."""
    return any(word in " ".join(types) for word in _KINDS[kind(value)])


def _wrong_type(op: str, condition: Condition, term: Term, types: set[str]) -> list[str]:
    """At most one sentence: what is wrong with a condition on an argument of these types."""
    said, whole = f'aten::{op}: {term.subject!r} of "{condition}"', " ".join(sorted(types))
    if term.property == "given":
        return [] if "Optional" in whole else [f"{said} is always given"]
    if term.property == "tensor":
        return [] if re.search(r"number|int|float|bool", whole) else [f"{said} is always a tensor"]
    if term.property != "value":
        return [] if "Tensor" in whole else [f"{said} is no tensor: it has a value"]
    if isinstance(condition.right, Product):
        return [] if condition.alike or takes(types, 1) else [f"{said} is a {whole}, and no number"]
    value = read_literal(condition.right.split(",")[0])
    return [] if takes(types, value) else [f"{said} is a {whole}, which is compared with no {kind(value)}"]


# ---- the sentence on the page ------------------------------------------------------------------------------------

_LITERAL_WORDS = {  # the others stand for themselves
    "permuted": "permuted (dense, in another order than contiguous)",
    "sliced": "a slice with gaps",
    "expanded": "expanded (a stride of 0)",
    "cpu": "on the CPU",
    "accel": "on the GPU",
}
_TAG_WORDS = {
    "neginf": "holds minus infinity",
    "inf": "holds infinity",
    "nan": "holds NaN",
    "zero": "holds a zero",
    "duplicates": "holds a value more than once",
    "masked-row": "has a row that is masked as a whole",
    "square": "is square",
}
_COMPARE_WORDS = {  # now, and of an earlier call
    "==": ("is", "was"),
    "!=": ("is not", "was not"),
    "<": ("is below", "was below"),
    "<=": ("is at most", "was at most"),
    ">": ("is above", "was above"),
    ">=": ("is at least", "was at least"),
    "in": ("is one of", "was one of"),
    "multiple-of": ("is a multiple of", "was a multiple of"),
    "not-multiple-of": ("is not a multiple of", "was not a multiple of"),
}
_NOUNS = {  # whose property is compared; the others are the argument itself
    "order": "the order of the dimensions of {who} in memory",
    "dtype": "the dtype of {who}",
    "size": "the size of {who} in dimension {dim}",
    "stride": "the stride of {who} in dimension {dim}",
    "ndim": "the number of dimensions of {who}",
    "numel": "the number of elements of {who}",
    "offset": "the storage offset of {who}",
    "itemsize": "the bytes of an element of {who}",
    "max": "the largest value of {who}",
    "min": "the smallest value of {who}",
    "shape": "the shape of {who}",
    "strides": "the list of strides of {who}",
    "memory": "the memory that {who} lies in",
}
_YES_OR_NO_PHRASES = {
    "grad": ("no gradient is recorded through {who}", "a gradient is recorded through {who}"),
    "given": ("{who} is not given", "{who} is given"),
    "tensor": ("{who} is no tensor", "{who} is a tensor"),
    "conj": ("{who} is not a conjugated view", "{who} is a conjugated view"),
}
_FORM_WORDS = {None: "", "inplace": " in place", "out": " with `out=`"}
_PHASE_WORDS = {
    None: "",
    "forward": " outside a backward pass",
    "backward": " in a backward pass",
    "double-backward": " in a backward pass that is recorded for a gradient of the gradient",
}


def sentence(triggers: Iterable[Trigger]) -> str:
    """The triggers as one phrase in Markdown: "`linear` is called and *weight* is not contiguous"."""
    return ", or ".join(_trigger_phrase(trigger) for trigger in triggers)


def _trigger_phrase(trigger: Trigger) -> str:
    ops = ", ".join(f"`{op}`" for op in trigger.ops)
    how = _FORM_WORDS[trigger.form] + _PHASE_WORDS[trigger.phase]
    phrases = [_condition_phrase(condition) for condition in trigger.when if not condition.earlier]
    for of, which in zip(EARLIER, ("an", "no")):
        if then := [_condition_phrase(condition) for condition in trigger.when if condition.of == of]:
            phrases.append(f"in {which} earlier call {' and '.join(then)}")
    if len(phrases) > 2:
        return f"{ops} is called{how}, and all of this holds: {'; '.join(phrases)}"
    return " and ".join([f"{ops} is called{how}", *phrases])


def _condition_phrase(condition: Condition) -> str:
    who = _who(condition.subject)
    if condition.comparator == "has":
        return f"{who} {_TAG_WORDS[condition.right]}"
    left, right = condition.left.over[0], condition.right
    if isinstance(right, str) and isinstance(left, Term) and left.property in YES_OR_NO:
        yes = (right == "true") == (condition.comparator == "==")
        return _YES_OR_NO_PHRASES[left.property][yes].format(who=who)
    compared = _COMPARE_WORDS[condition.comparator][condition.earlier]
    if isinstance(right, Product):
        same = str(condition.left) == f"{condition.of}.{right}" and condition.comparator in ("==", "!=")
        said = ["the same as now"] if same else [_product_phrase(right)]
    else:
        said = [_literal_phrase(condition, literal) for literal in right.split(",")]
    return f"{_product_phrase(condition.left)} {compared} {', '.join(said)}"


def _who(subject: str) -> str:
    return "the result" if subject == "result" else f"*{subject}*"


def _product_phrase(product: Product) -> str:
    said = " times ".join(_factor_phrase(factor) for factor in product.over)
    return said + "".join(f" divided by {_factor_phrase(factor)}" for factor in product.under)


def _factor_phrase(factor: Term | str) -> str:
    if isinstance(factor, str):
        return f"{int(factor):,}"
    who, dim = _who(factor.subject), factor.dim
    if factor.property == "value":
        return who if dim is None else f"item {dim} of {who}"
    if dim is not None and not dim.lstrip("-").isdigit():
        dim = f"*{dim}*"
    return _NOUNS.get(factor.property, "{who}").format(who=who, dim=dim)


def _literal_phrase(condition: Condition, literal: str) -> str:
    name = condition.properties[0]
    if name == "order":
        return f"({', '.join(literal)})"
    if name == "value":
        value = read_literal(literal)
        return f"`{value}`" if kind(value) == "word" else f"{value:,}" if kind(value) == "number" else literal
    if name in NUMBERS and condition.comparator != "in":
        return f"{read_literal(literal):,}"
    return _LITERAL_WORDS.get(literal, literal)


# ---- versions --------------------------------------------------------------------------------------------------------
# Is a torch and macOS version affected by a bug? Only ever `affected`, `not affected` or `unknown`.


try:
    from packaging.version import Version
except ImportError:  # every torch has this class, wherever it takes it from
    from torch.torch_version import Version

SPECIFIERS = {">=": operator.ge, "<=": operator.le, "==": operator.eq, "<": operator.lt}


def ends_of(specifier: str) -> list[tuple[str, Version]]:
    """The parts of a specifier of versions: ">=2.8,<2.9" gives (">=", 2.8) and ("<", 2.9). Raises ValueError."""
    parts = [re.fullmatch(r"\s*(>=|<=|==|<)\s*(\S+)\s*", part) for part in specifier.split(",")]
    if None in parts:
        raise ValueError(f"{specifier!r} is no range of versions: >=, <=, ==, < and a version, joined by commas")
    return [(part.group(1), Version(part.group(2))) for part in parts]


def in_order(specifier: str) -> str:
    """A range of versions with its lower end first."""
    return ", ".join(sorted(specifier.split(","), key=lambda part: part.startswith("<")))


def contains(specifier: str, version: Version) -> bool:
    """Whether a version is within all parts. As in PEP 440, nightlies of 2.9 are not within `<2.9`."""

    def within(comparator: str, end: Version) -> bool:
        if comparator == "<" and version.is_prerelease and Version(version.base_version) == end:
            return False
        return SPECIFIERS[comparator](version, end)

    return all(within(comparator, end) for comparator, end in ends_of(specifier))


def told_apart(macos: str | None, macos_range: str | None) -> str | None:
    """A version of macOS with no more parts than a range tells apart: of 26.4.1, `>=15` leaves 26 and `<26.4` leaves 26.4."""
    if macos is None:
        return None
    parts = max((len(end.release) for _, end in ends_of(macos_range)), default=1) if macos_range else 1
    return ".".join(macos.split(".")[:parts])


def state(
    affected: str,
    introduced: str | None,
    macos_range: str | None,
    torch: str,
    macos: str | None,
    unsure: tuple[str, ...] = (),
) -> str:
    """What is known of one bug on one Mac.

    Args:
        affected: PEP 440 specifier; its lower bound is the oldest version seen affected, "<X" the fix, "<=X" the last seen.
            Empty if no version is known.
        introduced: first bad version, if a source says that older ones are right.
        macos_range: specifier of the macOS versions that matter, None if the thread names none.
        torch, macos: the versions asked for; macos None if not known.
        unsure: releases within `affected` ("2.5", "2.9.0") that may have the fix already.

    Affected only between the oldest version seen affected and the fix; not affected only where a source says so.
    """
    version = Version(torch.split("+")[0])
    releases = [Version(text).release for text in unsure]
    if not affected or any(version.release[: len(release)] == release for release in releases):
        return "unknown"
    ends = ends_of(affected)
    fixed = [end for comparator, end in ends if comparator == "<"]
    if fixed and version >= fixed[0]:
        return "not affected"
    if introduced is not None and version < Version(introduced):
        return "not affected"
    seen = any(comparator in (">=", "==") for comparator, _ in ends)
    if not seen or not contains(affected, version):
        return "unknown"
    if macos_range is not None and macos is not None and not contains(macos_range, Version(macos)):
        return "unknown"
    return "affected"


# ---- macos -----------------------------------------------------------------------------------------------------------
# Which macOS is this? `sw_vers` knows; Python may not.


def said(*command: str) -> str | None:
    """What a command of the system prints, with the real version of macOS; None where it cannot be run."""
    environment = {**os.environ, "SYSTEM_VERSION_COMPAT": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, env=environment)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


@cache
def macos_version() -> str | None:
    """The version of macOS, such as "26.1"; None where there is none or `sw_vers` cannot tell: unknown, never a guess."""
    version = said("sw_vers", "-productVersion") or ""
    return version if re.fullmatch(r"\d+(\.\d+)*", version) else None


# ---- known -----------------------------------------------------------------------------------------------------------
# The catalogue in the small form that the single-file tools carry: what they need to recognize a bug and to speak of it.


@dataclass(frozen=True)
class Known:
    """One known bug. `workaround` is the line of code that cures it, `page` the bug's page (an address or a path).

    Without `triggers`: nobody knows when it fires, and `ops` are the aten names of what it is a bug of.
    """

    slug: str
    claim: str
    when: str  # the trigger as a phrase
    issue: str
    url: str
    kind: str
    affected: str
    introduced: str | None
    macos: str | None
    chips: tuple[str, ...]
    workaround: str | None
    page: str
    triggers: tuple[Trigger, ...]
    draft: bool = False  # the trigger is drafted from the thread's words: no snippet has tried it
    ops: tuple[str, ...] = ()
    family: str = ""
    danger: int | None = None  # rank among the most dangerous for work on language models
    seen: str = ""  # the date of the newest report
    unsure: tuple[str, ...] = ()  # releases within `affected` that may have the fix already
    # Where runs make the state another than sources do: by release and macOS ("": any), as `state` says it.
    measured: dict[str, dict[str, str]] = field(default_factory=dict, hash=False)

    @property
    def where(self) -> str:
        """The versions and chips that are affected, in words; an unknown version is said to be unknown."""
        parts = [f"torch {in_order(self.affected)}" if self.affected else "no version of torch is known"]
        parts += [f"macOS {in_order(self.macos)}"] if self.macos else []
        return ", ".join([*parts, *self.chips])

    def of_machine(self, chip: str | None, macos: str | None) -> bool:
        """Whether a Mac is of those that sources tie it to. A chip that is not known is none of them."""
        chips = [rf"\b{re.escape(claimed)}" for claimed in self.chips]
        if chips and not any(re.search(claimed, chip or "", re.IGNORECASE) for claimed in chips):
            return False
        return not self.macos or macos is None or contains(self.macos, Version(macos))

    def state(self, torch: str, macos: str | None = None) -> str:
        """`affected`, `not affected` or `unknown` on this torch and macOS: what runs changed, else what sources say."""
        there, version = self.measured.get(torch.split("+")[0], {}), told_apart(macos, self.macos) or ""
        if version in there:
            return there[version]
        return state(self.affected, self.introduced, self.macos, torch, macos, self.unsure)


def read_known(entries: list[dict]) -> tuple[Known, ...]:
    """The bugs of an embedded catalogue (a list of plain dicts, see `mpscheck.tools.bundle.entries`)."""
    lists = ("chips", "ops", "unsure")
    return tuple(
        Known(**{**entry, **{n: tuple(entry[n]) for n in lists if n in entry}, "triggers": triggers_of(entry)})
        for entry in entries
    )


def triggers_of(entry: dict) -> tuple[Trigger, ...]:
    """The triggers of an entry; none where nobody knows when the bug fires."""
    return parse(entry["triggers"]) if entry["triggers"] else ()


# ---- recorder --------------------------------------------------------------------------------------------------------
# Seeing every op that a program calls, by the name under which the caller reaches it.


WHOLE = ("linear", "scaled_dot_product_attention", "lstm", "gru")  # kernels of mps itself: what is inside is not called
PRE_DISPATCH = "pre-dispatch"
TWO_MODES = "function and dispatch modes"
Around = Callable[[Any, tuple, dict, Callable[[], Any]], Any]


@cache
def available() -> bool:
    """Whether the pre-dispatch level works in this torch: tried on one call."""
    seen = []

    def handle(op, args, kwargs, run):
        seen.append(base_name(op))
        return run()

    try:
        with _pre_dispatch(handle):
            torch.nn.functional.linear(torch.ones(1, 1), torch.ones(1, 1))
    except Exception:  # a private part that is missing or has changed can raise anything
        return False
    return "linear" in seen


def best_level() -> str:
    """The level that `around` uses here: `PRE_DISPATCH`, or `TWO_MODES` where torch lacks the private parts."""
    return PRE_DISPATCH if available() else TWO_MODES


def call_of(op, args: tuple, kwargs: dict, result: Any = None, accelerator: str = "mps") -> Call:
    """What a trigger looks at. `x.to(…)` is a call of `copy` with the source `src` and the new tensor `self`."""
    if base_name(op) == "_to_copy":
        arguments = {"self": result, "src": args[0], "non_blocking": kwargs.get("non_blocking", False)}
        return Call("copy", arguments, (), result, accelerator)
    return Call(base_name(op), bind(op, args, kwargs), destinations_of(op), result, accelerator)


def copy_elsewhere(op, args: tuple, kwargs: dict, result: Any) -> Call | None:
    """The copy that `x.to(device)` would be if one of both devices were a GPU; None where it is no such call.

    On the CPU alone nothing is copied: the tensor itself is given back.
    """
    bound = bind(op, args, kwargs)
    source = bound["self"]
    if result is not source or bound.get("device") is None or source.device.type != "cpu":
        return None
    arguments = {"self": torch.empty_like(source, device="meta"), "src": source}
    return Call("copy", {**arguments, "non_blocking": bound.get("non_blocking", False)})


def await_gradients(call: Call, result: Any, names: tuple[str, ...], seen: Callable[[Call], None]) -> None:
    """When gradients arrive at the results of a call, `seen` gets a call of the kernels that mps has for it.

    Nothing is awaited on mps and on backends such as `emu`: there these kernels are called, and seen.
    """
    results = list(tensors_in_argument(result))
    own = ("mps", torch._C._get_privateuse1_backend_name())
    awaited = [n for n, tensor in enumerate(results) if tensor.requires_grad and tensor.device.type not in own]
    if not names or not awaited:
        return

    def arrived(gradients: Sequence[torch.Tensor | None]) -> None:
        incoming = {INCOMING[n]: gradient for n, gradient in zip(awaited, gradients)}
        for name in names:
            one = GRADIENTS[name]
            args = {
                there: incoming.get(here) if here in INCOMING else call.args.get(here)
                for there, here in one.args.items()
            }
            if one.needed:
                asked = [call.args.get(name) for name in one.needed]
                args["output_mask"] = [tensor is not None and tensor.requires_grad for tensor in asked]
            seen(Call(name, args, (), None, call.accelerator))

    if len(awaited) == 1:  # called also where the result is what `backward` is called of
        results[awaited[0]].register_hook(lambda gradient: arrived([gradient]))
    else:
        torch.autograd.graph.register_multi_grad_hook([results[n] for n in awaited], arrived)


@contextmanager
def around(handle: Around, level: str | None = None) -> Iterator[None]:
    """Within the block, each op calls `handle(op, args, kwargs, run)` and gives what that returns.

    `run()` computes the op. Ops that `run` opens are handled in turn. Ops that `handle` itself calls are not.
    `level` is `PRE_DISPATCH` or `TWO_MODES`, the best one here if None.
    """
    with (_pre_dispatch if (level or best_level()) == PRE_DISPATCH else _two_modes)(handle):
        yield


@contextmanager
def calls(accelerator: str = "mps", seen: Callable[[Call], None] = lambda call: None) -> Iterator[None]:
    """Within the block, `seen` gets each call after it was computed. In-place calls show their arguments afterwards."""

    def handle(op, args, kwargs, run):
        result = run()
        seen(call_of(op, args, kwargs, result, accelerator))
        return result

    with around(handle):
        yield


def _has_kernel(op, key: str) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), key)


@cache
def _is_composite(op) -> bool:
    """True for an op that is nothing but other ops on the CPU."""
    return _has_kernel(op, "CompositeImplicitAutograd") and not _has_kernel(op, "CPU")


def _opens(op, values) -> bool:
    """True for an op that is nothing but other ops; not for one of which `emu` was given a kernel, perhaps a sick one."""
    if not _is_composite(op) or base_name(op) in WHOLE:
        return False
    return not _has_kernel(op, "PrivateUse1") or not _on_private_device(values)


def _on_private_device(values) -> bool:
    """True if some tensor among the arguments is on a backend such as `emu`."""
    private = torch._C._get_privateuse1_backend_name()
    return any(tensor.device.type == private for tensor in tensors_in_argument(values))


def _computed(op, args: tuple, kwargs: dict, mode) -> Any:
    """The op's result; if it is nothing but other ops, those are seen by `mode`.

    Always by torch's own kernels: the Python dispatcher has others for some ops, with other roundings and other views.
    """
    if _opens(op, (*args, *kwargs.values())):
        with mode:
            return op._op_dk(torch._C.DispatchKey.CompositeImplicitAutograd, *args, **kwargs)
    with torch._C._DisablePythonDispatcher():
        return op(*args, **kwargs)


# ---- level 1: above autograd --------------------------------------------------------------------------------------


@contextmanager
def _pre_dispatch(handle: Around) -> Iterator[None]:
    from torch._dispatch.python import enable_python_dispatcher
    from torch._subclasses.schema_check_mode import SchemaCheckMode

    class Recorder(SchemaCheckMode):  # one of three classes that torch admits at this key
        def __init__(self):
            super().__init__()
            self._dispatch_key = torch._C.DispatchKey.PreDispatch

        def __torch_dispatch__(self, op, types, args=(), kwargs=None):
            return self.handled(op, args, kwargs or {})

        def handled(self, op, args, kwargs):
            autocast = _autocast_kernel(op, args, kwargs)
            if autocast is not None:  # it casts the arguments and calls the op anew: that call is the one to see
                with self:
                    return op._op_dk(autocast, *args, **kwargs)
            return handle(op, args, kwargs, lambda: _computed(op, args, kwargs, self))

    recorder = Recorder()
    with (
        _through_higher_order_ops(recorder),
        enable_python_dispatcher(),
        recorder,
        torch._C._EnablePreDispatch(),
        _straight_to(recorder),
    ):
        yield


@contextmanager
def _straight_to(recorder) -> Iterator[None]:
    """Let ops reach the recorder without what torch does for any mode at this key, which costs more than most ops."""
    from torch._ops import OpOverload, mode_stack_state_for_pre_dispatch

    plain, here, modes = OpOverload._get_dispatch, torch._C.DispatchKey.PreDispatch, mode_stack_state_for_pre_dispatch()
    include, excluded = (
        torch._C._dispatch_tls_set_dispatch_key_included,
        torch._C._dispatch_tls_is_dispatch_key_excluded,
    )

    def get_dispatch(op, key):
        if key != here or modes._schema_check_mode is not recorder or excluded(torch._C.DispatchKey.Python):
            return plain(op, key)

        def handler(*args, **kwargs):
            modes._schema_check_mode = None
            include(here, False)
            try:
                return recorder.handled(op, args, kwargs)
            finally:
                modes._schema_check_mode = recorder
                include(here, True)

        return handler

    OpOverload._get_dispatch = get_dispatch
    try:
        yield
    finally:
        OpOverload._get_dispatch = plain


def _autocast_kernel(op, args: tuple, kwargs: dict):
    """The dispatch key of the kernel that `torch.autocast` has for the op, where it is on for a device of a tensor."""
    if not torch._C._is_any_autocast_enabled():
        return None
    private = torch._C._get_privateuse1_backend_name()
    names = {"cpu": "AutocastCPU", "cuda": "AutocastCUDA", "mps": "AutocastMPS", private: "AutocastPrivateUse1"}
    for device in {tensor.device.type for tensor in tensors_in_argument((*args, *kwargs.values()))}:
        key = getattr(torch._C.DispatchKey, names.get(device, ""), None)
        is_on = key is not None and not torch._C._dispatch_tls_is_dispatch_key_excluded(key)
        if is_on and _has_kernel(op, names[device]):
            return key
    return None


@contextmanager
def _through_higher_order_ops(recorder) -> Iterator[None]:
    """Let ops that take functions (`autograd.Function` within `vmap`, `flex_attention`) run; what they call is seen.

    At this key torch asks each of them for a rule for the mode that is there, and raises where there is none.
    """
    from torch._ops import HigherOrderOperator, _compute_keyset

    plain = HigherOrderOperator.dispatch

    def dispatch(self, key, /, *args, **kwargs):
        def one_key_lower(mode, *args, **kwargs):  # called with the mode off, so the keys are those below it
            below = _compute_keyset(args, kwargs, self.non_fallthrough_keys).highestPriorityTypeId()
            with mode:
                return plain(self, below, *args, **kwargs)

        self.python_key_table[type(recorder)] = one_key_lower
        try:
            return plain(self, key, *args, **kwargs)
        finally:
            self.python_key_table.pop(type(recorder), None)

    HigherOrderOperator.dispatch = dispatch
    try:
        yield
    finally:
        HigherOrderOperator.dispatch = plain


# ---- level 2: two public modes ------------------------------------------------------------------------------------


@contextmanager
def _two_modes(handle: Around) -> Iterator[None]:
    from torch.overrides import TorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode

    here = threading.local()  # `quiet`: ops of `handle` itself, and those inside an op that is not opened

    @contextmanager
    def quiet(value: bool):
        before, here.quiet = getattr(here, "quiet", False), value
        try:
            yield
        finally:
            here.quiet = before

    def handled(op, args, kwargs, compute):
        def run():
            with quiet(base_name(op) in WHOLE):
                return compute()

        with quiet(True):
            return handle(op, args, kwargs, run)

    class Composites(TorchFunctionMode):
        started = None  # the Python function whose body was just entered

        def __torch_function__(self, function, types_, args=(), kwargs=None):
            kwargs, started, self.started = kwargs or {}, self.started, None
            if getattr(here, "quiet", False) or function is started:
                return function(*args, **kwargs)
            if isinstance(function, types.FunctionType):
                self.started = function
                with self:
                    return _without_overrides(function)(*args, **kwargs)
            op = _composite(function, args, kwargs)
            if op is None:
                return function(*args, **kwargs)
            return handled(op, *_as_in_schema(op, args, kwargs), lambda: function(*args, **kwargs))

    class Kernels(TorchDispatchMode):
        supports_higher_order_operators = True

        def __torch_dispatch__(self, op, types_, args=(), kwargs=None):
            kwargs = kwargs or {}
            if getattr(here, "quiet", False) or not hasattr(op, "_schema"):  # one that takes functions has no schema
                return op(*args, **kwargs)
            if base_name(op) in WHOLE or _opens(
                op, (*args, *kwargs.values())
            ):  # inference mode: `Composites` has handled it
                return _computed(op, args, kwargs, self)
            return handled(op, args, kwargs, lambda: op(*args, **kwargs))

    with Kernels(), Composites():
        yield


def _composite(function, args: tuple, kwargs: dict):
    """The overload of a C++ function of torch that the dispatch mode would only see in parts; None for the others."""
    name = getattr(function, "__name__", "")
    packet = getattr(torch.ops.aten, name, None) if name.isidentifier() and not name.startswith("__") else None
    if packet is None:
        return None
    named = _renamed(kwargs)
    try:
        op = getattr(packet, torch._C._jit_resolve_packet(f"aten::{name}", *args, **named))
    except (RuntimeError, AttributeError, TypeError):  # it does not take all that Python takes, such as `padding=1`
        op = next((o for o in _overloads(packet) if _fits(o, args, named)), None)
    return op if op is not None and _hides_from_dispatch(op) else None


def _overloads(packet) -> list:
    return [getattr(packet, name) for name in packet.overloads()]


def _fits(op, args: tuple, kwargs: dict) -> bool:
    """True if the op has a place for each of the arguments, by their number and names."""
    names = [argument.name for argument in op._schema.arguments]
    return len(args) <= len(names) and set(kwargs) <= set(names[len(args) :])


@cache
def _hides_from_dispatch(op) -> bool:
    """True for an op on tensors that reaches a dispatch mode only in parts."""
    gives_tensors = any("Tensor" in str(value.type) for value in op._schema.returns)
    exists = torch._C._dispatch_has_kernel(op.name())  # TorchScript's own overloads, such as those of `size`, do not
    return exists and gives_tensors and (base_name(op) in WHOLE or _is_composite(op))


def _renamed(kwargs: dict) -> dict:
    """Python says `input` where aten's schemas mostly say `self`."""
    return {"self" if name == "input" else name: value for name, value in kwargs.items()}


def _as_in_schema(op, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments as the op itself takes them: one number for a list of them becomes a list."""
    lengths = {argument.name: argument.N or 1 for argument in op._schema.arguments if str(argument.type) == "List[int]"}

    def converted(name: str, value: Any) -> Any:
        return [value] * lengths[name] if name in lengths and isinstance(value, int) else value

    names = [argument.name for argument in op._schema.arguments]
    positional = tuple(converted(name, value) for name, value in zip(names, args))
    return positional, {name: converted(name, value) for name, value in _renamed(kwargs).items()}


@cache
def _without_overrides(function: types.FunctionType) -> types.FunctionType:
    """The same Python function, not asking whether a mode wants to see it: its body runs, and the mode sees that.

    So for the functions between which it chooses, as `F.max_pool2d` does.
    """
    names = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
    never = {name: lambda *args: False for name in names if name in function.__globals__}
    copy = types.FunctionType(
        function.__code__,
        {**function.__globals__, **never},
        function.__name__,
        function.__defaults__,
        tuple([_cell_without_overrides(cell) for cell in function.__closure__]) if function.__closure__ else None,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _cell_without_overrides(cell: types.CellType) -> types.CellType:
    inside = cell.cell_contents
    asks = isinstance(inside, types.FunctionType) and inside.__module__ == "torch.nn.functional"
    return types.CellType(_without_overrides(inside)) if asks else cell


# ---- outputs ---------------------------------------------------------------------------------------------------------
# The numbers of one output of a device, which the rule judges. For torch 2.0 and Python 3.9.


# of several equal values these may give any; max, min, argmax and argmin are documented to give the first
INDICES = ("sort", "argsort", "topk", "kthvalue", "median", "nanmedian", "mode")
CPU_ROUNDINGS = 10.0  # what the CPU is taken to be off by, in units of rounding, where nothing wider than it is known


def is_rounded(dtype: torch.dtype) -> bool:
    """Whether numbers of this dtype are rounded: floating and complex ones."""
    return dtype.is_floating_point or dtype.is_complex


def widened(values: torch.Tensor) -> torch.Tensor:
    """The same values in double precision."""
    return values.to(torch.complex128 if values.is_complex() else torch.float64)


def same(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Where two tensors hold the same; NaN is the same as NaN."""
    return (a == b) | ((a != a) & (b != b))


def sizes(values: torch.Tensor, where: torch.Tensor | bool = True) -> dict[str, float]:
    """RMS and largest magnitude of the values, those that do not count being 0."""
    if not values.numel():
        return dict.fromkeys(SIZES, 0.0)
    values = values.abs() if where is True else torch.where(where, values.abs(), 0.0)
    rms = torch.linalg.vector_norm(values, dtype=torch.float64).item() / math.sqrt(values.numel())
    return {"rms": rms, "max": values.max().item()}


def compare_output(got: torch.Tensor, cpu: torch.Tensor, exact: torch.Tensor | None, rounds: bool = False) -> dict:
    """The numbers of one output, plain data, from which a verdict follows.

    Args:
        got: what the device gave, on the CPU. cpu: what the CPU gave. Both in the dtype under test.
        exact: what the CPU gave in float64; None if it has no float64 for this.
        rounds: a device may round here even where the CPU did not.

    Of an output of another shape or dtype there are no numbers, but what the CPU's has. `misplaced` counts the values
    that no rounding explains: other whole numbers, NaN and infinity where they do not belong; `new_nan` those that are
    NaN. `wrong` counts all that are wrong, `first_wrong` is the first of them.
    """
    found = {"shape": list(got.shape), "dtype": str(got.dtype)[6:]}
    if got.shape != cpu.shape or got.dtype != cpu.dtype:
        return {**found, "cpu_shape": list(cpu.shape), "cpu_dtype": str(cpu.dtype)[6:]}
    rounded = is_rounded(cpu.dtype)
    eps = torch.finfo(cpu.dtype).eps if rounded else 0.0
    if exact is None or exact.shape != cpu.shape:
        exact, eps = cpu, eps * CPU_ROUNDINGS
    right = same(got, cpu) | same(got, exact.to(cpu.dtype))
    g, c, e = widened(got), widened(cpu), widened(exact)
    e = torch.where(e.isfinite(), e, c)  # where float64 gives no number, the CPU's counts
    both = g.isfinite() & e.isfinite()
    misplaced = ~right & ~both if rounded else ~right
    error, usable = torch.where(both, (g - e).abs(), 0.0), c.isfinite() & e.isfinite()
    numbers = {
        **found,
        "eps": eps,
        "exact": sizes(e, usable),
        "cpu": {**sizes(c - e, usable), **specials(c)},
        "device": {**sizes(error), **specials(g), "misplaced": int(misplaced.sum())},
    }
    numbers["device"]["new_nan"] = int((misplaced & g.isnan()).sum())
    wrong = misplaced | (error > allowed_error(numbers, "max", rounds))
    if not bool(wrong.any()):  # then it is their RMS, if anything
        wrong = error > allowed_error(numbers, "rms", rounds)
        wrong = wrong & (verdict_of_output(numbers, rounds) != "agrees")
    numbers["device"]["wrong"] = int(wrong.sum())
    numbers["first_wrong"] = described(wrong, got, cpu, exact) if bool(wrong.any()) else None
    return numbers


def specials(values: torch.Tensor) -> dict[str, int]:
    """How many values are NaN and how many infinite."""
    return {"nan": int(values.isnan().sum()), "inf": int(values.isinf().sum())}


def described(wrong: torch.Tensor, got: torch.Tensor, cpu: torch.Tensor, exact: torch.Tensor) -> dict:
    """The first wrong place, and the three values there: whole numbers, floats or complex ones."""
    place, index = int(wrong.flatten().int().argmax()), []
    for size in reversed(wrong.shape):
        place, here = divmod(place, size)
        index.insert(0, here)
    values = {"cpu": cpu, "device": got, "exact": exact}
    return {"index": index, **{name: tensor[tuple(index)].item() for name, tensor in values.items()}}


def spread_of(again: torch.Tensor, first: torch.Tensor) -> dict:
    """How far a second run is from the first: sizes, and how many values differ as no rounding does."""
    if again.shape != first.shape or again.dtype != first.dtype:
        return {**sizes(torch.zeros(0)), "misplaced": max(1, again.numel())}
    a, b = widened(again), widened(first)
    both = a.isfinite() & b.isfinite() & is_rounded(first.dtype)
    return {**sizes(torch.where(both, (a - b).abs(), 0.0)), "misplaced": int((~same(again, first) & ~both).sum())}


# ---- rule ------------------------------------------------------------------------------------------------------------
# Is a device's result wrong? The one rule, on the numbers of one output; `outputs` takes them. For Python 3.9.


# How many times the CPU's own error a healthy device may make. By RMS, 0.7 to 2.4 was seen for split sums, 3.8 for a
# sequential float32 sum over 3,072 terms, 7 for partial sums kept in half precision; benchmarks/calibrate_ratio.py
# measures both ratios on models, `mpscheck controls` prints the worse one of each check.
ALLOWED_RATIO = 10.0
SMALLEST = 2.0**-126  # numbers below it are 0 on many a GPU
SIZES = ("rms", "max")
SEVERITY = ("agrees", "wrong", "nondeterministic", "nan")
MISSED = 0.01  # the chance that a check of something rare may miss it


def allowed_error(numbers: dict, size: str, rounds: bool = False) -> float:
    """The error, RMS or largest, that a healthy device may make; 0 where the CPU rounded nothing."""
    if not rounds and not float(numbers["cpu"]["max"]):
        return 0.0
    return ALLOWED_RATIO * max(float(numbers["cpu"][size]), numbers["eps"] * float(numbers["exact"][size]), SMALLEST)


def error_ratios(numbers: dict, rounds: bool = False) -> dict[str, float]:
    """By RMS and by the largest: the device's error in units of rounding; infinity where no rounding explains it."""
    if "cpu_shape" in numbers or numbers["device"]["misplaced"]:
        return dict.fromkeys(SIZES, math.inf)
    found = {}
    for size in SIZES:
        error, allowed = float(numbers["device"][size]), allowed_error(numbers, size, rounds)
        found[size] = error / (allowed / ALLOWED_RATIO) if allowed else math.inf if error else 0.0
    return found


def ratio_of_output(numbers: dict, rounds: bool = False) -> float:
    """The worse of the two error ratios."""
    return max(error_ratios(numbers, rounds).values(), key=lambda ratio: (ratio != ratio, ratio))


def verdict_of_output(numbers: dict, rounds: bool = False) -> str:
    """`agrees`, `wrong`, `nan` or `nondeterministic`, the last where several runs were compared."""

    def within(part: dict) -> bool:
        return all(float(part[size]) <= allowed_error(numbers, size, rounds) for size in SIZES)

    if "cpu_shape" in numbers:
        return "wrong"
    device, spread = numbers["device"], numbers.get("spread")
    if device["misplaced"]:
        return "nan" if device["new_nan"] else "wrong"
    if spread and (spread["misplaced"] or not within(spread)):
        return "nondeterministic"
    return "agrees" if within(device) else "wrong"


def worst_verdict(verdicts: list[str]) -> str:
    """The worst verdict of several outputs."""
    return max(verdicts, key=SEVERITY.index, default="agrees")


def rate_seen(repeats: int) -> float:
    """The smallest share of wrong runs that so many repeats miss with a chance of at most MISSED."""
    return 1 - MISSED ** (1 / repeats)


# ---- models ----------------------------------------------------------------------------------------------------------
# The models that the tools are tried on, by name, folder or file, and by way of transformers or TransformerLens.


class CouldNotCheck(Exception):
    """There is no verdict; the message says why and what to do."""


def explain(error):
    """Return why there is no verdict, in one sentence and without a traceback."""
    if isinstance(error, ModuleNotFoundError):
        return f"a package is missing: {sys.executable} -m pip install {error.name}"
    words = str(error) if isinstance(error, CouldNotCheck) else f"{type(error).__name__}: {error}".splitlines()[0]
    full = isinstance(error, MemoryError) or re.search("out of memory|(allocate|enough) memory", words)
    return f"not enough memory, the model is needed twice ({words})" if full else words


def need_device(device):
    """Raise CouldNotCheck unless torch can compute on the device."""
    try:
        torch.ones(2, device=device).add(1).cpu()
    except Exception as error:
        hint = "; on a Mac, take a Python for arm64 and see torch.backends.mps.is_available()"
        words = f"torch {torch.__version__} at {torch.__file__} has no device {device!r}"
        raise CouldNotCheck(words + (hint if device == "mps" else "")) from error


def newest_entry(name="gpt2"):
    """The newest of TransformerLens, where it is installed; it is not imported for that. It takes causal models alone."""
    with contextlib.suppress(OSError, ValueError):  # then loading says why
        if Path(name).is_dir() and not architecture(str(name)).endswith(("ForCausalLM", "LMHeadModel")):
            return "transformers"
    lens = importlib.util.find_spec("transformer_lens")
    new = lens and Path(lens.origin).with_name("model_bridge").is_dir()  # TransformerLens 3 and later
    return "bridge" if new else "hooked" if lens else "transformers"


def load_model(name, entry):
    """Return (model in float32 on the CPU, tokenizer, config). Raises CouldNotCheck, ImportError for a missing package."""
    import transformers

    warnings.simplefilter("ignore", FutureWarning)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    source = find_model(name)
    try:
        config = read("AutoConfig", source)
        tokenizer = read("AutoTokenizer", source) if hasattr(config, "vocab_size") else None  # images have no words
        return load(source, entry), tokenizer, config
    except (CouldNotCheck, ImportError):
        raise
    except Exception as error:  # no such model, no network, a torn file: each library has its own
        words = f"{name} could not be loaded ({explain(error)}); smollm2 and ioi-small need no network"
        raise CouldNotCheck(words) from error


def find_model(name):
    """Return what the libraries load: a folder, a GGUF file, or a name that they find in the cache or on the hub."""
    models = Path(__file__).resolve().parent / "models"  # two models that need no hub
    if name == "smollm2" and (models / "smollm2.py").is_file():
        return str(runpy.run_path(str(models / "smollm2.py"))["convert"]())
    place = models / name if name == "ioi-small" else Path(name)
    if name == "gpt2":
        print("gpt2 comes from the cache of Hugging Face, the first time from its hub (about 550 MB)", flush=True)
    elif not (place.is_dir() or (place.suffix == ".gguf" and place.is_file())):
        hint = "take gpt2, a folder or a GGUF file; smollm2 and ioi-small lie in `models` beside this file"
        raise CouldNotCheck(f"there is no model {place}: {hint}")
    return str(place)


def architecture(source):
    """The class of transformers that a model was saved from, by its configuration; one for causal models if that is silent."""
    import transformers

    names = getattr(read("AutoConfig", source), "architectures", None) or []
    return next((name for name in names if hasattr(transformers, name)), "AutoModelForCausalLM")


def read(auto, source, **options):
    """Return what a class of transformers makes of a model; the weights of a GGUF file are widened."""
    import transformers

    folder = source
    if source.endswith(".gguf"):
        folder, options["gguf_file"] = Path(source).parent, Path(source).name
    return getattr(transformers, auto).from_pretrained(folder, **options)


def load(source, entry):
    """Return the model in float32 on the CPU, as the entry point makes it of what `find_model` gives."""
    if entry == "transformers":
        model, found = read(architecture(source), source, output_loading_info=True)
        if absent := sorted(found["missing_keys"]):  # transformers draws them at random, and says so on the way only
            raise CouldNotCheck(
                f"{source} has no weights for {len(absent)} parts of {type(model).__name__}: {absent[0]}, …"
            )
        return torch.nn.Module.float(model)  # its own refuses what was a GGUF file
    try:
        return bridge(source) if entry == "bridge" else hooked(source)
    except (ImportError, AttributeError) as error:  # absent in this version, or a clash with that of transformers
        raise CouldNotCheck(f"transformer_lens as installed has no --entry {entry} ({error})") from error


def bridge(source):
    """A TransformerBridge of TransformerLens 3 and later."""
    from transformer_lens.model_bridge import TransformerBridge

    parts = {}  # it finds them itself, but reads no GGUF file
    if source.endswith(".gguf"):
        parts = {"hf_model": read("AutoModelForCausalLM", source), "tokenizer": read("AutoTokenizer", source)}
    return TransformerBridge.boot_transformers(source, device="cpu", **parts)


def hooked(source):
    """A HookedTransformer of TransformerLens 2 and 3: of a name, or of a folder as its from_pretrained does of a name."""
    if source.endswith(".gguf"):
        raise CouldNotCheck("HookedTransformer reads no GGUF file: take --entry transformers or --entry bridge")
    from transformer_lens import HookedTransformer
    from transformer_lens import loading_from_pretrained as loading

    if not Path(source).is_dir():
        return HookedTransformer.from_pretrained(source, device="cpu")
    config = loading.get_pretrained_model_config(source, device="cpu")
    model = HookedTransformer(config, read("AutoTokenizer", source))
    weights = loading.get_pretrained_state_dict(source, config)
    model.load_and_process_state_dict(weights, fold_ln=True, center_writing_weights=True, center_unembed=True)
    return model


# ---- copies ----------------------------------------------------------------------------------------------------------
# Copies of a value with other tensors: what reads a tensor of it, functions that close over it too, reads the copy's.


def changed(value, change, memo=None):
    """A copy of a value of any type, with `change` of each tensor in it; `memo` has what is changed otherwise, by id.

    Functions that read such tensors, as the wrappers of a module do that close over it, read the copy.
    """
    memo, functions = {} if memo is None else memo, []
    for leaf in list(everything(value, (torch.Tensor, torch.Generator, types.FunctionType))):
        if id(leaf) in memo:
            continue
        if isinstance(leaf, torch.nn.Parameter):
            memo[id(leaf)] = torch.nn.Parameter(change(leaf), leaf.requires_grad)
        elif isinstance(leaf, torch.Tensor):
            memo[id(leaf)] = change(leaf)
        elif isinstance(leaf, torch.Generator):  # it gives the same numbers each time
            memo[id(leaf)] = torch.Generator(leaf.device).set_state(leaf.get_state())
        elif any(True for _ in everything(parts(leaf))):
            cells = tuple(types.CellType() for _ in leaf.__closure__ or ())
            memo[id(leaf)] = types.FunctionType(leaf.__code__, dict(leaf.__globals__), leaf.__name__, None, cells)
            functions.append(leaf)

    def own(part):  # deepcopy takes what is in `memo` as copied already, but that of Python 3.14 no functions
        return memo[id(part)] if id(part) in memo else copy.deepcopy(part, memo)

    def again(part):
        return own(part) if any(True for _ in everything(part)) else part

    copied = own(value)
    for function in functions:
        new, names = memo[id(function)], surroundings(function)
        new.__defaults__, new.__kwdefaults__ = again(function.__defaults__), again(function.__kwdefaults__)
        for cell, old in zip(new.__closure__ or (), function.__closure__ or ()):
            with contextlib.suppress(ValueError):  # it is empty
                cell.cell_contents = again(old.cell_contents)
        new.__globals__.update({name: again(names[name]) for name in set(names) & set(function.__globals__)})
    for module in everything(copied, torch.nn.Module):
        for table in [vars(module), *(held for held in vars(module).values() if isinstance(held, dict))]:
            functions = {name: held for name, held in table.items() if isinstance(held, types.FunctionType)}
            dict.update(table, {name: own(held) for name, held in functions.items()})  # that of diffusers refuses
    return copied


def everything(value, kinds=torch.Tensor, seen=None):
    """All tensors in a value, or all of other kinds, in order; one that stands there twice is given twice."""
    seen = {} if seen is None else seen
    if isinstance(value, kinds):
        yield value
    if id(value) not in seen and not isinstance(value, (torch.Tensor, str, bytes, type, types.ModuleType)):
        seen[id(value)] = value  # kept, so that no other value gets its id
        for part in parts(value):
            yield from everything(part, kinds, seen)


def parts(value):
    """What a value consists of: items, attributes, what a function reads outside itself."""
    if isinstance(value, (list, tuple, set)):
        return value
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, types.FunctionType):
        return [*surroundings(value).values(), value.__defaults__, value.__kwdefaults__]
    if isinstance(value, Mapping):
        return value.values()
    return [getattr(value, "__self__", None), *getattr(value, "__dict__", {}).values()]


def surroundings(function):
    """The variables by name that a function reads outside itself, without the functions of other modules."""
    names, own = inspect.getclosurevars(function), function.__module__
    read = {**names.globals, **names.nonlocals}
    return {n: v for n, v in read.items() if not isinstance(v, types.FunctionType) or v.__module__ == own}


# ---- replay ----------------------------------------------------------------------------------------------------------
# Making one call of an op a second time elsewhere, on tensors with the same values and the same layout.


# ---- values with tensors in them ----------------------------------------------------------------------------------


NO_PARTS = (
    type(None),
    str,
    torch.dtype,
    torch.device,
    torch.layout,
    torch.memory_format,
)  # told at once: most values are


def leaves(value, kinds=(torch.Tensor, bool, int, float), found: list | None = None) -> list:
    """The tensors and numbers in a value: itself, or what is in a list, a tuple, a mapping, a dataclass."""
    found = [] if found is None else found
    if isinstance(value, kinds):
        found.append(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            leaves(item, kinds, found)
    elif not isinstance(value, (torch.Tensor, int, float, *NO_PARTS)):
        if dataclasses.is_dataclass(value) and not isinstance(value, (Mapping, type)):
            value = vars(value)
        for item in value.values() if isinstance(value, Mapping) else ():
            leaves(item, kinds, found)
    return found


def tensors_in(value) -> list[torch.Tensor]:
    """The tensors in a value, in order."""
    return leaves(value, torch.Tensor)


def mapped(function: Callable[[Any], Any], value):
    """The value with `function` applied to all that is in its lists, tuples, mappings and dataclasses."""
    if isinstance(value, (torch.Tensor, int, float, *NO_PARTS)):
        return function(value)
    if isinstance(value, (list, tuple)):
        items = [mapped(function, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, Mapping):
        return {name: mapped(function, item) for name, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        other = copy.copy(value)
        vars(other).update({name: mapped(function, item) for name, item in vars(value).items()})
        return other
    return function(value)


# ---- the same layout elsewhere ------------------------------------------------------------------------------------


def storage_of(tensor: torch.Tensor) -> int:
    """A number that two living tensors share if they share memory."""
    return tensor.untyped_storage()._cdata


def flat_of(tensor: torch.Tensor) -> torch.Tensor:
    """All of a tensor's memory, from its start, as one contiguous dimension."""
    length = tensor.untyped_storage().nbytes() // tensor.element_size()
    return tensor.detach().as_strided((length,), (1,), 0)


class Twins:
    """Copies of tensors: each storage is converted once, and size, strides and offset are made again on the copy.

    `.to(device)` would pack a tensor that has gaps or an offset, and a bug that needs them would be gone.
    `convert` gets a contiguous tensor of one dimension; `kept` holds what was converted before, by storage and dtype.
    """

    def __init__(self, convert: Callable[[torch.Tensor], torch.Tensor], kept: dict | None = None):
        self.convert = convert
        self.kept = {} if kept is None else kept
        self.flats: dict[tuple, torch.Tensor] = {}

    def tensor(self, original: torch.Tensor) -> torch.Tensor:
        """The twin of one tensor. Tensors that share memory have twins that do."""
        if original.is_conj():
            return self.tensor(original.conj()).conj()
        if original.is_neg():
            return torch._neg_view(self.tensor(torch._neg_view(original)))
        key = (storage_of(original), original.dtype)
        flat = self.kept.get(key)
        if flat is None:
            flat = self.flats.get(key)
        if flat is None:
            flat = self.flats[key] = self.convert(flat_of(original))
        return flat.as_strided(original.size(), original.stride(), original.storage_offset())

    def of(self, value, without: frozenset = frozenset()):
        """A value with each tensor in it replaced by its twin, but for those whose ids are in `without`."""
        return mapped(lambda v: self.tensor(v) if isinstance(v, torch.Tensor) and id(v) not in without else v, value)


def on_cpu(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor on the CPU. What is not contiguous is copied with its layout: a strided copy may be what is broken."""
    tensor = tensor.detach()
    if tensor.device.type == "cpu":
        return tensor
    return tensor.cpu() if tensor.is_contiguous() else Twins(lambda flat: flat.cpu()).tensor(tensor)


# ---- one call -----------------------------------------------------------------------------------------------------


@contextmanager
def plain_dispatch() -> Iterator[None]:
    """Within the block, ops are called as without a recorder around: by torch's own dispatcher, with its own kernels."""
    recorders = torch._C.DispatchKeySet(torch._C.DispatchKey.PreDispatch)
    with torch._C._DisablePythonDispatcher(), torch._C._ExcludeDispatchKeyGuard(recorders):
        yield


@dataclass(frozen=True)
class Case:
    """One call of an op that can be made again: its arguments as they were before it, on the CPU.

    `places` says which leaves of its result are new, see `new_places`. `staying` says which of the tensors in the
    arguments stay on the CPU: numbers, and what the device takes from there alone. For a gradient, `incoming` is what came in, one for each tensor of the result (None where nothing
    did), and `wrt` says for which of the tensors in the arguments. `differs`: the share of
    the runs that were wrong, where several runs gave several results.
    """

    op: Any
    args: tuple
    kwargs: dict
    places: tuple[int, ...] = ()
    staying: frozenset = frozenset()
    incoming: tuple | None = None
    wrt: tuple[int, ...] = ()
    differs: float = 0.0

    @property
    def tensors(self) -> list[torch.Tensor]:
        """The tensors in the arguments, in order."""
        return tensors_in((self.args, self.kwargs))

    @property
    def staying_ids(self) -> frozenset:
        """The ids of the tensors that stay on the CPU."""
        return frozenset(id(t) for n, t in enumerate(self.tensors) if n in self.staying)


@cache
def targets_of(op) -> tuple[str, ...]:
    """The names of the arguments that an op writes to."""
    return tuple(a.name for a in op._schema.arguments if a.alias_info is not None and a.alias_info.is_write)


def written(op, args, kwargs) -> list[torch.Tensor]:
    """The tensors that a call writes to."""
    if not targets_of(op):
        return []
    bound = bind(op, args, kwargs)
    return [tensor for name in targets_of(op) for tensor in tensors_in(bound.get(name))]


def saved(op, args, kwargs) -> tuple[tuple, Callable[[], None]]:
    """The arguments of a call as they are now, in copies where it writes; and how to bring that back afterwards."""
    storages = {storage_of(tensor) for tensor in written(op, args, kwargs)}
    if not storages:
        return (tuple(args), kwargs), lambda: None
    copies = Twins(lambda flat: flat.clone())
    tensors = tensors_in((args, kwargs))
    untouched = frozenset(id(t) for t in tensors if storage_of(t) not in storages)
    before = copies.of((tuple(args), kwargs), untouched)

    def restore():
        for tensor in tensors:
            if id(tensor) not in untouched:
                flat_of(tensor).copy_(copies.flats[(storage_of(tensor), tensor.dtype)])

    return before, restore


def new_places(arguments: list[torch.Tensor], result) -> tuple[int, ...]:
    """Which leaves of a result are new: numbers, and tensors in memory that is no argument's."""
    known = {storage_of(tensor) for tensor in arguments}
    places = enumerate(leaves(result))
    return tuple([n for n, leaf in places if not isinstance(leaf, torch.Tensor) or storage_of(leaf) not in known])


def outcome(op, args, kwargs, result, places: tuple[int, ...]) -> list[torch.Tensor]:
    """What a call did, on the CPU: what it wrote to, the memory around that, and its new results."""
    found = [t for target in written(op, args, kwargs) for t in (on_cpu(target), around_it(target))]  # see `is_around`
    everything = list(leaves(result))
    new = [everything[place] for place in places if place < len(everything)]
    return found + [on_cpu(t) if isinstance(t, torch.Tensor) else torch.tensor(t) for t in new]


def is_around(case: Case, place: int) -> bool:
    """Whether this place of an `outcome` holds the memory around a tensor that was written to: no call may change it."""
    return case.incoming is None and place % 2 == 1 and place < 2 * len(written(case.op, case.args, case.kwargs))


def around_it(tensor: torch.Tensor) -> torch.Tensor:
    """All of a tensor's memory with 0 where the tensor itself is; nothing if the tensor fills it."""
    if flat_of(tensor).numel() == tensor.numel():
        return torch.empty(0, dtype=tensor.dtype)
    flat = on_cpu(flat_of(tensor)).clone()
    flat.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset()).fill_(0)
    return flat


def computed(
    case: Case,
    twins: Twins,
    change: Callable[[Any], Any] = lambda value: value,
    look: Callable[[Any], None] = lambda result: None,
    backward: AbstractContextManager | None = None,
) -> list[torch.Tensor]:
    """What a case gives on twins of its tensors, on the CPU.

    `change` is applied to its other arguments; `look` gets the result as it is, before it is brought to the CPU;
    `backward` is around the backward pass of a gradient alone, not around the forward call that it needs.
    """
    args, kwargs = mapped(change, twins.of((tuple(case.args), case.kwargs), case.staying_ids))
    if case.incoming is None:
        result = case.op(*args, **kwargs)
        look(result)
        return outcome(case.op, args, kwargs, result, case.places)
    return [on_cpu(t) for t in gradients(case, args, kwargs, twins.of(case.incoming), backward)]


def computed_exactly(case: Case) -> list[torch.Tensor]:
    """What a case gives on the CPU in float64. Raises what the op raises where it has no float64."""
    return computed(case, Twins(lambda flat: flat.double() if flat.is_floating_point() else flat.clone()), wide_dtype)


def called_in_float64(op, args, kwargs):
    """The result of a call on the CPU, with what is float32 or a half type widened. What it writes to is written to.

    Views stay views of the same memory. An op that has no float64 is computed in float32 and its result widened.
    """
    returns = op._schema.returns
    if any(value.alias_info is not None and not value.alias_info.is_write for value in returns):
        return op(*mapped(wide_dtype, tuple(args)), **mapped(wide_dtype, kwargs))
    try:
        return called_in(torch.float64, op, args, kwargs)
    except Exception:  # whatever an op raises for a dtype that it does not have
        result = called_in(torch.float32, op, args, kwargs)
        targets = {id(target) for target in written(op, args, kwargs)}

        def widened(value):
            is_new = isinstance(value, torch.Tensor) and id(value) not in targets
            return value.double() if is_new and value.is_floating_point() else value

        return mapped(widened, result)


def called_in(dtype: torch.dtype, op, args, kwargs):
    """The result of a call with all that is floating in one dtype. What it writes to is written to, and returned."""
    as_it_is = frozenset(id(t) for t in tensors_in((args, kwargs)) if t.dtype is dtype or not t.is_floating_point())
    twins = Twins(lambda flat: flat.to(dtype))

    def in_dtype(value):
        return dtype if isinstance(value, torch.dtype) and value.is_floating_point else value

    there_args, there_kwargs = mapped(in_dtype, twins.of((tuple(args), kwargs), as_it_is))
    result = op(*there_args, **there_kwargs)
    originals = {}
    for target, there in zip(written(op, args, kwargs), written(op, there_args, there_kwargs)):
        if target is not there:
            target.detach().copy_(there.detach())
            originals[id(there)] = target
    return mapped(lambda v: originals.get(id(v), v), result)


def wide_dtype(value):
    """float64 for a floating dtype, anything else as it is."""
    return torch.float64 if isinstance(value, torch.dtype) and value.is_floating_point else value


def gradients(case: Case, args, kwargs, incoming, backward: AbstractContextManager | None) -> list[torch.Tensor]:
    """The gradients of a call of a case's op, made anew, for the tensors at the places `wrt` of its arguments.

    An argument that the result does not depend on gets an empty tensor.
    """
    wrt = case.wrt
    tensors = [t.detach().requires_grad_(place in wrt) for place, t in enumerate(tensors_in((args, kwargs)))]
    following = iter(tensors)
    args, kwargs = mapped(lambda v: next(following) if isinstance(v, torch.Tensor) else v, (args, kwargs))
    with torch.enable_grad():
        results = tensors_in(case.op(*args, **kwargs))
    pairs = [(result, gradient) for result, gradient in zip(results, incoming) if gradient is not None]
    asked = [tensors[place] for place in wrt]
    with backward or nullcontext():
        found = torch.autograd.grad([r for r, _ in pairs], asked, [g for _, g in pairs], allow_unused=True)
    return [torch.empty(0) if gradient is None else gradient for gradient in found]


# ---- what is not compared -----------------------------------------------------------------------------------------


def obstacle(op, tensors: list[torch.Tensor]) -> str | None:
    """Why a call cannot be made again elsewhere; None if it can."""
    if not hasattr(op, "_schema"):
        return "it has no schema"
    for tensor in tensors:
        if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
            return "inside torch.vmap or another transform"
        if tensor.layout is not torch.strided:
            return f"it takes or gives a {str(tensor.layout)[6:]} tensor"
        if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
            return f"it takes or gives a tensor of class {type(tensor).__name__}"
    return None


def is_random(op, bound: dict) -> bool:
    """Whether a call draws random numbers: one with dropout 0, or not in training, does not."""
    draws = torch.Tag.nondeterministic_seeded in op.tags or "dropout" in bound
    chances = [bound.get(name) for name in ("p", "dropout_p", "dropout")]
    off = any(isinstance(chance, (int, float)) and chance == 0 for chance in chances)
    return draws and not off and all(bound.get(name) is not False for name in ("train", "training"))


def only_shows(op) -> bool:
    """Whether an op computes nothing: it changes how memory is seen, or gives memory as it finds it."""
    return torch.Tag.inplace_view in op.tags or base_name(op).replace("new_", "").startswith(("empty", "resize"))


# ---- judge -----------------------------------------------------------------------------------------------------------
# Is a device's result of one op wrong? The rule of MPS Check, behind a screen that spares most of the work.


SCREEN = ALLOWED_RATIO - 1  # a result this near to the CPU's, in units of rounding, is right whatever the reference is
MOVES = frozenset(
    "alias amax amin argmax argmin cat clone concat constant_pad_nd contiguous copy diag diag_embed embedding expand_copy "
    "eye fill flatten flip full full_like gather hstack index index_copy index_fill index_put index_select masked_fill "
    "masked_scatter masked_select max maximum min minimum movedim neg nonzero one_hot ones ones_like pad repeat "
    "repeat_interleave reshape roll scatter select_scatter slice_scatter sort stack take take_along_dim tile to _to_copy "
    "topk tril triu vstack where zero zeros zeros_like".split()
)


@dataclass(frozen=True)
class Difference:
    """How a result is wrong. `ratio`: the error in units of the CPU's own; `share`: of the values that are wrong.

    `around`: not the result is wrong but the memory around it, which `index` then counts from its start.
    """

    kind: str  # wrong, nan (a NaN that the CPU has not), shape
    ratio: float
    share: float = 1.0
    index: tuple[int, ...] = ()
    expected: complex | None = None  # in the dtype of the result: a whole number stays one
    got: complex | None = None
    around: bool = False


def comparable(cpu: torch.Tensor, got: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Both with 0 where one is not finite, and where only one is, or another: there the two are not the same."""
    finite = cpu.isfinite() & got.isfinite()
    same = (cpu == got) | (cpu.isnan() & got.isnan())
    return torch.where(finite, cpu, 0.0), torch.where(finite, got, 0.0), ~(finite | same)


def distance(cpu: torch.Tensor, got: torch.Tensor) -> float:
    """How far a result is from the CPU's in units of rounding, by RMS or by the largest, whichever is more.

    0: the same values; infinity: another shape or dtype, other whole numbers, NaN or infinity in other places.
    """
    if cpu.shape != got.shape or cpu.dtype != got.dtype:
        return math.inf
    if torch.equal(cpu, got):
        return 0.0
    if not (cpu.is_floating_point() or cpu.is_complex()):
        return math.inf
    limits = torch.finfo(cpu.dtype)
    if cpu.is_floating_point() and cpu.dtype.itemsize < 4:
        cpu, got = cpu.float(), got.float()
    scale, apart = sizes(cpu), sizes(got - cpu)
    if not math.isfinite(scale["rms"] + apart["rms"]):
        cpu, got, special = comparable(cpu, got)
        if bool(special.any()):
            return math.inf
        scale, apart = sizes(cpu), sizes(got - cpu)
    return max(apart[size] / max(limits.eps * scale[size], SMALLEST) for size in scale)


def difference(cpu: torch.Tensor, got: torch.Tensor, exact: torch.Tensor | None, moves: bool) -> Difference | None:
    """How `got` is wrong by the rule; None if it is right.

    `exact` is the CPU's result in float64, None if the op has no float64. `moves` says that the op rounds nothing where
    the CPU does not.
    """
    numbers = compare_output(got, cpu, exact, rounds=not moves)
    if "cpu_shape" in numbers:
        return Difference("shape", math.inf)
    verdict = verdict_of_output(numbers, rounds=not moves)
    if verdict == "agrees":
        return None
    index = tuple(numbers["first_wrong"]["index"])
    share = numbers["device"]["wrong"] / max(1, cpu.numel())
    ratio = ratio_of_output(numbers, rounds=not moves)
    return Difference(verdict, ratio, share, index, cpu[index].item(), got[index].item())


def only_order(op: str, bound: dict, cpu: torch.Tensor, got: torch.Tensor) -> bool:
    """Whether two results differ only in an order that torch's documentation leaves open.

    `bound` are the arguments by name as they were before the call.
    """
    return only_ties(op, bound, cpu, got) or only_collisions(op, bound, cpu, got)


def in_one_order(op: str, bound: dict, results: list[torch.Tensor]) -> list[torch.Tensor]:
    """The results of a call; where it was told that their order does not matter, values and indices in one order."""
    if op != "topk" or bound.get("sorted") is not False or len(results) != 2 or not results[0].ndim:
        return results
    dim, largest = bound.get("dim", -1), bound.get("largest", True)
    places = results[0].sort(stable=True, dim=dim, descending=largest).indices
    return [result.gather(dim, places) for result in results]


def only_ties(op: str, bound: dict, cpu: torch.Tensor, got: torch.Tensor) -> bool:
    """Whether two results are indices that differ between equal values only, which a device is free to order."""
    values, dim = bound.get("self"), bound.get("dim", -1)
    if op not in INDICES or bound.get("stable") or cpu.dtype is not torch.int64 or cpu.shape != got.shape:
        return False
    if not bool(((got >= 0) & (got < values.shape[dim])).all()):
        return False
    if cpu.ndim < values.ndim:
        cpu, got = cpu.unsqueeze(dim), got.unsqueeze(dim)
    in_order = got.sort(dim).values
    twice = in_order.narrow(dim, 1, got.shape[dim] - 1) == in_order.narrow(dim, 0, got.shape[dim] - 1)
    return torch.equal(values.gather(dim, cpu), values.gather(dim, got)) and not bool(twice.any())


def only_collisions(op: str, bound: dict, cpu: torch.Tensor, got: torch.Tensor) -> bool:
    """Whether two results differ only where several values were written to one place, and each holds one of those."""
    target = bound.get("self")
    if not isinstance(target, torch.Tensor) or cpu.shape != target.shape or got.shape != cpu.shape:
        return False
    if got.dtype != cpu.dtype or bound.get("accumulate") or bound.get("reduce") is not None:
        return False
    if op == "scatter" and isinstance(bound.get("src"), torch.Tensor):
        dim, index = bound["dim"], bound["index"]
        written = bound["src"][tuple(slice(size) for size in index.shape)]
    elif op == "index_copy" and target.ndim:
        dim, written = bound["dim"], bound["source"]
        shape = [1] * target.ndim
        shape[dim] = -1
        index = bound["index"].reshape(shape).expand(written.shape)
    elif op == "index_put" and not any(
        i is not None and i.dtype in (torch.bool, torch.uint8) for i in bound["indices"]
    ):
        indices = tuple(slice(None) if i is None else i for i in bound["indices"])
        places = torch.arange(target.numel()).view(target.shape)[indices]
        dim, index = 0, places.flatten()
        written, target = bound["values"].expand(places.shape).flatten(), target.flatten()
        cpu, got = cpu.flatten(), got.flatten()
    else:
        return False
    if not index.numel():
        return False
    index = index.long()
    kept = same(got.gather(dim, index), written)  # is what stands there what this one wrote?
    times, hits = (torch.zeros(target.shape, dtype=torch.int64) for _ in range(2))
    times.scatter_add_(dim, index, torch.ones_like(index))
    hits.scatter_add_(dim, index, kept.long())
    return bool(torch.where(times > 1, hits > 0, same(got, cpu)).all())


# ---- where -----------------------------------------------------------------------------------------------------------
# Where a program is: the module that runs, the hook point of TransformerLens before it, the line.


@dataclass(frozen=True)
class Spot:
    """Where a call is made: the module, the line of the program, the last hook point of TransformerLens before it."""

    module: str
    line: str
    hook: str | None


class Where:
    """What is running: module, line, hook point."""

    def __init__(self, model: torch.nn.Module):
        clean = {id(m): name.replace("._original_component", "") for name, m in model.named_modules()}
        self.names = {key: name or type(model).__name__ for key, name in clean.items()}
        self.stack: list[str] = []
        self.hook: str | None = None
        self.waiting: list = []  # findings that wait for the next hook point

    def enter(self, module, args) -> None:
        name = self.names.get(id(module), type(module).__name__)
        if type(module).__name__ == "HookPoint":
            self.hook = getattr(module, "name", None) or name
            for finding in self.waiting:
                finding.next_hook = self.hook
            self.waiting.clear()
            name = self.module()  # ops in a hook belong to the module around it
        self.stack.append(name)

    def leave(self, module, args, result) -> None:
        self.stack.pop()

    def module(self) -> str:
        """The innermost module that is no hook point."""
        return self.stack[-1] if self.stack else "outside of the model's modules"

    @contextmanager
    def following(self) -> Iterator[None]:
        """Within the block, the modules that run are known."""
        enter = module_hooks.register_module_forward_pre_hook(self.enter)
        leave = module_hooks.register_module_forward_hook(self.leave, always_call=True)
        try:
            yield
        finally:
            enter.remove()
            leave.remove()

    def spot(self) -> Spot:
        """Where the program is, by its innermost frame that is neither torch's nor ours."""
        frame, this_file = sys._getframe(), Where.spot.__code__.co_filename
        while frame.f_back and (
            frame.f_code.co_filename == this_file
            or frame.f_globals.get("__name__", "").split(".")[0] in ("torch", "contextlib", "mpscheck")
        ):
            frame = frame.f_back
        line = f"{frame.f_code.co_filename.rpartition('site-packages/')[2]}:{frame.f_lineno}"
        return Spot(self.module(), line, self.hook)


# ---- lockstep --------------------------------------------------------------------------------------------------------
# A pass over a model in lock-step: each op on the CPU and on the device with the same inputs, and what differed.


SOME = 16  # pieces of memory that are kept on the device after a call


@dataclass
class Finding:
    """One kind of call that is wrong on the device: the first such call, and the modules that make such calls."""

    case: Case  # the op that is wrong
    outer: Case  # the call that the program made: the same, one that consists of other ops, or the gradient of one
    result: Difference
    spot: Spot
    next_hook: str | None = None  # the first hook point of TransformerLens that shows it
    modules: list[str] = field(default_factory=list)  # one a call
    own_inputs: bool = False  # found on inputs that the device itself made

    @property
    def op(self) -> str:
        """The aten name of the op: of a gradient the kernel that is wrong, where one could be told from the others."""
        return base_name(self.case.op)

    @property
    def gradient(self) -> bool:
        """Whether it is the gradient of a call that is wrong, not its result."""
        return self.outer.incoming is not None


@dataclass
class Runs:
    """What several runs of one call on the device gave: only the first and the farthest from the CPU are kept."""

    distances: list[float] = field(default_factory=list)  # from the CPU, in units of rounding
    differ: bool = False
    first: list = field(default_factory=list)
    farthest: list = field(default_factory=list)

    @property
    def apart(self) -> float:
        """The largest distance from the CPU."""
        return max(self.distances, default=0.0)

    def add(self, got: list, apart: float) -> None:
        """One more run."""
        if not self.distances:
            self.first = self.farthest = got
        elif apart > self.apart:
            self.farthest = got
        self.differ = self.differ or any(distance(a, b) for a, b in zip(self.first, got) if a is not b)
        self.distances.append(apart)

    def share_beyond(self, limit: float) -> float:
        """The share of the runs that are farther from the CPU than a limit."""
        return sum(distance > limit for distance in self.distances) / len(self.distances)


class Recent:
    """What was moved to the device, or came to be there, a short while ago: most results are read by the next few calls.

    The tensors on the CPU are kept with it, so that their memory does not become that of others.
    """

    def __init__(self):
        self.held: OrderedDict[tuple, tuple] = OrderedDict()

    def note(self, tensor: torch.Tensor, flat: torch.Tensor) -> None:
        """All of a tensor's memory, as it is on the device."""
        if not tensor.is_inference():  # such a tensor does not count what is written to it
            key = (storage_of(tensor), tensor.dtype)
            self.held[key] = (tensor.detach(), tensor._version, flat)
            self.held.move_to_end(key)
            if len(self.held) > SOME:
                self.held.popitem(last=False)

    def note_result(self, tensor: torch.Tensor, there: torch.Tensor) -> None:
        """A result on the device that holds what the CPU's holds, if it is all of its memory on both."""
        if there.device.type != "cpu" and all(fills_memory(t) for t in (tensor, there)):
            self.note(tensor, flat_of(there))

    def is_intact(self, tensors: list[torch.Tensor]) -> bool:
        """Whether what is kept of these tensors still holds, bit for bit, what the CPU's memory holds."""
        flats = ((flat_of(t), self.get((storage_of(t), t.dtype))) for t in tensors)
        return all(there is None or bits_of(flat).equal(bits_of(on_cpu(there))) for flat, there in flats)

    def get(self, key: tuple) -> torch.Tensor | None:
        """The memory on the device; None if it is not there, or the CPU's was written to since."""
        tensor, version, flat = self.held.get(key, (None, 0, None))
        if tensor is None or tensor._version != version:
            return None
        self.held.move_to_end(key)
        return flat


@dataclass(frozen=True)
class OnDevice:
    """What one call finds on the device: the weights and what was there lately, but for what it writes to."""

    kept: dict
    recent: Recent
    targets: set[int]

    def get(self, key: tuple) -> torch.Tensor | None:
        """The memory by storage and dtype, if it is there."""
        if key[0] in self.targets:
            return None
        flat = self.kept.get(key)
        return self.recent.get(key) if flat is None else flat


class LockStep:
    """The pass. `findings` are what is wrong, `counts` and `refused` say what was compared, what not, and why.

    `repeat` is how often the device computes each op. With `backward`, each op's gradients are compared when the
    program's own backward pass comes to it, with the gradient that comes in there.
    """

    def __init__(self, model: torch.nn.Module, device: str, repeat: int = 1, backward: bool = False):
        self.device, self.repeat, self.backward = device, repeat, backward
        self.where = Where(model)
        self.findings: list[Finding] = []
        self.counts: Counter = Counter()
        self.runs: Counter = Counter()  # by op: how often the device computed it
        self.refused: dict[str, tuple[int, str]] = {}  # op: how often, why
        self.sick: dict[str, Finding] = {}  # by kind of call
        self.near: dict[str, float] = {}  # by kind of call: a distance from the CPU that was found right
        self.outer: list[Case] = []  # the calls that are being looked into
        self.backward_of: Spot | None = None  # where the call was made whose backward pass is being looked into
        self.last: Finding | None = None  # the last one that was found or found again
        self.alone: list[Case] = []  # calls on the device that the CPU cannot make
        self.kept: dict[tuple, torch.Tensor] = {}  # the weights on the device
        self.recent = Recent()
        self.trusted: set[torch.dtype] = set()  # those whose numbers come back from the device as they went
        self.there: set[int] = set()  # storages that a run on the device would have there,
        self.numbers: set[int] = set()  # and would have on the CPU: torch.tensor(…) and what is made of it
        self.cpu_only: set[int] = set()  # and must have on the CPU: the device takes, or leaves, them there alone

    def moved(self, flat: torch.Tensor) -> torch.Tensor:
        """Memory on the device. Raises CouldNotCheck where moving changes numbers, tried once for each dtype."""
        if flat.dtype not in self.trusted:
            numbers = torch.arange(-100, 101).to(flat.dtype)
            try:
                returned = numbers.to(self.device).cpu()
            except Exception as error:  # whatever a device raises for what it cannot do
                raise CouldNotCheck(f"{self.device} takes no {flat.dtype} ({first_line(error)})") from error
            if not torch.equal(returned, numbers):
                raise CouldNotCheck(f"{flat.dtype} numbers moved to {self.device} and back are others")
            self.trusted.add(flat.dtype)
        return flat.to(self.device)

    def keep(self, weights: list[torch.Tensor]) -> None:
        """Move weights to the device, once for the whole pass."""
        for weight in weights:
            key = (storage_of(weight), weight.dtype)
            if key not in self.kept:
                self.kept[key] = self.moved(flat_of(weight))
        self.place(weights, True)

    def place(self, tensors: list[torch.Tensor], there: bool | None) -> None:
        """Note whether a run on the device would have these tensors there; None: that is not known."""
        for tensor in tensors:
            for known in (self.there, self.numbers, self.cpu_only):
                known.discard(storage_of(tensor))  # an address may have been used before
            if there is not None:
                (self.there if there else self.numbers).add(storage_of(tensor))

    def would_be_there(self, op, bound: dict, tensors: list[torch.Tensor]) -> bool | None:
        """Whether a run on the device would make this call there; None: that is not known."""
        if base_name(op) == "lift_fresh":  # torch.tensor(…)
            return False
        if bound.get("device") is not None or any(storage_of(t) in self.there for t in tensors):
            return True
        here = self.numbers | self.cpu_only
        return False if tensors and all(storage_of(t) in here for t in tensors) else None

    # ---- one call -------------------------------------------------------------------------------------------------

    def handle(self, op, args, kwargs, run):
        """Compute an op on the CPU, whose result goes on, and compare the device's result for the same inputs."""
        tensors = tensors_in((args, kwargs))
        if not self.accepts(op, tensors):
            return run()
        before, restore = saved(op, args, kwargs)
        with plain_dispatch():
            result = op(*args, **kwargs)
            results = tensors_in(result)
            if not self.accepts(op, results):
                return result
            places = new_places(tensors, result)
            if not places and not targets_of(op) and tensors and not self.backward:  # it shows memory that is known
                self.counts["views"] += not self.outer
                return result
            bound = bind(op, args, kwargs)
            there = self.would_be_there(op, bound, tensors)
            self.place(results, there)
            wrong = None
            if self.is_compared(op, bound, there is not False, places):
                case, cpu = Case(op, *before, places), outcome(op, args, kwargs, result, places)
                wrong = self.compare(case, cpu, None, results)
                scalars = frozenset(n for n, t in enumerate(tensors) if t.ndim == 0 and storage_of(t) not in self.there)
                staying = scalars | self.must_stay(tensors)
                if not wrong and scalars and len(staying) < len(tensors):
                    wrong = self.compare(case, cpu, [staying])  # a number often stays on the CPU
            for target in written(op, args, kwargs):  # a weight that was changed is moved again when it is read
                self.kept.pop((storage_of(target), target.dtype), None)
            if self.backward and not self.outer:
                self.await_gradient(op, args, kwargs, result)
        if wrong:
            self.settle(*wrong, restore, run)
        return result

    def handle_there(self, op, args, kwargs, run):
        """The reverse: the device's result goes on, and the CPU computes it for the inputs that the device made."""
        if not self.accepts(op, tensors_in((args, kwargs))):
            return run()
        before, restore = saved(op, args, kwargs)
        with plain_dispatch():
            result = op(*args, **kwargs)
            if not self.accepts(op, tensors_in(result)):
                return result
            places, wrong = new_places(tensors_in((args, kwargs)), result), None
            if self.is_compared(op, bind(op, args, kwargs), True, places):
                here = frozenset(id(t) for t in tensors_in(before) if t.device.type == "cpu")
                fetched = Twins(lambda flat: flat.cpu()).of(before, here)
                staying = frozenset(n for n, t in enumerate(tensors_in(before)) if id(t) in here)
                case = Case(op, *mapped(to_cpu_device, fetched), places, staying)
                copies = Twins(lambda flat: flat.clone() if written(op, args, kwargs) else flat)
                try:
                    cpu = computed(case, copies)
                except Exception as error:  # a kernel of the device's own, as those of some gradients
                    self.alone.append(case)
                    self.refuse(op, f"the CPU does not compute it: {first_line(error)}")
                    return result
                runs, got = Runs(), outcome(op, args, kwargs, result, places)
                runs.add(got, self.apart(case, cpu, got))
                wrong = self.judge(case, cpu, runs)
        if wrong:
            self.settle(*wrong, restore, run, own_inputs=not self.backward_of)
        return result

    def accepts(self, op, tensors: list[torch.Tensor]) -> bool:
        """Whether a call can be made elsewhere; if not, that is noted."""
        reason = obstacle(op, tensors)
        if reason:
            self.refuse(op, reason)
        return reason is None

    def refuse(self, op, reason: str) -> None:
        """Note an op that was not compared; what is inside another call is compared with that."""
        if self.backward_of:
            return
        name = base_name(op) if hasattr(op, "_schema") else str(op)
        self.refused[name] = (self.refused.get(name, (0, ""))[0] + 1, reason)

    def is_compared(self, op, bound: dict, there: bool, places: tuple) -> bool:
        """Whether a call gives something to compare; each is counted by what it is."""
        if is_random(op, bound):
            kind = "random"
        elif only_shows(op) or not (places or written(op, (), bound)):
            kind = "views"
        else:
            kind = "compared" if there else "on the CPU"
        self.counts[kind] += not self.outer
        return kind == "compared"

    def must_stay(self, tensors: list[torch.Tensor]) -> frozenset:
        """The places of the tensors that the device takes from the CPU alone."""
        return frozenset(n for n, t in enumerate(tensors) if storage_of(t) in self.cpu_only)

    def ways(self, case: Case) -> Iterator[frozenset]:
        """Which tensors may stay on the CPU, in the order to try: a device takes some, such as lengths, there alone."""
        first = self.must_stay(case.tensors) if self.cpu_only else frozenset()
        if not first or len(first) < len(case.tensors):
            yield first
        targets = {storage_of(t) for t in written(case.op, case.args, case.kwargs)}
        able = [
            n
            for n, t in enumerate(case.tensors)
            if storage_of(t) not in targets and (t.ndim == 0 or not (t.is_floating_point() or t.is_complex()))
        ]
        for way in dict.fromkeys([frozenset(), *(frozenset([n]) for n in able), frozenset(able)]):
            if way != first and (not way or len(way) < len(case.tensors)):
                yield way

    def compare(
        self, case: Case, cpu: list, ways: Iterable[frozenset] | None, results: Iterable[torch.Tensor] = ()
    ) -> tuple[Case, Difference] | None:
        """Compute a case on the device, in the first of the ways that it takes, and judge it against the CPU's results.

        `ways` are all of them if None. `results` are the CPU's: what the device leaves on the CPU of its own, a run on
        the device would have there.
        """
        targets = {storage_of(t) for t in written(case.op, case.args, case.kwargs)}
        reason = None
        for way in self.ways(case) if ways is None else ways:
            if way != case.staying:
                case = replace(case, staying=way)
            made: list[torch.Tensor] = []  # the tensors of the result as the device gives them

            def look(there, made=made):
                made[:] = tensors_in(there)

            try:
                runs = self.runs_of(case, cpu, targets, look)
                if runs.apart > screen_of(case) and not self.recent.is_intact(case.tensors):
                    self.recent = Recent()  # another call wrote to what it read: that is no fault of this one
                    runs = self.runs_of(case, cpu, targets, look)
            except Exception as error:  # whatever a device raises for what it cannot do
                reason = reason or first_line(error)
                continue
            if reason and case.incoming is None:
                self.cpu_only |= {storage_of(case.tensors[n]) for n in way}
            pairs = list(zip(results, made))
            self.cpu_only |= {storage_of(t) for t, there in pairs if there.device.type == "cpu"}
            if not runs.apart and not targets:
                for t, there in pairs:
                    self.recent.note_result(t, there)
            if not self.outer:
                self.runs[base_name(case.op) + " (gradient)" * (case.incoming is not None)] += self.repeat
            return self.judge(case, cpu, runs)
        if ways is None:  # else a program that the device takes does not make such a call
            self.refuse(case.op, reason)
        return None

    def runs_of(self, case: Case, cpu: list, targets: set[int], look) -> Runs:
        """A case computed on the device as often as asked for, on copies of its own of what it writes to (`targets`)."""
        runs = Runs()
        for _ in range(self.repeat):
            twins = Twins(self.moved, OnDevice(self.kept, self.recent, targets))
            got = computed(case, twins, self.to_device, look)
            runs.add(got, self.apart(case, cpu, got))
            if twins.flats:
                for t in case.tensors:
                    flat = twins.flats.get((storage_of(t), t.dtype))
                    if flat is not None and storage_of(t) not in targets:
                        self.recent.note(t, flat)
        return runs

    def to_device(self, value):
        """The device for a torch.device, anything else as it is."""
        return torch.device(self.device) if isinstance(value, torch.device) else value

    # ---- the verdict on one call ----------------------------------------------------------------------------------

    def judge(self, case: Case, cpu: list, runs: Runs) -> tuple[Case, Difference | None] | None:
        """The case and how it is wrong (None: known already), or None if all of the device's results are right."""
        apart, screen = runs.apart, screen_of(case)
        if apart <= screen:
            return None
        kind = kind_of(case)
        if kind in self.sick:
            return case, None
        if apart <= self.near.get(kind, 0.0):
            return None
        worst = self.worst(case, cpu, runs.farthest)
        if worst is None:
            if math.isfinite(apart):  # another order says nothing of the next call
                self.near[kind] = apart
            return None
        return replace(case, differs=runs.share_beyond(screen) if runs.differ else 0.0), worst

    def apart(self, case: Case, cpu: list, got: list) -> float:
        """How far results are from the CPU's, in units of rounding; infinity where memory around them differs at all."""
        if len(got) != len(cpu):
            return math.inf
        distances = [distance(c, g) for c, g in zip(cpu, got)]
        return max((math.inf if d and is_around(case, n) else d for n, d in enumerate(distances)), default=0.0)

    def settle(
        self, case: Case, worst: Difference | None, restore, run, spot: Spot | None = None, own_inputs=False
    ) -> None:
        """Note what is wrong: the innermost op that shows it, or once more a kind of call that is known."""
        spot = spot or self.backward_of or self.where.spot()
        kind = kind_of(case)
        if kind in self.sick:
            self.last = self.sick[kind]
            self.last.modules.append(spot.module)
        else:
            self.sick[kind] = self.look_inside(case, restore, run) or self.note(case, worst, spot, own_inputs)

    def worst(self, case: Case, cpu: list, got: list) -> Difference | None:
        """The largest difference by the rule; None if all is right."""
        name, found, exact = base_name(case.op), [], None
        bound = {} if case.incoming else bind(case.op, case.args, case.kwargs)
        if len(got) != len(cpu):
            return Difference("shape", math.inf)
        cpu, got = (in_one_order(name, bound, results) for results in (cpu, got))
        for n, (c, g) in enumerate(zip(cpu, got)):
            if not distance(c, g) or only_order(name, bound, c, g):
                continue
            if is_around(case, n):
                one = difference(c, g, None, moves=True)
                found.append(one and replace(one, around=True))
                continue
            exact = self.exact(case) if exact is None else exact
            reference = exact[n] if n < len(exact) and exact[n].shape == c.shape else None
            found.append(difference(c, g, reference, name in MOVES and not case.incoming))
        return max(filter(None, found), key=lambda d: (not d.around, d.kind == "nan", d.ratio), default=None)

    def exact(self, case: Case) -> list[torch.Tensor]:
        """The case on the CPU in float64; nothing if there is no such kernel."""
        with contextlib.suppress(Exception):  # whatever an op raises for a dtype that it does not have
            return computed_exactly(case)
        return []

    def look_inside(self, case: Case, restore, run) -> Finding | None:
        """Go through the ops that a call consists of, if it does; the one that is wrong."""
        self.last = None
        restore()
        self.outer.append(case)
        try:
            run()
        finally:
            self.outer.pop()
        return self.last

    def note(self, case: Case, worst: Difference, spot: Spot, own_inputs: bool) -> Finding:
        """Add a finding, or a call to one of the same op and layouts."""
        same = (f for f in self.findings if kind_of(f.case, offsets=False) == kind_of(case, offsets=False))
        self.last = next(same, None)
        if self.last is None:
            outer = self.outer[0] if self.outer else case
            self.last = Finding(case, outer, worst, spot, own_inputs=own_inputs)
            self.findings.append(self.last)
            if not self.last.gradient:
                self.where.waiting.append(self.last)
        self.last.modules.append(spot.module)
        return self.last

    # ---- gradients ------------------------------------------------------------------------------------------------

    def await_gradient(self, op, args, kwargs, result) -> None:
        """Compare an op's gradients when the backward pass comes to it."""
        tensors, results = tensors_in((args, kwargs)), tensors_in(result)
        nodes: dict[Any, dict[int, int]] = {}  # what computes the gradient: place among the results, in its own order
        for place, t in enumerate(results):
            if t.grad_fn is not None and not any(t is argument for argument in tensors):
                nodes.setdefault(t.grad_fn, {})[place] = t.output_nr
        if nodes and written(op, args, kwargs):
            self.counts["gradients of calls in place"] += 1
            return
        wrt = tuple(n for n, t in enumerate(tensors) if t.requires_grad)
        case = Case(
            op, *mapped(lambda v: v.detach() if isinstance(v, torch.Tensor) else v, (tuple(args), kwargs)), wrt=wrt
        )
        versions, spot, count = [t._version for t in case.tensors], self.where.spot(), len(results)

        def arrived(order: dict[int, int], grads: tuple) -> None:
            if [t._version for t in case.tensors] != versions:
                self.counts["gradients of arguments that were changed since"] += 1
                return
            incoming = tuple(grads[order[n]] if n in order else None for n in range(count))
            if any(gradient is not None for gradient in incoming):
                self.counts["gradients"] += 1
                one = replace(case, incoming=incoming)
                with plain_dispatch():  # also where the program itself asks for gradients, under the recorder
                    wrong = self.compare(one, computed(one, Twins(lambda flat: flat)), None)
                if wrong:
                    self.settle(*wrong, lambda: None, lambda: self.through_kernels(*wrong, spot), spot)

        for node, order in nodes.items():
            node.register_prehook(lambda grads, order=order: arrived(order, grads))

    def through_kernels(self, case: Case, worst: Difference | None, spot: Spot) -> None:
        """Make a wrong gradient on the device again, each kernel of its backward pass being held against the CPU.

        Is none of them wrong, and has the CPU no such kernel as one of them, then that one is.
        """
        self.alone, self.backward_of = [], spot
        try:
            with contextlib.suppress(Exception):  # whatever a device raises; then the gradient is named as a whole
                computed(case, Twins(self.moved), self.to_device, backward=around(self.handle_there))
            if self.last is None and not case.differs and len({base_name(one.op) for one in self.alone}) == 1:
                self.note(self.alone[0], worst, spot, False)
        finally:
            self.backward_of = None


def bits_of(flat: torch.Tensor) -> torch.Tensor:
    """Memory as bytes: NaN is then the same as NaN, and 0 another than -0."""
    return flat.view(torch.uint8)


def fills_memory(tensor: torch.Tensor) -> bool:
    """Whether a tensor is all that its memory holds, in plain order."""
    plain = tensor.is_contiguous() and not (tensor.is_conj() or tensor.is_neg())
    return plain and tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes()


def screen_of(case: Case) -> float:
    """How far from the CPU a result may be, in units of rounding, and be right whatever the reference is."""
    return 0.0 if base_name(case.op) in MOVES else SCREEN


def kind_of(case: Case, offsets: bool = True) -> str:
    """What makes two calls alike: op, numbers, dtypes and layouts."""

    def described(value):
        if not isinstance(value, torch.Tensor):
            return value
        return str(value.dtype), value.shape, value.stride(), value.storage_offset() if offsets else ""

    return repr(
        (case.op, case.incoming is None, bool(case.staying), mapped(described, (case.args, case.kwargs, case.incoming)))
    )


def to_cpu_device(value):
    """The CPU for a torch.device, anything else as it is."""
    return torch.device("cpu") if isinstance(value, torch.device) else value


def first_line(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


# ---- recognize -------------------------------------------------------------------------------------------------------
# Which known bug explains a wrong call: conditions held against it, and against the same call with plain layouts.


STATES = ("affected", "unknown", "not affected")
GIVES_NUMBERS = ("wrong", "nan", "nondeterministic")  # kinds of bugs that a wrong number may come from


@dataclass(frozen=True)
class Recognized:
    """The known bugs that may be behind a finding, the likeliest first.

    `fits`: their condition holds of this call, and nothing speaks against them. `unlikely`: it holds, but what the call
    gives with plain layouts speaks against them. `unknown`: bugs of this op of which no condition is known.
    """

    fits: tuple[Known, ...] = ()
    unlikely: tuple[Known, ...] = ()
    unknown: tuple[Known, ...] = ()


def recognized(finding: Finding, known: Iterable[Known], steps: LockStep) -> Recognized:
    """The bugs that may be behind a finding. A bug that crashes or fills the memory is not behind a wrong number."""
    known = [bug for bug in known if bug.kind in GIVES_NUMBERS]
    made = seen_of(finding, steps, as_it_is)
    plain_wrong = wrong_if_plain(finding, steps)
    plain = [] if plain_wrong is None else seen_of(finding, steps, plainly)
    fits, unlikely = {}, []
    for bug in known:
        matching = [trigger for trigger in bug.triggers if any(could_match(trigger, call) for call in made)]
        if not matching:
            continue
        likely = [one for one in matching if follows(bug, one, plain, plain_wrong)]
        if likely:
            fits[bug] = min(rank(bug, trigger) for trigger in likely)
        else:
            unlikely.append(bug)
    names = {base_name(case.op) for case in (finding.case, finding.outer)}
    unknown = [bug for bug in known if not bug.triggers and names.intersection(bug.ops)]
    return Recognized(
        tuple(sorted(fits, key=fits.__getitem__)),
        tuple(sorted(unlikely, key=lambda bug: (is_elsewhere(bug), state_here(bug)))),
        tuple(sorted(unknown, key=lambda bug: (is_elsewhere(bug), state_here(bug)))),
    )


def rank(bug: Known, trigger: Trigger) -> tuple:
    """What comes first: bugs of such a machine with a condition, tried ones, affected versions, the closest condition.

    What is asked of earlier calls one call cannot show: without that it is closer.
    """
    asked = [condition for condition in trigger.when if not condition.earlier]
    open_ones = len(trigger.when) > len(asked)
    return is_elsewhere(bug) or not asked, bug.draft, state_here(bug), open_ones, -len(asked), bug.slug


def state_here(bug: Known) -> int:
    """The place in STATES of what is known of a bug on this torch and macOS."""
    return STATES.index(bug.state(torch.__version__, macos_version()))


def is_elsewhere(bug: Known) -> bool:
    """Whether sources tie a bug to chips, or to versions of macOS, that are not known to be those of this machine."""
    return not bug.of_machine(chip_name(), macos_version())


@cache
def chip_name() -> str | None:
    """The chip as macOS names it, "Apple M1 Pro" or "Apple M1 (Virtual)"; None elsewhere."""
    return said("sysctl", "-n", "machdep.cpu.brand_string") if macos_version() else None


def follows(bug: Known, trigger: Trigger, plain: list[Call], plain_wrong: bool | None) -> bool:
    """Whether the fault stays or goes with plain layouts as the condition says.

    One call that is right says nothing against a bug that shows now and then.
    """
    if plain_wrong is None or (not plain_wrong and bug.kind == "nondeterministic"):
        return True
    return any(could_match(trigger, call) for call in plain) == plain_wrong


def could_match(trigger: Trigger, call: Call) -> bool:
    """Whether the trigger matches the call, if what it asks about earlier ones was so: one call cannot tell."""
    return replace(trigger, when=tuple(c for c in trigger.when if not c.earlier)).matches(call)


# ---- the call as triggers see it ----------------------------------------------------------------------------------


def as_it_is(case: Case) -> Case:
    """The case itself."""
    return case


def plainly(case: Case) -> Case:
    """The case with each tensor contiguous, in memory of its own, from its start."""
    copies = iter([t.clone(memory_format=torch.contiguous_format) for t in case.tensors])
    args, kwargs = mapped(lambda v: next(copies) if isinstance(v, torch.Tensor) else v, (case.args, case.kwargs))
    incoming = case.incoming and tuple(
        g if g is None else g.clone(memory_format=torch.contiguous_format) for g in case.incoming
    )
    return replace(case, args=args, kwargs=kwargs, incoming=incoming)


def wrong_if_plain(finding: Finding, steps: LockStep) -> bool | None:
    """Whether the call is wrong with plain layouts too; None if they are plain already, or that cannot be tried."""
    case = finding.outer if finding.gradient else finding.case
    tensors = [*case.tensors, *(g for g in case.incoming or () if g is not None)]
    if all(t.is_contiguous() and not t.storage_offset() for t in tensors):
        return None
    plain = plainly(case)
    try:
        cpu = computed(plain, Twins(lambda flat: flat.clone()))
        return steps.worst(plain, cpu, computed(plain, Twins(steps.moved), steps.to_device)) is not None
    except Exception:  # whatever a device raises for what it cannot do
        return None


def seen_of(finding: Finding, steps: LockStep, change) -> list[Call]:
    """The calls behind a finding as triggers see them on the device: of a gradient, those of its backward pass there."""
    if finding.gradient:
        made = calls_backward(change(finding.outer), steps)
        of_kernel = [call for call in made if call.op == finding.op]
        return of_kernel or made
    cases = [finding.case] if finding.case is finding.outer else [finding.case, finding.outer]
    return [call for case in cases for call in calls_on(change(case), steps)]


def calls_backward(case: Case, steps: LockStep) -> list[Call]:
    """What the backward pass of a gradient calls on the device."""
    made: list[Call] = []
    computed(case, Twins(steps.moved), steps.to_device, backward=calls(kind_of_device(steps), made.append))
    return made


def calls_on(case: Case, steps: LockStep) -> list[Call]:
    """A call with its arguments as they are before it, and with its result: the device's, and the right one there.

    What a trigger asks of a result it may ask of either: of the layout that the device gives it, of the right numbers.
    """

    def there(value):
        return mapped(steps.to_device, Twins(steps.moved).of(value, case.staying_ids))

    results = []
    for make in (lambda: case.op(*there(case.args), **there(case.kwargs)), lambda: there(right_result(case))):
        with contextlib.suppress(Exception):  # now and then, as it is with what is faulty
            results.append(make())
    args, kwargs = there((case.args, case.kwargs))
    return [call_of(case.op, args, kwargs, result, kind_of_device(steps)) for result in results or [None]]


def right_result(case: Case):
    """What the CPU gives, of copies of the arguments."""
    args, kwargs = Twins(lambda flat: flat.clone()).of((case.args, case.kwargs))
    return case.op(*args, **kwargs)


def kind_of_device(steps: LockStep) -> str:
    """The type of the device: `mps` of `mps:0`."""
    return steps.device.partition(":")[0]


# ---- reproduce -------------------------------------------------------------------------------------------------------
# Writing a program of at most 15 lines that makes one call on a device and on the CPU, and seeing that it fails.


LETTERS = "abcdefghijklmnopqrstuvw"
SEVERAL_TIMES = (20, 2000)  # runs of a call that does not always go wrong: so many at least and at most
SMALL = 8  # as many values are written out


@dataclass(frozen=True)
class Reproduction:
    """`text` is the program; `fails` says that it was run here and went wrong; `note` what is to be known of it."""

    text: str
    fails: bool
    note: str


def reproduce(case: Case, device: str, run: Callable[[str], str], folder: Path) -> Reproduction:
    """A program that fails, first with random numbers, then with the real ones, saved to a file in `folder`.

    `run` executes a program and says "fails", "passes", or what else happened.
    """
    path, said = folder / f"locate_divergence_{base_name(case.op)}.pt", ""
    for place, public in ((None, True), (None, False), (path, True), (path, False)):
        try:
            said = run(text := program(case, device, place, public))
        except Exception as error:  # an op that does not take random numbers
            said = f"{type(error).__name__}: {error}".splitlines()[0]
        if said == "fails":
            note = f"it needs the real numbers, which are in {path}; random ones do not show it" if place else ""
            return Reproduction(text, True, note)
    if said == "passes":
        said = "this call alone is right, also with the real numbers: it depends on what ran before it"
    path.unlink(missing_ok=True)
    return Reproduction("", False, said)


def run_in_process(text: str) -> str:
    """Run a program with this Python in a process of its own."""
    try:
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return "it did not end within 300 seconds"
    if done.returncode == 0:
        return "passes"
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return "fails" if any(line.startswith("AssertionError") for line in lines) else lines[-1]


# ---- the program --------------------------------------------------------------------------------------------------


def program(case: Case, device: str, path: Path | None, public: bool) -> str:
    """The text. The data are random, or the real ones, which are then saved to `path`.

    `public`: the call is spelled as users write it, if that has the arguments of the aten op.
    """
    tensors = tensors_in((case.args, case.kwargs, case.incoming))
    ids = case.staying_ids
    tensors.sort(key=lambda t: id(t) in ids)  # those that stay on the CPU last
    texts, data = ([], real_data(tensors)) if path else random_data(tensors)
    names = dict(zip(data, LETTERS if len(data) <= len(LETTERS) else [f"t{n}" for n in range(len(data))]))
    staying = {storage_of(t) for t in tensors if id(t) in ids}
    moved = [name for (storage, _), name in names.items() if storage not in staying]
    code = {id(t): tensor_code(t, names, data, moved) for t in tensors}
    some = "data" if len(moved) == len(names) else f"data[:{len(moved)}]"
    body = [f"{', '.join(moved)} = [t.to(device, copy=True) for t in {some}]"] if moved else []
    body = ["a = data[0].to(device, copy=True)"] if len(moved) == 1 else body
    body += gradient_code(case, code, public) if case.incoming else forward_code(case, code, names, public)
    limits = tolerance(case, data)
    check = check_code(device, limits, one=len(limits) == 1 and not case.incoming)
    if case.differs:
        check = [f"for _ in range({runs_for(case.differs)}):", *indented(check)]
    if path:
        torch.save(list(data.values()), path)
    start = [f"data = torch.load({str(path)!r})"] if path else ["torch.manual_seed(0)", f"data = [{', '.join(texts)}]"]
    start = start if names else []
    return "\n".join(["import torch", "", *start, "", "def call(device):", *indented(body), "", *check]) + "\n"


def runs_for(share: float) -> int:
    """How many runs show a fault that makes this share of them wrong, but for the chance MISSED."""
    least, most = SEVERAL_TIMES
    return least if share >= 1 else min(most, max(least, math.ceil(math.log(MISSED) / math.log(1 - share))))


def check_code(device: str, limits: list[tuple[float, float]], one: bool) -> list[str]:
    """The comparison with the CPU: for each result the largest error and the RMS that are allowed there.

    `one`: the call gives a tensor, not several.
    """

    def compare(got: str, expected: str, largest: str, rms: str | None) -> list[str]:
        lines = [f"torch.testing.assert_close({got}, {expected}, rtol=0, atol={largest}, equal_nan=True)"]
        apart = f"({got} - {expected}).abs().double().nan_to_num()"
        return lines + [f"assert {apart}.square().mean().sqrt() <= {rms}"] * (rms is not None)

    fetch = "call(d).cpu()" if one else "[t.cpu() for t in call(d)]"
    start = f'got, expected = [{fetch} for d in ("{device}", "cpu")]'
    texts = [tuple(f"{limit:.1e}" if limit else "0" for limit in pair) for pair in limits]
    rounded = all(
        largest for largest, _ in limits
    )  # whole numbers have no RMS, and where nothing may differ, none is needed
    if one:
        return [start, *compare("got", "expected", texts[0][0], texts[0][1] if rounded else None)]
    if not any(largest for largest, _ in limits):
        return [start, *compare("got", "expected", "0", None)]
    names, values = ("a, b, largest, rms", ([t[0] for t in texts], [t[1] for t in texts]))
    if not rounded:
        names, values = "a, b, largest", values[:1]
    lists = ", ".join(f"[{', '.join(column)}]" for column in values)
    loop = compare("a", "b", "largest", "rms" if rounded else None)
    return [start, f"for {names} in zip(got, expected, {lists}):", *indented(loop)]


def indented(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def tensor_code(tensor: torch.Tensor, names: dict, data: dict, moved: list[str]) -> str:
    """A tensor as code: the name of its data, and its layout if that is not plain."""
    key = (storage_of(tensor), tensor.dtype)
    name = names[key] if names[key] in moved else f"data[{list(names).index(key)}]"
    if data[key].shape == tensor.shape and not tensor.storage_offset():
        return name
    offset = f", {tensor.storage_offset()}" if tensor.storage_offset() else ""
    return f"{name}.as_strided({tuple(tensor.size())}, {tuple(tensor.stride())}{offset})"


def forward_code(case: Case, code: dict, names: dict, public: bool) -> list[str]:
    """The call; one that writes gives all of the memory that it wrote to."""
    call = call_code(case.op, case.args, case.kwargs, code, public)
    targets = [names[(storage_of(t), t.dtype)] for t in written(case.op, case.args, case.kwargs)]
    return [call, f"return {', '.join(dict.fromkeys(targets))}"] if targets else [f"return {call}"]


def gradient_code(case: Case, code: dict, public: bool) -> list[str]:
    """The gradients of the call, as autograd computes them."""
    asked = [case.tensors[place] for place in case.wrt]
    inner = {id(t): f"x[{n}]" for n, t in enumerate(asked)}
    given = [n for n, gradient in enumerate(case.incoming) if gradient is not None]
    results = "y" if len(case.incoming) == 1 else f"[{', '.join(f'y[{n}]' for n in given)}]"
    incoming = ", ".join(code[id(case.incoming[n])] for n in given)
    return [
        f"x = [{', '.join(f'{code[id(t)]}.requires_grad_()' for t in asked)}]",
        f"y = {call_code(case.op, case.args, case.kwargs, {**code, **inner}, public)}",
        f"return torch.autograd.grad({results}, x, [{incoming}])",
    ]


def call_code(op, args, kwargs, code: dict, public: bool) -> str:
    """The call as a user writes it, or by its aten name."""

    def written_out(value) -> str:
        if isinstance(value, torch.Tensor):
            return code[id(value)]
        if isinstance(value, (list, tuple)):
            return f"[{', '.join(map(written_out, value))}]"
        if isinstance(value, float) and not abs(value) < float("inf"):
            return f'float("{value}")'
        return "device" if isinstance(value, torch.device) else repr(value)

    args = list(args)
    while args and is_default(op._schema.arguments[len(args) - 1], args[-1]):
        args.pop()
    texts = [written_out(value) for value in args]
    texts += [f"{name}={written_out(value)}" for name, value in kwargs.items() if value is not None]
    name = op._schema.name.rpartition("::")[2]
    for place, prefix in ((torch.nn.functional, "torch.nn.functional"), (torch, "torch")):
        if public and isinstance(getattr(place, name, None), types.BuiltinFunctionType):
            return f"{prefix}.{name}({', '.join(texts)})"
    if public and hasattr(torch.Tensor, name) and args and isinstance(args[0], torch.Tensor):
        return f"{texts[0]}.{name}({', '.join(texts[1:])})"
    return f"torch.ops.{op}({', '.join(texts)})"


def is_default(argument, value) -> bool:
    """Whether an argument of a schema can be left out with this value."""
    return argument.has_default_value() and not isinstance(value, torch.Tensor) and argument.default_value == value


# ---- the data -----------------------------------------------------------------------------------------------------


def real_data(tensors: list[torch.Tensor]) -> dict:
    """The memory of the tensors, by storage and dtype."""
    return {(storage_of(t), t.dtype): flat_of(t).clone() for t in tensors}


def random_data(tensors: list[torch.Tensor]) -> tuple[list[str], dict]:
    """Random data in place of the memory of the tensors, with the same dtypes and kinds of values: code, and values."""
    texts, data = [], {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for tensor in tensors:
            key = (storage_of(tensor), tensor.dtype)
            if key not in data:
                flat = flat_of(tensor)
                sharing = [t for t in tensors if (storage_of(t), t.dtype) == key]
                plain = tensor.numel() == flat.numel() and all(
                    t.is_contiguous() and t.shape == tensor.shape for t in sharing
                )
                text, data[key] = random_like(flat, tuple(tensor.size()) if plain else (flat.numel(),))
                texts.append(text)
    return texts, data


def random_like(flat: torch.Tensor, shape: tuple) -> tuple[str, torch.Tensor]:
    """One piece of data, code and values. A few values, and those that are all the same, are written out."""

    def made(name: str, *args, default=torch.float32) -> tuple[str, torch.Tensor]:
        options = {} if flat.dtype is default else {"dtype": flat.dtype}
        texts = [repr(a).replace("inf", "torch.inf") for a in args] + [f"{k}={v}" for k, v in options.items()]
        return f"torch.{name}({', '.join(texts)})", getattr(torch, name)(*args, **options)

    def natural():  # the dtype that torch gives to such numbers
        return {torch.bool: torch.bool, torch.int64: torch.int64}.get(flat.dtype, torch.float32)

    if not flat.numel():
        return made("zeros", shape)
    if flat.is_complex():
        return made("randn", shape)
    if flat.numel() <= SMALL and bool(flat.isfinite().all()):
        return made("tensor", flat.view(shape).tolist(), default=natural())
    if bool((flat == flat[0]).all()):
        return made("full", shape, flat[0].item(), default=natural())
    if flat.dtype is torch.bool:
        return f"torch.rand({shape}) < 0.5", torch.rand(shape) < 0.5
    if not flat.is_floating_point():
        return made("randint", int(flat.min()), int(flat.max()) + 1, shape, default=torch.int64)
    text, values = made("rand" if bool((flat >= 0).all()) else "randn", shape)
    share = round((flat == float("-inf")).double().mean().item(), 2)
    if share:
        values = values.masked_fill(torch.rand(shape) < share, float("-inf"))
        text = f"{text}.masked_fill(torch.rand({shape}) < {share}, -torch.inf)"
    return text, values


def tolerance(case: Case, data: dict) -> list[tuple[float, float]]:
    """For each result of the program, the largest error and the RMS that a healthy device may make on these data.

    They are held against the CPU, whose own error comes on top. A call that writes gives the memory that it wrote to.
    """
    flat = {key: values.flatten() for key, values in data.items()}
    cpu = computed(case, Twins(lambda t: t, {key: values.clone() for key, values in flat.items()}))
    wide = {key: values.double() if values.is_floating_point() else values for key, values in flat.items()}
    try:
        exact = computed(case, Twins(lambda t: t, wide), wide_dtype)
    except Exception:  # whatever an op raises for a dtype that it does not have
        exact = [None] * len(cpu)
    limits = [allowed_here(c, e, base_name(case.op) not in MOVES) for c, e in zip(cpu, exact)]
    wrote = [] if case.incoming else written(case.op, case.args, case.kwargs)
    if not wrote:
        return limits
    largest: dict[int, tuple[float, float]] = {}  # by storage; every second one is the memory around the first
    for target, limit in zip(wrote, limits[::2]):
        largest[storage_of(target)] = max(limit, largest.get(storage_of(target), limit))
    return list(largest.values())


def allowed_here(cpu: torch.Tensor, exact: torch.Tensor | None, rounds: bool) -> tuple[float, float]:
    """The largest error and the RMS that are allowed of one result, against the CPU."""
    if not is_rounded(cpu.dtype):
        return 0.0, 0.0
    numbers = compare_output(cpu, cpu, exact, rounds)
    largest, rms = (allowed_error(numbers, size, rounds) + numbers["cpu"][size] for size in reversed(SIZES))
    return largest, rms


# ---- text ------------------------------------------------------------------------------------------------------------
# What was found, in words and as plain data.


SHOWN = 3  # so many bugs are shown in full
KINDS = {"wrong": "is wrong", "nan": "makes NaN where the CPU has none", "shape": "gives another shape or dtype"}


@dataclass
class Report:
    """What `locate` found. `verdict` is diverges, agrees or could not check.

    `whole` says whether the whole forward pass agrees (None: it could not be compared, and `whole_text` says why).
    `reproductions` and `bugs` belong to `findings`, one each; only the first unless all were asked for.
    """

    verdict: str
    subject: str
    findings: list[Finding] = field(default_factory=list)
    reproductions: list[Reproduction] = field(default_factory=list)
    bugs: list[Recognized] = field(default_factory=list)
    whole: bool | None = None
    whole_text: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)  # by op: how often the device computed it
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        return "\n".join(report_lines(self))


def difference_text(result: Difference) -> str:
    """How a result is wrong, in words."""
    if result.kind == "shape":
        return "shape or dtype are others"
    values = f"expected {digits(result.expected, result.got)}, got {digits(result.got, result.expected)}"
    if result.around:
        return f"right, but the memory around it is changed, first at element {result.index[0]} of it: {values}"
    at = f"first at {result.index}: {values}"
    error = f"; error {result.ratio:.3g} times the CPU's own, 10 allowed" if result.ratio < float("inf") else ""
    return f"{result.share:.3%} of the values are wrong, {at}{error}"


def digits(value: complex, other: complex) -> str:
    """A value with six digits, or with as many as tell it from the other; whole numbers in full."""
    if isinstance(value, int) or f"{value:.6g}" == f"{other:.6g}":
        return repr(value)
    return f"{value:.6g}"


def tensor_rows(case: Case) -> Iterator[str]:
    """The tensors among the arguments: name, dtype, shape, strides, offset, layout."""
    names = [a.name for a in case.op._schema.arguments]
    arguments = [*zip(names, case.args), *case.kwargs.items()]
    arguments += [("gradient", g) for g in case.incoming or () if g is not None]
    for name, value in arguments:
        for t in tensors_in(value):
            kind = "on the CPU" if id(t) in case.staying_ids else layout(t)
            place = f"shape {tuple(t.shape)}, strides {t.stride()}, offset {t.storage_offset()}"
            yield f"{name}: {str(t.dtype)[6:]}, {place}, {kind}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """A finding in words."""
    gradient = ", gradient," if finding.gradient else ""
    kind = KINDS[finding.result.kind]
    if finding.case.differs:
        kind = f"differs from itself and is wrong in {100 * finding.case.differs:.2g} % of the runs,"
    inputs = "on the inputs that the device itself made" if finding.own_inputs else "although its inputs are right"
    yield f"aten::{finding.op}{gradient} {kind} {inputs}"
    hooks = [f"after {finding.spot.hook}"] * bool(finding.spot.hook) + [f"seen from {finding.next_hook} on"] * bool(
        finding.next_hook
    )
    yield f"  module: {finding.spot.module}" + (f" ({', '.join(hooks)})" if hooks else "")
    yield f"  called at: {finding.spot.line}" + (
        f", as part of {'the gradient of ' * finding.gradient}aten::{base_name(finding.outer.op)}"
        if finding.outer.op is not finding.case.op
        else ""
    )
    for row in tensor_rows(finding.case):
        yield f"  {row}"
    yield f"  result: {difference_text(finding.result)}"
    modules = list(dict.fromkeys(finding.modules))
    yield f"  calls like it that are wrong: {len(finding.modules)}, in {', '.join(modules[:6])}{', …' * (len(modules) > 6)}"


def bug_lines(found: Recognized) -> Iterator[str]:
    """The known bugs of a finding in words: a few of each sort, the likeliest first, and the names of the rest."""
    if not found.fits:
        new = "" if found.unlikely or found.unknown else "; it may be new"
        yield f"  known bug: none in the catalogue has a condition that explains it{new}"
    for bug in found.fits[:SHOWN]:
        drafted = " (condition drafted from its thread, not tried)" if bug.draft else ""
        yield f"  known bug: {bug.claim}{drafted}"
        yield f"    {bug.url}, page {bug.page}"
        yield f"    affected: {here(bug)}"
        if bug.workaround:
            yield f"    workaround: {'; '.join(bug.workaround.splitlines()).replace('return ', '')}"
    if found.fits[SHOWN:]:
        yield f"    whose condition it meets too: {slugs(found.fits[SHOWN:])}"
    if found.unlikely:
        yield f"  unlikely, by what the call gives with plain layouts: {slugs(found.unlikely)}"
    if found.unknown:
        yield f"  known bugs of this op, condition not known: {len(found.unknown)}"
    for bug in found.unknown[:SHOWN]:
        yield f"    {bug.claim}"
        yield f"      {bug.url}; affected: {here(bug)}"
    if found.unknown[SHOWN:]:
        yield f"    and {slugs(found.unknown[SHOWN:])}"


def here(bug: Known) -> str:
    """Where a bug is known, and what that means for this torch, macOS and chip."""
    only = " there; this machine is another, or it does not tell" if is_elsewhere(bug) else ""
    return f"{bug.where}; torch {torch.__version__} is {bug.state(torch.__version__, macos_version())}{only}"


def slugs(bugs: tuple[Known, ...]) -> str:
    """The names of bugs."""
    return ", ".join(bug.slug for bug in bugs)


def reproduction_lines(reproduction: Reproduction) -> Iterator[str]:
    """A reproduction, and whether it fails."""
    if not reproduction.fails:
        yield f"  no reproduction without the model: {reproduction.note}"
        return
    yield f"  reproduction, run here, it fails{': ' * bool(reproduction.note)}{reproduction.note}"
    yield ""
    yield from (f"    {line}".rstrip() for line in reproduction.text.splitlines())
    yield ""


def report_lines(report: Report) -> Iterator[str]:
    """A report in words. The last line is the answer."""
    for finding, bugs, reproduction in zip(report.findings, report.bugs, report.reproductions):
        yield from finding_lines(finding)
        yield from bug_lines(bugs)
        yield from reproduction_lines(reproduction)
    rest = report.findings[len(report.bugs) :]
    if rest:
        yield f"{len(rest)} more kinds of calls are wrong: {', '.join(sorted({f.op for f in rest}))} (--all shows them)"
    birth = next((f for f in report.findings if f.result.kind == "nan"), None)
    if birth and birth is not report.findings[0]:
        yield f"the first NaN is made by aten::{birth.op} in {birth.spot.module}"
    yield "calls: " + ", ".join(f"{count} {kind}" for kind, count in report.counts.items() if count)
    if report.runs:
        yield rate_line(report.runs)
    for op, (count, reason) in report.refused.items():
        yield f"not compared: aten::{op}, {count} calls: {reason}"
    word = {True: "agrees", False: "disagrees", None: "could not be compared"}[report.whole]
    yield f"whole forward pass: {word}: {report.whole_text}"
    if report.whole and not all(f.gradient for f in report.findings):
        yield "  (what is wrong does not reach the output, or not with the layout that model.to(device) gives a weight)"
    if os.environ.get("PYTORCH_ENABLE_MPS_FALLBACK", "0") != "0":
        yield "PYTORCH_ENABLE_MPS_FALLBACK is set: what mps lacks ran on the CPU, and that is all that was compared of it"
    yield last_line(report)


def rate_line(runs: dict[str, int]) -> str:
    """How rare a fault could be and still be found: for the op with the fewest runs on the device, and with the most."""
    few, many = min(runs, key=runs.__getitem__), max(runs, key=runs.__getitem__)
    said = [f"{100 * rate_seen(runs[op]):.2g} % of the runs of aten::{op} ({runs[op]} there)" for op in (few, many)]
    return f"rare faults: with a chance of {1 - MISSED:.0%} it finds one that spoils {' or '.join(dict.fromkeys(said))}"


def last_line(report: Report) -> str:
    """The answer."""
    if report.findings:
        first = report.findings[0]
        answer = f"FOUND: aten::{first.op} in {first.spot.module}"
    elif report.whole is False:
        answer = (
            "FOUND, BUT NOT WHERE: the whole forward pass differs and no op does on the same inputs; look at state that "
            "is kept between calls and at code that takes another path on the device"
        )
    elif report.verdict == "agrees":
        answer = "NO OP DIVERGES, and the whole forward pass agrees"
    else:
        answer = f"COULD NOT CHECK: no op diverges, but the whole forward pass was not compared: {report.whole_text}"
    return f"{answer}. {report.subject}."


def as_json(report: Report) -> dict:
    """A report as plain data."""
    findings = [
        {
            "op": f.op,
            "outer": base_name(f.outer.op),
            "gradient": f.gradient,
            "module": f.spot.module,
            "line": f.spot.line,
            "after_hook": f.spot.hook,
            "next_hook": f.next_hook,
            "kind": "nondeterministic" if f.case.differs else f.result.kind,
            "own_inputs": f.own_inputs,
            "tensors": list(tensor_rows(f.case)),
            "result": {n: str(v) if n == "ratio" or isinstance(v, complex) else v for n, v in asdict(f.result).items()},
            "modules": f.modules,
        }
        for f in report.findings
    ]
    for finding, bugs, reproduction in zip(findings, report.bugs, report.reproductions):
        for name, some in (
            ("bugs", bugs.fits),
            ("unlikely_bugs", bugs.unlikely),
            ("condition_not_known", bugs.unknown),
        ):
            finding[name] = [
                {"slug": b.slug, "url": b.url, "state": b.state(torch.__version__, macos_version())} for b in some
            ]
        finding["reproduction"] = asdict(reproduction)
    plain = ("verdict", "subject", "whole", "whole_text", "counts", "runs", "refused", "seconds")
    more = {"findings": findings, "last line": last_line(report)}
    return (
        {name: getattr(report, name) for name in plain}
        | more
        | {"rate_seen": {op: rate_seen(n) for op, n in report.runs.items()}}
    )


# ---- whole -----------------------------------------------------------------------------------------------------------
# The whole forward pass on the device: what the same inputs, op by op, do not show.


class Before:
    """A model's inputs and buffers as they are before it runs, since it may change them."""

    def __init__(self, model: torch.nn.Module, args: tuple, kwargs: dict):
        self.model = model
        self.args, self.kwargs = Twins(lambda flat: flat.clone()).of((args, kwargs))
        self.storages = [storage_of(tensor) for tensor in tensors_in((args, kwargs))]
        self.staying: set[int] = set()  # those storages that stay on the CPU
        self.buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]

    def inputs(self, device: str) -> tuple[tuple, dict]:
        """New copies of the inputs, as `.to(device)` makes them, but for those that stay on the CPU."""
        storages = iter(self.storages)

        def moved(value):
            if not isinstance(value, torch.Tensor):
                return value
            return value.to("cpu" if next(storages) in self.staying else device, copy=True)

        return mapped(moved, (self.args, self.kwargs))

    @contextmanager
    def again(self) -> Iterator[None]:
        """Within the block, the model's buffers are as they were before it ran."""
        after = [buffer.detach().clone() for buffer, _ in self.buffers]
        try:
            for buffer, value in self.buffers:
                buffer.detach().copy_(value)
            yield
        finally:
            for (buffer, _), value in zip(self.buffers, after):
                buffer.detach().copy_(value)


def twin_model(model: torch.nn.Module, steps: LockStep) -> tuple[Any, str]:
    """The model on the device as `model.to(device)` makes it, on the weights that are there already; or why not."""
    twins, moved = Twins(lambda flat: flat.to(steps.device), steps.kept), {}

    def as_it_is(tensor):  # what is kept from an earlier run has a gradient, which deepcopy would refuse
        return tensor.detach() if tensor.grad_fn is not None else copy.deepcopy(tensor, moved)

    try:
        for weight in [*model.parameters(), *model.buffers()]:
            plain = weight.detach()
            there = twins.tensor(plain) if plain.is_contiguous() else plain.to(steps.device)
            is_parameter = isinstance(weight, torch.nn.Parameter)
            moved[id(weight)] = torch.nn.Parameter(there, weight.requires_grad) if is_parameter else there
        scripted = isinstance(model, torch.jit.ScriptModule)  # it makes its own copies
        twin = copy.deepcopy(model) if scripted else changed(model, as_it_is, moved)
        with contextlib.redirect_stdout(io.StringIO()):  # a library's own .to() may tell of it, and notes the device
            return twin.to(steps.device), ""
    except Exception as error:
        return None, f"the model cannot be copied: {first_line(error)}"


def compare_whole(before: Before, twin, output, steps: LockStep) -> tuple[bool | None, str]:
    """Whether the model's outputs agree, and that in words."""
    if steps.counts["random"]:
        return None, f"it draws random numbers ({steps.counts['random']} calls)"
    try:
        there = run_there(before, twin, steps)
    except Exception as error:
        return None, f"it does not run there: {first_line(error)}"
    results, others = values_in(output), values_in(there)
    if not results:
        return None, "its output holds no tensor and no number"
    pairs = list(zip(results, others))
    if len(results) != len(others) or any(a.shape != b.shape for a, b in pairs):
        return False, "it gives other shapes"
    pairs = [(cpu.detach(), on_cpu(got)) for cpu, got in pairs]
    calls = steps.counts["compared"]
    far = max((distance(cpu, got) for cpu, got in pairs), default=0.0)
    if far <= SCREEN:  # then the rule says right, whatever float64 gives
        return True, f"{far:.3g} roundings from the CPU after {calls} ops"
    try:
        exact = values_in(forward_in_float64(before))
    except Exception as error:
        return None, f"it differs, and there is no reference in float64: {first_line(error)}"
    if any(off_the_rails(cpu, e) for (cpu, _), e in zip(pairs, exact)):
        return None, "it differs, and in float64 the CPU itself gives other numbers: there is no reference"
    found = [difference(c, g, e, moves=False) for (c, g), e in zip(pairs, exact)]
    worst = max(filter(None, found), key=lambda d: d.ratio, default=None)
    return worst is None, "its error is within 10 times the CPU's own" if worst is None else difference_text(worst)


def run_there(before: Before, twin, steps: LockStep):
    """What the model gives on the device. Inputs that its ops take from the CPU alone stay there, if it needs that."""
    try:
        args, kwargs = before.inputs(steps.device)
        with torch.no_grad():
            return twin(*args, **kwargs)
    except Exception:
        before.staying = steps.cpu_only.intersection(before.storages)
        if not before.staying:
            raise
    args, kwargs = before.inputs(steps.device)
    with torch.no_grad():
        return twin(*args, **kwargs)


def values_in(output) -> list[torch.Tensor]:
    """The tensors and numbers of an output as tensors."""
    return [leaf if isinstance(leaf, torch.Tensor) else torch.tensor(leaf) for leaf in leaves(output)]


def off_the_rails(cpu: torch.Tensor, exact: torch.Tensor) -> bool:
    """Whether float64 gives something else than more digits, as where rounding decides which expert is asked."""
    if cpu.shape != exact.shape:
        return True
    if not is_rounded(cpu.dtype):
        return False
    cpu, exact, _ = comparable(widened(cpu), widened(exact))
    return sizes(cpu - exact)["rms"] > 0.1 * sizes(exact)["rms"]


def forward_in_float64(before: Before, chosen: list[Step] | None = None):
    """The model's output on the CPU in float64. Weights are widened for one op at a time.

    With the steps of another pass the whole numbers and truth values are those of that pass.
    """
    following = iter(chosen or ())

    def handle(op, args, kwargs, run):
        if obstacle(op, tensors_in((args, kwargs))):
            return run()
        with plain_dispatch():
            result = called_in_float64(op, args, kwargs)
            return result if chosen is None else choosing(op, args, kwargs, result, next(following).choices)

    args, kwargs = before.inputs("cpu")
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad(), before.again(), around(handle):
            return before.model(*args, **kwargs)
    finally:
        torch.set_default_dtype(default)


def choosing(op, args, kwargs, result, choices: list[torch.Tensor]):
    """A result with other choices in it; what is sorted by an index is then in that order."""
    of_these = iter(choices)
    chosen = mapped(lambda v: next(of_these) if isinstance(v, torch.Tensor) and is_choice(v) else v, result)
    bound, name = bind(op, args, kwargs), base_name(op)
    tensors = tensors_in(chosen)
    if (
        name in INDICES
        and len(tensors) == 2
        and tensors[0].shape == tensors[1].shape
        and bound["self"].ndim == tensors[1].ndim
    ):
        values = bound["self"].to(tensors[0].dtype).gather(bound["dim"], tensors[1])
        return type(chosen)((values, tensors[1]))
    if written(op, args, kwargs):  # in place: the argument itself is what goes on
        for target, value in zip(tensors_in(result), tensors):
            target.copy_(value)
        return result
    return chosen


def look_from_the_device(before: Before, twin, steps: LockStep) -> Pass | None:
    """The pass the other way: the device's results go on, so that what it makes itself is what is compared.

    None if it does not come to its end.
    """
    steps.where.names.update(type(steps.where)(twin).names)
    steps.sick.clear()
    found = Pass()

    def handle(op, args, kwargs, run):
        result = steps.handle_there(op, args, kwargs, run)
        if not steps.outer:
            found.add(op, args, kwargs, result, steps.where.module())
        return result

    args, kwargs = before.inputs(steps.device)
    with contextlib.suppress(Exception), torch.no_grad(), steps.where.following(), around(handle):
        found.output = twin(*args, **kwargs)
        return found
    return None


# ---- a reference that makes the same choices ----------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One call of a pass: op, sizes, dtypes and numbers; the module; the whole numbers and truth values that it gave."""

    call: str
    module: str
    choices: list[torch.Tensor]


@dataclass
class Pass:
    """The steps of a pass, and what it gave."""

    steps: list[Step] = field(default_factory=list)
    output: Any = None

    def add(self, op, args, kwargs, result, module: str = "") -> None:
        """Note a call without its tensors' values and layouts, and without its device."""

        def short(value):
            return (str(value.dtype), value.shape) if isinstance(value, torch.Tensor) else to_cpu_device(value)

        call = repr((op, mapped(short, (tuple(args), kwargs))))
        self.steps.append(Step(call, module, [on_cpu(t).clone() for t in tensors_in(result) if is_choice(t)]))


def is_choice(tensor: torch.Tensor) -> bool:
    """Whether a result says which: an index, a mask."""
    return not is_rounded(tensor.dtype)


def compare_with_choices(before: Before, twin, there: Pass) -> tuple[bool | None, str] | None:
    """Whether the outputs agree, each held against a pass in float64 that makes the choices of its own side.

    Which of nearly equal values is the larger is decided by rounding, and torch leaves the order of equal ones open: each
    side may choose, and each step of the device's pass was found right. None unless both went through the same steps with
    the same weights.
    """
    here = Pass()

    def handle(op, args, kwargs, run):
        with plain_dispatch():
            result = op(*args, **kwargs)
        here.add(op, args, kwargs, result)
        return result

    args, kwargs = before.inputs("cpu")
    with torch.no_grad(), before.again():
        pairs = zip([*before.model.parameters(), *before.model.buffers()], [*twin.parameters(), *twin.buffers()])
        if not all(torch.equal(ours.detach(), on_cpu(theirs)) for ours, theirs in pairs):
            return None
        with around(handle):
            here.output = before.model(*args, **kwargs)
    if [step.call for step in here.steps] != [step.call for step in there.steps]:
        return None
    cpu, got = values_in(here.output), [on_cpu(t) for t in values_in(there.output)]
    if not cpu or [t.shape for t in cpu] != [t.shape for t in got]:
        return None
    try:
        exact, exact_there = (values_in(forward_in_float64(before, one.steps)) for one in (here, there))
    except Exception:  # whatever an op raises for a dtype that it does not have
        return None
    if any(off_the_rails(*pair) for pair in [*zip(cpu, exact), *zip(got, exact_there)]):
        return None
    shifted = [as_if_chosen(*values) for values in zip(got, exact, exact_there)]
    found = [difference(c, g, e, moves=False) for c, g, e in zip(cpu, shifted, exact)]
    worst = max(filter(None, found), key=lambda d: d.ratio, default=None)
    if worst is not None:
        return False, difference_text(worst)
    others = [
        b.module
        for a, b in zip(here.steps, there.steps)
        if not all(torch.equal(x, y) for x, y in zip(a.choices, b.choices))
    ]
    chosen = f"; between nearly equal values it chooses otherwise, first in {others[0]}" if others else ""
    return True, f"its error is within 10 times the CPU's own, where float64 makes the same choices{chosen}"


def as_if_chosen(got: torch.Tensor, exact: torch.Tensor, exact_there: torch.Tensor) -> torch.Tensor:
    """What the device would have given had it chosen as the CPU did: the same error, on the other reference."""
    if is_choice(got):
        return torch.where(got == exact_there, exact.to(got.dtype), got)
    return (widened(got) + (widened(exact) - widened(exact_there))).to(got.dtype)


# ---- command ---------------------------------------------------------------------------------------------------------
# Where is it wrong? The first op, and its module, where a device leaves the CPU although its inputs were right.


PROMPT = "When Mary and John went to the store, John gave a drink to"  # the example of Wang et al. (arXiv 2211.00593)


def locate(
    model: torch.nn.Module,
    *args,
    device: str = "mps",
    repeat: int = 1,
    backward: bool = False,
    every: bool = False,
    known: tuple[Known, ...] | None = None,
    run: Callable[[str], str] = run_in_process,
    folder: str | Path = ".",
    **kwargs,
) -> Report:
    """Find the first op where a device leaves the CPU although its inputs are right.

    Args:
        model: any module, on the CPU. It stays there; it runs once, in the mode (train or eval) that it is in.
        args, kwargs: what it is called with; tensors on the CPU.
        repeat: how often the device computes each op: more than once also finds what differs from itself.
        backward: compare the gradients of each op too, with those that come in when the output's are random (or 1).
        every: reproduce all that is wrong, not the first alone.
        known: the bugs to recognize, by default those that the single file carries.
        run: what executes a reproduction; a process of its own by default.
        folder: where the numbers of a reproduction are saved, if random ones do not show it.

    Ctrl-C ends it early, with what was found until then.
    Raises CouldNotCheck if the device is not there or the model is not on the CPU; whatever the model raises.
    """
    need_torch()
    need_device(device)
    weights = [*model.parameters(), *model.buffers()]
    if any(t.device.type != "cpu" for t in weights + tensors_in((args, kwargs))):
        raise CouldNotCheck("model and inputs must be on the CPU: they are copied to the device here")
    if backward and best_level() != PRE_DISPATCH:
        raise CouldNotCheck(f"torch {torch.__version__} lacks what is needed to compare gradients, op by op")
    started = time.perf_counter()
    steps = LockStep(model, device, repeat, backward)
    steps.keep([weight.detach() for weight in weights])
    steps.place(tensors_in((args, kwargs)), True)
    try:
        whole, text = follow(model, args, kwargs, steps)
        stopped = False
    except KeyboardInterrupt:  # what was found until then is worth having
        whole, text, stopped = None, "stopped before the end", True
    system = f", macOS {macos_version()}" if macos_version() else ""
    report = Report("could not check", f"{device} against the CPU, torch {torch.__version__}{system}", steps.findings)
    report.whole, report.whole_text, report.refused = whole, text, steps.refused
    report.counts, report.runs = dict(steps.counts), dict(steps.runs)
    bugs = read_known(globals().get("CATALOGUE", ())) if known is None else known
    for finding in steps.findings if every else steps.findings[:1]:
        report.bugs.append(recognized(finding, bugs, steps))
        not_tried = Reproduction("", False, "stopped before it was tried")
        report.reproductions.append(not_tried if stopped else reproduce(finding.outer, device, run, Path(folder)))
    if steps.findings or whole is False:
        report.verdict = "diverges"
    elif whole:
        report.verdict = "agrees"
    report.seconds = time.perf_counter() - started
    return report


def need_torch() -> None:
    """Raise CouldNotCheck unless torch is new enough to follow its ops."""
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 4):
        raise CouldNotCheck(f"torch {torch.__version__} is too old: this needs 2.4 or newer")


def follow(model: torch.nn.Module, args: tuple, kwargs: dict, steps: LockStep) -> tuple[bool | None, str]:
    """All passes over the model: whether the whole forward agrees (None: not compared), and that in words."""
    twin, twin_error = twin_model(model, steps)
    before = Before(model, args, kwargs)
    with torch.set_grad_enabled(steps.backward), steps.where.following(), around(steps.handle):
        output = model(*args, **kwargs)
    if steps.backward:
        run_backward(model, output)
    if twin is None:
        return None, twin_error
    whole, text = compare_whole(before, twin, output, steps)
    if not whole and not steps.findings and not steps.counts["random"]:
        counts = steps.counts.copy()
        there = look_from_the_device(before, twin, steps)
        steps.counts = counts  # those of the first pass are what the report gives
        if there is not None and not steps.findings:
            return compare_with_choices(before, twin, there) or (whole, text)
    return whole, text


def run_backward(model: torch.nn.Module, output) -> None:
    """The model's own backward pass, from the first result that has a gradient; what it computes is dropped."""
    results = [t for t in tensors_in(output) if t.requires_grad]
    weights = [p for p in model.parameters() if p.requires_grad]
    if not results or not weights:
        raise CouldNotCheck("the output has no gradient: backward needs parameters with requires_grad")
    generator = torch.Generator().manual_seed(0)
    incoming = torch.randn(results[0].shape, generator=generator) if results[0].numel() != 1 else torch.ones(())
    incoming = incoming.to(results[0].dtype).reshape(results[0].shape)
    torch.autograd.grad(results[0], weights, incoming, allow_unused=True)


# ---- the command --------------------------------------------------------------------------------------------------


def run_command(options) -> Report:
    """Do what the command line asks."""
    need_torch()
    need_device(options.device)
    entry = options.entry or newest_entry()
    model, tokenizer, _ = load_model(options.model, entry)
    model = model.to(getattr(torch, options.dtype))
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]  # put first, as TransformerLens does
    tokens = torch.tensor([start + tokenizer.encode(options.prompt, add_special_tokens=False)])
    report = locate(
        model.eval(),
        tokens,
        device=options.device,
        repeat=options.repeat,
        backward=options.backward,
        every=options.all,
    )
    name = (
        f"{options.model} through {type(model).__name__} (--entry {entry}), {str(next(model.parameters()).dtype)[6:]}"
    )
    report.subject = f"{name}, {tokens.numel()} tokens, {report.subject}, {report.seconds:.1f} s"
    return report


def at_least_1(text: str) -> int:
    """A whole number from 1 on. Raises what argparse turns into one sentence."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", default="gpt2", help="gpt2 (the default), smollm2, ioi-small, a folder or a GGUF file"
    )
    parser.add_argument("--entry", choices=["transformers", "bridge", "hooked"], help="transformers or TransformerLens")
    parser.add_argument("--device", default="mps", help="any device of torch, mps by default")
    parser.add_argument("--prompt", default=PROMPT, help="the text that the model reads")
    parser.add_argument("--dtype", choices=["float32", "float16", "bfloat16"], default="float32", help="of the model")
    parser.add_argument("--all", action="store_true", help="show and reproduce all that is wrong: a process for each")
    parser.add_argument("--repeat", type=at_least_1, default=1, metavar="N", help="compute each op N times there")
    parser.add_argument(
        "--backward", action="store_true", help="gradients too: some 5 forwards more, all activations kept"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    options = parser.parse_args(arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what libraries print must not mix with the answer
            report = run_command(options)
    except KeyboardInterrupt:
        report = Report("could not check", "", whole_text="stopped before the end")
    except Exception as error:  # no traceback for a user who cannot do anything with it
        report = Report("could not check", explain(error))
    if options.json:
        print(json.dumps(as_json(report)))
    elif report.counts:
        print(report)
    else:
        print(f"COULD NOT CHECK: {report.subject or report.whole_text}")
    return {"agrees": 0, "diverges": 3}.get(report.verdict, 2)


if __name__ == "__main__":
    sys.exit(main())
