"""The problems that are timed."""

import numpy as np

import sx_sim
from sx_sim.kernels.layout import Problem, packed, stacked
from sx_sim.kernels.types import Cascade, Law

REFERENCE = """
temperature = "25 degC"

[solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1.0 mol/L"
saponification = 0.2
flow = "600 L/h"

[feeds.clay]
composition = "longnan"
strength = "0.5 mol/L"
pH = 1.5
flow = "100 L/h"

[sections.extraction]
stages = {extraction}

[sections.scrub]
stages = {scrub}
acid = "{acid} mol/L"
flow = "75 L/h"
"""
# Held here, so that the timed problems stay what they are when the data improve.
LOG10_K = {
    "La": -3.133,
    "Ce": -2.478,
    "Pr": -2.242,
    "Nd": -2.079,
    "Sm": -1.096,
    "Eu": -0.699,
    "Gd": -0.47,
    "Tb": 0.346,
    "Dy": 0.748,
    "Ho": 1.036,
    "Y": 1.238,
    "Er": 1.418,
    "Tm": 1.942,
    "Yb": 2.493,
    "Lu": 2.744,
}
REFERENCE += "".join(f"\n[constants.{s}]\nlog10_K = {k}\n" for s, k in LOG10_K.items())
ACID = 1.7


def reference(stages: int, acid: float = ACID) -> sx_sim.Case:
    """Return an extraction and scrub column of 15 rare earths and sodium, loaded to 70 %."""
    return sx_sim.parse_case(
        REFERENCE.format(extraction=stages // 2, scrub=stages - stages // 2, acid=acid)
    )


def of_species(stages: int, species: int) -> tuple[Cascade, Law]:
    """Return the reference column with another number of species, sodium among them.

    The metals share the range of the reference's constants and its feed evenly.
    """
    cascade, law = reference(stages).column.pack()
    metals = np.linspace(0, 14, species - 1)
    sodium = cascade.feed.shape[1] - 1

    def spread(values: np.ndarray) -> np.ndarray:
        table = np.atleast_2d(values)
        old = np.arange(sodium)
        new = [np.append(np.interp(metals, old, row[:sodium]), row[sodium]) for row in table]
        return np.array(new) if values.ndim == 2 else new[0]

    feed = np.zeros((stages, species))
    fed = cascade.feed[:, :sodium].sum(axis=1, keepdims=True)
    feed[:, :-1] = fed / (species - 1)
    feed[:, -1] = cascade.feed[:, sodium]
    shared = (law.order_dimer, law.order_acid, law.dimers, law.charge)
    return cascade._replace(feed=feed), Law(
        spread(law.ln_k), *map(spread, shared), np.zeros((stages, species, 0)), law.least_acid
    )


def line(stages: int, count: int) -> Problem:
    """Return the reference column over a range of scrub acids, as one problem."""
    acids = np.linspace(0.97, 1.03, count) * ACID
    return stacked([packed(*reference(stages, acid).column.pack()) for acid in acids])
