"""Nadam, with the pass over the parameters cut into pieces that fit a processor's cache."""

from __future__ import annotations

import math

import torch
from torch import Tensor

# Two threads' 64 Ki float32 numbers each, of parameter, gradient, two moments and two scratches,
# are 1.5 MiB a core: what its second cache holds.
CHUNK = 1 << 17


class Nadam(torch.optim.NAdam):
    """Adam with Nesterov momentum, as Keras computes it and the papers trained with.

    The arithmetic is that of :class:`torch.optim.NAdam` with Keras' constants, and so is the state
    dict. On a CPU torch walks each whole tensor once per operation and allocates a new one for
    every intermediate; for networks larger than the cache that takes longer than their matrix
    products. Here every operation works on one cache-sized piece after another, in place.

    Parameters
    ----------
    params : iterable of Parameter
    lr : float, default=5e-4
        Learning rate; the paper's first.
    betas : tuple of float, default=(0.9, 0.999)
    eps : float, default=1e-7
        Keras' value; with torch's own of 1e-8 the updates differ.
    momentum_decay : float, default=4e-3
        The paper's schedule decay.
    weight_decay : float, default=0.0
        Decoupled from the gradient, as in AdamW.

    References
    ----------
    Dozat (2016), Incorporating Nesterov momentum into Adam; Kunc & Kléma (2020), "Training".

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.training.nadam import Nadam
    >>> weight = torch.nn.Parameter(torch.ones(3))
    >>> optimizer = Nadam([weight], lr=0.1)
    >>> weight.sum().backward()
    >>> optimizer.step()
    >>> bool((weight < 1).all())
    True
    """

    def __init__(
        self, params, lr=5e-4, betas=(0.9, 0.999), eps=1e-7, momentum_decay=4e-3, weight_decay=0.0
    ):
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            momentum_decay=momentum_decay,
            weight_decay=weight_decay,
            decoupled_weight_decay=True,
        )

    @torch.no_grad()
    def step(self, closure=None):
        on_cpu = all(p.device.type == "cpu" for group in self.param_groups for p in group["params"])
        if not on_cpu or closure is not None:
            return super().step(closure)
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step_one(parameter, group)
        return None

    def _step_one(self, parameter: Tensor, group: dict) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["mu_product"] = torch.ones(())
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        (beta1, beta2), step = group["betas"], state["step"].item()
        mu = beta1 * (1 - 0.5 * 0.96 ** (step * group["momentum_decay"]))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * group["momentum_decay"]))
        state["mu_product"] *= mu
        mu_product = state["mu_product"].item()

        # sqrt(v / c) + eps == (sqrt(v) + eps * sqrt(c)) / sqrt(c), and the two terms of the update,
        # from the gradient and from the momentum, have that denominator in common.
        root = math.sqrt(1 - beta2**step)
        from_gradient = (1 - mu) / (1 - mu_product)
        from_momentum = mu_next / (1 - mu_product * mu_next)
        shrink = 1 - group["lr"] * group["weight_decay"]
        # Only a contiguous tensor's pieces are views, through which the tensor itself changes.
        cut = _pieces if parameter.is_contiguous() else lambda tensor: (tensor,)
        pieces = (parameter.detach(), parameter.grad, state["exp_avg"], state["exp_avg_sq"])
        for p, g, m, v in zip(*map(cut, pieces), strict=True):
            m.mul_(beta1).add_(g, alpha=1 - beta1)
            v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            numerator = torch.add(m, g, alpha=from_gradient / from_momentum)
            denominator = v.sqrt().add_(group["eps"] * root)
            if shrink != 1:
                p.mul_(shrink)
            p.addcdiv_(numerator, denominator, value=-group["lr"] * root * from_momentum)


def _pieces(tensor: Tensor) -> tuple[Tensor, ...]:
    return (tensor,) if tensor.numel() <= CHUNK else tensor.reshape(-1).split(CHUNK)
