"""Where a GCTX file has what."""

MATRIX, GENES, SAMPLES = "0/DATA/0/matrix", "0/META/ROW", "0/META/COL"
VERSION = "GCTX1.0"
