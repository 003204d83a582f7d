"""
Search over towers and checkerboards
====================================

How many towers should a network have, and should they exchange halves of their layers? A grid
search compares shapes that all have the same budget of parameters.
"""

# %%
# Replicates of one condition are nearly the same profile, so they stay in one fold.
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV, GroupKFold

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import load_ecoli_precise
from sklearn_dgex.nn.sizing import count_parameters, tower_width
from sklearn_dgex.plotting import TowersDisplay

data = load_ecoli_precise()
X, y = data.data, data.target.iloc[:, :150]
WIDTH, N_TOWERS = 100, [1, 2, 4, 8]

# %%
# ``width`` is meant for a single tower. More towers share its budget, and each becomes narrower.
# How they are joined costs nothing: a checkerboard has as many parameters as separate towers have.
sizes = {"n_features_in": X.shape[1], "n_targets": y.shape[1]}
shapes = pd.DataFrame(index=pd.Index(N_TOWERS, name="towers"))
shapes["neurons in a layer of a tower"] = [tower_width(WIDTH, k, **sizes) for k in N_TOWERS]
shapes["parameters"] = [
    count_parameters(width, k, **sizes)
    for k, width in shapes["neurons in a layer of a tower"].items()
]
print(shapes)

# %%
# The same grid twice: once with the linear path that runs beside the towers by default, and once
# without, as in the papers. A checkerboard leaves the first layer without dropout by default, and
# towers don't; here neither has any there, so that the two differ by their connections alone. One
# member and few epochs keep this example short.
searches = {}
for title, linear_path in [("towers alone", 0.0), ("with a linear path", "auto")]:
    model = DGEXRegressor(
        WIDTH,
        first_layer_dropout=0.0,
        linear_path=linear_path,
        n_members=1,
        max_iter=40,
        random_state=0,
    )
    search = GridSearchCV(
        model,
        {"n_towers": N_TOWERS, "architecture": ["tower", "checkerboard"]},
        scoring="neg_mean_absolute_error",
        cv=GroupKFold(3),
        refit=False,
    )
    searches[title] = search.fit(X, y, groups=data.groups)

# %%
# Names are the papers': T is for towers, C for a checkerboard, R for the skip connection that both
# have here. The lowest point of each line is filled; bars are standard deviations over the folds.
figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), layout="constrained")
for ax, (title, search) in zip(axes, searches.items(), strict=True):
    TowersDisplay.from_estimator(search, axes=[ax], title=title, label="MMAE, log2(TPM + 1)")
plt.show()

# %%
# With 185 profiles to learn from, no number of towers beats one. Alone, towers lose the more the
# narrower they are. With a linear path they lose little, and all errors are lower: mind the scales.
# Whether towers exchange halves makes no difference here. On more data a few towers do beat one, as
# :doc:`/paper_results` shows.
#
# How far can a difference be trusted? Folds differ from each other as much as shapes do, so each
# shape is compared with one tower on the same fold.
for title, search in searches.items():
    found = pd.DataFrame(search.cv_results_).set_index(["param_architecture", "param_n_towers"])
    errors = -found.filter(regex=r"^split\d_test_score$")
    more = errors.groupby(level="param_architecture").transform(lambda e: e / e.iloc[0] - 1)
    more = more.agg(["min", "max"], axis=1).mul(100).unstack(0)
    print(f"{title}: error above that of one tower, in %, from the best fold to the worst")
    print(more.swaplevel(axis=1).sort_index(axis=1, level=0, sort_remaining=False).round(1))
