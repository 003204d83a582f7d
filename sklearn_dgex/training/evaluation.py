"""Run a trained network over many profiles in pieces of bounded memory."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_dgex.training.cores import within_allowed_cores
from sklearn_dgex.training.device import arithmetic
from sklearn_dgex.training.profiles import Profiles

# Numbers in the largest intermediate of one piece: 64 MiB of float32.
PIECE_NUMBERS = 1 << 24


@within_allowed_cores()
def predict_profiles(
    module: nn.Module, x: np.ndarray, *, device: torch.device, precision: str = "float32"
) -> np.ndarray:
    """Infer targets with a trained module: the average of its members' answers.

    Parameters
    ----------
    module : torch.nn.Module
        Maps (B, p) landmarks to (B, q) targets; it is moved to the device.
    x : ndarray of shape (n, p)
        Scaled landmarks, float32 or float64.
    device : torch.device
        Where to infer, in pieces of 64 MiB.
    precision : {"float32", "tf32", "bfloat16"}, default="float32"
        Arithmetic of the matrix products for float32 profiles. float64 ones are inferred in
        float64, whatever the precision of the training.

    Returns
    -------
    ndarray of shape (n, q)
        Scaled targets, of the dtype of ``x``.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_dgex.nn import TowerNetwork
    >>> from sklearn_dgex.training import predict_profiles
    >>> x = np.zeros((7, 8), dtype=np.float32)
    >>> y = predict_profiles(TowerNetwork(8, 5, 4), x, device=torch.device("cpu"))
    >>> y.shape, y.dtype
    ((7, 5), dtype('float32'))
    """
    double = x.dtype == np.float64
    if double:
        module, precision = copy.deepcopy(module).double(), "float32"
    module = module.to(device).eval()  # out of inference mode: what moves in it can't learn again
    answer, n_done = None, 0
    with torch.inference_mode(), arithmetic(precision, device):
        for rows in torch.from_numpy(x).split(_rows_a_piece(module)):
            y = module(rows.to(device))  # (B, q)
            if answer is None:
                answer = np.empty((len(x), y.shape[1]), np.float64 if double else np.float32)
            torch.from_numpy(answer[n_done : n_done + len(rows)]).copy_(y)
            n_done += len(rows)
    return answer


@within_allowed_cores()
@torch.inference_mode()
def held_out_quality(
    module: nn.Module, profiles: Profiles, *, precision: str = "float32"
) -> dict[str, np.ndarray]:
    """Measure how well each gene is inferred by members that did not learn from the samples.

    Parameters
    ----------
    module : torch.nn.Module
        Maps (M, B, p) landmarks to (M, B, q) targets; on the device of the profiles.
    profiles : Profiles
        Profiles of which at least one member held some out.
    precision : {"float32", "tf32", "bfloat16"}, default="float32"
        Arithmetic of the matrix products.

    Returns
    -------
    dict of ndarray of shape (q,)
        ``correlation``: Pearson's r of true and inferred values, 0 for a gene without variance;
        ``mae``: mean absolute error, in units of the targets. Both weigh samples as training does.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.training import Profiles, held_out_quality
    >>> x = torch.arange(8.0).view(8, 1)
    >>> index = torch.arange(8).view(1, 8)
    >>> profiles = Profiles(x, 2 * x, torch.ones(1), None, index[:, :4], index[:, 4:])
    >>> quality = held_out_quality(torch.nn.PReLU(), profiles)  # answers x, half of the truth
    >>> quality["correlation"].tolist(), quality["mae"].tolist()
    ([1.0], [5.5])
    """
    members_out = _held_out_members(profiles)  # (M, n)
    rows = members_out.any(0).nonzero().squeeze(1)
    sums = _GeneSums(profiles.y.shape[1], device=profiles.device)
    # Sums take float64 copies of all targets; a fit holds no more memory in its end than before it.
    for piece in rows.split(max(16, _rows_a_piece(module) // 16)):
        x, y, weight = profiles.take(piece)
        with arithmetic(precision, x.device):
            answers = module(x.expand(profiles.n_members, -1, -1)).to(y.dtype)  # (M, B, q)
        share = members_out[:, piece].to(answers)  # (M, B)
        share = share / share.sum(0)
        sums.add(y, torch.einsum("mb,mbq->bq", share, answers), weight)
    return {
        "correlation": sums.correlation().cpu().numpy(),
        "mae": (sums.mean_absolute_error() * profiles.y_scale).cpu().numpy(),
    }


class _GeneSums:
    """Sums over samples, one a gene, from which correlation and error follow."""

    def __init__(self, n_genes: int, device):
        self.n = 0.0
        self.sums = torch.zeros(6, n_genes, dtype=torch.float64, device=device)

    def add(self, y: Tensor, y_pred: Tensor, weight: Tensor | None = None) -> None:
        y, y_pred = y.double(), y_pred.double()  # (B, q), (B, q)
        w = y.new_ones(y.shape[0], 1) if weight is None else weight.double().unsqueeze(1)  # (B, 1)
        self.n = self.n + w.sum()
        for total, product in zip(self.sums, _products(y, y_pred), strict=True):
            total += (w * product).sum(0)

    def correlation(self) -> Tensor:  # (q,)
        y, p, yy, pp, yp, _ = self.sums / self.n
        y_variance, p_variance = yy - y * y, pp - p * p
        # A difference of two nearly equal sums is their rounding error, not a variance.
        varies = (y_variance > 1e-12 * yy) & (p_variance > 1e-12 * pp)
        correlation = (yp - y * p) / (y_variance * p_variance).sqrt()
        return torch.where(varies, correlation, 0.0).clamp(-1, 1)

    def mean_absolute_error(self) -> Tensor:  # (q,)
        return self.sums[5] / self.n


def _products(y: Tensor, y_pred: Tensor) -> Iterator[Tensor]:  # each (B, q)
    # One at a time: held together, they add twice the memory of y and y_pred.
    yield y
    yield y_pred
    yield y * y
    yield y_pred * y_pred
    yield y * y_pred
    yield (y - y_pred).abs()


def _held_out_members(profiles: Profiles) -> Tensor:
    """Which members held out which samples: bool (M, n)."""
    shape = (profiles.n_members, profiles.x.shape[0])
    out = torch.zeros(shape, dtype=torch.bool, device=profiles.x.device)
    return out.scatter_(1, profiles.valid_index, True)


def _rows_a_piece(module: nn.Module) -> int:
    """Rows whose widest layer, of all members and towers together, fills one piece."""
    widest = max(p.numel() // (p.shape[-2] if p.dim() > 1 else 1) for p in module.parameters())
    return max(16, PIECE_NUMBERS // widest)
