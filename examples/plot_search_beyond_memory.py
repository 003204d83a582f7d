"""
A search over profiles that are never loaded
============================================

Profiles lie in files that may be larger than the memory. Each fit reads them as it learns, and
Optuna stops those that fall behind.
"""

# %%
# Landmarks and targets as files of plain numbers. Here they are small and made up; yours come from
# anywhere that a memory map, HDF5, zarr or GCTX file can.
import tempfile
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
import optuna
from skorch.callbacks import Callback

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.metrics import mmae

temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)
X, y = make_expression(1500, n_landmarks=60, n_targets=200, random_state=0)
np.save(folder / "landmarks.npy", X.astype(np.float32))
np.save(folder / "targets.npy", y.astype(np.float32))
landmarks = np.load(folder / "landmarks.npy", mmap_mode="r")
targets = np.load(folder / "targets.npy", mmap_mode="r")

# %%
# Neighbouring rows of a memory map are a view. Cross-validation would copy rows of each fold into
# the memory, so one part is kept for the verdict, and a fit judges itself by samples that it holds
# out of the other.
n_train = 1200


class ReportToTrial(Callback):
    """Tell a trial the held-out error after each epoch; stop where it is hopeless."""

    def __init__(self, trial):
        self.trial = trial

    def on_epoch_end(self, net, **kwargs):
        epochs = net.history
        self.trial.report(epochs[-1, "valid_mmae"], len(epochs))
        if self.trial.should_prune():
            raise optuna.TrialPruned


def regressor(setting, **parameters):
    # One member, few neurons and few epochs keep this example short. ``shuffle_buffer`` keeps these
    # small files where they are; files beyond 1 GB stay there anyway.
    return DGEXRegressor(
        width=80,
        n_members=1,
        max_iter=20,
        shuffle_buffer=400,
        random_state=0,
        **setting,
        **parameters,
    )


# %%
# A checkpoint folder for each setting: a study that is killed and called again goes on in the
# middle of a fit.
def objective(trial):
    setting = {
        "n_towers": trial.suggest_int("n_towers", 1, 6),
        "dropout": trial.suggest_float("dropout", 0.0, 0.4),
        "learning_rate_init": trial.suggest_float("learning_rate_init", 3e-4, 3e-2, log=True),
    }
    model = regressor(
        setting,
        callbacks=[ReportToTrial(trial)],
        checkpoint_dir=folder / joblib.hash(setting),
    )
    return model.fit(landmarks[:n_train], targets[:n_train]).best_validation_score_


journal = optuna.storages.journal.JournalFileBackend(str(folder / "study.log"))
optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(
    study_name="beyond memory",
    storage=optuna.storages.JournalStorage(journal),
    load_if_exists=True,
    sampler=optuna.samplers.TPESampler(seed=0),
    pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=4),
)
study.optimize(objective, n_trials=10)

pruned = [trial for trial in study.trials if trial.state.name == "PRUNED"]
print(f"{len(study.trials)} settings tried, {len(pruned)} of them stopped early")
print("best:", study.best_params)
best = regressor(study.best_params).fit(landmarks[:n_train], targets[:n_train])
error = mmae(targets[n_train:], best.predict(landmarks[n_train:]))
print(f"MMAE of profiles that no fit has seen: {error:.3f}")

# %%
figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
for trial in study.trials:
    epochs, errors = zip(*trial.intermediate_values.items(), strict=True)
    style = {"color": "C0", "label": "finished"}
    if trial in pruned:
        style = {"color": "0.6", "label": "stopped early"}
    if trial.number == study.best_trial.number:
        style = {"color": "C1", "linewidth": 2.5, "label": "best"}
    axes.plot(epochs, errors, **style)
axes.set(xlabel="epoch", ylabel="MMAE of held-out samples", xticks=range(0, 21, 5))
axes.spines[["top", "right"]].set_visible(False)
handles, labels = axes.get_legend_handles_labels()
one_each = dict(zip(labels, handles, strict=True))
axes.legend(one_each.values(), one_each, frameon=False)
plt.show()
