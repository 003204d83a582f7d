"""The training curves are the estimator's own, and the best epoch is the lowest."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex import DGEXRegressor, SDATransformer
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.plotting import TrainingCurveDisplay


@pytest.fixture(scope="module")
def data():
    return make_expression(60, 8, 5, random_state=0)


def test_losses_and_errors_are_drawn_by_epoch():
    display = TrainingCurveDisplay.from_history([3.0, 2.0, 1.5, 1.4], [0.9, 0.7, 0.8])
    x, y = display.losses_["training"].get_data()
    np.testing.assert_array_equal(x, [1, 2, 3, 4])
    np.testing.assert_array_equal(y, [3.0, 2.0, 1.5, 1.4])
    np.testing.assert_array_equal(display.validation_.get_data(), [[1, 2, 3], [0.9, 0.7, 0.8]])
    assert display.best_epoch_ == 2
    np.testing.assert_array_equal(display.best_.get_data(), [[2], [0.7]])
    assert display.text_.get_text() == "lowest in epoch 2: 0.7000"
    assert [ax.get_ylabel() for ax in display.axes_] == [
        "training loss",
        "validation MMAE\n(units of y)",
    ]
    assert display.axes_[1].get_xlabel() == "epoch"


def test_the_first_of_equal_epochs_is_the_best():
    assert TrainingCurveDisplay.from_history([1, 1, 1], [0.5, 0.4, 0.4]).best_epoch_ == 2


def test_one_epoch_is_a_point_and_the_axis_counts_whole_epochs():
    display = TrainingCurveDisplay.from_history([1.0], [0.5])
    display.figure_.canvas.draw()
    assert display.losses_["training"].get_marker() == "o"
    low, high = display.axes_[1].get_xlim()
    ticks = [tick for tick in display.axes_[1].get_xticks() if low <= tick <= high]
    assert ticks == [1.0]


def test_a_regressor_shows_its_own_history(data):
    model = DGEXRegressor(width=10, n_members=1, max_iter=4, random_state=0).fit(*data)
    display = TrainingCurveDisplay.from_estimator(make_pipeline(StandardScaler(), model))
    np.testing.assert_array_equal(display.losses["training"], model.loss_curve_)
    np.testing.assert_array_equal(display.validation_scores, model.validation_scores_)
    assert display.best_.get_ydata() == [model.best_validation_score_]
    assert display.axes_[0].get_ylabel() == "training loss\n(on scaled targets)"
    model.set_params(validation_fraction=0.0, early_stopping=False).fit(*data)
    display = TrainingCurveDisplay.from_estimator(model)
    assert len(display.axes_) == 1
    assert display.validation_ is display.best_ is display.best_epoch_ is display.text_ is None


def test_each_layer_of_a_stack_has_its_panel(data):
    sda = SDATransformer((4, 2), max_iter=3, random_state=0).fit(data[0])
    display = TrainingCurveDisplay.from_estimator(sda)
    assert list(display.losses_) == ["layer 1", "layer 2", "fine-tuning"]
    np.testing.assert_array_equal(display.losses_["layer 2"].get_ydata(), sda.loss_curve_[1])
    np.testing.assert_array_equal(
        display.losses_["fine-tuning"].get_ydata(), sda.finetune_loss_curve_
    )
    assert [ax.get_title(loc="left") for ax in display.axes_] == list(display.losses_)
    single = TrainingCurveDisplay.from_estimator(
        SDATransformer(2, max_iter=3, random_state=0).fit(data[0])
    )
    assert list(single.losses_) == ["layer 1"]


def test_scores_that_are_no_errors_are_left_out(data):
    network = MLPRegressor(
        hidden_layer_sizes=5, early_stopping=True, max_iter=30, n_iter_no_change=40, random_state=0
    )
    with pytest.warns(UserWarning, match="Maximum iterations"):
        network.fit(*data)
    assert len(network.validation_scores_) == 30  # of R2
    display = TrainingCurveDisplay.from_estimator(network)
    assert display.validation_scores is None
    np.testing.assert_array_equal(display.losses_["training"].get_ydata(), network.loss_curve_)


def test_axes_can_be_given():
    _, axes = plt.subplots(2)
    display = TrainingCurveDisplay.from_history([1, 2], [3, 4], axes=axes, score_label="MMAE (K)")
    assert display.axes_ == list(axes)
    assert axes[1].get_ylabel() == "MMAE (K)"
    with pytest.raises(ValueError, match=r"axes must be 2 matplotlib Axes, .* Got 1 instead"):
        TrainingCurveDisplay.from_history([1, 2], [3, 4], axes=axes[0])


def test_mistakes_are_named(data):
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(DGEXRegressor())
    with pytest.raises(ValueError, match=r"must have loss_curve_, .* Got a fitted Ridge without"):
        TrainingCurveDisplay.from_estimator(Ridge().fit(*data))
    with pytest.raises(ValueError, match=r"loss_curve must .* shape \(2,\) with 1 NaN"):
        TrainingCurveDisplay.from_history([1.0, np.nan])
    with pytest.raises(ValueError, match=r"validation_scores must .* shape \(0,\) with 0 NaN"):
        TrainingCurveDisplay.from_history([1.0], [])
    with pytest.raises(ValueError, match=r"at least one curve\. Got an empty dict"):
        TrainingCurveDisplay.from_history({})


def test_missing_matplotlib_names_the_extra(without_matplotlib):
    with without_matplotlib:
        TrainingCurveDisplay.from_history([1.0])
