#!/usr/bin/python3
"""Writes pooling.json, golden data for tests/ops/pooling_golden.cpp: values and gradients by PyTorch 1.13 in float64.

The input of a row is x_i = ((37 i) mod 101) / 16 - 3, in row-major order, and the cotangent of its result is
g_j = ((29 j) mod 97) / 64 - 0.5, so that neither has to be kept: all of them are numbers that a float has exactly.
"""
import json
import pathlib

import torch
import torch.nn.functional as f


def numbers(shape, factor, modulus, divisor, shift):
    count = 1
    for length in shape:
        count *= length
    flat = torch.arange(count, dtype=torch.int64) * factor % modulus
    return (flat.to(torch.float64) / divisor + shift).reshape(shape)


def row(function, shape, call, **options):
    x = numbers(shape, 37, 101, 16, -3).requires_grad_(True)
    y = call(x)
    y.backward(numbers(y.shape, 29, 97, 64, -0.5))
    return {"function": function, "shape": list(shape), "options": options, "result": list(y.shape),
            "value": y.flatten().tolist(), "gradient": x.grad.flatten().tolist()}


def max_pool(shape, kernel, stride=None, padding=0, dilation=1, ceil_mode=False):
    pool = {1: f.max_pool1d, 2: f.max_pool2d, 3: f.max_pool3d}[len(kernel)]
    stride = stride or kernel
    padding = [padding] * len(kernel) if isinstance(padding, int) else padding
    dilation = [dilation] * len(kernel)
    result = row("max_pool", shape,
                 lambda x: pool(x, kernel, stride, padding, dilation, ceil_mode=ceil_mode),
                 kernel=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
    x = numbers(shape, 37, 101, 16, -3)
    result["indices"] = pool(x, kernel, stride, padding, dilation, ceil_mode=ceil_mode,
                             return_indices=True)[1].flatten().tolist()
    return result


def avg_pool(shape, kernel, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    pool = {1: f.avg_pool1d, 2: f.avg_pool2d, 3: f.avg_pool3d}[len(kernel)]
    stride = stride or kernel
    padding = [padding] * len(kernel) if isinstance(padding, int) else padding
    return row("avg_pool", shape, lambda x: pool(x, kernel, stride, padding, ceil_mode, count_include_pad),
               kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode,
               count_include_pad=count_include_pad)


def adaptive(shape, size):
    highest = {1: f.adaptive_max_pool1d, 2: f.adaptive_max_pool2d, 3: f.adaptive_max_pool3d}[len(size)]
    mean = {1: f.adaptive_avg_pool1d, 2: f.adaptive_avg_pool2d, 3: f.adaptive_avg_pool3d}[len(size)]
    return [row("adaptive_max_pool", shape, lambda x: highest(x, size), size=size),
            row("adaptive_avg_pool", shape, lambda x: mean(x, size), size=size)]


def upsample(shape, mode, size=None, scale=None, align_corners=None):
    names = {"nearest": "nearest", "linear": {3: "linear", 4: "bilinear", 5: "trilinear"}[len(shape)],
             "cubic": "bicubic"}
    options = {"mode": mode, "align_corners": bool(align_corners)}
    options.update({"size": size} if size else {"scale": scale})
    return row("upsample", shape,
               lambda x: f.interpolate(x, size=size, scale_factor=scale, mode=names[mode],
                                       align_corners=align_corners), **options)


def windows(shape, kernel, stride, padding, dilation):
    """unfold has (N, C k k, windows); the windows of xgrad are (N, C, out, out, k, k)."""
    def call(x):
        flat = f.unfold(x, kernel, dilation, padding, stride)
        out = [(x.shape[2 + i] + 2 * padding - dilation * (kernel[i] - 1) - 1) // stride + 1 for i in range(2)]
        return flat.reshape(x.shape[0], x.shape[1], *kernel, *out).permute(0, 1, 4, 5, 2, 3).contiguous()
    return row("windows", shape, call, kernel=kernel, stride=[stride], padding=[padding], dilation=[dilation])


rows = [
    max_pool((1, 2, 9), [3]),
    max_pool((2, 7), [3], [2], 1),
    max_pool((1, 1, 10), [3], [2], 1, 2, True),
    max_pool((1, 2, 6, 6), [2, 2]),
    max_pool((2, 5, 7), [3, 2], [2, 1], [1, 0]),
    max_pool((1, 1, 6, 5), [3, 3], [2, 2], 1, ceil_mode=True),
    max_pool((1, 1, 7, 7), [2, 3], [2, 2], [1, 1], 2),
    max_pool((1, 1, 4, 5, 4), [2, 2, 2]),
    max_pool((1, 4, 4, 5), [3, 2, 3], [1, 2, 2], 1, ceil_mode=True),
    avg_pool((1, 2, 9), [3]),
    avg_pool((1, 1, 8), [3], [2], 1, True),
    avg_pool((1, 1, 8), [3], [2], 1, True, False),
    avg_pool((1, 2, 6, 6), [2, 2]),
    avg_pool((1, 5, 7), [3, 2], [2, 1], [1, 1]),
    avg_pool((1, 5, 7), [3, 2], [2, 1], [1, 1], False, False),
    avg_pool((1, 1, 6, 6), [3, 3], [2, 2], 1, True, True),
    avg_pool((1, 1, 6, 6), [3, 3], [2, 2], 1, True, False),
    avg_pool((1, 1, 4, 5, 4), [2, 3, 2], [2, 1, 2], [1, 1, 0], True, True),
    avg_pool((1, 1, 4, 5, 4), [2, 3, 2], [2, 1, 2], [1, 1, 0], True, False),
    *adaptive((1, 2, 7), [3]),
    *adaptive((1, 3), [5]),
    *adaptive((1, 2, 5, 7), [2, 4]),
    *adaptive((1, 1, 3, 5, 4), [2, 5, 3]),
    windows((1, 2, 4, 5), [2, 3], 1, 0, 1),
    windows((2, 1, 5, 5), [3, 2], 2, 1, 1),
    windows((1, 1, 6, 5), [2, 2], 1, 1, 2),
    upsample((1, 2, 5), "nearest", size=[8]),
    upsample((1, 2, 3, 4), "nearest", size=[7, 6]),
    upsample((1, 1, 4, 4), "nearest", scale=[1.6, 0.7]),
    upsample((1, 1, 2, 3, 2), "nearest", size=[3, 6, 1]),
    upsample((1, 2, 5), "linear", size=[8], align_corners=False),
    upsample((1, 2, 5), "linear", size=[8], align_corners=True),
    upsample((1, 1, 5), "linear", scale=[1.3], align_corners=False),
    upsample((1, 1, 3, 4), "linear", size=[5, 7], align_corners=False),
    upsample((1, 1, 6, 5), "linear", size=[3, 4], align_corners=True),
    upsample((1, 1, 3, 4), "linear", scale=[1.7, 2.0], align_corners=False),
    upsample((1, 1, 2, 3, 2), "linear", size=[3, 5, 4], align_corners=False),
    upsample((1, 1, 2, 3, 2), "linear", size=[3, 5, 1], align_corners=True),
    upsample((1, 1, 4, 5), "cubic", size=[7, 8], align_corners=False),
    upsample((1, 1, 4, 5), "cubic", size=[7, 8], align_corners=True),
    upsample((1, 1, 7, 6), "cubic", size=[3, 4], align_corners=False),
    upsample((1, 1, 3, 3), "cubic", scale=[1.7, 2.4], align_corners=False),
    row("pixel_shuffle", (1, 8, 2, 3), lambda x: f.pixel_shuffle(x, 2), factor=2),
    row("pixel_unshuffle", (1, 2, 4, 6), lambda x: f.pixel_unshuffle(x, 2), factor=2),
]

target = pathlib.Path(__file__).with_name("pooling.json")
lines = [json.dumps(each, separators=(",", ":")) for each in rows]
source = json.dumps("PyTorch " + torch.__version__ + ", by pooling.py")
target.write_text('{"source":' + source + ',"rows":[\n' + ",\n".join(lines) + "\n]}\n")
