"""Ctrl-C in each phase of a fit: as if it had not been called, or with the best weights so far."""

import signal

import numpy as np
import pytest

from sklearn_dgex import DGEXRegressor, training
from sklearn_dgex._dgex import data, learning
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import InterruptedFitWarning
from sklearn_dgex.training import net, streams

SETTINGS = {"width": 20, "n_members": 1, "max_iter": 8, "random_state": 0}
BEFORE_TRAINING = {
    "checks": (data, "check_profiles"),
    "scaling": (learning, "start_module"),
    "sharing out": (learning, "scaled_profiles"),
    "making the net": (learning, "training_net"),
}
IN_TRAINING = {
    "learning": (net, "train_epoch"),
    "judging": (net, "validate"),
}


@pytest.fixture(scope="module")
def profiles():
    return make_expression(120, n_landmarks=10, n_targets=15, random_state=0)


@pytest.fixture
def press(monkeypatch):
    """Return ``press(module, name, nth)``: Ctrl-C once, as the nth call of a function begins."""

    def arm(module, name, nth=1):
        original, n_calls = getattr(module, name), 0

        def interrupted(*args, **kwargs):
            nonlocal n_calls
            n_calls += 1
            if n_calls == nth:
                signal.raise_signal(signal.SIGINT)
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, interrupted)

    return arm


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("phase", BEFORE_TRAINING)
def test_before_training_nothing_has_happened(phase, streamed, profiles, press):
    model = DGEXRegressor(**SETTINGS, shuffle_buffer=50 if streamed else "auto").fit(*profiles)
    before, weights = dict(vars(model)), model.predict(profiles[0])
    press(*BEFORE_TRAINING[phase])
    with pytest.raises(KeyboardInterrupt):
        model.fit(*profiles)
    assert vars(model).items() == before.items()
    np.testing.assert_array_equal(model.predict(profiles[0]), weights)
    press(*BEFORE_TRAINING[phase])
    with pytest.raises(KeyboardInterrupt):
        DGEXRegressor(**SETTINGS).fit(*profiles)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("phase", IN_TRAINING)
def test_in_training_the_best_weights_stay(phase, streamed, profiles, press):
    settings = SETTINGS | {"shuffle_buffer": 50 if streamed else "auto"}
    whole = DGEXRegressor(**settings).fit(*profiles)
    press(*IN_TRAINING[phase], nth=6)
    with pytest.warns(InterruptedFitWarning, match="epoch 6 of 8"):
        model = DGEXRegressor(**settings).fit(*profiles)
    assert model.validation_scores_ == whole.validation_scores_[:5]
    assert model.n_iter_ == 5
    assert np.isfinite(model.predict(profiles[0])).all()


def test_while_a_window_is_read_the_best_weights_stay(profiles, press, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK_BYTES", 4 * 25 * 10)
    settings = SETTINGS | {"shuffle_buffer": 20}
    whole = DGEXRegressor(**settings).fit(*profiles)
    press(streams, "closing", nth=4)  # an epoch's stream opens
    with pytest.warns(InterruptedFitWarning, match="epoch 4 of 8"):
        model = DGEXRegressor(**settings).fit(*profiles)
    assert model.validation_scores_ == whole.validation_scores_[:3]


def test_in_the_last_report_the_old_fit_stays(profiles, press):
    model = DGEXRegressor(**SETTINGS).fit(*profiles)
    before = dict(vars(model))
    press(learning, "report_held_out")
    with pytest.raises(KeyboardInterrupt):
        model.fit(*profiles)
    assert vars(model).items() == before.items()


def test_in_a_partial_fit_the_weights_go_back(profiles, press):
    model = DGEXRegressor(**SETTINGS).partial_fit(*profiles)
    expected = model.predict(profiles[0])
    press(data, "check_profiles")
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(*profiles)
    np.testing.assert_array_equal(model.predict(profiles[0]), expected)


def test_in_a_prediction_nothing_changes(profiles, press):
    model = DGEXRegressor(**SETTINGS).fit(*profiles)
    expected = model.predict(profiles[0])
    press(training, "predict_profiles")
    with pytest.raises(KeyboardInterrupt):
        model.predict(profiles[0])
    np.testing.assert_array_equal(model.predict(profiles[0]), expected)
