"""
Which genes to trust, and which genes differ
============================================

A model that infers 300 genes of *E. coli* is asked three questions: is it better than linear
regression, of which genes is the inference more than chance, and would a study of inferred profiles
have found the same differentially expressed genes as one of measured profiles?
"""

# %%
# All three want profiles that the model has not learned from. Cross-validation gives one for every
# sample; replicates of a condition stay in one fold.
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GroupKFold, cross_val_predict

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import load_ecoli_precise
from sklearn_dgex.differential_expression import DEAgreementStudy, de_agreement, moderated_t
from sklearn_dgex.metrics import (
    best_inferred_genes,
    bootstrap_interval,
    compare_models,
    per_sample_mae,
)
from sklearn_dgex.plotting import DEAgreementDisplay, GeneScatterDisplay

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
print(compare_models(errors)[["relative_difference", "better_on", "verdict"]].round(3))

# %%
# A best-inferred gene correlates with its own measurement more than 95 % of genes do with that of
# another.
trust = best_inferred_genes(y, inferred["DGEXRegressor"], random_state=0)
print(trust.sort_values("correlation").round(3))
print(f"{trust['is_best_inferred'].mean():.0%} of the genes are best-inferred, from r = ", end="")
print(f"{trust.attrs['threshold']:.2f} on.")

# %%
# Fifteen control samples against the mutants and media of another study: which genes differ? Study
# and condition are confounded here; what matters is whether both kinds of profile say the same.
control, other = data.groups == "wt_glc", X.index.str.startswith("fur__")
chosen = control | other
truth = moderated_t(y[chosen], other[chosen])
for name, profiles in inferred.items():
    found = moderated_t(pd.DataFrame(profiles[chosen], columns=y.columns), other[chosen])
    print(f"{name:<24} F1 of the genes found: {de_agreement(truth, found)['f1']:.2f}")

# %%
# One comparison says little. The study draws small data sets from two clusters of samples again and
# again.
study = DEAgreementStudy((12, 20, 40), n_repeats=500, random_state=0).fit(y.to_numpy(), inferred)

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
GeneScatterDisplay.from_predictions(
    y.to_numpy(),
    inferred["DGEXRegressor"],
    inferred["ridge, a penalty a gene"],
    names=("DGEXRegressor", "ridge, a penalty a gene"),
    ax=left,
    label="MAE per gene, log2(TPM + 1)",
)
DEAgreementDisplay.from_study(study, ax=right)
plt.show()
