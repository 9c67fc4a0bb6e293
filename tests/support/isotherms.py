"""Isotherms that were never measured: known constants, known errors."""

from dataclasses import dataclass, replace

import numpy as np

from sx_sim.chemistry.extractants import ExtractantSet, extractant_set
from sx_sim.fitting import Isotherms
from sx_sim.fitting.equilibrium import equilibrium
from sx_sim.fitting.model import Model

ELEMENTS = ("La", "Pr", "Nd", "Sm")


@dataclass(frozen=True)
class Noise:
    """Standard deviations: of log10 K for laboratories, of log10 D for the rest."""

    laboratory: float = 0.3
    laboratory_element: float = 0.1
    contact: float = 0.05
    point: float = 0.08


def truth() -> ExtractantSet:
    """Return constants with slopes that are not whole numbers."""
    base = extractant_set("hehehp-chloride-complexed")
    log10_k = {"La": -2.6, "Pr": -1.75, "Nd": -1.55, "Sm": -0.7}
    return base.with_constants(
        {s: {"log10_K": k, "order_dimer": 2.4, "order_acid": 2.8} for s, k in log10_k.items()}
    )


def design(rng: np.random.Generator, laboratories: int = 4, each: int = 14) -> Isotherms:
    """Return contacts of several laboratories: mixtures, single salts, one dosage or three."""
    names, total, acid, extractant, contact, element = [], [], [], [], [], []
    for lab in range(laboratories):
        dosages = [0.5, 1.0, 2.0] if lab % 2 == 0 else [1.0]
        for k in range(each):
            present = list(range(len(ELEMENTS))) if lab % 2 == 0 else [k % len(ELEMENTS)]
            row = np.zeros(len(ELEMENTS))
            row[present] = rng.uniform(0.01, 0.2 / len(present) + 0.01, len(present))
            contact += [len(total)] * len(present)
            element += present
            names.append(f"lab {lab}")
            total.append(row)
            acid.append(10 ** rng.uniform(-2, -0.4))
            extractant.append(dosages[k % len(dosages)])
    count = len(total)
    return Isotherms(
        elements=ELEMENTS,
        contacts=tuple(str(k) for k in range(count)),
        laboratories=tuple(names),
        total=np.array(total),
        acid=np.array(acid),
        extractant=np.array(extractant),
        soap=np.zeros(count),
        base="Na",
        oa=np.ones(count),
        temperature=np.full(count, 298.15),
        pH=np.full(count, np.nan),
        contact=np.array(contact),
        element=np.array(element),
        log10_d=np.zeros(len(contact)),
        weight=np.ones(len(contact)),
        row=np.arange(2, len(contact) + 2),
    )


def measured(data: Isotherms, known: ExtractantSet, noise: Noise, rng) -> Isotherms:
    """Return the contacts with what laboratories would have found."""
    exact = Model(known, data, ("log10_K." + data.elements[0],))
    law = exact.law(exact.initial)
    laboratories, which = np.unique(data.laboratories, return_inverse=True)
    shape = (len(laboratories), len(data.elements))
    shift = rng.normal(0.0, noise.laboratory, (shape[0], 1))
    shift = (shift + rng.normal(0.0, noise.laboratory_element, shape))[which]
    found = equilibrium(data.shakes(), replace(law, ln_k=law.ln_k + np.log(10) * shift))
    log10_d = found.ln_d[data.contact, data.element] / np.log(10)
    log10_d = log10_d + rng.normal(0.0, noise.contact, len(data.contacts))[data.contact]
    return replace(data, log10_d=log10_d + rng.normal(0.0, noise.point, data.points))
