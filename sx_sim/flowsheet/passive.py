"""What is only carried through a flowsheet: along its links until nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from sx_sim.flowsheet.equivalents import BoundaryFlows, Cations, passages_of, together
from sx_sim.flowsheet.flowsheet import Link
from sx_sim.flowsheet.result import Result

Found = TypeVar("Found")
Amounts = Mapping[str, float]
MOST_WALKS = 200
SETTLED = 1e-14  # change of what links carry, over the most there is


def carried(
    result: Result,
    onward: Callable[[Link, Found | None], Amounts],
    through: Callable[[str, Mapping[str, Amounts]], Found],
) -> dict[str, Found]:
    """Return the flows of a carried species in every circuit, links that go back included.

    Parameters
    ----------
    result : Result
    onward : callable
        Amounts that a link brings, from what became of it in the source; none at first.
    through : callable
        What becomes of it in a circuit, from the amounts that links bring to its feeds.
    """
    arriving: dict[str, dict[str, Amounts]] = {name: {} for name in result.units}
    found: dict[str, Found] = {}
    for _ in range(MOST_WALKS):
        changed, most = 0.0, 0.0
        for name in result.units:
            for link in result.flowsheet.links_to(name):
                new = onward(link, found.get(link.source))
                before = arriving[name].get(link.feed, {})
                for key, amount in new.items():
                    changed = max(changed, abs(amount - before.get(key, 0.0)))
                    most = max(most, amount)
                arriving[name][link.feed] = new
            found[name] = through(name, arriving[name])
        if changed <= SETTLED * most:
            break
    return found


def passages_between(result: Result) -> dict[str, BoundaryFlows]:
    """Return the flows across the boundary of every circuit of a flowsheet.

    Cations of base that neutralising leaves in a liquor go on with its water.
    """
    return carried(
        result,
        lambda link, source: _after(result, link, source),
        lambda name, dosed: passages_of(result.units[name], dosed),
    )


def _after(result: Result, link: Link, source: BoundaryFlows | None) -> Cations:
    """Return the cations of base beside the species in a liquor as it is fed on [eq/L]."""
    done = result.treatments[link]
    if done.effluent is not None or done.stream.phase == "organic":
        return {}
    before = source.dosed[link.product] if source else {}
    flow = link.share * result.units[link.source].streams[link.product].flow
    held = {symbol: amount * flow for symbol, amount in before.items()}
    base = {result.units[link.circuit].circuit.base: done.base}
    whole = together(held, base)
    return {symbol: amount / done.stream.flow for symbol, amount in whole.items()}
