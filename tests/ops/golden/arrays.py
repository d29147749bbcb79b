# Writes arrays.json beside it: results and gradients in float64 by PyTorch (1.13), of interp the results by NumPy.
import json
import pathlib

import numpy
import torch

torch.manual_seed(3)
cases = []


def array(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().reshape(-1).tolist()}


def case(call, f, inputs, **arguments):
    leaves = [x.clone().requires_grad_(True) for x in inputs]
    result = f(*leaves)
    cotangent = torch.rand(result.shape, dtype=torch.float64) + 0.5
    gradients = torch.autograd.grad(result, leaves, cotangent)
    cases.append({"call": call, "arguments": arguments, "inputs": [array(x) for x in inputs], "result": array(result),
                  "cotangent": array(cotangent), "gradients": [array(x) for x in gradients]})


def random(*shape):
    return torch.round(torch.rand(*shape, dtype=torch.float64) * 4 - 2, decimals=6)


for subscripts, shapes in [
    ("ij,jk->ik", [(3, 4), (4, 2)]),
    ("bij,bkj->bki", [(2, 3, 4), (2, 2, 4)]),
    ("abc,cd,be->aed", [(2, 3, 4), (4, 2), (3, 2)]),
    ("...ij,...kj->...ik", [(2, 1, 3, 2), (3, 2, 2)]),
    ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 2, 4)]),
    ("abcd,cdef->abef", [(2, 2, 3, 2), (3, 2, 2, 2)]),
    ("ii->i", [(4, 4)]),
    ("...ii->...", [(2, 3, 3)]),
    ("iij,jk->ki", [(3, 3, 2), (2, 4)]),
    ("ij,jk,kl,lm,mn->in", [(2, 3), (3, 4), (4, 2), (2, 5), (5, 2)]),
    ("i,j,ij->", [(3,), (4,), (3, 4)]),
    ("cb,a", [(2, 3), (2,)]),
    ("ij,ij->i", [(3, 5), (3, 5)]),
]:
    case("einsum", lambda *x, s=subscripts: torch.einsum(s, *x), [random(*s) for s in shapes], subscripts=subscripts)
case("tensordot", lambda a, b: torch.tensordot(a, b, dims=([2, 0], [1, 2])), [random(2, 3, 4), random(3, 4, 2)],
     a=[2, 0], b=[1, 2])
for descending in (False, True):
    case("sort", lambda x: torch.sort(x, dim=0, descending=descending, stable=True)[0], [random(5, 3)], axis=0,
         descending=descending)
    case("topk", lambda x: torch.topk(x, 3, dim=1, largest=descending)[0], [random(3, 7)], k=3, axis=1,
         largest=descending)
for q in (0.0, 0.3, 0.5, 0.99, 1.0):
    case("quantile", lambda x: torch.quantile(x, q, dim=1), [random(3, 6)], q=q, axis=1)
zeros = random(4, 6)
zeros[0, 2] = zeros[1, 0] = zeros[1, 3] = zeros[2, 5] = 0
zeros[3, 1:4] = 0
case("cumprod", lambda x: torch.cumprod(x, 1), [zeros], axis=1)
case("cummax", lambda x: torch.cummax(x, 0)[0], [random(6, 3)], axis=0)
case("cummin", lambda x: torch.cummin(x, 1)[0], [random(3, 6)], axis=1)
case("logcumsumexp", lambda x: torch.logcumsumexp(x, 1), [20 * random(3, 6)], axis=1)
for p in (1, 1.75, 2, 3, float("inf"), -float("inf")):
    case("p_norm", lambda x: torch.linalg.vector_norm(x, p, dim=1), [random(3, 5)], p=str(p), axis=1)
for kind in ("fro", 1, float("inf")):
    case("matrix_norm", lambda x: torch.linalg.matrix_norm(x, kind), [random(2, 3, 4)], kind=str(kind))
for ddof in (0, 1):
    case("stddev", lambda x: torch.std(x, dim=1, unbiased=ddof == 1), [random(3, 5)], axis=1, ddof=ddof)
case("tile", lambda x: torch.tile(x, (2, 1, 3)), [random(2, 3)], repeats=[2, 1, 3])
case("repeat", lambda x: torch.repeat_interleave(x, 3, dim=1), [random(2, 3)], count=3, axis=1)
case("roll", lambda x: torch.roll(x, -2, dims=1), [random(2, 5)], shift=-2, axis=1)
case("tril", lambda x: torch.tril(x, -1), [random(2, 3, 4)], diagonal=-1)
case("triu", lambda x: torch.triu(x, 1), [random(2, 4, 3)], diagonal=1)
indices = torch.tensor([[2, 0], [1, 3], [3, 0]])
case("scatter", lambda x, u: x.scatter(1, indices, u), [random(3, 4), random(3, 2)], axis=1,
     indices=indices.reshape(-1).tolist())

x = 2 * random(20)
xp = torch.tensor([-3.0, -1.5, -1.25, 0.5, 2.0, 3.25], dtype=torch.float64)
fp = random(6)
heights = torch.from_numpy(numpy.interp(x.numpy(), xp.numpy(), fp.numpy()))
cases.append({"call": "interp", "arguments": {}, "inputs": [array(x), array(xp), array(fp)], "result": array(heights),
              "cotangent": array(heights), "gradients": []})

path = pathlib.Path(__file__).with_name("arrays.json")
path.write_text("[\n" + ",\n".join(json.dumps(one) for one in cases) + "\n]\n")
