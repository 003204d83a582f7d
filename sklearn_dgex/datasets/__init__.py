"""Expression data: embedded (``load_*``), downloaded (``fetch_*``) and synthetic (``make_*``)."""

from sklearn_dgex.datasets._ecoli import load_ecoli_precise
from sklearn_dgex.datasets._gdsc import fetch_gdsc_cell_lines
from sklearn_dgex.datasets._l1000_genes import fetch_l1000_genes
from sklearn_dgex.datasets._spellman import load_spellman_yeast
from sklearn_dgex.datasets._synthetic import make_expression
from sklearn_dgex.datasets._yeast_cell_cycle import fetch_yeast_cell_cycle

__all__ = [
    "fetch_gdsc_cell_lines",
    "fetch_l1000_genes",
    "fetch_yeast_cell_cycle",
    "load_ecoli_precise",
    "load_spellman_yeast",
    "make_expression",
]
