"""
Which genes to trust
====================

A model that infers 300 genes of *E. coli* is asked two questions: is it better than linear
regression, and of which genes is the inference more than chance?
"""

# %%
# Both want profiles that the model has not learned from. Cross-validation gives one for every
# sample; replicates of a condition stay in one fold.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, cross_val_predict

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import load_ecoli_precise
from sklearn_dgex.metrics import (
    best_inferred_genes,
    bootstrap_interval,
    compare_models,
    per_sample_mae,
)
from sklearn_dgex.plotting import GeneScatterDisplay

data = load_ecoli_precise()
X, y = data.data, data.target.iloc[:, :300]
folds = list(GroupKFold(3).split(X, groups=data.groups))
models = {
    "DGEXRegressor": DGEXRegressor(n_members=2, max_iter=60, random_state=0),  # small, for a tour
    "linear regression": LincsRegression(),
    "ridge, a penalty a gene": LincsRegression("gcv"),
}
inferred = {name: cross_val_predict(model, X, y, cv=folds) for name, model in models.items()}

# %%
# A mean error has an interval, and two models on the same samples have a paired test. Both take
# samples as independent, so the errors of replicates are averaged first.
errors = pd.DataFrame({name: per_sample_mae(y, profiles) for name, profiles in inferred.items()})
errors = errors.groupby(data.groups).mean()
for name in errors:
    interval = bootstrap_interval(errors[name], random_state=0)
    print(f"{name:<24} {interval.estimate:.3f}  [{interval.low:.3f}, {interval.high:.3f}]")
comparison = compare_models(errors)[["relative_difference", "better_on", "verdict"]]
print(comparison.round(3).to_string())

# %%
# A best-inferred gene correlates with its own measurement more than 95 % of genes do with that of
# another.
trust = best_inferred_genes(y, inferred["DGEXRegressor"], random_state=0)
threshold = trust.attrs["threshold"]
print(trust.sort_values("correlation").drop(columns="adjusted_p_value").round(3))
print(f"{trust['is_best_inferred'].mean():.0%} of the genes are best-inferred, from r = ", end="")
print(f"{threshold:.2f} on.")

# %%
# The left panel has a point for each gene: below the diagonal, DGEXRegressor has the lower error.
# On the right, chance is what the inference of a gene has in common with measurements of others.
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
GeneScatterDisplay.from_predictions(
    y.to_numpy(),
    inferred["DGEXRegressor"],
    inferred["ridge, a penalty a gene"],
    names=("DGEXRegressor", "ridge, a penalty a gene"),
    ax=left,
    label="MAE per gene, log2(TPM + 1)",
)
measured = y.to_numpy()
between = np.corrcoef(measured.T, inferred["DGEXRegressor"].T)[: y.shape[1], y.shape[1] :]
others = between[~np.eye(y.shape[1], dtype=bool)]
bins = np.linspace(-1, 1, 61)
right.hist(others, bins, density=True, color="0.8", label="with those of others: chance")
right.hist(
    trust["correlation"],
    bins,
    density=True,
    histtype="step",
    color="black",
    label="with its own measurements",
)
right.axvline(threshold, color="black", ls="--", lw=1, label="95 % of chance is below")
right.set(xlabel="correlation of a gene's inference", ylabel="density")
right.legend(loc="upper left", frameon=False)
right.spines[["top", "right"]].set_visible(False)
plt.show()
