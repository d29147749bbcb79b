#!/usr/bin/env python3
"""Writes layers.json: outputs and gradients of PyTorch's layers in float64, for tests/nn/golden_layers.cpp.

Made with PyTorch 1.13. Each case has its inputs, parameters, the output, a cotangent, and the gradients of
Σ output · cotangent by all of them.
"""
import json
import pathlib

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(20)


def packed(tensor):
    values = tensor.detach()
    numbers = values.to(torch.int64) if values.dtype == torch.bool else values
    data = [x if abs(x) != float("inf") else ("inf" if x > 0 else "-inf") for x in numbers.flatten().tolist()]
    return {"shape": list(tensor.shape), "data": data}


def short(*shape):
    """Numbers with two decimals, which keep the file small."""
    return torch.round(torch.randn(*shape) * 100) / 100


def data(*shape):
    return short(*shape).requires_grad_()


def case(module, inputs, call=None, constants=None):
    """`inputs` are differentiated, `constants` aren't."""
    parameters = dict(module.named_parameters())
    before = {name: packed(value) for name, value in parameters.items()}
    output = module(*inputs.values()) if call is None else call()
    cotangent = short(*output.shape)
    (output * cotangent).sum().backward()
    floating = {name: value for name, value in inputs.items() if value.requires_grad}
    return {
        "inputs": {name: packed(value) for name, value in {**inputs, **(constants or {})}.items()},
        "parameters": before,
        "output": packed(output),
        "cotangent": packed(cotangent),
        "gradients": {name: packed(value.grad) for name, value in {**parameters, **floating}.items()},
    }


def scattered(module):
    """Parameters that are far from their first values, so that none is 0 or 1."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(short(*parameter.shape))
    return module


cases = {}
cases["layer_norm"] = case(scattered(nn.LayerNorm((2, 4))), {"x": data(3, 2, 4)})
cases["group_norm"] = case(scattered(nn.GroupNorm(3, 6, eps=1e-3)), {"x": data(2, 6, 3)})
cases["instance_norm"] = case(scattered(nn.InstanceNorm2d(3, affine=True)), {"x": data(2, 3, 2, 3)})
cases["batch_norm"] = case(scattered(nn.BatchNorm2d(3)), {"x": data(2, 3, 2, 3)})

causal = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)  # true where a key is hidden
padding = torch.tensor([[False, False, True, True], [False, False, False, False]])


def attention(heads, query, key=None, value=None, mask=None, keys=None, **options):
    module = scattered(nn.MultiheadAttention(query.shape[-1], heads, batch_first=True, **options))
    inputs = {"query": query}
    if key is not None:
        inputs.update(key=key, value=value)
    parts = (query, query, query) if key is None else (query, key, value)
    constants = {name: value for name, value in {"mask": mask, "keys": keys}.items() if value is not None}
    return case(module, inputs, lambda: module(*parts, attn_mask=mask, key_padding_mask=keys, need_weights=False)[0],
                constants)


cases["attention"] = attention(2, data(2, 4, 6))
cases["attention_without_bias"] = attention(3, data(1, 3, 6), bias=False)
cases["attention_causal_padded"] = attention(2, data(2, 4, 6), mask=causal, keys=padding)
additive = short(4, 4).masked_fill(causal, float("-inf"))
cases["attention_additive"] = attention(3, data(2, 4, 6), mask=additive)
cases["attention_mask_per_head"] = attention(2, data(2, 3, 4), mask=short(4, 3, 3))
cases["attention_cross"] = attention(2, data(2, 3, 6), data(2, 4, 6), data(2, 4, 6), keys=padding)
cases["attention_cross_widths"] = attention(2, data(2, 3, 4), data(2, 4, 5), data(2, 4, 3), keys=padding, kdim=5,
                                            vdim=3)

options = {"dim_feedforward": 6, "dropout": 0.0, "batch_first": True}
for name, pre, activation in [("post", False, "relu"), ("pre", True, "gelu")]:
    encoder = scattered(nn.TransformerEncoderLayer(4, 2, activation=activation, norm_first=pre, **options))
    x = data(2, 4, 4)
    cases[f"encoder_{name}"] = case(encoder, {"x": x}, lambda: encoder(x, causal, padding), {"keys": padding})
    decoder = scattered(nn.TransformerDecoderLayer(4, 2, activation=activation, norm_first=pre, **options))
    y, memory = data(2, 4, 4), data(2, 4, 4)
    cases[f"decoder_{name}"] = case(
        decoder, {"x": y, "memory": memory},
        lambda: decoder(y, memory, tgt_mask=causal, memory_key_padding_mask=padding), {"keys": padding})

indices = torch.tensor([[1, 0, 4], [3, 1, 1]])
embedding = scattered(nn.Embedding(5, 3, padding_idx=1))
cases["embedding"] = case(embedding, {}, lambda: embedding(indices), {"indices": indices})


def bags(mode, indices, offsets=None, per_sample=None, padding_idx=None):
    module = nn.EmbeddingBag(5, 3, mode=mode, padding_idx=padding_idx)
    scattered(module)
    inputs = {} if per_sample is None else {"per_sample": per_sample}
    constants = {"indices": indices} if offsets is None else {"indices": indices, "offsets": offsets}
    return case(module, inputs, lambda: module(indices, offsets, per_sample_weights=per_sample), constants)


flat = torch.tensor([4, 1, 0, 3, 3, 2, 4])
offsets = torch.tensor([0, 2, 2, 5])  # bag 1 is empty
cases["bag_sum"] = bags("sum", flat, offsets, data(7))
cases["bag_mean"] = bags("mean", flat, offsets, padding_idx=3)
cases["bag_max"] = bags("max", flat, offsets)
cases["bag_sum_rows"] = bags("sum", indices, per_sample=data(2, 3), padding_idx=1)
cases["bag_mean_rows"] = bags("mean", indices, padding_idx=1)
cases["bag_max_rows"] = bags("max", indices)

cases["bilinear"] = case(scattered(nn.Bilinear(3, 4, 2)), {"x1": data(5, 3), "x2": data(5, 4)})
cases["cosine_similarity"] = case(nn.CosineSimilarity(dim=1), {"x1": data(3, 4, 2), "x2": data(3, 4, 2)})

linear = nn.utils.weight_norm(nn.Linear(4, 3))
cases["weight_norm"] = case(scattered(linear), {"x": data(5, 4)})

spectral = scattered(nn.utils.spectral_norm(nn.Linear(4, 3), n_power_iterations=2))
start = {"u": spectral.weight_u.clone(), "v": spectral.weight_v.clone()}
x = data(5, 4)
cases["spectral_norm"] = case(spectral, {"x": x}, constants=start)
cases["spectral_norm"]["after"] = {"u": packed(spectral.weight_u), "v": packed(spectral.weight_v)}
cases["spectral_norm"]["in_inference"] = packed(spectral.eval()(x))

# Each is made twice, since both functions change the layer.
reweighted = {
    "conv1d": (lambda: nn.Conv1d(4, 4, 3, padding=1, groups=2), lambda: {"x": data(2, 4, 5)}),
    "conv2d": (lambda: nn.Conv2d(2, 3, (2, 3), stride=2), lambda: {"x": data(2, 2, 4, 5)}),
    "conv3d": (lambda: nn.Conv3d(2, 2, (1, 2, 2)), lambda: {"x": data(1, 2, 2, 3, 3)}),
    "conv_transpose1d": (lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, groups=2), lambda: {"x": data(2, 4, 3)}),
    "conv_transpose2d": (lambda: nn.ConvTranspose2d(3, 2, 2), lambda: {"x": data(1, 3, 3, 2)}),
    "conv_transpose3d": (lambda: nn.ConvTranspose3d(2, 3, (2, 1, 2)), lambda: {"x": data(1, 2, 2, 2, 2)}),
    "embedding": (lambda: nn.Embedding(5, 3), lambda: {"indices": torch.tensor([[1, 4, 4], [0, 1, 3]])}),
    "embedding_bag": (lambda: nn.EmbeddingBag(5, 3), lambda: {"indices": torch.tensor([[1, 4, 4], [0, 1, 3]])}),
}
for name, (make, inputs) in reweighted.items():
    cases["weight_norm_" + name] = case(scattered(nn.utils.weight_norm(make())), inputs())
    spectral = scattered(nn.utils.spectral_norm(make()))
    start = {"u": spectral.weight_u.clone(), "v": spectral.weight_v.clone()}
    of_call = inputs()
    cases["spectral_norm_" + name] = case(spectral, of_call, constants=start)
    cases["spectral_norm_" + name]["after"] = {"u": packed(spectral.weight_u), "v": packed(spectral.weight_v)}
    cases["spectral_norm_" + name]["in_inference"] = packed(spectral.eval()(*of_call.values()))
along_outputs = nn.utils.weight_norm(nn.ConvTranspose1d(3, 2, 2), dim=1)
cases["weight_norm_axis_1"] = case(scattered(along_outputs), {"x": data(1, 3, 3)})

path = pathlib.Path(__file__).with_name("layers.json")
lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in cases.items()]
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
