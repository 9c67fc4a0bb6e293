"""What a liquor of a case file holds, in mol/L."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sx_sim.cascade.streams import Stream
from sx_sim.cases.fields import Amount
from sx_sim.cases.schema import Liquor, Solvent
from sx_sim.chemistry import database
from sx_sim.chemistry.aqueous import REFERENCE, water_ion_product
from sx_sim.chemistry.elements import Element, element, unit_mass
from sx_sim.chemistry.speciation import electroneutral, with_acid
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import CaseError

Own = Mapping[str, Element]
TRACE = 1e-20  # mol/L of ligand in pure water, so that it has a logarithm


def amounts(liquor: Liquor | Solvent, own: Own) -> dict[str, float]:
    """Return the concentrations of a liquor or a solvent by symbol [mol/L], zeros left out.

    Parameters
    ----------
    liquor : Liquor or Solvent
    own : mapping of str to Element
        What the case declares.
    """
    given = (liquor.concentrations or {}).items()
    found = {s: _molar(element(s, own), a, liquor.basis) for s, a in given}
    if isinstance(liquor, Solvent):
        return {symbol: amount for symbol, amount in found.items() if amount > 0}
    if liquor.composition is not None and liquor.strength is not None:
        shares, share_basis = liquor.composition, liquor.composition_basis
        if isinstance(shares, str):
            data = database.lookup("feeds", shares)
            shares, share_basis = data["composition"], data["basis"]
        moles = {s: share / unit_mass(element(s), share_basis) for s, share in shares.items()}
        counted = "mol" if liquor.strength.unit == "mol/L" else liquor.basis or ""
        whole = sum(n * unit_mass(element(s), counted) for s, n in moles.items())
        for symbol, n in moles.items():
            found[symbol] = found.get(symbol, 0.0) + liquor.strength.value * n / whole
    return {symbol: amount for symbol, amount in found.items() if amount > 0}


def _molar(one: Element, amount: Amount, basis: str | None) -> float:
    if amount.unit == "mol/L":
        return amount.value
    return amount.value / unit_mass(one, basis or "")


def aqueous_stream(
    system: ChemicalSystem, key: str, liquor: Liquor, held: dict[str, float], flow: float
) -> Stream:
    """Return an aqueous stream, its anions from its electroneutrality.

    A pH is that of the free hydrogen ion. An acid is what a titration finds: with a ligand
    that takes up protons, as sulfate does, what it holds of them is counted.

    Raises
    ------
    CaseError
        If it is alkaline without the cations to balance its hydroxide.
    """
    concentration = system.array(held)
    kw = float(water_ion_product(np.array([REFERENCE]))[0])
    if liquor.pH is not None:
        anions, acid = electroneutral(system, concentration, h=10.0**-liquor.pH)
    else:
        given_acid = liquor.acid or float(np.sqrt(kw))
        anions, acid = electroneutral(system, concentration, acid=given_acid)
    if anions < -1e-6 * acid:
        given = f"pH = {liquor.pH:g}" if liquor.pH is not None else f"acid = {acid:g} mol/L"
        raise CaseError(
            f"{key}.{given}: alkaline without the cations for it; give as much Na or NH4 in "
            f"concentrations as there is hydroxide, {kw / acid:.3g} mol/L"
        )
    if system.acid >= 0 and anions < float(concentration @ system.cations) - kw:
        raise CaseError(
            f"{key}: alkaline, where set '{system.extractant.key}' extracts acid with its anions; "
            "give acid, or a pH below 7"
        )
    anions = max(anions, TRACE if system.ligand else 0.0)
    concentration = with_acid(system, concentration, anions)
    return Stream(system, key.split(".")[-1], "aqueous", flow, concentration, anions, acid)
