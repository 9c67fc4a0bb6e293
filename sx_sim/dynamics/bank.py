"""One bank of mixer-settlers over time: an implicit Euler step is a steady cascade.

A mixer holds both phases in equilibrium, a settler ``n`` well-mixed tanks of each. Of what leaves
a mixer in a phase of flow F the share ``a**n`` passes the settler within a step g,
``a = g F / (S/n + g F)``; what the settler held passes beside it. So a step from a base is the
steady cascade with ``F a**n`` passing on, the rest and the mixer's volume over g drawn off, and
the base fed. States are amounts, so that mass closes to rounding whatever the step.

Where stages fall short of equilibrium, the organic of a mixer, z, moves towards what has
Murphree's efficiency E: ``(1 - E) V dz/dt = (1 - E) r + E O D x - O z``, r what arrives with the
organic. A step of that is a steady stage of efficiency ``E O / (O + (1 - E) V/g)`` to which the
organic held brings what it was; what it holds is then a state of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import Column
from sx_sim.cascade.heat import Heat, temperatures
from sx_sim.cascade.settlers import mixed_back
from sx_sim.cascade.status import Status
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry import aqueous
from sx_sim.chemistry.speciation import free_acid
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.dynamics.holdups import Holdups
from sx_sim.errors import CaseError
from sx_sim.kernels.types import Cascade, Law, Options

Array = NDArray[np.float64]
ROOM = 293.15  # [K], from which temperatures are counted
NONE = 1e-300  # a volume of nothing [L], that may be divided by
NEUTRAL = 1e-7  # [H+] of pure water [mol/L]
CLOSE = 1e-3  # of a step, below which two times tell no slope


class Contents(NamedTuple):
    """What a bank holds; views of a plant's state.

    The last two of the columns are the anions of the water and the extractant.
    """

    mixer: Array  # (N, S + 2) [mol]
    aqueous: Array  # (n, N, S + 2) in settlers [mol]
    organic: Array  # (n, N, S + 2)
    water: Array  # (N,) volume of water in mixers [L]
    loaded: Array  # (N, S) of the mixer, in its organic [mol]; (0, S) where stages are ideal
    warmth: Array  # (N,) above ``ROOM`` [K]; (0,) where temperatures are given


class Flows(NamedTuple):
    """Flows of every stage (N,) [L/h], and what of them passes on."""

    aqueous: Array  # leaves the settler
    organic: Array
    aqueous_on: Array  # share that passes on
    organic_on: Array
    drops_down: Array  # organic carried along per volume of water that leaves
    drops_up: Array


@dataclass(frozen=True)
class Solved:
    """A bank at the end of a step.

    Parameters
    ----------
    x, organic : (N, S) arrays
        In the mixer [mol/L].
    unknowns : (N, m) array
    anion, dimer : (N,) arrays
    cascade, law
        What was solved.
    aqueous_out, organic_out : (N, S + 2) arrays
        In what leaves the settlers, per volume of it [mol/L].
    doses : (N,) array
        Strong acid dosed where the acidity is set, base below zero [eq/h].
    flows : Flows
    residual : float
    iterations : int
    time : float
        [h]
    slope : (N, m) array
        Of the unknowns over time, since what they were guessed from.
    alkaline : bool
        Whether some stage has less acid than the law goes to.
    temperature : (N,) array
        [K]
    """

    x: Array
    organic: Array
    unknowns: Array
    anion: Array
    dimer: Array
    cascade: Cascade
    law: Law
    aqueous_out: Array
    organic_out: Array
    doses: Array
    flows: Flows
    residual: float
    iterations: int
    time: float
    slope: Array
    alkaline: bool
    temperature: Array

    def predicted(self, time: float) -> Array:
        """Return the unknowns at a time nearby (N, m), by how they moved of late."""
        return self.unknowns + (time - self.time) * self.slope


class Bank:
    """A column with holdups.

    Parameters
    ----------
    column : Column
        With its feeds; what recycles and links bring is given with every step.
    holdups : Holdups
    options : Options
        Of the solver.
    heat : Heat, optional
        What the temperatures follow from, if they are not given.
    """

    def __init__(
        self, column: Column, holdups: Holdups, options: Options, heat: Heat | None = None
    ) -> None:
        if holdups.follows and column.settling is not None:
            raise CaseError(
                "simulation.phases = 'follow': goes with settlers that carry no drops; leave out "
                "entrained_aqueous and entrained_organic, or let phases be 'fixed'"
            )
        self.column, self.holdups, self.options, self.heat = column, holdups, options, heat
        self.stages, self.species = column.stages, len(column.system.species)
        self.width = self.species + 2
        self.salts = column.system.acid >= 0  # what species there are tells the anions
        settling = column.settling
        self.efficiency = np.ones(self.stages) if settling is None else settling.efficiency
        self.lags = bool((self.efficiency < 1.0).any())
        self.flows = self._flows()
        self.law: Law | None = None

    def _flows(self) -> Flows:
        column = self.column
        v = column.volumes
        (a, wa), (o, wo) = column.flows("aqueous"), column.flows("organic")
        settling, none = column.settling, np.zeros(column.stages)
        return Flows(
            v.settled_aqueous,
            v.settled_organic,
            a / (a + wa),
            o / (o + wo),
            none if settling is None else settling.organic_entrainment,
            none if settling is None else settling.aqueous_entrainment,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Tanks of a settler, stages, and columns of what they hold."""
        return self.holdups.tanks, self.stages, self.width

    @property
    def size(self) -> int:
        """Numbers of its state."""
        tanks, n, width = self.shape
        warm = self.heat is not None
        return n * width * (1 + 2 * tanks) + n + self.lags * n * self.species + warm * n

    def contents(self, state: Array) -> Contents:
        """Return the parts of a state, as views."""
        tanks, n, width = self.shape
        lags = self.lags * n * self.species
        ends = np.cumsum([n * width, tanks * n * width, tanks * n * width, n, lags])
        mixer, water, organic, volume, loaded, warmth = np.split(state, ends)
        return Contents(
            mixer.reshape(n, width),
            water.reshape(tanks, n, width),
            organic.reshape(tanks, n, width),
            volume,
            loaded.reshape(-1, self.species),
            warmth,
        )

    def water_at(self, flows: Flows) -> Array:
        """Return the volume of water in mixers (N,), given or in proportion to the flows [L]."""
        share = flows.aqueous / (flows.aqueous + flows.organic)
        given = self.holdups.aqueous
        return np.where(np.isfinite(given), given, share * self.holdups.mixer)

    def filled(self, x: Array, z: Array, anion: Array, dimer: Array, water: Array) -> Array:
        """Return the state of mixers and settlers that hold what is given.

        Parameters
        ----------
        x, z : (N, S) arrays
            In water and organic [mol/L].
        anion, dimer : (N,) arrays
            [mol/L]
        water : (N,) array
            In mixers [L].
        """
        state = np.zeros(self.size)
        held, flows = self.contents(state), self.flows
        w, v = self.leaving(x, z, anion, dimer, flows)
        held.water[:] = water
        organic = (self.holdups.mixer - water)[:, None]
        held.mixer[:, :-2] = water[:, None] * x + organic * z
        held.loaded[:] = organic * z if self.lags else 0.0
        if self.heat is not None:
            held.warmth[:] = self.column.temperature - ROOM
        held.mixer[:, -2] = 0.0 if self.salts else water * anion
        held.mixer[:, -1] = organic[:, 0] * dimer
        for part, volume, content in (
            (held.aqueous, self.holdups.aqueous_settler, w),
            (held.organic, self.holdups.organic_settler, v),
        ):
            if len(part):
                part[:] = (volume / len(part))[:, None] * content
        return state

    def leaving(
        self, x: Array, z: Array, anion: Array, dimer: Array, flows: Flows
    ) -> tuple[Array, Array]:
        """Return what leaves mixers with water and with organic, drops included (N, S + 2)."""
        none = np.zeros((self.stages, 1))
        water = np.column_stack([x, 0.0 * anion if self.salts else anion, none])
        organic = np.column_stack([z, none, dimer])
        down, up = flows.drops_down[:, None], flows.drops_up[:, None]
        return water + down * organic, organic + up * water

    def step(
        self,
        time: float,
        base: Array,
        g: float,
        fed: Array,
        brought: Array,
        guess: Solved | None,
    ) -> tuple[Array, Array, Solved] | None:
        """Return the state ``base + g f`` of an implicit step, and f; None where it is not solved.

        Parameters
        ----------
        time : float
            At the end [h].
        base : array
        g : float
            [h]
        fed : (N, S + 2) array
            [mol/h]
        brought : (N, S) array
            Of that, what comes with organic feeds.
        guess : Solved, optional
            Of a state nearby.
        """
        # imported here: reading a case should not wait for the compiler to load
        from sx_sim.kernels.solve import solve_column

        held = self.contents(base)
        flows, water = self._hydraulics(held.water, g, guess)
        organic = self.holdups.mixer - water
        pass_a, rest_a, shares_a = _settler(
            held.aqueous, self.holdups.aqueous_settler, flows.aqueous, g
        )
        pass_o, rest_o, shares_o = _settler(
            held.organic, self.holdups.organic_settler, flows.organic, g
        )
        on_a, on_o = flows.aqueous * flows.aqueous_on, flows.organic * flows.organic_on
        arriving = fed + held.mixer / g
        arriving[:-1] += on_a[1:, None] * rest_a[1:]
        arriving[1:] += on_o[:-1, None] * rest_o[:-1]
        passes, rises = on_a * pass_a, on_o * pass_o
        down, up = flows.drops_down * passes, flows.drops_up * rises
        leaves_a = flows.aqueous + flows.drops_up * flows.organic + water / g
        leaves_o = flows.organic + flows.drops_down * flows.aqueous + organic / g
        kelvin = self._temperature(held.warmth, water, g)
        cascade = self._cascade(passes, leaves_a, rises, leaves_o, down, up, arriving)
        cascade = cascade._replace(water_ion_product=aqueous.water_ion_product(kelvin))
        if self.lags:
            risen = brought + held.loaded / g
            risen[1:] += on_o[:-1, None] * rest_o[:-1, : self.species]
            flow, less = leaves_o - organic / g, 1.0 - self.efficiency
            efficiency = self.efficiency * flow / (flow + less * organic / g)
            cascade = cascade._replace(efficiency=efficiency, organic_feed=risen)
        law = self._law(cascade.anion, kelvin)
        start = None if guess is None else guess.predicted(time)
        found = solve_column(cascade, law, start, self.options)
        if found.status not in (Status.CONVERGED, Status.EXCESS_BASE):
            return None
        x, z, s = found.aqueous, found.organic, self.species
        anion, doses = cascade.anion, np.zeros(self.stages)
        if cascade.set_ln_h.size:
            anion, doses = self._dosed(cascade, found.unknowns, leaves_a)
        elif self.column.system.acid >= 0:
            anion = x @ law.charge
        w, v = self.leaving(x, z, anion, cascade.dimer, flows)
        state, rate = np.empty_like(base), np.empty_like(base)
        now, changes = self.contents(state), self.contents(rate)
        changes.water[:] = (water - held.water) / g
        changes.mixer[:] = fed - flows.aqueous[:, None] * w - flows.organic[:, None] * v
        changes.mixer[:, s] += doses
        now.water[:] = water
        if self.heat is not None:
            now.warmth[:] = kelvin - ROOM
            changes.warmth[:] = (now.warmth - held.warmth) / g
        if self.lags:
            now.loaded[:] = organic[:, None] * z
            changes.loaded[:] = (now.loaded - held.loaded) / g
        now.mixer[:, :s] = water[:, None] * x + organic[:, None] * z
        now.mixer[:, s] = 0.0 if self.salts else water * anion
        now.mixer[:, s + 1] = organic * cascade.dimer
        outs = []
        for part, moves, before, volume, flow, share, content in (
            (now.aqueous, changes.aqueous, held.aqueous, self.holdups.aqueous_settler,
             flows.aqueous, shares_a, w),
            (now.organic, changes.organic, held.organic, self.holdups.organic_settler,
             flows.organic, shares_o, v),
        ):  # fmt: skip
            own = np.maximum(volume / max(len(part), 1), NONE)[:, None]
            for k in range(len(part)):
                enters, content = content, share * content + (1.0 - share) * before[k] / own
                part[k] = own * content
                moves[k] = flow[:, None] * (enters - content)
            outs.append(content)
        changes.mixer[:-1] += on_a[1:, None] * outs[0][1:]
        changes.mixer[1:] += on_o[:-1, None] * outs[1][:-1]
        aqueous_out, organic_out = outs
        slope = np.zeros_like(found.unknowns)
        if guess is not None and abs(time - guess.time) > CLOSE * g:
            slope = (found.unknowns - guess.unknowns) / (time - guess.time)
        elif guess is not None:
            slope = guess.slope
        solved = Solved(
            x=x,
            organic=z,
            unknowns=found.unknowns,
            anion=anion,
            dimer=cascade.dimer,
            cascade=cascade,
            law=law,
            aqueous_out=aqueous_out,
            organic_out=organic_out,
            doses=doses,
            flows=flows,
            residual=found.residual,
            iterations=found.iterations,
            time=time,
            slope=slope,
            alkaline=found.status == Status.EXCESS_BASE,
            temperature=kelvin,
        )
        return state, rate, solved

    def _cascade(
        self,
        passes: Array,
        leaves_a: Array,
        rises: Array,
        leaves_o: Array,
        down: Array,
        up: Array,
        arriving: Array,
    ) -> Cascade:
        """Return the steady cascade that a step is."""
        drawn_a, drawn_o, s = leaves_a - passes - up, leaves_o - rises - down, self.species
        cascade = Cascade(
            aqueous=passes,
            aqueous_draw=np.maximum(drawn_a, 0.0),
            organic=rises,
            organic_draw=np.maximum(drawn_o, 0.0),
            feed=np.ascontiguousarray(arriving[:, :s]),
            anion=self._anions(passes, up, drawn_a, arriving),
            dimer=self._mixed(rises, down, drawn_o, arriving[:, s + 1], 1),
            water_ion_product=np.empty(0),  # by temperature, once that is known
        )
        if self.column.settling is not None:
            cascade = cascade._replace(
                efficiency=np.ones(self.stages),
                aqueous_up=up,
                organic_down=down,
                organic_feed=np.zeros((self.stages, s)),
            )
        if self.column.set_points:
            carry = np.append(passes[1:], 0.0) / leaves_a
            cascade = cascade._replace(carry=carry, set_ln_h=self.column.set_ln_h)
        if self.column.synergist:
            cascade = cascade._replace(synergist=self.column.synergist * cascade.dimer)
        return cascade

    def _anions(self, passes: Array, up: Array, drawn: Array, arriving: Array) -> Array:
        """Return the anions of the water (N,); where metals take them along, a guess of them."""
        if self.salts:
            charges = np.maximum(arriving[:, : self.species] @ self.column.system.charge, 1e-12)
            return self._mixed(passes, up, drawn, charges, -1)
        return self._mixed(passes, up, drawn, arriving[:, self.species], -1)

    def _mixed(self, on: Array, back: Array, drawn: Array, fed: Array, way: int) -> Array:
        """Return the concentration of what stays in its phase (N,), which flows on one ``way``."""
        from sx_sim.kernels.metals import mix

        if self.column.settling is None:
            amounts = [np.ascontiguousarray(a[::way]) for a in (on, drawn, fed)]
            return np.ascontiguousarray(mix(*amounts)[::way])
        falls, rises = (on, back) if way < 0 else (back, on)
        return mixed_back(falls, rises, drawn, fed)

    def _law(self, anion: Array, kelvin: Array) -> Law:
        """Return the distribution law, which only with activities depends on the anions."""
        system = self.column.system
        if self.law is None or system.active or self.heat is not None:
            self.law = system.law(kelvin, anion)
        return self.law

    def _temperature(self, warmth: Array, water: Array, g: float) -> Array:
        """Return the temperatures at the end of a step (N,) [K], from those before."""
        heat, holdups = self.heat, self.holdups
        if heat is None:
            return self.column.temperature
        held = heat.aqueous * (water + holdups.aqueous_settler)
        held += heat.organic * (holdups.mixer - water + holdups.organic_settler)
        return temperatures(self.column, heat, held / g, warmth + ROOM)

    def _dosed(self, cascade: Cascade, unknowns: Array, leaves: Array) -> tuple[Array, Array]:
        """Return anions with what doses bring of them (N,), and the doses (N,) [eq/h]."""
        held, anion = np.isfinite(cascade.set_ln_h), cascade.anion.copy()
        doses = np.zeros(self.stages)
        for j in range(self.stages - 1, -1, -1):
            more = 0.0
            if j + 1 < self.stages:
                more = cascade.carry[j] * (anion[j + 1] - cascade.anion[j + 1])
            if held[j]:
                anion[j] = np.exp(unknowns[j, 0])
                doses[j] = (anion[j] - cascade.anion[j] - more) * leaves[j]
            else:
                anion[j] += more
        return anion, doses

    def _hydraulics(self, water: Array, g: float, guess: Solved | None) -> tuple[Flows, Array]:
        """Return the flows at the end of a step and the water in mixers, from that before.

        Where phases follow the flows, ``V d(share)/dt = water in - share (both in)`` and each phase
        leaves by its share.
        """
        flows = self.flows
        if not self.holdups.follows:
            return flows, water
        fed_a = flows.aqueous.copy()
        fed_a[:-1] -= (flows.aqueous * flows.aqueous_on)[1:]
        fed_o = flows.organic.copy()
        fed_o[1:] -= (flows.organic * flows.organic_on)[:-1]
        before = guess.flows if guess is not None else flows
        found = _following(
            self.holdups.mixer, water, g, fed_a, fed_o, flows, before.aqueous, before.organic
        )
        aqueous_flow, organic_flow, volume = found
        return flows._replace(aqueous=aqueous_flow, organic=organic_flow), volume

    def fed_by(self, feeds: Sequence[tuple[int, Stream]]) -> Array:
        """Return what streams bring to every stage (N, S + 2) [mol/h]."""
        fed = np.zeros((self.stages, self.width))
        for stage, stream in feeds:
            fed[stage - 1] += amounts_of(stream)
        return fed

    def brought_by(self, feeds: Sequence[tuple[int, Stream]]) -> Array:
        """Return what organic streams among them bring to every stage (N, S) [mol/h]."""
        organic = [(stage, stream) for stage, stream in feeds if stream.phase == "organic"]
        return self.fed_by(organic)[:, : self.species]


def amounts_of(stream: Stream) -> Array:
    """Return what a stream carries (S + 2,): species, anions, extractant [mol/h].

    No anions where species tell them.
    """
    wet, salts = stream.phase == "aqueous", stream.system.acid >= 0
    carrier = stream.flow * float(np.nan_to_num(stream.carrier, nan=1.0))
    anions = carrier if wet and not salts else 0.0
    return np.array([*stream.moles, anions, 0.0 if wet else carrier])


def stream_of(system: ChemicalSystem, name: str, phase: str, flow: float, held: Array) -> Stream:
    """Return the stream of a product with so much in a litre (S + 2,); ``amounts_of`` turned."""
    metals = np.maximum(held[:-2], 0.0)
    if phase == "organic":
        return Stream(system, name, phase, flow, metals, float(held[-1]))
    anions = float(metals @ system.charge if system.acid >= 0 else held[-2])
    acid = free_acid(system, metals, anions) if anions > 0.0 else NEUTRAL
    return Stream(system, name, phase, flow, metals, anions, acid)


def _settler(held: Array, volume: Array, flow: Array, g: float) -> tuple[Array, Array, Array]:
    """Return how settlers pass on what enters them within a step.

    Returns
    -------
    passes : (N,) array
        Share of what enters that leaves.
    rest : (N, S + 2) array
        What leaves besides, of what they held [mol/L].
    share : (N, 1) array
        Of what enters a single tank, in what it holds after.
    """
    tanks = len(held)
    if not tanks:
        return np.ones_like(flow), np.zeros((1, 1)) * flow[:, None], np.ones((len(flow), 1))
    own = np.maximum(volume / tanks, NONE)
    share = (g * flow / (own + g * flow))[:, None]
    rest = np.zeros(held.shape[1:])
    for part in held:
        rest = share * rest + (1.0 - share) * part / own[:, None]
    return share[:, 0] ** tanks, rest, share


def _following(
    mixer: Array,
    water: Array,
    g: float,
    fed_a: Array,
    fed_o: Array,
    flows: Flows,
    out_a: Array,
    out_o: Array,
) -> tuple[Array, Array, Array]:
    """Return flows of water and organic that leave, and the water in mixers, by Newton's method.

    ``(V_w - before) / g = in_w - out_w``, ``out_w / (out_w + out_o) = V_w / V``, and as much leaves
    as enters.
    """
    from scipy.linalg import solve_banded

    n, out_a, out_o = len(mixer), out_a.copy(), out_o.copy()
    for _ in range(30):
        in_a, in_o = fed_a.copy(), fed_o.copy()
        in_a[:-1] += (flows.aqueous_on * out_a)[1:]
        in_o[1:] += (flows.organic_on * out_o)[:-1]
        through = in_a + in_o
        volume = mixer * out_a / through
        off_volume = water + g * (in_a - out_a) - volume
        off_through = through - out_a - out_o
        size = max(np.abs(off_volume).max() / mixer.max(), np.abs(off_through / through).max())
        if size < 1e-14:
            break
        band = np.zeros((7, 2 * n))  # unknowns a, o of every stage; rows volume, through

        def put(row, column, value, band=band):
            band[3 + row - column, column] = value

        at = 2 * np.arange(n)
        by_through = volume / through  # less volume per unit through
        put(at, at, -g - mixer / through)
        put(at[:-1], at[1:], (g + by_through[:-1]) * flows.aqueous_on[1:])
        put(at[1:], at[:-1] + 1, by_through[1:] * flows.organic_on[:-1])
        put(at + 1, at, -1.0)
        put(at + 1, at + 1, -1.0)
        put(at[:-1] + 1, at[1:], flows.aqueous_on[1:])
        put(at[1:] + 1, at[:-1] + 1, flows.organic_on[:-1])
        step = solve_banded((3, 3), band, -np.column_stack([off_volume, off_through]).ravel())
        out_a, out_o = out_a + step[0::2], out_o + step[1::2]
    in_a, in_o = fed_a.copy(), fed_o.copy()
    in_a[:-1] += (flows.aqueous_on * out_a)[1:]
    return out_a, out_o, water + g * (in_a - out_a)
