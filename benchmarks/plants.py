"""Solve random plants: python -m benchmarks.plants

Cases as text, as plants are built: several sets, long columns, closed loops, exchange, reflux,
set points, stages with efficiency and drops, heat, draws, second feeds of either phase. Every
answer is checked by ``benchmarks.plant_check``. Prints how they ended, exceptions included; --json
gives every outcome.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import sx_sim
from benchmarks.circuits import ELEMENTS, EXPLAINED
from benchmarks.plant_check import errors
from sx_sim.flowsheet.circuit import solve_circuit

SETS = ("hehehp-chloride", "hehehp-chloride-conditional", "d2ehpa-chloride", "cyanex272-chloride")
SULFATE = "d2ehpa-tbp-sulfate"
RIGHT = 1e-8  # largest error of an answer that is right


@dataclass(frozen=True)
class Outcome:
    """How one plant ended: its status, or the message that refused it."""

    seed: int
    stages: int
    ended: str
    seconds: float
    explained: bool
    worst: str = ""  # equation that is furthest off
    error: float = 0.0


def random_plant(seed: int) -> str:
    """Return the text of a random plant.

    1 to 15 rare earths, some of them traces; 1 to 60 extraction, 1 to 40 scrub and, in two of
    three, 1 to 15 strip stages, in one of eight ten times as many; O/A 0.1 to 20; acids of
    1e-3 to 6 mol/L.
    """
    r = np.random.default_rng([seed, 23])

    def log_uniform(low: float, high: float) -> float:
        return float(np.exp(r.uniform(np.log(low), np.log(high))))

    def some(chance: float) -> bool:
        return bool(r.random() < chance)

    key = SULFATE if some(0.1) else str(r.choice(SETS))
    known = tomllib.loads(files("sx_sim.data.extractants").joinpath(f"{key}.toml").read_text())
    usable = [e for e in ELEMENTS if e in known["species"]]
    count = int(r.integers(1, len(usable) + 1))
    elements = [usable[i] for i in sorted(r.choice(len(usable), count, replace=False))]
    shares = r.dirichlet(np.full(count, 0.5)) + 1e-9
    strength, formal = log_uniform(0.003, 1.0), float(r.uniform(0.2, 1.6))
    feed, long = log_uniform(1, 1e4), 10 if some(0.125) else 1
    solvent = feed * min(20.0, log_uniform(0.2, 3.0) * (0.1 + strength * 6 / formal))
    bases = [base for base in ("Na", "NH4") if base in known["species"]]
    saponified = float(r.uniform(0.02, 0.5)) if bases and some(0.7) else 0.0
    counts = [int(log_uniform(1, most)) * long for most in (61, 41)]
    strip = some(0.65)
    counts += [int(r.integers(1, 16))] if strip else []
    held = some(0.15)  # set points: no water may be carried up
    warmed = some(0.1)  # heat tells the temperatures of sections

    def liquor(concentration: float) -> str:
        amounts = [
            f'{e} = "{concentration * s} mol/L"' for e, s in zip(elements, shares, strict=True)
        ]
        return f"concentrations = {{ {', '.join(amounts)} }}"

    def real() -> list[str]:
        lines = [f"efficiency = {r.uniform(0.6, 1.0)}"] if some(0.3) else []
        lines += [f"entrained_organic = {log_uniform(1e-6, 5e-3)}"] if some(0.2) else []
        carried = some(0.2) and not held
        lines += [f"entrained_aqueous = {log_uniform(1e-6, 5e-3)}"] if carried else []
        return lines + (
            [f'temperature = "{r.uniform(15, 50)} degC"'] if not warmed and some(0.15) else []
        )

    lines = [f'temperature = "{r.uniform(15, 50)} degC"', "[solvent]", f'extractant = "{key}"']
    lines += [f'flow = "{solvent} L/h"', f'concentration = "{formal} mol/L"']
    if saponified:
        lines += [f"saponification = {saponified}", f'base = "{r.choice(bases)}"']
    if strip and some(0.5):
        lines += ["recycle = true", f"bleed = {log_uniform(5e-4, 0.1)}"]
    if saponified and some(0.25):
        lines += ['exchange = "raffinate"']
    lines += ["[feeds.liquor]", liquor(strength), f'flow = "{feed} L/h"']
    lines += [
        f"pH = {r.uniform(0.5, 3.5)}" if some(0.5) else f'acid = "{log_uniform(1e-3, 1)} mol/L"'
    ]
    if some(0.15):
        stage = int(r.integers(1, sum(counts[:2]) + 1))
        lines += ["[feeds.second]", liquor(strength * log_uniform(0.01, 1)), f"stage = {stage}"]
        lines += [
            f'flow = "{feed * log_uniform(0.02, 1)} L/h"',
            f'acid = "{log_uniform(0.01, 1)} mol/L"',
        ]
    if some(0.08):
        stage = int(r.integers(1, counts[0] + 1))
        lines += ["[feeds.returned]", 'phase = "organic"', f"stage = {stage}"]
        lines += [liquor(0.02 * formal), f'extractant = "{formal} mol/L"']
        lines += [f'flow = "{solvent * log_uniform(0.02, 0.5)} L/h"']
    scrub, acid = feed * log_uniform(0.02, 1), log_uniform(0.1, 4)
    strip_flow = solvent * log_uniform(0.1, 1)
    lines += ["[sections.extraction]", f"stages = {counts[0]}", *real()]
    lines += ["[sections.scrub]", f"stages = {counts[1]}", *real()]
    if strip and some(0.3):
        lines += ['reflux = "strip liquor"', f'flow = "{strip_flow * r.uniform(0.05, 0.9)} L/h"']
        lines += [f'acid = "{acid} mol/L"'] if some(0.7) else []
    else:
        lines += [f'flow = "{scrub} L/h"', f'acid = "{acid} mol/L"']
    if strip:
        lines += ["[sections.strip]", f"stages = {counts[2]}", *real()]
        lines += [f'acid = "{log_uniform(1, 6)} mol/L"', f'flow = "{strip_flow} L/h"']
        lines += ['outlet = "strip liquor"']
    if some(0.2):
        stage = int(r.integers(2, sum(counts[:2]) + 1))
        lines += ["[draws.side]", f'phase = "{r.choice(["aqueous", "organic"])}"']
        lines += [f"stage = {stage}", f"fraction = {r.uniform(0.02, 0.5)}"]
    if held:  # less acid where the solvent enters: otherwise metals are trapped in between
        at = sorted({int(q) for q in r.integers(1, sum(counts[:2]) + 1, r.integers(1, 4))})
        for stage, pH in zip(at, sorted(r.uniform(0.3, 4, len(at)), reverse=True), strict=True):
            lines += [f"[set_points.p{stage}]", f"stage = {stage}", f"pH = {pH}"]
    if warmed:
        lines += ["[heat]", 'aqueous = "4.1 kJ/(L*K)"', 'organic = "1.7 kJ/(L*K)"']
        lines += [f'loss = "{r.uniform(0, 2)} W/K"', 'ambient = "22 degC"']
        lines += ["[heat.entering]", f'liquor = "{r.uniform(15, 60)} degC"']
    return "\n".join(lines) + "\n"


def run(seed: int) -> Outcome:
    """Solve one plant and check it."""
    text = random_plant(seed)
    began = time.process_time()
    try:
        circuit = sx_sim.parse_case(text).circuit
        found = solve_circuit(circuit, throw=False)
    except sx_sim.CaseError as error:
        return Outcome(seed, 0, f"refused: {error}", time.process_time() - began, True)
    except Exception as error:  # counted, so that the others are run
        return Outcome(seed, 0, f"raised: {error!r}", time.process_time() - began, False)
    seconds = time.process_time() - began
    stages, status = circuit.column.stages, found.status
    if not found.converged:
        ended = status.name.replace("_", " ").lower()
        return Outcome(seed, stages, ended, seconds, status in EXPLAINED)
    off = errors(text, found)
    worst = max(off, key=lambda name: off[name] if np.isfinite(off[name]) else np.inf)
    return Outcome(seed, stages, "converged", seconds, off[worst] <= RIGHT, worst, off[worst])


def summary(outcomes: list[Outcome]) -> Table:
    """Return the counts and times of many plants."""
    table = Table("", "", title_justify="left", show_header=False)
    for ended, count in Counter(o.ended.split(":")[0] for o in outcomes).most_common():
        table.add_row(ended, str(count))
    solved = [o for o in outcomes if o.ended == "converged"]
    wrong = [(o.seed, o.worst, f"{o.error:.1e}") for o in solved if not o.explained]
    table.add_row("converged to a wrong answer", str(wrong))
    left = [(o.seed, o.ended) for o in outcomes if not o.explained and o not in solved]
    table.add_row("neither solved nor explained", str(left))
    table.add_row("largest error", f"{max((o.error for o in solved), default=0.0):.1e}")
    ms = np.array([1e3 * o.seconds for o in outcomes])
    slowest = outcomes[int(ms.argmax())]
    told = f"{np.median(ms):.0f}, {np.quantile(ms, 0.9):.0f}, {ms.max():.0f} (seed {slowest.seed})"
    table.add_row("ms of CPU: median, nine in ten, most", told)
    return table


def main() -> None:
    """Solve the plants and print their table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="plants")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--json", type=Path, help="file for every outcome")
    args = parser.parse_args()
    console = Console()
    run(args.first)  # compiles
    seeds = range(args.first, args.first + args.count)
    outcomes = [run(seed) for seed in track(seeds, "plants", console=console, transient=True)]
    console.print(summary(outcomes))
    if args.json:
        args.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=1))


if __name__ == "__main__":
    main()
