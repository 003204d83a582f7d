"""Titles that columns of probes, genes and samples have, in files of many sources."""

from __future__ import annotations

import re

# As `plain` gives them; the first that is found in a header is taken.
PROBES = ("probesetid", "prid", "probe", "probeid", "probeset", "idref", "id")
GENES = ("genesymbol", "prgenesymbol", "symbol", "gene", "genes")
OF_GENES = frozenset({*PROBES, *GENES, "geneid", "prgeneid", "ensembl", "name"})
OF_SAMPLES = frozenset({"sample", "samples", "sampleid", "cell", "cellid", "barcode"})
OF_OTHERS = frozenset(
    [
        "genename",
        "hugosymbol",
        "ensemblid",
        "targetid",
        "trackingid",
        "feature",
        "featureid",
        "transcript",
        "transcriptid",
        "rownames",
        "unnamed:0",
    ]
)
OF_ROWS = OF_GENES | OF_SAMPLES | OF_OTHERS | {""}


def plain(title: str) -> str:
    """Title without what sources write differently: "Gene Symbol", gene_symbol, Gene.Symbol."""
    return re.sub(r"[\s._]+", "", title).lower()
