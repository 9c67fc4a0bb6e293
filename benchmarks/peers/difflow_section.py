"""difflow's rare-earth section: mass action, free extractant and acidity as unknowns.

It states the same equations for one section without scrub and without dissociation of
water, so that is the problem: the reference feed, solvent not saponified, few stages,
because its Jacobian is dense.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.column import TOLERANCE, Answer, Array
from benchmarks.peers.contest import Contest, assess_answer, solve_ours
from benchmarks.problems import reference
from sx_sim.kernels.types import Cascade, Law

MOST_STAGES = 10
FEED_FLOW, SOLVENT_FLOW = 100.0, 300.0  # [L/h]
ACID = 10**-1.5  # of the feed [mol/L]
FEWER_STEPS = 10  # of its two globalisations, instead of 100; the answer is the same


def contest(stages: int) -> Contest:
    """Return the contest, of no more stages than difflow solves in reasonable time."""
    n = min(stages, MOST_STAGES)
    cascade, law = section(n)
    peers = {
        "difflow, its defaults": section_solver(cascade, law),
        "difflow, fewer steps": section_solver(cascade, law, n_globalize_steps=FEWER_STEPS),
    }
    return Contest(
        f"one section, {n} stages",
        cascade.feed.sum(axis=0),
        partial(solve_ours, cascade, law, None, TOLERANCE),
        peers,
        partial(assess_answer, cascade, law),
    )


def section(n: int) -> tuple[Cascade, Law]:
    """Return an extraction section of the reference column's rare earths."""
    cascade, law = reference(20).column.pack()
    metals = law.charge == 3.0
    fed = cascade.feed[:, metals].sum(axis=0)
    s, ones = fed.size, np.ones(n)
    feed = np.zeros((n, s))
    feed[-1] = fed
    taken_over = law._replace(
        ln_k=np.tile(law.ln_k[0, metals], (n, 1)),
        order_dimer=law.order_dimer[metals],
        order_acid=law.order_acid[metals],
        dimers=law.dimers[metals],
        charge=law.charge[metals],
        ln_beta=np.zeros((n, s, 0)),
    )
    alone = Cascade(
        aqueous=FEED_FLOW * ones,
        aqueous_draw=0 * ones,
        organic=SOLVENT_FLOW * ones,
        organic_draw=0 * ones,
        feed=feed,
        anion=(ACID + 3 * fed.sum() / FEED_FLOW) * ones,
        dimer=cascade.dimer[0] * ones,
        water_ion_product=0 * ones,
    )
    return alone, taken_over


def section_solver(cascade: Cascade, law: Law, **options: Any) -> Any:
    """Return difflow's solver of the section, compiled at its first call."""
    import jax
    from difflow_ree.equilibrium.mass_action import make_section_residual, solve_section
    from difflow_ree.equilibrium.network import build_network

    n, s = cascade.feed.shape
    ln_k = law.ln_k[0]
    network = build_network(
        "cation_exchange_dimer", [f"M{i}" for i in range(s)], list(ln_k / np.log(10))
    )
    make_section_residual(network, n, "total")  # kept; were it first made in jit, it would leak
    solve = jax.jit(
        partial(solve_section, network, n, Q_aq=FEED_FLOW, Q_org=SOLVENT_FLOW, **options)
    )
    fed, solvent = np.zeros(network.n_components), np.zeros(network.n_components)
    fed[:s] = cascade.feed[-1]
    fed[network.proton_index] = FEED_FLOW * ACID
    fed[network.anion_index] = FEED_FLOW * cascade.anion[0]
    solvent[network.extractant_index] = SOLVENT_FLOW * cascade.dimer[0]
    # D to start from, as its correlations would give: half the extractant bound
    h = ACID + 1.5 * cascade.feed[-1].sum() / FEED_FLOW
    d = np.exp(ln_k + 3 * np.log(cascade.dimer[0] / 2) - 3 * np.log(h))

    def run() -> Answer:
        found = jax.block_until_ready(solve(feed_totals=fed, solvent_totals=solvent, D_values=d))
        return as_answer(network, law, np.asarray(found.u), bool(found.feasible))

    return run


def as_answer(network: Any, law: Law, ln_free: Array, converged: bool) -> Answer:
    """Return the answer; its stages count from where the aqueous feed enters."""
    ln_free = ln_free[::-1]
    scalars = ln_free[:, [network.proton_index, network.extractant_index]]
    ln_x = ln_free[:, : law.charge.size]
    ln_d = law.ln_k + 3 * scalars[:, 1:] - 3 * scalars[:, :1]
    why = "" if converged else "not feasible"
    return Answer(np.exp(ln_x), np.exp(ln_x + ln_d), scalars, converged, None, why)
