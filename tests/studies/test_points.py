"""Where sweeps solve and what they record: zipped axes, designs, constants, outputs."""

import h5py
import numpy as np
import pytest
import xarray

import sx_sim
from support.columns import HEAVY
from sx_sim.cascade.status import Status
from sx_sim.studies.points import unit_sample


def case_of(sweep, top="", **changes):
    values = {"solvent": 400, "strength": 0.3, "acid": 0.05, "extraction": 8, "scrub": 6}
    return sx_sim.parse_case(top + HEAVY.format(**(values | changes)) + sweep)


ZIPPED = """
[[sweep.axes]]
path = "feeds.clay.pH"
values = [1.0, 1.5]
[[sweep.axes]]
path = "solvent.flow"
values = ["300 L/h", "400 L/h", "500 L/h"]
zip = "throughput"
[[sweep.axes]]
path = "feeds.clay.flow"
values = ["75 L/h", "100 L/h", "125 L/h"]
zip = "throughput"
"""


def test_zipped_axes_move_together(tmp_path):
    case = case_of(ZIPPED)
    sweep = sx_sim.run_sweep(case)
    assert sweep.points.dimensions == {"feeds.clay.pH": 2, "throughput": 3}
    values = {"feeds.clay.pH": 1.5, "solvent.flow": "500 L/h", "feeds.clay.flow": "125 L/h"}
    alone = sx_sim.solve(case.with_values(values))
    assert sweep.recovered("Dy", "raffinate")[1, 2] == pytest.approx(alone.recovery("Dy"), 1e-9)
    sx_sim.save_sweep(sweep, tmp_path / "z.h5", case)
    back = sx_sim.open_sweep(tmp_path / "z.h5")
    assert [a.dimension for a in back.axes] == ["feeds.clay.pH", "throughput", "throughput"]
    with xarray.open_dataset(tmp_path / "z.h5", engine="h5netcdf") as data:
        assert data["solvent.flow"].dims == ("throughput",)
        assert data["recovery"].dims == ("feeds.clay.pH", "throughput", "product", "element")
    frame = sweep.to_dataframe()
    assert frame["feeds.clay.flow [L/h]"].tolist() == [75, 100, 125] * 2
    assert sweep.to_xarray()["recovery"].sizes["throughput"] == 3


@pytest.mark.parametrize("kind", ["sobol", "latin"])
def test_designs_fill_the_ranges(kind):
    sweep = sx_sim.run_sweep(
        case_of(
            f'[sweep.design]\nkind = "{kind}"\npoints = 64\nseed = 3\n'
            '[[sweep.axes]]\npath = "feeds.clay.pH"\nfrom = 0.5\nto = 1.5\n'
            '[[sweep.axes]]\npath = "sections.scrub.acid"\nfrom = "1 mol/L"\nto = "2 mol/L"\n'
            'scale = "log"\n'
        )
    )
    assert sweep.shape == (64,)
    assert sweep.counts == {Status.CONVERGED: 64}
    pH, acid = (axis.values for axis in sweep.axes)
    share = np.stack([pH - 0.5, np.log2(acid)])
    for low in (0.0, 0.25, 0.5, 0.75):
        np.testing.assert_array_equal(((share >= low) & (share < low + 0.25)).sum(axis=1), [16, 16])
    again = unit_sample(kind, 64, 2, 3)
    np.testing.assert_allclose(again.T, share, atol=1e-12)
    k = 29
    values = {a.path: f"{a.values[k]} {a.unit}" if a.unit else a.values[k] for a in sweep.axes}
    alone = sx_sim.solve(case_of("").with_values(values))
    assert sweep.recovered("Dy", "raffinate")[k] == pytest.approx(alone.recovery("Dy"), 1e-9)


def test_constants_and_set_points_can_be_axes():
    held = "[set_points.middle]\nstage = 5\npH = 0.7\n"
    case = case_of(
        held + '[[sweep.axes]]\npath = "constants.Dy.log10_K"\nvalues = [0.7, 0.8]\n'
        '[[sweep.axes]]\npath = "constants.Dy.enthalpy"\nvalues = ["0 kJ/mol", "9 kJ/mol"]\n'
        '[[sweep.axes]]\npath = "constants.Y.order_acid"\nvalues = [2.9, 3.0]\n'
        '[[sweep.axes]]\npath = "set_points.middle.pH"\nvalues = [0.6, 0.8]\n'
    )
    sweep = sx_sim.run_sweep(case)
    known = case.column.system.extractant.species
    assert sweep.nominal == (known["Dy"].log10_K, known["Dy"].enthalpy, known["Y"].order_acid, 0.7)
    values = {
        "constants.Dy.log10_K": 0.8,
        "constants.Dy.enthalpy": "9 kJ/mol",
        "constants.Y.order_acid": 2.9,
        "set_points.middle.pH": 0.8,
    }
    alone = sx_sim.solve(case.with_values(values))
    found = sweep.recovered("Y", "raffinate")[1, 1, 0, 1]
    assert found == pytest.approx(alone.recovery("Y"), 1e-9)


def test_what_is_recorded_is_what_is_asked_for(tmp_path):
    case = case_of(
        '[[specifications]]\noutput = "purity.Dy-Y.raffinate"\nleast = 0.9\n'
        '[sweep]\noutputs = ["purity_reo", "acid_use", "base_use", "stage_pH", "stage_organic", '
        '"recovery.Dy+Er.loaded solvent"]\nelements = ["Dy"]\nproducts = ["raffinate"]\n'
        '[[sweep.axes]]\npath = "feeds.clay.pH"\nvalues = [1.0, 1.5]\n'
    )
    sweep = sx_sim.run_sweep(case)
    always = {"status", "iterations", "residual", "cautions"}
    asked = {"purity_reo", "acid_use", "base_use", "stage_pH", "stage_organic"}
    numbers = {"recovery.Dy+Er.loaded solvent", "purity.Dy-Y.raffinate"}
    assert set(sweep.tables) == always | asked | numbers
    result = sx_sim.solve(case.with_values({"feeds.clay.pH": 1.5}))
    assert sweep.table("purity_reo").shape == (2, 1, 1)
    assert sweep.output("purity.Dy.raffinate")[1] == pytest.approx(result.purity("Dy"))
    fed = result.column.fed.sum(axis=0)
    share = fed[result.system.index("Er")] / fed[result.system.index("Dy")]
    both = (
        result.recovery("Dy", "loaded solvent") + share * result.recovery("Er", "loaded solvent")
    ) / (1 + share)
    assert sweep.output("recovery.Dy+Er.loaded solvent")[1] == pytest.approx(both)
    assert sweep.output("purity.Dy-Y.raffinate")[1] == pytest.approx(
        result.purity(["Dy", "Ho", "Y"])
    )
    np.testing.assert_allclose(sweep.table("stage_pH")[1], result.stages.pH)
    np.testing.assert_allclose(sweep.table("stage_organic")[1], result.stages.organic, atol=1e-12)
    reo = result.column.fed.sum(axis=0) @ result.system.oxide_mass / 1000
    assert sweep.output("acid_use")[1] == pytest.approx(60 * 1.7 / reo)
    assert sweep.output("base_use")[1] == pytest.approx(400 * 0.2 / reo)
    np.testing.assert_array_equal(sweep.met(), sweep.output("purity.Dy-Y.raffinate") >= 0.9)
    sx_sim.save_sweep(sweep, tmp_path / "o.h5", case)
    with h5py.File(tmp_path / "o.h5") as file:
        assert [d.keys()[0] for d in file["stage_organic"].dims] == [
            "feeds.clay.pH",
            "stage",
            "species",
        ]
        masks = dict(
            zip(
                file["cautions"].attrs["flag_meanings"].split(),
                file["cautions"].attrs["flag_masks"],
                strict=True,
            )
        )
        kinds = {c.kind for c in result.cautions}
        assert bool(file["cautions"][1] & masks["loading"]) == ("loading" in kinds)
        assert bool(file["cautions"][1] & masks["log10_K"]) == ("log10 K" in kinds)
        assert file["cautions"][1] != 0
    with pytest.raises(sx_sim.CaseError, match=r"'recovery' was not recorded .* it has status"):
        sweep.recovered("Dy", "raffinate")
    with pytest.raises(sx_sim.CaseError, match="no 'Er' in this sweep; there are Dy"):
        sweep.purity("Er", "raffinate")


AXIS = '\n[[sweep.axes]]\npath = "feeds.clay.pH"\nvalues = [1.0, 1.5]\n'


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        (f'[sweep]\noutputs = ["purity_rio"]{AXIS}', "no 'purity_rio'; did you mean 'purity_reo'"),
        (f'[sweep]\noutputs = ["purity.Nd.raffinate"]{AXIS}', "no 'Nd'; there are Dy, Ho, Y, Er"),
        (f'[sweep]\noutputs = ["purity.Y-Dy.raffinate"]{AXIS}', "from lighter to heavier"),
        (f'[sweep]\nproducts = ["rafinate"]{AXIS}', "no 'rafinate'; there are raffinate, loaded"),
        (
            f'[[specifications]]\noutput = "purity.Dy.rafinate"\nleast = 0.9\n{AXIS}',
            "no product 'rafinate'",
        ),
        (
            ZIPPED.replace('"75 L/h", ', ""),
            "move together as 'throughput' and have 3 and 2 values",
        ),
        (
            '[[sweep.axes]]\npath = "sections.scrub.stages"\nfrom = 4\nto = 6\npoints = 4\n',
            "4.66667 is no whole number",
        ),
        (
            '[sweep]\noutputs = ["stage_pH"]\n[[sweep.axes]]\npath = "sections.scrub.stages"\n'
            "values = [4, 6]\n",
            "'sections.scrub.stages' is an axis; leave out one of them",
        ),
        (
            '[[sweep.axes]]\npath = "constants.Nd.log10_K"\nvalues = [1.0]\n',
            "must be constants.SPECIES.NAME, of Dy, Ho, Y, Er, Na",
        ),
        (
            '[[sweep.axes]]\npath = "constants.Dy.enthalpy"\nvalues = [1.0]\n',
            "needs a unit, such as '5 kJ/mol'",
        ),
        (
            '[[sweep.axes]]\npath = "set_points.none.pH"\nvalues = [1.0]\n',
            "no 'set_points' in the case",
        ),
    ],
)
def test_what_does_not_fit_is_told(sweep, message):
    with pytest.raises(sx_sim.CaseError) as caught:
        sx_sim.run_sweep(case_of(sweep))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        (
            '[sweep.design]\nkind = "sobol"\npoints = 100\n[[sweep.axes]]\npath = "temperature"\n'
            'from = "20 degC"\nto = "30 degC"\n',
            "a Sobol sequence needs a power of two, such as 128",
        ),
        (f'[sweep.design]\nkind = "latin"\npoints = 9\n{AXIS}', "in a design, give from and to"),
        ('[[sweep.axes]]\npath = "feeds.clay.pH"\nfrom = 1\nto = 2\n', "give points"),
        ('[[specifications]]\noutput = "purity.Dy.raffinate"\n', "give least, such as 0.999"),
    ],
)
def test_tables_that_make_no_sense_are_told(sweep, message):
    with pytest.raises(sx_sim.CaseError) as caught:
        case_of(sweep)
    assert message in str(caught.value)
