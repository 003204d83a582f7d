"""GEO's series matrix files: values by probe, and what is said of each sample."""

import gzip

import numpy as np
import pytest

from sklearn_dgex.datasets import read_expression, read_series_matrix

SERIES = (
    '!Series_title\t"A study"\n'
    '!Series_summary\t"said ""twice"""\n'
    "\n"
    '!Sample_title\t"A375, rep 1"\t"MCF7, rep 1"\t"A375, rep 2"\n'
    '!Sample_geo_accession\t"GSM1"\t"GSM2"\t"GSM3"\n'
    '!Sample_channel_count\t"1"\t"1"\t"1"\n'
    '!Sample_characteristics_ch1\t"cell line: A375"\t"cell line: MCF7"\t"dose: 10"\n'
    '!Sample_characteristics_ch1\t"dose: 0.5"\t""\t"cell line: A375"\n'
    '!Sample_characteristics_ch1\t"healthy"\t"note: a: b"\t"healthy"\n'
    '!Sample_data_processing\t"RMA"\t"RMA"\t"RMA"\n'
    '!Sample_data_processing\t"log2"\t"log2"\t"log2"\n'
    "!series_matrix_table_begin\n"
    '"ID_REF"\t"GSM1"\t"GSM2"\t"GSM3"\n'
    '"1007_s_at"\t7.5\t\t8\n'
    '"1053_at"\tnull\t6\t5.25\n'
    "!series_matrix_table_end\n"
)


@pytest.mark.parametrize("content", [SERIES.encode(), gzip.compress(SERIES.encode(), mtime=0)])
def test_values_and_samples_are_read(tmp_path, content):
    path = tmp_path / "GSE1_series_matrix.txt"
    path.write_bytes(content)
    table = read_expression(path)  # told by its first line
    assert list(table.expression.index) == ["GSM1", "GSM2", "GSM3"]
    assert list(table.expression.columns) == ["1007_s_at", "1053_at"]
    expected = [[7.5, np.nan], [np.nan, 6], [8, 5.25]]
    np.testing.assert_array_equal(table.expression.to_numpy(), expected)
    samples = table.samples
    assert samples["title"].tolist() == ["A375, rep 1", "MCF7, rep 1", "A375, rep 2"]
    assert samples["cell line"].tolist() == ["A375", "MCF7", "A375"]
    np.testing.assert_array_equal(samples["dose"], [0.5, np.nan, 10])
    assert samples["note"].tolist()[1] == "a: b"
    assert samples["characteristics_ch1.2"].fillna("-").tolist() == ["healthy", "-", "healthy"]
    assert samples["data_processing.1"].tolist() == ["log2"] * 3
    assert samples["channel_count"].dtype == np.int64


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("!series_matrix_table_end\n", "", "followed by '!series_matrix_table_end'. Got the end"),
        ("!series_matrix_table_begin\n", "", "Line 12 of .* must begin with '!'"),
        ("7.5\t\t8", "7.5\t8", "Line 14 of .* must have 4 fields, as the header says. Got 3"),
        ("7.5\t\t8", "7.5\tP\t8", "Line 14, column 3 of .* must be a number.* Got 'P'"),
        (
            '\t"GSM3"\n!Sample_ch',
            "\n!Sample_ch",
            "Line 5 of .* for each of 3 samples. Got 2 of geo",
        ),
        ('"1007_s_at"\t7.5\t\t8\n"1053_at"\tnull\t6\t5.25\n', "", "supplementary files"),
    ],
)
def test_damage_is_one_sentence_with_its_place(tmp_path, old, new, sentence):
    path = tmp_path / "damaged.txt"
    assert old in SERIES
    path.write_text(SERIES.replace(old, new))
    with pytest.raises(ValueError, match=sentence) as caught:
        read_series_matrix(path)
    assert "damaged.txt" in str(caught.value)


def test_a_file_that_ends_before_its_table_is_refused(tmp_path):
    path = tmp_path / "damaged.txt"
    path.write_text(SERIES[: SERIES.index("!series_matrix_table_begin")])
    with pytest.raises(ValueError, match="followed by '!series_matrix_table_begin'"):
        read_series_matrix(path)


def read(tmp_path, content):
    path = tmp_path / "GSE1_series_matrix.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_series_matrix(path)


def with_rows(*rows):
    return SERIES.replace(
        "!series_matrix_table_begin", "\n".join([*rows, "!series_matrix_table_begin"])
    )


def test_characteristics_stay_apart_from_other_fields(tmp_path):
    samples = read(
        tmp_path,
        with_rows(
            '!Sample_status\t"Public"\t"Public"\t"Public"',
            '!Sample_characteristics_ch1\t"status: case"\t"status: control"\t"status: case"',
            '!Sample_characteristics_ch1\t"description: x"\t""\t"description: y"',
            '!Sample_description\t"p"\t"q"\t"r"',
        ),
    ).samples
    assert samples["status"].tolist() == ["Public"] * 3
    assert samples["status (ch1)"].tolist() == ["case", "control", "case"]
    assert samples["description"].tolist() == ["p", "q", "r"]
    assert samples["description (ch1)"].fillna("-").tolist() == ["x", "-", "y"]


def test_the_channels_stay_apart(tmp_path):
    samples = read(
        tmp_path,
        with_rows(
            '!Sample_characteristics_ch1\t"tissue: liver"\t"tissue: lung"\t"sex: f"',
            '!Sample_characteristics_ch2\t"tissue: pool"\t"tissue: pool"\t"tissue: pool"',
            '!Sample_relation\t"SRA: a"\t"SRA: b"\t"SRA: c"',
        ),
    ).samples
    assert samples["tissue (ch1)"].fillna("-").tolist() == ["liver", "lung", "-"]
    assert samples["tissue (ch2)"].tolist() == ["pool"] * 3
    assert samples["sex"].fillna("-").tolist() == ["-", "-", "f"]
    assert samples["SRA"].tolist() == ["a", "b", "c"]
    assert "tissue" not in samples


def test_a_key_that_stands_twice_in_a_sample_keeps_both_values(tmp_path):
    row = '!Sample_characteristics_ch1\t"drug: {}"\t"drug: {}"\t""'
    samples = read(tmp_path, with_rows(row.format("a", "b"), row.format("c", "d"))).samples
    assert samples["drug"].fillna("-").tolist() == ["a; c", "b; d", "-"]


def test_samples_are_matched_by_their_accessions(tmp_path):
    ids = '"ID_REF"\t"GSM1"\t"GSM2"\t"GSM3"'
    table = read(tmp_path, SERIES.replace(ids, '"ID_REF"\t"GSM3"\t"GSM1"\t"GSM2"'))
    assert list(table.samples.index) == ["GSM3", "GSM1", "GSM2"]
    assert table.samples["geo_accession"].tolist() == ["GSM3", "GSM1", "GSM2"]
    assert table.samples["cell line"].tolist() == ["A375", "A375", "MCF7"]
    assert table.samples["note"].tolist()[2] == "a: b"
    np.testing.assert_array_equal(table.expression["1007_s_at"], [7.5, np.nan, 8])
    for others in ('"GSM3"\t"GSM1"\t"GSM4"', '"GSM3"\t"GSM1"\t"GSM1"'):
        with pytest.raises(ValueError, match=r"Line 5 of .* name each sample of the table once"):
            read(tmp_path, SERIES.replace(ids, f'"ID_REF"\t{others}'))


def test_a_field_may_go_on_in_the_next_line(tmp_path):
    content = SERIES.replace("said", "said\n\nin\tlines").replace('"A375, rep 1"', '"A375,\nrep 1"')
    table = read(tmp_path, content)
    assert table.samples["title"].tolist() == ["A375, rep 1", "MCF7, rep 1", "A375, rep 2"]
    assert table.shape == (3, 2)
    with pytest.raises(ValueError, match=r"Line 4 of .* quotes in pairs"):
        read(tmp_path, SERIES.replace('"A375, rep 1"', '"A375, rep 1'))
    with pytest.raises(ValueError, match=r"Line 18, column 2 of .* must be a number"):
        read(tmp_path, content.replace("5.25", "x").replace("null", "y"))


def test_metadata_may_be_in_latin_1(tmp_path):
    content = SERIES.replace("dose: 0.5", "unit: µM").replace("A study", "é").encode("latin-1")
    table = read(tmp_path, content)
    assert table.samples["unit"].tolist()[0] == "µM"
    assert (
        read(tmp_path, SERIES.replace("dose: 0.5", "unit: µM")).samples["unit"].tolist()[0] == "µM"
    )
    with pytest.raises(ValueError, match=r"must be UTF-8 text. Got the byte 0xb5"):
        read(tmp_path, SERIES.replace("1053_at", "µ").encode("latin-1"))
