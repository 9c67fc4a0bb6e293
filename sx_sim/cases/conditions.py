"""At what conditions a case compares distribution ratios, to order its rare earths."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from sx_sim.cascade.column import Column
from sx_sim.chemistry.series import Conditions, conditions_of, series_at


def along_series(column: Column, sources: Set[str] = frozenset()) -> Column:
    """Return a column with its rare earths in the order of its own conditions.

    Parameters
    ----------
    column : Column
    sources : set of str
        Names of feeds whose content follows from other circuits, so that it does not count.
    """
    system = column.system
    return column.along(series_at(system.extractant, own_conditions(column, sources)))


def own_conditions(column: Column, sources: Set[str] = frozenset()) -> Conditions:
    """Return the acidity that rare earths are fed at, and the fresh solvent's free dimer.

    A pH that is held in the section where they are fed counts rather than the liquor's own;
    several acidities by their geometric mean. Where rare earths come with the organic alone,
    it is the acidity of the liquors, and where there are none that of the set.
    """
    known = conditions_of(column.system.extractant)
    fed, liquors = [], []
    for feed in column.feeds:
        stream = feed.stream
        if stream.phase == "aqueous" and stream.name not in sources:
            liquors.append(stream.acid)
            if stream.reo > 0.0:
                stages = next(s for s in column.sections if s.first <= feed.stage <= s.last)
                held = [p.pH for p in column.set_points if stages.first <= p.stage <= stages.last]
                fed += [10.0**-pH for pH in held] or [stream.acid]
    acids = fed or liquors
    solvent = next(f.stream for f in column.feeds if f.stream.phase == "organic")
    free = solvent.carrier - float(solvent.concentration @ column.system.dimers)
    return Conditions(
        acid=float(np.exp(np.mean(np.log(acids)))) if acids else known.acid,
        dimer=free if free > 0.0 else known.dimer,
        temperature=float(column.temperature.mean()),
    )
