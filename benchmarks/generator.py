"""Random physical columns, to see how robust the solver is."""

from __future__ import annotations

import numpy as np

from sx_sim.kernels.types import Cascade, Law


def random_problem(seed: int, longest: int = 400, alkaline: bool = False) -> tuple[Cascade, Law]:
    """Return a random physical column in the kernels' terms.

    5 to ``longest`` stages (log-uniform), the feed anywhere among them; 1 to 30 metals,
    adjacent separation factors 1.1 to 5, constants 1e-5 to 0.1 for the lightest, one in
    three times a trace of 1e-9; feeds of 1 mmol/L to 2 mol/L; O/A 0.05 to 20; feed and
    scrub acids of 1e-4 to 6 mol/L; saponification 0 to 0.95; in three of ten a side feed, a
    draw of either phase; in one of two a temperature profile over up to 30 K.

    Parameters
    ----------
    seed : int
    longest : int
        Largest number of stages.
    alkaline : bool
        Saponified to 0.3 at least, and ends where metals would hydrolyse. Otherwise the base
        is at most nine tenths of what acids and metals can take, and there is no such end.
    """
    r = np.random.default_rng([seed, 7])

    def log_uniform(low: float, high: float) -> float:
        return float(np.exp(r.uniform(np.log(low), np.log(high))))

    n = int(log_uniform(5, longest + 1))
    metals = int(r.integers(1, 31))
    feed_stage = int(r.integers(1, n + 1))
    formal = r.uniform(0.2, 2.0)
    saponified = r.uniform(0, 0.95) if r.random() < 0.7 else 0.0
    x = r.dirichlet(np.full(metals, r.choice([0.3, 1.0]))) * log_uniform(1e-3, 2.0)
    if metals > 1 and r.random() < 0.3:
        x[r.integers(metals)] *= 1e-9
    acid, scrub_acid = log_uniform(1e-4, 6.0), log_uniform(1e-4, 6.0)
    feed_flow = 100.0
    scrub_flow = feed_flow * log_uniform(0.05, 3.0) if feed_stage < n else 0.0
    solvent_flow = log_uniform(0.05, 20) * (feed_flow + scrub_flow)
    acids = feed_flow * acid + scrub_flow * scrub_acid
    takes = min(3 * feed_flow * x.sum(), solvent_flow * formal / 2)
    base = solvent_flow * saponified * formal
    if not alkaline and base > 0.9 * (acids + takes):
        saponified *= 0.9 * (acids + takes) / base
    if alkaline:
        saponified = min(0.95, max(saponified, 0.3))
    species = metals + (saponified > 0)

    def with_sodium(values: np.ndarray, sodium: float) -> np.ndarray:
        return np.append(values, sodium)[:species]

    steps = np.log(r.uniform(1.1, 5.0, metals - 1))
    ln_k = -r.uniform(1, 5) * np.log(10) + np.append(0.0, np.cumsum(steps))
    temperature = np.full(n, 298.15)
    if r.random() < 0.5:
        temperature = np.linspace(298.15, 298.15 + r.uniform(-15, 30), n)
    enthalpy = with_sodium(r.normal(5.0, 8.0, metals), 0.0)
    three = np.full(metals, 3.0)
    inverse = 1 / temperature - 1 / 298.15
    law = Law(
        with_sodium(ln_k, np.log(2 * 10**-7.1)) - np.multiply.outer(inverse, enthalpy) / 8.314e-3,
        with_sodium(three, 1.0),
        with_sodium(three, 1.0),
        with_sodium(three, 0.5),
        with_sodium(three, 1.0),
        np.zeros((n, species, 0)),
        1e-7 if alkaline else 0.0,
    )
    fed, anions, feed = np.zeros(n), np.zeros(n), np.zeros((n, species))
    fed[feed_stage - 1] += feed_flow
    anions[feed_stage - 1] += feed_flow * (acid + 3 * x.sum())
    feed[feed_stage - 1, :metals] += feed_flow * x
    fed[n - 1] += scrub_flow
    anions[n - 1] += scrub_flow * scrub_acid
    if saponified > 0:
        feed[0, metals] = solvent_flow * saponified * formal
    if r.random() < 0.3:
        j, side = r.integers(n), feed_flow * r.uniform(0.05, 0.5)
        xs = r.dirichlet(np.ones(metals)) * x.sum() * r.uniform(0.1, 1)
        fed[j] += side
        anions[j] += side * (acid + 3 * xs.sum())
        feed[j, :metals] += side * xs
    share_a, share_o = np.zeros(n), np.zeros(n)
    if r.random() < 0.3:
        share_a[r.integers(n)] = r.uniform(0.05, 0.95)
    if r.random() < 0.3:
        share_o[r.integers(n)] = r.uniform(0.05, 0.6)
    aqueous, aqueous_draw, mixed = np.zeros(n), np.zeros(n), np.zeros(n)
    flow = carried = 0.0
    for j in range(n - 1, -1, -1):
        total = flow + fed[j]
        mixed[j] = (carried + anions[j]) / total
        aqueous_draw[j], aqueous[j] = share_a[j] * total, (1 - share_a[j]) * total
        flow, carried = aqueous[j], aqueous[j] * mixed[j]
    organic = solvent_flow * np.cumprod(1 - share_o)
    cascade = Cascade(
        aqueous,
        aqueous_draw,
        organic,
        organic / (1 - share_o) * share_o,
        feed,
        mixed,
        np.full(n, formal / 2),
        np.full(n, 1e-14),
    )
    return cascade, law
