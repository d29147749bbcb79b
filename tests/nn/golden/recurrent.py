#!/usr/bin/python3
"""Writes recurrent.json: RNN, LSTM and GRU as PyTorch 1.13 (Debian's python3-torch) computes them, in float64.

Weights, inputs and cotangents are reproducible numbers, by index of the parameter; results are fingerprints.
"""
import json
import os
import sys

import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "..", "support"))
from reproducible import array, fingerprint  # noqa: E402

torch.set_default_dtype(torch.float64)
N, T, IN, H = 3, 5, 4, 3
LENGTHS = [5, 2, 4]


def run(kind, layers, bidirectional, lengths, initial, **more):
    net = getattr(torch.nn, kind)(IN, H, layers, batch_first=True, bidirectional=bidirectional, **more)
    for k, p in enumerate(net.parameters()):
        p.data = torch.tensor(array(10 + k, tuple(p.shape), 0.7))
    x = torch.tensor(array(1, (N, T, IN)), requires_grad=True)
    directions = 2 if bidirectional else 1
    states = [torch.tensor(array(2 + k, (layers * directions, N, H)), requires_grad=True) for k in range(2)]
    given = None if not initial else tuple(states) if kind == "LSTM" else states[0]
    packed = x
    if lengths:
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(LENGTHS), True, False)
    output, last = net(packed, given)
    if lengths:
        output = torch.nn.utils.rnn.pad_packed_sequence(output, True, total_length=T)[0]
    last = last if kind == "LSTM" else (last,)
    loss = (output * torch.tensor(array(5, tuple(output.shape)))).sum()
    for k, part in enumerate(last):
        loss = loss + (part * torch.tensor(array(6 + k, tuple(part.shape)))).sum()
    loss.backward()
    return {
        "kind": kind,
        "layers": layers,
        "bidirectional": bidirectional,
        "lengths": LENGTHS if lengths else [],
        "initial": initial,
        "relu": more.get("nonlinearity") == "relu",
        "loss": loss.item(),
        "output": fingerprint(output.detach()),
        "last": [fingerprint(part.detach()) for part in last],
        "x": fingerprint(x.grad),
        "parameters": {name: fingerprint(p.grad) for name, p in net.named_parameters()},
        "initial_gradients": [fingerprint(s.grad) for s in states if s.grad is not None],
    }


cases = []
for kind in ("RNN", "LSTM", "GRU"):
    for layers, bidirectional, lengths, initial in (
        (1, False, False, False),
        (2, False, False, True),
        (1, True, True, False),
        (2, True, True, True),
    ):
        cases.append(run(kind, layers, bidirectional, lengths, initial))
cases.append(run("RNN", 2, True, False, True, nonlinearity="relu"))
with open(os.path.join(here, "recurrent.json"), "w") as file:
    json.dump({"N": N, "T": T, "in": IN, "hidden": H, "cases": cases}, file, indent=1)
    file.write("\n")
