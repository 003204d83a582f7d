"""ONNX graphs answer as the estimators do."""

import numpy as np
import pytest

from sklearn_dgex import DGEXRegressor, SDATransformer
from sklearn_dgex.persistence import _onnx, to_onnx

onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")


def run(file, x):
    session = onnxruntime.InferenceSession(file)
    (answer,) = session.run(None, {"profiles": x})
    return answer, session


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"n_networks": 2, "n_towers": 3, "n_folds": 3, "n_hidden_layers": 4},
        {"taaf": False, "activation": "gelu", "linear_path": 0, "target_scaling": "minmax"},
    ],
    ids=str,
)
def test_regressor(frames, parameters, tmp_path):
    X, y = (frame.astype(np.float32) + 9 for frame in frames)
    X.iloc[:, 3] = 7.7  # a gene that does not vary
    with pytest.warns(UserWarning, match="do not vary"):
        model = DGEXRegressor(width=30, max_iter=3, random_state=0, **parameters).fit(X, y)
    file = to_onnx(model, tmp_path / "model.onnx")
    for n in (1, 2, 17, 60):
        answer, session = run(file, X.to_numpy()[:n])
        np.testing.assert_allclose(answer, model.predict(X[:n]), rtol=1e-5, atol=1e-5)
    names = session.get_modelmeta().custom_metadata_map
    assert names["genes_in"].split("\t") == list(X.columns)
    assert names["genes_out"].split("\t") == list(y.columns)


@pytest.mark.parametrize("output", ["code", "regenerated"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_transformer(frames, output, activation, tmp_path):
    X = frames[0].astype(np.float32)
    parameters = {"activation": activation, "output": output, "tied_weights": output == "code"}
    model = SDATransformer((6, 3), max_iter=3, random_state=0, **parameters).fit(X)
    answer, _ = run(to_onnx(model, tmp_path / "model.onnx"), X.to_numpy()[:7])
    np.testing.assert_allclose(answer, model.transform(X[:7]), rtol=1e-5, atol=1e-5)


def test_large_weights_stay_in_the_one_file(frames, tmp_path):
    model = DGEXRegressor(tower_width=2000, n_towers=1, n_members=2, max_iter=1, random_state=0)
    model.fit(*frames)
    to_onnx(model, tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert (tmp_path / "model.onnx").stat().st_size > 60_000_000


def test_too_large_weights_are_refused(regressor, tmp_path, monkeypatch):
    monkeypatch.setattr(_onnx, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match=r"less than 1,000 bytes"):
        to_onnx(regressor, tmp_path / "model.onnx")


def test_other_estimators_are_refused(tmp_path):
    from sklearn.preprocessing import StandardScaler

    with pytest.raises(TypeError, match="Got StandardScaler instead"):
        to_onnx(StandardScaler(), tmp_path / "model.onnx")
