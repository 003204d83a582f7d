"""Fitted networks as ONNX graphs, scaling included, for runtimes without Python."""

from __future__ import annotations

import copy
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from sklearn_dgex.utils.files import write_aside
from sklearn_dgex.utils.scaling import GeneScaler

MOST_BYTES = 2_000_000_000  # protobuf's limit is 2 GiB, the graph included


class Scaled(nn.Module):
    """A network between the scaling of its input and the undoing of that of its output.

    Parameters
    ----------
    inside : callable
        Maps (B, p) to (B, q).
    before, after : GeneScaler or None
        Scaling of the input, and that of the output, to be undone.
    """

    def __init__(self, inside, before: GeneScaler, after: GeneScaler | None):
        super().__init__()
        self.inside = inside
        divisor = np.where(before.scale == 0, np.inf, before.scale)
        # in float64, as the estimator has it: a gene's offset may be large beside its scale
        self.register_buffer("offset", torch.from_numpy(before.offset))
        self.register_buffer("factor", torch.from_numpy(1 / divisor))
        self.register_buffer("scale_out", None if after is None else _single(after.scale))
        self.register_buffer("offset_out", None if after is None else _single(after.offset))

    def forward(self, x: Tensor) -> Tensor:  # (B, p) -> (B, q)
        y = self.inside(((x.double() - self.offset) * self.factor).float())
        return y if self.scale_out is None else y * self.scale_out + self.offset_out


class Part(nn.Module):
    """One method of a module, as the call of another."""

    def __init__(self, module: nn.Module, method: str):
        super().__init__()
        self.module, self.method = module, method

    def forward(self, x: Tensor) -> Tensor:
        return getattr(self.module, self.method)(x)


def to_onnx(estimator, path: str | os.PathLike) -> Path:
    """Write a fitted network as an ONNX graph from raw profiles to the estimator's answer.

    Parameters
    ----------
    estimator : DGEXRegressor or SDATransformer
        Fitted. The graph does what ``predict``, or ``transform``, does with float32 profiles whose
        genes stand in the order of the fit.
    path : str or path-like
        Where to write; ".onnx" is the usual ending.

    Returns
    -------
    Path
        The file written. Its input "profiles" and its output "inferred", "regenerated" or "codes"
        have any number of rows; the names of their genes stand in the metadata "genes_in" and
        "genes_out", separated by tabs.

    Raises
    ------
    ImportError
        If onnx or onnxscript is missing.
    TypeError
        If the estimator is another one.
    ValueError
        If its weights are more than the 2 GB that one ONNX file holds.

    Examples
    --------
    >>> from sklearn_dgex.persistence import to_onnx
    >>> to_onnx(model, "model.onnx")  # doctest: +SKIP
    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession("model.onnx")  # doctest: +SKIP
    >>> (inferred,) = session.run(None, {"profiles": X.astype("float32")})  # doctest: +SKIP
    """
    onnx = _import_onnx()
    kind = type(estimator).__name__
    if kind not in ("DGEXRegressor", "SDATransformer"):
        raise TypeError(
            "The 'estimator' parameter must be a DGEXRegressor or an SDATransformer. Got "
            f"{kind} instead; export the one among its steps."
        )
    check_is_fitted(estimator)
    network, answer = (_regressor if kind == "DGEXRegressor" else _transformer)(estimator)
    n_bytes = sum(tensor.nbytes for tensor in network.state_dict().values())
    if n_bytes >= MOST_BYTES:
        raise ValueError(
            f"The weights must be less than {MOST_BYTES:,} bytes for one ONNX file. Got "
            f"{n_bytes:,}; share the model by sklearn_dgex.persistence.save."
        )
    with _without_remarks():
        program = torch.onnx.export(
            network.eval(),
            (torch.zeros(2, estimator.n_features_in_),),
            input_names=["profiles"],
            output_names=[answer],
            dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}},
            dynamo=True,
            verbose=False,
        )
    graph = program.model_proto
    onnx.helper.set_model_props(
        graph, {end: "\t".join(names) for end, names in _gene_names(estimator).items()}
    )
    with write_aside(path) as aside:
        onnx.save(graph, aside)  # one file: torch's own would put large weights into a second
    return Path(path)


def _regressor(estimator) -> tuple[nn.Module, str]:
    module = copy.deepcopy(estimator.net_.module_).cpu()
    return Scaled(module, estimator.feature_scaler_, estimator.target_scaler_), "inferred"


def _transformer(estimator) -> tuple[nn.Module, str]:
    if estimator.output == "code":
        return Scaled(Part(estimator.module_, "encode"), estimator.scaler_, None), "codes"
    return Scaled(estimator.module_, estimator.scaler_, estimator.scaler_), "regenerated"


def _gene_names(estimator) -> dict[str, list[str]]:
    found = {"genes_in": getattr(estimator, "feature_names_in_", None)}
    if hasattr(estimator, "get_feature_names_out"):
        found["genes_out"] = estimator.get_feature_names_out()
    else:
        found["genes_out"] = getattr(estimator, "target_names_in_", None)
    return {end: list(map(str, names)) for end, names in found.items() if names is not None}


def _single(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Keep torch's exporter from telling what it lacks, and which names of its own are old."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logger.setLevel(level)


def _import_onnx():
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Exporting to ONNX needs onnx and onnxscript, which are not installed. Install them "
            "with: pip install 'sklearn_dgex[onnx]'."
        ) from error
    return onnx
