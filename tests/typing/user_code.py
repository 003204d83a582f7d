"""A user's script, as a type checker sees it: .ci/types asks mypy, nothing here is run.

Each ``type: ignore`` stands at a mistake that must be told: mypy reports those that hide nothing.
"""

from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import sklearn_dgex
from sklearn_dgex import DGEXRegressor, LandmarkImputer, SDATransformer
from sklearn_dgex.baselines import KNNGeneRegressor, LincsRegression
from sklearn_dgex.datasets import (
    ExpressionSource,
    ExpressionTable,
    expression_writer,
    load_ecoli_precise,
    make_expression,
    open_expression,
    read_expression,
    write_expression,
)
from sklearn_dgex.differential_expression import DEAgreementStudy, de_agreement, moderated_t
from sklearn_dgex.metrics import (
    BootstrapInterval,
    best_inferred_genes,
    bootstrap_interval,
    compare_models,
    mmae,
    per_gene_mae,
    per_sample_mae,
)
from sklearn_dgex.model_selection import AllSamplesSplit, clustering_report
from sklearn_dgex.nn import TowerNetwork, sizing
from sklearn_dgex.persistence import load, model_card, save, to_onnx
from sklearn_dgex.plotting import (
    DEAgreementDisplay,
    GeneErrorDisplay,
    InferenceDisplay,
    TrainingCurveDisplay,
)
from sklearn_dgex.preprocessing import LandmarkSelector, ProbeCollapser, QuantileNormalizer


def infer(folder: Path) -> pd.DataFrame:
    X, y = make_expression(200, n_landmarks=30, n_targets=50, as_frame=True, random_state=0)
    model = DGEXRegressor(n_towers=3, max_iter=5, random_state=0).fit(X, y)
    assert_type(model, DGEXRegressor)
    assert_type(DGEXRegressor.from_paper("CR-D-GEX", n_towers=5, width=500), DGEXRegressor)
    assert_type(DGEXRegressor().fit(X, y).predict(X), NDArray[Any])
    assert_type(model.partial_fit(X, y), DGEXRegressor)
    assert_type(model.networks_, list[TowerNetwork])
    assert_type(sizing.tower_width(500, 5, n_features_in=30, n_targets=50), int)
    assert_type(save(model, folder / "model.safetensors"), Path)
    assert_type(to_onnx(model, folder / "model.onnx"), Path)
    assert_type(model_card(model), str)
    again: DGEXRegressor = load(folder / "model.safetensors")
    return again.infer(X)


def complete(table: ExpressionTable) -> pd.DataFrame:
    whole: pd.DataFrame = table.expression
    imputer = LandmarkImputer(LincsRegression("gcv"), landmarks=0.1).fit(whole)
    assert_type(imputer, LandmarkImputer)
    assert_type(imputer.infer(whole), pd.DataFrame)
    assert_type(imputer.best_inferred_genes(), pd.DataFrame)
    assert_type(imputer.score(whole), float)
    assert_type(imputer.landmarks_, NDArray[Any])
    frame: pd.DataFrame = imputer.set_output(transform="pandas").transform(whole)
    array: NDArray[Any] = imputer.transform(whole.to_numpy())
    assert_type(KNNGeneRegressor().fit(array, array), KNNGeneRegressor)
    return frame


def read_and_write(path: Path) -> ExpressionTable:
    table = read_expression(path)
    assert_type(table, ExpressionTable)
    assert_type(table.shape, tuple[int, int])
    write_expression(table, path.with_suffix(".csv"))
    with open_expression(path) as source:
        assert_type(source, ExpressionSource)
        assert_type(source[:10], NDArray[Any])
    with expression_writer(path, samples=["s1"], genes=["TP53"]) as writer:
        writer.write(np.zeros((1, 1)))
    assert_type(ProbeCollapser({"1_at": "TP53"}).fit(table.expression), ProbeCollapser)
    assert_type(QuantileNormalizer().fit(table.expression), QuantileNormalizer)
    assert_type(LandmarkSelector(100).fit(table.expression), LandmarkSelector)
    return table


def cluster(profiles: pd.DataFrame) -> NDArray[Any]:
    sda = SDATransformer((10, 5), corruption_level=0.2, random_state=0).fit(profiles)
    assert_type(sda, SDATransformer)
    assert_type(sda.encode(profiles), NDArray[Any])
    assert_type(sda.sample(3, random_state=0), NDArray[Any])
    assert_type(sda.score(profiles), float)
    for train, test in AllSamplesSplit().split(profiles):
        assert_type(train, NDArray[Any])
        assert_type(test, NDArray[Any])
    return sda.regenerate(profiles)


def judge(y: pd.DataFrame, inferred: pd.DataFrame, groups: NDArray[Any]) -> float:
    assert_type(per_sample_mae(y, inferred), NDArray[Any])
    worst: pd.Series[float] = per_gene_mae(y, inferred).nlargest(3)
    interval = bootstrap_interval(per_sample_mae(y, inferred), random_state=0)
    assert_type(interval, BootstrapInterval)
    assert_type(best_inferred_genes(y, inferred, random_state=0), pd.DataFrame)
    assert_type(compare_models(pd.DataFrame({"a": worst, "b": worst})), pd.DataFrame)
    called = [moderated_t(profiles, groups) for profiles in (y, inferred)]
    assert_type(called, list[pd.DataFrame])
    agreement = de_agreement(*called)
    study = DEAgreementStudy([12], n_repeats=10).fit(y, {"model": inferred})
    assert_type(study, DEAgreementStudy)
    return mmae(y, inferred) + float(agreement["mcc"]) + interval.low


def draw(model: DGEXRegressor, study: DEAgreementStudy) -> None:
    data = load_ecoli_precise()
    X, y = data.data, data.target
    assert_type(InferenceDisplay.from_estimator(model, X, y), InferenceDisplay)
    assert_type(GeneErrorDisplay.from_predictions(y, model.predict(X)), GeneErrorDisplay)
    assert_type(TrainingCurveDisplay.from_estimator(model).plot(), TrainingCurveDisplay)
    assert_type(DEAgreementDisplay.from_study(study), DEAgreementDisplay)


def mistakes(model: DGEXRegressor, table: ExpressionTable) -> None:
    from sklearn_dgex import DGEXRegresor  # type: ignore[attr-defined]  # noqa: F401
    from sklearn_dgex.nn import TowerNetwerk  # type: ignore[attr-defined]  # noqa: F401

    model.predict(table, table, table)  # type: ignore[call-arg]
    DGEXRegressor(towers=3)  # type: ignore[call-arg]
    total: float = model.infer(table)  # type: ignore[assignment]  # noqa: F841
    load(3)  # type: ignore[arg-type]
    version: int = sklearn_dgex.__version__  # type: ignore[assignment]  # noqa: F841
    report: float = clustering_report(None)  # type: ignore[assignment]  # noqa: F841
