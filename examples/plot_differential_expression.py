"""
Differential expression on inferred profiles
============================================

*E. coli* without the regulator CRP is compared with *E. coli* that has it, once on measured and
once on inferred profiles. Do both name the same genes?
"""

# %%
# The profiles come from 21 studies. Cross-validation infers each study by a model that has not
# learned from it, as it would be with samples of your own. Every third gene keeps this example
# short.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patheffects import withStroke
from sklearn.model_selection import GroupKFold, cross_val_predict

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import load_ecoli_precise
from sklearn_dgex.differential_expression import DEAgreementStudy, de_agreement, moderated_t
from sklearn_dgex.plotting import DEAgreementDisplay

data = load_ecoli_precise()
X, y = data.data, data.target.iloc[:, ::3]
study = X.index.str.split("__").str[0]
models = {
    "DGEXRegressor": DGEXRegressor(n_members=2, max_iter=60, random_state=0),
    "ridge": LincsRegression("gcv"),  # a penalty for each gene
}
inferred = {}
for name, model in models.items():
    profiles = cross_val_predict(model, X, y, groups=study, cv=GroupKFold(3))
    inferred[name] = pd.DataFrame(profiles, index=y.index, columns=y.columns)
    print(f"{name:<13} mean absolute error {(inferred[name] - y).abs().mean(axis=None):.3f}")

# %%
# The study of CRP has 17 samples on two sources of carbon. A design matrix takes the difference
# between the sources out; its last column is what is asked. Genes that are hardly expressed in the
# study are left out, and so is *crp*: what was deleted by hand cannot be inferred from other genes.
condition = pd.Series(data.groups, index=X.index)[(study == "crp") & (data.groups != "delcrp_glc")]
design = pd.DataFrame(
    {
        "intercept": 1.0,
        "fructose": condition.str.endswith("_fru"),
        "without CRP": condition.str.startswith("delcrp"),
    }
).astype(float)
expressed = y.loc[condition.index].max() > 2  # log2(TPM + 1)
genes = y.columns[expressed].drop("b3357")
profiles = {"measured": y, **inferred}
tests = {
    name: moderated_t(table.loc[condition.index, genes], design=design)
    for name, table in profiles.items()
}
top = tests["measured"].sort_values("p_value").head(8)
symbols = top.index.map(data.gene_symbols)
print(top.drop(columns=["p_value", "adjusted_p_value"]).assign(symbol=symbols).round(2))

# %%
# Agreement takes what the measured profiles say for the truth. Both models find most of these
# genes, and name many others besides.
agreement = {name: de_agreement(tests["measured"], tests[name]) for name in models}
print(pd.DataFrame(agreement).round(2).map("{:g}".format))

# %%
# A volcano of each shows why. Inference is a smooth function of the landmarks: it leaves out much
# of what makes replicates differ, so the p-values of inferred profiles are too small.
measured, model = (tests[name]["adjusted_p_value"] < 0.05 for name in ("measured", "DGEXRegressor"))
kinds = {
    "neither": (~measured & ~model, "0.8"),
    "inferred only": (~measured & model, "tab:blue"),
    "measured only": (measured & ~model, "tab:orange"),
    "both": (measured & model, "black"),
}
change = tests["measured"].loc[measured & model, "log_fold_change"].sort_values()
labelled = [*change.index[:2], *change.index[-3::2]]
outline = [withStroke(linewidth=2.5, foreground="white")]
figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained", sharex=True, sharey=True)
for ax, name in zip(axes, ("measured", "DGEXRegressor"), strict=True):
    change, p_value = tests[name]["log_fold_change"], tests[name]["p_value"]
    for kind, (chosen, colour) in kinds.items():
        label = f"{kind} ({chosen.sum()})"
        ax.plot(change[chosen], -np.log10(p_value[chosen]), "o", ms=3.5, c=colour, label=label)
    for gene in labelled:
        place = (change[gene], -np.log10(p_value[gene]))
        shift = {"xytext": (5, 3), "textcoords": "offset points"}
        ax.annotate(data.gene_symbols[gene], place, **shift, style="italic", path_effects=outline)
    ax.set(title=name, xlabel="log2 fold change without CRP")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("−log10 p-value")
handles, labels = axes[0].get_legend_handles_labels()
figure.legend(
    handles, labels, title="called in", loc="outside lower center", ncols=4, frameon=False
)
plt.show()

# %%
spread = {
    name: table.loc[condition.index, genes].groupby(condition).std().mean(axis=None)
    for name, table in profiles.items()
}
print("standard deviation of replicates:", {name: f"{s:.2f}" for name, s in spread.items()})
both = kinds["both"][0]
signs = pd.DataFrame({name: np.sign(test["log_fold_change"]) for name, test in tests.items()})
same = signs["measured"] == signs["DGEXRegressor"]
print(f"same direction: {same[both].mean():.0%} of those called in both, {same.mean():.0%} of all")

# %%
# So fold changes of inferred profiles can be used, and their order, but not a threshold on p. One
# comparison says little, though. A study draws small data sets from two clusters of samples, again
# and again.
agreements = DEAgreementStudy((12, 20, 40), n_repeats=500, random_state=0).fit(y, inferred)
counts = agreements.scores_.groupby(["sample_size", "model"])
print(counts[["false_positives", "false_negatives"]].median())

# %%
# Here, too, the model with the lower error calls more genes: it misses few, and names more that the
# measured profiles do not. Which is better depends on what a miss costs; F0.5 and F2 weigh it.
figure, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained", sharey=True)
for ax, score in zip(axes, ("f0.5", "f1", "f2"), strict=True):
    DEAgreementDisplay.from_study(agreements, score=score, ax=ax)
plt.show()
