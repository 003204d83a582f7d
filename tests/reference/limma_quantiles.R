# Rscript limma_quantiles.R expression.csv out.csv
# Samples stand in rows, as in Python; limma wants them in columns.
suppressPackageStartupMessages(library(limma))
arguments <- commandArgs(trailingOnly = TRUE)
expression <- t(as.matrix(read.csv(arguments[1], row.names = 1, check.names = FALSE)))
normalised <- t(normalizeQuantiles(expression, ties = TRUE))
# 17 significant digits bring every double back to the bit
digits <- ifelse(is.na(normalised), "", formatC(normalised, digits = 17, format = "g"))
write.csv(digits, arguments[2], quote = FALSE)
