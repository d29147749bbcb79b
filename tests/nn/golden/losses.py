"""Losses and their gradients by PyTorch 1.13.1, in float64: writes losses.json beside itself.

Each case has its tensors, the loss, and the gradients of Σ v loss by those that are differentiated, where v is 1, 2, …
over the elements of the loss. What PyTorch has no function for is written out with its elementary ones.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(20)
torch.set_default_dtype(torch.float64)
cases = {}


def rounded(x):
    return [float(f"{v:.16g}") if x.dtype.is_floating_point else int(v) for v in x.detach().flatten().tolist()]


def case(name, loss, differentiated, constants=None):
    xs = {key: value.clone().requires_grad_() for key, value in differentiated.items()}
    constants = constants or {}
    value = loss(**xs, **constants)
    v = torch.arange(1, value.numel() + 1, dtype=value.dtype).reshape(value.shape)
    gradients = torch.autograd.grad((value * v).sum(), list(xs.values()))
    entry = lambda t: {"shape": list(t.shape), "data": rounded(t)}
    cases[name] = {
        "tensors": {key: entry(t) for key, t in {**xs, **constants}.items()},
        "integers": [key for key, t in constants.items() if not t.dtype.is_floating_point],
        "value": entry(value),
        "gradients": {key: rounded(g) for key, g in zip(xs, gradients)},
    }


a, y = 2 * torch.randn(3, 4), torch.randn(3, 4)
for reduction in ("mean", "sum", "none"):
    case(f"l1 {reduction}", lambda a, y, r=reduction: F.l1_loss(a, y, reduction=r), {"a": a, "y": y})
    case(f"mse {reduction}", lambda a, y, r=reduction: F.mse_loss(a, y, reduction=r), {"a": a, "y": y})
case("smooth l1", lambda a, y: F.smooth_l1_loss(a, y, beta=1.5), {"a": a, "y": y})
case("smooth l1 none", lambda a, y: F.smooth_l1_loss(a, y, beta=0.5, reduction="none"), {"a": a, "y": y})
case("huber", lambda a, y: F.huber_loss(a, y, delta=0.7), {"a": a, "y": y})
case("huber none", lambda a, y: F.huber_loss(a, y, delta=1.7, reduction="none"), {"a": a, "y": y})

log_p, q = torch.log_softmax(a, 1), torch.softmax(torch.randn(3, 4), 1)
q[1] = torch.tensor([0.0, 1.0, 0.0, 0.0])
case("kl", lambda a, q: F.kl_div(a, q, reduction="batchmean"), {"a": log_p}, {"q": q})
case("kl none", lambda a, q: F.kl_div(a, q, reduction="none").sum(1), {"a": log_p}, {"q": q})

counts = torch.tensor([[0.0, 1, 2, 5], [3, 0, 1, 8], [2, 2, 0, 1]])
case("poisson", lambda a, y: F.poisson_nll_loss(a, y), {"a": a}, {"y": counts})
case("poisson full", lambda a, y: F.poisson_nll_loss(a, y, full=True, reduction="none"), {"a": a}, {"y": counts})
case(
    "poisson mean",
    lambda a, y: F.poisson_nll_loss(a, y, log_input=False, full=True, eps=1e-3, reduction="sum"),
    {"a": a.abs() + 0.1},
    {"y": counts},
)
variance = torch.rand(3, 4) + 0.2
case("gaussian", lambda a, y, v: F.gaussian_nll_loss(a, y, v), {"a": a, "y": y, "v": variance})
case(
    "gaussian full",
    lambda a, y, v: F.gaussian_nll_loss(a, y, v, full=True, reduction="none"),
    {"a": a, "y": y, "v": variance},
)

z, labels, w = 3 * torch.randn(3, 4), torch.tensor([2, 0, 3]), torch.tensor([0.5, 2.0, 0.0, 1.25])
case("ce", lambda z, t: F.cross_entropy(z, t), {"z": z}, {"t": labels})
case("ce none", lambda z, t: F.cross_entropy(z, t, reduction="none"), {"z": z}, {"t": labels})
case("ce weights", lambda z, t, w: F.cross_entropy(z, t, weight=w), {"z": z}, {"t": labels, "w": w})
case("ce smoothing", lambda z, t: F.cross_entropy(z, t, label_smoothing=0.3), {"z": z}, {"t": labels})
image, classes = 2 * torch.randn(2, 4, 3, 2), torch.randint(0, 4, (2, 3, 2))
classes[0, 1, 1] = classes[1, 2, 0] = -7
w = torch.tensor([0.5, 2.0, 0.75, 1.25])
for reduction in ("mean", "sum", "none"):
    case(
        f"ce all {reduction}",
        lambda z, t, w, r=reduction: F.cross_entropy(
            z, t, weight=w, ignore_index=-7, label_smoothing=0.2, reduction=r
        ),
        {"z": image},
        {"t": classes, "w": w},
    )
    case(
        f"nll all {reduction}",
        lambda z, t, w, r=reduction: F.nll_loss(z, t, weight=w, ignore_index=-7, reduction=r),
        {"z": torch.log_softmax(image, 1)},
        {"t": classes, "w": w},
    )
case(
    "ce axes", lambda z, t: F.cross_entropy(z, t), {"z": image}, {"t": torch.randint(0, 4, (2, 3, 2))}
)
soft = torch.softmax(torch.randn(2, 4, 3, 2), 1)
case("ce probabilities", lambda z, t: F.cross_entropy(z, t), {"z": image}, {"t": soft})
case(
    "ce probabilities all",
    lambda z, t, w: F.cross_entropy(z, t, weight=w, label_smoothing=0.2, reduction="none"),
    {"z": image},
    {"t": soft, "w": w},
)
case(
    "bce",
    lambda z, y, w: F.binary_cross_entropy_with_logits(z, y, pos_weight=w, reduction="none").sum(1).mean(),
    {"z": z},
    {"y": torch.rand(3, 4), "w": w},
)


def focal(z, t, w, gamma):
    p = torch.softmax(z, 1).gather(1, t[:, None])[:, 0]
    return -w[t] * (1 - p) ** gamma * torch.log(p)


case("focal", lambda z, t, w: focal(z, t, w, 2).mean(), {"z": z}, {"t": labels, "w": w})
case("focal none", lambda z, t, w: focal(z, t, w, 0.5), {"z": z}, {"t": labels, "w": w})


def binary_focal(z, y):
    p = torch.sigmoid(z)
    return -0.25 * y * (1 - p) ** 2 * torch.log(p) - 0.75 * (1 - y) * p**2 * torch.log(1 - p)


case("binary focal", lambda z, y: binary_focal(z, y).sum(1), {"z": z}, {"y": torch.rand(3, 4).round()})


def dice(p, y, squared):
    below = (p * p + y * y if squared else p + y).sum((1, 2))
    return 1 - (2 * (p * y).sum((1, 2)) + 0.5) / (below + 0.5)


masks = {"p": torch.rand(2, 3, 4)}, {"y": torch.rand(2, 3, 4).round()}
case("dice", lambda p, y: dice(p, y, False), *masks)
case("dice squared", lambda p, y: dice(p, y, True).mean(), *masks)

signs = torch.tensor([[1.0, -1, 1, -1], [-1, -1, 1, 1], [1, 1, -1, 1]])
case("hinge", lambda z, y: torch.clamp(1 - y * z, min=0).mean(), {"z": a}, {"y": signs})
case("squared hinge", lambda z, y: torch.clamp(1 - y * z, min=0) ** 2, {"z": a}, {"y": signs})
case("multi margin", lambda z, t: F.multi_margin_loss(z, t, margin=0.8), {"z": a}, {"t": labels})
case("multi margin 2", lambda z, t: F.multi_margin_loss(z, t, p=2, reduction="none"), {"z": a}, {"t": labels})
case(
    "margin ranking", lambda a, b, y: F.margin_ranking_loss(a, b, y, margin=0.3), {"a": a, "b": y}, {"y": signs}
)
e = {"a": torch.randn(4, 5), "p": torch.randn(4, 5), "n": torch.randn(4, 5)}
for p in (1.0, 2.0, 3.0):
    case(
        f"triplet {p:.0f}",
        lambda a, p, n, order=p: F.triplet_margin_loss(a, p, n, margin=1.5, p=order, eps=0, reduction="none"),
        e,
    )
case("triplet swap", lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=2, eps=0, swap=True), e)


def contrastive(a, b, y):
    d = (a - b).square().sum(1).sqrt()
    return 0.5 * (1 - y) * d**2 + 0.5 * y * torch.clamp(3 - d, min=0) ** 2


case("contrastive", contrastive, {"a": e["a"], "b": e["p"]}, {"y": torch.tensor([0.0, 1, 1, 0])})
case(
    "cosine",
    lambda a, b, y: F.cosine_embedding_loss(a, b, y, margin=-0.4, reduction="none"),
    {"a": e["a"], "b": e["p"]},
    {"y": torch.tensor([1.0, -1, -1, 1])},
)

# Repeated labels, other lengths, an empty target, one whose length is all it can be.
frames = 2 * torch.randn(6, 5, 4)
targets = torch.tensor([[1, 1, 2], [3, 2, 0], [0, 0, 0], [2, 3, 1], [2, 2, 2]])
lengths = {"i": torch.tensor([6, 4, 5, 3, 6]), "s": torch.tensor([3, 2, 0, 3, 3])}
impossible = {"i": torch.tensor([3, 6, 5, 2, 6]), "s": torch.tensor([3, 2, 0, 3, 3])}
for name, given, zero in (("ctc", lengths, False), ("ctc impossible", impossible, True)):
    for reduction in ("mean", "sum", "none"):
        case(
            f"{name} {reduction}",
            lambda z, t, i, s, r=reduction: F.ctc_loss(
                torch.log_softmax(z, 2), t, i, s, reduction=r, zero_infinity=zero
            ),
            {"z": frames},
            {"t": targets, **given},
        )
case(
    "ctc last blank",
    lambda z, t, i, s: F.ctc_loss(torch.log_softmax(z, 2), t, i, s, blank=3, reduction="none"),
    {"z": frames},
    {"t": torch.tensor([[0, 0], [1, 2], [2, 1], [0, 2], [1, 1]]), "i": lengths["i"], "s": torch.tensor([2, 2, 1, 2, 2])},
)

path = pathlib.Path(__file__).with_name("losses.json")
path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in cases.items()) + "\n}\n")
