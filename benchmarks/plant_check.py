"""Whether an answer of a plant obeys the equations of docs/theory.md, from its arrays and its text.

Flows, mixing, balances, Murphree's law, closures and what comes back are written here anew from
those pages and from the case's text; constants and what comes back are taken from the result.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import sx_sim
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.aqueous import water_ion_product

Array = NDArray[np.float64]
ROUND_AND_ROUND = 1e-4  # share of what goes round that counts as fed, as for circuits


def number(text: str) -> float:
    """Return the number of a quantity such as '3.5 L/h'."""
    return float(text.split()[0])


def errors(text: str, found: sx_sim.CircuitResult) -> dict[str, float]:
    """Return the largest error of every kind of equation, relative to what it balances."""
    case = tomllib.loads(text)
    result = found
    column, stages, system = found.circuit.column, result.stages, result.system
    gross = result.column  # what comes back is in its feeds
    x, z, n = stages.aqueous, stages.organic, column.stages
    last = {s.name: s.last - 1 for s in column.sections}
    flows = Flows(case, last, n)
    kelvin = stages.temperature
    law = system.law(kelvin, stages.anion)
    h, e, ligand = stages.acid, stages.free_dimer, stages.free_anion
    # D = K e^n h^-(p + p' e) / alpha, activities included
    ln_d = law.ln_k + law.order_dimer * np.log(e)[:, None] - law.order_acid * np.log(h)[:, None]
    if law.acid_by_dimer.size:
        ln_d -= law.acid_by_dimer * (e * np.log(h))[:, None]
    if law.debye.size:
        root = np.sqrt(stages.ionic_strength)[:, None]
        ln_d -= law.debye * root / (1.0 + 1.5 * root)
    power = np.arange(1, law.ln_beta.shape[2] + 1)
    terms = np.exp(law.ln_beta) * ligand[:, None, None] ** power
    alpha = 1.0 + terms.sum(axis=2)
    mixed = np.exp(ln_d) / alpha * x  # the organic in the mixer
    bound = (power * terms).sum(axis=2) / alpha
    protonated = law.protonation * ligand if law.protonation.size else 0.0
    off = {"negative": -min(x.min(), z.min(), min(a.min() for a in flows.all), 0.0)}
    cations = h * (1.0 + protonated) + x @ law.charge
    charge = np.log((stages.anion + water_ion_product(kelvin) / h) / cations)
    off["charge"] = np.abs(charge).max()
    off["extractant"] = np.abs(np.log(stages.dimer / (e + mixed @ law.dimers))).max()
    if power.size:
        free = ligand * (1.0 + (law.protonation * h if law.protonation.size else 0.0))
        need = free + (bound * x).sum(axis=1)
        off["ligand"] = np.abs(np.log(stages.anion / law.ligand_charge / need)).max()
    # balances, Murphree's law of the organic, and what only mixes
    fed_water, fed_organic = np.zeros_like(x), np.zeros_like(x)
    anions, dimers, dosed = np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    for feed in gross.feeds:
        stream, j = feed.stream, feed.stage - 1
        organic = stream.phase == "organic"
        (fed_organic if organic else fed_water)[j] += stream.flow * stream.concentration
        (dimers if organic else anions)[j] += stream.flow * stream.carrier
    for point in case.get("set_points", {}).values():
        j = point["stage"] - 1
        dosed[j] = True
        off[f"pH of stage {j + 1}"] = abs(-np.log10(h[j]) - point["pH"])
    fed = (fed_water + fed_organic).sum(axis=0)
    whole = np.maximum(fed, 1e-15 * fed.max())
    arrives = fed_water + fed_organic + flows.arriving(x, z)
    off["balance"] = (np.abs(arrives - flows.leaving(x, z)) / whole).max()
    risen = fed_organic + flows.rising(x, z)
    organic, eff = flows.organic_all[:, None], flows.efficiency[:, None]
    off["Murphree"] = (np.abs(organic * (z - eff * mixed) - (1.0 - eff) * risen) / whole).max()
    nothing = np.zeros(n)
    moved = anions + flows.arriving(stages.anion, nothing) - flows.leaving(stages.anion, nothing)
    off["anions"] = np.abs(moved[~dosed]).max(initial=0.0) / anions.sum()
    moved = dimers + flows.arriving(nothing, stages.dimer) - flows.leaving(nothing, stages.dimer)
    off["dimer"] = np.abs(moved).max() / dimers.sum()
    for name, table in case["feeds"].items():
        given = [number(table["concentrations"].get(s, "0")) for s in system.species]
        stream = gross.feed(name)
        off[f"feed {name}"] = np.abs(stream.concentration - given).max() / max(given)
    # what is fed from outside leaves, and what comes back is what leaves
    left = np.sum([s.flow * s.concentration for s in result.streams.values()], axis=0)
    outside = column.fed.sum(axis=0)
    if case["solvent"].get("recycle"):  # it keeps what base it still holds
        fresh = column.feed("solvent")
        barren = flows.returned(case, x, z)
        outside = outside - fresh.flow * barren * (fresh.concentration > 0.0)
    whole = np.maximum(whole, outside)
    for phase, j, flow in flows.outlets.values():
        whole = np.maximum(whole, ROUND_AND_ROUND * flow * (z if phase == "organic" else x)[j])
    off["in all"] = (np.abs(outside - left) / np.maximum(whole, 1e-15)).max()
    off["negative"] += -min(0.0, *(s.flow for s in result.streams.values()))
    for name, miss in _returned(case, found, flows).items():
        off[name] = miss
    return {name: float(value) for name, value in off.items()}


class Flows:
    """Flows [L/h] of every stage, drops included, from the text of a case."""

    def __init__(self, case: Mapping[str, Any], last: Mapping[str, int], n: int) -> None:
        water, solvent, draw_a, draw_o = np.zeros((4, n))
        solvent[0] = number(case["solvent"]["flow"])
        spans = list(case["sections"])
        self.efficiency, in_water, aqueous_entrainment = np.ones(n), np.zeros(n), np.zeros(n)
        self.outlets = {"raffinate": ("aqueous", 0, 0.0), "solvent": ("organic", n - 1, 0.0)}
        for k, (name, section) in enumerate(case["sections"].items()):
            first = last[spans[k - 1]] + 1 if k else 0
            part = slice(first, last[name] + 1)
            self.efficiency[part] = section.get("efficiency", 1.0)
            in_water[part] = section.get("entrained_organic", 0.0)
            aqueous_entrainment[part] = section.get("entrained_aqueous", 0.0)
            water[last[name]] += number(section.get("flow", "0"))
            if "outlet" in section:
                draw_a[first] = 1.0
                self.outlets[section["outlet"]] = ("aqueous", first, 0.0)
        for feed in case["feeds"].values():
            place = feed.get("stage", last[spans[0]] + 1)
            (solvent if feed.get("phase") == "organic" else water)[place - 1] += number(
                feed["flow"]
            )
        for name, draw in case.get("draws", {}).items():
            (draw_a if draw["phase"] == "aqueous" else draw_o)[draw["stage"] - 1] = draw["fraction"]
            self.outlets[name] = (draw["phase"], draw["stage"] - 1, 0.0)
        # all that settles, of either phase: two unknowns a stage
        falls, rises = np.eye(n, k=1), np.eye(n, k=-1)
        eye, up = np.eye(n), np.diag(aqueous_entrainment)
        down = np.diag(in_water)
        matrix = np.block(
            [
                [eye - falls * (1 - draw_a), up - rises @ up * (1 - draw_o)],
                [down - falls @ down * (1 - draw_a), eye - rises * (1 - draw_o)],
            ]
        )
        settled = np.linalg.solve(matrix, np.concatenate([water, solvent]))
        a, o = settled[:n], settled[n:]
        self.water, self.drops_up = a * (1 - draw_a), aqueous_entrainment * o * (1 - draw_o)
        self.organic, self.drops_down = o * (1 - draw_o), in_water * a * (1 - draw_a)
        self.water_all = a + aqueous_entrainment * o
        self.organic_all = o + in_water * a
        self.all = (a, o, self.water, self.organic)
        share = {"raffinate": 1 - draw_a[0], "solvent": 1 - draw_o[-1]}
        for name, (phase, j, _) in self.outlets.items():
            taken = share.get(name, draw_a[j] if phase == "aqueous" else draw_o[j])
            self.outlets[name] = (phase, j, taken * (a if phase == "aqueous" else o)[j])
        self.aqueous_entrainment, self.in_water = aqueous_entrainment, in_water

    def product(self, name: str, x: Array, z: Array) -> tuple[float, Array]:
        """Return the flow of a product of the column and what a litre of it holds (S,)."""
        phase, j, flow = self.outlets[name]
        if phase == "organic":
            return flow, z[j] + self.aqueous_entrainment[j] * x[j]
        return flow, x[j] + self.in_water[j] * z[j]

    def returned(self, case: Mapping[str, Any], x: Array, z: Array) -> Array:
        """Return what comes back with the solvent, per litre fed (S,)."""
        (flow, barren), fed = self.product("solvent", x, z), number(case["solvent"]["flow"])
        return min((1.0 - case["solvent"]["bleed"]) * flow, fed) / fed * barren

    def rising(self, x: Array, z: Array) -> Array:
        """Return what rises to every stage [mol/h]."""
        risen = (self.organic * z.T + self.drops_up * x.T).T
        return np.concatenate([0.0 * risen[:1], risen[:-1]])

    def arriving(self, x: Array, z: Array) -> Array:
        """Return what comes to every stage from its neighbours [mol/h]."""
        fallen = (self.water * x.T + self.drops_down * z.T).T
        return self.rising(x, z) + np.concatenate([fallen[1:], 0.0 * fallen[:1]])

    def leaving(self, x: Array, z: Array) -> Array:
        """Return all that leaves every stage [mol/h]."""
        return (self.water_all * x.T + self.organic_all * z.T).T


def _returned(
    case: Mapping[str, Any], found: sx_sim.CircuitResult, flows: Flows
) -> dict[str, float]:
    """Return by how much what comes back misses what leaves, over what goes in of a species."""
    off: dict[str, float] = {}
    stages, system = found.stages, found.system
    x, z = stages.aqueous, stages.organic
    fed = np.maximum(found.circuit.column.fed.sum(axis=0), 0.0)
    rare = system.rare_earth

    def miss(fed_back: Stream, expected: Array, where: NDArray[np.bool_]) -> float:
        goes = fed_back.flow * np.maximum(expected, fed_back.concentration)
        scale = np.maximum(np.maximum(fed, 1e-15 * fed.max()), ROUND_AND_ROUND * goes)
        return float(
            (fed_back.flow * np.abs(fed_back.concentration - expected) / scale)[where].max()
        )

    solvent, fresh = (
        found.column.feed("solvent"),
        found.circuit.column.feed("solvent"),
    )
    metals = np.zeros(len(rare))
    if case["solvent"].get("recycle"):
        metals += flows.returned(case, x, z) * (fresh.concentration == 0.0)
    if "exchange" in case["solvent"]:
        _, held = flows.product(case["solvent"]["exchange"], x, z)
        base = float(fresh.concentration @ system.charge)
        metals += held * rare * base / float(held * rare @ system.charge)
    if metals.any():
        off["solvent comes back"] = miss(solvent, metals, rare)
    for name, section in case["sections"].items():
        if "reflux" in section:
            _, held = flows.product(section["reflux"], x, z)
            off[f"reflux to {name}"] = miss(found.column.feed(name), held, np.ones_like(rare))
    return off
