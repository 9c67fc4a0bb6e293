"""Balances of stages that fall short of equilibrium and of settlers that leave drops behind.

Of the organic that arrives at a stage the share 1 - efficiency passes by the mixer, so that
what leaves has Murphree's efficiency. Of each phase that leaves, some is carried along with
the other. With ``T = A + eff O D``, A and O all that leaves in either phase, stage j obeys

    x T = what falls to it + feed + eff r          r: what rises to it, organic feed included
    m = (1 - eff) r + eff O D x                    leaves in the organic
    what falls on = A' x + down m / O              A' the water that passes on
    what rises on = O' m / O + up x                O' the organic that passes on

down and up being the volumes that are carried along. Both ends are eliminated towards a
stage by carrying the share of what passes over its border that is lost for it, and the
share that comes back: sums, products and quotients of positive numbers, as where stages
are ideal. Where nearly all is lost, one less what is lost would not tell what comes back.
"""

from typing import NamedTuple

from sx_sim.kernels import layout as row
from sx_sim.kernels.jit import entry, kernel


class Stage(NamedTuple):
    """One stage's flows, as volumes and as shares of the organic that leaves."""

    eff: float
    aqueous: float  # all that leaves
    passes: float  # on to the stage before
    drawn: float
    up: float  # carried along with the organic
    organic: float  # all that leaves
    rises: float  # share that passes on to the next stage
    falls: float  # share carried along with the water
    taken: float  # share drawn off


@kernel(inline="always")
def stage_of(flows, j):
    """Return the flows of stage ``j``."""
    aqueous, drawn, up = flows[row.AQUEOUS, j], flows[row.AQUEOUS_DRAW, j], flows[row.AQUEOUS_UP, j]
    rises, taken, falls = (
        flows[row.ORGANIC, j],
        flows[row.ORGANIC_DRAW, j],
        flows[row.ORGANIC_DOWN, j],
    )
    organic = rises + taken + falls
    return Stage(
        flows[row.EFFICIENCY, j],
        aqueous + drawn + up,
        aqueous,
        drawn,
        up,
        organic,
        rises / organic,
        falls / organic,
        taken / organic,
    )


@kernel(inline="always")
def from_below(stage, d, lost, back):
    """Return the response of a stage to its inflow, the stages before responding too.

    Parameters
    ----------
    stage : Stage
    d : float
        Distribution ratio.
    lost, back : float
        Shares of what falls on from it that do not, and that do, rise again.

    Returns
    -------
    pivot, gain, fallen, made : float
        What x is the inverse of; by how much more rises than without drops falling with the
        water; what falls on and what leaves in the organic, per x.
    """
    bypass = 1.0 - stage.eff
    held = stage.eff * stage.organic * d
    gain = 1.0 / (1.0 - stage.falls * bypass * back)
    fallen = gain * (stage.passes + stage.falls * held)
    rest = stage.rises + stage.taken
    pivot = stage.passes * gain * (bypass * rest + (stage.falls * bypass + stage.eff) * lost)
    pivot += held * gain * (rest + stage.falls * lost) + stage.drawn + stage.up
    return pivot, gain, fallen, bypass * back * fallen + held


@entry(inline="always")
def balance_real(n, flows, feed, organic_feed, d, x, y, leaving, risen, more, made):
    """Solve the balance of every species, of N stages.

    Parameters
    ----------
    n : int
    flows : (rows, N) array
        See ``layout``.
    feed, organic_feed : (N, S) arrays
        What is fed in all, and what the organic brings of it [mol/h].
    d : (N, S) array
        Distribution ratios.
    x, y, leaving : (N, S) arrays, out
        Concentrations in the water, in the organic in equilibrium with it and in the organic
        that leaves [mol/L].
    risen : (3, N, S) array, work
    more : bool
        Whether more enters the organic that leaves the mixer,
    made : (N, S) array
        and how much [mol/h].
    """
    s = feed.shape[1]
    start, lost, back = risen[0], risen[1], risen[2]
    for j in range(n):
        stage = stage_of(flows, j)
        bypass = 1.0 - stage.eff
        for i in range(s):
            if j == 0:
                lost[0, i] = 1.0
                back[0, i] = 0.0
                start[0, i] = 0.0
            fed = organic_feed[j, i]
            own = made[j, i] if more else 0.0
            arrives = start[j, i] + fed
            pivot, gain, fallen, held = from_below(stage, d[j, i], lost[j, i], back[j, i])
            # what rises to it without anything falling from it, and what leaves in the organic
            first = gain * arrives + back[j, i] * gain * stage.falls * own
            left = bypass * gain * arrives + gain * own
            x[j, i] = (feed[j, i] - fed + stage.eff * first) / pivot
            y[j, i] = 1.0 / pivot
            if j + 1 < n:
                start[j + 1, i] = stage.rises * (left + held * x[j, i]) + stage.up * x[j, i]
                gone = stage.drawn + stage.taken * held + lost[j, i] * fallen
                lost[j + 1, i] = gone / pivot
                back[j + 1, i] = (stage.rises * held + stage.up) / pivot
    for j in range(n - 1, -1, -1):
        stage = stage_of(flows, j)
        bypass = 1.0 - stage.eff
        for i in range(s):
            own = made[j, i] if more else 0.0
            arrives = start[j, i] + organic_feed[j, i]
            if j + 1 < n:
                x[j, i] += leaving[j + 1, i] * y[j, i]
            _, gain, fallen, held = from_below(stage, d[j, i], lost[j, i], back[j, i])
            y[j, i] = d[j, i] * x[j, i]
            falls = fallen * x[j, i]
            falls += gain * stage.falls * (bypass * arrives + own)
            left = held * x[j, i] + gain * (bypass * arrives + own)
            leaving[j, i] = falls  # until the stage before has used it
            start[j, i] = left / stage.organic
    for j in range(n):
        for i in range(s):
            leaving[j, i] = start[j, i]


@kernel(inline="always")
def spread_real(n, work):
    """Fill how a step of the unknowns changes x and how that spreads; see ``linear.spread``.

    Drops of organic that fall with the water fall without x changing where they come from.
    ``local`` says what falls, as the x that would let as much fall; the difference to what x
    does is made up in ``small[F_U]``.
    """
    flows, law, state, f_u, f_x = (
        work.flows,
        work.law,
        work.state,
        work.small[row.F_U],
        work.slopes[row.F_X],
    )
    rises, falls, local, pushed = (
        work.spread[row.RISES],
        work.spread[row.FALLS],
        work.slopes[row.LOCAL],
        work.slopes[row.PUSHED],
    )
    d, orders = state[row.D], work.slopes[row.ORDERS]
    s, m = law.shape[1], work.has[row.M]
    lost_above, lost_below, back = state[row.RISEN], state[row.RISEN + 1], state[row.RISEN + 2]
    for i in range(s):
        lost_below[0, i] = 1.0
        back[0, i] = 0.0
        lost_above[n - 1, i] = 1.0
    for j in range(n - 1):
        stage = stage_of(flows, j)
        for i in range(s):
            share = lost_below[j, i]
            pivot, _, fallen, held = from_below(stage, d[j, i], share, back[j, i])
            gone = stage.drawn + stage.taken * held + share * fallen
            lost_below[j + 1, i] = gone / pivot
            back[j + 1, i] = (stage.rises * held + stage.up) / pivot
    for j in range(n - 1, -1, -1):  # x and what rises on, per what rises to it
        stage = stage_of(flows, j)
        bypass = 1.0 - stage.eff
        for i in range(s):
            share = lost_above[j, i]
            held = stage.eff * stage.organic * d[j, i]
            pivot = stage.passes + stage.drawn + stage.up * share
            pivot += held * (stage.taken + stage.falls + stage.rises * share)
            x = (stage.eff + (1.0 - share) * stage.rises * bypass) / pivot
            left = bypass + held * x
            risen = stage.rises * left + stage.up * x
            rises[j, i] = risen / x
            falls[j, i] = x
            if j > 0:
                lost_above[j - 1, i] = stage.drawn * x + stage.taken * left + share * risen
    for j in range(n):
        stage = stage_of(flows, j)
        for i in range(s):
            below, above = lost_below[j, i], lost_above[j, i]
            pivot, gain, fallen, held = from_below(stage, d[j, i], below, back[j, i])
            gone = stage.drawn + stage.taken * held + below * fallen
            whole = gone + above * (stage.rises * held + stage.up)
            unit = stage.eff * stage.organic * state[row.Y, j, i]
            here = stage.taken + stage.falls * below + stage.rises * above
            here *= -unit * gain / whole
            there = stage.rises * (stage.drawn + below * stage.passes)
            there -= stage.up * (stage.taken + stage.falls * below)
            there *= unit * gain / whole
            seen = here  # as what falls sees it
            if stage.falls > 0.0:
                seen += gain * stage.falls * unit / fallen
            nxt = falls[j + 1, i] if j + 1 < n else 0.0
            rises[j, i] *= nxt
            for a in range(m):
                order = orders[j, a, i]
                local[j, a, i] = order * seen
                pushed[j, a, i] = order * there * nxt
                for b in range(m):
                    f_u[j, b, a] += f_x[j, b, i] * order * (here - seen)
    for i in range(s):
        falls[n - 1, i] = 0.0
    for j in range(n - 1):
        here = stage_of(flows, j)
        after = stage_of(flows, j + 1)
        for i in range(s):
            low, high = lost_below[j, i], lost_below[j + 1, i]
            pivot = from_below(here, d[j, i], low, back[j, i])[0]
            fallen = from_below(after, d[j + 1, i], high, back[j + 1, i])[2]
            falls[j, i] = fallen / pivot
