"""Solve random closed circuits: python -m benchmarks.circuits

Prints how they ended. A circuit is right where its column passes the checks that share nothing
with the solver, what comes back is what leaves, and what is fed from outside is what leaves.

With --prove, those told that their strip is too weak are looked at twice. Either more base is fed
than all acid fed can take up, with what solvent that leaves can hold. Or they are solved again
with a stronger strip acid, which is lowered from answer to answer, until the pH of the last one
runs past hydrolysis at more acid than the circuit has.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import sx_sim
from sx_sim.cascade.status import Status
from sx_sim.flowsheet.circuit import solve_circuit
from sx_sim.flowsheet.recycles import Circuit, Reflux, SolventLoop

ELEMENTS = ("La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Y", "Ho", "Er", "Tm", "Yb", "Lu")
EXPLAINED = (
    Status.EXCESS_BASE,
    Status.WEAK_STRIP,
    Status.SHORT_EXCHANGE,
    Status.OUTSIDE_LAW,
)
BALANCE = 1e-8  # of what is fed of a species
STRONGER = (1.25, 1.6, 2.0, 3.0, 5.0, 8.0, 12.0)  # strip acid to begin a proof with
PAST_HYDROLYSIS = 7.0  # pH
CLOSE = 1e-7  # step of the strip acid, over itself, at which an end is found


@dataclass(frozen=True)
class Outcome:
    """How one circuit ended: its status, or the message that refused it."""

    seed: int
    ended: str
    rounds: int
    seconds: float
    explained: bool
    wrong: bool


def random_circuit(seed: int, stronger: float = 1.0) -> str:
    """Return the text of a random circuit, with so many times its strip acid.

    2 to 8 rare earths; 3 to 60 extraction, 2 to 40 scrub and 3 to 15 strip stages; solvent
    for 0.2 to 1.2 times the rare earths at full loading, saponified to at most 0.5. About as
    often as not the solvent comes back with a bleed of 0.1 to 5 %, it is exchanged with
    raffinate, strip liquor is refluxed; less often there is a draw, an efficiency, drops.
    """
    r = np.random.default_rng([seed, 11])

    def log_uniform(low: float, high: float) -> float:
        return float(np.exp(r.uniform(np.log(low), np.log(high))))

    def some(chance: float) -> bool:
        return bool(r.random() < chance)

    elements = [ELEMENTS[i] for i in sorted(r.choice(15, int(r.integers(2, 9)), replace=False))]
    parts = r.dirichlet(np.ones(len(elements))) + 1e-4
    parts *= 100 / parts.sum()
    strength, formal = log_uniform(0.05, 1.2), float(r.uniform(0.5, 1.5))
    flow = 100.0
    # a rare earth takes six formal moles of extractant at most: three dimers
    solvent = float(r.uniform(0.2, 1.2)) * flow * strength * 6 / formal
    saponified = float(r.uniform(0.1, 0.5)) if some(0.8) else 0.0
    scrub, strip = flow * log_uniform(0.05, 1.0), flow * log_uniform(0.1, 1.5)
    lines = [
        'temperature = "25 degC"',
        "[solvent]",
        'extractant = "hehehp-chloride"',
        f'concentration = "{formal} mol/L"',
        f"saponification = {saponified}",
        f'flow = "{solvent} L/h"',
    ]
    closed = some(0.6)
    if closed:
        lines += ["recycle = true", f"bleed = {log_uniform(1e-3, 0.05)}"]
    if saponified and some(0.4):
        lines += ['exchange = "raffinate"']
    composition = ", ".join(f"{e} = {p}" for e, p in zip(elements, parts, strict=True))
    lines += [
        "[feeds.liquor]",
        f"composition = {{ {composition} }}",
        f'strength = "{strength} mol/L"',
        f"pH = {r.uniform(0.5, 3.0)}",
        f'flow = "{flow} L/h"',
        "[sections.extraction]",
        f"stages = {int(log_uniform(3, 61))}",
    ]
    real = []
    if some(0.25):
        real += [f"efficiency = {r.uniform(0.7, 1.0)}"]
    if some(0.25):
        real += [f"entrained_organic = {log_uniform(1e-4, 1e-2)}"]
        real += [f"entrained_aqueous = {log_uniform(1e-4, 1e-2)}"]
    lines += real
    scrub_stages = int(log_uniform(2, 41))
    lines += ["[sections.scrub]", f"stages = {scrub_stages}", *real]
    if some(0.5):
        scrub = strip * float(r.uniform(0.05, 0.9))
        lines += ['reflux = "strip liquor"', f'flow = "{scrub} L/h"']
        if some(0.7):
            lines += [f'acid = "{log_uniform(0.2, 2.5)} mol/L"']
    else:
        lines += [f'flow = "{scrub} L/h"', f'acid = "{log_uniform(0.2, 3.0)} mol/L"']
    lines += [
        "[sections.strip]",
        f"stages = {int(r.integers(3, 16))}",
        f'acid = "{stronger * log_uniform(1.0, 6.0)} mol/L"',
        f'flow = "{strip} L/h"',
        'outlet = "strip liquor"',
    ]
    if some(0.3):
        lines += [
            "[draws.side]",
            f'phase = "{r.choice(["aqueous", "organic"])}"',
            f'stage = "scrub.{int(r.integers(1, scrub_stages + 1))}"',
            f"fraction = {r.uniform(0.02, 0.4)}",
        ]
    return "\n".join(lines)


def run(seed: int) -> Outcome:
    """Solve one circuit and check it."""
    began = time.perf_counter()
    circuit = sx_sim.parse_case(random_circuit(seed)).circuit
    try:
        found = solve_circuit(circuit, throw=False)
    except sx_sim.CaseError as error:
        return Outcome(seed, f"refused: {error}", 0, time.perf_counter() - began, True, False)
    seconds = time.perf_counter() - began
    result = found
    if found.converged:
        wrong = not (result.checks.passed and unbalanced(found) < BALANCE)
        return Outcome(seed, "converged", found.rounds, seconds, not wrong, wrong)
    ended = result.status.name.replace("_", " ").lower()
    explained = result.status in EXPLAINED
    return Outcome(seed, ended, found.rounds, seconds, explained, False)


def unbalanced(found: sx_sim.CircuitResult) -> float:
    """Return what is fed less what leaves, over what is fed, at most of any rare earth."""
    result = found
    rare = result.system.rare_earth
    fed = found.circuit.column.fed.sum(axis=0)
    left = sum(stream.flow * stream.concentration for stream in result.streams.values())
    return float((np.abs(fed - left) / fed.max())[rare].max())


def short_of_acid(circuit: Circuit) -> bool:
    """Whether more base is fed [eq/h] than acid, and room in the solvent that leaves."""
    system = circuit.column.system
    leaving = {name: flow for name, _, _, flow in circuit.column.outlets()}
    loops = [r for r in circuit.recycles if isinstance(r, SolventLoop)]
    spare = 0.0
    for feed in circuit.column.feeds:
        stream = feed.stream
        held = stream.flow * float(stream.concentration @ system.charge)
        recycle = next((r for r in circuit.recycles if r.feed == stream.name), None)
        if isinstance(recycle, Reflux):
            spare += 0.0 if recycle.keeps_acid else stream.flow * (recycle.acid or 0.0)
        elif stream.phase == "aqueous":
            spare += stream.flow * stream.carrier - held
        else:
            back = [
                r.flow_drawn(stream, replace(stream, flow=leaving[r.product]))
                for r in loops
                if r.feed == stream.name
            ]
            most = 2.0 * stream.carrier  # both protons of a dimer replaced
            spare += (stream.flow - sum(back)) * most - held
    return spare < 0.0


def end_of_acid(seed: int) -> tuple[float, float]:
    """Return how many times a circuit's strip acid its acid answers end at, and the pH there.

    NaN where none is found.
    """

    def solved(stronger: float, start: sx_sim.CircuitResult | None) -> sx_sim.CircuitResult | None:
        try:
            circuit = sx_sim.parse_case(random_circuit(seed, stronger)).circuit
            found = solve_circuit(circuit, start=start, throw=False)
        except sx_sim.CaseError:
            return None
        return found if found.converged else None

    best = None
    for share in STRONGER:
        best = solved(share, None)
        if best is not None:
            break
    if best is None:
        return np.nan, np.nan
    step = (share - 1.0) / 8
    while share > 1.0 and step > CLOSE:
        less = max(1.0, share - step)
        found = solved(less, best)
        if found is None:
            step /= 3
        else:
            best, share, step = found, less, 1.5 * step
    return share, float(best.stages.pH.max())


def summary(outcomes: list[Outcome]) -> Table:
    """Return the counts, rounds and times of many circuits."""
    table = Table("", "", title_justify="left", show_header=False)
    for ended, count in Counter(o.ended for o in outcomes).most_common():
        table.add_row(ended, str(count))
    table.add_row("converged to a wrong answer", str([o.seed for o in outcomes if o.wrong]))
    left = [(o.seed, o.ended) for o in outcomes if not o.explained]
    table.add_row("neither solved nor explained", str(left))
    rounds = np.array([o.rounds for o in outcomes if o.ended == "converged"])
    ms = np.array([1e3 * o.seconds for o in outcomes])
    table.add_row(
        "columns solved to close one: median, nine in ten, most",
        f"{np.median(rounds):.0f}, {np.quantile(rounds, 0.9):.0f}, {rounds.max()}",
    )
    table.add_row(
        "ms: median, nine in ten, most",
        f"{np.median(ms):.0f}, {np.quantile(ms, 0.9):.0f}, {ms.max():.0f}",
    )
    return table


def proofs(refused: Iterable[int]) -> Table:
    """Return why circuits have no acid answer."""
    table = Table("", "", title_justify="left", show_header=False)
    short, ended, left = [], {}, []
    for seed in refused:
        share, pH = end_of_acid(seed)
        if share > 1.0 and pH > PAST_HYDROLYSIS:
            ended[seed] = share
        elif short_of_acid(sx_sim.parse_case(random_circuit(seed)).circuit):
            short.append(seed)
        else:
            left.append(seed)
    table.add_row("acid answers end at more strip acid than there is", str(len(ended)))
    if ended:
        shares = np.array(list(ended.values()))
        told = f"{shares.min():.4f}, {np.median(shares):.2f}, {shares.max():.1f}"
        table.add_row("  times as much: least, median, most", told)
    table.add_row("less acid fed than base", str(short))
    table.add_row("not proved", str(left))
    return table


def main() -> None:
    """Solve the circuits and print their table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="circuits")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--prove", action="store_true", help="that those refused have no answer")
    args = parser.parse_args()
    console = Console()
    run(args.first)  # compiles
    seeds = range(args.first, args.first + args.count)
    outcomes = [run(seed) for seed in track(seeds, "circuits", console=console, transient=True)]
    console.print(summary(outcomes))
    if args.prove:
        refused = [o.seed for o in outcomes if o.ended in ("excess base", "weak strip")]
        console.print(proofs(track(refused, "proofs", console=console, transient=True)))


if __name__ == "__main__":
    main()
