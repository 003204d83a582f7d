"""The Triton kernels against torch, by Triton's interpreter, which needs no GPU.

Triton reads TRITON_INTERPRET when it is imported: so each test runs a process of its own.
"""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None, reason="Triton is not installed"
)

START = """
import copy, json
import torch
from sklearn_dgex.training import Nadam, nadam
from sklearn_dgex.training.cuda import capability, descent, dropping

capability.runs_kernels = lambda device: True
generator = torch.Generator().manual_seed(0)
SETTINGS = dict(lr=1e-2, momentum_decay=4e-3, eps=1e-7)

def parameters(*shapes):
    return [torch.nn.Parameter(torch.randn(s, generator=generator)) for s in shapes]

def gradient(step, value):
    noise = torch.randn(value.shape, generator=torch.Generator().manual_seed(step))
    return 10.0 ** (step % 7 - 4) * noise + 0.1 * value.detach()

def difference(values, expected):
    pairs = zip(values, expected, strict=True)
    return max(((a.double() - b).norm() / b.norm()).item() for a, b in pairs)
"""


def interpreted(script, interpret="1"):
    """What a script prints, as JSON."""
    environment = os.environ | {"TRITON_INTERPRET": interpret, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", START + script],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize(("decay", "n_steps"), [(0.1, 1000), (0.0, 50)])
def test_a_thousand_steps_equal_torchs(decay, n_steps):
    found = interpreted(f"""
descent.BLOCK = 128
mine = parameters((3, 67))  # one block and a half
theirs, start = copy.deepcopy(mine), copy.deepcopy(mine)
exact = [torch.nn.Parameter(p.detach().double()) for p in mine]
contestants = [(mine, Nadam(mine, weight_decay={decay}, **SETTINGS))] + [
    (p, torch.optim.NAdam(p, weight_decay={decay}, decoupled_weight_decay=True, **SETTINGS))
    for p in (theirs, exact)
]
for step in range({n_steps}):
    for values, optimizer in contestants:
        for value in values:
            value.grad = gradient(step, value).to(value.dtype)
        optimizer.step()
def states(contestant, name):
    return [contestant[1].state[value][name] for value in contestant[0]]
print(json.dumps(dict(
    moved=min((a - b).abs().min().item() for a, b in zip(mine, start)),
    counted=[states(c, n)[0].item() for n in ("step", "mu_product") for c in contestants[:2]],
    moments=[
        difference(*[states(c, name) for c in contestants[:2]])
        for name in ("exp_avg", "exp_avg_sq")
    ],
    apart=difference(mine, theirs),
    from_exact=[difference(values, exact) for values in (mine, theirs)],
)))
""")
    assert found["moved"] > 0
    steps, same_steps, product, same_product = found["counted"]
    assert steps == same_steps == n_steps
    assert product == same_product
    assert max(found["moments"]) < 1e-6
    assert found["apart"] < 1e-6
    mine, theirs = found["from_exact"]  # float32 rounds each step's sum, here as in torch
    assert mine < theirs + 1e-6


def test_the_state_goes_on_in_torchs_own():
    found = interpreted("""
mine = parameters((5, 13), ())
theirs = copy.deepcopy(mine)
optimizer = Nadam(mine, **SETTINGS)
reference = torch.optim.NAdam(theirs, decoupled_weight_decay=True, **SETTINGS)
def run(optimizer, values, steps):
    for step in steps:
        for value in values:
            value.grad = gradient(step, value)
        optimizer.step()
run(optimizer, mine, range(10))
again = torch.optim.NAdam(mine, decoupled_weight_decay=True, **SETTINGS)
again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
run(again, mine, range(10, 20))
optimizer.load_state_dict(copy.deepcopy(again.state_dict()))
run(optimizer, mine, range(20, 30))
run(reference, theirs, range(30))
print(json.dumps(difference(mine, theirs)))
""")
    assert found < 1e-6


def test_rounded_gradients_and_copies():
    found = interpreted("""
mine = [p.detach() for p in parameters((3, 701))]
state = dict(mean=torch.zeros(3, 701), square=torch.zeros(3, 701))
twin = {name: value.clone() for name, value in state.items()}
theirs = [p.clone() for p in mine]
rounded = torch.empty(3, 701, dtype=torch.bfloat16)
for step in range(20):
    numbers = nadam.StepNumbers(0.9, 0.1, 0.999, 0.001, 0.3, 1e-4, 1e-2, 0.999)
    g = gradient(step, theirs[0]).bfloat16()
    piece = nadam.Piece(mine[0], g, **state, copy=rounded)
    nadam.Nadam.descend([piece], torch.tensor(numbers) if step % 2 else numbers)
    nadam._descend_in_chunks(nadam.Piece(theirs[0], g.float(), **twin), numbers)
print(json.dumps(dict(
    values=difference(mine, theirs),
    copy=((rounded - mine[0]).abs() / mine[0].abs()).max().item(),
)))
""")
    assert found["values"] < 1e-6
    assert found["copy"] <= 2**-7  # the interpreter cuts digits off, where a GPU rounds


def test_the_trial_run_tells_a_kernel_that_does_not_work():
    found = interpreted("""
descent.try_out(torch.device("cpu"))
descent.descend = type("Broken", (), {"__getitem__": lambda self, grid: lambda *a, **k: None})()
try:
    descent.try_out(torch.device("cpu"))
except RuntimeError as error:
    print(json.dumps(str(error)))
""")
    assert found.startswith("Triton's kernel came to 1.0")


def test_the_same_entries_are_dropped_as_by_torch():
    found = interpreted("""
from sklearn_dgex.nn.dropout import Dropout, dropped
cases = []
for rate in (0.001, 0.25, 0.9):
    for dtype in (torch.float32, torch.bfloat16):
        dropout = Dropout(rate)
        keys = torch.tensor(dropout.draw_keys())
        h = torch.randn(3, 5, 413, generator=generator).to(dtype).transpose(0, 1)
        gradient = torch.randn(h.shape, generator=generator).to(dtype)
        results = []
        for drop in (dropped, dropping.dropped):
            leaf = h.clone().requires_grad_()
            result = drop(leaf, keys, dropout.threshold)
            result.backward(gradient)
            results.append((result.detach(), leaf.grad))
        tight = dict(rtol=0, atol=0) if dtype == torch.float32 else dict(rtol=2**-7, atol=0)
        for a, b in zip(*results):
            torch.testing.assert_close(a, b, **tight)
            assert torch.equal(a == 0, b == 0)
        cases.append(float((results[0][0] == 0).float().mean() - rate))
dropping.try_out(torch.device("cpu"))
print(json.dumps(cases))
""")
    assert len(found) == 6
    assert max(map(abs, found)) < 0.02


def test_a_recorded_step_with_the_kernels_trains_as_by_autograd():
    found = interpreted("""
from sklearn_dgex.nn import TowerNetwork
from sklearn_dgex.training.cuda.graphed import GraphedStep
from sklearn_dgex.training.losses import ProfileLoss
from sklearn_dgex.training.cuda.staging import StagedBatch

class Again:
    def warm_up(self, run):
        run()
    def record(self, run):
        return run

network = TowerNetwork(7, 9, 5, n_towers=2, n_folds=2, dropout=0.3, generator=generator)
twin, start = copy.deepcopy(network), copy.deepcopy(network)
for module in (network, twin):
    for dropout in module.dropouts:
        dropout.generator = torch.Generator().manual_seed(4)
        break
    for other in module.dropouts:
        other.generator = module.dropouts[0].generator
loss, optimizer = ProfileLoss("huber"), Nadam(network.parameters(), lr=1e-2)
step = GraphedStep(network, optimizer, loss, precision="float32", recorder=Again())
reference = torch.optim.NAdam(twin.parameters(), decoupled_weight_decay=True, **SETTINGS)
gaps = []
for _ in range(6):
    x = torch.randn(1, 8, 7, generator=generator)
    y = torch.randn(1, 8, 9, generator=generator)
    reference.zero_grad()
    expected = loss(twin(x), y)
    expected.backward()
    reference.step()
    gaps.append(abs(step(StagedBatch(x, y)) - expected).item())
print(json.dumps(dict(
    loss=max(gaps),
    weights=difference(network.parameters(), twin.parameters()),
    moved=difference(network.parameters(), [p + 1e-9 for p in start.parameters()]),
)))
""")
    assert found["loss"] < 1e-5
    assert found["weights"] < 1e-4
    assert found["moved"] > 1e-2


@pytest.mark.parametrize("generation", [80, 90])
def test_the_kernels_compile_for_a_gpu(generation, tmp_path):
    """Which needs none: memory is read and written by vectors, roots are rounded as IEEE says."""
    found = interpreted(
        f"""
import os
os.environ["TRITON_CACHE_DIR"] = {str(tmp_path)!r}
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

def compiled(kernel, constants, **kinds):
    signature = kinds | dict.fromkeys(constants, "constexpr")
    aligned = {{
        (n,): [["tt.divisibility", 16]]
        for n, kind in enumerate(signature.values()) if kind[0] == "*" or kind[:1] == "i"
    }}
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants, attrs=aligned)
    options = dict(enable_fp_fusion=True)
    made = triton.compile(source, target=GPUTarget("cuda", {generation}, 32), options=options)
    return made.asm["ptx"], len(made.asm["cubin"])

floats = dict.fromkeys(("parameter", "gradient", "mean", "square"), "*fp32")
rest = dict(copy="*bf16", numbers="*fp32", size="i32")
print(json.dumps([
    compiled(descent.descend, dict(COPIES=True, BLOCK=1024), **(floats | rest)),
    compiled(
        descent.descend, dict(COPIES=True, BLOCK=1024), **(floats | rest | dict(gradient="*bf16"))
    ),
    compiled(
        dropping.scale, dict(BLOCK=1024),
        source="*fp32", target="*fp32", keys="*i64", size="i32", threshold="i32", factor="fp32",
    ),
]))
""",
        interpret="0",
    )
    for ptx, size in found:
        assert size > 1000
        assert ".global.v4" in ptx
    for ptx, _ in found[:2]:
        assert "sqrt.rn.f32" in ptx
        assert "cvt.rn.bf16" in ptx
