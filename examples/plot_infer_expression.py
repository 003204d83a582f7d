"""
Infer expression from landmark genes
====================================

Four hundred genes of *E. coli* are taken as measured, three hundred others are inferred from them,
for experimental conditions that the model has never seen.
"""

# %%
# Replicates of one condition are nearly the same profile. They must not stand on both sides of the
# split, so the split is by condition.
import matplotlib.pyplot as plt
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import load_ecoli_precise
from sklearn_dgex.metrics import mmae
from sklearn_dgex.plotting import GeneErrorDisplay, InferenceDisplay

data = load_ecoli_precise()
X, y = data.data, data.target.iloc[:, :300]
folds = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=0)
train, test = next(folds.split(X, y, groups=data.groups))

# %%
# Two members and fewer epochs than the default keep this example short.
model = DGEXRegressor(n_members=2, max_iter=100, random_state=0)
model.fit(X.iloc[train], y.iloc[train])
inferred = model.infer(X.iloc[test])  # a table, with the names of samples and genes

ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=[10, 100, 1000]))
ridge.fit(X.iloc[train], y.iloc[train])
print(f"MMAE of DGEXRegressor {mmae(y.iloc[test], inferred):.3f}")
print(f"MMAE of tuned ridge   {mmae(y.iloc[test].to_numpy(), ridge.predict(X.iloc[test])):.3f}")

# %%
# Which genes can be trusted? Every member held out samples of its own, and the quality of each gene
# is taken on those.
print(model.per_gene_quality_.sort_values("correlation").round(3))

# %%
unit = "log2(TPM + 1)"
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
InferenceDisplay.from_predictions(
    y.iloc[test].to_numpy(), inferred.to_numpy(), ax=left, label=f"expression, {unit}"
)
GeneErrorDisplay.from_predictions(
    y.iloc[test].to_numpy(),
    inferred.to_numpy(),
    name="DGEXRegressor",
    baselines={"ridge, tuned": ridge.predict(X.iloc[test])},
    ax=right,
    label=f"MAE per gene, {unit}",
)
plt.show()
