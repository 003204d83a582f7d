"""The frozen answers of limma are those to the cases that the tests ask for."""

import numpy as np
import pytest
from reference.limma_cases import CASES, FOLDER, STEP, read_frozen

COLUMNS = ["log_fold_change", "t", "p_value", "adjusted_p_value"]


def test_every_case_is_frozen_and_none_else():
    frozen = read_frozen()
    assert list(frozen) == list(CASES)
    for answer in frozen.values():
        assert answer.keys() == {*COLUMNS, "df_prior", "variance_prior", "version"}
        assert "limma 3." in answer["version"]
        assert len({len(answer[name]) for name in COLUMNS}) == 1


def test_the_frozen_numbers_have_all_their_digits():
    """Were they rounded to 15 digits, rounding them would change none."""
    for name, answer in read_frozen().items():
        t = np.array(answer["t"], dtype=float)
        t = t[np.isfinite(t)]
        rounded = np.array([float(f"{value:.15g}") for value in t])
        assert np.mean(rounded != t) > 0.5, name


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("gdsc")])
def test_a_case_asks_for_what_is_frozen(name):
    case = CASES[name]()
    assert len(read_frozen()[name]["t"]) == len(case.expression.columns[::STEP])
    assert case.design.index.equals(case.expression.index)
    assert case.contrast in case.design


def test_the_script_that_asks_limma_is_kept():
    assert "eBayes(lmFit(expression, design))" in (FOLDER / "limma.R").read_text()
