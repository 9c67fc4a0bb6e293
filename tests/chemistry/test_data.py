"""Every number in the data files has a source, a quality and a range."""

import csv
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.paths import ROOT
from sx_sim.chemistry import database
from sx_sim.chemistry.elements import elements
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.chemistry.set_schema import QUALITIES

DATA = ROOT / "sx_sim" / "data"
SETS = sorted((DATA / "extractants").glob("*.toml"))
FEEDS = sorted((DATA / "feeds").glob("*.toml"))
SERIES = "La Ce Pr Nd Sm Eu Gd Tb Dy Ho Y Er Tm Yb Lu".split()


def listed(value) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def assert_sourced(table: dict, prefix: str = "") -> None:
    assert table[f"{prefix}quality"] in QUALITIES
    keys = listed(table[f"{prefix}source"])
    assert keys
    assert set(keys) <= set(database.sources()), f"{keys} not all in sources.bib"


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_extractant_sets(path):
    data = tomllib.loads(path.read_text())
    assert data["key"] == path.stem
    assert data["basis"] in ("dimer", "monomer", "none")
    assert data["conditions"]
    assert "temperature" in data["ranges"]
    assert "acid" in data["ranges"] or "gives no other condition" in data["conditions"]
    for low, high in data["ranges"].values():
        assert low < high
    assert data["level"]["log10_K_sd"] > 0
    assert data["level"]["enthalpy_sd"] > 0
    assert data["level"]["sd_quality"] in QUALITIES
    for symbol, row in data["species"].items():
        assert symbol in elements()
        assert_sourced(row)
        assert_sourced(row, "enthalpy_")
        assert row["log10_K_sd"] > 0
        assert row["enthalpy_sd"] > 0
    assert extractant_set(path.stem).key == path.stem


NOT_DATA = {"reference_temperature"}  # numbers that are no measurement of anything
OF_SETS = {"level", "ranges"}  # of a set file: they stand for the species' own sources


def numbers_in(value) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, list):
        return any(numbers_in(one) for one in value)
    return isinstance(value, int | float)


def unsourced(table: dict, known: dict, where: str) -> list[str]:
    """Return where numbers stand without a source that resolves, a quality and conditions.

    What a table says holds for the tables in it, unless they say otherwise.
    """
    said = ("source", "quality", "conditions", "ranges", "temperature_range")
    known = known | {name: table[name] for name in said if name in table}
    found = []
    if any(numbers_in(value) for name, value in table.items() if name not in NOT_DATA):
        sources = listed(known.get("source", []))
        if not sources or not set(sources) <= set(database.sources()):
            found.append(f"{where}: source {sources}")
        if known.get("quality") not in QUALITIES:
            found.append(f"{where}: quality {known.get('quality')}")
        if "conditions" not in known and "ranges" not in known:
            found.append(f"{where}: no range")
        if "enthalpy" in table and "enthalpy_source" in table:
            found += [
                f"{where}: enthalpy source {key}"
                for key in listed(table["enthalpy_source"])
                if key not in database.sources()
            ]
    for name, value in table.items():
        blocks = value if isinstance(value, list) else [value]
        for k, block in enumerate(blocks):
            if isinstance(block, dict) and name not in OF_SETS:
                found += unsourced(block, known, f"{where}.{name}[{k}]")
    return found


SOURCED = {"rare_earths": {"log10_beta": "source", "enthalpy": "enthalpy_source"}}


def unsourced_rows(path: Path) -> list[str]:
    """Return what is not sourced in a table: row by row, or as the index of its folder has it."""
    index = path.parent / "index.toml"
    said = tomllib.loads(index.read_text()).get(path.stem, {}) if index.exists() else {}
    found = []
    for k, row in enumerate(csv.DictReader(path.open())):
        about = {**said, **row}
        keys = listed(said.get("source", []))
        for number, name in SOURCED.get(path.stem, {"": "source"}).items():
            if row.get(number, name in row):
                keys.append(row[name])
        if not keys or not set(keys) <= set(database.sources()):
            found.append(f"{path.name} row {k + 1}: sources {keys}")
        if about.get("quality") not in QUALITIES or not about.get("conditions"):
            found.append(f"{path.name} row {k + 1}: quality or conditions")
    return found


def test_every_number_in_every_file_has_source_quality_and_range():
    paths = sorted(p for p in DATA.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    found = []
    for path in paths:
        if path.suffix == ".toml":
            if path.name != "index.toml":
                found += unsourced(tomllib.loads(path.read_text()), {}, path.stem)
        elif path.suffix == ".csv":
            found += unsourced_rows(path)
        else:
            assert path.name == "sources.bib", f"{path.name} is of no known kind"
    assert found == []
    assert len(paths) > 25


def test_the_walk_finds_what_is_missing():
    row = {"log10_K": 1.0, "source": "nowhere", "quality": "guessed"}
    assert len(unsourced({"species": {"X": row}}, {}, "set")) == 3
    sound = row | {"source": "llnl", "quality": "derived"}
    assert unsourced({"conditions": "any", "X": sound}, {}, "") == []


@pytest.mark.parametrize("path", FEEDS, ids=lambda p: p.stem)
def test_feeds(path):
    data = tomllib.loads(path.read_text())
    assert data["key"] == path.stem
    assert_sourced(data)
    assert data["note"]
    assert 97 < sum(data["composition"].values()) < 103
    assert set(data["composition"]) <= set(SERIES)


def test_the_feeds_a_user_expects_are_there():
    assert {"longnan", "xunwu", "bastnaesite", "monazite", "xenotime"} <= set(
        database.keys("feeds")
    )


def test_other_files():
    elements_file = tomllib.loads((DATA / "elements.toml").read_text())
    assert_sourced(elements_file)
    water = tomllib.loads((DATA / "aqueous.toml").read_text())
    for table in water.values():
        assert_sourced(table)
        low, high = table["temperature_range"]
        assert low < 298.15 < high
    for path in (DATA / "separation_factors").glob("*.csv"):
        for row in csv.DictReader(path.open()):
            assert_sourced(row)
            assert row["conditions"]
            assert float(row["log10_sd"]) > 0


@pytest.mark.parametrize("key", ["hehehp-chloride", "d2ehpa-chloride", "cyanex272-chloride"])
def test_complete_sets_have_the_whole_series_in_the_order_of_extraction(key):
    species = extractant_set(key).species
    constants = [species[symbol].log10_K for symbol in SERIES]  # Y between Ho and Er
    assert constants == sorted(constants)
    assert {"Na", "NH4"} <= set(species)


def test_anchors_are_measured_and_estimates_say_so():
    species = extractant_set("hehehp-chloride").species
    assert {s for s in SERIES if species[s].quality == "measured"} == {
        *("La", "Ce", "Pr", "Nd", "Sm", "Dy", "Y")
    }
    assert species["Lu"].quality == "estimated"
    assert all(species[s].enthalpy_quality == "estimated" for s in SERIES)
    assert all(species[s].enthalpy_sd > 0 for s in SERIES)


@pytest.mark.parametrize(
    "script",
    [
        "hehehp_chloride.py",
        "d2ehpa_chloride.py",
        "d2ehpa_tbp_sulfate.py",
        "cyanex272_chloride.py",
        "cyanex272_sulfate.py",
        "naphthenic_chloride.py",
        "complexes.py",
        "sit_chloride.py",
    ],
)
def test_derivations_reproduce_their_files_byte_for_byte(script):
    path = ROOT / "docs" / "derivations" / script
    done = subprocess.run(
        [sys.executable, str(path), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as derived" in done.stdout


def test_measured_mixture_separation_factors_are_met():
    """Validation: neighbours in mixed solutions, not the derivation's own weights."""
    species = extractant_set("hehehp-chloride").species

    def factor(heavier: str, lighter: str) -> float:
        return 10 ** (species[heavier].log10_K - species[lighter].log10_K)

    assert 1.3 < factor("Nd", "Pr") < 1.6
    assert 2.0 < factor("Dy", "Tb") < 3.0
    assert 1.4 < factor("Er", "Y") < 1.6
    assert 7.0 < factor("Sm", "Nd") < 12.0


def test_isotherms_are_predicted_from_their_feeds():
    """Validation: forward prediction of every usable HCl contact of PC-88A."""
    import numpy as np

    import sx_sim

    rows = list(csv.DictReader((DATA / "isotherms" / "pc88a_hcl.csv").open()))
    errors = []
    contacts = {r["contact"] for r in rows if not r["excluded"] and float(r["feed_acid"]) > 1e-4}
    for contact in contacts:
        group = [r for r in rows if r["contact"] == contact]
        found = sx_sim.contact(
            "hehehp-chloride",
            {r["element"]: float(r["feed"]) for r in group},
            acid=float(group[0]["feed_acid"]),
            concentration=float(group[0]["extractant_formal"]),
        )
        for r in group:
            measured = float(r["organic"]) / float(r["aqueous"])
            d = found.distribution[found.elements.index(r["element"])]
            errors.append(np.log10(d / measured))
    assert len(errors) > 150
    assert np.sqrt(np.mean(np.square(errors))) < 0.25


def test_cyanex272_predicts_its_contacts_from_their_pH():
    """Validation: D of Pr and Nd in mixture, extractant and acidity as they were measured."""
    import numpy as np

    species = extractant_set("cyanex272-chloride").species
    errors = []
    for row in csv.DictReader((DATA / "isotherms" / "cyanex272_liu2014.csv").open()):
        c, free = species[row["element"]], float(row["extractant_formal"]) / 2
        log10_d = c.log10_K + 3 * float(row["pH"]) + c.order_dimer * np.log10(free)
        errors.append(log10_d - np.log10(float(row["distribution"])))
    assert np.sqrt(np.mean(np.square(errors))) < 0.12


def test_uranyl_is_extracted_by_two_dimers():
    """A free energy of -32 kJ/mol is 32 / 5.708 decades at 25 degC (marcus1976)."""
    uranium = extractant_set("d2ehpa-chloride").species["U"]
    assert uranium.log10_K == pytest.approx(5.606, abs=1e-3)
    assert (uranium.order_dimer, uranium.order_acid, uranium.dimers) == (2, 2, 2)


def test_sources_have_no_strays():
    """Every entry of the bibliography is used by some file."""
    text = "".join(p.read_text() for p in DATA.rglob("*") if p.suffix in (".toml", ".csv"))
    text += "".join(p.read_text() for p in (ROOT / "docs").rglob("*.md"))
    text += "".join(p.read_text() for p in (ROOT / "docs" / "derivations").glob("*.py"))
    assert [key for key in database.sources() if key not in text] == []


def test_source_entries_are_bibtex():
    for key, entry in database.sources().items():
        assert entry.startswith("@")
        assert entry.count("{") == entry.count("}"), key
    assert Path(DATA / "sources.bib").read_text().count("@") == len(database.sources())
