"""CSV and TSV files: numbers at their places whatever the dialect, names as they are written."""

import gc
import gzip
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_dgex.datasets import read_delimited, write_delimited
from sklearn_dgex.datasets._formats.text import file, numbers

FRAME = pd.DataFrame(
    [[1.5, np.nan, -3], [0.25, 1e-3, 4e6]],
    index=["s1", "s,2"],
    columns=["TP53", "NA", "1"],
    dtype=np.float32,
)
DIALECTS = {
    "plain.csv": b'g,s1,"s,2"\nTP53,1.5,0.25\nNA,,1e-3\n1,-3,4E6\n',
    "tab.tsv": b"\ts1\ts,2\nTP53\t1.5\t.25\nNA\tNaN\t0.001\n1\t-3.\t+4000000\n",
    "semicolon.txt": b"g;s1;s,2\r\nTP53;1.5;0.25\r\nNA;NA;1e-3\r\n1;-3;4e6\r\n\r\n",
    "bom_and_no_end.csv": b'\xef\xbb\xbfg,s1,"s,2"\nTP53,1.5,0.25\nNA,null,1e-3\n1,-3,4e6',
    "as_R_writes.csv": b'"s1","s,2"\n"TP53",1.5,0.25\n"NA",NA,1e-3\n"1",-3,4e6\n',
    "all_quoted.csv": b'"g","s1","s,2"\n"TP53","1.5","0.25"\n"NA","","1e-3"\n"1","-3","4e6"\n',
    "some_quoted.csv": b'g,s1,"s,2"\nTP53,"1.5",0.25\n"NA",,"1e-3"\n1,-3,4e6\n',
    "rows_end_in_one.csv": b'gene,s1,"s,2"\nTP53,1.5,0.25,\nNA,,1e-3,\n1,-3,4e6,\n',
    "all_end_in_one.csv": b'g,s1,"s,2",\nTP53,1.5,0.25,\nNA,,1e-3,\n1,-3,4e6,\n',
    "blank_lines.csv": b'\n\ng,s1,"s,2"\n\nTP53, 1.5 ,0.25\nNA,,1e-3\n\n\n1,-3,4e6\n\n',
    "old_mac.txt": b"g\ts1\ts,2\rTP53\t1.5\t0.25\rNA\tn/a\t1e-3\r1\t-3\t4e6\r",
}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("gzipped", [False, True])
def test_every_dialect_holds_the_same_table(tmp_path, name, gzipped):
    path = tmp_path / name  # gzip is told by content, not by name
    path.write_bytes(gzip.compress(DIALECTS[name], mtime=0) if gzipped else DIALECTS[name])
    table = read_delimited(path)
    pd.testing.assert_frame_equal(table.expression, FRAME)
    assert table.samples.shape == (2, 0)
    assert table.genes.shape == (3, 0)


@pytest.mark.parametrize("cells", [",1,2", "1,,2", "1,2,", ",,", ",,2"])
def test_empty_fields_are_missing_wherever_they_stand(tmp_path, cells):
    path = tmp_path / "a.csv"
    path.write_text(f"g,s1,s2,s3\nx,{cells}\ny,4,5,6\n")
    expected = [[float(cell) if cell else np.nan for cell in cells.split(",")], [4, 5, 6]]
    np.testing.assert_array_equal(read_delimited(path).expression.to_numpy().T, expected)
    path.write_text(f"g,s1,s2,s3\nx,{cells}\n")
    np.testing.assert_array_equal(read_delimited(path).expression.to_numpy().T, expected[:1])


def test_genes_may_be_in_columns(tmp_path):
    path = tmp_path / "a.csv"
    FRAME.to_csv(path)
    pd.testing.assert_frame_equal(read_delimited(path, genes="columns").expression, FRAME)
    pd.testing.assert_frame_equal(read_delimited(path).expression, FRAME.T)
    with pytest.raises(ValueError, match="'genes' parameter must be 'rows' or 'columns'"):
        read_delimited(path, genes="both")


def test_names_are_never_anything_but_names(tmp_path):
    genes = ["NA", "nan", "1", "1.0", "007", "inf", "MARCH1", "2024-03-01", "True", "", " x ", "µ"]
    path = tmp_path / "a.csv"
    path.write_text("g,1,1.0\n" + "".join(f"{gene},1,2\n" for gene in genes), encoding="utf-8")
    table = read_delimited(path)
    assert list(table.expression.columns) == genes
    assert list(table.expression.index) == ["1", "1.0"]
    assert {type(name) for name in table.expression.columns} == {str}


def test_numbers_are_pandas_own(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 50)) * 10.0 ** rng.integers(-30, 30, (60, 50))
    frame = pd.DataFrame(values, [f"g{i}" for i in range(60)], [f"s{i}" for i in range(50)])
    path = tmp_path / "a.csv"
    frame.to_csv(path)
    expected = pd.read_csv(path, index_col=0).T
    read = read_delimited(path, dtype=np.float64).expression
    pd.testing.assert_frame_equal(read, expected, check_names=False)
    np.testing.assert_array_equal(
        read_delimited(path).expression.to_numpy(), expected.to_numpy().astype(np.float32)
    )


@pytest.mark.parametrize("block", [64, 1000, 4096])
@pytest.mark.parametrize("end", ["csv", "csv.gz"])
def test_long_lines_and_many_blocks(tmp_path, monkeypatch, block, end):
    """Longer than what is parsed at once, in both directions."""
    for module in (file, numbers):
        monkeypatch.setattr(module, "BLOCK", block)
    values = np.arange(4000).reshape(2, -1).astype(np.float32)
    frame = pd.DataFrame(values, index=["a", "b"])
    frame.columns = frame.columns.astype(str)
    for genes in ("rows", "columns"):
        path = tmp_path / f"{genes}.{end}"
        write_delimited(frame, path, genes=genes)
        read = read_delimited(path, genes=genes).expression
        np.testing.assert_array_equal(read.to_numpy(), values)
        assert list(read.columns) == list(frame.columns)
    plain = gzip.decompress(path.read_bytes()) if end == "csv.gz" else path.read_bytes()
    path.write_bytes(plain.replace(b",3999\n", b",x\n"))
    with pytest.raises(ValueError, match=r"Line 3, column 2001 of .* Got 'x' instead"):
        read_delimited(path, genes="columns")


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=5)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    data=st.data(),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    end=st.sampled_from(["a.csv", "a.tsv", "a.txt.gz"]),
    genes=st.sampled_from(["rows", "columns"]),
)
def test_what_is_written_is_read_the_same(tmp_path_factory, data, shape, end, genes):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    floats = st.floats(width=32 if dtype is np.float32 else 64, allow_infinity=False)
    values = [
        data.draw(st.lists(floats, min_size=shape[1], max_size=shape[1])) for _ in range(shape[0])
    ]
    samples, ids = (data.draw(st.lists(names, min_size=n, max_size=n)) for n in shape)
    frame = pd.DataFrame(np.array(values, dtype), pd.Index(samples, dtype=str), ids)
    frame.columns = frame.columns.astype(str)
    path = tmp_path_factory.mktemp("csv") / end
    write_delimited(frame, path, genes=genes)
    separator = data.draw(st.sampled_from([None, "," if end == "a.csv" else "\t"]))
    read = read_delimited(path, genes=genes, separator=separator, dtype=dtype).expression
    # pandas before 3.1 may miss the last digit of a float64
    pd.testing.assert_frame_equal(read, frame, check_exact=False, rtol=1e-15, atol=0)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    ids=st.lists(names, min_size=2, max_size=4),
    separator=st.sampled_from(["|", " ", ":", ",", "\t", "#"]),
)
def test_any_separator_is_kept_out_of_names(tmp_path_factory, ids, separator):
    ids = [*ids, f"a{separator}b"]
    values = np.arange(3 * len(ids), dtype=np.float32).reshape(3, -1)
    frame = pd.DataFrame(values, ["s1", f"s{separator}2", "s3"], pd.Index(ids, dtype=str))
    path = tmp_path_factory.mktemp("csv") / "a.txt"
    write_delimited(frame, path, separator=separator)
    pd.testing.assert_frame_equal(
        read_delimited(path, separator=separator).expression, frame, check_index_type=False
    )


@pytest.mark.parametrize("separator", ["||", "", '"', "\n", "1", ".", "µ", 5])
def test_what_can_be_no_separator_is_refused(tmp_path, separator):
    sentence = "'separator' parameter must be one character that is no part of a number"
    path = tmp_path / "a.csv"
    with pytest.raises(ValueError, match=sentence):
        write_delimited(FRAME, path, separator=separator)
    assert not path.exists()
    write_delimited(FRAME, path)
    with pytest.raises(ValueError, match=sentence):
        read_delimited(path, separator=separator)


@pytest.mark.parametrize("last", ["NA", "NaN", "null"])
def test_a_last_sample_without_values_is_kept_under_a_header_of_R(tmp_path, last):
    path = tmp_path / "a.csv"
    path.write_text(f'"s1","s2"\n"g1",1,{last}\n"g2",3,{last}\n')
    read = read_delimited(path).expression
    assert list(read.index) == ["s1", "s2"]
    np.testing.assert_array_equal(read, [[1, 3], [np.nan, np.nan]])


@pytest.mark.parametrize(
    "content",
    [
        "gene,s1,s2\nx,1,\ny,3,\n,,\n , ,\n",
        'gene,s1,s2\nx,1,\n"","",""\ny,3,\n',
        "gene,s1,s2,,\nx,1,,,\ny,3,,,\n",
        "gene,s1,,s2\nx,1,,\ny,3,,\n",
        "gene,,s1,s2\nx,,1,\n,,,\ny,,3,\n",
    ],
)
def test_what_has_neither_name_nor_field_is_no_row_or_column(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_text(content)
    expected = pd.DataFrame([[1, 3], [np.nan, np.nan]], ["s1", "s2"], ["x", "y"], dtype=np.float32)
    pd.testing.assert_frame_equal(read_delimited(path).expression, expected)


def test_what_has_a_name_or_a_field_is_a_row_or_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("gene,s1,,s3\nx,,5,\n,,,7\ny,,NA,\nz,,,\n")
    read = read_delimited(path).expression
    assert list(read.index) == ["s1", "", "s3"]
    assert list(read.columns) == ["x", "", "y", "z"]
    nan = np.nan
    np.testing.assert_array_equal(read, [[nan] * 4, [5, nan, nan, nan], [nan, 7, nan, nan]])


@pytest.mark.parametrize(
    ("content", "samples", "genes"),
    [
        ('"s1"\n"x,y",1\n', ["s1"], ["x,y"]),  # one sample, as R writes it
        ("gene\ts,1;a\ts,2;b\nx\t1\t2\n", ["s,1;a", "s,2;b"], ["x"]),
        ('gene,"a;b;c;d"\nx,1\n', ["a;b;c;d"], ["x"]),
        ("gene;s1\nx;1\n", ["s1"], ["x"]),
    ],
)
def test_the_separator_is_found_outside_of_names(tmp_path, content, samples, genes):
    path = tmp_path / "a.txt"
    path.write_text(content)
    read = read_delimited(path).expression
    assert list(read.index) == samples
    assert list(read.columns) == genes


def test_whole_numbers_are_read_exactly_or_refused(tmp_path):
    path = tmp_path / "a.csv"
    counts = [2**24, 2**24 + 2, 2**30, 20_000_001, 123456790]
    path.write_text("gene,s1\n" + "".join(f"x,{count}\n" for count in counts))
    read = read_delimited(path, dtype="float64").expression.to_numpy().ravel()
    assert read.tolist() == counts
    with pytest.raises(ValueError, match=r"Line 5, column 2 of .* but not this one. Got '20000001"):
        read_delimited(path)
    path.write_text(path.read_text().replace("20000001", "20000001.5"))
    # the last is how a float32 is written
    np.testing.assert_array_equal(
        read_delimited(path).expression.to_numpy().ravel(),
        np.array([2**24, 2**24 + 2, 2**30, 20_000_001.5, 123456790], np.float32),
    )


def test_a_table_without_samples_or_genes_is_not_written(tmp_path):
    for empty in (FRAME.iloc[:0], FRAME.iloc[:, :0]):
        for genes in ("rows", "columns"):
            with pytest.raises(ValueError, match=r"at least one sample and one gene. Got none"):
                write_delimited(empty, tmp_path / "a.csv", genes=genes)
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("error::ResourceWarning")
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_gzipped_files_are_closed(tmp_path):
    path = tmp_path / "a.csv.gz"
    write_delimited(FRAME, path)
    pd.testing.assert_frame_equal(read_delimited(path).expression, FRAME)
    path.write_bytes(gzip.compress(b"g,s1\nx,y\n", mtime=0))
    with pytest.raises(ValueError, match="Line 2, column 2"):
        read_delimited(path)
    with pytest.raises(ValueError, match="must have no line break or NUL in them"):
        write_delimited(FRAME.rename(index={"s1": "a\nb"}), path)
    gc.collect()


def test_pandas_reads_what_is_written(tmp_path):
    for end in ("csv", "csv.gz"):
        write_delimited(FRAME, tmp_path / f"a.{end}", genes="columns")
        read = pd.read_csv(tmp_path / f"a.{end}", index_col=0).astype(np.float32)
        pd.testing.assert_frame_equal(read, FRAME, check_names=False)
    text = (tmp_path / "a.csv").read_text().replace("4000000", "4e+06")  # as older numpys have it
    assert text == 'sample,TP53,NA,1\ns1,1.5,NA,-3\n"s,2",0.25,0.001,4e+06\n'


def test_equal_tables_make_equal_files(tmp_path):
    write_delimited(FRAME, tmp_path / "a.csv.gz")
    write_delimited(FRAME, tmp_path / "b.csv.gz")
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Line 1 of .* must name the columns. Got an empty file"),
        (b"\n\n", "must name the columns. Got an empty file"),
        (b"g,s1\n", "must be followed by rows of numbers. Got the end of the file"),
        (b"a b c\n1 2 3\n", "must have 2 fields, as the header says. Got 1, of which the first"),
        (b"g,s1\nx,1\ny,2,3\n", "Line 3 of .* must have 2 fields, as the header says. Got 3"),
        (b"g,s1\nx,1\ny\n", "Line 3 of .* must have 2 fields.* Got 1 instead"),
        (b"g,s1\nx,1,2,3\n", "Line 2 of .* must have 2 fields.* Got 4, of which the first is 'x'"),
        (b"g,s1,s2\nx,1,kinase\n", "Line 2, column 3 of .* must be a number.* Got 'kinase'"),
        (b'g,s1,s2\nx,"1,5",2\n', "Line 2, column 2 of .* must be a number.* Got '1,5'"),
        (
            b'g,s1,s2\nx,"1,5"\n',
            "Line 2 of .* must have 3 fields.* Got 2, of which the first is 'x'",
        ),
        (b"g,s1\nx,TRUE\ny,FALSE\n", "Line 2, column 2 of .* must be a number.* Got 'TRUE'"),
        (b"g,s1\nx,2\ny,true\n", "Line 3, column 2 of .* must be a number.* Got 'true'"),
        (b"g,s1\nx,NA\ny,False\n", "Line 3, column 2 of .* must be a number.* Got 'False'"),
        (b"s1,s2\nx,1,\ny,2,\n", "Line 1 of .* as many fields as the rows. Got 2 for 3, of whi"),
        (b",,\ng,s1,s2\nx,1,2\n", "Line 1 of .* must name the columns. Got separators alone"),
        (b"g,,\nx,,\n", "Line 1 of .* must name the columns. Got none with a field"),
        (b"g,s1\nx,1\ny,16777217\n", "Line 3, column 2 of .* Got '16777217' .* dtype='float64'"),
        (b"g;s1\nx;1,5\n", "Line 2, column 2 of .* Got '1,5' instead; .* decimals with a point"),
        (b'g,s1\n"x,1\n', "Line 2 of .* must have quotes in pairs around whole fields"),
        (b'g,s1\nx,1\n"y\nz",1\n', "Line 3 of .* a field must end on its line"),
        (b'g,s1\n"x"y,1\n', "Line 2 of .* must have quotes in pairs"),
        (b"g,s1\nx,1\n\xb5,2\n", "Line 3 of .* must be UTF-8 text. Got the byte 0xb5"),
        (b"g,s1\nx,1\ny,2\xb5\n", "Line 3, column 2 of .* must be a number"),
        (b"g,s1\nx,1\ny,\0002\n", "Line 3 of .* must be plain text. Got a NUL byte"),
        (b"g,s1\nx,1\ny,2\x1f3\n", "Line 3, column 2 of .* must be a number. *"),
        ("g,s1\nx,1\n".encode("utf-16"), "Line 1 of .* must be UTF-8 text. Got UTF-16"),
        (b"g,s1\nx,1e999\n", "Line 2, column 2 of .* must fit into float32. Got '1e999'"),
        (b"g,s1\nx," + b"9" * 100 + b"x\n", "Got '9{40}…' instead"),
        (
            gzip.compress(b"g,s1\nx,1\n" * 999, mtime=0)[:-9],
            "must be whole gzipped text. Got an error",
        ),
        (b"\x1f\x8bxyz", "must be whole gzipped text. Got an error after line 0"),
        (
            gzip.compress(b"1," * (50 << 20), mtime=0),
            "less than 100 times its .* bytes, as tables do",
        ),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else None,
)
def test_damage_is_one_sentence_with_its_place(tmp_path, content, sentence):
    path = tmp_path / "damaged.csv"
    path.write_bytes(content)
    with pytest.raises((ValueError, OSError), match=sentence) as caught:
        read_delimited(path)
    assert "damaged.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_path_without_a_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must exist and be reachable. Got .*no\.csv'"):
        read_delimited(tmp_path / "no.csv")
    with pytest.raises(OSError, match=r"must be that of a file. Got .* which is a folder"):
        read_delimited(tmp_path)
    with pytest.raises(OSError, match="which is a device or pipe"):
        read_delimited("/dev/zero")


def test_a_name_with_a_line_break_is_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"must have no .*line break.* Got 1 instead \('a\\nb'\)"):
        write_delimited(FRAME.rename(index={"s1": "a\nb"}), tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())


def test_memory_is_that_of_the_numbers(tmp_path):
    """Names are shared, and nothing of a table is held twice."""
    import tracemalloc

    path = tmp_path / "a.csv"
    header = ",".join(["g", *(f"s{i}" for i in range(1000))])
    row = "g1" + ",0" * 1000
    path.write_text("\n".join([header, *[row] * 4000]))
    tracemalloc.start()
    table = read_delimited(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table.shape == (1000, 4000)
    assert peak < 16e6 + 30e6  # the numbers, and one block of text at work


def test_text_in_place_of_numbers_is_refused_at_once(tmp_path, monkeypatch):
    """So that it never becomes objects in memory."""
    read = []
    real = pd.read_csv

    def counted(stream: io.BytesIO, **options):
        read.append(len(stream.getvalue()))
        return real(stream, **options)

    monkeypatch.setattr(pd, "read_csv", counted)
    path = tmp_path / "a.csv"
    path.write_text("g,s1\n" + "x,text\n" * 500_000)
    with pytest.raises(ValueError, match="Line 2, column 2"):
        read_delimited(path)
    assert sum(read) < 1 << 20
