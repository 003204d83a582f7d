"""Which gene each probe measures, and lists of genes."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

import pandas as pd

from sklearn_dgex.datasets._formats.limits import STRING_COST
from sklearn_dgex.datasets._formats.text.fields import separator_of, split_quoted
from sklearn_dgex.datasets._formats.text.file import TextFile, shown
from sklearn_dgex.datasets._formats.text.titles import GENES, OF_GENES, PROBES, plain
from sklearn_dgex.utils.genes import is_no_gene

COMMENTS = (b"#", b"!", b"^")  # above the table, in files of Affymetrix and GEO
END = b"!platform_table_end"  # of a table of GEO
SEVERAL = "///"  # between the genes of a probe


def read_gene_map(path) -> pd.DataFrame:
    r"""Read which gene each probe of an array measures.

    Parameters
    ----------
    path : str or path-like
        Text, gzipped or not: a ``.chip`` file or another table with named columns of probes and of
        gene symbols; a list of D-GEX (symbol, Ensembl id, and probes separated by commas); or a
        table of two columns, probe and gene.

    Returns
    -------
    frame of shape (n_pairs, 2)
        Columns ``probe`` and ``gene``, both str: one row for each pair, in the file's order. A
        probe of several genes ("A /// B") has as many rows, and so has a gene of several probes.
        Probes without a gene (empty, "---", "-666" or "NA") are left out.

    Raises
    ------
    ValueError, OSError
        If the file is no such table; the message names the line.

    Notes
    -----
    Columns are found by their names: "Probe Set ID", "pr_id", "ID" and the like; "Gene Symbol",
    "pr_gene_symbol", "symbol", "gene". Case, spaces, dots and underscores do not matter. Without
    such names, the first of two columns is the probe.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_dgex.datasets import read_gene_map
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "array.chip"
    >>> _ = path.write_text("probe,gene\n1_at,H3F3A /// LOC440926\n2_at,---\n")
    >>> read_gene_map(path)
       probe       gene
    0  1_at       H3F3A
    1  1_at   LOC440926
    >>> folder.cleanup()
    """
    with TextFile(path, "a map of probes to genes") as text:
        rows = _rows(text)
        first = next(rows, (1, []))
        columns, is_titled = _columns_of(text, *first)
        pairs: dict[tuple[str, str], None] = {}
        for line, fields in rows if is_titled else chain([first], rows):
            pairs.update(_pairs(text, line, fields, columns, len(pairs)))
        if not pairs:
            raise text.refuse("be followed by probes with genes", "none", "check the file")
    return pd.DataFrame(list(pairs), columns=["probe", "gene"], dtype=str)


def read_gene_list(path) -> list[str]:
    r"""Read names of genes: one a line, or the first column of a table.

    Parameters
    ----------
    path : str or path-like
        Text, gzipped or not. Lines that begin with # are comments. A list of D-GEX is a table
        without header, whose first column holds symbols.

    Returns
    -------
    list of str
        As written, in the file's order, repeated names included.

    Raises
    ------
    ValueError, OSError
        If there is none.

    Notes
    -----
    A first line that only names the column ("gene", "symbol", "pr_gene_symbol", …) is no gene.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_dgex.datasets import read_gene_list
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "landmarks.txt"
    >>> _ = path.write_text("# of our assay\ngene\nTP53\nMYC\n")
    >>> read_gene_list(path)
    ['TP53', 'MYC']
    >>> folder.cleanup()
    """
    with TextFile(path, "a list of genes") as text:
        genes: list[str] = []
        for line, fields in _rows(text, comments=(b"#",)):
            if genes or plain(fields[0]) not in OF_GENES:
                genes.append(fields[0].strip())
            text.check_memory(STRING_COST * len(genes), f"{len(genes):,} genes", line)
        genes = [gene for gene in genes if gene]
        if not genes:
            raise text.refuse("name a gene", "no line that does", "check the file", line=1)
    return genes


class _Columns(NamedTuple):
    """Where probes and genes are, and whether a field may hold several probes."""

    probe: int
    gene: int
    is_dgex: bool = False


def _columns_of(text, line: int, header: list[str]) -> tuple[_Columns, bool]:
    """Where the columns are, and whether the first line holds their titles."""
    titles = [plain(name) for name in header]
    probe, gene = _found(titles, PROBES), _found(titles, GENES)
    if probe is not None and gene is not None:
        return _Columns(probe, gene), True
    if len(header) == 3 and header[1].startswith("ENS"):
        return _Columns(2, 0, is_dgex=True), False
    if len(header) != 2:
        raise text.refuse(
            "name a column of probes and one of gene symbols, or have two columns",
            f"{len(header)}: {', '.join(map(shown, header[:5]))}",
            "name them 'probe' and 'gene'",
            line=line,
        )
    return _Columns(0, 1), bool({*titles} & {*PROBES, *GENES})


def _found(titles: list[str], known: tuple[str, ...]) -> int | None:
    return next((titles.index(title) for title in known if title in titles), None)


def _rows(text: TextFile, comments=COMMENTS):
    """Yield number and fields of each line that is neither blank nor a comment above the table."""
    separator = None
    while (line := text.next_line()) is not None and not line.startswith(END):
        if not line.strip() or (separator is None and line.lstrip(b'"').startswith(comments)):
            continue
        number = text.n_lines
        if separator is None:
            following = text.next_line()
            separator = separator_of(line, following or b"")
            if following is not None:
                text.put_back(following)
        text.check_memory(STRING_COST * line.count(separator), "a line of many fields", number)
        fields = split_quoted(text, line, separator, number)
        yield number, [text.decode(field, number) for field in fields]


def _pairs(text, line: int, fields: list[str], columns: _Columns, n_before: int):
    probe, gene, is_dgex = columns
    if max(probe, gene) >= len(fields):
        raise text.refuse(
            f"have at least {max(probe, gene) + 1} fields", str(len(fields)), "mend it", line=line
        )
    n_probes = fields[probe].count(",") + 1 if is_dgex else 1
    n_genes = fields[gene].count(SEVERAL) + 1
    n_pairs = n_before + n_probes * n_genes
    text.check_memory(5 * STRING_COST * n_pairs, f"{n_pairs:,} pairs", line)
    probes = fields[probe].split(",") if is_dgex else [fields[probe]]
    genes = [name.strip() for name in fields[gene].split(SEVERAL)]
    return {
        (name.strip(), symbol): None
        for name in probes
        for symbol in genes
        if name.strip() and not is_no_gene(symbol)
    }
