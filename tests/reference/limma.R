# Rscript limma.R expression.csv design.csv out.csv COEFFICIENT
# Samples stand in rows, as in Python; limma wants them in columns. Trend and robust are off.
suppressPackageStartupMessages(library(limma))
arguments <- commandArgs(trailingOnly = TRUE)
read <- function(path) as.matrix(read.csv(path, row.names = 1, check.names = FALSE))
expression <- t(read(arguments[1]))
design <- read(arguments[2])
fit <- eBayes(lmFit(expression, design))
column <- arguments[4]
# 17 significant digits bring every double back to the bit
digits <- function(x) ifelse(is.na(x), "", formatC(x, digits = 17, format = "g"))
table <- data.frame(
  gene = rownames(expression),
  log_fold_change = digits(fit$coefficients[, column]),
  t = digits(fit$t[, column]),
  p_value = digits(fit$p.value[, column]),
  adjusted_p_value = digits(p.adjust(fit$p.value[, column], "BH")),
  df_prior = digits(fit$df.prior),
  variance_prior = digits(fit$s2.prior)
)
write.csv(table, arguments[3], row.names = FALSE, quote = FALSE)
