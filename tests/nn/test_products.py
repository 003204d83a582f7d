import pytest
import torch

from sklearn_dgex.nn import products
from sklearn_dgex.nn.products import product

SHAPES = [
    ((7, 5), (5, 9)),
    ((3, 7, 5), (3, 5, 9)),
    ((2, 3, 7, 5), (2, 3, 5, 9)),
    ((1, 1, 1, 1), (1, 1, 1, 1)),
]


@pytest.fixture
def _all_large(monkeypatch):
    if not products._onednn_multiplies():
        pytest.skip("torch has no oneDNN here")
    monkeypatch.setattr(products, "LARGE", 0)


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.usefixtures("_all_large")
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("layout", ["plain", "transposed", "rows", "expanded"])
def test_large_products_are_torchs(monkeypatch, shapes, layout):
    a, b = (numbers(*shape, seed=seed) for seed, shape in enumerate(shapes))
    if layout == "transposed":
        a, b = a.mT.contiguous().mT, b.mT.contiguous().mT
    elif layout == "rows":
        a = torch.cat([a, a], -2)[..., 1 : 1 + a.shape[-2], :]
    elif layout == "expanded" and a.dim() > 2:
        a = a[:1].expand(a.shape)
    used, large = [], products._large_product
    monkeypatch.setattr(products, "_large_product", lambda *ab: (used.append(1), large(*ab))[1])
    with torch.no_grad():
        torch.testing.assert_close(product(a, b), a @ b)
    assert len(used) == a.shape[:-2].numel()


@pytest.mark.usefixtures("_all_large")
def test_torchs_own_product_is_taken_where_torch_watches(monkeypatch):
    a, b = numbers(7, 5), numbers(5, 9)
    monkeypatch.setattr(products, "_large_product", lambda *_: pytest.fail("not torch's"))
    assert product(a.requires_grad_(), b).requires_grad
    with torch.no_grad():
        assert product(a.double(), b.double()).dtype == torch.float64
        with torch.autocast("cpu", torch.bfloat16):
            assert product(a, b).dtype == torch.bfloat16
        monkeypatch.setattr(torch.jit, "is_tracing", lambda: True)
        torch.testing.assert_close(product(a, b), a @ b)


def test_small_products_and_machines_without_onednn_take_torchs(monkeypatch):
    a, b = numbers(7, 5), numbers(5, 9)
    monkeypatch.setattr(products, "_large_product", lambda *_: pytest.fail("small"))
    with torch.no_grad():
        assert torch.equal(product(a, b), a @ b)
        monkeypatch.setattr(products, "LARGE", 0)
        monkeypatch.setattr(products, "_onednn_multiplies", lambda: False)
        assert torch.equal(product(a, b), a @ b)
