"""Simulations as tables: a row per time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sx_sim.dynamics.record import SimulationResult
from sx_sim.store.simulations import SIGNALS

if TYPE_CHECKING:
    import pandas as pd


def course_of(found: SimulationResult) -> pd.DataFrame:
    """Return a simulation with a row per time; needs pandas.

    Columns are the time, then quantities of products, such as ``flow raffinate`` and
    ``purity_reo raffinate Nd``, single quantities, inputs and controllers. Left out are profiles,
    and what is never known, such as the purity of what is no rare earth.
    """
    import pandas as pd

    columns: dict[str, Any] = {"time [h]": found.time}
    for name, values in found.tables.items():
        labels = [found.products, found.species][: values.ndim - 1]
        for place in np.ndindex(*map(len, labels)):
            own = values[:, *place]
            if np.isfinite(own).any():
                words = (one[i] for one, i in zip(labels, place, strict=True))
                columns[" ".join([name, *words])] = own
    columns |= found.numbers
    columns |= {f"input {path}": values for path, values in found.inputs.items()}
    for name, values in found.controllers.items():
        for k, signal in enumerate(SIGNALS):
            columns[f"controller {name} {signal}"] = values[:, k]
    return pd.DataFrame(columns)
