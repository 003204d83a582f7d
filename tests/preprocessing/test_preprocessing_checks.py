"""scikit-learn's own checks of the transformers that prepare profiles."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_dgex.preprocessing import (
    DuplicateProfileFilter,
    LandmarkSelector,
    ProbeCollapser,
    QuantileNormalizer,
)

# Columns without names go by position; as many as any check has, in genes of 1, 2 and 3 probes.
POSITIONS = {
    0: ["A", "B"],
    1: "B",
    2: "C",
    3: "C",
    4: "C",
    **{i: f"D{i // 2}" for i in range(5, 30)},
}


@parametrize_with_checks(
    [
        QuantileNormalizer(),
        *(
            ProbeCollapser(POSITIONS, method=method)
            for method in ("mean", "median", "max_variance", "listed")
        ),
        DuplicateProfileFilter(),
        DuplicateProfileFilter(metric="correlation"),
        LandmarkSelector(),
        LandmarkSelector(0.4, standardize=False),
        LandmarkSelector(1, method="cluster"),
    ]
)
def test_scikit_learn_checks_of_preprocessing(estimator, check):
    check(estimator)
