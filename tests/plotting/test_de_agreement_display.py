"""Boxes are the quartiles of the draws, whiskers their 10th and 90th percentile."""

import itertools
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.differential_expression import DEAgreementStudy
from sklearn_dgex.plotting import DEAgreementDisplay

SIZES, MODELS = (160, 12), ["net", "ridge", "mean"]  # sizes out of order on purpose
QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9]


@pytest.fixture
def study():
    index = pd.MultiIndex.from_product(
        [SIZES, range(40), MODELS], names=["sample_size", "repeat", "model"]
    )
    rng = np.random.default_rng(0)
    scores = {"f1": rng.random(len(index)), "mcc": rng.random(len(index))}
    scores["false_positives"] = rng.integers(0, 9, len(index))
    return SimpleNamespace(scores_=pd.DataFrame(scores, index=index), models_=MODELS)


def drawn(boxes, i):
    """Whisker, quartile, median, quartile, whisker of the i-th box, from its artists."""
    box = boxes["boxes"][i].get_path().vertices[:, 1]
    low, high = (boxes["whiskers"][2 * i + k].get_ydata() for k in range(2))
    assert low[0] == box.min()
    assert high[0] == box.max()
    return [low[1], box.min(), boxes["medians"][i].get_ydata()[0], box.max(), high[1]]


@pytest.mark.parametrize("score", ["f1", "mcc", "false_positives"])
def test_every_box_is_that_of_its_model_and_size(study, score):
    display = DEAgreementDisplay.from_study(study, score=score)
    assert list(display.boxes_) == MODELS
    for model in MODELS:
        for i, size in enumerate((12, 160)):
            values = study.scores_[score].xs((size, model), level=("sample_size", "model"))
            expected = np.quantile(values, QUANTILES)
            np.testing.assert_allclose(drawn(display.boxes_[model], i), expected)
            np.testing.assert_allclose(display.statistics_.loc[(model, size)], expected)
    assert list(display.statistics_.columns) == ["10%", "25%", "50%", "75%", "90%"]
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["12", "160"]
    assert display.zero_ is None


def test_boxes_of_a_size_stand_side_by_side_and_differ_in_shade(study):
    display = DEAgreementDisplay.from_study(study)
    spans = []
    for model in MODELS:
        x = display.boxes_[model]["boxes"][1].get_path().vertices[:, 0]
        spans.append((x.min(), x.max()))
    assert spans == sorted(spans)
    assert all(first[1] < second[0] for first, second in itertools.pairwise(spans))
    assert 0.5 < spans[0][0] < 1 < spans[-1][1] < 1.5
    colours = np.array([display.boxes_[m]["boxes"][0].get_facecolor() for m in MODELS])
    assert (np.diff(colours[:, 0]) < -0.2).all()
    np.testing.assert_array_equal(colours[:, 0], colours[:, 2])
    assert [text.get_text() for text in display.legend_.get_texts()] == MODELS


def test_a_difference_is_paired_by_draw(study):
    display = DEAgreementDisplay.from_study(study, score="mcc", difference=("ridge", "net"))
    (boxes,) = display.boxes_.values()
    scores = study.scores_["mcc"].xs(160, level="sample_size").unstack()
    expected = np.quantile(scores["ridge"] - scores["net"], QUANTILES)
    np.testing.assert_allclose(drawn(boxes, 1), expected)
    assert display.zero_.get_ydata() == [0, 0]
    assert display.ax_.get_ylabel() == "Matthews correlation,\nridge minus net"
    assert display.legend_ is None


def test_models_and_axes_can_be_chosen(study):
    ax = plt.figure().gca()
    display = DEAgreementDisplay.from_study(study, models=["mean", "net"], ax=ax, label="F1")
    assert list(display.boxes_) == ["mean", "net"]
    assert display.ax_ is ax
    assert ax.get_ylabel() == "F1"
    assert DEAgreementDisplay.from_study(study).ax_.get_ylabel() == "F1 score"


def test_one_draw_of_one_model_can_be_drawn():
    index = pd.MultiIndex.from_tuples([(12, 0, "net")], names=["sample_size", "repeat", "model"])
    study = SimpleNamespace(scores_=pd.DataFrame({"f1": [0.5]}, index=index), models_=["net"])
    display = DEAgreementDisplay.from_study(study)
    display.figure_.canvas.draw()
    assert drawn(display.boxes_["net"], 0) == [0.5] * 5


def test_the_study_itself_is_drawn_as_it_counts():
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 20)
    y = rng.normal(size=(40, 60)) + 2 * np.outer(group, rng.random(60) < 0.2)
    models = {"a": y + 0.1 * rng.normal(size=y.shape), "b": y + rng.normal(size=y.shape)}
    study = DEAgreementStudy((8, 20), n_repeats=30, random_state=0).fit(y, models, clusters=group)
    display = DEAgreementDisplay.from_study(study, difference=("a", "b"))
    expected = study.differences("a", "b")["f1"].unstack("statistic")
    drawn_quantiles = display.statistics_.droplevel("name")
    for name in ("10%", "50%", "90%"):
        np.testing.assert_allclose(drawn_quantiles[name], expected[name])


def test_mistakes_are_named(study):
    with pytest.raises(ValueError, match=r"columns, f1, mcc, false_positives\. Got 'f3' instead"):
        DEAgreementDisplay.from_study(study, score="f3")
    with pytest.raises(ValueError, match=r"Models must be different ones of 'net', .* Got \['x'\]"):
        DEAgreementDisplay.from_study(study, models=["x"])
    with pytest.raises(ValueError, match=r"different ones .* Got \['net', 'net'\]"):
        DEAgreementDisplay.from_study(study, difference=("net", "net"))
    with pytest.raises(ValueError, match=r"Got \('net',\) and models=None; draw one"):
        DEAgreementDisplay.from_study(study, difference=("net",))
    with pytest.raises(ValueError, match=r"given without models\. Got"):
        DEAgreementDisplay.from_study(study, difference=("net", "ridge"), models=["net"])


def test_missing_matplotlib_names_the_extra(study, without_matplotlib):
    with without_matplotlib:
        DEAgreementDisplay.from_study(study)
