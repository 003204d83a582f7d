"""Real cell lines, at a small scale."""

import numpy as np
import pytest

from sklearn_dgex import DGEXRegressor, LandmarkImputer
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.exceptions import FilledLandmarksWarning, UnknownGenesWarning


@pytest.fixture(scope="module")
def lines(gdsc):
    """Whole profiles of 400 lines: every landmark and 200 targets, mixed; the landmarks' names."""
    rng = np.random.default_rng(0)
    targets = rng.choice(gdsc.target_names, 200, replace=False)
    genes = rng.permutation([*gdsc.feature_names, *targets])
    return gdsc.frame.loc[rng.permutation(gdsc.frame.index)[:400], genes], gdsc.feature_names


def test_real_profiles_are_completed(lines):
    table, landmarks = lines
    regressor = DGEXRegressor(width=60, n_members=2, max_iter=40, random_state=0)
    model = LandmarkImputer(regressor, landmarks).set_output(transform="pandas").fit(table[:300])
    new = table[300:]
    with pytest.warns(UnknownGenesWarning, match="1 of 468 columns"):
        completed = model.transform(new[landmarks].assign(NOGENE=0.0))
    assert completed.columns.equals(table.columns)
    assert completed[landmarks].equals(new[landmarks])
    assert 0.2 < model.score(new) < 0.6
    held_out = model.per_gene_quality_["correlation"]
    true = new[model.targets_].corrwith(completed[model.targets_])
    assert np.corrcoef(held_out, true)[0, 1] > 0.6
    # genes trusted by the held-out figures are trusted by the test on new lines, too
    tested = model.best_inferred_genes(new, random_state=0).index
    assert model.best_inferred_genes(min_correlation=0.6).index.isin(tested).mean() > 0.9


def test_each_filled_landmark_costs(lines):
    table, landmarks = lines
    model = LandmarkImputer(LincsRegression("gcv"), landmarks, missing_landmarks="mean")
    model.fit(table[:300])
    new, scores = table[300:], []
    for n_missing in (0, 100, 300):
        few = new.drop(columns=landmarks[:n_missing])
        assert model.count_filled(few).eq(n_missing).all()
        if n_missing:
            with pytest.warns(FilledLandmarksWarning, match=f"{n_missing} of 467 landmarks"):
                scores.append(model.score(few))
        else:
            scores.append(model.score(few))
    assert scores[0] > scores[1] > scores[2]


def test_chosen_landmarks_beat_random_ones(lines):
    table, _ = lines
    chosen = LandmarkImputer(LincsRegression("gcv"), 30).fit(table[:300]).score(table[300:])
    rng, random = np.random.default_rng(0), []
    for _ in range(3):
        names = rng.choice(table.columns, 30, replace=False)
        random.append(LandmarkImputer(LincsRegression("gcv"), names).fit(table[:300]))
    assert chosen > max(model.score(table[300:]) for model in random)
