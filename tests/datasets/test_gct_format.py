"""GCT files are read as they are, written so that they are read the same, or refused by place."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_dgex.datasets import ExpressionTable, read_expression, read_gct, write_gct
from sklearn_dgex.datasets._formats.metadata import unique_names

SMALL = (
    "#1.3\n"
    "3\t2\t2\t3\n"
    "id\tsymbol\tnumber\ts1\ts1\n"
    "cell\tna\tna\tA375\t-666\n"
    "dose\tna\tna\t0.5\tNA\n"
    "day\tna\tna\t3\t4\n"
    "NA\tMARCH1\t7\t1.5\tNaN\n"
    "1\tnan\t8\t-2\t3e2\n"
    "inf\tTP53\t007\t\t0\n"
)


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.gct"
    path.write_text(SMALL)
    return path


def test_names_stay_names_and_metadata_gets_its_type(small):
    table = read_gct(small)
    assert list(table.expression.columns) == ["NA", "1", "inf"]
    assert list(table.expression.index) == ["s1", "s1"]  # ids may repeat
    assert (table.expression.dtypes == np.float32).all()
    expected = [[1.5, -2, np.nan], [np.nan, 300, 0]]
    np.testing.assert_array_equal(table.expression.to_numpy(), expected)
    assert table.samples["cell"].isna().tolist() == [False, True]
    assert table.samples["dose"].tolist()[0] == 0.5
    assert table.samples["dose"].isna().tolist() == [False, True]
    assert table.samples["day"].dtype == np.int64
    assert table.genes["symbol"].fillna("missing").tolist() == ["MARCH1", "missing", "TP53"]
    assert table.genes["number"].tolist() == ["7", "8", "007"]  # 007 is no number


def test_version_1_2_has_a_description(tmp_path):
    path = tmp_path / "a.gct"
    path.write_bytes(
        b"\xef\xbb\xbf#1.2\t\t\r\n1\t2\r\nName\tDescription\ta\tb\r\n1_at\tx y\t1\t2\r\n"
    )
    table = read_gct(path, dtype="float64")
    assert table.expression.to_numpy().tolist() == [[1.0], [2.0]]
    assert table.genes["Description"].tolist() == ["x y"]
    assert table.samples.shape == (2, 0)


def real(name):
    folder = os.environ.get("SKLEARN_DGEX_DATA")
    path = Path(folder or "") / "l1000" / name
    if not folder or not path.exists():
        pytest.skip(f"{name} is not in the folder named by SKLEARN_DGEX_DATA")
    return path


@pytest.mark.parametrize(
    ("name", "shape", "n_fields"),
    [
        ("LJP009_QNORM_n371x978.gct", (371, 978), (34, 8)),
        ("cmapPy_test_l1000.gct", (377, 978), (35, 11)),
        ("cmapPy_test_l1000.gctx", (377, 978), (37, 11)),  # is GCT, whatever its name
    ],
)
def test_real_files_hold_what_pandas_finds_in_them(name, shape, n_fields):
    path = real(name)
    table = read_expression(path)
    assert table.shape == shape
    assert (table.samples.shape[1], table.genes.shape[1]) == n_fields
    cells = pd.read_csv(path, sep="\t", skiprows=2, dtype=str, keep_default_na=False, header=None)
    n_sample_fields, n_gene_fields = n_fields
    body = cells.iloc[1 + n_sample_fields :, 1 + n_gene_fields :].to_numpy().astype(np.float32)
    np.testing.assert_array_equal(table.expression.to_numpy(), body.T)
    assert list(table.genes.index) == cells.iloc[1 + n_sample_fields :, 0].tolist()
    assert list(table.samples.index) == cells.iloc[0, 1 + n_gene_fields :].tolist()
    assert table.samples["pert_dose"].dtype == np.float64
    assert table.genes["pr_gene_symbol"].tolist()[:2] == ["PSME1", "CISD1"]


def test_two_real_files_of_the_same_plate_agree():
    one, other = (read_expression(real(f"cmapPy_test_l1000.{end}")) for end in ("gct", "gctx"))
    pd.testing.assert_frame_equal(one.genes, other.genes)
    # one holds expression and the other z-scores, of the same samples
    assert one.samples["provenance_code"].unique().tolist() == ["KMV+F2D+INO+QNO"]
    same = [name for name in one.samples if name != "provenance_code"]
    pd.testing.assert_frame_equal(one.samples[same], other.samples[same])


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n\0"), max_size=6)
texts = names.filter(lambda text: text not in {"", "-666", "-666.0", "NA", "na", "nan", "NaN"})


@st.composite
def tables(draw):
    shape = draw(st.tuples(st.integers(0, 4), st.integers(1, 4)))
    samples, genes = (draw(st.lists(names, min_size=n, max_size=n)) for n in shape)
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    floats = st.floats(width=32 if dtype is np.float32 else 64, allow_infinity=False)
    values = draw(st.lists(floats, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    values = np.array(values, dtype).reshape(shape)
    word = st.one_of(texts.filter(lambda t: not t.lstrip("-").isdigit()), st.none())
    about = {
        "text": draw(st.lists(word, min_size=shape[1], max_size=shape[1])),
        "whole": draw(st.lists(st.integers(0, 2**53), min_size=shape[1], max_size=shape[1])),
        "real": draw(st.lists(st.floats(0.001, 1e9), min_size=shape[1], max_size=shape[1])),
    }
    samples, genes = pd.Index(samples, dtype=str), pd.Index(genes, dtype=str)
    about = pd.DataFrame(about, index=genes)
    expression = pd.DataFrame(values, samples, genes)
    return ExpressionTable(expression, pd.DataFrame(index=samples), about)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(table=tables(), end=st.sampled_from([".gct", ".gct.gz"]))
def test_what_is_written_is_read_the_same(tmp_path_factory, table, end):
    path = tmp_path_factory.mktemp("gct") / f"a{end}"
    write_gct(table, path)
    read = read_gct(path, dtype=table.expression.to_numpy().dtype)
    # pandas before 3.1 may miss the last digit of a float64
    pd.testing.assert_frame_equal(
        read.expression, table.expression, check_exact=False, rtol=1e-15, atol=0
    )
    assert read.genes["text"].fillna("-").tolist() == table.genes["text"].fillna("-").tolist()
    assert read.genes["whole"].tolist() == table.genes["whole"].tolist()
    assert read.genes["real"].tolist() == table.genes["real"].tolist()


def test_version_1_2_is_written_with_the_description_alone(small, tmp_path):
    table = read_gct(small)
    path = tmp_path / "b.gct"
    write_gct(table, path, version="1.2")
    assert path.read_text().splitlines()[3] == "NA\tna\t1.5\tNaN"
    described = table.genes.assign(Description=["x", "y", "z"])
    write_gct(ExpressionTable(table.expression, table.samples, described), path, version="1.2")
    assert read_gct(path).genes["Description"].tolist() == ["x", "y", "z"]


def test_flags_are_written_as_ones_and_zeros(small, tmp_path):
    table = read_gct(small)
    genes = table.genes.assign(flag=[True, False, True])
    write_gct(ExpressionTable(table.expression, table.samples, genes), tmp_path / "b.gct")
    assert read_gct(tmp_path / "b.gct").genes["flag"].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("#1.3", "#1.4", "Line 1 of .* must be '#1.2' or '#1.3'. Got '#1.4' instead"),
        ("3\t2\t2\t3", "3\t2", "Line 2 of .* must hold 4 counts: .* Got '3\\\\t2' instead"),
        ("3\t2\t2\t3", "3\t2\t2\t-3", "Line 2 of .* must hold 4 counts"),
        ("3\t2\t2\t3", "3\t1000000000\t2\t3", "Line 2 of .* must hold 4 counts"),
        ("3\t2\t2\t3", "3\t99999999\t2\t3", "Line 3 of .* must have 100,000,002 fields.* Got 5 "),
        ("3\t2\t2\t3", "999999999\t2\t2\t3", "Line 2 .* how many rows follow. Got 999,999,999 for"),
        ("3\t2\t2\t3", "3\t2\t2\t5", r"Line 2 .* how many rows follow. Got 3 for 1 "),
        ("3\t2\t2\t3", "3\t2\t2\t99", "must have 5 fields, as line 2 says. Got 0"),
        ("A375\t-666", "A375", "Line 4 of .* must have 5 fields, as line 2 says. Got 4 instead"),
        ("1.5\tNaN", "1.5", "Line 7 of .* must have 5 fields, as the header says. Got 4 instead"),
        ("-2\t3e2", "-2\t3e", "Line 8, column 5 of .* must be a number.* Got '3e' instead"),
        ("-2\t3e2", "-2\t1,5", "Line 8, column 5 of .* must be a number.* Got '1,5' instead"),
        ("-2\t3e2", "-2\t1_0", "Line 8, column 5 of .* must be a number.* Got '1_0' instead"),
        ("-2\t3e2", "1e39\t1", "Line 8, column 4 of .* must fit into float32. Got '1e39' instead"),
        ("-2\t3e2", "-2\t3\0", "Line 8 of .* must be plain text. Got a NUL byte instead"),
        ("TP53", "TP\r53", "Line 9 of .* Got a carriage return within it"),
        ("TP53", "TP\udcff53", "Line 9 of .* must be UTF-8 text. Got the byte 0xff after 'TP'"),
    ],
)
def test_damage_is_one_sentence_with_its_place(tmp_path, old, new, sentence):
    path = tmp_path / "damaged.gct"
    assert old in SMALL
    path.write_bytes(SMALL.replace(old, new).encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=sentence) as caught:
        read_gct(path)
    assert "damaged.gct" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_whole_numbers_that_a_float_would_change_stay_text(tmp_path):
    path = tmp_path / "a.gct"
    head = "#1.3\n2\t1\t4\t0\nid\tgap\twhole\thuge\tshort\ts1\n"
    row, other = "9007199254740993\t9007199254740993\t12345678901234567890\t7", "NA\t8\t1\tNA"
    path.write_text(f"{head}x\t{row}\t1\ny\t{other}\t2\n")
    genes = read_gct(path).genes
    assert genes["gap"].tolist()[0] == "9007199254740993"
    assert genes["gap"].isna().tolist() == [False, True]
    assert genes["whole"].tolist() == [9007199254740993, 8]
    assert genes["whole"].dtype == np.int64
    assert genes["huge"].tolist() == ["12345678901234567890", "1"]
    np.testing.assert_array_equal(genes["short"], [7.0, np.nan])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(names=st.lists(st.sampled_from(["a", "a.1", "a.2", "a.1.1", "b", ""]), max_size=12))
def test_names_of_metadata_become_unique(names):
    unique = unique_names(names)
    assert len(set(unique)) == len(names)
    assert [u for u in unique if u in names] == list(dict.fromkeys(names))  # the first keeps its
    assert all(u == n or u.startswith(f"{n}.") for u, n in zip(unique, names, strict=True))


def test_names_of_metadata_are_numbered():
    assert unique_names(["a", "a", "b", "a"]) == ["a", "a.1", "b", "a.2"]
    assert unique_names(["a", "a", "a.1"]) == ["a", "a.2", "a.1"]


def test_infinity_is_a_value_where_it_is_written(tmp_path):
    path = tmp_path / "a.gct"
    path.write_text("#1.2\n1\t2\nName\tDescription\ta\tb\nx\ty\tinf\t-Infinity\n")
    assert read_gct(path).expression.to_numpy().ravel().tolist() == [np.inf, -np.inf]


def test_names_that_would_break_a_line_are_not_written(small, tmp_path):
    table = read_gct(small)
    path = tmp_path / "b.gct"
    bad = ExpressionTable(table.expression, table.samples, table.genes.assign(x=["a", "b\tc", "d"]))
    with pytest.raises(ValueError, match=r"values of 'x' must have no tab.* Got 1 instead"):
        write_gct(bad, path)
    assert not path.exists()
    with pytest.raises(ValueError, match=r"'version' parameter must be '1.2' or '1.3'"):
        write_gct(table, path, version="2")
    with pytest.raises(ValueError, match=r"must be an ExpressionTable or a frame.* Got ndarray"):
        write_gct(table.expression.to_numpy(), path)
    with pytest.raises(
        ValueError, match=r"'dtype' parameter must be float32 or float64. Got 'int8"
    ):
        read_gct(small, dtype="int8")
