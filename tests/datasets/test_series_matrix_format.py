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


@pytest.mark.parametrize("content", [SERIES.encode(), gzip.compress(SERIES.encode())])
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
