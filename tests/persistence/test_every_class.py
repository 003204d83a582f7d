"""Every class of the list is saved whole: fitted estimators of each, alone and inside others."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from sklearn_dgex import DGEXRegressor, LandmarkImputer, SDATransformer
from sklearn_dgex.baselines import KNNGeneRegressor, LincsRegression
from sklearn_dgex.persistence import load, save
from sklearn_dgex.persistence._classes import ESTIMATORS
from sklearn_dgex.preprocessing import LandmarkSelector, ProbeCollapser, QuantileNormalizer

GENES = {f"L000{i}": [f"G{i // 2}", "G9"] for i in range(1, 9)}
NETWORK = DGEXRegressor(width=20, n_members=1, max_iter=2, random_state=0)
FITTED = [
    NETWORK,
    SDATransformer(4, max_iter=2, random_state=0),
    LandmarkImputer(NETWORK, landmarks=["L0002", "L0005", "L0001"]),
    LandmarkImputer(make_pipeline(QuantileNormalizer(), NETWORK), 3, missing_landmarks="mean"),
    LandmarkImputer(LincsRegression("gcv")).set_output(transform="pandas"),
    KNNGeneRegressor(),
    LincsRegression(),
    LandmarkSelector(3),
    LandmarkSelector(3, method="cluster"),
    ProbeCollapser(GENES),
    ProbeCollapser(pd.DataFrame({"probe": list(GENES), "gene": ["A", None] * 4})),
    ProbeCollapser(pd.DataFrame({"probe": list(GENES), "gene": "A"}), method="max_variance"),
    ProbeCollapser(pd.Series("A", index=list(GENES)), method="median"),
    QuantileNormalizer(),
    KMeans(3, n_init=2, random_state=0),
    KNNImputer(),
    LinearRegression(),
    MaxAbsScaler(),
    MinMaxScaler(),
    Normalizer(),
    PCA(3, random_state=0),
    make_pipeline(StandardScaler(), LandmarkSelector(4), Ridge()),
    PowerTransformer(),
    QuantileTransformer(n_quantiles=20),
    Ridge(),
    RobustScaler(),
    SimpleImputer(add_indicator=True),
    StandardScaler(),
]


def answers(model, X):
    """What a fitted estimator answers by each of its verbs."""
    verbs = [verb for verb in ("predict", "transform", "score_samples") if hasattr(model, verb)]
    return [np.asarray(getattr(model, verb)(X)) for verb in verbs]


@pytest.mark.parametrize("estimator", FITTED, ids=lambda estimator: type(estimator).__name__)
def test_it_answers_as_before(estimator, frames, tmp_path):
    X, y = frames
    model = estimator.fit(X, y)
    again = load(save(model, tmp_path / "model"))
    assert type(again) is type(model)
    assert repr(again.get_params()) == repr(model.get_params())
    assert answers(model, X)
    for one, other in zip(answers(model, X), answers(again, X), strict=True):
        np.testing.assert_array_equal(one, other)
    if hasattr(model, "get_feature_names_out") and not hasattr(model, "steps"):
        np.testing.assert_array_equal(model.get_feature_names_out(), again.get_feature_names_out())
    assert (tmp_path / "model.md").read_text().startswith("# Model card: model\n")


def test_every_class_of_the_list_was_tried():
    tried = {type(estimator).__name__ for estimator in FITTED}
    assert tried | {"MissingIndicator"} == set(ESTIMATORS)  # that one inside an imputer


def test_an_imputer_keeps_what_it_says_of_its_genes(frames, tmp_path):
    imputer = LandmarkImputer(NETWORK, landmarks=3).fit(frames[0])
    again = load(save(imputer, tmp_path / "model"))
    pd.testing.assert_frame_equal(again.per_gene_quality_, imputer.per_gene_quality_)
    np.testing.assert_array_equal(again.landmarks_, imputer.landmarks_)
    pd.testing.assert_frame_equal(again.infer(frames[0]), imputer.infer(frames[0]))
