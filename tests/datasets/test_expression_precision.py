"""Numbers are kept to the digits of the dtype, or refused, and never become others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_dgex.datasets import (
    ExpressionTable,
    expression_writer,
    read_expression,
    read_gctx,
    write_expression,
    write_gctx,
)
from sklearn_dgex.datasets._formats.precision import PrecisionError, converted

h5py = pytest.importorskip("h5py", reason="h5py is not installed")
BOUNDS = {"i4": (-(2**31), 2**31 - 1), "i8": (-(2**63), 2**63 - 1), "u8": (0, 2**64 - 1)}


@st.composite
def whole_numbers(draw):
    dtype = draw(st.sampled_from([*BOUNDS, "f8"]))
    low, high = BOUNDS.get(dtype, (-(2**53), 2**53))
    number = draw(st.integers(low, high))
    if draw(st.booleans()):  # one of few digits, in base two
        number = max(low, min(high, (number % 2**25 - 2**24) << draw(st.integers(0, 39))))
    return np.array([[number, 1, 0]], dtype=dtype), number


@settings(max_examples=300, deadline=None, derandomize=True)
@given(given_number=whole_numbers(), dtype=st.sampled_from([np.float32, np.float64]))
def test_a_whole_number_stays_the_same_or_is_refused(given_number, dtype):
    values, number = given_number
    if int(dtype(number)) == number:  # Python compares them exactly
        assert int(converted(values, np.dtype(dtype), "x")[0, 0]) == number
    else:
        with pytest.raises(PrecisionError, match=f"Got {number:,} instead"):
            converted(values, np.dtype(dtype), "x")


def test_measured_values_are_rounded_and_infinite_ones_stay():
    values = np.array([[1 / 3, 1e10 / 3, -np.inf, np.nan, 1.5 * 2.0**60 + 2.0**10]])
    np.testing.assert_array_equal(converted(values, np.dtype("f4"), "x"), values.astype("f4"))


def frame_of(*values):
    return pd.DataFrame([values], ["s"], [f"g{i}" for i in range(len(values))])


@pytest.mark.parametrize("end", ["a.gctx", "a.gct", "a.csv"])
def test_counts_beyond_float32_are_not_written_as_others(tmp_path, end):
    def write(dtype, block):
        about = {"samples": ["s"], "genes": ["g0", "g1"], "dtype": dtype}
        with expression_writer(tmp_path / end, **about) as writer:
            writer.write(block)

    counts = frame_of(2**24 + 1, 5)
    for act in (
        lambda: write(np.float32, counts),
        lambda: write(np.float32, counts.to_numpy(dtype=float)),
        lambda: write_expression(counts, tmp_path / end, dtype=np.float32),
    ):
        with pytest.raises(ValueError, match=r"up to 16,777,216. Got 16,777,217 instead.*float64"):
            act()
    for act in (
        lambda: write(np.float64, counts),
        lambda: write_expression(counts, tmp_path / end),
        lambda: write_expression(counts, tmp_path / end, dtype="float64"),
    ):
        act()
        assert read_expression(tmp_path / end, dtype=float).expression.iloc[0, 0] == 2**24 + 1


def test_gctx_keeps_the_precision_of_the_table(tmp_path):
    path = tmp_path / "a.gctx"
    for dtype in (np.float32, np.float64):
        write_expression(frame_of(0.1, 2.0).astype(dtype), path)
        with h5py.File(path) as file:
            assert file["0/DATA/0/matrix"].dtype == dtype
    for write in (write_expression, write_gctx):
        write(frame_of(0.1, 2.0), path, dtype="float32")
        with h5py.File(path) as file:
            assert file["0/DATA/0/matrix"].dtype == np.float32


@pytest.mark.parametrize("dtype", ["i4", "u8", "f8"])
def test_gctx_of_large_counts_is_read_in_double_precision_alone(tmp_path, dtype):
    with h5py.File(tmp_path / "a.gctx", "w") as file:
        file["0/DATA/0/matrix"] = np.array([[2**24 + 1, 7]], dtype)
        file["0/META/COL/id"], file["0/META/ROW/id"] = [b"s"], [b"g0", b"g1"]
    with pytest.raises(ValueError, match=r"a.gctx' must fit .* Got 16,777,217 .*dtype='float64'"):
        read_gctx(tmp_path / "a.gctx")
    read = read_gctx(tmp_path / "a.gctx", dtype=np.float64)
    assert read.expression.to_numpy().tolist() == [[2**24 + 1, 7]]
    assert read_gctx(tmp_path / "a.gctx", genes=["g1"]).expression.iloc[0, 0] == 7


def test_whole_numbers_of_metadata_are_kept_whatever_their_size(tmp_path):
    samples = pd.DataFrame(
        {
            "large": np.array([2**64 - 1, 5], np.uint64),
            "gap": pd.array([2**60 + 1, None], "Int64"),
            "small": pd.array([3, None], "Int64"),
            "none": pd.array([None, None], "Int64"),
            "least": np.array([-(2**63), 5]),
        },
        index=["s", "t"],
    )
    expression = pd.DataFrame(np.zeros((2, 1)), samples.index, ["g"])
    table = ExpressionTable(expression, samples, pd.DataFrame(index=["g"]))
    write_gctx(table, tmp_path / "a.gctx")
    read = read_gctx(tmp_path / "a.gctx").samples
    assert read["large"].tolist() == [2**64 - 1, 5]
    assert read["least"].tolist() == [-(2**63), 5]
    assert read["gap"].iloc[0] == str(2**60 + 1)  # text, for a float would be another number
    assert read["small"].iloc[0] == 3
    assert read[["gap", "small", "none"]].isna().to_numpy().tolist() == [[0, 0, 1], [1, 1, 1]]


def test_a_gap_beside_a_large_number_of_another_tool_is_no_reason_to_round(tmp_path):
    write_gctx(pd.DataFrame(np.zeros((3, 1)), [*"stu"], ["g"]), tmp_path / "a.gctx")
    with h5py.File(tmp_path / "a.gctx", "a") as file:
        file["0/META/COL/large"] = np.array([2**60 + 1, -666, 5])
        file["0/META/COL/small"] = np.array([3, -666, 5])
    read = read_gctx(tmp_path / "a.gctx").samples
    assert read["large"].dropna().tolist() == [str(2**60 + 1), "5"]
    assert read["small"].dropna().tolist() == [3.0, 5.0]
    assert read.isna().to_numpy().tolist() == [[0, 0], [1, 1], [0, 0]]
