"""Cations of dosed base between circuits: what passes the boundary of each, with them."""

from __future__ import annotations

from sx_sim.flowsheet.equivalents import BoundaryFlows, Cations, passages_of, together
from sx_sim.flowsheet.flowsheet import Link
from sx_sim.flowsheet.result import Result

MOST_PASSES = 200
SETTLED = 1e-14  # change of dosed base over what there is


def passages_between(result: Result) -> dict[str, BoundaryFlows]:
    """Return what passes the boundary of every circuit of a flowsheet.

    Cations of base that neutralising leaves in a liquor go on with its water, in circles if
    the circuits do.
    """
    dosed: dict[str, dict[str, Cations]] = {name: {} for name in result.units}
    found: dict[str, BoundaryFlows] = {}
    for _ in range(MOST_PASSES):
        changed = 0.0
        for name, unit in result.units.items():
            for link in result.flowsheet.links_to(name):
                new = _after(result, link, found.get(link.source))
                before = dosed[name].get(link.feed, {})
                moved = [abs(new[s] - before.get(s, 0.0)) for s in new]
                changed = max(changed, *moved) if moved else changed
                dosed[name][link.feed] = new
            found[name] = passages_of(unit, dosed[name])
        every = [v for feeds in dosed.values() for one in feeds.values() for v in one.values()]
        if changed <= SETTLED * max(every, default=0.0):
            break
    return found


def _after(result: Result, link: Link, source: BoundaryFlows | None) -> Cations:
    """Return the cations of base beside the species in a liquor as it is fed on [eq/L]."""
    done = result.treatments[link]
    if done.effluent is not None or done.stream.phase == "organic":
        return {}
    before = source.dosed[link.product] if source else {}
    flow = result.units[link.source].streams[link.product].flow
    held = {symbol: amount * flow for symbol, amount in before.items()}
    base = {result.units[link.circuit].circuit.base: done.base}
    whole = together(held, base)
    return {symbol: amount / done.stream.flow for symbol, amount in whole.items()}
