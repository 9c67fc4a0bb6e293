"""Status codes of the column solver."""

CONVERGED = 0
ITERATION_LIMIT = 1
STALLED = 2
NOT_FINITE = 3
EXCESS_BASE = 4
