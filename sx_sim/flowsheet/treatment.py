"""What is done to a liquor between circuits, and what that takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.aqueous import REFERENCE, water_ion_product
from sx_sim.chemistry.elements import element, unit_mass
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.chemistry.speciation import electroneutral, titratable_acid, with_acid
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import CaseError

Array = NDArray[np.float64]
REDISSOLVING, NEUTRALISING = "redissolving", "neutralising"


@dataclass(frozen=True)
class Treatment:
    """A liquor as it is fed on, and what bringing it there takes and leaves behind.

    Parameters
    ----------
    stream : Stream
    acid, base : float
        Strong acid and base used [eq/h].
    water : float
        Water used [L/h].
    effluent : Stream or None
        Mother liquor of a precipitation: all that is no rare earth, and the salt.
    """

    stream: Stream
    acid: float = 0.0
    base: float = 0.0
    water: float = 0.0
    effluent: Stream | None = None


@dataclass(frozen=True)
class Conditioner:
    """What a liquor is brought to between circuits; a solvent passes as it is.

    Parameters
    ----------
    extractant : ExtractantSet
        Of the circuit it is fed to, whose medium is its anion after redissolving.
    acid, h : float, optional
        Acid as a titration finds it, or [H+] instead, to reach [mol/L].
    strength : float, optional
        Rare earths in all to reach [mol/L], or [g/L] where the basis is another.
    basis : {'mol', 'REO', 'element'}
    by : {'redissolving', 'neutralising'}
    """

    extractant: ExtractantSet
    acid: float | None = None
    h: float | None = None
    strength: float | None = None
    basis: str = "mol"
    by: str = REDISSOLVING

    @property
    def idle(self) -> bool:
        """Whether it leaves a liquor as it is."""
        return self.acid is None and self.h is None and self.strength is None

    def passes(self, system: ChemicalSystem, phase: str) -> NDArray[np.bool_]:
        """Return which species of a stream are fed on (S,)."""
        if phase == "organic":
            return np.array([not c.inert for c in system.constants], dtype=bool)
        if self.by == REDISSOLVING and not self.idle:
            return system.rare_earth
        return np.ones(len(system.species), dtype=bool)

    def treat(self, stream: Stream) -> Treatment:
        """Return a stream as it is fed on; errors as ``treat``."""
        if stream.phase == "organic":
            return Treatment(stream)
        return treat(
            stream,
            acid=self.acid,
            strength=self._molar(stream),
            by=self.by,
            h=self.h,
            into=replace(stream.system, extractant=self.extractant),
        )

    def _molar(self, stream: Stream) -> float | None:
        """Return the strength in moles of rare earths per litre, in the stream's proportions."""
        if self.strength is None or self.basis == "mol":
            return self.strength
        system, moles = stream.system, stream.concentration * stream.system.rare_earth
        there = [(s, n) for s, n in zip(system.species, moles, strict=True) if n > 0.0]
        grams = sum(n * unit_mass(element(s), self.basis) for s, n in there)
        return self.strength * float(moles.sum()) / grams if grams else 0.0


def treat(
    stream: Stream,
    *,
    acid: float | None,
    strength: float | None,
    by: str,
    h: float | None = None,
    into: ChemicalSystem | None = None,
) -> Treatment:
    """Bring a liquor to an acidity and a strength.

    Parameters
    ----------
    stream : Stream
        Aqueous.
    acid : float, optional
        To reach, as a titration finds it [mol/L]; the [H+] stays as it is, or the acid is
        0.01 mol/L after redissolving, if neither is given.
    strength : float, optional
        Rare earths in all to reach [mol/L]; as it is if not given.
    by : {'redissolving', 'neutralising'}
        Redissolving precipitates the rare earths with base, completely, and dissolves them
        in acid; what else the liquor holds stays behind. Neutralising adds base or acid, and
        water, but takes nothing away; the cation of the base stays in the water.
    h : float, optional
        [H+] to reach instead [mol/L].
    into : ChemicalSystem, optional
        The stream's species in the medium it is fed to, of which redissolving brings the
        anion; its own if not given.

    Raises
    ------
    CaseError
        If neutralising is to make a liquor stronger, or to change its anion.
    """
    into = into or stream.system
    nothing = acid is None and strength is None and h is None
    was, becomes = stream.system.extractant.medium, into.extractant.medium
    if was != becomes and (nothing or by != REDISSOLVING):
        raise CaseError(f"{stream.name}: {foreign_anion(was, becomes)}")
    if nothing:
        return Treatment(stream)
    if by == REDISSOLVING:
        return _redissolved(stream, into, 0.01 if acid is None else acid, h, strength)
    if acid is None and h is None:
        h = stream.acid
    return _neutralised(stream, into, acid or 0.0, h, strength)


def foreign_anion(was: str, becomes: str) -> str:
    """Return the errors of feeding an untreated liquor of one medium to another."""
    return (
        f"is a {was} liquor, and the circuit it feeds is one of {becomes}; give by = "
        "'redissolving' with acid, pH or strength, which leaves the anion behind"
    )


def _rare(stream: Stream) -> float:
    return float(stream.concentration @ stream.system.rare_earth)


def _redissolved(
    stream: Stream, into: ChemicalSystem, acid: float, h: float | None, strength: float | None
) -> Treatment:
    rare = stream.system.rare_earth
    moles = stream.moles * rare
    whole = float(moles.sum())
    flow = whole / strength if strength else stream.flow
    concentration = moles / flow
    charges = float(moles @ stream.system.charge)
    carrier, free = electroneutral(into, concentration, h=h, acid=acid)
    net = carrier - charges / flow
    concentration = with_acid(into, concentration, carrier)
    made = Stream(into, stream.name, stream.phase, flow, concentration, carrier, free)
    left = stream.concentration * ~rare
    held = titratable_acid(stream.system, stream.concentration, stream.carrier, stream.acid)
    mother = replace(
        stream,
        name=f"mother liquor of {stream.name}",
        concentration=left,
        acid=float(np.sqrt(_water_ions())),
    )
    return Treatment(
        made,
        acid=charges + net * flow,
        base=charges + max(held, 0.0) * stream.flow,
        water=flow,
        effluent=mother,
    )


def _neutralised(
    stream: Stream, into: ChemicalSystem, acid: float, h: float | None, strength: float | None
) -> Treatment:
    dilution = 1.0
    if strength:
        dilution = _rare(stream) / strength
        if dilution < 1.0 - 1e-9:
            raise CaseError(
                f"{stream.name}: holds {_rare(stream):.3g} mol/L of rare earths and neutralising "
                f"cannot bring it to {strength:.3g}; give by = 'redissolving', or a lower strength"
            )
    flow = stream.flow * dilution
    concentration = stream.concentration / dilution
    carrier, free = electroneutral(into, concentration, h=h, acid=acid)
    more = (carrier - stream.carrier / dilution) * flow
    concentration = with_acid(into, concentration, carrier)
    made = Stream(into, stream.name, stream.phase, flow, concentration, carrier, free)
    return Treatment(made, max(more, 0.0), max(-more, 0.0), flow - stream.flow)


def _water_ions() -> float:
    return float(water_ion_product(np.array([REFERENCE]))[0])
