"""How float32 products are set for a CUDA device: torch keeps the setting without one, too."""

import pytest
import torch

from sklearn_dgex.training.device import arithmetic

CUDA = torch.device("cuda")
MATMUL = torch.backends.cuda.matmul


def read(name):
    try:
        return getattr(MATMUL, name)
    except (AttributeError, RuntimeError) as error:
        return type(error)


def state():
    return read("allow_tf32"), read("fp32_precision"), overall()


def overall():
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return RuntimeError


@pytest.fixture(autouse=True)
def _torch_as_it_was():
    before = read("fp32_precision")
    yield
    torch.set_float32_matmul_precision("highest")
    if isinstance(before, str):
        MATMUL.fp32_precision = before


def by_neither():
    pass


def by_old_name():
    MATMUL.allow_tf32 = True


def by_new_name():  # after which torch refuses to read the old one
    MATMUL.fp32_precision = "tf32"


def by_medium():
    torch.set_float32_matmul_precision("medium")


def by_high():
    torch.set_float32_matmul_precision("high")


@pytest.mark.parametrize("was_set", [by_neither, by_old_name, by_new_name, by_medium, by_high])
@pytest.mark.parametrize("precision", ["tf32", "float32"])
def test_tf32_is_set_and_left_as_it_was(was_set, precision):
    if was_set is by_new_name and not isinstance(read("fp32_precision"), str):
        pytest.skip("this torch has the old name alone")
    was_set()
    before = state()
    with arithmetic(precision, CUDA):
        allowed, new, _ = state()
        assert allowed in (precision == "tf32", RuntimeError)
        assert new in ("tf32" if precision == "tf32" else "ieee", AttributeError)
    assert state() == before


def test_an_error_leaves_the_setting_as_it_was():
    before = state()
    with pytest.raises(KeyError), arithmetic("tf32", CUDA):
        raise KeyError
    assert state() == before
