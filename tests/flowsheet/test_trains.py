"""Trains: order, what is done between circuits, recycles between them, the heavy-clay example."""

import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from support.paths import ROOT
from support.trains import TRAIN
from sx_sim.cascade.results import solve_column
from sx_sim.cli import app
from sx_sim.flowsheet.circuit import solve_circuit
from sx_sim.flowsheet.result import TEAR_LIMIT
from sx_sim.flowsheet.steady import solve_flowsheets
from sx_sim.flowsheet.treatment import treat
from sx_sim.kernels.types import Options
from sx_sim.studies.ledgers import ledger_of

SMALL = """
title = "Two cuts"
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1.0 mol/L"
saponification = 0.2
recycle = true

[circuits.gd_dy]
cut = ["Gd", "Dy"]
solvent.flow = "90 L/h"
[circuits.gd_dy.feeds.liquor]
source = "dy_ho.raffinate"
{treatment}
[circuits.gd_dy.sections]
extraction = {{ stages = 8 }}
scrub = {{ stages = 8, acid = "1.5 mol/L", flow = "12 L/h" }}
strip = {{ stages = 6, acid = "4 mol/L", flow = "20 L/h", outlet = "strip liquor" }}

[circuits.dy_ho]
cut = ["Dy", "Ho"]
solvent.flow = "545 L/h"
[circuits.dy_ho.feeds.clay]
composition = {{ Gd = 20, Dy = 20, Ho = 10, Y = 50 }}
strength = "0.5 mol/L"
acid = "0.03 mol/L"
flow = "100 L/h"
concentrations = {{ Ca = "0.1 mol/L" }}
{back}
[circuits.dy_ho.sections]
extraction = {{ stages = 16 }}
scrub = {{ stages = 14, acid = "1.7 mol/L", flow = "60 L/h" }}
strip = {{ stages = 8, acid = "5 mol/L", flow = "200 L/h", outlet = "strip liquor" }}
[circuits.dy_ho.constants]
Ca = {{ inert = true }}
[circuits.gd_dy.constants]
Ca = {{ inert = true }}

[products]
"Gd oxide" = "gd_dy.raffinate"
"""
REDISSOLVED = 'acid = "0.05 mol/L"\nstrength = "0.4 mol/L"'
NEUTRALISED = 'acid = "0.1 mol/L"\nby = "neutralising"'


def small(treatment=REDISSOLVED, back=""):
    return sx_sim.parse_case(SMALL.format(treatment=treatment, back=back))


@pytest.mark.parametrize("treatment", [REDISSOLVED, NEUTRALISED, ""])
def test_sources_come_first_and_every_element_is_found_again(treatment):
    train = small(treatment)
    found = sx_sim.solve(train)
    assert list(found.units) == ["dy_ho", "gd_dy"]
    assert found.passes == 1
    assert max(found.balance().values()) < 1e-9
    assert found.flowsheet.stages == 38 + 22
    calcium = sum(s.held.get("Ca", 0.0) * s.flow for s in found.streams.values())
    assert calcium == pytest.approx(10.0, rel=1e-9)


def test_a_train_is_its_circuits_one_after_the_other():
    train = small()
    found = sx_sim.solve(train)
    first = solve_circuit(train.parts["dy_ho"].circuit.fed({}))
    liquor = treat(first.stream("raffinate"), acid=0.05, strength=0.4, by="redissolving").stream
    second = solve_circuit(train.parts["gd_dy"].circuit.fed({"liquor": liquor}))
    ours = found.units["gd_dy"]
    assert ours.purity("Gd") == pytest.approx(second.purity("Gd"), rel=1e-9)
    assert liquor.concentration.sum() == pytest.approx(0.4)
    assert liquor.acid == 0.05


def test_what_a_treatment_takes_closes_the_charge():
    stream = sx_sim.solve(small()).units["dy_ho"].stream("raffinate")
    charge = stream.system.charge
    for by in ("redissolving", "neutralising"):
        done = treat(stream, acid=0.1, strength=None, by=by)
        for one in (stream, done.stream):
            net = one.acid + one.concentration @ charge - one.carrier
            assert net == pytest.approx(0.0, abs=1e-9)
        rare = stream.system.rare_earth
        np.testing.assert_allclose(done.stream.moles[rare], stream.moles[rare])
    neutral = treat(stream, acid=0.1, strength=None, by="neutralising")
    spent = (stream.carrier - neutral.stream.carrier) * stream.flow
    assert neutral.base == pytest.approx(spent)
    assert neutral.base == pytest.approx((stream.acid - 0.1) * stream.flow, rel=1e-6)
    with pytest.raises(sx_sim.CaseError, match="neutralising cannot bring it to 9"):
        treat(stream, acid=0.1, strength=9.0, by="neutralising")


def test_what_passes_back_settles():
    """The strip liquor of the second circuit goes back to the first."""
    back = '[circuits.dy_ho.feeds.back]\nsource = "gd_dy.strip liquor"\nacid = "0.05 mol/L"\n'
    train = small(back=back + 'strength = "0.4 mol/L"\n')
    train = sx_sim.parse_case(train.text.replace('flow = "90 L/h"', 'flow = "60 L/h"'))
    found = sx_sim.solve(train)
    assert found.mismatch <= TEAR_LIMIT
    assert 3 <= found.passes < 30
    assert max(found.balance().values()) < 1e-8
    again = sx_sim.solve(train, start=found)
    assert again.passes <= 2
    ours = found.units["dy_ho"]
    other = again.units["dy_ho"]
    np.testing.assert_allclose(
        other.stream("raffinate").moles, ours.stream("raffinate").moles, rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dy_ho.raffinate", "dy_oh.raffinate", "no circuit 'dy_oh'; there are gd_dy, dy_ho"),
        (
            "dy_ho.raffinate",
            "dy_ho.rafinate",
            "'dy_ho' has no product 'rafinate'; it has raffinate",
        ),
        ("stages = 16", "stages = 0", "circuits.dy_ho.sections.extraction.stages = 0"),
        ('acid = "0.05 mol/L"', 'acid = "0.05 kg"', "circuits.gd_dy.feeds.liquor.acid"),
        ("[products]", "[produce]", "produce: unknown key; did you mean 'products'?"),
        ('title = "Two cuts"', 'title = "Two', "is not valid TOML"),
        ('source = "dy_ho.raffinate"', 'flow = "3 L/h"', "acid"),
    ],
)
def test_what_is_wrong_with_a_train_is_told(old, new, message, tmp_path):
    text = SMALL.format(treatment=REDISSOLVED, back="")
    assert old in text
    if "flow" in new:
        text = text.replace(REDISSOLVED, "")
    path = tmp_path / "train.toml"
    path.write_text(text.replace(old, new, 1))
    found = CliRunner().invoke(app, ["run", str(path)])
    assert found.exit_code == 2, found.output
    assert message in found.output
    assert "Traceback" not in found.output


def test_a_circuit_that_fails_is_named(tmp_path):
    path = tmp_path / "train.toml"
    text = SMALL.format(treatment=REDISSOLVED, back="")
    path.write_text(text.replace('solvent.flow = "90 L/h"', 'solvent.flow = "900 L/h"'))
    found = CliRunner().invoke(app, ["run", str(path)])
    assert found.exit_code == 3
    text = " ".join(found.output.split())
    assert "circuit 'gd_dy': the strip is too weak" in text
    assert "Metals take 9 % of the recycled solvent's capacity" in text


def test_a_product_goes_one_way():
    back = '[circuits.dy_ho.feeds.back]\nsource = "dy_ho.raffinate"\nacid = "0.05 mol/L"\n'
    with pytest.raises(sx_sim.CaseError, match=r"dy_ho.raffinate feeds .* already"):
        small(back=back + 'strength = "0.4 mol/L"\n')


LINKED = """
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride"
concentration = "1.0 mol/L"
saponification = 0.2
[circuits.first]
solvent.flow = "545 L/h"
[circuits.first.feeds.clay]
composition = { Gd = 20, Dy = 20, Ho = 10, Y = 50 }
strength = "0.5 mol/L"
acid = "0.03 mol/L"
flow = "100 L/h"
[circuits.first.sections]
extraction = { stages = 16 }
scrub = { stages = 14, acid = "1.7 mol/L", flow = "60 L/h" }
[circuits.second]
solvent.flow = "100 L/h"
[circuits.second.feeds.loaded]
phase = "organic"
source = "first.loaded solvent"
stage = "extraction.20"
[circuits.second.sections]
extraction = { stages = 20 }
scrub = { stages = 20, acid = "2.0 mol/L", flow = "60 L/h" }
strip = { stages = 8, acid = "5 mol/L", flow = "200 L/h", outlet = "strip liquor" }
[circuits.third]
solvent.flow = "200 L/h"
[circuits.third.feeds.scrubbing]
source = "second.strip liquor"
stage = "scrub.6"
[circuits.third.feeds.light]
source = "first.raffinate"
stage = "extraction.10"
[circuits.third.sections]
extraction = { stages = 10 }
scrub = { stages = 6 }
"""


def test_loaded_solvent_and_strip_liquor_of_one_circuit_scrub_the_next():
    train = sx_sim.parse_case(LINKED)
    found = sx_sim.solve(train)
    assert list(found.units) == ["first", "second", "third"]
    assert max(found.balance().values()) < 1e-9
    results = found.units
    loaded = results["first"].stream("loaded solvent")
    second = solve_circuit(train.parts["second"].circuit.fed({"loaded": loaded}))
    strip = second.stream("strip liquor")
    np.testing.assert_allclose(strip.moles, results["second"].stream("strip liquor").moles)
    fed = {"scrubbing": strip, "light": results["first"].stream("raffinate")}
    third = solve_circuit(train.parts["third"].circuit.fed(fed))
    assert third.purity("Gd") == pytest.approx(results["third"].purity("Gd"), rel=1e-9)
    assert third.purity("Gd", "loaded solvent") < 0.5 * third.purity("Gd")
    assert max(ledger_of(train, found).closures.values()) < 1e-9


@pytest.mark.parametrize(
    ("reflux", "message"),
    [
        (200, "circuits.gd_dy.feeds.heavy.source: nothing leaves as dy_ho.strip liquor"),
        (230, "circuits.dy_ho.scrub: the recycle is 230 L/h of strip liquor"),
    ],
)
def test_a_product_that_is_refluxed_whole_feeds_nothing(reflux, message, tmp_path):
    text = SMALL.format(treatment=REDISSOLVED, back="")
    own = 'scrub = { stages = 14, acid = "1.7 mol/L", flow = "60 L/h" }'
    assert own in text
    whole = own.replace('flow = "60 L/h"', f'flow = "{reflux} L/h", reflux = "strip liquor"')
    more = '[circuits.gd_dy.feeds.heavy]\nsource = "dy_ho.strip liquor"\n[products]'
    path = tmp_path / "train.toml"
    path.write_text(text.replace(own, whole).replace("[products]", more))
    found = CliRunner().invoke(app, ["run", str(path)])
    assert found.exit_code == 2, found.output
    assert message in " ".join(found.output.split())
    assert "train.toml" in found.output


def test_a_refluxed_product_that_goes_back_feeds_nothing():
    text = TRAIN.replace('flow = "12 L/h" }', 'flow = "20 L/h", reflux = "strip liquor" }')
    with pytest.raises(sx_sim.CaseError, match=r"nothing leaves as gd_dy\.strip liquor"):
        sx_sim.solve(sx_sim.parse_case(text))


def test_flowsheets_none_of_which_can_be_made_are_none():
    start = sx_sim.parse_case(TRAIN).flowsheet
    assert solve_flowsheets([None, None], start=start) == [None, None]
    assert solve_flowsheets([]) == []


def test_a_source_is_for_trains():
    with pytest.raises(sx_sim.CaseError, match=r"feeds.liquor.source: only a train has sources"):
        sx_sim.parse_case(
            'temperature = "25 degC"\n[solvent]\nextractant = "hehehp-chloride"\n'
            'concentration = "1 mol/L"\nflow = "9 L/h"\n[feeds.liquor]\nsource = "a.b"\n'
            "[sections.extraction]\nstages = 3\n"
        )


@pytest.fixture(scope="module")
def heavy():
    train = sx_sim.load_case(ROOT / "examples" / "heavy_clay_train.toml")
    return train, sx_sim.solve(train)


def test_heavy_clay_gives_fifteen_oxides_of_three_nines(heavy):
    train, found = heavy
    assert found.converged
    assert found.flowsheet.stages >= 600
    assert max(found.balance().values()) < 1e-9
    pure = {}
    for place, name in train.flowsheet.names.items():
        stream = found.streams[place]
        assert name.startswith(stream.leading)
        pure[stream.leading] = stream.purity(stream.leading)
    assert len(pure) == 15
    assert {"Dy", "Tb"} <= set(pure)
    assert min(pure.values()) >= 0.999


def test_one_of_its_circuits_holds_stage_by_stage(heavy):
    """Balances, distribution and closures of every stage, written out anew, and purities of it."""
    _, found = heavy
    result = found.units["tb_dy"]
    column, system = result.column, result.system
    s, n = result.stages, result.column.stages
    water, solvent = s.aqueous_flow, s.organic_flow
    strip = next(section for section in column.sections if section.name == "strip")
    for j in range(n):
        arrives = sum(f.stream.moles for f in column.feeds if f.stage == j + 1)
        arrives = arrives + (solvent[j - 1] * s.organic[j - 1] if j else 0.0)
        if j + 1 < n and j + 2 != strip.first:  # the strip liquor is taken out
            arrives = arrives + water[j + 1] * s.aqueous[j + 1]
        leaves = water[j] * s.aqueous[j] + solvent[j] * s.organic[j]
        np.testing.assert_allclose(leaves, arrives, rtol=1e-9, atol=1e-14)
    constants = system.constants
    beta = 10.0 ** np.array(system.extractant.log10_beta)
    alpha = 1 + sum(b * s.free_anion ** (k + 1) for k, b in enumerate(beta))
    for i, c in enumerate(constants):
        ratio = 10**c.log10_K * s.free_dimer**c.order_dimer / s.acid**c.order_acid
        ratio = ratio / (alpha if system.rare_earth[i] else 1.0)
        held = s.aqueous[:, i] > 1e-100
        found_ratio = s.organic[held, i] / s.aqueous[held, i]
        np.testing.assert_allclose(found_ratio, ratio[held], rtol=1e-8)
    charges = s.acid + s.aqueous @ system.charge
    np.testing.assert_allclose(charges, s.anion + 1e-14 / s.acid, rtol=1e-9)
    taken = s.free_dimer + s.organic @ system.dimers
    np.testing.assert_allclose(taken, s.dimer, rtol=1e-9)
    raffinate = s.aqueous[0] * system.oxide_mass
    tb = raffinate[system.index("Tb")] / raffinate.sum()
    assert tb == pytest.approx(result.purity("Tb"), rel=1e-12)
    alone = solve_column(column, options=Options(tolerance=1e-12))
    assert alone.stream("raffinate").purity("Tb") == pytest.approx(tb, rel=1e-9)


def test_the_command_prints_products_and_writes_a_file(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text(SMALL.format(treatment=REDISSOLVED, back=""))
    found = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path / "t.h5")])
    assert found.exit_code == 0, found.output
    text = " ".join(found.output.split())
    for part in ("2 circuits, 60 stages: converged in 1 pass", "Gd oxide", "gd_dy.raffinate"):
        assert part in text
    for z in ("pH", "aqueous.Dy", None):
        words = ["plot", str(tmp_path / "t.h5"), *(["--z", z] if z else [])]
        drawn = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "p.png")])
        assert drawn.exit_code == 0, drawn.output
    table = CliRunner().invoke(
        app, ["export", str(tmp_path / "t.h5"), "--csv", str(tmp_path / "t.csv")]
    )
    assert table.exit_code == 0, table.output
    assert "stage,circuit,section" in (tmp_path / "t.csv").read_text()
    shown = CliRunner().invoke(app, ["info", str(tmp_path / "t.h5")])
    assert shown.exit_code == 0, shown.output
    assert "gd_dy.raffinate" in shown.output
    checked = CliRunner().invoke(app, ["check", str(path)])
    assert "gd_dy: cuts Gd/Dy, 8+8+6 stages, fed with dy_ho.raffinate" in checked.output
    refused = CliRunner().invoke(app, ["sweep", str(path)])
    assert refused.exit_code == 2
    assert "sweep is missing: give [[sweep.axes]]" in refused.output
    import h5py

    with h5py.File(tmp_path / "t.h5") as file:
        assert file.attrs["format"] == "sx_sim result"
        assert list(file["circuits"]) == ["dy_ho", "gd_dy"]
        group = file["circuits/gd_dy"]
        assert [d.keys()[0].split("/")[-1] for d in group["aqueous"].dims] == ["stage", "species"]
        assert "Gd oxide" in file["product_name"].asstr()[:]


def test_what_passes_back_is_waited_for_even_where_it_holds_next_to_nothing():
    back = '[circuits.dy_ho.feeds.more]\nsource = "gd_dy.barren solvent"'
    text = SMALL.format(treatment=REDISSOLVED, back=back)
    text = text.replace('"90 L/h"', '"90 L/h"\nsolvent.bleed = 0.01')
    found = sx_sim.solve(sx_sim.parse_case(text))
    assert found.converged
    fed = {f.stream.name: f.stream for f in found.units["dy_ho"].circuit.column.feeds}
    assert fed["more"].flow == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('circuits = "x"', "circuits"),
        ("circuits = {}", "circuits"),
        ("products = []\n[circuits.a]\n", "products"),
        ("[circuits]\na = 5", "circuits.a = 5: must be a table"),
        ('defaults = "x"\n[circuits.a]\n', 'defaults = "x": must be a table'),
        ("[title]\n[circuits.a]\n", "title: must be text"),
        ('[circuits."a.b"]\n', "full stop"),
    ],
)
def test_tables_of_a_train_are_such_as_they_should_be(text, message):
    with pytest.raises(sx_sim.CaseError) as refused:
        sx_sim.parse_case(text)
    assert any(message in problem for problem in refused.value.problems)


def test_all_that_is_wrong_with_a_train_is_told_at_once():
    text = SMALL.format(treatment=REDISSOLVED, back="")
    text = text.replace("stages = 16", "stages = 0").replace('"0.05 mol/L"', '"x"')
    with pytest.raises(sx_sim.CaseError) as refused:
        sx_sim.parse_case(text)
    assert len(refused.value.problems) >= 2
    text = SMALL.format(treatment=REDISSOLVED, back="").replace("dy_ho.raffinate", "dy_ho.none")
    with pytest.raises(sx_sim.CaseError, match="no product 'none'"):
        sx_sim.parse_case(text + '\nTb2O3 = "nowhere.raffinate"\n')
