"""Expression data: embedded (``load_*``), downloaded (``fetch_*``), synthetic (``make_*``).

And of one's own, in files: :func:`read_expression` and its like read and write them.
"""

from sklearn_dgex.datasets._ecoli import load_ecoli_precise
from sklearn_dgex.datasets._formats.delimited import read_delimited, write_delimited
from sklearn_dgex.datasets._formats.gct import read_gct, write_gct
from sklearn_dgex.datasets._formats.gctx import read_gctx, write_gctx
from sklearn_dgex.datasets._formats.gene_map import read_gene_list, read_gene_map
from sklearn_dgex.datasets._formats.h5ad import read_h5ad, write_h5ad
from sklearn_dgex.datasets._formats.reading import read_expression, write_expression
from sklearn_dgex.datasets._formats.series_matrix import read_series_matrix
from sklearn_dgex.datasets._formats.source import ExpressionSource, open_expression
from sklearn_dgex.datasets._formats.table import ExpressionTable
from sklearn_dgex.datasets._formats.writer import expression_writer
from sklearn_dgex.datasets._gdsc import fetch_gdsc_cell_lines
from sklearn_dgex.datasets._l1000_genes import fetch_l1000_genes
from sklearn_dgex.datasets._spellman import load_spellman_yeast
from sklearn_dgex.datasets._synthetic import make_expression
from sklearn_dgex.datasets._yeast_cell_cycle import fetch_yeast_cell_cycle

__all__ = [
    "ExpressionSource",
    "ExpressionTable",
    "expression_writer",
    "fetch_gdsc_cell_lines",
    "fetch_l1000_genes",
    "fetch_yeast_cell_cycle",
    "load_ecoli_precise",
    "load_spellman_yeast",
    "make_expression",
    "open_expression",
    "read_delimited",
    "read_expression",
    "read_gct",
    "read_gctx",
    "read_gene_list",
    "read_gene_map",
    "read_h5ad",
    "read_series_matrix",
    "write_delimited",
    "write_expression",
    "write_gct",
    "write_gctx",
    "write_h5ad",
]
