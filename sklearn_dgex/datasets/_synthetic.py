"""Synthetic expression: co-expression modules and targets that saturate."""

from __future__ import annotations

import numbers

import numpy as np
from sklearn.utils import check_random_state

from sklearn_dgex.utils.annotations import ArrayOrFrame

BLOCK_ROWS = 128  # small beside any matrix worth splitting, large enough for BLAS

# Main entries of the generator's streams: the loadings, then one stream for each block of rows
_LOADINGS, _ROWS = 0, 1


def make_expression(
    n_samples=1000,
    n_landmarks=100,
    n_targets=1000,
    *,
    n_modules=20,
    noise=0.3,
    saturation=1.5,
    as_frame=False,
    return_modules=False,
    dtype=np.float32,
    random_state=None,
) -> tuple[ArrayOrFrame, ...]:
    r"""Synthetic landmark and target genes, driven together by hidden co-expression modules.

    Each gene follows one main module and, more weakly, two others. Landmarks are linear in the
    modules; targets saturate, as a promoter does, so that no linear model infers them fully. Both
    have about unit variance.

    Parameters
    ----------
    n_samples : int, default=1000
        Profiles to make.
    n_landmarks : int, default=100
        Landmark genes: a tenth of the targets, as in L1000.
    n_targets : int, default=1000
        Target genes.
    n_modules : int, default=20
        Hidden modules. With fewer landmarks than modules the targets cannot be inferred fully.
    noise : float in [0, 1], default=0.3
        Share of each gene's variance that is independent noise; 0.3 caps the correlation that any
        model can reach at about 0.84.
    saturation : float, default=1.5
        Steepness of the targets' response; 0 makes them linear. At 1.5 the extremes are clearly
        bent while the middle is still straight.
    as_frame : bool, default=False
        Return pandas frames with genes L0001... and T0001..., samples S0001...
    return_modules : bool, default=False
        Also return each gene's main module, the truth for clustering genes.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Type of the result. Single precision is ample for expression and halves the memory.
    random_state : int, RandomState instance or None, default=None
        With an int, the first rows are the same for every ``n_samples``.

    Returns
    -------
    X : ndarray or frame of shape (n_samples, n_landmarks)
        Expression of the landmarks, about standardised.
    y : ndarray or frame of shape (n_samples, n_targets)
        Expression of the targets in the same samples.
    modules : ndarray of shape (n_landmarks + n_targets,)
        Main module of each landmark, then of each target; only if ``return_modules``.

    Raises
    ------
    ValueError
        If a size is not a positive int, or a level is out of its range.

    Notes
    -----
    With module activities :math:`z \sim N(0, I)` and rows of the loadings :math:`W` of length 1,

    .. math:: x = \sqrt{1 - \nu}\, W_x z + \sqrt{\nu}\, \epsilon, \qquad
              y = \sqrt{1 - \nu}\, \frac{\tanh(s\, W_y z + b)}{c} + \sqrt{\nu}\, \epsilon',

    :math:`\nu` the noise, :math:`s` the saturation, :math:`b \sim U(-s/2, s/2)` and
    :math:`c` the spread of :math:`\tanh(s\,t)`, :math:`t \sim N(0, 1)`. Rows are made in blocks,
    each from its own stream, so no more memory is needed than the result and one block.

    Examples
    --------
    >>> from sklearn_dgex.datasets import make_expression
    >>> X, y = make_expression(n_samples=50, n_landmarks=10, n_targets=30, random_state=0)
    >>> X.shape, y.shape
    ((50, 10), (50, 30))
    """
    sizes = {"n_samples": n_samples, "n_landmarks": n_landmarks, "n_targets": n_targets}
    dtype = _check_parameters(sizes | {"n_modules": n_modules}, noise, saturation, dtype)
    entropy = int(check_random_state(random_state).randint(2**31 - 1))

    n_genes = n_landmarks + n_targets
    rng = _stream(entropy, _LOADINGS)
    modules, loadings = _make_loadings(n_landmarks, n_targets, n_modules, rng)
    bias = rng.uniform(-saturation / 2, saturation / 2, n_targets).astype(np.float32)

    X = np.empty((n_samples, n_landmarks), dtype=dtype)
    y = np.empty((n_samples, n_targets), dtype=dtype)
    for block, start in enumerate(range(0, n_samples, BLOCK_ROWS)):
        rng = _stream(entropy, _ROWS, block)
        # Always a full block, cut afterwards: so a row is the same, to the bit, for any n_samples
        activity = rng.standard_normal((BLOCK_ROWS, n_modules), dtype=np.float32)
        genes = activity @ loadings  # (BLOCK_ROWS, n_genes)
        _saturate(genes[:, n_landmarks:], saturation, bias)
        genes *= np.float32(np.sqrt(1 - noise))
        epsilon = rng.standard_normal((BLOCK_ROWS, n_genes), dtype=np.float32)
        epsilon *= np.float32(np.sqrt(noise))
        genes += epsilon
        n_rows = min(BLOCK_ROWS, n_samples - start)
        X[start : start + n_rows] = genes[:n_rows, :n_landmarks]
        y[start : start + n_rows] = genes[:n_rows, n_landmarks:]

    if as_frame:
        X, y = _as_frames(X, y)
    return (X, y, modules) if return_modules else (X, y)


def _stream(entropy: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=key))


def _make_loadings(n_landmarks, n_targets, n_modules, rng):
    """Draw each gene's main module (n_genes,) and unit loadings (n_modules, n_genes)."""
    # Landmarks go round the modules, so that none lacks one while there are enough landmarks
    modules = np.concatenate(
        [
            rng.permutation(np.arange(n_landmarks) % n_modules),
            rng.integers(n_modules, size=n_targets),
        ]
    )
    genes = np.arange(len(modules))
    loadings = np.zeros((n_modules, len(modules)), dtype=np.float32)
    for _ in range(2):
        side = rng.integers(n_modules, size=len(modules))
        loadings[side, genes] = rng.uniform(-0.4, 0.4, len(modules))
    loadings[modules, genes] = 1.0
    loadings /= np.linalg.norm(loadings, axis=0)
    return modules, loadings


def _saturate(response: np.ndarray, saturation: float, bias: np.ndarray) -> None:
    """Bend ``response``, of unit variance, in place and bring it back to about unit variance."""
    if saturation == 0:
        return
    response *= np.float32(saturation)
    response += bias
    np.tanh(response, out=response)
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    spread = np.sqrt(weights @ np.tanh(saturation * nodes) ** 2 / weights.sum())
    response /= np.float32(spread)


def _check_parameters(sizes: dict, noise, saturation, dtype) -> np.dtype:
    for name, value in sizes.items():
        if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} must be an int of at least 1. Got {value!r} instead.")
    if not 0 <= noise <= 1:
        raise ValueError(
            f"noise must be in [0, 1], a share of the variance. Got {noise!r} instead."
        )
    if not 0 <= saturation < np.inf:
        raise ValueError(f"saturation must be finite and at least 0. Got {saturation!r} instead.")
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64. Got {dtype!r} instead.")
    return np.dtype(dtype)


def _as_frames(X: np.ndarray, y: np.ndarray):
    import pandas as pd

    samples = _names("S", len(X))
    return (
        pd.DataFrame(X, index=samples, columns=_names("L", X.shape[1]), copy=False),
        pd.DataFrame(y, index=samples, columns=_names("T", y.shape[1]), copy=False),
    )


def _names(letter: str, n: int) -> list[str]:
    return [f"{letter}{i:04d}" for i in range(1, n + 1)]
