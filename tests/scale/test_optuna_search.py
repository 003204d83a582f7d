"""Studies of Optuna: chosen by a sampler, cut short by a pruner, resumed from a file."""

import numpy as np
import pytest
from skorch.callbacks import Callback

optuna = pytest.importorskip("optuna", reason="these searches need Optuna")


class ReportToTrial(Callback):
    """Tell a trial the held-out error after each epoch, and stop where it is hopeless."""

    def __init__(self, trial):
        self.trial = trial

    def on_epoch_end(self, net, **kwargs):
        epochs = net.history
        self.trial.report(epochs[-1, "valid_mmae"], len(epochs))
        if self.trial.should_prune():
            raise optuna.TrialPruned


@pytest.fixture(autouse=True)
def _quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(optuna.logging.INFO)


@pytest.fixture
def objective(small, lab):
    """Held-out MMAE by learning rate, after each epoch and at last."""

    def train(trial):
        model = small(
            max_iter=12,
            n_towers=trial.suggest_int("n_towers", 1, 3),
            learning_rate_init=trial.suggest_float("learning_rate_init", 1e-5, 1e-1, log=True),
            callbacks=[ReportToTrial(trial)],
        )
        return model.fit(lab.X, lab.y).best_validation_score_

    return train


def test_a_study_prunes_what_is_hopeless_and_goes_on(objective):
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=2),
    )
    for n_towers, rate in ((1, 1e-2), (2, 1e-2), (1, 1e-5)):
        study.enqueue_trial({"n_towers": n_towers, "learning_rate_init": rate})
    study.optimize(objective, n_trials=8)
    first, hopeless = study.trials[0], study.trials[2]
    states = [trial.state.name for trial in study.trials]
    assert states[:3] == ["COMPLETE", "COMPLETE", "PRUNED"]
    assert list(hopeless.intermediate_values) == [1, 2]
    assert len(first.intermediate_values) == 12
    assert first.value == min(first.intermediate_values.values())
    assert len(states) == 8
    assert set(states) == {"COMPLETE", "PRUNED"}
    assert study.best_value <= first.value


@pytest.mark.parametrize("fitted", [False, True])
def test_a_pruned_fit_leaves_the_estimator_as_it_was(small, lab, fitted):
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=0.0, n_warmup_steps=2))
    model = small(callbacks=None)
    if fitted:
        before = model.fit(lab.X, lab.y).predict(lab.X)
    attributes = dict(vars(model))
    model.callbacks = attributes["callbacks"] = [ReportToTrial(study.ask())]
    with pytest.raises(optuna.TrialPruned):
        model.fit(lab.X, lab.y)
    assert vars(model) == attributes
    if fitted:
        np.testing.assert_array_equal(model.predict(lab.X), before)
    model.set_params(callbacks=None).fit(lab.X, lab.y)
    np.testing.assert_array_equal(model.predict(lab.X), small().fit(lab.X, lab.y).predict(lab.X))


def test_a_study_goes_on_from_its_file(objective, tmp_path):
    """Half of it, and later the other half: each setting is tried once."""
    grid = {"n_towers": [1, 2], "learning_rate_init": [1e-3, 1e-2]}

    def study():
        journal = optuna.storages.journal.JournalFileBackend(str(tmp_path / "study.log"))
        return optuna.create_study(
            study_name="towers",
            storage=optuna.storages.JournalStorage(journal),
            sampler=optuna.samplers.GridSampler(grid, seed=0),
            pruner=optuna.pruners.NopPruner(),
            load_if_exists=True,
        )

    study().optimize(objective, n_trials=2)
    assert len(study().trials) == 2
    study().optimize(objective)  # a grid sampler stops where no setting is left
    trials = study().trials
    assert len({tuple(trial.params.values()) for trial in trials}) == len(trials) == 4
    for trial in trials:
        assert trial.value == objective(optuna.trial.FixedTrial(trial.params))
