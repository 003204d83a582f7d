"""Which genes differ between groups of samples, and whether inferred profiles say the same."""

from sklearn_dgex.differential_expression._agreement import de_agreement
from sklearn_dgex.differential_expression._moderated_t import moderated_t
from sklearn_dgex.differential_expression._study import DEAgreementStudy

__all__ = ["DEAgreementStudy", "de_agreement", "moderated_t"]
