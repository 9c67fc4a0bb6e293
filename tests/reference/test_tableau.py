"""Ion pairs, solvates and mixed complexes against SciPy's solution of the balances.

Every stage's free metals, hydrogen ion, anion, extractant and synergist are unknowns, as
logarithms. A tableau says how many of them form each complex; the equations are mass action and
the balance of every component. That of the anion stands for electroneutrality. Nothing of the
solver is used, and the start is what is fed.
"""

from dataclasses import dataclass

import numpy as np
import pytest
import tomli_w
from scipy.optimize import root

import sx_sim

CHARGE = {"La": 3, "Nd": 3, "U": 2, "Fe": 3, "Mg": 2, "Na": 1, "NH4": 1}
KW = 1e-14  # at 25 degC
FLOWS = {"feed": 60.0, "scrub": 40.0, "solvent": 120.0}  # L/h


@dataclass(frozen=True)
class Plant:
    """A set and its liquors, in mol/L.

    ``organic`` holds log10 K, the reaction and what forms the complex: its species first, then
    H hydrogen ions (released, if negative), L anions, E units of extractant, T of synergist.
    ``aqueous`` holds log10 beta and the same. Liquors hold H titratable acid.
    """

    medium: str
    organic: list
    extractant: float  # units
    feed: dict
    scrub: dict
    aqueous: tuple = ()
    complexes: str = "none"
    anion: int = 1  # its charge, sign reversed
    molecules: int = 1  # in a unit of extractant
    synergist: float = 0.0


SOLVATE = "M3+ + 3 NO3- + 3 TBP = M(NO3)3(TBP)3"
MIXED = "M3+ + 3 NO3- + 2 TBP + B = M(NO3)3(TBP)2B"
NITRIC = [
    (-0.64, "H+ + NO3- + TBP = HNO3.TBP", {"H": 1, "L": 1, "E": 1}),
    (-1.5, "2 H+ + 2 NO3- + TBP = (HNO3)2TBP", {"H": 2, "L": 2, "E": 1}),
]
QUATERNARY = "M3+ + 3 NO3- + 2 R4NNO3 = (R4N)2M(NO3)5"
PRIMARY = "M3+ + 3/2 SO4 2- + 3/2 (RNH3)2SO4 = (RNH3)3M(SO4)3"
DIMERS = "M3+ + 3 (HA)2 = M(HA2)3 + 3 H+"
DIMERS_MIXED = "M3+ + 3 (HA)2 + B = M(HA2)3B + 3 H+"
BISULFATE = (1.988, {"H": 1, "L": 1})
SULFATES = (
    (3.643, {"La": 1, "L": 1}),
    (5.1, {"La": 1, "L": 2}),
    (3.643, {"Nd": 1, "L": 1}),
    (5.0, {"Nd": 1, "L": 2}),
)

PLANTS = {
    "solvates and their acid": Plant(
        "nitrate",
        [
            (-3.3, SOLVATE, {"La": 1, "L": 3, "E": 3}),
            (-2.6, SOLVATE, {"Nd": 1, "L": 3, "E": 3}),
            *NITRIC,
        ],
        1.8,
        feed={"La": 0.6, "Nd": 0.4, "NH4": 2.0, "H": 0.5},
        scrub={"NH4": 4.0, "H": 0.2},
    ),
    "a quaternary amine": Plant(
        "nitrate",
        [
            (0.6, QUATERNARY, {"La": 1, "L": 3, "E": 2}),
            (0.1, QUATERNARY, {"Nd": 1, "L": 3, "E": 2}),
            (-0.7, "H+ + NO3- + R4NNO3 = R4NNO3HNO3", {"H": 1, "L": 1, "E": 1}),
        ],
        0.6,
        feed={"La": 0.1, "Nd": 0.1, "NH4": 2.0, "H": 0.1},
        scrub={"NH4": 2.5, "H": 0.05},
    ),
    "a mixed complex": Plant(
        "perchlorate",
        [
            (-0.42, "UO2 2+ + 2 HA = UO2A2 + 2 H+", {"U": 1, "H": -2, "E": 2}),
            (4.21, "UO2 2+ + 2 HA + B = UO2A2B + 2 H+", {"U": 1, "H": -2, "E": 2, "T": 1}),
        ],
        0.1,
        feed={"U": 0.05, "Na": 0.3, "H": 0.2},
        scrub={"Na": 0.1, "H": 0.5},
        synergist=0.05,
    ),
    "a tertiary amine": Plant(
        "sulfate",
        [
            (
                4.5,
                "UO2 2+ + SO4 2- + 2 (R3NH)2SO4 = (R3NH)4UO2(SO4)3",
                {"U": 1, "L": 1, "E": 2},
            ),
            (
                0.5,
                "H+ + 1/2 SO4 2- + 1/2 (R3NH)2SO4 = R3NHHSO4",
                {"H": 1, "L": 0.5, "E": 0.5},
            ),
        ],
        0.05,
        feed={"U": 0.02, "Fe": 0.05, "Mg": 0.1, "Na": 0.2, "H": 0.3},
        scrub={"Fe": 0.001, "Mg": 0.05, "Na": 0.1, "H": 0.1},
        aqueous=(BISULFATE,),
        complexes="sulfate",
        anion=2,
        molecules=2,
    ),
    "a mixed complex of dimers, and aqueous complexes": Plant(
        "sulfate",
        [
            (-0.4, DIMERS, {"La": 1, "H": -3, "E": 3}),
            (0.5, DIMERS_MIXED, {"La": 1, "H": -3, "E": 3, "T": 1}),
            (0.8, DIMERS, {"Nd": 1, "H": -3, "E": 3}),
            (1.5, DIMERS_MIXED, {"Nd": 1, "H": -3, "E": 3, "T": 1}),
        ],
        0.4,
        feed={"La": 0.03, "Nd": 0.03, "Na": 0.2, "H": 0.15},
        scrub={"Na": 0.1, "H": 0.3},
        aqueous=(BISULFATE, *SULFATES),
        complexes="sulfate",
        anion=2,
        molecules=2,
        synergist=0.1,
    ),
    "a primary amine and aqueous complexes": Plant(
        "sulfate",
        [
            (5.6, PRIMARY, {"La": 1, "L": 1.5, "E": 1.5}),
            (5.0, PRIMARY, {"Nd": 1, "L": 1.5, "E": 1.5}),
            (
                0.5,
                "H+ + 1/2 SO4 2- + 1/2 (RNH3)2SO4 = RNH3HSO4",
                {"H": 1, "L": 0.5, "E": 0.5},
            ),
        ],
        0.2,
        feed={"La": 0.03, "Nd": 0.03, "Na": 0.2, "H": 0.2},
        scrub={"Na": 0.1, "H": 0.1},
        aqueous=(BISULFATE, *SULFATES),
        complexes="sulfate",
        anion=2,
        molecules=2,
    ),
    "a mixed solvate and aqueous complexes": Plant(
        "nitrate",
        [
            (-2.8, SOLVATE, {"La": 1, "L": 3, "E": 3}),
            (-2.0, MIXED, {"La": 1, "L": 3, "E": 2, "T": 1}),
            (-2.1, SOLVATE, {"Nd": 1, "L": 3, "E": 3}),
            (-1.0, MIXED, {"Nd": 1, "L": 3, "E": 2, "T": 1}),
            *NITRIC,
        ],
        1.8,
        feed={"La": 0.6, "Nd": 0.4, "NH4": 2.0, "H": 0.5},
        scrub={"NH4": 4.0, "H": 0.2},
        aqueous=((0.1139, {"La": 1, "L": 1}), (0.248, {"Nd": 1, "L": 1})),
        complexes="nitrate",
        synergist=0.3,
    ),
}


class Tableau:
    """The balances of a plant of N stages, half of them extraction."""

    def __init__(self, plant, stages):
        self.metals = sorted({*plant.feed, *plant.scrub} - {"H"})
        self.components = [*self.metals, "H", "L", "E", *(["T"] if plant.synergist else [])]
        self.dissolved = np.array([c not in "ET" for c in self.components])
        self.aqueous = self.table([*plant.aqueous, (np.log10(KW), {"H": -1})])
        self.organic = self.table([(k, forms) for k, _, forms in plant.organic])
        self.water = np.full((stages, 1), FLOWS["scrub"])
        self.water[: stages // 2] += FLOWS["feed"]
        self.fed = np.zeros((stages, len(self.components)))
        self.fed[0] += FLOWS["solvent"] * self.row({"E": plant.extractant, "T": plant.synergist})
        self.fed[stages // 2 - 1] += FLOWS["feed"] * self.liquor(plant.feed, plant.anion)
        self.fed[-1] += FLOWS["scrub"] * self.liquor(plant.scrub, plant.anion)

    def row(self, amounts):
        """Return an amount of every component."""
        return np.array([amounts.get(c, 0.0) for c in self.components])

    def table(self, complexes):
        """Return constants, and components by complex."""
        rows = [self.row(forms) for _, forms in complexes]
        constants = 10.0 ** np.array([k for k, _ in complexes])
        return constants, np.reshape(rows, (-1, len(self.components)))

    def liquor(self, held, anion):
        """Return what a liquor holds of every component, as many anions as neutralise it.

        Its hydroxide is that of a free acid, which changes the anions by less than 1e-12 mol/L.
        """
        acid = held["H"] - KW / held["H"]
        charges = acid + sum(CHARGE[m] * held.get(m, 0.0) for m in self.metals)
        return self.row(held | {"H": acid, "L": charges / anion})

    def totals(self, ln):
        """Return what aqueous and organic hold of every component, and what they lack."""
        found = []
        for here, (k, forms) in ((self.dissolved, self.aqueous), (~self.dissolved, self.organic)):
            formed = k * np.exp(ln @ forms.T)
            held = np.exp(ln) * here + formed @ np.maximum(forms, 0.0)
            found.append((held, formed @ np.maximum(-forms, 0.0)))
        return found

    def residuals(self, ln):
        """Return ln of what leaves over what enters, by stage and component."""
        (aqueous, no_acid), (organic, released) = self.totals(ln.reshape(self.fed.shape))
        falls, rises = self.water * aqueous, FLOWS["solvent"] * organic
        lacks, gives = self.water * no_acid, FLOWS["solvent"] * released
        leaves = falls + rises + after(lacks) + before(gives)
        enters = self.fed + after(falls) + before(rises) + lacks + gives
        return np.log(leaves / enters).ravel()


def after(rows):
    """Return every stage's row of the next stage, from which the water comes."""
    return np.vstack([rows[1:], np.zeros_like(rows[:1])])


def before(rows):
    """Return every stage's row of the stage before it, from which the solvent comes."""
    return np.vstack([np.zeros_like(rows[:1]), rows[:-1]])


def solution(plant, stages):
    """Return ln of the free components, from a shorter plant's or from what is fed."""
    tableau = Tableau(plant, stages)
    if stages > 2:
        start = np.pad(solution(plant, stages - 2), ((1, 1), (0, 0)), "edge")
    else:
        volume = np.where(tableau.dissolved, tableau.water[0], FLOWS["solvent"])
        start = np.tile(np.log(tableau.fed.sum(axis=0) / volume), (stages, 1))
    found = root(tableau.residuals, start.ravel(), method="lm", tol=1e-15)
    assert np.abs(tableau.residuals(found.x)).max() < 1e-12
    return found.x.reshape(start.shape)


def tables_of(plant):
    """Return the tables of the file of a plant's set."""
    known = {"log10_K_sd": 0.1, "quality": "estimated", "source": ["assumed"]}
    heat = {f"enthalpy{k}": v for k, v in (("", 0.0), ("_sd", 1.0), ("_quality", "estimated"))}
    heat["enthalpy_source"] = ["assumed"]
    species = {}
    for log10_k, reaction, forms in plant.organic:
        row = {"log10_K": log10_k, "reaction": reaction} | known
        symbol = next(iter(forms))
        if symbol in species:
            species[symbol]["complexes"].append(row)
        else:
            species[symbol] = row | heat | {"complexes": []}
    for symbol in {*plant.feed, *plant.scrub} - {*species, "H"}:
        species[symbol] = {"log10_K": 0.0, "inert": True} | known | heat
    return {
        "key": "test",
        "title": "A set of a test",
        "extractant": "first",
        "synergist": "B" if plant.synergist else "",
        "medium": plant.medium,
        "law": "mass action",
        "reaction": plant.organic[0][1],
        "basis": ("monomer", "dimer")[plant.molecules - 1],
        "complexes": plant.complexes,
        "reference_temperature": 298.15,
        "conditions": "assumed",
        "level": {"log10_K_sd": 0.1, "enthalpy_sd": 1.0},
        "ranges": {},
        "species": species,
    }


def case_of(plant, stages, path):
    """Return the case of a plant, its set written to a file."""
    path.write_bytes(tomli_w.dumps(tables_of(plant)).encode())

    def liquor(held, flow):
        rest = {s: f"{v} mol/L" for s, v in held.items() if s != "H"}
        return {"concentrations": rest, "acid": f"{held['H']} mol/L", "flow": f"{flow} L/h"}

    solvent = {
        "extractant": str(path),
        "concentration": f"{plant.extractant * plant.molecules} mol/L",
        "flow": f"{FLOWS['solvent']} L/h",
    }
    solvent |= {"synergist": f"{plant.synergist} mol/L"} if plant.synergist else {}
    return sx_sim.parse_case(
        tomli_w.dumps(
            {
                "temperature": "25 degC",
                "solvent": solvent,
                "feeds": {"liquor": liquor(plant.feed, FLOWS["feed"])},
                "sections": {
                    "extraction": {"stages": stages // 2},
                    "scrub": {"stages": stages // 2} | liquor(plant.scrub, FLOWS["scrub"]),
                },
                "solver": {"tolerance": 1e-13},
            }
        )
    )


@pytest.mark.parametrize("stages", [2, 4, 6])
@pytest.mark.parametrize("name", PLANTS)
def test_columns_solve_the_balances_of_every_component(name, stages, tmp_path):
    plant = PLANTS[name]
    result = sx_sim.solve(case_of(plant, stages, tmp_path / "own.toml"))
    tableau = Tableau(plant, stages)
    ln = solution(plant, stages)
    (aqueous, hydroxide), (organic, _) = tableau.totals(ln)
    aqueous = aqueous - hydroxide
    free, profile, dissolved = np.exp(ln), result.stages, result.speciation()
    at = {c: k for k, c in enumerate(tableau.components)}
    pairs = {
        "free H": (profile.acid, free[:, at["H"]]),
        "free L": (profile.free_anion, free[:, at["L"]]),
        "free E": (profile.free_dimer, free[:, at["E"]]),
    }
    if plant.synergist:
        pairs["free T"] = np.exp(profile.unknowns[:, -1]), free[:, at["T"]]
    for k, symbol in enumerate(result.elements):
        pairs[f"x {symbol}"] = profile.aqueous[:, k], aqueous[:, at[symbol]]
        pairs[f"y {symbol}"] = profile.organic[:, k], organic[:, at[symbol]]
        if symbol != "H":
            pairs[f"free {symbol}"] = dissolved.free[:, k], free[:, at[symbol]]
    for what, (found, expected) in pairs.items():
        np.testing.assert_allclose(found, expected, rtol=1e-9, err_msg=what)
