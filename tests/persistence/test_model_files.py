"""What a model file is, and what becomes of one that is not."""

import json
import pickle
import struct
import warnings
from contextlib import suppress

import joblib
import numpy as np
import pytest
from safetensors import safe_open
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.exceptions import LeftOutWarning, ModelFileError
from sklearn_dgex.persistence import load, save
from sklearn_dgex.persistence._models import describe
from sklearn_dgex.utils import container


@pytest.fixture
def file(regressor, tmp_path):
    return save(regressor, tmp_path / "model.safetensors")


def rewritten(file, change):
    """Change the header of a model file by ``change(header)``, with a checksum that is right."""
    content = file.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    entries = json.loads(content[8 : 8 + length])
    header = entries["__metadata__"]
    description = json.loads(header["description"])
    change(header, description)
    header["description"] = json.dumps(description)
    texts = {name: header[name] for name in ("description", "versions")}
    with safe_open(file, framework="np") as tensors:
        arrays = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
    header["checksum"] = container.checksum(arrays, texts)
    text = json.dumps(entries).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


def test_other_tools_read_it(file, regressor):
    with safe_open(file, framework="np") as tensors:
        header = tensors.metadata()
        weight = tensors.get_tensor("net_.0.input_weight")
    expected = regressor.networks_[0].input_weight.detach().numpy()
    np.testing.assert_array_equal(weight, expected)
    assert header["format"] == "sklearn_dgex"
    description = json.loads(header["description"])["estimator"]
    assert description["class"] == "DGEXRegressor"
    assert description["parameters"]["n_towers"] == 2
    assert json.loads(header["versions"])["torch"]


def test_it_is_hardly_larger_than_the_weights(frames, tmp_path):
    model = DGEXRegressor(tower_width=400, n_members=2, max_iter=1, random_state=0).fit(*frames)
    n_bytes = 4 * model.n_parameters_ * model.n_members_
    assert n_bytes > 2_000_000
    assert n_bytes < save(model, tmp_path / "model").stat().st_size <= 1.05 * n_bytes


def test_loading_reads_no_weights(file, monkeypatch):
    weight = load(file, verify=False).networks_[0].input_weight
    with open("/proc/self/maps") as maps:
        mapped = [line.split("-")[0] for line in maps if str(file) in line]
    assert mapped, "the file is not mapped"
    assert any(int(start, 16) <= weight.data_ptr() for start in mapped)


def test_pipelines_of_usual_steps(frames, regressor, tmp_path, elsewhere):
    X, y = frames
    pipeline = make_pipeline(
        StandardScaler(), DGEXRegressor(n_members=1, max_iter=2, random_state=0)
    )
    pipeline = pipeline.set_output(transform="pandas").fit(X, y)
    file = save(pipeline, tmp_path / "pipeline.safetensors")
    np.testing.assert_array_equal(load(file).predict(X), pipeline.predict(X))
    np.testing.assert_array_equal(
        elsewhere(file, "predict"), pipeline.predict(X.astype(np.float32))
    )


def test_other_estimators_are_refused(frames, regressor, tmp_path):
    search = GridSearchCV(DGEXRegressor(n_members=1, max_iter=1), {"n_towers": [1]}, cv=2)
    search.fit(*frames)
    with pytest.raises(TypeError, match=r"Got GridSearchCV instead; pass its best_estimator_"):
        save(search, tmp_path / "model")
    with pytest.raises(TypeError, match="Got dict instead"):
        save({}, tmp_path / "model")
    with pytest.raises(NotFittedError):
        save(DGEXRegressor(), tmp_path / "model")
    regressor = joblib.load(_dumped(regressor, tmp_path)).set_params(activation=lambda z: z)
    with pytest.raises(TypeError, match="Got function in 'activation'"):
        save(regressor, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def _dumped(model, tmp_path):
    joblib.dump(model, tmp_path / "model.joblib")
    return tmp_path / "model.joblib"


def test_a_name_of_a_card_is_no_name_of_a_model(regressor, tmp_path):
    with pytest.raises(ValueError, match=r"must not end in '\.md'"):
        save(regressor, tmp_path / "model.md")
    (tmp_path / "notes.md").write_text("my own")
    with pytest.raises(ValueError, match="must not replace another text"):
        save(regressor, tmp_path / "notes.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.md"]
    save(regressor, tmp_path / "notes.safetensors", card=False)
    assert (tmp_path / "notes.md").read_text() == "my own"
    for name in ("v1.2", "v1.3"):
        save(regressor, tmp_path / name)
        assert (tmp_path / f"{name}.md").read_text().startswith(f"# Model card: {name}\n")


def test_what_serves_fits_alone_is_left_out(frames, tmp_path):
    pipeline = make_pipeline(StandardScaler(), "passthrough", memory=str(tmp_path / "cache"))
    pipeline.fit(*frames)
    with pytest.warns(LeftOutWarning, match="'memory'"):
        again = load(save(pipeline, tmp_path / "model"))
    assert again.memory is None
    np.testing.assert_array_equal(again.transform(frames[0]), pipeline.transform(frames[0]))


def test_keys_that_look_alike_keep_their_arrays(tmp_path):
    scaler = StandardScaler().fit(np.eye(3))
    scaler.extra_ = {1: np.zeros(2), "1": np.ones(2)}
    again = load(save(scaler, tmp_path / "model"))
    np.testing.assert_array_equal(again.extra_[1], [0, 0])
    np.testing.assert_array_equal(again.extra_["1"], [1, 1])


def test_callbacks_are_left_out_with_a_warning(frames, tmp_path):
    from skorch.callbacks import EpochTimer

    model = DGEXRegressor(n_members=1, max_iter=1, callbacks=[EpochTimer()]).fit(*frames)
    with pytest.warns(LeftOutWarning, match="'callbacks'"):
        file = save(model, tmp_path / "model")
    again = load(file)
    assert again.callbacks is None
    np.testing.assert_array_equal(again.predict(frames[0]), model.predict(frames[0]))


def test_a_failed_save_leaves_the_older_file(file, regressor, monkeypatch):
    before = file.read_bytes()

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(container, "write_arrays", fail)
    with pytest.raises(OSError, match="No space"):
        save(regressor, file)
    assert file.read_bytes() == before
    assert sorted(path.name for path in file.parent.iterdir()) == [
        "model.md",
        "model.safetensors",
    ]


def test_a_newer_format(file):
    rewritten(file, lambda header, _: header.update(format_version="2"))
    with pytest.raises(ModelFileError, match=r"Got version 2 in .*; update sklearn_dgex"):
        load(file)


@pytest.mark.parametrize("n_bytes", [0, 5, 8, 100, 3000, -1])
def test_a_truncated_file(file, n_bytes):
    file.write_bytes(file.read_bytes()[:n_bytes])
    with pytest.raises(ModelFileError, match=r"cut off after|which is not") as caught:
        load(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_wrong_checksum(file):
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"must have the checksum in its header. Got another"):
        load(file)
    load(file, verify=False)


def test_a_pickle_is_named_as_such(file):
    file.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelFileError, match="looks like a pickle"):
        load(file)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="where there is none"):
        load(tmp_path / "model")


class Opened:
    """Whoever makes one of these from a file has run the file's code."""

    def __reduce__(self):
        return (pytest.fail, ("a file ran code",))


def set_class(description, name):
    description["estimator"]["class"] = name


HOSTILE = {
    "a folder of pickles": lambda d: d["estimator"]["parameters"].update(callbacks="folder"),
    "attribute that hides a private method": lambda d: d["estimator"]["fitted"].update(
        _validate_params=3
    ),
    "more layers than weights": lambda d: network(d)["arguments"].update(n_hidden_layers=3_000_000),
    "more folds than neurons": lambda d: network(d)["arguments"].update(n_folds=200_000_000),
    "a random state out of bounds": lambda d: d["estimator"]["parameters"].update(
        random_state={"random_state": ["MT19937", "net_.0.input_weight", 2**30, 0, 0.0]}
    ),
    "a series without end": lambda d: d["estimator"]["fitted"].update(
        a_={"series": {"index": {"name": None, "range": [0, 10**12, 1]}, "values": 0, "name": None}}
    ),
    "texts as wide as the widest": lambda d: d["estimator"]["fitted"].update(
        a_={"objects": {"values": ["x" * 20_000] + [""] * 20_000, "shape": [20_001], "text": True}}
    ),
    "class outside the list": lambda d: set_class(d, "Popen"),
    "class by path": lambda d: set_class(d, "os.system"),
    "class of another kind": lambda d: set_class(d, "GeneScaler"),
    "kind outside the list": lambda d: d["estimator"]["fitted"].update(net_={"pickle": "gASV"}),
    "attribute that hides a method": lambda d: d["estimator"]["fitted"].update(predict=1),
    "attribute of the object's own": lambda d: d["estimator"]["fitted"].update(__class__=1),
    "unknown parameter": lambda d: d["estimator"]["parameters"].update(command="ls"),
    "function outside the list": lambda d: d["estimator"]["parameters"].update(
        activation={"function": "system"}
    ),
    "array outside the file": lambda d: d["estimator"]["fitted"].update(
        a_={"array": "/etc/passwd"}
    ),
    "weights of another shape": lambda d: network(d)["arguments"].update(tower_width=10**9),
    "no weights": lambda d: network(d)["weights"].clear(),
    "two kinds at once": lambda d: d.update(estimator={"tuple": [], "dict": []}),
    "no estimator": lambda d: d.clear(),
    "nothing": lambda d: d.update(estimator=None),
    "depth": lambda d: d["estimator"]["fitted"].update(a_=nested(900)),
}


def network(description):
    return description["estimator"]["fitted"]["net_"]["net"]["networks"][0]


def nested(depth):
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_hostile_descriptions(file, change):
    rewritten(file, lambda _, description: change(description))
    with pytest.raises(ModelFileError, match=r"must describe a model") as caught:
        load(file)
    assert "\n" not in str(caught.value)


def test_pickles_inside_are_never_opened(file):
    payload = pickle.dumps(Opened()).hex()
    rewritten(file, lambda _, d: d["estimator"]["fitted"].update(a_=payload))
    assert load(file).a_ == payload  # text, and nothing but text


JUNK = (None, True, -1, 2**40, 1.5, "x", "DGEXRegressor", [], {}, {"array": "net_.0.input_weight"})


def places(node):
    """All places in a tree of JSON, as a container and a key."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in pairs:
        yield node, key
        if isinstance(child, (dict, list)):
            yield from places(child)


def test_descriptions_with_odd_parts(file, frames):
    """Any part of the description exchanged: refused in a sentence, or a model that may answer."""
    whole, rng = file.read_bytes(), np.random.default_rng(0)
    n_refused = 0

    def change(_, description):
        found = list(places(description))
        node, key = found[rng.integers(len(found))]
        node[key] = JUNK[rng.integers(len(JUNK))]

    for _ in range(150):
        file.write_bytes(whole)
        rewritten(file, change)
        outcome = opened(file)
        if isinstance(outcome, str):
            n_refused += 1
            assert "\n" not in outcome
        else:
            with warnings.catch_warnings(), suppress(Exception):  # but no crash, and no hang
                warnings.simplefilter("ignore")
                outcome.predict(frames[0])
    assert n_refused > 50


def test_a_card_of_a_model_that_lacks_its_fit(file):
    rewritten(file, lambda _, description: description["estimator"]["fitted"].pop("n_outputs_"))
    with pytest.raises(ModelFileError, match="lacks what its fit sets"):
        describe(file)


def test_a_card_names_the_versions_of_the_file(file):
    def change(header, _):
        header["versions"] = json.dumps({"sklearn_dgex": "0.0.7"})

    rewritten(file, change)
    assert describe(file).endswith("Made by sklearn_dgex 0.0.7.\n")
    rewritten(file, lambda header, _: header.update(versions="[]"))
    with pytest.raises(ModelFileError, match="must describe a model in JSON"):
        load(file)


def opened(file):
    """Return the model, or the sentence that says why there is none."""
    try:
        return load(file)
    except ModelFileError as error:
        return str(error)


def test_mutated_files(file, regressor, frames):
    """Flips, cuts, insertions: the same model or one sentence that names the file."""
    whole, answer = file.read_bytes(), regressor.predict(frames[0])
    rng = np.random.default_rng(0)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(200):
        content = bytearray(whole)
        # half of them in the header, where most can go wrong
        position = int(rng.integers(len(content) if rng.random() < 0.5 else 6000))
        kind = rng.integers(4)
        if kind == 0:
            content[position] ^= 1 << rng.integers(8)
        elif kind == 1:
            content[position : position + rng.integers(1, 50)] = b""
        elif kind == 2:
            content[position:position] = rng.bytes(int(rng.integers(1, 50)))
        else:
            content = content[:position]
        file.write_bytes(content)
        outcome = opened(file)
        outcomes["refused" if isinstance(outcome, str) else "read"] += 1
        if isinstance(outcome, str):
            assert str(file) in outcome
            assert "\n" not in outcome
        else:
            np.testing.assert_array_equal(outcome.predict(frames[0]), answer)
    assert outcomes["refused"] > 150, outcomes


def test_steps_fitted_by_another_scikit_learn(frames, tmp_path):
    scaler = StandardScaler().fit(frames[0])
    file = save(scaler, tmp_path / "scaler")

    def change(header, _):
        versions = json.loads(header["versions"]) | {"scikit-learn": "0.1"}
        header["versions"] = json.dumps(versions)

    rewritten(file, change)
    with pytest.warns(InconsistentVersionWarning, match=r"0\.1"):
        load(file)


def test_the_card_stands_beside_it(regressor, file):
    card = file.with_suffix(".md").read_text()
    assert "Infers the expression of 5 genes from 8 landmark genes" in card
    assert f"load({file.name!r})" in card
    correlation = regressor.per_gene_quality_["correlation"].median()
    assert f"| correlation, median gene | {correlation:.3f} |" in card
