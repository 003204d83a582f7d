"""The HTML display of fitted estimators: what the summary says, and where it stands."""

import html
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_html_repr

from sklearn_dgex import DGEXRegressor, LandmarkImputer, SDATransformer
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.persistence import load, save
from sklearn_dgex.utils.summary import FittedBox, counted, share_above, summary_table

pytestmark = pytest.mark.skipif(
    not hasattr(BaseEstimator, "_get_fitted_attr_html"),
    reason="scikit-learn shows no fitted attributes before 1.9",
)


@pytest.fixture(scope="module")
def frames():
    return make_expression(80, n_landmarks=12, n_targets=20, as_frame=True, random_state=0)


@pytest.fixture(scope="module")
def whole(frames):
    return pd.concat(frames, axis=1)


def dgex(**parameters):
    defaults = {"n_towers": 3, "tower_width": 4, "n_members": 2, "max_iter": 3, "random_state": 0}
    return DGEXRegressor(**(defaults | parameters))


def tables(shown):
    """The rows of each summary in a display, in their order."""
    found = re.findall(r"<summary>Summary</summary><table[^>]*><tbody>(.*?)</tbody>", shown)
    cells = (re.findall(r"<td[^>]*>(.*?)</td>", table) for table in found)
    return [dict(zip(*(map(html.unescape, c[i::2]) for i in (0, 1)), strict=True)) for c in cells]


def summary(estimator):
    (rows,) = tables(estimator._repr_html_())
    return rows


def without_ids(shown):
    return re.sub(r"sk-(container|estimator)-id-\d+", "", shown)


def test_regressor_shows_its_fitted_attributes(frames):
    model = dgex().fit(*frames)
    correlation = model.per_gene_quality_["correlation"]
    n_trusted = (correlation > 0.5).sum()
    rows = summary(model.set_params(n_towers=9, n_hidden_layers=1, n_members=7, max_iter=99))
    assert rows == {
        "Genes": "12 landmarks → 20 targets",
        "Network": "checkerboard, 3 towers × 4 neurons, 3 hidden layers, 2 members",
        "Size": f"{model.n_parameters_:,} parameters a member",
        "Trained on": f"{model.net_.device}, {model.net_.precision}",
        "Epochs": "3",
        "Validation MMAE": f"{model.best_validation_score_:.4g}",
        "Targets with r > 0.5": f"{n_trusted / 20:.0%} ({n_trusted} of 20), on held-out samples",
    }
    assert "12 landmarks → 20 targets</div>" in model._repr_html_()  # below its name


@pytest.mark.parametrize(
    ("parameters", "network"),
    [
        ({"n_towers": 1}, "dense, 4 neurons, 3 hidden layers, 2 members"),
        ({"architecture": "tower"}, "towers, 3 towers × 4 neurons, 3 hidden layers, 2 members"),
        (
            {"n_networks": 2, "n_members": 1, "n_hidden_layers": 1},
            "2 networks, towers, 3 towers × 4 neurons, 1 hidden layer",
        ),
    ],
)
def test_every_network_has_a_name(frames, parameters, network):
    assert summary(dgex(**parameters).fit(*frames))["Network"] == network


def test_regressor_without_held_out_samples_or_fit(frames):
    rows = summary(dgex(validation_fraction=0).fit(*frames))
    assert rows["Validation MMAE"] == "no samples were held out"
    assert "Targets with r > 0.5" not in rows
    assert summary(dgex().partial_fit(*frames)) == rows | {"Epochs": "1"}


def test_regressor_from_a_file_shows_the_same(frames, tmp_path):
    model = dgex().fit(*frames)
    rows = summary(model)
    rows["Trained on"] = model.net_.precision  # neither holds a device
    assert summary(pickle.loads(pickle.dumps(model))) == rows
    assert summary(load(save(model, tmp_path / "model.safetensors"))) == rows


@pytest.mark.parametrize("n_finetune_epochs", [0, 2])
def test_autoencoder_shows_its_fitted_attributes(frames, n_finetune_epochs):
    model = SDATransformer(
        (6, 3), corruption_level=[0.2, 0.1], max_iter=4, finetune_max_iter=n_finetune_epochs
    )
    model = model.set_params(random_state=0).fit(frames[0])
    curves = [model.finetune_loss_curve_] if n_finetune_epochs else model.loss_curve_
    losses = ", then ".join(f"{curve[0]:.4g} → {curve[-1]:.4g}" for curve in curves)
    assert summary(model.set_params(hidden_layer_sizes=9, noise="gaussian")) == {
        "Layers": "12 → 6 → 3 → 6 → 12",
        "Corruption": "masking, 0.2 (first layer)",
        "Engine": model.engine_,
        "Epochs": f"{8 + n_finetune_epochs}",
        "Reconstruction loss": f"{losses} (cross entropy)",
    }


def test_imputer_shows_its_regressor(whole):
    imputer = LandmarkImputer(make_pipeline(FunctionTransformer(), dgex()), landmarks=5).fit(whole)
    own, regressor = tables(imputer._repr_html_())
    assert regressor == summary(imputer.regressor_[-1])
    genes = {"Genes": "5 landmarks → 32 genes", "Regressor": "DGEXRegressor"}
    assert own == regressor | genes
    other = LandmarkImputer(LinearRegression(), landmarks=5).fit(whole)
    genes["Regressor"] = "LinearRegression"
    assert summary(other) == genes
    assert summary(other.set_params(regressor=None)) == genes  # that of the fit, in one box


def test_steps_of_pipelines_and_searches_show_theirs(frames):
    pipeline = make_pipeline(SDATransformer(3, max_iter=2, random_state=0), dgex()).fit(*frames)
    assert tables(pipeline._repr_html_()) == [summary(step) for _, step in pipeline.steps]
    clusters = make_pipeline(SDATransformer(max_iter=2, random_state=0), KMeans(2, random_state=0))
    search = GridSearchCV(clusters, {"sdatransformer__hidden_layer_sizes": [2, 3]}, cv=2)
    shown = tables(search.fit(frames[0])._repr_html_())
    assert shown == [summary(search.best_estimator_[0])]


@pytest.mark.parametrize("model", [dgex(), SDATransformer(), LandmarkImputer(dgex())])
def test_unfitted_estimators_are_shown_as_scikit_learn_does(model, monkeypatch):
    shown = without_ids(estimator_html_repr(model))
    monkeypatch.delattr(FittedBox, "_get_fitted_attr_html")
    monkeypatch.delattr(FittedBox, "_sk_visual_block_")
    assert without_ids(estimator_html_repr(model)) == shown


def test_an_unfitted_regressor_inside_a_fitted_estimator_has_no_summary(frames):
    search = GridSearchCV(dgex(), {"n_towers": [1, 2]}, cv=2, refit=False).fit(*frames)
    assert tables(search._repr_html_()) == []


def test_names_are_text(frames, whole):
    tag = "<script>alert('gene')</script>"
    X, y = (frame.rename(columns=lambda name: f"{tag}{name}") for frame in frames)
    evil = type("<b>Evil</b>", (LinearRegression,), {})
    imputer = LandmarkImputer(evil(), landmarks=list(X)).fit(pd.concat([X, y], axis=1))
    for model in (dgex().fit(X, y), SDATransformer(3, max_iter=2).fit(X), imputer):
        assert "<script>alert" not in model._repr_html_()
        assert "<b>Evil" not in model._repr_html_()
    assert summary(imputer)["Regressor"] == "<b>Evil</b>"
    assert "<td" not in summary_table({"<td>": "<td>"}).replace('<td style="', "")


def test_phrases():
    assert (counted(1, "tower"), counted(1234, "tower")) == ("1 tower", "1,234 towers")
    assert share_above(np.array([0.9, 0.5, np.nan, 0.6]), 0.5) == "50% (2 of 4)"
