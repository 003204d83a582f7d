"""Which gene each probe measures, and lists of genes."""

from __future__ import annotations

import pandas as pd

from sklearn_dgex.datasets._formats._fields import split_quoted
from sklearn_dgex.datasets._formats._text import STRING_COST, TextFile, shown
from sklearn_dgex.utils.genes import is_no_gene

SEPARATORS = (b"\t", b",", b";")
PROBES = ("probe set id", "probe_set_id", "pr_id", "probe", "probe_id", "probeset", "id_ref", "id")
GENES = ("gene symbol", "gene_symbol", "genesymbol", "pr_gene_symbol", "symbol", "gene", "genes")
LIST_HEADERS = {*PROBES, *GENES, "gene_id", "geneid", "gene id", "pr_gene_id", "ensembl", "name"}
COMMENTS = (b"#", b"!", b"^")  # above the table, in files of Affymetrix and GEO
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
    "pr_gene_symbol", "symbol", "gene". Without such names, the first of two columns is the probe.

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
    with TextFile(path) as text:
        rows = _rows(text)
        line, header = next(rows, (1, []))
        names = [name.strip().lower() for name in header]
        probe, gene = _found(names, PROBES), _found(names, GENES)
        has_header = probe is not None and gene is not None
        is_dgex = not has_header and len(header) == 3 and header[1].startswith("ENS")
        if not has_header and not is_dgex and len(header) != 2:
            raise text.refuse(
                "name a column of probes and one of gene symbols, or have two columns",
                f"{len(header)}: {', '.join(map(shown, header[:5]))}",
                "name them 'probe' and 'gene'",
                line=line,
            )
        if not has_header:
            probe, gene = (2, 0) if is_dgex else (0, 1)
            starts_with_names = not is_dgex and bool({*names} & {*PROBES, *GENES})
        pairs: dict[tuple[str, str], None] = {}
        if not has_header and not starts_with_names:
            pairs.update(_pairs(text, line, header, probe, gene, is_dgex))
        for line, fields in rows:
            pairs.update(_pairs(text, line, fields, probe, gene, is_dgex))
            text.check_memory(5 * STRING_COST * len(pairs), f"{len(pairs):,} pairs", line)
        if not pairs:
            raise text.refuse("be followed by probes with genes", "none", "check the file")
    return pd.DataFrame(list(pairs), columns=["probe", "gene"], dtype=str)


def read_gene_list(path) -> list[str]:
    """Read names of genes: one a line, or the first column of a table.

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
    """
    with TextFile(path) as text:
        genes: list[str] = []
        for line, fields in _rows(text, comments=(b"#",)):
            if genes or fields[0].strip().lower() not in LIST_HEADERS:
                genes.append(fields[0].strip())
            text.check_memory(STRING_COST * len(genes), f"{len(genes):,} genes", line)
        genes = [gene for gene in genes if gene]
        if not genes:
            raise text.refuse("name a gene", "no line that does", "check the file", line=1)
    return genes


def _rows(text: TextFile, comments=COMMENTS):
    """Yield number and fields of each line that is neither blank nor a comment above the table."""
    separator = None
    while (line := text.next_line()) is not None:
        if not line.strip() or (separator is None and line.lstrip(b'"').startswith(comments)):
            continue
        if separator is None:
            separator = max(SEPARATORS, key=line.count)
        text.check_memory(STRING_COST * line.count(separator), "a line of many fields")
        yield text.n_lines, [text.decode(field) for field in split_quoted(text, line, separator)]


def _found(names: list[str], known: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _pairs(text, line: int, fields: list[str], probe: int, gene: int, is_dgex: bool):
    if max(probe, gene) >= len(fields):
        raise text.refuse(
            f"have at least {max(probe, gene) + 1} fields", str(len(fields)), "mend it", line=line
        )
    probes = fields[probe].split(",") if is_dgex else [fields[probe]]
    genes = [name.strip() for name in fields[gene].split(SEVERAL)]
    return {
        (name.strip(), symbol): None
        for name in probes
        for symbol in genes
        if name.strip() and not is_no_gene(symbol)
    }
