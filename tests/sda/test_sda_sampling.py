"""New profiles come from the codes of the training profiles, as the paper draws them."""

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn.exceptions import NotFittedError


@pytest.fixture(scope="module")
def fitted(quick, arrays):
    return quick(max_iter=100).fit(arrays)


def sources(profiles, regenerated):
    """Which regenerated profile each profile is; every one must be one."""
    distances = np.abs(profiles[:, None] - regenerated[None]).max(axis=2)
    nearest = distances.argmin(axis=1)
    np.testing.assert_allclose(profiles, regenerated[nearest], rtol=1e-9, atol=1e-9)
    return nearest


def test_codes_are_those_of_the_training_profiles(fitted, arrays):
    np.testing.assert_array_equal(fitted.codes_, fitted.encode(arrays))


def test_without_jitter_only_regenerated_training_profiles(fitted, arrays):
    regenerated = fitted.regenerate(arrays)
    assert set(sources(fitted.sample(2000, random_state=0), regenerated)) == set(range(80))


def test_after_partial_fit_the_last_profiles_are_drawn(quick, arrays):
    later = 1.5 * arrays[:30]  # partly beyond the range of the first ones
    model = quick().fit(arrays).partial_fit(later)
    assert set(sources(model.sample(500, random_state=0), model.regenerate(later))) == set(
        range(30)
    )


def test_each_training_profile_is_as_likely(fitted, arrays):
    drawn = sources(fitted.sample(8000, random_state=1), fitted.regenerate(arrays))
    counts = np.bincount(drawn, minlength=80)
    assert chisquare(counts).pvalue > 1e-3
    # with replacement: not each exactly a hundred times
    assert counts.std() > 5


def test_rows_are_independent(fitted, arrays):
    drawn = sources(fitted.sample(8000, random_state=2), fitted.regenerate(arrays))
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.04


def test_jitter_is_noise_on_the_codes(quick, arrays):
    model = quick(activation="identity", loss="squared_error", learning_rate_init=0.01)
    model.fit(arrays)
    matrix = model.coefs_[0].astype(float)
    for jitter in (0.3, 2.0):
        plain, moved = (model.sample(20_000, random_state=3, jitter=j) for j in (0.0, jitter))
        # the network is linear: what the decoder makes of the noise is the noise, projected
        noise = (moved - plain) / model.scaler_.scale @ np.linalg.pinv(matrix).T
        wanted = jitter * model.codes_.std(axis=0)
        np.testing.assert_allclose(noise.std(axis=0), wanted, rtol=0.03)
        np.testing.assert_allclose(noise.mean(axis=0) / wanted, 0, atol=0.03)
        np.testing.assert_allclose(np.corrcoef(noise.T), np.eye(4), atol=0.03)


def test_little_jitter_moves_little(fitted):
    plain = fitted.sample(100, random_state=0)
    moves = [
        np.abs(fitted.sample(100, random_state=0, jitter=jitter) - plain).mean(axis=0)
        for jitter in (1e-3, 1e-2, 1e-1)
    ]
    assert (moves[0] > 0).all()
    np.testing.assert_allclose(moves[1], 10 * moves[0], rtol=0.05)
    np.testing.assert_allclose(moves[2], 100 * moves[0], rtol=0.2)


def test_samples_look_like_the_profiles(fitted, arrays):
    drawn = fitted.sample(4000, random_state=0)
    regenerated = fitted.regenerate(arrays)
    spread = regenerated.std(axis=0)
    np.testing.assert_allclose(
        drawn.mean(axis=0) / spread, regenerated.mean(axis=0) / spread, atol=0.1
    )
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.1)


@pytest.mark.parametrize("jitter", [0.0, 0.5])
def test_samples_repeat_with_their_seed(fitted, jitter):
    def draw(random_state):
        return fitted.sample(20, random_state=random_state, jitter=jitter)

    np.testing.assert_array_equal(draw(5), draw(5))
    np.testing.assert_array_equal(draw(5), draw(np.random.RandomState(5)))
    assert not np.array_equal(draw(5), draw(6))
    source = np.random.RandomState(5)
    assert not np.array_equal(draw(source), draw(source))
    state = np.random.get_state()[1]  # noqa: NPY002
    draw(5)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_one_sample_by_default(fitted, frame, quick):
    assert fitted.sample().shape == (1, 8)
    assert fitted.sample(np.int64(3)).shape == (3, 8)
    named = quick().fit(frame).set_output(transform="pandas")
    assert named.sample(2, random_state=0).shape == (2, 8)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, "3", None, np.nan])
def test_what_is_no_number_of_samples(fitted, n_samples):
    message = rf"'n_samples' parameter of sample must be an int in .*\[1, inf\). Got {n_samples!r}"
    with pytest.raises(ValueError, match=message):
        fitted.sample(n_samples)


@pytest.mark.parametrize("jitter", [-0.1, np.nan, np.inf, "much", None])
def test_what_is_no_jitter(fitted, jitter):
    message = (
        rf"'jitter' parameter of sample must be a float in the range \[0, inf\). Got {jitter!r}"
    )
    with pytest.raises(ValueError, match=message):
        fitted.sample(2, jitter=jitter)


def test_sampling_needs_a_fit(quick):
    with pytest.raises(NotFittedError, match="This SDATransformer instance is not fitted yet"):
        quick().sample()


def test_profiles_keep_the_precision_of_the_fit(quick, arrays):
    for dtype in (np.float32, np.float64):
        model = quick().fit(arrays.astype(dtype))
        assert model.sample(3, random_state=0).dtype == dtype
        assert model.sample(3, random_state=0, jitter=0.1).dtype == dtype
