"""BioSTEAM: the reference column as traces, every D constant along it.

BioSTEAM's multistage mixer-settlers take partition coefficients, not a distribution law, so
they are given those of the feed stage, and sx_sim's part is its elimination of the metals.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.column import TOLERANCE, Array, ln_distribution
from benchmarks.peers.contest import Contest, Finding, products, solve_ours
from benchmarks.problems import reference
from sx_sim.kernels.layout import packed
from sx_sim.kernels.metals import balance_metals
from sx_sim.kernels.types import Cascade

DILUTION = 1e-10  # of the metals, so that they leave the phases' flows as they are
BALANCED = 1e-6  # relative, for an answer to count as converged


def contest(stages: int) -> Contest:
    """Return the contest, with the metals' D of the feed stage everywhere."""
    with np.errstate():  # importing it changes how NumPy takes floating-point errors
        from biosteam.units.design_tools.MESH import bottom_flow_rates

    cascade, law = reference(stages).column.pack()
    answer = solve_ours(cascade, law, None, TOLERANCE)
    metals = np.flatnonzero(law.charge == 3.0)  # the solvent's base is not among the solutes
    feed_stage = int(cascade.feed[:, metals].sum(axis=1).argmax())
    d = np.exp(ln_distribution(law, answer.scalars))[feed_stage, metals]
    diluted = cascade._replace(feed=cascade.feed[:, metals] * DILUTION)
    unit = mixer_settlers(diluted, d, feed_stage)
    return Contest(
        f"constant D, {stages} stages",
        diluted.feed.sum(axis=0),
        partial(eliminate, diluted, packed(cascade, law).flows, np.tile(d, (stages, 1))),
        {
            "BioSTEAM, compiled mass balance": partial(mass_balance, bottom_flow_rates, diluted, d),
            "BioSTEAM, MultiStageMixerSettlers": partial(run, unit, metals.size),
        },
        partial(assess, diluted.feed.sum(axis=0)),
    )


def assess(fed: Array, leaving: Array) -> Finding:
    """Return how well what leaves (2, S) balances what is fed (S,)."""
    residual = float(np.abs(leaving.sum(axis=0) / fed - 1).max())
    converged = residual <= BALANCED
    return Finding(leaving, residual, converged, "converged" if converged else "unbalanced")


def eliminate(cascade: Cascade, flows: Array, d: Array) -> Array:
    """Return sx_sim's products (2, S) [mol/h]."""
    x, y = np.empty_like(d), np.empty_like(d)
    balance_metals(len(d), flows, cascade.feed, d, x, y, np.empty(d.shape[1]))
    return products(cascade, x, y)


def mass_balance(bottom_flow_rates: Callable[..., Array], cascade: Cascade, d: Array) -> Array:
    """Return BioSTEAM's products; its stages count from where the extract leaves."""
    factors = cascade.organic[::-1, None] * d / cascade.aqueous[::-1, None]
    all_passes = np.full(len(factors), -1.0)
    raffinate = bottom_flow_rates(factors, cascade.feed[::-1], all_passes, all_passes, len(factors))
    return np.stack([raffinate[-1], factors[0] * raffinate[0]])


def mixer_settlers(cascade: Cascade, d: Array, feed_stage: int) -> Any:
    """Return BioSTEAM's unit: scrub, feed and solvent, water and solvent immiscible.

    With as many moles as litres of either phase, ratios of mole fractions are D.
    """
    import biosteam
    import thermosteam

    names = tuple(f"M{i}" for i in range(d.size))
    invented = [
        thermosteam.Chemical(name, search_db=False, default=True, phase="l", MW=150.0)
        for name in ("Solvent", *names)
    ]
    thermosteam.settings.set_thermo(
        thermosteam.Chemicals([thermosteam.Chemical("Water"), *invented])
    )
    scrub = cascade.aqueous[-1]
    metals = dict(zip(names, cascade.feed[feed_stage], strict=True))
    return biosteam.MultiStageMixerSettlers(
        ins=(
            biosteam.Stream(Water=scrub),
            biosteam.Stream(Water=cascade.aqueous[0] - scrub, **metals),
            biosteam.Stream(Solvent=cascade.organic[0]),
        ),
        N_stages=len(cascade.feed),
        feed_stages=[0, len(cascade.feed) - 1 - feed_stage, -1],
        partition_data={
            "K": d,
            "IDs": names,
            "raffinate_chemicals": ["Water"],
            "extract_chemicals": ["Solvent"],
        },
    )


def run(unit: Any, metals: int) -> Array:
    """Run the unit; return its products (2, S) [mol/h]."""
    with warnings.catch_warnings():  # about flows in its first guess
        warnings.simplefilter("ignore")
        unit.run()
    names = tuple(f"M{i}" for i in range(metals))
    return np.stack([unit.raffinate.imol[names], unit.extract.imol[names]])
