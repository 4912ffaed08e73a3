"""
What changed between two reports on the same county: two years, or two versions of the data.

From their bundles alone (results.json): nothing is computed again but sums of what the bundles say.
"""

from balancelab.changes.bundle import Bundle, NotComparable, read_bundle
from balancelab.changes.comparing import Comparison, compare

__all__ = ["Bundle", "Comparison", "NotComparable", "compare", "read_bundle"]
