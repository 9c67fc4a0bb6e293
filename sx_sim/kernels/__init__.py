"""Numba kernels: arrays in, arrays and an integer status out.

Nothing here knows units, names, files or classes. Concentrations are mol/L,
flows L/h, and stage ``j`` counts from 0 in the direction of the organic flow.
"""

from sx_sim.kernels.cache import temporary_place

TEMPORARY = temporary_place()  # where kernels are kept for want of a better place, or nothing
