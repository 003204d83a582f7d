"""How the benchmark of landmarks chooses and judges them."""

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.metrics import mmae

SIZES = (3, 6)


@pytest.fixture(scope="module")
def bench(import_benchmark):
    return import_benchmark("paper", "landmark_choice")


@pytest.fixture(scope="module")
def data():
    X, y = make_expression(100, 6, 74, n_modules=5, as_frame=True, random_state=0)
    return pd.concat([X, y], axis=1)


@pytest.fixture(scope="module")
def cell(bench, data):
    return bench.measure(data, data.columns[:6].tolist(), SIZES, seed=0)


def test_each_method_chooses_as_many_as_asked_from_training_lines_alone(bench, data):
    l1000 = data.columns[:6].tolist()
    chosen = bench.choose(data.iloc[:70], l1000, SIZES, seed=0)
    assert {name for name, _ in chosen} == {*bench.RIVALS, "greedy", "greedy, not standardised"}
    assert all(len(set(genes)) == k for (_, k), genes in chosen.items())
    for name in ("greedy", "greedy, not standardised", "random"):
        assert chosen[name, 6][:3] == chosen[name, 3]
    assert chosen["L1000", 6] == l1000


def test_all_are_judged_by_the_same_genes_none_of_which_is_a_landmark(bench, data, cell):
    rows, _, held_out = bench.split(len(data), 0)
    train, test = data.iloc[rows], data.iloc[held_out]
    chosen = bench.choose(train, data.columns[:6].tolist(), SIZES, seed=0)
    judged = data.columns.difference(pd.Index(np.concatenate(list(chosen.values()))), sort=False)
    assert cell["n_genes_judged"] == len(judged)
    for (name, k), landmarks in chosen.items():
        model = LincsRegression("gcv").fit(train[landmarks], train[judged])
        expected = mmae(test[judged], model.predict(test[landmarks]))
        assert cell["errors"][f"{name}/{k}"]["mmae"] == pytest.approx(expected)
        assert len(cell["errors"][f"{name}/{k}"]["per_sample_mae"]) == len(test)


def test_greedy_is_tested_against_each_rival_of_its_size(cell):
    assert list(cell["tests"]) == ["cluster/3", "random/3", "cluster/6", "random/6", "L1000/6"]
    for name, found in cell["tests"].items():
        k = name.split("/")[1]
        ours, theirs = (cell["errors"][n]["mmae"] for n in (f"greedy/{k}", name))
        assert found["relative_difference"] == pytest.approx(ours / theirs - 1, abs=1e-4)
