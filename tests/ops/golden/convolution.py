# Writes convolution.json: results and gradients of PyTorch's convolutions (1.13.1, float64) for a table of options.
# Inputs are whole multiples of powers of two, so that every sum is exact and the order of additions doesn't matter.
#   python3 convolution.py > convolution.json
import itertools
import json

import torch
import torch.nn.functional as F


def values(shape, factor, offset, modulus, scale):
    count = 1
    for length in shape:
        count *= length
    numbers = [((i * factor + offset) % modulus - modulus // 2) / scale for i in range(count)]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


CONVOLUTIONS = [F.conv1d, F.conv2d, F.conv3d]
TRANSPOSED = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d]


def result(case, x, w):
    axes = len(case["w"]) - 2
    groups = case["groups"]
    if case["transposed"]:
        return TRANSPOSED[axes - 1](x, w, None, case["stride"], case["padding"], case["output_padding"], groups,
                                    case["dilation"])
    padding = case["padding"]
    if case["mode"] != "zeros":
        widths = list(itertools.chain.from_iterable((p, p) for p in reversed(padding)))
        x = F.pad(x, widths, mode=case["mode"])
        padding = [0] * axes
    return CONVOLUTIONS[axes - 1](x, w, None, case["stride"], padding, case["dilation"], groups)


def entry(x, w, stride, padding, dilation, groups=1, mode="zeros", transposed=False, output_padding=None):
    case = {"x": x, "w": w, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "mode": mode,
            "transposed": transposed, "output_padding": output_padding or [0] * len(stride)}
    a = values(x, 37, 11, 64, 16).requires_grad_()
    b = values(w, 29, 5, 32, 8).requires_grad_()
    y = result(case, a, b)
    y.backward(values(list(y.shape), 23, 3, 16, 4))
    case["y_shape"] = list(y.shape)
    case["y"] = y.detach().flatten().tolist()
    case["x_gradient"] = a.grad.flatten().tolist()
    case["w_gradient"] = b.grad.flatten().tolist()
    return case


def cases():
    for stride, padding, dilation in itertools.product([1, 2, 3], [0, 1, 3], [1, 2]):
        yield entry([2, 2, 7], [3, 2, 3], [stride], [padding], [dilation])
    for stride, padding, dilation, groups in itertools.product([1, 2], [0, 1, 2], [1, 2], [1, 2, 4]):
        yield entry([1, 4, 5, 6], [4, 4 // groups, 3, 2], [stride, stride], [padding, 1], [1, dilation], groups)
    yield entry([2, 3, 6, 5], [6, 1, 3, 3], [1, 2], [1, 1], [1, 1], 3)
    yield entry([2, 2, 4, 5], [3, 2, 1, 1], [1, 1], [0, 0], [1, 1])
    yield entry([1, 2, 4, 3, 5], [2, 2, 2, 3, 2], [2, 1, 1], [1, 1, 0], [1, 1, 2])
    yield entry([1, 2, 5, 4], [3, 2, 3, 3], [1, 1], "same", [1, 1])
    yield entry([1, 2, 5, 4], [3, 2, 2, 4], [1, 1], "same", [2, 1])
    yield entry([3, 5, 4], [2, 3, 3, 2], [1, 2], [1, 1], [1, 1])
    for mode in ["reflect", "replicate", "circular"]:
        yield entry([2, 2, 6], [3, 2, 3], [2], [2], [1], 1, mode)
        yield entry([1, 2, 4, 5], [2, 1, 3, 3], [1, 1], [2, 1], [1, 2], 2, mode)
    for stride, padding, dilation, groups in itertools.product([1, 2, 3], [0, 1], [1, 2], [1, 2]):
        yield entry([2, 4, 4], [4, 3, 3], [stride], [padding], [dilation], groups, "zeros", True, [stride - 1])
    yield entry([1, 3, 3, 4], [3, 2, 3, 2], [2, 3], [1, 0], [1, 2], 1, "zeros", True, [1, 0])
    yield entry([1, 4, 3, 3], [4, 1, 4, 4], [2, 2], [1, 1], [1, 1], 4, "zeros", True)
    yield entry([1, 2, 2, 3, 2], [2, 3, 2, 2, 3], [1, 2, 2], [0, 1, 1], [1, 1, 1], 1, "zeros", True, [0, 1, 0])


print("[")
print(",\n".join(json.dumps(case, separators=(",", ":")).replace(".0,", ",").replace(".0]", "]") for case in cases()))
print("]")
