import numpy as np
import pytest

from sklearn_dgex.training import SCHEDULES

PAPER_RATES = {1: 5e-4, 400: 5e-4, 401: 5e-5, 475: 5e-5, 476: 5e-6, 550: 5e-6} | {
    551: 5e-7,
    575: 5e-7,
    576: 2.5e-7,
    600: 2.5e-7,
}


@pytest.mark.parametrize(("epoch", "rate"), PAPER_RATES.items())
@pytest.mark.parametrize("within", [0.0, 0.5, 0.999])
def test_steps_are_the_papers(epoch, rate, within):
    assert 5e-4 * SCHEDULES["step"]((epoch - 1 + within) / 600) == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize("n_epochs", [24, 48, 120, 2400])  # in which all fractions are whole
def test_steps_keep_their_fractions_of_any_number_of_epochs(n_epochs):
    ends = np.array([400, 475, 550, 575, 600]) * n_epochs // 600
    expected = np.repeat([1, 0.1, 0.01, 1e-3, 5e-4], np.diff(ends, prepend=0))
    factors = [SCHEDULES["step"](epoch / n_epochs) for epoch in range(n_epochs)]
    np.testing.assert_allclose(factors, expected, rtol=1e-12)


def test_cosine_rises_for_three_hundredths_and_falls_to_zero():
    factors = np.array([SCHEDULES["cosine"](p) for p in np.linspace(0, 1, 1001)])
    assert factors[0] == 0
    assert factors.argmax() == 30
    assert factors.max() == 1
    assert factors[-1] == pytest.approx(0, abs=1e-15)
    assert (np.diff(factors[:31]) > 0).all()
    assert (np.diff(factors[30:]) < 0).all()
    # half a cosine is odd about its middle
    np.testing.assert_allclose(factors[30:] + factors[30:][::-1], 1, atol=1e-12)


def test_constant_is_constant():
    assert {SCHEDULES["constant"](p) for p in (0.0, 0.3, 1.0)} == {1.0}
