"""GCT, the Connectivity Map's and GenePattern's text format."""

from __future__ import annotations

import numpy as np

from sklearn_dgex.datasets._formats.limits import STRING_COST
from sklearn_dgex.datasets._formats.metadata import (
    index_of,
    texts_of,
    typed_frame,
    unique_names,
)
from sklearn_dgex.datasets._formats.table import (
    ExpressionTable,
    as_table,
    named_columns,
    table_of,
    values_of,
)
from sklearn_dgex.datasets._formats.text.fields import RowFormat, read_header
from sklearn_dgex.datasets._formats.text.file import TextFile, shown
from sklearn_dgex.datasets._formats.text.numbers import check_dtype
from sklearn_dgex.datasets._formats.text.rows import read_rows
from sklearn_dgex.datasets._formats.text.writing import (
    check_writable,
    number_fields,
    text_writer,
)

VERSIONS = {b"#1.2": "1.2", b"#1.3": "1.3"}
TAB = b"\t"
FILLER, MISSING_NUMBER = "na", "NaN"  # the Connectivity Map's


def read_gct(path, *, dtype=np.float32) -> ExpressionTable:
    r"""Read a GCT file, version 1.2 or 1.3.

    Parameters
    ----------
    path : str or path-like
        Text, gzipped or not.
    dtype : dtype, default=numpy.float32
        Type of the values, float32 or float64. float32 keeps seven digits; whole numbers above
        16,777,216 that it does not have are refused.

    Returns
    -------
    ExpressionTable
        With the metadata of the file: of genes only ("Description") in version 1.2. A column of
        metadata is of numbers where all its fields are, and a float holds them: beside a gap,
        whole numbers of more than 15 digits may stay text. "-666", "NA", "nan" and an empty field
        are missing values.

    Raises
    ------
    ValueError, OSError
        If the file is not such a table; the message names the line and the column.

    References
    ----------
    Enache, O. M. et al. (2019). The GCTx format and cmap{Py, R, M, J} packages: resources for
    optimized storage and integrated traversal of annotated dense matrices. Bioinformatics 35,
    1427-1429.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_dgex.datasets import read_gct
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "small.gct"
    >>> rows = ["#1.2", "1\t2", "Name\tDescription\ts1\ts2", "7157\tTP53\t7.5\t8"]
    >>> _ = path.write_text("\n".join(rows))
    >>> table = read_gct(path)
    >>> table.expression
        7157
    s1   7.5
    s2   8.0
    >>> table.genes
         Description
    7157        TP53
    >>> folder.cleanup()
    """
    dtype = check_dtype(dtype)
    with TextFile(path) as text:
        version = _read_version(text)
        n_genes, n_samples, n_gene_fields, n_sample_fields = _read_sizes(text, version)
        names = _read_names(text, 1 + n_gene_fields + n_samples)
        gene_fields, samples = names[1 : 1 + n_gene_fields], names[1 + n_gene_fields :]
        about_samples = _read_sample_fields(text, n_sample_fields, n_gene_fields, n_samples)
        form = RowFormat(1 + n_gene_fields, n_samples, TAB, quoted=False)
        (ids, *about_genes), values, _ = read_rows(text, form, dtype)
        if len(ids) != n_genes:
            raise text.refuse(
                "say how many rows follow",
                f"{n_genes:,} for {len(ids):,}",
                "check that the file is whole",
                line=2,
            )
    return table_of(
        values.T,
        typed_frame(about_samples, index_of(samples)),
        typed_frame(dict(zip(unique_names(gene_fields), about_genes, strict=True)), index_of(ids)),
    )


def write_gct(table, path, *, version="1.3") -> None:
    r"""Write expression values as GCT.

    Parameters
    ----------
    table : ExpressionTable, or frame of shape (n_samples, n_genes)
        A frame has no metadata.
    path : str or path-like
        Gzipped if it ends in .gz. A file that is there is replaced once the new one is whole.
    version : {"1.3", "1.2"}, default="1.3"
        Version 1.2 has room for one field about genes and none about samples: "Description" if
        ``table.genes`` has it; the others are left out.

    Raises
    ------
    ValueError
        If an id or a field has a tab or a line break in it.
    OSError
        If the file cannot be written.

    Notes
    -----
    Numbers have as many digits as it takes to read the same back; a missing one is NaN, and a
    missing field of metadata -666, as in the files of the Connectivity Map. True is written 1.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from sklearn_dgex.datasets import write_gct
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "small.gct"
    >>> write_gct(pd.DataFrame({"TP53": [7.5, 8.0]}, index=["s1", "s2"]), path)
    >>> for line in path.read_text().splitlines():
    ...     print(line.split("\t"))
    ['#1.3']
    ['1', '2', '0', '0']
    ['id', 's1', 's2']
    ['TP53', '7.5', '8']
    >>> folder.cleanup()
    """
    table = as_table(table)
    with text_writer(path) as write:
        form = GCTForm(table.samples, table.genes, version)
        form.write_head(write)
        for i, values in enumerate(values_of(table).T):
            form.write_row(write, i, values)


class GCTForm:
    """All of a file but its numbers."""

    def __init__(self, samples, genes, version="1.3"):
        if version not in VERSIONS.values():
            raise ValueError(
                f"The 'version' parameter must be '1.2' or '1.3'. Got {version!r} instead."
            )
        self.version = version
        self._samples = check_writable(samples.index, "sample ids")
        self._genes = check_writable(genes.index, "gene ids")
        self._about_genes, self._about_samples = _fields(genes), _fields(samples)
        if version == "1.2":
            described = self._about_genes.get("Description", ["na"] * len(genes))
            self._about_genes, self._about_samples = {"Description": described}, {}

    def write_head(self, write) -> None:
        """Write all lines above the first gene."""
        sizes = [len(self._genes), len(self._samples)]
        if self.version == "1.3":
            sizes += [len(self._about_genes), len(self._about_samples)]
        write([f"#{self.version}"])
        write(map(str, sizes))
        write(["id" if self.version == "1.3" else "Name", *self._about_genes, *self._samples])
        for name, fields in self._about_samples.items():
            write([name, *[FILLER] * len(self._about_genes), *fields])

    def write_row(self, write, i: int, values: np.ndarray) -> None:
        """Write the values of a gene in all samples."""
        about = [fields[i] for fields in self._about_genes.values()]
        write([self._genes[i], *about, *number_fields(values, MISSING_NUMBER)])


def _fields(frame) -> dict[str, list[str]]:
    """Metadata as text, by the name of the field."""
    check_writable(frame.columns, "names of metadata")
    return {
        name: check_writable(texts_of(column), f"values of {name!r}")
        for name, column in named_columns(frame).items()
    }


def _read_version(text: TextFile) -> str:
    line = text.next_line() or b""
    version = VERSIONS.get(line.rstrip())
    if version is None:
        raise text.refuse("be '#1.2' or '#1.3'", shown(line), "check that it is a GCT file", line=1)
    return version


def _read_sizes(text: TextFile, version: str) -> list[int]:
    """Numbers of genes, samples, fields about genes and fields about samples."""
    line = text.next_line() or b""
    fields = line.rstrip().split(TAB)
    n_fields = 2 if version == "1.2" else 4
    if len(fields) != n_fields or not all(f.isdigit() and len(f) < 10 for f in fields):
        raise text.refuse(
            f"hold {n_fields} counts: of rows and columns"
            + (", and of metadata fields of both" if n_fields == 4 else ""),
            shown(line),
            "mend the line, or check that it is a GCT file",
            line=2,
        )
    sizes = list(map(int, fields))
    return [*sizes, 1, 0] if version == "1.2" else sizes


def _read_names(text: TextFile, n_expected: int) -> list[str]:
    line = text.next_line() or b""
    names = read_header(text, line, TAB, quoted=False)
    if len(names) != n_expected:
        raise text.refuse(
            f"have {n_expected:,} fields, as line 2 says",
            f"{len(names):,}",
            "check that the file is whole and separated by tabs",
            line=3,
        )
    return names


def _read_sample_fields(text, n_fields: int, n_gene_fields: int, n_samples: int) -> dict:
    """Metadata of samples by name of the field."""
    names, columns, same = [], [], {}
    for _ in range(n_fields):
        line = text.next_line()
        n_found = 0 if line is None else line.count(TAB) + 1
        if n_found != 1 + n_gene_fields + n_samples:
            raise text.refuse(
                f"have {1 + n_gene_fields + n_samples:,} fields, as line 2 says",
                f"{n_found:,}",
                "check that the file is whole and separated by tabs",
                line=max(text.n_lines, 4),
            )
        fields = text.decode(line).split("\t")
        names.append(fields[0])
        columns.append([same.setdefault(f, f) for f in fields[1 + n_gene_fields :]])
        cost = 2 * STRING_COST * len(same) + 8 * len(columns) * n_samples
        text.check_memory(cost, "metadata of samples")
    return dict(zip(unique_names(names), columns, strict=True))
