"""What the simulator predicts of published experiments, and how it was verified.

``python -m sx_sim.validation`` writes the report and its pictures.
"""

from sx_sim.validation.document import document, write

__all__ = ["document", "write"]
