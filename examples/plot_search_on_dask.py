"""
A grid search on a Dask cluster
===============================

How many towers, how much dropout? Twelve fits are shared out to two worker processes, which get the
data once. The scores are those of a search without a cluster, to the last digit.
"""

# %%
# Replicates of one condition stay in one fold. The folds are made before the search, since their
# indices travel to the workers like the profiles do.
from itertools import chain

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from dask.distributed import Client, LocalCluster
from sklearn.model_selection import GridSearchCV, GroupKFold

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import load_ecoli_precise

data = load_ecoli_precise()
X, y = data.data, data.target.iloc[:, :150]
splits = list(GroupKFold(2).split(X, groups=data.groups))
search = GridSearchCV(
    # One member and few epochs keep this example short.
    DGEXRegressor(width=60, n_members=1, max_iter=25, device="cpu", random_state=0),
    {"n_towers": [1, 3, 6], "dropout": [0.0, 0.2]},
    scoring="neg_mean_absolute_error",
    cv=splits,
)

# %%
# ``scatter`` puts a copy of the data on each worker. Dask's memory manager would drop all copies
# but one; without it, any worker may be lost and the search goes on. On a cluster of many machines,
# only the line with ``LocalCluster`` is another one.


def searched():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        client.amm.stop()
        with joblib.parallel_config("dask", scatter=[X, y, *chain(*splits)]):
            return search.fit(X, y)


# %%
# The workers of a script begin by reading the script: so what starts them stands below this line.
if __name__ == "__main__":
    found = pd.DataFrame(searched().cv_results_)
    table = found.pivot(index="param_n_towers", columns="param_dropout", values="mean_test_score")
    print((-table).round(4))
    print("best:", search.best_params_)

    # One of the candidates again, without a cluster.
    alone = GridSearchCV(search.estimator, {"n_towers": [3], "dropout": [0.2]}, cv=splits)
    alone.set_params(scoring=search.scoring, refit=False).fit(X, y)
    difference = alone.cv_results_["mean_test_score"][0] - table.loc[3, 0.2]
    print(f"difference to the same candidate without a cluster: {difference}")

    figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    for dropout, scores in (-table).items():
        axes.plot(np.arange(len(scores)), scores, marker="o", label=f"dropout {dropout}")
    axes.set_xticks(np.arange(len(table)), table.index)
    axes.set(xlabel="towers", ylabel="mean absolute error, log2(TPM + 1)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    plt.show()
