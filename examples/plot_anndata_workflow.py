"""
From AnnData to AnnData
=======================

Profiles of some landmark genes come as an AnnData, as scanpy has them. ``LandmarkImputer`` puts the
other genes beside them. This needs anndata: the extra ``anndata``.
"""

# %%
# Six studies of *E. coli* play the new samples, of which only 400 landmarks were measured. All
# other studies measured everything: the imputer learns from them. ``anndata.read_h5ad`` would read
# yours.
import anndata
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from sklearn_dgex import DGEXRegressor, LandmarkImputer
from sklearn_dgex.datasets import load_ecoli_precise

data = load_ecoli_precise()
obs = pd.DataFrame({"condition": data.groups}, index=data.frame.index)
obs["study"] = data.frame.index.str.split("__").str[0]
var = pd.DataFrame({"symbol": data.frame.columns.map(data.gene_symbols)}, index=data.frame.columns)
everything = anndata.AnnData(data.frame.to_numpy(), obs=obs, var=var)

STUDIES = ["acid", "crp", "fur", "minspan", "oxidative", "pal"]
is_new = everything.obs["study"].isin(STUDIES)
reference = everything[~is_new].copy()
adata = everything[is_new, data.feature_names].copy()
print(adata)

# %%
# Genes are matched by name, in whatever order they come. Two members and fewer epochs than the
# default keep this example short.
imputer = LandmarkImputer(
    DGEXRegressor(n_members=2, max_iter=60, random_state=0), landmarks=data.feature_names
)
imputer.fit_anndata(reference)
imputer.transform_anndata(adata)
print(adata)
print(adata.obsm["inferred"].iloc[:3, :5].round(2))

# %%
# ``X`` stays what was measured; ``obsm["inferred"]`` is a table of the other genes, and
# ``uns["inferred"]`` says how it came about. Tools that want all genes in one matrix get a new
# AnnData. It says of each gene whether it was inferred, and how well that went in samples that were
# held out from training.
profiles = imputer.set_output(transform="pandas").transform(adata.to_df())
whole = anndata.AnnData(profiles.to_numpy(), obs=adata.obs, var=var.loc[profiles.columns])
whole.var["inferred"] = whole.var_names.isin(imputer.targets_)
whole.var["correlation"] = imputer.per_gene_quality_["correlation"]
print(whole.var.iloc[[0, 1, -2, -1]].round(2))

# %%
# Now all that takes an AnnData can follow. Here, the inferred genes are reduced to two components
# of the reference. In truth the six studies were measured as a whole, so it can be seen how far
# inference leads astray: each line joins what was measured of a sample with what was inferred.
genes = imputer.targets_
pca = PCA(2).fit(reference[:, genes].X)
whole.obsm["X_pca"] = pca.transform(whole[:, genes].X)
measured = pca.transform(everything[is_new, genes].X)

figure, ax = plt.subplots(figsize=(7, 5), layout="constrained")
ax.scatter(*pca.transform(reference[:, genes].X).T, s=12, color="0.85", label="reference")
for number, study in enumerate(STUDIES):
    rows = (whole.obs["study"] == study).to_numpy()
    ends = np.stack([measured[rows], whole.obsm["X_pca"][rows]])
    ax.plot(*ends.transpose(2, 0, 1), color=f"C{number}", lw=0.8, alpha=0.6)
    ax.scatter(*ends[0].T, s=28, color=f"C{number}", label=study)
    ax.scatter(*ends[1].T, s=28, facecolor="white", edgecolor=f"C{number}", zorder=3)
ax.scatter([], [], s=28, facecolor="white", edgecolor="black", label="inferred")
ax.set(xlabel="first component of the inferred genes", ylabel="second component")
ax.spines[["top", "right"]].set_visible(False)
figure.legend(loc="outside right upper", frameon=False)
plt.show()

# %%
# ``whole.write_h5ad("whole.h5ad")`` hands it on. With pandas 3 this takes anndata 0.13 or later.
