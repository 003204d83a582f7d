"""The moderated t-test against other ways to reckon it, and what must not change it."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sklearn_dgex.differential_expression import moderated_t
from sklearn_dgex.differential_expression._linear_models import fit_contrast
from sklearn_dgex.differential_expression._moderated_t import moderate

COLUMNS = ["log_fold_change", "t", "p_value", "adjusted_p_value"]
SEEDS = range(8)


def made(seed, n_samples=14, n_genes=60, effect=1.0):
    """Profiles whose genes have variances of their own, and two groups of random sizes."""
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.arange(n_samples) < rng.integers(3, n_samples - 2)).astype(int)
    deviation = np.sqrt(4 / rng.chisquare(4, n_genes))
    change = effect * rng.normal(size=n_genes) * (rng.random(n_genes) < 0.3)
    expression = rng.normal(size=(n_samples, n_genes)) * deviation + np.outer(groups, change)
    return 7.0 + expression, groups


def made_design(seed, n_terms=4):
    expression, groups = made(seed)
    rng = np.random.default_rng(seed + 100)
    others = rng.normal(size=(len(groups), n_terms - 2))
    return expression, np.column_stack([np.ones(len(groups)), groups, others])


def holed(expression, seed, share=0.2):
    values = expression.copy()
    values[np.random.default_rng(seed).random(values.shape) < share] = np.nan
    return values


def ols(y, design, contrast):
    """Estimate, standard error in units of the residual deviation, variance and df, by lstsq."""
    coefficients, _, rank, _ = np.linalg.lstsq(design, y)
    df = len(y) - rank
    variance = np.sum((y - design @ coefficients) ** 2) / df
    unscaled = np.sqrt(contrast @ np.linalg.inv(design.T @ design) @ contrast)
    return contrast @ coefficients, unscaled, variance, df


def moderated_by_hand(fits, df_prior, prior):
    estimate, unscaled, variance, df = map(np.array, zip(*fits, strict=True))
    t = estimate / unscaled / np.sqrt((df_prior * prior + df * variance) / (df_prior + df))
    return estimate, t, 2 * stats.t.sf(np.abs(t), np.minimum(df_prior + df, df.sum()))


def same(result, other, columns=COLUMNS, **tolerance):
    for column in columns:
        np.testing.assert_allclose(
            result[column], other[column], err_msg=column, **{"rtol": 1e-9} | tolerance
        )


# ------------------------------------------------------------------ against other ways


@pytest.mark.parametrize("seed", SEEDS)
def test_a_single_gene_has_the_ordinary_t_test(seed):
    """It has no others to borrow from."""
    expression, groups = made(seed, n_genes=1)
    result = moderated_t(expression, groups)
    expected = stats.ttest_ind(expression[groups == 1, 0], expression[groups == 0, 0])
    assert result["t"].item() == pytest.approx(expected.statistic)
    assert result["p_value"].item() == pytest.approx(expected.pvalue)
    assert result.attrs["df_prior"] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_single_gene_with_covariates_has_ordinary_least_squares(seed):
    expression, design = made_design(seed)
    contrast = np.eye(design.shape[1])[1]
    estimate, unscaled, variance, df = ols(expression[:, 0], design, contrast)
    t = estimate / unscaled / np.sqrt(variance)
    result = moderated_t(expression[:, :1], design=design, contrast=1)
    assert result["log_fold_change"].item() == pytest.approx(estimate)
    assert result["t"].item() == pytest.approx(t)
    assert result["p_value"].item() == pytest.approx(2 * stats.t.sf(abs(t), df))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share_missing", [0.0, 0.15])
def test_every_gene_is_least_squares_with_the_shared_prior(seed, share_missing):
    """On those samples that have the gene, one gene at a time."""
    expression, design = made_design(seed)
    contrast = np.array([0.0, 1.0, -0.5, 2.0])
    expression = holed(expression, seed, share_missing)
    result = moderated_t(expression, design=design, contrast=contrast)
    fits = []
    for y in expression.T:
        measured = ~np.isnan(y)
        fits.append(ols(y[measured], design[measured], contrast))
    prior = result.attrs["df_prior"], result.attrs["variance_prior"]
    assert 0 < prior[0] < np.inf
    estimate, t, p_value = moderated_by_hand(fits, *prior)
    expected = pd.DataFrame({"log_fold_change": estimate, "t": t, "p_value": p_value})
    same(result, expected, COLUMNS[:3])
    np.testing.assert_allclose(
        result["adjusted_p_value"], stats.false_discovery_control(p_value), rtol=1e-9
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_weighted_contrast_is_the_difference_of_two_columns(seed):
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.repeat([0, 1, 2], 5))
    design = np.eye(3)[kind]  # one mean a group
    expression = made(seed, n_samples=15)[0]
    difference = moderated_t(expression, design=design, contrast=[0, -1, 1])
    change = [moderated_t(expression, design=design, contrast=i)["log_fold_change"] for i in (2, 1)]
    np.testing.assert_allclose(difference["log_fold_change"], change[0] - change[1], atol=1e-12)
    assert difference.attrs["contrast"] == "-1 × column 1 +1 × column 2"
    # the same question in other coordinates: group 1 is the intercept, group 2 what it has more
    other = np.column_stack([np.ones(15), kind == 0, kind == 2]).astype(float)
    same(difference, moderated_t(expression, design=other, contrast=-1), rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_missing_value_is_a_sample_left_out(seed):
    """Where the same samples lack all genes, exactly; each gene has the fit without them."""
    expression, groups = made(seed)
    gone = np.random.default_rng(seed).permutation(len(groups))[:3]
    groups[np.setdiff1d(np.arange(len(groups)), gone)[:4]] = [0, 0, 1, 1]
    values = expression.copy()
    values[gone] = np.nan
    kept = np.delete(expression, gone, axis=0)
    same(moderated_t(values, groups), moderated_t(kept, np.delete(groups, gone)))
    contrast = np.array([-1.0, 1.0])
    design = np.column_stack([groups == 0, groups == 1]).astype(float)
    scattered = holed(expression, seed)
    together = fit_contrast(scattered, design, contrast)
    for gene, y in enumerate(scattered.T):
        measured = ~np.isnan(y)
        alone = fit_contrast(y[measured, None], design[measured], contrast)
        for what in ["estimate", "unscaled_deviation", "variance", "df"]:
            np.testing.assert_allclose(
                getattr(together, what)[gene], getattr(alone, what)[0], rtol=1e-9
            )


def test_genes_that_cannot_tell_are_nan_and_do_not_count():
    expression, groups = made(0)
    values = expression.copy()
    values[groups == 0, 3] = np.nan  # a whole group
    values[:, 5] = np.nan
    result = moderated_t(values, groups)
    assert result.isna().all(axis=1).to_numpy().nonzero()[0].tolist() == [3, 5]
    known = result.drop(index=[3, 5])
    np.testing.assert_allclose(
        known["adjusted_p_value"], stats.false_discovery_control(known["p_value"])
    )


def test_a_gene_measured_once_a_group_is_judged_by_the_prior():
    expression, groups = made(1)
    values = expression.copy()
    keep = [np.flatnonzero(groups == group)[0] for group in (0, 1)]
    values[:, 2] = np.nan
    values[keep, 2] = expression[keep, 2]
    result = moderated_t(values, groups)
    assert result.attrs["df_prior"] > 0
    change = np.diff(expression[keep, 2]).item()
    t = change / np.sqrt(2 * result.attrs["variance_prior"])
    assert result["t"][2] == pytest.approx(t)
    assert result["p_value"][2] == pytest.approx(2 * stats.t.sf(abs(t), result.attrs["df_prior"]))


def test_a_single_sample_beside_a_larger_group_is_enough():
    expression, _ = made(2)
    groups = np.r_[1, np.zeros(13, dtype=int)]
    result = moderated_t(expression, groups)
    np.testing.assert_allclose(
        result["log_fold_change"], expression[0] - expression[1:].mean(axis=0)
    )
    variance = expression[1:].var(axis=0, ddof=1)
    df_prior, prior = result.attrs["df_prior"], result.attrs["variance_prior"]
    squeezed = (df_prior * prior + 12 * variance) / (df_prior + 12)
    np.testing.assert_allclose(
        result["t"], result["log_fold_change"] / np.sqrt(squeezed * (1 + 1 / 13))
    )


def test_small_p_values_lose_no_digits_to_rounding():
    expression, groups = made(3, n_samples=60)
    expression[groups == 1, 0] += 1000.0
    result = moderated_t(expression, groups)
    df = 58 + result.attrs["df_prior"]
    assert 0 < result["p_value"][0] < 1e-60
    assert np.log(result["p_value"][0]) == pytest.approx(
        np.log(2) + stats.t.logsf(result["t"][0], df), rel=1e-10
    )


# ------------------------------------------------------------------ what must not matter


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share_missing", [0.0, 0.1])
def test_shifts_scales_and_order_do_not_matter(seed, share_missing):
    expression, groups = made(seed)
    expression = holed(expression, seed, share_missing)
    rng = np.random.default_rng(seed + 50)
    result = moderated_t(expression, groups)
    shifted = moderated_t(expression + rng.normal(size=expression.shape[1]) * 100, groups)
    same(result, shifted, atol=1e-9)
    scaled = moderated_t(expression * 1e-3, groups)
    same(result, scaled, COLUMNS[1:], atol=1e-12)
    np.testing.assert_allclose(scaled["log_fold_change"], result["log_fold_change"] * 1e-3)
    assert scaled.attrs["df_prior"] == pytest.approx(result.attrs["df_prior"], rel=1e-8)
    assert scaled.attrs["variance_prior"] == pytest.approx(result.attrs["variance_prior"] * 1e-6)
    samples, genes = map(rng.permutation, expression.shape)
    shuffled = moderated_t(expression[np.ix_(samples, genes)], groups[samples])
    same(shuffled, result.iloc[genes], atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_other_reference_turns_every_sign(seed):
    expression, groups = made(seed)
    result = moderated_t(expression, groups)
    assert result.attrs["contrast"] == "1 - 0"
    same(moderated_t(expression, groups, reference=0), result)
    for turned in [
        moderated_t(expression, groups, reference=1),
        moderated_t(expression, 1 - groups),
    ]:
        np.testing.assert_allclose(turned["log_fold_change"], -result["log_fold_change"])
        np.testing.assert_allclose(turned["t"], -result["t"])
        same(turned, result, COLUMNS[2:])
    assert moderated_t(expression, groups, reference=1).attrs["contrast"] == "0 - 1"


@pytest.mark.parametrize("factor", [-2.0, 0.25])
def test_a_contrast_times_a_number_is_the_same_test(factor):
    expression, design = made_design(4)
    weights = np.array([0.0, 1.0, 0.5, 0.0])
    result = moderated_t(expression, design=design, contrast=weights)
    other = moderated_t(expression, design=design, contrast=factor * weights)
    np.testing.assert_allclose(other["log_fold_change"], factor * result["log_fold_change"])
    np.testing.assert_allclose(other["t"], np.sign(factor) * result["t"])
    same(other, result, COLUMNS[2:])


def test_a_covariate_that_a_genes_samples_cannot_tell_leaves_its_other_contrasts():
    expression, groups = made(5)
    covariate = np.r_[np.zeros(len(groups) - 1), 1.0]
    design = np.column_stack([np.ones(len(groups)), covariate, groups])
    values = expression.copy()
    values[-1, 0] = np.nan  # of this gene, the covariate is all zeros
    result = moderated_t(values, design=design)
    assert result["log_fold_change"][0] == pytest.approx(
        expression[:-1, 0][groups[:-1] == 1].mean() - expression[:-1, 0][groups[:-1] == 0].mean()
    )
    assert np.isnan(moderated_t(values, design=design, contrast=1)["t"][0])


# ------------------------------------------------------------------ the distribution


def test_p_values_are_uniform_where_nothing_differs():
    """Simulated as the model has it: variances drawn from a scaled inverse chi-square."""
    rng = np.random.default_rng(0)
    df_prior, prior, n_genes = 6.0, 0.3, 20_000
    deviation = np.sqrt(prior * df_prior / rng.chisquare(df_prior, n_genes))
    result = moderated_t(rng.normal(size=(7, n_genes)) * deviation, list("aaaabbb"))
    assert stats.kstest(result["p_value"], "uniform").pvalue > 0.01
    for level in [0.001, 0.01, 0.05]:
        n_below = (result["p_value"] < level).sum()
        assert stats.binomtest(int(n_below), n_genes, level).pvalue > 0.01
    assert result.attrs["df_prior"] == pytest.approx(df_prior, rel=0.1)
    assert result.attrs["variance_prior"] == pytest.approx(prior, rel=0.05)
    # the ordinary t-test is uniform, too, but finds fewer of those that differ
    changed = rng.normal(size=(6, 4000)) * deviation[:4000]
    changed[3:] += 1.5
    groups = list("aaabbb")
    found = (moderated_t(changed, groups)["p_value"] < 0.001).mean()
    ordinary = stats.ttest_ind(changed[:3], changed[3:]).pvalue
    assert found > 2 * (ordinary < 0.001).mean()


def test_false_discoveries_are_controlled():
    shares = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        groups, true = np.repeat([0, 1], 6), np.arange(500) < 100
        deviation = np.sqrt(5 / rng.chisquare(5, 500))
        expression = rng.normal(size=(12, 500)) * deviation + 3.0 * np.outer(groups, true)
        called = moderated_t(expression, groups)["adjusted_p_value"].to_numpy() <= 0.1
        shares.append((called & ~true).sum() / max(1, called.sum()))
        assert (called & true).sum() > 50
    assert np.mean(shares) < 0.1
    assert np.mean(shares) > 0.04  # 0.08 is expected: no more than that is paid in power


def test_moderation_of_equal_variances_is_a_z_test_on_all_degrees_of_freedom():
    """Residual variances closer to each other than chance: the prior is all that counts."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(8, 30))
    design = np.repeat(np.eye(2), 4, axis=0)
    for rows in (slice(0, 4), slice(4, 8)):
        within = values[rows] - values[rows].mean(axis=0)
        values[rows] = rng.normal(size=30) + within / np.sqrt((within**2).sum(axis=0) / 3)
    test = moderate(fit_contrast(values, design, np.array([-1.0, 1.0])), values)
    assert np.isinf(test.df_prior)
    change = values[4:].mean(axis=0) - values[:4].mean(axis=0)
    np.testing.assert_allclose(test.t, change / np.sqrt(2 / 4))
    np.testing.assert_allclose(test.p_value, 2 * stats.t.sf(np.abs(test.t), 30 * 6))
