"""Contacts that hold more metal in the solvent than its extractant can bind."""

from __future__ import annotations

import numpy as np

from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.errors import CaseError
from sx_sim.fitting.isotherms import Isotherms


def check_capacity(data: Isotherms, extractant: ExtractantSet) -> None:
    """Refuse contacts whose organic phase holds more than the extractant binds.

    Each metal takes up the extractant that the set says; where its law binds none, a molecule
    per charge, without which no acidic extractant holds it.

    Raises
    ------
    CaseError
        Naming the rows of every such contact, what they hold, and what would fit.
    """
    known = [extractant.species[symbol].dimers for symbol in data.elements]
    usual = data.charge / extractant.molecules
    per_metal = np.where(np.array(known) > 0.0, known, usual)
    d, put_in = 10.0**data.log10_d, data.total[data.contact, data.element]
    organic = put_in * d / (1.0 + data.oa[data.contact] * d)
    binds = organic * per_metal[data.element]
    problems = []
    for b in np.unique(data.contact):
        points = np.flatnonzero(data.contact == b)
        taken, there = float(binds[points].sum()), float(data.extractant[b] / extractant.molecules)
        if taken < there:
            continue
        rows = ", ".join(str(data.row[p]) for p in points)
        held = ", ".join(f"{data.elements[data.element[p]]} {organic[p]:.4g}" for p in points)
        problems.append(
            f"row {rows}: contact {data.contacts[b]}: organic = {held} mol/L binds {taken:.4g} "
            f"mol/L of {extractant.unit}, but {data.extractant[b]:.4g} mol/L of extractant have "
            f"{there:.4g}: at most {organic[points].sum() * there / taken:.4g} mol/L fits; mend or "
            "exclude it, and head columns of g/L such as 'organic [g/L]'"
        )
    if problems:
        raise CaseError(problems, data.file)
