"""What a plant holds at first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sx_sim.dynamics.plant import Plant, key_of
from sx_sim.flowsheet.flowsheet import Flowsheet
from sx_sim.flowsheet.result import Result

Array = NDArray[np.float64]


def steady_state(plant: Plant, result: Result) -> Array:
    """Return the state of a plant at its steady state."""
    state = np.zeros(plant.size)
    for name, unit in plant.units.items():
        found = result.units[name]
        stages = found.cascade.stages
        own, tanks = unit.parts(state[plant.places[name]])
        water = unit.bank.water_at(unit.bank.flows)
        dimer = np.nan_to_num(stages.dimer, nan=1.0)
        bank, held = unit.bank, (stages.aqueous, stages.organic, stages.anion, dimer)
        own[:] = bank.filled(*held, water)
        wet, loaded = bank.leaving(*held, bank.flows)
        outlets = {
            product: (wet if phase == "aqueous" else loaded)[j]
            for product, phase, j, _ in bank.column.outlets()
        }
        for k, recycle in enumerate(unit.recycles):
            tanks[k] = unit.tanks[k].volume * outlets[recycle.product]
        for link in plant.flowsheet.links:
            if link.source == name:
                volume = plant.tanks[key_of(link)].volume
                state[plant.places[key_of(link)]] = volume * outlets[link.product]
    return state


def empty_state(plant: Plant, flowsheet: Flowsheet) -> Array:
    """Return the state of a plant filled with barren phases.

    Liquors have the acid of those that are fed, mixed as they flow, and no metals; solvent is
    fresh, in acid form.
    """
    state = np.zeros(plant.size)
    for name, unit in plant.units.items():
        bank, column = unit.bank, unit.bank.column
        system = column.system
        acid = np.zeros(column.stages)
        for feed in column.feeds:
            stream = feed.stream
            if stream.phase == "aqueous":
                free = stream.carrier - float(stream.concentration @ system.cations)
                acid += stream.flow * max(free, 1e-7) * column.mixing(feed.stage)
        none = np.zeros((column.stages, len(system.species)))
        x = none.copy()
        if system.acid >= 0:
            x[:, system.acid] = acid
        own, tanks = unit.parts(state[plant.places[name]])
        dimer = column.mixed("organic")
        own[:] = bank.filled(x, none, acid, dimer, bank.water_at(bank.flows))
        outlets = {product: (phase, j) for product, phase, j, _ in column.outlets()}

        def barren(product: str, x=x, acid=acid, dimer=dimer, outlets=outlets) -> Array:
            phase, j = outlets[product]
            if phase == "aqueous":
                return np.array([*x[j], acid[j], 0.0])
            return np.array([*(0.0 * x[j]), 0.0, dimer[j]])

        for k, recycle in enumerate(unit.recycles):
            tanks[k] = unit.tanks[k].volume * barren(recycle.product)
        for link in plant.flowsheet.links:
            if link.source == name:
                volume = plant.tanks[key_of(link)].volume
                state[plant.places[key_of(link)]] = volume * barren(link.product)
    return state
