"""The speed benchmarks compare like with like, and their tables say what was measured."""

import itertools

import numpy as np
import pytest
import torch

from sklearn_dgex.nn import TowerNetwork

N_LANDMARKS, N_TARGETS = 7, 11


@pytest.fixture(scope="module")
def bench(import_benchmark):
    """The modules of benchmarks/speed."""
    names = ("_by_hand", "_contestants", "_keras_net", "_memory", "import_time", "predict", "train")
    return {name: import_benchmark("speed", name) for name in names}


@pytest.fixture
def tables(import_benchmark, monkeypatch):
    """The module of tables, with cells that are made up: ``tables(name=cells)``."""
    module = import_benchmark("", "_speed_tables")

    def load(**made):
        monkeypatch.setattr(module, "cells", lambda name, folder: made[name])
        return module

    return load


def make_network(**sizes):
    """A network of odd width whose every parameter is random; CR-D-GEX unless told otherwise."""
    sizes = {"n_towers": 5, "n_folds": 2, "skip_connection": True} | sizes
    network = TowerNetwork(N_LANDMARKS, N_TARGETS, 9, **sizes)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(generator=torch.Generator().manual_seed(parameter.numel()))
    return network.eval()


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def make_profiles(n_samples=24, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, N_LANDMARKS)).astype("f4")
    y = rng.normal(size=(n_samples, N_TARGETS)).astype("f4")
    return X, y


ARCHITECTURES = [
    pytest.param(dict(n_towers=k, n_folds=folds, skip_connection=skip), id=f"{k}-{folds}-{skip}")
    for k, folds, skip in [(1, 1, False), (5, 2, True), (5, 1, True), (2, 2, False)]
]


@pytest.mark.parametrize("sizes", ARCHITECTURES)
@pytest.mark.parametrize("name", ["HandWrittenNetwork", "PerTowerNetwork"])
def test_networks_by_hand_compute_the_same(bench, name, sizes):
    network = make_network(**sizes)
    by_hand = getattr(bench["_by_hand"], name)(network).eval()
    x = torch.from_numpy(make_profiles()[0])
    torch.testing.assert_close(by_hand(x), network(x), rtol=1e-4, atol=1e-4)
    assert count(by_hand) == count(network)


@pytest.mark.parametrize("name", ["HandWrittenNetwork", "PerTowerNetwork"])
def test_networks_by_hand_drop_neurons_where_they_should(bench, name):
    """Only after the last hidden layer, of which nothing is left, so that the bias remains."""
    network = make_network(dropout=[0.0, 0.0, 0.999999])
    by_hand = getattr(bench["_by_hand"], name)(network).train()
    output = network.output_activation
    nothing = (output.alpha * output.gamma + output.delta)[0].expand(24, -1)
    x = torch.from_numpy(make_profiles()[0])
    torch.testing.assert_close(by_hand(x), nothing)
    assert not torch.allclose(by_hand.eval()(x), nothing)


def test_loops_over_the_same_network_train_alike(bench):
    contestants, by_hand = bench["_contestants"], bench["_by_hand"]
    data = [torch.from_numpy(values) for values in make_profiles()]
    loops = [
        contestants.Loop("a", make_network(), *data, batch_size=6, n_members=1),
        *(
            contestants.Loop("b", written(make_network()), *data, batch_size=6, n_members=None)
            for written in (by_hand.HandWrittenNetwork, by_hand.PerTowerNetwork)
        ),
    ]
    losses = [[] for _ in loops]
    for loop, of_loop in zip(loops, losses, strict=True):
        torch.manual_seed(0)
        for _ in range(3):
            assert loop.run(1)[0] > 0
            of_loop.append(loop.mean_loss)
    assert losses[0][0] > losses[0][1] > losses[0][2]
    np.testing.assert_allclose(losses[1:], [losses[0]] * 2, rtol=1e-5)


def test_loop_sees_every_sample_once_and_blends_landmarks_and_targets_alike(bench):
    x = torch.from_numpy(make_profiles()[0])
    loop = bench["_contestants"].Loop(
        "a", torch.nn.Linear(1, 1), x, 2 * x, batch_size=6, n_members=3, mixup=0.4
    )
    order = loop.order()
    assert order.shape == (3, len(x))
    assert (order.sort(1).values == torch.arange(len(x))).all()
    mixed_x, mixed_y = loop.mixed(x[order], 2 * x[order])
    torch.testing.assert_close(mixed_y, 2 * mixed_x)
    assert not torch.equal(mixed_x, x[order])
    assert mixed_x.min() >= x.min()


@pytest.mark.parametrize("n_towers", [1, 3])
def test_contestants_train_networks_of_one_size(bench, n_towers, monkeypatch):
    contestants, train = bench["_contestants"], bench["train"]
    monkeypatch.setattr(contestants, "backends", list)
    size = train.network(20, n_towers) | {"batch_size": 8}
    with contestants.contestants(
        *make_profiles(), contestants.PAPER | size, peers=True
    ) as taking_part:
        found = {one.name: one for one in taking_part}
        assert all(one.n_steps == 3 for one in taking_part)
        assert all(len(one.run(2)) == 2 and min(one.run(1)) > 0 for one in taking_part)
    ours = found[contestants.OURS]
    weights = [p for p in TowerNetwork(**ours.network).parameters() if p.shape[-2] > 1]
    n_needed = 6 * sum(weight.numel() for weight in weights) - 2 * weights[0].numel()
    assert train.products_flop(ours.network) == n_needed
    assert ours.network["input_dropout"] == ours.network["linear_path"] == 0
    assert ours.network["dropout"] == ([0.25] * 3 if n_towers == 1 else [0, 0.25, 0.25])
    same = [contestants.LOOP, contestants.BY_HAND] + [contestants.PER_TOWER] * (n_towers > 1)
    assert {found[name].n_parameters for name in same} == {ours.n_parameters}
    if n_towers == 1:
        logistic = found[contestants.LOGISTIC]
        assert logistic.n_parameters == found[contestants.MLP].n_parameters


def test_defaults_are_compared_with_a_loop_over_all_members(bench, monkeypatch):
    contestants = bench["_contestants"]
    with contestants.contestants(*make_profiles(40), {}, peers=False) as taking_part:
        ours, loop, *_ = taking_part
        assert ours.n_members == loop.n_members == 8
        assert ours.n_parameters == loop.n_parameters
        assert loop.blend is not None
        assert contestants.BY_HAND not in [one.name for one in taking_part]


@pytest.fixture
def keras_net(bench, monkeypatch):
    if not bench["_keras_net"].backends():
        pytest.skip("needs Keras and one of its backends")
    monkeypatch.setenv("KERAS_BACKEND", bench["_keras_net"].backends()[-1])
    return bench["_keras_net"]


@pytest.mark.parametrize("sizes", ARCHITECTURES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keras_network_computes_the_same(keras_net, sizes):
    network = make_network(**sizes)
    k, w = network.n_towers, network.tower_width
    model = keras_net.keras_network(network.arguments())
    weights = [network.input_weight[0].unflatten(-1, (k, w)).transpose(0, 1)]
    weights += [layer.weight[0] for layer in network.hidden_layers]
    numbers = ("alpha", "beta", "gamma", "delta")
    with torch.no_grad():
        for layer, tower in itertools.product(range(3), range(k)):
            model.get_layer(f"dense_{layer}_{tower}").set_weights([weights[layer][tower].numpy()])
            theirs = network.activations[layer]
            of_tower = [getattr(theirs, name)[0, tower, 0].numpy() for name in numbers]
            model.get_layer(f"taaf_{layer}_{tower}").set_weights(of_tower)
        model.get_layer("dense_output").set_weights([network.output_weight[0].numpy()])
        outputs = [getattr(network.output_activation, name)[0, 0].numpy() for name in numbers]
        model.get_layer("taaf_output").set_weights(outputs)
        x, _ = make_profiles()
        answers = np.asarray(model.predict(x, verbose=0))
        np.testing.assert_allclose(answers, network(torch.from_numpy(x)), rtol=1e-3, atol=1e-3)


def test_keras_trains_in_a_process_of_its_own(keras_net, tmp_path):
    network = make_network()
    case = {"network": network.arguments(), "batch_size": 8, "n_steps": 3}
    for name, values in zip("xy", make_profiles(), strict=True):
        case[name] = str(tmp_path / f"{name}.npy")
        np.save(case[name], values)
    child = keras_net.KerasChild(keras_net.backends()[-1], case)
    assert child.n_parameters == count(network)
    assert [len(child.run(n)) for n in (2, 1)] == [2, 1]
    child.close()
    assert child.process.returncode == 0


def test_ratios_are_those_of_the_rounds(bench):
    train, contestants = bench["train"], bench["_contestants"]
    names = (contestants.OURS, contestants.LOGISTIC, contestants.LOOP, contestants.MLP)
    rounds = [
        dict(zip(names, seconds, strict=True))
        for seconds in ((1, 2, 2, 4), (4, 2, 4, 4), (8, 2, 4, 4))
    ]
    ratios = train.all_ratios(rounds)
    assert ratios == {
        contestants.LOOP: {contestants.OURS: {"median": 1.0, "low": 0.5, "high": 2.0}},
        contestants.MLP: {
            contestants.OURS: {"median": 1.0, "low": 0.5, "high": 4.0},
            contestants.LOGISTIC: {"median": 2.0, "low": 2.0, "high": 2.0},
        },
    }


def test_cases_hold_whole_batches_and_quick_ones_few(bench):
    train = bench["train"]
    cases = {case.key: case for case in train.cases()}
    assert len(cases) == 2 + 1 + 2 * 3 * 3
    for key, n_steps in (
        ("width 1,000/5 towers/batch 64", 10),
        ("width 1,000/1 tower/batch 200", 3),
    ):
        X, y = train.samples(cases[key], quick=n_steps == 3)
        assert len(X) == len(y) == n_steps * cases[key].parameters["batch_size"]


def test_only_cells_of_the_same_commit_are_taken_over(bench, monkeypatch):
    train = bench["train"]
    results = {"a": {"environment": {"commit": "abc"}}, "b": {"environment": {"commit": "d-dirty"}}}
    monkeypatch.setattr(train, "ENVIRONMENT", {"commit": "abc"})
    assert [train.is_measured(results, key) for key in "abc"] == [True, False, False]
    monkeypatch.setattr(train, "ENVIRONMENT", {"commit": "d-dirty"})
    assert not train.is_measured(results, "b")


@pytest.fixture(scope="module")
def fitted(bench):
    predict = bench["predict"]
    with pytest.MonkeyPatch.context() as patch:
        for name, size in (("N_LANDMARKS", 30), ("N_TARGETS", 40), ("WIDTH", 20), ("BATCH", 64)):
            patch.setattr(predict, name, size)
        yield predict, predict.make_model(3)


def test_the_loop_by_hand_infers_what_predict_does(fitted):
    predict, model = fitted
    X = 3 + 2 * predict.make_profiles(150)
    expected = model.predict(X)
    np.testing.assert_allclose(predict.predict_by_hand(model, X), expected, rtol=1e-4, atol=1e-4)


def test_the_floor_of_prediction_has_the_products_of_the_network(fitted):
    predict, model = fitted
    products = predict.Products(model.networks_[0])
    x = torch.from_numpy(predict.make_profiles(100))  # a whole piece, and a part of one
    products.layers[0].normal_()
    products.run(x)
    h = products.layers[0][0, :36]
    for weight in products.hidden:
        h = h @ weight[0]
    torch.testing.assert_close(products.answer[:36], h @ products.output)
    torch.testing.assert_close(products.sums[:36], x[64:] @ products.first)


def test_the_peak_of_memory_is_that_since_it_was_forgotten(bench):
    memory = bench["_memory"]
    values = np.ones(20_000_000)
    del values
    if not memory.forget_peak():
        pytest.skip("the system does not forget a process's peak")
    before = memory.resident()
    assert memory.peak() - before < 1e7
    values = np.ones(10_000_000)
    del values
    assert 7.5e7 < memory.peak() - before < 1e8


def test_statements_are_compared_round_by_round(bench):
    clocks = {"cpu": 1.0, "torch": False}
    rounds = [
        {
            name: {"wall": wall, **clocks}
            for name, wall in zip(bench["import_time"].STATEMENTS, walls, strict=True)
        }
        for walls in ((1, 2, 3, 4, 6), (2, 2, 3, 9, 9), (1, 1, 1, 1, 2))
    ]
    cell = bench["import_time"].cell(rounds, "import sklearn_dgex")
    assert (cell["wall"], cell["beyond"]["import sklearn"]["wall"]) == (4, 3)


def test_statements_run_in_a_fresh_interpreter(bench):
    assert not bench["import_time"].run("import json")["torch"]
    assert bench["import_time"].run("import sys; sys.modules['torch'] = None")["torch"]


def training_cell(**more):
    peaks = {"sgemm": {"best": 100.0, "median": 90.0}, "copy": {"best": 20.0, "median": 18.0}}
    wide = {"low": 0.4, "high": 0.625}
    return {
        "n_parameters": 1_000_000,
        "products_flop": 200_000_000,
        "floor_bytes": 20_000_000,
        "peaks": peaks,
        "contestants": {
            "this package": {"seconds": 0.006, "gflops": 33.3, "share_of_sgemm": 0.333},
            "hand-written loop": {"seconds": 0.012},
            "Keras, torch": {"seconds": 0.024},
            "Keras, jax": {"seconds": 0.008},
        },
        "ratios": {
            "hand-written loop": {"this package": {"median": 0.5, **wide}},
            "Keras, torch": {"this package": {"median": 0.25, **wide}},
            "Keras, jax": {"this package": {"median": 0.75, **wide}},
        },
        **more,
    }


def row(table, begin):
    (found,) = [line for line in table.splitlines() if line.startswith(f"| {begin} |")]
    return [value.strip() for value in found.strip("|").split("|")]


def test_training_table(tables):
    names = [f"width 1,000/{k} towers/batch 200" for k in (12, 5)]
    table = tables(train={"machine": {}, **dict.fromkeys(names, training_cell())}).training_table()
    assert table.index("5 towers") < table.index("12 towers")
    expected = ["1.0 M", "6.0", "33", "33%", "0.50 (0.40-0.62)", "", "", "0.75 (0.40-0.62), JAX"]
    assert row(table, "width 1,000, 5 towers, batch 200")[1:] == [*expected, "", ""]


def test_training_table_with_another_precision(tables):
    cell = training_cell()
    cell["contestants"]["this package, precision auto"] = {"precision": "bfloat16"}
    cell["ratios"]["this package"] = {
        "this package, precision auto": {"median": 0.8, "low": 0.7, "high": 0.9}
    }
    table = tables(train={"a": cell, "b": training_cell()}).training_table()
    assert row(table, "a")[-1] == "0.80 (0.70-0.90), bfloat16"
    assert row(table, "b")[-1] == ""


def test_floor_table(tables):
    table = tables(train={"a": training_cell()}).floor_table()
    assert row(table, "a")[1:] == ["2.0", "1.0", "3.0", "6.0", "2.00 ×", "4.00 ×"]


def test_machine_line(tables):
    threads = dict(cores=2, torch_threads=2, torch_capability="AVX512")
    libraries = dict(torch_blas="MKL 1", numpy_blas="openblas 2", environment={"torch": "2.13.0"})
    machine = {"cpu": "A processor", **threads, **libraries}
    slow = training_cell(peaks={kind: {"best": 1.0, "median": 1.0} for kind in ("sgemm", "copy")})
    measured = {"machine": machine, "a": training_cell(), "b": slow, "c": training_cell()}
    text = tables(train=measured).machine_line()
    assert text.startswith("A processor, 2 cores; torch 2.13.0 with 2 threads")
    assert "100 GFLOP/s in float32 (median 90); copies: 20.0 GB/s" in text


def test_prediction_table(tables):
    ways = ("all at once", "in slices")
    ratio = {
        way: {"median": share, "low": 0, "high": 1}
        for way, share in zip(ways, (0.8, 0.9), strict=True)
    }
    cell = {
        "n_samples": 100_000,
        "n_rows": 10_000,
        "n_features_in": 942,
        "n_targets": 4759,
        "rounds": 3,
        "rates": {"all at once": 4000.0, "in slices": 5000.0, "matrix products alone": 6000.0},
        "ratios": {"matrix products alone": ratio},
        "peak": {way: {"beyond": n << 20} for way, n in zip(ways, (2048, 64), strict=True)},
    }
    table = tables(predict={"machine": {}, "width 1,000/1 tower": cell}).prediction_table()
    rows = [line for line in table.splitlines() if line.startswith("| width")]
    assert rows == [
        "| width 1,000, 1 tower | all at once | 4,000 | 0.80 × | 2,048 MiB |",
        "| width 1,000, 1 tower | in slices | 5,000 | 0.90 × | 64 MiB |",
    ]


def test_import_table(tables, bench):
    names = bench["import_time"].STATEMENTS
    measured = {
        name: {"wall": 0.5, "cpu": 0.25, "rounds": 11, "loads_torch": False, "beyond": {}}
        for name in names
    }
    measured["DGEXRegressor()"] |= {
        "loads_torch": True,
        "beyond": {"import sklearn": {"wall": 1.5}},
    }
    table = tables(import_time=measured).import_table()
    assert row(table, "`DGEXRegressor()`")[1:] == ["0.500", "0.250", "yes", "+1.500", "", ""]
    assert row(table, "`import sklearn`")[1:4] == ["0.500", "0.250", "no"]


def test_memory_table(tables):
    cell = {"n_parameters": 10**7, "data": 4e7, "added": 3e8, "needed": 2e8, "variant": "x"}
    keys = [f"width {w}/1 tower/x" for w in ("10,000", "3,000")]
    table = tables(memory=dict.fromkeys(keys, cell)).memory_table()
    assert row(table, "width 3,000, 1 tower")[1:] == ["x", "160", "40", "300", "1.50"]
    assert table.index("width 3,000") < table.index("width 10,000")
