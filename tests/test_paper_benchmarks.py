"""How the benchmarks of the papers judge what they measured."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t, ttest_rel

PAPER = Path(__file__).parent.parent / "benchmarks" / "paper"


@pytest.fixture(scope="module")
def bench(import_benchmark):
    """The modules of benchmarks/paper that judge."""
    names = {"table2": "_table2", "pattern": "pattern", "run_all": "run_all"}
    return {name: import_benchmark("paper", module) for name, module in names.items()}


@pytest.fixture
def cells(bench):
    """Four folds, three numbers of towers; five towers are best but on the first fold."""
    rng = np.random.default_rng(0)
    made = {}
    for fold in range(4):
        for name in bench["table2"].ARCHITECTURE_NAMES:
            for k in (1, 2, 5):
                best = 2 if fold == 0 else 5
                errors = 0.3 + 0.1 * fold + 0.01 * (k != best) + 1e-4 * rng.normal(size=20)
                made[f"GDSC/{fold}/{name}/{k}"] = {
                    "mmae": errors.mean(),
                    "per_sample_mae": errors.tolist(),
                }
    return dict(sorted(made.items(), key=lambda item: hash(item[0])))  # in no order


def test_errors_are_those_of_the_folds_in_their_order(bench, cells):
    errors = bench["table2"].sample_errors(cells, "GDSC", "CR-D-GEX/5")
    expected = [cells[f"GDSC/{fold}/CR-D-GEX/5"]["per_sample_mae"] for fold in range(4)]
    np.testing.assert_array_equal(errors, np.concatenate(expected))
    assert bench["table2"].towers_measured(cells, "GDSC") == [1, 2, 5]


def test_error_bars_leave_out_what_all_networks_of_a_fold_share(bench, cells):
    mean, error = bench["table2"].mmae_tables(cells, "GDSC")
    assert mean.loc[5].to_numpy() == pytest.approx(0.3 + 0.15 + 0.01 / 4, abs=1e-3)
    assert (error.loc[1] < 1e-3).all()  # folds differ by 0.1, this network from their average not
    assert (error.loc[5] > 1e-3).all()


def test_towers_are_chosen_without_the_fold_they_are_judged_on(bench, cells):
    chosen = bench["pattern"].add_choices(cells, "GDSC", [1, 2, 5])
    for fold in range(4):  # on the first, five towers are chosen though two would be better
        expected = cells[f"GDSC/{fold}/T-D-GEX/5"]
        assert chosen[f"GDSC/{fold}/T-D-GEX/chosen"] == expected


def test_overlapping_folds_make_a_test_less_sure(bench):
    rng = np.random.default_rng(0)
    values, reference = rng.normal(size=(2, 5))
    values += 2
    plain = ttest_rel(values, reference)
    corrected = bench["table2"].p_value_over_folds(values, reference)
    assert corrected > plain.pvalue
    shrunk = plain.statistic / np.sqrt((1 / 5 + 1 / 4) / (1 / 5))
    assert corrected == pytest.approx(2 * t.sf(abs(shrunk), 4))


def test_a_claim_is_judged_by_sample_and_by_fold(bench, cells):
    cell = bench["pattern"].judge(cells, "GDSC", ["CR-D-GEX/5"], ["CR-D-GEX/1"])
    assert cell["folds_better"] >= 3  # on the first fold chance decides
    assert cell["n_samples"] == 80
    assert cell["difference"] == pytest.approx(-0.0075, abs=1e-3)
    assert cell["interval"][0] < cell["difference"] < cell["interval"][1] < 0
    assert cell["wilcoxon_p_value"] < 1e-6 < cell["t_p_value_over_folds"]


def test_one_command_runs_scripts_that_exist(bench):
    for script in bench["run_all"].SCRIPTS:
        assert (PAPER / script).exists(), script
