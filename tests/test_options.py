"""Every documented option serves, and no other is taken: of estimators, functions and methods."""

import re
from functools import partial

import numpy as np
import pytest
from documented import ESTIMATORS, X, Y, fitted, options_of, public, section
from sklearn.cluster import KMeans

from sklearn_dgex import DGEXRegressor, datasets, metrics, nn
from sklearn_dgex.model_selection import StabilityScorer
from sklearn_dgex.utils._sklearn_private import StrOptions

# Of CUDA, and of torchrun: tests/dgex has tests for both.
OF_OTHER_MACHINES = {("precision", "tf32"), ("distributed", "ddp"), ("distributed", "fsdp")}
SERIES = """!Sample_geo_accession\tGSM1\tGSM2
!series_matrix_table_begin
ID_REF\tGSM1\tGSM2
200814_at\t7.5\t8
!series_matrix_table_end
"""


def documented_options(objects: dict[str, object]) -> list[tuple[str, str, list[str]]]:
    """Name of the object, parameter, and the words that its docstring lists for it."""
    return [
        (name, parameter, options_of(entry))
        for name, documented in objects.items()
        for parameter, entry in section(documented, "Parameters").items()
    ]


def each_word(options) -> list[tuple[str, str, str]]:
    return [
        (name, parameter, word)
        for name, parameter, words in options
        for word in words
        if (parameter, word) not in OF_OTHER_MACHINES
    ]


OF_ESTIMATORS = documented_options(ESTIMATORS)
OF_OTHERS = documented_options(
    {
        name: documented
        for name, documented in public().items()
        if documented not in ESTIMATORS.values()
        and ".training." not in name  # which is given what estimators have checked
    }
)


def named_by(refusal: BaseException) -> set[str]:
    """Words that an error says a parameter may be."""
    _, _, allowed = str(refusal).partition(" must be ")
    return set(re.findall(r"'([^']+)'", allowed.partition(" Got ")[0]))


@pytest.mark.parametrize(("name", "parameter", "word"), each_word(OF_ESTIMATORS))
def test_option_of_an_estimator_fits_and_infers(name, parameter, word):
    model = fitted(name, **{parameter: word})
    uses = (getattr(model, use, None) for use in ("predict", "transform", "fit_resample"))
    answer = np.asarray(next(filter(None, uses))(X))
    assert 1 < len(answer) <= len(X)  # duplicates are dropped
    assert np.isfinite(answer).all()
    assert np.ptp(answer, axis=0).max() > 0, "answers one value for all samples"


@pytest.mark.parametrize(("name", "parameter", "words"), OF_ESTIMATORS)
def test_options_of_an_estimator_are_those_documented(name, parameter, words):
    taken = getattr(ESTIMATORS[name], "_parameter_constraints", {}).get(parameter)
    if isinstance(taken, list):
        found = [constraint for constraint in taken if isinstance(constraint, StrOptions)]
        assert set(words) == {word for constraint in found for word in constraint.options}
    elif words:
        with pytest.raises(ValueError, match=parameter) as refusal:
            fitted(name, **{parameter: "no such word"})
        assert set(words) == named_by(refusal.value)


@pytest.fixture
def calls(tmp_path):
    """Return how a function, a method or a class is used, by its name: with an option by name."""
    files = {
        "gct": datasets.write_gct,
        "gctx": datasets.write_gctx,
        "delimited": datasets.write_delimited,
        "h5ad": datasets.write_h5ad,
        "series_matrix": lambda table, path: path.write_text(SERIES),
    }

    def opened(read):
        def call(format="delimited", **options):
            if format == "h5ad":
                pytest.importorskip("anndata", reason="anndata is not installed")
            path = tmp_path / "expression"
            files.get(format, datasets.write_delimited)(X, path)
            return read(path, format=format, **options)

        return call

    def read_delimited(path, format, **options):
        return datasets.read_delimited(path, **options)

    def write_in_blocks(**options):
        path, names = tmp_path / "written.csv", {"samples": X.index, "genes": X.columns}
        with datasets.expression_writer(path, **names, **options) as writer:
            writer.write(X)
        return path.read_text()

    def stability(**options):
        clusterer = KMeans(2, n_init=1, random_state=0).fit(X)
        return StabilityScorer(n_resamples=2, **options)(clusterer, X)

    def best_inferred_genes(**options):
        imputer = fitted("LandmarkImputer")
        return imputer.best_inferred_genes(X, **drawn, **options)

    csv, gct = tmp_path / "written.csv", tmp_path / "written.gct"
    drawn = {"random_state": 0, "n_permutations": 2}
    return {
        "DGEXRegressor.from_paper": DGEXRegressor.from_paper,
        "LandmarkImputer.best_inferred_genes": best_inferred_genes,
        "datasets.expression_writer": write_in_blocks,
        "datasets.open_expression": opened(datasets.open_expression),
        "datasets.read_delimited": opened(read_delimited),
        "datasets.read_expression": opened(datasets.read_expression),
        "datasets.write_delimited": partial(datasets.write_delimited, X, csv),
        "datasets.write_expression": partial(datasets.write_expression, X, csv),
        "datasets.write_gct": partial(datasets.write_gct, X, gct),
        "metrics.best_inferred_genes": partial(metrics.best_inferred_genes, Y, Y + 0.1, **drawn),
        "metrics.bootstrap_interval": partial(metrics.bootstrap_interval, Y["T0001"]),
        "model_selection.StabilityScorer": stability,
        "nn.BiasedActivation": partial(nn.BiasedActivation, 3),
        "nn.Corruption": nn.Corruption,
        "nn.DenoisingAutoencoder": partial(nn.DenoisingAutoencoder, 4, 2),
        "nn.StackedDenoisingAutoencoder": partial(nn.StackedDenoisingAutoencoder, [4, 3, 2]),
        "nn.TAAF": partial(nn.TAAF, 3),
        "nn.TowerNetwork": partial(nn.TowerNetwork, 8, 5, 4, n_towers=2, n_folds=2),
    }


@pytest.mark.parametrize(("name", "parameter", "word"), each_word(OF_OTHERS))
def test_option_of_a_function_serves(calls, name, parameter, word):
    calls[name.removeprefix("sklearn_dgex.")](**{parameter: word})


@pytest.mark.parametrize(
    ("name", "parameter", "words"), [option for option in OF_OTHERS if option[2]]
)
def test_options_of_a_function_are_those_documented(calls, name, parameter, words):
    call = calls[name.removeprefix("sklearn_dgex.")]
    with pytest.raises(ValueError, match=" must be ") as refusal:
        call(**{parameter: "no such word"})
    assert set(words) == named_by(refusal.value)
