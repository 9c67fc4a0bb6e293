"""Cases and trains with one or several things changed at random: none may end in a traceback.

    python -m benchmarks.mutations --count 10000 --seed 1
    python -m benchmarks.mutations --count 300 --seed 1 --solve

A mutated file is refused with a message, or it is read; what is read with ``--solve`` is solved,
printed, swept and shifted, and what converged is held against its balances. Prints every file
that ends otherwise, with its number; exit code 1 if there is any.
"""

from __future__ import annotations

import argparse
import copy
import io
import random
import signal
import sys
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

import sx_sim
from sx_sim.report.console import PlainConsole
from sx_sim.report.results import print_result
from sx_sim.report.studies import print_tornado
from sx_sim.report.sweeps import print_sweep
from sx_sim.studies.checking import check_case
from sx_sim.studies.ledgers import ledger_of
from sx_sim.studies.tornado import tornado

LONGEST = 60  # [s] that one file may take
BALANCED = 1e-6  # of a converged result
EXAMPLES = Path(__file__).parents[1] / "examples"
MOST_STAGES = 12  # of a section, so that many are solved

SMALL = """
title = "two circuits"
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride"
saponification = 0.3
recycle = true
bleed = 0.001
concentration = "0.5 mol/L"
[circuits.one]
cut = ["Dy", "Ho"]
solvent = { flow = "1500 L/h" }
[circuits.one.sections]
extraction = { stages = 8 }
scrub = { stages = 8, acid = "3 mol/L", flow = "60 L/h" }
strip = { stages = 6, acid = "6 mol/L", flow = "60 L/h", outlet = "strip liquor" }
[circuits.one.feeds]
liquor = { strength = "0.4 mol/L", acid = "0.05 mol/L", flow = "100 L/h", composition = "longnan" }
[circuits.two]
solvent = { flow = "500 L/h" }
[circuits.two.sections]
extraction = { stages = 6 }
scrub = { stages = 6, acid = "3 mol/L", flow = "20 L/h" }
strip = { stages = 6, acid = "6 mol/L", flow = "40 L/h", outlet = "strip liquor" }
[circuits.two.feeds]
liquor = { source = "one.strip liquor", acid = "0.05 mol/L", strength = "0.4 mol/L" }
[products]
Dy2O3 = "one.raffinate"
Ho2O3 = "two.raffinate"
"""

ODD: tuple[Any, ...] = (
    0, 1, -1, 2, 7, 0.5, 1.0, 1e-12, -0.5, 1e9, 10**30, float("nan"), float("inf"), True, False,
    "", " ", "x", "raffinate", "barren solvent", "loaded solvent", "strip liquor",
    "one.raffinate", "two.raffinate", "two.barren solvent", "extraction", "scrub.1",
    "extraction.99", "solvent", "0 L/h", "1 L/h", "100 L/h", "1e6 L/h", "1e-9 L/h", "1e999 L/h",
    "-1 L/h", "2 m3/h", "5 gpm", "0.1 mol/L", "1 M", "0.1 N", "20 mol/L", "1e-7 mol/L", "0 mol/L",
    "3 g/L", "30 vol%", "1,5 mol/L", "25 1/0", "L**9**9**9", "60 ]L/h", "25 degC", "15 degC",
    "90 degC", "0 K", "5 kJ/mol", "15 Bq/L", "Nd", "Dy", "Xx", "Na", "NH4", "Mg", "U", "Th", "Ca",
    "La-Lu", "[/]", "$x^$", "a.b", "a/b", "\\", "hehehp-chloride", "hehehp-chloride-conditional",
    "d2ehpa-chloride", "p507-10vol-logd", "d2ehpa-tbp-sulfate", "longnan", "purity.Dy.raffinate",
    "purity.La-Dy.raffinate", "recovery.Nd.raffinate", "pH.raffinate", "flow.strip liquor",
    "temperature", "feeds.clay.pH", "feeds.liquor.acid", "solvent.flow", "sections.scrub.acid",
    "aqueous", "organic", "neutralising", [], {}, [1, 2], ["Nd", "Dy"], ["Dy", "Nd"],
    {"Nd": "0.1 mol/L"}, {"Nd": 50, "Dy": 50}, {"a": {}}, [[[[[]]]]], {"stages": 3},
    {"phase": "aqueous", "stage": 1, "fraction": 0.3}, "9" * 5000,
)  # fmt: skip
NAMES = (
    "extraction", "scrub", "strip", "liquor", "clay", "solvent", "raffinate", "pH", "acid",
    "flow", "oa", "stages", "stage", "temperature", "saponification", "reflux", "outlet",
    "recycle", "bleed", "exchange", "base", "concentration", "concentrations", "composition",
    "strength", "source", "by", "phase", "fraction", "efficiency", "entrained_organic",
    "entrained_aqueous", "inert", "log10_K", "heat", "plant", "sweep", "zip", "[/]", "$x^$",
    "a.b", "a/b", "", " ", "str", "tuple[x", "Nd", "Ca", "barren solvent", "exchange effluent",
    "status", "element", "model_config", "__class__",
)  # fmt: skip


def originals() -> list[dict[str, Any]]:
    """Return the tables that are changed: the examples made short, and a small train."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.toml"))]
    return [
        _shortened(tomllib.loads(text.replace('"sets/', f'"{EXAMPLES}/sets/')))
        for text in (*texts, SMALL)
        if "[defaults]" not in text or text is SMALL
    ]


def _shortened(tables: dict[str, Any]) -> dict[str, Any]:
    for section in tables.get("sections", {}).values():
        section["stages"] = min(section["stages"], MOST_STAGES)
    for axis in tables.get("sweep", {}).get("axes", []):
        if "points" in axis:
            axis["points"] = 2
    if "sweep" in tables:
        tables["sweep"]["band_members"] = 0
    for draw in (*tables.get("feeds", {}).values(), *tables.get("draws", {}).values()):
        if isinstance(draw.get("stage"), int):
            draw["stage"] = min(draw["stage"], MOST_STAGES)
    return tables


def mutated(tables: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return tables with one to three things changed."""
    tables = copy.deepcopy(tables)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = list(_places(tables))
        if not places:
            break
        holder, key = rng.choice(places)
        _change(rng, places, holder, key)
    return tables


def _change(rng: random.Random, places: list[Any], holder: Any, key: Any) -> None:
    kind = rng.randrange(12)
    if kind == 0:
        del holder[key]
    elif kind == 1:
        other, name = rng.choice(places)
        holder[key] = copy.deepcopy(other[name])
    elif kind == 2 and isinstance(holder, dict):
        holder[rng.choice(NAMES)] = copy.deepcopy(holder[key])
    elif kind == 3 and isinstance(holder, dict):
        holder[rng.choice(NAMES)] = holder.pop(key)
    elif kind == 4 and isinstance(holder, dict):
        holder[rng.choice(NAMES)] = copy.deepcopy(rng.choice(ODD))
    else:
        holder[key] = _moved(rng, holder[key])


def _moved(rng: random.Random, value: Any) -> Any:
    """Return another value: of the same kind now and then, else any odd one."""
    if rng.random() < 0.7 and isinstance(value, str):
        number, _, unit = value.partition(" ")
        try:
            return f"{float(number) * 10 ** rng.uniform(-1, 1):.6g} {unit}"
        except ValueError:
            pass
    if rng.random() < 0.7 and isinstance(value, int | float) and not isinstance(value, bool):
        return type(value)(value * 10 ** rng.uniform(-1.5, 1.5))
    return copy.deepcopy(rng.choice(ODD))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in tables, as what holds it and its key."""
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)


def outcome(text: str, solve: bool) -> str:
    """Return how a file ends: refused, read, solved or not; any other error is raised."""
    console = PlainConsole(file=io.StringIO(), width=100)
    try:
        return _case_outcome(sx_sim.parse_case(text), solve, console)
    except sx_sim.CaseError as error:
        if any("\n" in problem or not problem for problem in error.problems):
            raise ValueError(f"a message of several lines: {error.problems}") from None
        return "refused"
    except sx_sim.ConvergenceError:
        return "not solved"


def _case_outcome(case: sx_sim.Case, solve: bool, console: PlainConsole) -> str:
    check_case(case)
    if not solve:
        return "read"
    result = sx_sim.solve(case, throw=False)
    print_result(console, case, result)
    if not result.converged:
        return "not solved"
    _hold(result, case)
    print_tornado(console, case, tornado(case, result))
    if case.content.sweep is not None:
        print_sweep(console, case, sx_sim.run_sweep(case))
    return "solved"


def _hold(result: sx_sim.Result, case: sx_sim.Case) -> None:
    """Raise ValueError where a converged result does not balance, or something is negative."""
    for unit in result.units.values():
        checks = unit.cascade.checks
        if not checks.balance.max(initial=0.0) < BALANCED or not checks.closure < BALANCED:
            raise ValueError(f"converged, and balances to {checks.balance.max(initial=0.0)}")
    if max(result.balance().values(), default=0.0) > BALANCED:
        raise ValueError(f"converged, and balances to {max(result.balance().values())}")
    if any(s.flow < 0 or (s.concentration < 0).any() for s in result.streams.values()):
        raise ValueError("converged with a negative flow or concentration")
    closures = list(ledger_of(case, result).closures.values())
    if closures and np.nanmax(closures) > 1e-4:
        raise ValueError(f"the ledger closes to {np.nanmax(closures)}")


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError where what is done takes longer."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"takes more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(
    count: int, seed: int, solve: bool, first: int = 0, tell: Callable[[str], None] = print
) -> Counter[str]:
    """Return how many of so many mutated files ended in which way, telling every fault."""
    sources = originals()
    ends: Counter[str] = Counter()
    for k in range(first, first + count):
        rng = random.Random(f"{seed}.{k}")
        text = tomli_w.dumps(mutated(rng.choice(sources), rng))
        try:
            with limited(LONGEST):
                ends[outcome(text, solve)] += 1
        except Exception as error:  # whatever it is, it is a fault
            ends["fault"] += 1
            last = traceback.extract_tb(error.__traceback__)[-1]
            tell(f"# {k}: {type(error).__name__}: {error} ({last.filename}:{last.lineno})\n{text}")
    return ends


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--solve", action="store_true")
    given = parser.parse_args()
    ends = run(given.count, given.seed, given.solve, given.first)
    print(", ".join(f"{n} {end}" for end, n in ends.most_common()))
    sys.exit(1 if ends["fault"] else 0)


if __name__ == "__main__":
    main()
