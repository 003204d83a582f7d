"""Nadam, in one pass over the parameters."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import NamedTuple

import torch
from torch import Tensor

from sklearn_dgex.training import compiled
from sklearn_dgex.training.cuda import capability

# Where nothing can be compiled, and torch walks over its operands once for each operation: two
# threads' 64 Ki float32 numbers each, of parameter, gradient, two moments and two scratches, are
# 1.5 MiB a core, what its second cache holds.
CHUNK = 1 << 17
GRADIENTS = (torch.float32, torch.bfloat16)  # that the passes take


class StepNumbers(NamedTuple):
    """What one step of Nadam computes with, in the order that the compiled loop expects.

    With gradient g, moments m and v, and parameter p::

        m = decay1 * m + gain1 * g
        v = decay2 * v + gain2 * g**2
        p = shrink * p - rate * ratio * g / (sqrt(v) + eps) - rate * m / (sqrt(v) + eps)
    """

    decay1: float
    gain1: float
    decay2: float
    gain2: float
    ratio: float
    eps: float
    rate: float
    shrink: float


class Piece(NamedTuple):
    """A parameter, or a contiguous part of one, with what its step needs; all of one shape.

    ``gradient`` may be float32 or bfloat16; ``copy``, of bfloat16, takes the new values, too.
    """

    parameter: Tensor
    gradient: Tensor
    mean: Tensor
    square: Tensor
    copy: Tensor | None = None


class Nadam(torch.optim.NAdam):
    """Adam with Nesterov momentum, as Keras computes it and the papers trained with.

    The arithmetic is that of :class:`torch.optim.NAdam` with Keras' constants, and so is the state
    dict. On a CPU torch walks each whole tensor once per operation and allocates a new one for
    every intermediate. Here float32 parameters are read once and written once, by a loop compiled
    with numba on all of torch's threads; others, or all where there is no numba, one cache-sized
    piece after another. On CUDA devices a Triton kernel does the same for float32 parameters; where
    Triton does not run, and for others, torch's own loop over operations does.

    A trainer may hand over gradients as it makes them: :meth:`advance` counts the step, and
    :meth:`descend` takes it, for a part of the parameters at a time.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        What to optimise; dicts are groups with settings of their own, as torch has them.
    lr : float, default=5e-4
        Learning rate; the paper's first.
    betas : tuple of two float, default=(0.9, 0.999)
        Decays of the first and the second moment; Keras' values.
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
    ) -> None:
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
        """Move all parameters that have a gradient one step down it.

        Parameters
        ----------
        closure : callable, default=None
            Computes the loss anew, with its gradients, before the step; as torch's optimisers have
            it.

        Returns
        -------
        float or None
            What ``closure`` returned.
        """
        if closure is not None or not self._has_pass():
            return super().step(closure)
        for group in self.param_groups:
            by_step = defaultdict(list)  # a parameter may have been without a gradient before
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_step[self._n_steps(parameter)].append(parameter)
            for parameters in by_step.values():
                numbers = self.advance(parameters, group)
                self.descend([self.piece(p, p.grad) for p in parameters], numbers)
        return None

    def advance(self, parameters: list[Tensor], group: dict) -> StepNumbers:
        """Count a step of parameters, and return the numbers that it computes with.

        Parameters
        ----------
        parameters : list of Tensor
            Parameters that have taken equally many steps.
        group : dict
            Settings of the group that they are in.

        Returns
        -------
        StepNumbers
            What :meth:`descend` takes.
        """
        states = list(map(self.state_of, parameters))
        for state in states:
            # A loaded state dict may hold them on the device, where reading would be waited for.
            for name in ("step", "mu_product"):
                state[name] = state[name].cpu()
        (beta1, beta2), step = group["betas"], self._n_steps(parameters[0]) + 1
        mu, mu_next = (
            beta1 * (1 - 0.5 * 0.96 ** (n * group["momentum_decay"])) for n in (step, step + 1)
        )
        torch._foreach_add_([state["step"] for state in states], 1)
        torch._foreach_mul_([state["mu_product"] for state in states], mu)
        mu_product = states[0]["mu_product"].item()
        # sqrt(v / c) + eps == (sqrt(v) + eps * sqrt(c)) / sqrt(c), and the two terms of the update,
        # from the gradient and from the momentum, have that denominator in common.
        root = math.sqrt(1 - beta2**step)
        from_gradient = (1 - mu) / (1 - mu_product)
        from_momentum = mu_next / (1 - mu_product * mu_next)
        return StepNumbers(
            decay1=beta1,
            gain1=1 - beta1,
            decay2=beta2,
            gain2=1 - beta2,
            ratio=from_gradient / from_momentum,
            eps=group["eps"] * root,
            rate=group["lr"] * root * from_momentum,
            shrink=1 - group["lr"] * group["weight_decay"],
        )

    def state_of(self, parameter: Tensor) -> dict:
        """Return a parameter's state, which begins with its first step.

        Parameters
        ----------
        parameter : Tensor
            One of the parameters.

        Returns
        -------
        dict of str to Tensor
            ``step``, ``mu_product``, ``exp_avg`` and ``exp_avg_sq``, as torch's NAdam has them.
        """
        state = self.state[parameter]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["mu_product"] = torch.ones(())
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        return state

    def piece(self, parameter: Tensor, gradient: Tensor, copy: Tensor | None = None) -> Piece:
        """Put a parameter, its gradient and its moments together.

        Parameters
        ----------
        parameter : Tensor
            One of the parameters, whose state has begun.
        gradient : Tensor of the same shape
            Its gradient, float32 or bfloat16.
        copy : Tensor of the same shape, default=None
            Takes the new values in bfloat16.

        Returns
        -------
        Piece
            What :meth:`descend` takes; of a sharded parameter, this process' shard.
        """
        state = self.state[parameter]
        parts = parameter.detach(), gradient, state["exp_avg"], state["exp_avg_sq"], copy
        return Piece(*(getattr(part, "to_local", lambda part=part: part)() for part in parts))

    @staticmethod
    def descend(pieces: list[Piece], numbers: StepNumbers | Tensor) -> None:
        """Move parts of the parameters, on one device, one step down their gradients.

        Parameters
        ----------
        pieces : list of Piece
            What to move, in place.
        numbers : StepNumbers, or Tensor of shape (8,)
            What :meth:`advance` returned. A float32 tensor of them on a CUDA device is read when
            the device gets there.
        """
        device, plain = pieces[0].parameter.device, all(map(_is_plain, pieces))
        if plain and capability.runs_kernels(device):
            from sklearn_dgex.training.cuda.descent import step

            step(pieces, numbers)
            return
        if isinstance(numbers, Tensor):
            numbers = StepNumbers(*numbers.tolist())
        if plain and device.type == "cpu" and compiled.obstacle() is None:
            from sklearn_dgex.training.compiled.descent import step

            step(pieces, numbers)
            return
        for piece in pieces:
            _descend_in_chunks(piece, numbers)

    def counters(self, parameters: list[Tensor]) -> tuple[float, float]:
        """Return how far parameters, all alike, have come.

        Parameters
        ----------
        parameters : list of Tensor
            Parameters that have taken equally many steps.

        Returns
        -------
        n_steps : float
            Steps taken.
        mu_product : float
            Product of their momenta.
        """
        state = self.state[parameters[0]]
        return (state["step"].item(), state["mu_product"].item()) if state else (0.0, 1.0)

    def set_counters(self, parameters: list[Tensor], counters: tuple[float, float]) -> None:
        """Take back steps that were counted and not taken.

        Parameters
        ----------
        parameters : list of Tensor
            Parameters that all are to be so far.
        counters : tuple of two float
            What :meth:`counters` returned before.
        """
        for parameter in parameters:
            for name, value in zip(("step", "mu_product"), counters, strict=True):
                self.state[parameter][name].fill_(value)

    def _has_pass(self) -> bool:
        """Whether `descend` outruns torch's own loop, which walks over whole tensors."""
        learnt = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        devices = {p.device for p in learnt}
        if devices <= {torch.device("cpu")}:
            return True
        return (
            len(devices) == 1
            and capability.runs_kernels(*devices)
            and all(map(_is_float, learnt))
            and all(p.grad.is_contiguous() and p.grad.dtype in GRADIENTS for p in learnt)
        )

    def is_in_step(self) -> bool:
        """Tell whether all parameters have the same settings and have taken the same steps.

        Returns
        -------
        bool
            Whether they make one group, whose numbers one step has in common.
        """
        parameters = [p for group in self.param_groups for p in group["params"]]
        return len(self.param_groups) == 1 and len(set(map(self._n_steps, parameters))) == 1

    def _n_steps(self, parameter: Tensor) -> float:
        state = self.state[parameter]
        return state["step"].item() if state else 0.0


def _is_float(tensor: Tensor) -> bool:
    return tensor.dtype == torch.float32 and tensor.is_contiguous()


def _is_plain(piece: Piece) -> bool:
    return (
        all(map(_is_float, (piece.parameter, piece.mean, piece.square)))
        and piece.gradient.dtype in GRADIENTS
        and piece.gradient.is_contiguous()
    )


def _descend_in_chunks(piece: Piece, numbers: StepNumbers) -> None:
    decay1, gain1, decay2, gain2, ratio, eps, rate, shrink = numbers
    # Only a contiguous tensor's pieces are views, through which the tensor itself changes.
    cut = _chunks if piece.parameter.is_contiguous() else lambda tensor: (tensor,)
    for p, g, m, v in zip(*map(cut, piece[:4]), strict=True):
        m.mul_(decay1).add_(g, alpha=gain1)
        v.mul_(decay2).addcmul_(g, g, value=gain2)
        denominator = v.sqrt().add_(eps)
        if shrink != 1:
            p.mul_(shrink)
        p.addcdiv_(g, denominator, value=-rate * ratio).addcdiv_(m, denominator, value=-rate)
    if piece.copy is not None:
        piece.copy.copy_(piece.parameter)


def _chunks(tensor: Tensor) -> tuple[Tensor, ...]:
    return (tensor,) if tensor.numel() <= CHUNK else tensor.reshape(-1).split(CHUNK)
