"""What tests of training share."""

import pytest
import torch


@pytest.fixture
def _threads():
    """Give torch its number of threads back after the test."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
