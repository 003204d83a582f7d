"""scikit-learn's own checks of the baselines."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_dgex.baselines import KNNGeneRegressor, LincsRegression


@parametrize_with_checks([LincsRegression(), LincsRegression("gcv"), KNNGeneRegressor()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)
