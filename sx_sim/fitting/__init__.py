"""Constants from laboratory isotherms, with their errors."""

from sx_sim.fitting.fit import Fit, fit
from sx_sim.fitting.isotherms import Isotherms

__all__ = ["Fit", "Isotherms", "fit"]
