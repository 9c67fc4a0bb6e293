"""Files of extractant sets: what is read, and what is said of one that is wrong."""

import copy
import tomllib

import pytest
import tomli_w
from typer.testing import CliRunner

import sx_sim
from support.paths import ROOT
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.chemistry.set_schema import SetFile
from sx_sim.cli import app

SETS = sorted((ROOT / "sx_sim" / "data" / "extractants").glob("*.toml"))
GOOD = tomllib.loads((ROOT / "sx_sim/data/extractants/hehehp-chloride.toml").read_text())

run = CliRunner().invoke


@pytest.fixture
def written(tmp_path):
    def write(change):
        tables = copy.deepcopy(GOOD)
        change(tables)
        path = tmp_path / "own.toml"
        path.write_bytes(tomli_w.dumps(tables).encode())
        return path

    return write


def at(*keys, value=None):
    """Return a change of one key, its removal where there is no value."""

    def change(tables):
        for key in keys[:-1]:
            tables = tables[key]
        tables[keys[-1]] = value
        if value is None:
            del tables[keys[-1]]

    return change


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_the_schema_holds_for_every_set_that_is_shipped(path):
    file = SetFile.model_validate(tomllib.loads(path.read_text()))
    assert file.key == path.stem
    assert extractant_set(path) == extractant_set(path.stem)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (at("species", "Nd", "log10_K", value="-0.7"), 'species.Nd.log10_K = "-0.7": must be a nu'),
        (at("species", "Nd", "log10_K", value=True), "species.Nd.log10_K = true: must be a number"),
        (at("species", "Nd", "log10_K", value=float("nan")), "species.Nd.log10_K = nan: must be a"),
        (at("species", "Nd", "enthalpy", value=float("inf")), "species.Nd.enthalpy = inf: must be"),
        (at("species", "Nd", "log10_K"), "species.Nd.log10_K is missing; such as log10_K = -1.2"),
        (at("species", "Nd", "log10K", value=1.0), "log10K: unknown key; did you mean 'log10_K'?"),
        (at("species", "Nd", "charge", value=2), "species.Nd.charge: unknown key; known are"),
        (at("species", "Nd", "dimers", value=-3.0), "species.Nd.dimers = -3.0: must be greater"),
        (at("species", "Nd", "log10_K_sd", value=-1), "log10_K_sd = -1: must be greater than or"),
        (at("species", "Nd", "quality", value="good"), "quality = \"good\": must be 'measured', "),
        (at("species", "Nd", "source", value="own"), 'source = "own": must be a list'),
        (at("species", "Nd", "inert", value="no"), 'inert = "no": must be true or false'),
        (at("species", "Nd", value=-0.7), "species.Nd = -0.7: must be a table"),
        (at("species", "nd", value=GOOD["species"]["Nd"]), "'nd' is no symbol of an element; did"),
        (at("species", value={}), "species: "),
        (at("species", value=[1.0]), "species: must be a table"),
        (at("species"), "species is missing"),
        (at("ranges", "acid", value=[2.0, 0.02]), "the lower one first, such as [0.02, 2]"),
        (at("ranges", "acid", value=[0.1]), "ranges.acid: "),
        (at("ranges", "acid", value=[0.0, 1.0]), "ranges.acid.0 = 0.0: must be greater than 0"),
        (at("ranges", "pH", value=[0.0, 1.0]), "ranges.pH: unknown key; known are acid, anion, "),
        (at("ranges", "temperature", value=[293.15, 40.0]), "must be in K; 40 degC are 313.15"),
        (at("reference_temperature", value=25.0), "must be in K; 25 degC are 298.15"),
        (at("law", value="Mass action"), "law = \"Mass action\": must be written 'mass action'"),
        (at("basis", value="trimer"), "basis = \"trimer\": must be 'dimer', 'monomer' or 'none'"),
        (at("basis", value="monomer"), "takes up (HA)2, a dimer, where basis = 'monomer'; a"),
        (at("reaction", value="M3+ + 3 (HA)2 = M(HA2)3 + 2 H+"), "balance: H 6 on the left, 5 on"),
        (at("reaction", value="M3+ + 3 (HA)2 = M(HA2)3 + 3 H"), "charge +3 on the left, +0 on the"),
        (at("reaction", value="M3+ + -3 (HA)2 = M(HA2)3"), "-3 (HA)2': a coefficient must be pos"),
        (at("reaction", value="Xx3+ + 3 (HA)2 = Xx(HA2)3 + 3 H+"), "Xx is no metal; write M for"),
        (at("reaction", value="3 (HA)2"), 'reaction = "3 (HA)2": must be a reaction, such as "M3+'),
        (at("reaction", value="M3+ + 3 Cl- + 3 R = MCl3R3"), "takes up R, a monomer, where basis"),
        (
            at("reaction", value="M3+ + (HA)2 + HB = MA2B + 3 H+"),
            "takes up (HA)2 and HB; of two",
        ),
        (
            at("species", "Nd", "reaction", value="Nd2+ + 2 (HA)2 = Nd(HA2)2 + 2 H+"),
            "takes up an ion of charge +2, where Nd has charge +3; give species.Nd",
        ),
        (at("medium", value="Chloride"), "medium = \"Chloride\": must be written 'chloride'"),
        (at("complexes", value="chlorid"), 'complexes = "chlorid": must be none, '),
        (at("complexes", value="none"), "formation goes with complexes"),
        (at("formation", "enthalpy", value=[]), "log10_beta has 1 numbers and enthalpy 0"),
        (at("level"), "level is missing"),
        (at("key", value=""), "key = "),
        (at("key", value=3), "key = 3: must be text"),
        (at("title"), "title is missing; such as title = "),
    ],
)
def test_a_set_that_is_wrong_is_told_file_key_value_and_what_would_be_right(
    written, change, problem
):
    path = written(change)
    with pytest.raises(sx_sim.CaseError) as caught:
        extractant_set(path)
    assert len(caught.value.problems) == 1
    assert problem in caught.value.problems[0]
    assert str(caught.value).startswith(f"{path}: ")
    checked = run(app, ["check", str(path)])
    assert checked.exit_code == 2
    assert problem.replace("\n", " ") in checked.output


def test_check_says_what_a_set_describes(written):
    checked = run(app, ["check", str(written(at("title", value="Set [/] of ours")))])
    assert checked.exit_code == 0
    assert "Set [/] of ours" in checked.output
    assert "acid 0.0188 to 2.054 mol/L [H+]" in checked.output
    assert "Nd" in checked.output


def test_elements_that_a_case_would_have_to_declare_are_named(written):
    path = written(at("species", "Am", value=GOOD["species"]["Nd"] | {"source": ["own"]}))
    checked = run(app, ["check", str(path)])
    assert checked.exit_code == 0
    assert "Am: not among the elements that sx_sim knows by itself" in checked.output


def test_a_set_is_no_case_and_a_case_no_set(written):
    found = run(app, ["run", str(written(lambda tables: None))])
    assert found.exit_code == 2
    assert "is an extractant set, which a case names as solvent.extractant" in found.output
    with pytest.raises(sx_sim.CaseError, match="is no extractant set: it has no"):
        extractant_set(ROOT / "examples" / "pr_nd.toml")
