"""moderated_t says what R's limma says: frozen answers on eight comparisons of real profiles."""

import numpy as np
import pytest
from reference.limma_cases import CASES, STEP, read_frozen

from sklearn_dgex.differential_expression import moderated_t

pytestmark = pytest.mark.filterwarnings("ignore::sklearn_dgex.exceptions.ConstantGeneWarning")
RELATIVE, ABSOLUTE = 1e-10, 1e-12  # absolute, where equal means differ by rounding alone


@pytest.fixture(scope="module")
def frozen():
    return read_frozen()


@pytest.fixture(scope="module")
def cases():
    """Each case is made once, or says why it can't be."""
    made = {}

    def case(name):
        if name.startswith("gdsc"):
            pytest.importorskip("pyarrow")
        if name not in made:
            try:
                made[name] = CASES[name]()
            except OSError:
                pytest.skip("the GDSC files are not in the folder named by SKLEARN_DGEX_DATA")
        return made[name]

    return case


def kept(result, column):
    return result[column].to_numpy()[::STEP]


@pytest.mark.parametrize("name", CASES)
def test_statistics_are_limmas(name, cases, frozen):
    case, answer = cases(name), frozen[name]
    result = moderated_t(case.expression, design=case.design, contrast=case.contrast)
    assert result.index.equals(case.expression.columns.rename("gene"))
    for column in ["log_fold_change", "t", "p_value", "adjusted_p_value"]:
        np.testing.assert_allclose(
            kept(result, column),
            np.array(answer[column], dtype=float),  # None, where limma has NA, becomes NaN
            rtol=RELATIVE,
            atol=ABSOLUTE if column in ("log_fold_change", "t") else 0,
            err_msg=column,
        )


@pytest.mark.parametrize("name", CASES)
def test_prior_is_limmas(name, cases, frozen):
    case = cases(name)
    prior = moderated_t(case.expression, design=case.design, contrast=case.contrast).attrs
    assert prior["contrast"] == case.contrast
    for what in ["df_prior", "variance_prior"]:
        assert prior[what] == pytest.approx(frozen[name][what], rel=RELATIVE), what


def test_the_cases_reach_every_branch(cases, frozen):
    """A missing contrast, a prior without bounds, and genes that do not vary are among them."""
    assert np.isnan(np.array(frozen["ecoli_sparse"]["t"], dtype=float)).sum() == 40
    assert np.isinf(frozen["gdsc_equal"]["df_prior"])
    case = cases("ecoli_rounded")
    second = case.design["second"].to_numpy(bool)
    within = [case.expression[rows].std() for rows in (second, ~second)]
    assert ((within[0] == 0) & (within[1] == 0)).any()


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith(("groups", "rounded"))])
def test_groups_are_their_design(name, cases):
    case = cases(name)
    by_design = moderated_t(case.expression, design=case.design)
    labels = np.where(case.design["second"] == 1, "second", "first")
    by_groups = moderated_t(case.expression, labels)
    assert by_groups.attrs["contrast"] == "second - first"
    for column in by_design:
        atol = ABSOLUTE if column in ("log_fold_change", "t") else 0
        np.testing.assert_allclose(by_groups[column], by_design[column], RELATIVE, atol)
