"""Results: statuses, purity, recovery, cautions, data frames."""

import numpy as np
import pytest

import sx_sim
from support.columns import HEAVY, heavy_case
from sx_sim.cascade.status import MEANING, Status


def test_more_base_than_acid_ends_with_a_status_and_advice():
    case = sx_sim.parse_case(
        HEAVY.format(solvent=3000, strength=0.05, acid=0.01, extraction=20, scrub=10).replace(
            "saponification = 0.2", "saponification = 0.8"
        )
    )
    with pytest.raises(sx_sim.ConvergenceError, match="more base than acid") as caught:
        sx_sim.solve(case)
    result = caught.value.result
    assert result.status == sx_sim.Status.EXCESS_BASE
    assert "Lower the saponification" in result.status.advice
    assert result.iterations < 3000
    assert any("hydroxides would precipitate" in c.text for c in result.cautions)
    assert sx_sim.solve(case, throw=False).status == sx_sim.Status.EXCESS_BASE


def test_every_status_has_text_and_advice():
    assert set(MEANING) == set(Status)
    assert all(s.text and s.advice for s in Status)


def test_a_law_that_extracts_more_than_the_solvent_holds_is_told_as_the_reason():
    case = sx_sim.parse_case("""
        temperature = "28.5 degC"
        [solvent]
        extractant = "d2ehpa-tbp-sulfate"
        flow = "8310 L/h"
        concentration = "1 mol/L"
        [feeds.liquor]
        flow = "6620 L/h"
        acid = "0.176 mol/L"
        [feeds.liquor.concentrations]
        La = "0.0434 mol/L"
        Ce = "0.0846 mol/L"
        Pr = "0.0107 mol/L"
        Nd = "0.342 mol/L"
        Sm = "0.214 mol/L"
        Gd = "0.0283 mol/L"
        Dy = "0.0962 mol/L"
        Y = "0.117 mol/L"
        [sections.extraction]
        stages = 6
        efficiency = 0.762
        [sections.scrub]
        stages = 1
        flow = "1000 L/h"
        acid = "2.05 mol/L"
    """)
    result = sx_sim.solve(case, throw=False)
    assert result.status == Status.OUTSIDE_LAW
    assert "as the extractant is used up" in result.explanation
    assert "'d2ehpa-tbp-sulfate' are acid 0.01 to 0.05" in result.explanation
    softer = {"solvent.concentration": "0.15 mol/L", "feeds.liquor.acid": "0.03 mol/L"}
    thin = {
        f"feeds.liquor.concentrations.{e}": "0.001 mol/L"
        for e in ("La", "Ce", "Pr", "Nd", "Sm", "Gd", "Dy", "Y")
    }
    assert sx_sim.solve(case.with_values({**softer, **thin})).converged


def test_purity_bases_and_recovery():
    result = sx_sim.solve(heavy_case())
    raffinate = result.stream("raffinate")
    x = dict(zip(result.elements, raffinate.concentration, strict=True))
    rare = ("Dy", "Ho", "Y", "Er")
    assert result.purity("Dy", basis="mol") == pytest.approx(x["Dy"] / sum(x[e] for e in rare))
    oxide = {"Dy": 186.498, "Ho": 188.928, "Y": 112.904, "Er": 191.256}
    grams = {e: x[e] * oxide[e] for e in rare}
    assert result.purity("Dy") == pytest.approx(grams["Dy"] / sum(grams.values()), rel=1e-4)
    assert result.purity(["Dy", "Ho"]) == pytest.approx(result.purity("Dy") + result.purity("Ho"))
    for e in rare:
        assert sum(result.recovery(e, s) for s in result.streams) == pytest.approx(1, abs=1e-12)


def test_unknown_names_say_what_there_is():
    result = sx_sim.solve(heavy_case())
    with pytest.raises(KeyError, match="raffinate"):
        result.purity("Dy", "rafinate")
    with pytest.raises(KeyError, match="Dy"):
        result.recovery("Lu")
    with pytest.raises(ValueError, match="REO"):
        result.purity("Dy", basis="mass")


def test_data_frame_holds_the_profiles():
    result = sx_sim.solve(heavy_case())
    frame = result.to_dataframe()
    assert list(frame.index) == list(range(1, 15))
    assert frame.loc[8, "section"] == "extraction"
    assert frame.loc[9, "section"] == "scrub"
    np.testing.assert_array_equal(frame["x_Dy"], result.stages.aqueous[:, 0])


def test_cautions_name_variable_value_and_range():
    result = sx_sim.solve(heavy_case(strength=0.6))
    loading = next(c for c in result.cautions if c.kind == "loading")
    assert "outside the 0 to 0.47 of set 'hehehp-chloride-conditional'" in loading.text
    assert "stage" in loading.text
    hot = heavy_case().with_values({"temperature": "40 degC"})
    kinds = {c.kind for c in sx_sim.solve(hot).cautions}
    assert {"log10 K", "enthalpy", "temperature"} <= kinds


def test_a_hot_column_extracts_more_where_extraction_is_endothermic():
    cold, hot = (
        sx_sim.solve(heavy_case().with_values({"temperature": t})) for t in ("15 degC", "45 degC")
    )
    assert hot.recovery("Dy") < cold.recovery("Dy")


def test_a_solve_may_start_from_another():
    near = sx_sim.solve(heavy_case())
    case = heavy_case(solvent=405)
    warm, cold = sx_sim.solve(case, start=near), sx_sim.solve(case)
    np.testing.assert_allclose(warm.stages.acid, cold.stages.acid, rtol=1e-9)
    assert warm.iterations <= cold.iterations
