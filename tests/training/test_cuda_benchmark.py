"""What of the benchmark for GPUs runs without one."""

import pytest
import torch

CPU = torch.device("cpu")
RATES = {"tf32": 2e12, "bfloat16": 8e12, "copy": 1e12}


@pytest.fixture
def bench(import_benchmark, monkeypatch):
    module = import_benchmark("speed", "gpu")
    monkeypatch.setattr(module, "N_LANDMARKS", 7)
    return module


@pytest.mark.parametrize("sizes", [{}, {"n_networks": 2}, {"n_towers": 5}])
def test_the_floor_counts_products_and_bytes(bench, sizes):
    module = bench.Case("any", n_targets=11, **sizes).module(CPU, width=20)
    facts = bench.floor(module, 200, "bfloat16", RATES)
    k, n = sizes.get("n_towers", 1), sizes.get("n_networks", 1)
    w = (module.networks[0] if n > 1 else module).tower_width
    assert facts["flop"] == 200 * n * (4 * 7 * k * w + 2 * 6 * k * w * w + 6 * w * 11)
    n_neurons = n * (3 * k * w + 11)
    assert facts["n_parameters"] == n * (7 * k * w + 2 * k * w * w + w * 11) + 4 * n_neurons
    expected = facts["flop"] / 8e12 + 28 * facts["n_parameters"] / 1e12
    assert facts["floor"] == pytest.approx(expected)


@pytest.mark.parametrize("way", ["no graph", "torch"])
def test_ways_without_a_graph_learn(bench, way):
    profiles = bench.random_profiles(24, 11, CPU)
    module = bench.Case("any", n_targets=11).module(CPU, width=20)
    batches = bench.batches_of(profiles, 8)
    step = bench.step_of(way, module, "float32")
    losses = [sum(float(step(batch)) for batch in batches) for _ in range(60)]
    assert losses[-1] < losses[0]
    assert bench.epoch(step, batches) > 0
    assert len(bench.rounds_of(step, profiles, 8, 3, 2)) == 3


def test_rates_and_products_are_measured(bench):
    rates = bench.peak_rates(CPU, side=64, copied=1000)
    assert {"float32", "bfloat16", "copy"} <= rates.keys()
    assert min(rates.values()) > 0
    module = bench.Case("any", n_targets=11).module(CPU, width=20)
    assert bench.products_alone(module, 8, "float32", CPU) > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_it_says_that_it_needs_a_gpu(bench, monkeypatch):
    monkeypatch.setattr("sys.argv", ["gpu.py"])
    with pytest.raises(SystemExit, match="needs a CUDA device"):
        bench.main()
