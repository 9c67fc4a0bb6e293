"""Choose flows and stages of a train that parts a heavy ion clay into fifteen oxides.

Fourteen cuts, each a circuit with extraction, scrub and strip and a closed solvent loop. For
each one the theory of counter-current extraction gives a reflux some way above the least
and the stages for it; then the solvent flow is found at which as much of the heavy side is
lost to the raffinate as of the light side to the strip liquor, each over the neighbour that
it spoils, by solving the closed circuit. Where more stages do not help, the reflux grows.

Usage: python docs/derivations/heavy_clay_train.py
"""

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

import sx_sim
from sx_sim.cases.load import validate
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.flowsheet.circuit import solve_circuit
from sx_sim.flowsheet.treatment import REDISSOLVING, treat

SET = "hehehp-chloride"
EXTRACTANT = extractant_set(SET)
CONSTANTS = EXTRACTANT.species
K = {symbol: c.log10_K for symbol, c in CONSTANTS.items()}
FEED = {"composition": "longnan", "strength": "0.6 mol/L", "acid": "0.05 mol/L", "flow": "100 L/h"}
STRENGTH, ACID = 0.6, 0.05  # of liquors between circuits [mol/L]
SOAP = 0.3
BLEED = 0.0005
LOSS = 2e-4  # over the neighbour that it spoils
REFLUX = 1.6  # times what an infinite column needs
MORE_REFLUX = 1.15
STRIPPED = 0.6  # extraction factor of the heaviest in the strip section, at most
SPARE_ACID = 1.6  # strip acid over what the metals take
WORST = 1e3  # stands for the logarithm of a ratio where a circuit fails

# circuit, source, cut, strength of solvent, scrub and strip acid [mol/L], strip stages
CUTS = [
    ("dy_ho", None, "Dy", "Ho", 0.5, 3, 6, 16),
    ("ho_y", "dy_ho.strip liquor", "Ho", "Y", 0.5, 3, 6, 16),
    ("y_er", "ho_y.strip liquor", "Y", "Er", 0.5, 3, 6, 16),
    ("er_tm", "y_er.strip liquor", "Er", "Tm", 0.5, 4, 6, 16),
    ("tm_yb", "er_tm.strip liquor", "Tm", "Yb", 0.5, 4, 6, 16),
    ("yb_lu", "tm_yb.strip liquor", "Yb", "Lu", 0.5, 4, 6, 16),
    ("nd_sm", "dy_ho.raffinate", "Nd", "Sm", 1.0, 3, 4, 8),
    ("gd_tb", "nd_sm.strip liquor", "Gd", "Tb", 1.0, 3, 4, 8),
    ("tb_dy", "gd_tb.strip liquor", "Tb", "Dy", 1.0, 3, 5, 8),
    ("sm_eu", "gd_tb.raffinate", "Sm", "Eu", 1.0, 3, 4, 8),
    ("eu_gd", "sm_eu.strip liquor", "Eu", "Gd", 1.0, 3, 4, 8),
    ("ce_pr", "nd_sm.raffinate", "Ce", "Pr", 1.0, 3, 4, 8),
    ("la_ce", "ce_pr.raffinate", "La", "Ce", 1.0, 3, 4, 8),
    ("pr_nd", "ce_pr.strip liquor", "Pr", "Nd", 1.0, 3, 4, 8),
]


def distribution(symbol, dimer, acid):
    """Return D of a trace against strong acid."""
    one = CONSTANTS[symbol]
    bound = sum(10**b * acid ** (k + 1) for k, b in enumerate(EXTRACTANT.log10_beta))
    return 10**one.log10_K * dimer**one.order_dimer / acid**one.order_acid / (1 + bound)


class Cut:
    """One circuit in the making."""

    def __init__(self, light, heavy, formal, scrub_acid, strip_acid, strip_stages, liquor):
        self.light, self.heavy, self.liquor = light, heavy, liquor
        self.formal, self.scrub_acid, self.strip_acid = formal, scrub_acid, strip_acid
        self.strip_stages = strip_stages
        self.moles = {s: c * liquor.flow for s, c in liquor.held.items() if s in K}
        self.result = None
        self.begin(REFLUX)

    def begin(self, reflux):
        """Set flows and stages by the theory, per mole fed."""
        self.reflux = reflux
        whole = sum(self.moles.values())
        heavier = sum(n for s, n in self.moles.items() if K[s] >= K[self.heavy]) / whole
        beta = 10 ** (K[self.heavy] - K[self.light])
        scrubbed = max(reflux / (beta - 1), 0.3 * heavier + 0.1)
        loaded = heavier + scrubbed
        ratio = self.moles[self.heavy] / self.moles[self.light]
        lighter = np.log(max(1 / ratio, 1) / LOSS) / np.log(beta * scrubbed / loaded)
        raffinate = np.log(max(ratio, 1) / LOSS) / np.log(beta * loaded / (1 + scrubbed))
        self.extraction, self.scrub = 3 + int(raffinate), 3 + int(lighter)
        self.scrub_flow = 3 * scrubbed * whole / self.scrub_acid
        self.solvent = 3 * loaded * whole / (SOAP * self.formal)
        heaviest = max(distribution(s, self.formal / 2, self.strip_acid) for s in self.moles)
        taken = SPARE_ACID * 3 * heavier * whole / self.strip_acid
        self.strip_flow = max(taken, self.solvent * heaviest / STRIPPED)

    def table(self):
        """Return the circuit as a table of the train, but for its feed."""
        return {
            "cut": [self.light, self.heavy],
            "solvent": {"concentration": f"{self.formal} mol/L", "flow": f"{self.solvent:.6g} L/h"},
            "sections": {
                "extraction": {"stages": self.extraction},
                "scrub": {
                    "stages": self.scrub,
                    "acid": f"{self.scrub_acid} mol/L",
                    "flow": f"{self.scrub_flow:.4g} L/h",
                },
                "strip": {
                    "stages": self.strip_stages,
                    "acid": f"{self.strip_acid} mol/L",
                    "flow": f"{self.strip_flow:.4g} L/h",
                    "outlet": "strip liquor",
                },
            },
        }

    def solve(self, solvent):
        """Return ln of what is lost to the raffinate and to the strip liquor."""
        self.solvent = solvent
        table = self.table()
        table["temperature"] = "25 degC"
        table["solvent"] |= {"extractant": SET, "saponification": SOAP, "recycle": True}
        table["solvent"]["bleed"] = BLEED
        table["feeds"] = {"liquor": {"source": "upstream.product"}}
        fed = {"liquor": self.liquor}
        circuit = validate(table, "cut", sources=fed).circuit.fed(fed)
        found = solve_circuit(circuit, start=self.result, throw=False)
        if not found.converged:
            found = solve_circuit(circuit, throw=False)
        if not found.converged:
            return None
        self.result = result = found
        order = np.array([K[s] for s in result.elements])
        rare, fed = result.system.rare_earth, result.net_fed
        up = result.stream("raffinate").moles[rare & (order >= K[self.heavy])].sum()
        down = result.stream("strip liquor").moles[rare & (order <= K[self.light])].sum()
        tiny = np.finfo(float).tiny
        up = np.log(max(up, tiny) / fed[result.system.index(self.light)])
        down = np.log(max(down, tiny) / fed[result.system.index(self.heavy)])
        return up, down

    def balance(self, step):
        """Find the solvent flow at which both losses are alike; return the larger."""
        middle, known = self.solvent, {}

        def difference(x):
            if x not in known:
                losses = self.solve(middle * np.exp(x))
                known[x] = losses[0] - losses[1] if losses else -WORST
            return known[x]

        x, low, high = -4 * step, None, None
        while low is None or high is None:
            if difference(x) > 0:
                low, x = x, x + step
            else:
                high, x = x, x - step
            step *= 1.15
            if abs(x) > 3:
                raise SystemExit(f"no flow parts {self.light} and {self.heavy}")
        best = brentq(difference, low, high, xtol=1e-7)
        return max(self.solve(float(f"{middle * np.exp(best):.6g}")))

    def design(self):
        """Add stages, or reflux where they do not help, until the losses are small."""
        last, step = 0.0, 0.06
        for _ in range(30):
            loss = self.balance(step)
            if loss < np.log(LOSS):
                return
            if loss > last - 0.4:
                self.begin(self.reflux * MORE_REFLUX)
                last, step = 0.0, 0.06
                continue
            last, step = loss, 0.01
            more = 1 + np.clip((loss - np.log(LOSS)) / 12, 0.04, 0.4)
            self.extraction = int(self.extraction * more) + 1
            self.scrub = int(self.scrub * more) + 1
        raise SystemExit(f"{self.light} and {self.heavy} are not parted")


def toml(table, name):
    """Return a table in TOML, its own values first, and what it holds to three levels."""
    own = {k: v for k, v in table.items() if not isinstance(v, dict)}
    inner = {k: v for k, v in table.items() if isinstance(v, dict)}
    head = [f"[{name}]"] if own else []
    blocks = ["\n".join(head + [f"{k} = {value(v)}" for k, v in own.items()])] if own else []
    blocks += [toml(v, f"{name}.{k}") for k, v in inner.items()]
    return "\n\n".join(blocks)


def value(v):
    """Return a value in TOML; tables in one line."""
    if isinstance(v, dict):
        return "{ " + ", ".join(f"{k} = {value(one)}" for k, one in v.items()) + " }"
    if isinstance(v, list):
        return "[" + ", ".join(value(one) for one in v) + "]"
    return f'"{v}"' if isinstance(v, str) else str(v)


HEAD = """# Fifteen oxides from a heavy, yttrium-rich ion clay: fourteen circuits of P507.
#
# Written by docs/derivations/heavy_clay_train.py, which chooses flows and stages; change that,
# not this. Each circuit has a closed solvent loop; between circuits rare earths are
# precipitated and dissolved again, which leaves acid and salt behind. Stages are ideal, and
# the constants of Eu, Gd and Ho to Lu are estimates: a plant has more stages, and other flows.

title = "Heavy ion clay to fifteen oxides, P507"

[defaults]
temperature = "25 degC"

[defaults.solvent]
extractant = "hehehp-chloride"
saponification = {soap}
base = "Na"
recycle = true
bleed = {bleed}
"""

SWEEP = """
[[specifications]]
output = "purity.Tb.Tb4O7"
least = 0.999

[[specifications]]
output = "purity.Dy.Dy2O3"
least = 0.999

[sweep]
outputs = ["purity_reo", "recovery", "acid_per_reo"]

[[sweep.axes]]
path = "circuits.tb_dy.solvent.flow"
from = "67.8 L/h"
to = "68.2 L/h"
points = 5

[[sweep.axes]]
path = "circuits.dy_ho.feeds.liquor.pH"
from = 1.298
to = 1.304
points = 5
"""


def main():
    """Design every circuit and write the train."""
    path = Path(__file__).resolve().parents[2] / "examples" / "heavy_clay_train.toml"
    start = f"""
        temperature = "25 degC"
        feeds.clay = {value(FEED)}
        solvent = {{ extractant = "{SET}", concentration = "1 mol/L", flow = "1 L/h" }}
        sections.extraction.stages = 1
    """
    streams = {None: sx_sim.parse_case(start).column.feed("clay")}
    parts, products, stages = [HEAD.format(soap=SOAP, bleed=BLEED)], [], 0
    for name, source, light, heavy, *rest in CUTS:
        liquor = streams[source]
        if source:
            liquor = treat(liquor, acid=ACID, strength=STRENGTH, by=REDISSOLVING).stream
        cut = Cut(light, heavy, *rest, liquor)
        cut.design()
        table = cut.table()
        given = {"source": source, "acid": f"{ACID} mol/L", "strength": f"{STRENGTH} mol/L"}
        table["feeds"] = {"liquor": given if source else FEED}
        parts.append(toml(table, f"circuits.{name}"))
        for product in ("raffinate", "strip liquor"):
            streams[f"{name}.{product}"] = stream = cut.result.stream(product)
            if all(f"{name}.{product}" != other[1] for other in CUTS):
                oxide = sx_sim.chemistry.elements.element(stream.leading).oxide
                products.append(f'{oxide} = "{name}.{product}"')
        here = cut.result.circuit.column.stages
        stages += here
        print(f"{name}: {here} stages, reflux {cut.reflux:.2f} times the least", flush=True)
    parts.append("[products]\n" + "\n".join(products))
    path.write_text("\n\n".join([*parts, SWEEP.strip()]) + "\n")
    print(f"{stages} stages; wrote {path.name}")


if __name__ == "__main__":
    sys.exit(main())
