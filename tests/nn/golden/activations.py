"""Writes activations.json: what PyTorch's activation layers give, with their gradients.

    python3 activations.py > activations.json

x is (2, 4, 2) in float64, g the cotangent of the result; each layer has y, its value of x, and x̄; PReLU also ā.
"""

import json

import torch
from torch import nn

x = torch.normal(0.0, 3.0, (2, 4, 2), dtype=torch.float64, generator=torch.Generator().manual_seed(7))


class SwiGLU(nn.Module):
    def forward(self, x):
        gate, value = x.chunk(2, -1)
        return nn.functional.silu(gate) * value


layers = {
    "GELU": nn.GELU(),
    "GELU, approximate": nn.GELU(approximate="tanh"),
    "SiLU": nn.SiLU(),
    "Mish": nn.Mish(),
    "Softsign": nn.Softsign(),
    "Tanhshrink": nn.Tanhshrink(),
    "LogSigmoid": nn.LogSigmoid(),
    "Softplus": nn.Softplus(),
    "Softplus, beta 2": nn.Softplus(beta=2),
    "ELU": nn.ELU(),
    "ELU, alpha 0.5": nn.ELU(alpha=0.5),
    "SELU": nn.SELU(),
    "CELU": nn.CELU(),
    "CELU, alpha 2": nn.CELU(alpha=2),
    "LeakyReLU": nn.LeakyReLU(),
    "LeakyReLU, slope 0.3": nn.LeakyReLU(negative_slope=0.3),
    "PReLU": nn.PReLU().double(),
    "PReLU of 4": nn.PReLU(4, init=0.125).double(),
    "ReLU6": nn.ReLU6(),
    "Hardtanh": nn.Hardtanh(),
    "Hardtanh, -2 to 0.5": nn.Hardtanh(-2, 0.5),
    "Hardsigmoid": nn.Hardsigmoid(),
    "Hardswish": nn.Hardswish(),
    "Hardshrink": nn.Hardshrink(),
    "Softshrink": nn.Softshrink(),
    "Softmin": nn.Softmin(dim=-1),
    "Softmin, axis 1": nn.Softmin(dim=1),
    "LogSoftmax": nn.LogSoftmax(dim=-1),
    "GLU": nn.GLU(),
    "GLU, axis 1": nn.GLU(dim=1),
    "SwiGLU": SwiGLU(),
}

cases = {}
for name, layer in layers.items():
    leaf = x.clone().requires_grad_()
    y = layer(leaf)
    g = torch.linspace(-1, 2, y.numel(), dtype=torch.float64).reshape(y.shape)
    parameters = list(layer.parameters())
    gradients = torch.autograd.grad(y, [leaf, *parameters], g)
    cases[name] = {
        "shape": list(y.shape),
        "y": y.flatten().tolist(),
        "g": g.flatten().tolist(),
        "gradients": [gradient.flatten().tolist() for gradient in gradients],
    }

lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items())
print(f'{{"pytorch": {json.dumps(torch.__version__)},\n"x": {json.dumps(x.flatten().tolist())},\n"layers": {{\n{lines}\n}}}}')
