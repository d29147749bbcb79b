"""Writes linear_algebra.json: values by NumPy and SciPy, gradients by PyTorch, all float64.

Run as  python3 linear_algebra.py > linear_algebra.json  (made with PyTorch 1.13.0, SciPy 1.10.1, NumPy 1.24.2).

The loss of a case is the sum over i of cos(i + 1) y_i, y being the value in row-major order. Where signs of vectors are
free, y doesn't depend on them, or they are made as xgrad makes them (R's diagonal not negative).
"""
import json

import numpy as np
import scipy.linalg
import torch

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(20221)


def random(*shape):
    return np.round(rng.normal(size=shape), 3)


def symmetric(a):
    return (a + np.swapaxes(a, -1, -2)) / 2


def positive(n):
    a = random(n, n)
    return a @ a.T + np.eye(n)


def positive_qr(a):
    q, r = torch.linalg.qr(a)
    signs = torch.sign(torch.diagonal(r, dim1=-2, dim2=-1))
    return torch.cat([(q * signs.unsqueeze(-2)).flatten(), (r * signs.unsqueeze(-1)).flatten()])


def eigh_function(a):
    w, v = torch.linalg.eigh(a)
    return (v * torch.exp(w / 2).unsqueeze(-2)) @ v.mT


def svd_function(a):
    u, s, vt = torch.linalg.svd(a, full_matrices=False)
    return (u * torch.sin(s).unsqueeze(-2)) @ vt


regular = random(5, 5) + 3 * np.eye(5)
batch = random(2, 4, 4) + 2 * np.eye(4)
tall = random(6, 4)
wide = random(3, 5)
spd = positive(5)
right = random(5, 2)
rank_2 = random(5, 2) @ random(2, 4)

# name: inputs, in PyTorch, the value by NumPy or SciPy where they have it
cases = {
    "solve": ([regular, right], torch.linalg.solve, np.linalg.solve),
    "solve of a batch": ([batch, random(2, 4, 3)], torch.linalg.solve, np.linalg.solve),
    "triangular_solve": (
        [regular, right],
        lambda a, b: torch.linalg.solve_triangular(torch.tril(a), b, upper=False),
        lambda a, b: scipy.linalg.solve_triangular(a, b, lower=True),
    ),
    "inverse": ([batch], torch.linalg.inv, np.linalg.inv),
    "det": ([batch], torch.linalg.det, np.linalg.det),
    "log_abs": ([batch], lambda a: torch.linalg.slogdet(a)[1], lambda a: np.linalg.slogdet(a)[1]),
    "pinv tall": ([tall], torch.linalg.pinv, np.linalg.pinv),
    "pinv wide": ([wide], torch.linalg.pinv, np.linalg.pinv),
    "pinv of rank 2": ([rank_2], lambda a: torch.linalg.pinv(a, rtol=1e-9), lambda a: np.linalg.pinv(a, 1e-9)),
    "lstsq": ([tall, random(6, 2)], lambda a, b: torch.linalg.pinv(a) @ b,
              lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0]),
    "lstsq wide": ([wide, random(3, 2)], lambda a, b: torch.linalg.pinv(a) @ b,
                   lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0]),
    "matrix_exp": ([regular], torch.matrix_exp, scipy.linalg.expm),
    "matrix_exp small": ([regular / 50], torch.matrix_exp, scipy.linalg.expm),
    "matrix_power": ([batch / 4], lambda a: torch.linalg.matrix_power(a, 5), lambda a: np.linalg.matrix_power(a, 5)),
    "matrix_power negative": ([regular], lambda a: torch.linalg.matrix_power(a, -3),
                              lambda a: np.linalg.matrix_power(a, -3)),
    "cholesky": ([spd], torch.linalg.cholesky, np.linalg.cholesky),
    "qr tall": ([tall], positive_qr, None),
    "qr wide": ([wide], positive_qr, None),
    "eigvalsh": ([symmetric(regular)], torch.linalg.eigvalsh, np.linalg.eigvalsh),
    "eigh function": ([symmetric(regular)], eigh_function, lambda a: scipy.linalg.expm(a / 2)),
    "svdvals": ([tall], torch.linalg.svdvals, lambda a: np.linalg.svd(a, compute_uv=False)),
    "svd function": ([wide], svd_function, None),
}

out = {}
for name, (inputs, of_torch, of_numpy) in cases.items():
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    y = of_torch(*tensors)
    loss = (torch.cos(torch.arange(1, y.numel() + 1, dtype=torch.float64)) * y.flatten()).sum()
    gradients = torch.autograd.grad(loss, tensors)
    value = y.detach().numpy() if of_numpy is None else np.asarray(of_numpy(*inputs))
    assert np.allclose(value, y.detach().numpy(), rtol=1e-9, atol=1e-9), name
    gradients = [g.numpy() for g in gradients]
    if name in ("cholesky", "eigvalsh", "eigh function"):
        gradients = [symmetric(g) for g in gradients]
    out[name] = {
        "shapes": [list(x.shape) for x in inputs],
        "inputs": [x.flatten().tolist() for x in inputs],
        "value": value.flatten().tolist(),
        "gradients": [g.flatten().tolist() for g in gradients],
    }
print("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out.items()) + "\n}")
