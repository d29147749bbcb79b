#!/usr/bin/python3
"""Writes models.json: thirteen small models as PyTorch 1.13 (Debian's python3-torch) computes them, in float64.

Weights, inputs and targets are reproducible numbers; what is compared are fingerprints: of the output, of the gradient
of each parameter, of the running statistics, and of the parameters after three steps of gradient descent with momentum.
Dropout is off, for its masks are another generator's.
"""
import json
import math
import os
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "..", "support"))
from reproducible import array, fingerprint, integers  # noqa: E402

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
WORDS, WIDTH, HEADS = 50, 32, 4


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(20, 16)
        self.second = nn.Linear(16, 16)
        self.norm = nn.BatchNorm1d(16)
        self.last = nn.Linear(16, 3)

    def forward(self, x):
        return self.last(torch.sigmoid(self.norm(self.second(F.relu(self.first(x))))))


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.dense1 = nn.Linear(400, 120)
        self.dense2 = nn.Linear(120, 84)
        self.dense3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.dense3(F.relu(self.dense2(F.relu(self.dense1(x)))))


class ResidualBlock(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.conv3 = self.norm3 = None
        if stride != 1 or channels != out:
            self.conv3 = nn.Conv2d(channels, out, 1, stride, bias=False)
            self.norm3 = nn.BatchNorm2d(out)

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(y + (x if self.conv3 is None else self.norm3(self.conv3(x))))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 7, 2, 3, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.block1 = ResidualBlock(16, 16, 1)
        self.block2 = ResidualBlock(16, 32, 2)
        self.last = nn.Linear(32, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.stem(x))), 3, 2, 1)
        return self.last(F.adaptive_avg_pool2d(self.block2(self.block1(x)), 1).flatten(1))


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(3, 16, 3, 2, 1)
        self.depthwise = nn.Conv2d(16, 16, 3, 1, 1, groups=16)
        self.pointwise = nn.Conv2d(16, 24, 1)
        self.squeeze = nn.Conv2d(24, 6, 1)
        self.excite = nn.Conv2d(6, 24, 1)
        self.last = nn.Linear(24, 10)

    def forward(self, x):
        x = F.silu(self.pointwise(F.relu6(self.depthwise(F.hardswish(self.expand(x))))))
        x = x * torch.sigmoid(self.excite(F.silu(self.squeeze(x.mean((2, 3), keepdim=True)))))
        return self.last(x.mean((2, 3)))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1 = nn.Conv2d(1, 8, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(8)
        self.down2 = nn.Conv2d(8, 16, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(16)
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.up1 = nn.Conv2d(16, 8, 3, padding=1)
        self.norm3 = nn.BatchNorm2d(8)
        self.last = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        a = F.relu(self.norm1(self.down1(x)))
        b = F.relu(self.norm2(self.down2(F.max_pool2d(a, 2))))
        return self.last(F.relu(self.norm3(self.up1(torch.cat([a, self.up(b)], 1)))))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, 16)
        self.recurrent = getattr(nn, kind)(16, 24, num_layers=2, batch_first=True)
        self.last = nn.Linear(24, WORDS)

    def forward(self, i):
        return self.last(self.recurrent(self.embedding(i))[0])


def heads(x):
    batch, time, width = x.shape
    return x.view(batch, time, HEADS, width // HEADS).transpose(1, 2)


def together(x):
    batch, count, time, width = x.shape
    return x.transpose(1, 2).reshape(batch, time, count * width)


def attention(q, k, v, causal):
    scores = q @ k.transpose(-2, -1) / math.sqrt(k.size(-1))
    if causal:
        time = scores.size(-1)
        scores = scores.masked_fill(torch.ones(time, time).tril() == 0, -math.inf)
    return F.softmax(scores, -1) @ v


class GPT2Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.project = nn.Linear(WIDTH, WIDTH)
        self.up = nn.Linear(WIDTH, 4 * WIDTH)
        self.down = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        q, k, v = (heads(t) for t in self.qkv(self.norm1(x)).split(WIDTH, 2))
        x = x + self.project(together(attention(q, k, v, True)))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class GPT2(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.positions = nn.Embedding(64, WIDTH)
        self.blocks = nn.ModuleList([GPT2Block() for _ in range(2)])
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, i):
        x = self.words(i) + self.positions(torch.arange(i.size(1)))
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.words.weight.t()


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.gain = nn.Parameter(torch.ones(WIDTH))
        for name in "qkvo":
            setattr(self, name, nn.Linear(WIDTH, WIDTH, bias=False))
        self.gate = nn.Linear(WIDTH, 64, bias=False)
        self.up = nn.Linear(WIDTH, 64, bias=False)
        self.down = nn.Linear(64, WIDTH, bias=False)
        self.last = nn.Linear(WIDTH, WORDS, bias=False)

    def normal(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.gain

    def rotated(self, x):
        time, width = x.shape[-2:]
        frequencies = 1 / (10000 ** (torch.arange(0, width, 2).double() / width))
        angles = torch.outer(torch.arange(time).double(), frequencies)
        a, b = x[..., ::2], x[..., 1::2]
        cos, sin = torch.cos(angles), torch.sin(angles)
        return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)

    def forward(self, i):
        x = self.words(i)
        y = self.normal(x)
        q, k, v = self.rotated(heads(self.q(y))), self.rotated(heads(self.k(y))), heads(self.v(y))
        x = x + self.o(together(attention(q, k, v, True)))
        y = self.normal(x)
        x = x + self.down(F.silu(self.gate(y)) * self.up(y))
        return self.last(self.normal(x))


class BERT(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.positions = nn.Embedding(64, WIDTH)
        self.types = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.layers = nn.ModuleList(
            [nn.TransformerEncoderLayer(WIDTH, HEADS, 64, 0.0, "gelu", batch_first=True) for _ in range(2)]
        )
        self.pool = nn.Linear(WIDTH, WIDTH)
        self.last = nn.Linear(WIDTH, 2)

    def forward(self, i):
        x = self.norm(self.words(i) + self.positions(torch.arange(i.size(1))) + self.types(torch.zeros_like(i)))
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=(i == 0))
        return self.last(torch.tanh(self.pool(x[:, 0])))


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 4, 2, 1)
        self.conv2 = nn.Conv2d(8, 16, 4, 2, 1)
        self.mean = nn.Linear(784, 8)
        self.log_variance = nn.Linear(784, 8)
        self.dense = nn.Linear(8, 784)
        self.up1 = nn.ConvTranspose2d(16, 8, 4, 2, 1)
        self.up2 = nn.ConvTranspose2d(8, 1, 4, 2, 1)

    def forward(self, x, noise):
        h = F.elu(self.conv2(F.leaky_relu(self.conv1(x), 0.2))).flatten(1)
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.exp(0.5 * log_variance) * noise
        return self.up2(F.relu(self.up1(self.dense(z).view(-1, 16, 7, 7)))), mean, log_variance


class PINN(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 16)
        self.second = nn.Linear(16, 16)
        self.last = nn.Linear(16, 1)

    def forward(self, x):
        return self.last(torch.tanh(self.second(torch.tanh(self.first(x)))))


class DiffusionBlock(nn.Module):
    def __init__(self, channels, out, time):
        super().__init__()
        self.norm1 = nn.GroupNorm(4, channels)
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1)
        self.time = nn.Linear(time, out)
        self.norm2 = nn.GroupNorm(4, out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        self.skip = nn.Conv2d(channels, out, 1) if channels != out else None

    def forward(self, x, t):
        h = self.conv1(F.silu(self.norm1(x))) + self.time(F.silu(t))[:, :, None, None]
        return (x if self.skip is None else self.skip(x)) + self.conv2(F.silu(self.norm2(h)))


class Diffusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.time1 = nn.Linear(16, 32)
        self.time2 = nn.Linear(32, 32)
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.block1 = DiffusionBlock(8, 8, 32)
        self.down = nn.Conv2d(8, 16, 3, 2, 1)
        self.block2 = DiffusionBlock(16, 16, 32)
        self.norm = nn.GroupNorm(4, 16)
        self.qkv = nn.Conv1d(16, 48, 1)
        self.project = nn.Conv1d(16, 16, 1)
        self.up = nn.Conv2d(16, 8, 3, padding=1)
        self.block3 = DiffusionBlock(16, 8, 32)
        self.last = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, x, t):
        frequencies = torch.exp(-math.log(1e4) * torch.arange(8).double() / 8)
        angles = t[:, None].double() * frequencies[None]
        t = self.time2(F.silu(self.time1(torch.cat([torch.cos(angles), torch.sin(angles)], 1))))
        a = self.block1(self.first(x), t)
        b = self.block2(self.down(a), t)
        batch, channels, height, width = b.shape
        q, k, v = self.qkv(self.norm(b).view(batch, channels, height * width)).chunk(3, 1)
        weights = F.softmax(torch.einsum("bct,bcs->bts", q, k) / math.sqrt(channels), -1)
        b = b + self.project(torch.einsum("bts,bcs->bct", weights, v)).view(b.shape)
        u = self.up(F.interpolate(b, scale_factor=2.0, mode="nearest"))
        return self.last(self.block3(torch.cat([u, a], 1), t))


def tokens_loss(output, args, targets):
    return F.cross_entropy(output.reshape(-1, output.shape[-1]), targets.reshape(-1))


def class_loss(output, args, targets):
    return F.cross_entropy(output, targets)


def smoothed_loss(output, args, targets):
    return F.cross_entropy(output, targets, label_smoothing=0.1)


def vae_loss(output, args, targets):
    image, mean, log_variance = output
    reconstruction = F.binary_cross_entropy_with_logits(image, args[0].sigmoid(), reduction="sum")
    return (reconstruction - 0.5 * torch.sum(1 + log_variance - mean**2 - log_variance.exp())) / 100


def pinn_loss(output, args, targets):
    first = torch.autograd.grad(output.sum(), args[0], create_graph=True)[0]
    second = torch.autograd.grad(first[:, 0].sum(), args[0], create_graph=True)[0]
    residual = first[:, 1] + output[:, 0] * first[:, 0] - 0.01 * second[:, 0]
    return residual.pow(2).mean() + (output - targets).pow(2).mean()


def mean_squares(output, args, targets):
    return F.mse_loss(output, targets)


def real(seed, *shape):
    return torch.tensor(array(seed, shape))


def whole(seed, bound, *shape):
    return torch.tensor(integers(seed, shape, bound))


MODELS = {
    "MLP": (MLP, (real(1, 8, 20),), whole(2, 3, 8), class_loss),
    "LeNet": (LeNet, (real(1, 4, 1, 28, 28),), whole(2, 10, 4), class_loss),
    "ResNet": (ResNet, (real(1, 4, 3, 32, 32),), whole(2, 10, 4), smoothed_loss),
    "MobileNet": (MobileNet, (real(1, 4, 3, 32, 32),), whole(2, 10, 4), class_loss),
    "UNet": (UNet, (real(1, 2, 1, 16, 16),), whole(2, 2, 2, 16, 16), class_loss),
    "LSTM": (lambda: Recurrent("LSTM"), (whole(1, WORDS, 3, 6),), whole(2, WORDS, 3, 6), tokens_loss),
    "GRU": (lambda: Recurrent("GRU"), (whole(1, WORDS, 3, 6),), whole(2, WORDS, 3, 6), tokens_loss),
    "GPT-2": (GPT2, (whole(1, WORDS, 2, 8),), whole(2, WORDS, 2, 8), tokens_loss),
    "Llama": (Llama, (whole(1, WORDS, 2, 8),), whole(2, WORDS, 2, 8), tokens_loss),
    "BERT": (BERT, (whole(1, 5, 3, 8),), whole(2, 2, 3), class_loss),
    "VAE": (VAE, (real(1, 2, 1, 28, 28), real(3, 2, 8)), None, vae_loss),
    "PINN": (PINN, (real(1, 8, 2).requires_grad_(),), torch.zeros(8, 1), pinn_loss),
    "Diffusion": (Diffusion, (real(1, 2, 1, 16, 16), whole(3, 99, 2)), real(2, 2, 1, 16, 16), mean_squares),
}


def initialise(model):
    """Weights by the number of inputs; gains of normalisations near 1; all else small."""
    for k, (name, p) in enumerate(model.named_parameters()):
        values = array(100 + k, tuple(p.shape))
        if p.dim() > 1:
            values = values * math.sqrt(3 / (p.numel() / p.shape[0]))
        elif name.endswith("weight") or name.endswith("gain"):
            values = 1 + 0.1 * values
        else:
            values = 0.1 * values
        p.data = torch.tensor(values)


def run(make, args, targets, loss_of):
    model = make()
    model.train()
    initialise(model)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    result = {"losses": []}
    for step in range(3):
        output = model(*args)
        loss = loss_of(output, args, targets)
        optimiser.zero_grad()
        loss.backward()
        if step == 0:
            first = output[0] if isinstance(output, tuple) else output
            result["output"] = fingerprint(first.detach())
            result["gradients"] = {name: fingerprint(p.grad) for name, p in model.named_parameters()}
        result["losses"].append(loss.item())
        optimiser.step()
    result["parameters"] = {name: fingerprint(p.detach()) for name, p in model.named_parameters()}
    result["statistics"] = {
        name: fingerprint(b) for name, b in model.named_buffers() if not name.endswith("num_batches_tracked")
    }
    return result


golden = {name: run(*model) for name, model in MODELS.items()}
text = json.dumps(golden)
text = text.replace("]}, ", "]},\n ").replace("], \"", "],\n  \"")
with open(os.path.join(here, "models.json"), "w") as file:
    file.write(text + "\n")
