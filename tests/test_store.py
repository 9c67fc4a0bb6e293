"""HDF5 files: written, read back, opened by others."""

import h5py
import numpy as np
import pytest
import xarray

import sx_sim
from support.columns import HEAVY, heavy_case

SWEEP = """
[[sweep.axes]]
path = "feeds.clay.pH"
values = [1.0, 1.5]
[[sweep.axes]]
path = "temperature"
from = "20 degC"
to = "40 degC"
points = 3
[sweep]
band_members = 4
"""


@pytest.fixture(scope="module")
def swept():
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    case = sx_sim.parse_case(text + SWEEP)
    return case, sx_sim.run_sweep(case)


def test_a_result_comes_back_whole(tmp_path):
    case = heavy_case()
    result = sx_sim.solve(case)
    sx_sim.save_result(result, tmp_path / "a.h5", case)
    back = sx_sim.load_result(tmp_path / "a.h5")
    assert back.status == result.status
    assert back.iterations == result.iterations
    assert back.checks.passed
    np.testing.assert_array_equal(back.stages.aqueous, result.stages.aqueous)
    np.testing.assert_allclose(back.stages.acid, result.stages.acid, rtol=1e-14)
    assert list(back.streams) == list(result.streams)
    assert back.purity("Dy") == result.purity("Dy")
    assert [c.text for c in back.cautions] == [c.text for c in result.cautions]


def test_a_complexed_result_comes_back(tmp_path):
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    case = sx_sim.parse_case(
        text.replace("hehehp-chloride-conditional", "hehehp-chloride-complexed")
    )
    result = sx_sim.solve(case)
    assert (result.stages.free_anion < result.stages.anion).all()
    sx_sim.save_result(result, tmp_path / "a.h5", case)
    assert sx_sim.load_result(tmp_path / "a.h5").checks.passed


def test_dimensions_units_and_provenance(tmp_path):
    case = heavy_case()
    sx_sim.save_result(sx_sim.solve(case), tmp_path / "a.h5", case)
    with h5py.File(tmp_path / "a.h5") as file:
        table = file["aqueous"]
        assert [d.keys()[0] for d in table.dims] == ["stage", "species"]
        assert table.attrs["units"] == "mol/L"
        assert file["case"].asstr()[()] == case.text
        assert file.attrs["extractant_set"] == "hehehp-chloride-conditional"
        assert "quah2021" in file.attrs["sources"]
        assert file.attrs["version"] == sx_sim.__version__
        assert file.attrs["status_text"] == "converged"
        assert file.attrs["largest_closure"] < 1e-9
        for name, dataset in file.items():
            if name not in (
                "case",
                "extractant_sets",
                "stage",
                "species",
                "product",
                "caution",
                "unknown",
                "feed",
            ):
                assert all(len(d) == 1 for d in dataset.dims), name
                assert dataset.attrs["long_name"]


def test_a_sweep_comes_back_whole(swept, tmp_path):
    case, sweep = swept
    sx_sim.save_sweep(sweep, tmp_path / "s.h5", case)
    back = sx_sim.open_sweep(tmp_path / "s.h5")
    assert back.products == sweep.products
    assert back.elements == sweep.elements
    assert back.nominal == pytest.approx(sweep.nominal, nan_ok=True)
    assert list(back.tables) == list(sweep.tables)
    for name, table in sweep.tables.items():
        np.testing.assert_array_equal(back.tables[name], table)
    one, two = (s.band.table("recovery") for s in (back, sweep))
    np.testing.assert_array_equal(one, two)
    assert [(a.path, a.unit) for a in back.axes] == [("feeds.clay.pH", ""), ("temperature", "degC")]


@pytest.mark.parametrize("kind", ["result", "sweep"])
def test_xarray_opens_it_as_it_is(kind, swept, tmp_path):
    case, sweep = swept
    path = tmp_path / "a.h5"
    if kind == "sweep":
        sx_sim.save_sweep(sweep, path, case)
    else:
        sx_sim.save_result(sx_sim.solve(case), path, case)
    with xarray.open_dataset(path, engine="h5netcdf") as data:
        table = data["recovery"]
        if kind == "sweep":
            assert table.dims == ("feeds.clay.pH", "temperature", "product", "element")
            assert float(table.sel(product="raffinate", element="Dy")[0, 0]) == pytest.approx(
                sweep.recovered("Dy", "raffinate")[0, 0]
            )
            assert data["temperature"].attrs["units"] == "degC"
        else:
            assert table.dims == ("product", "species")
            assert data["aqueous"].dims == ("stage", "species")


def test_to_xarray_is_labelled(swept):
    _, sweep = swept
    data = sweep.to_xarray()
    picked = data["recovery"].sel({"temperature": 30.0, "product": "raffinate", "element": "Ho"})
    np.testing.assert_array_equal(picked, sweep.recovered("Ho", "raffinate")[:, 1])


def test_files_of_others_are_refused(swept, tmp_path):
    case, sweep = swept
    with pytest.raises(sx_sim.CaseError, match="no such file"):
        sx_sim.load_result(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(sx_sim.CaseError, match="not an HDF5 file"):
        sx_sim.load_result(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(sx_sim.CaseError, match="another program"):
        sx_sim.load_result(tmp_path / "other.h5")
    sx_sim.save_sweep(sweep, tmp_path / "s.h5", case)
    with pytest.raises(sx_sim.CaseError, match="is sx_sim sweep, not sx_sim result"):
        sx_sim.load_result(tmp_path / "s.h5")


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    case = heavy_case()
    result = sx_sim.solve(case)
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(sx_sim.CaseError, match="cannot be written"):
        sx_sim.save_result(result, tmp_path / "taken" / "a.h5", case)
    folder = tmp_path / "a.h5"
    folder.mkdir()
    with pytest.raises(sx_sim.CaseError, match="cannot be written"):
        sx_sim.save_result(result, folder, case)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
