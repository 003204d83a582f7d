import pytest
import torch

from sklearn_dgex.training import resolve_precision
from sklearn_dgex.training.device import BFLOAT16_WINS

CPU = torch.device("cpu")


@pytest.mark.parametrize("unit", ["_is_avx512_bf16_supported", "_is_amx_tile_supported", None])
def test_auto_takes_bfloat16_where_processors_have_units_and_networks_are_large(monkeypatch, unit):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda name=name: name == unit, raising=False)
    wins = "bfloat16" if unit else "float32"
    assert resolve_precision("auto", CPU, BFLOAT16_WINS) == wins
    assert resolve_precision("auto", CPU, BFLOAT16_WINS - 1) == "float32"
    assert resolve_precision("float32", CPU, BFLOAT16_WINS) == "float32"
    assert resolve_precision("auto", torch.device("cuda"), BFLOAT16_WINS) == "tf32"


def test_auto_does_without_torchs_answer(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert resolve_precision("auto", CPU, BFLOAT16_WINS) == "float32"
