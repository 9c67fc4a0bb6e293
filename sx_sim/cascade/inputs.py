"""What is odd about a column before it is solved: its feeds, its phase ratio, its acid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.caution import Caution, CautionKind
from sx_sim.cascade.column import RAFFINATE, Column, Feed
from sx_sim.cascade.profile import runs
from sx_sim.cascade.validity import HYDROLYSED, hydrolysed
from sx_sim.chemistry.speciation import free_acid
from sx_sim.chemistry.system import ChemicalSystem

Array = NDArray[np.float64]
PHASE_RATIO = 20.0  # mixers are run at O/A between one over this and this
KEPT = 0.01  # of the rare earths, below which the solvent counts as washed clean


def input_cautions(column: Column, kept: float | None = None) -> tuple[Caution, ...]:
    """Return every reason for care that the inputs of a column give.

    Parameters
    ----------
    column : Column
    kept : float, optional
        Once it is solved, the largest share of a rare earth that does not end in the raffinate.
    """
    asked = (borrowed(column.system), alkaline_feeds(column), phase_ratio(column))
    return tuple(caution for found in (*asked, washed_out(column, kept)) for caution in found)


def borrowed(system: ChemicalSystem) -> list[Caution]:
    """Say which species go by exponents that nobody gave for them."""
    found = []
    for symbol, c in zip(system.species, system.constants, strict=True):
        if not c.borrowed:
            continue
        terms = ", ".join(f"{name} = {getattr(c, name):g}" for name in c.borrowed)
        text = (
            f"{terms} of {symbol} are not given; they are those that all rare earths of set "
            f"'{system.extractant.key}' share"
        )
        if not system.element(symbol).rare_earth:
            text += f", though {symbol} is none and its charge is {system.element(symbol).charge}"
        found.append(Caution(CautionKind.EXPONENTS, text, species=symbol))
    return found


def alkaline_feeds(column: Column) -> list[Caution]:
    """Say which feeds are past the hydrolysis of what they hold, so that hydroxides form."""
    found = []
    for feed in column.feeds:
        stream = feed.stream
        if stream.phase != "aqueous":
            continue
        kelvin = column.temperature[feed.stage - 1 : feed.stage]
        first, share, limit = hydrolysed(list(stream.held), kelvin, np.array([stream.acid]))
        if first and share[0] > HYDROLYSED:
            text = (
                f"{stream.name} enters at pH {stream.pH:.1f}: {first} is {100 * share[0]:.0f} % "
                "hydrolysed there and hydroxides would precipitate before it is fed"
            )
            margin = float(stream.pH - limit[0])
            found.append(Caution(CautionKind.HYDROXIDE, text, True, (feed.stage,), first, margin))
    return found


def phase_ratio(column: Column) -> list[Caution]:
    """Say where the flows differ by more than mixers are run at."""
    volumes = column.volumes
    ratio = volumes.settled_organic / volumes.settled_aqueous
    odd = np.maximum(ratio, 1.0 / ratio) > PHASE_RATIO * (1.0 + 1e-9)
    if not odd.any():
        return []
    low, high = ratio[odd].min(), ratio[odd].max()
    numbers = np.flatnonzero(odd) + 1
    span = f"{low:.3g}" if high - low < 1e-3 * high else f"{low:.3g} to {high:.3g}"
    text = (
        f"O/A of {span} at {runs(numbers, 'stage')} is outside 1:{PHASE_RATIO:g} to "
        f"{PHASE_RATIO:g}:1, between which mixers are run"
    )
    margin = float(np.maximum(ratio - PHASE_RATIO, 1.0 / ratio - PHASE_RATIO).max())
    stages = tuple(numbers.tolist())
    return [Caution(CautionKind.PHASE_RATIO, text, stages=stages, margin=margin)]


def washed_out(column: Column, kept: float | None = None) -> list[Caution]:
    """Say where liquors without an outlet bring so much acid that the solvent keeps nothing.

    Were all rare earths in the raffinate, its acidity would follow from what is fed alone. Where
    that lets the stages above the feed keep less than ``KEPT`` of each, in fresh solvent, they
    do end there. What is ``kept`` of them tells it once the column is solved.
    """
    rare = [f for f in column.feeds if f.stream.reo > 0.0]
    if not rare or any(f.stream.phase == "organic" for f in rare) or column.system.acid >= 0:
        return []
    top = max(f.stage for f in rare)
    strips = [f for f in _acids(column) if f.stage > top and _reaches(column, f) > 0.0]
    if not strips:
        return []
    most = _most_kept(column, top, strips[-1].stage) if kept is None else kept
    if most >= KEPT:
        return []
    names = " and ".join(f.stream.name for f in strips)
    text = (
        f"the acid of {names} flows on into the {RAFFINATE}, as no section between has an outlet, "
        "and leaves next to nothing in the solvent: all rare earths end in the raffinate. Give the "
        'section that strips an outlet, such as outlet = "strip liquor", or less acid'
    )
    stages = tuple(f.stage for f in strips)
    return [Caution(CautionKind.WASHED_OUT, text, True, stages)]


def _acids(column: Column) -> list[Feed]:
    """Return the aqueous feeds without rare earths, by stage."""
    liquors = [f for f in column.feeds if f.stream.phase == "aqueous" and not f.stream.reo > 0.0]
    return sorted(liquors, key=lambda f: f.stage)


def _reaches(column: Column, feed: Feed) -> float:
    """Return the share of a feed's water that draws leave for the raffinate."""
    passes, drawn = column.flows("aqueous")
    return float((passes / (passes + drawn))[: feed.stage].prod())


def _most_kept(column: Column, top: int, last: int) -> float:
    """Return the largest share of a rare earth that stages ``top`` + 1 to ``last`` can keep.

    In complexes counts the ligand that metals leave at least, so that D is none too low.
    """
    system, flow = column.system, column.volumes.settled_aqueous[0]
    moles, anions = np.zeros(len(system.species)), 0.0
    for feed in column.feeds:
        stream = feed.stream
        share = _reaches(column, feed) if stream.phase == "aqueous" else 1.0
        moles += share * stream.moles
        anions += share * stream.flow * stream.carrier if stream.phase == "aqueous" else 0.0
    acid = free_acid(system, moles / flow, anions / flow)
    if not acid > 0.0:  # more base than acid: nothing is washed out
        return 1.0
    carriers = [f.stream.carrier for f in column.feeds if f.stream.phase == "organic"]
    dimer = float(np.nan_to_num(max(carriers), nan=1.0))  # no law needs it where it is not known
    ligand = max(anions - float(moles @ system.charge), 0.0) / flow
    law = system.law(np.array([column.temperature.mean()]), anions / flow)
    slope = law.order_acid + (law.acid_by_dimer * dimer if law.acid_by_dimer.size else 0.0)
    level = law.ln_k[0] + law.order_dimer * np.log(dimer) - slope * np.log(acid)
    for_ligand = ligand ** np.arange(1, law.ln_beta.shape[2] + 1)
    level = level - np.log1p(np.exp(law.ln_beta[0]) @ for_ligand)
    ratio = column.volumes.settled_organic / column.volumes.settled_aqueous
    most = np.exp(level[system.rare_earth].max()) * ratio[top:last]
    return float(np.minimum(most, 1.0).prod())
