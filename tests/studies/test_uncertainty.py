"""What errors of constants do: linear, sampled, and shared out."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from support.columns import HEAVY, heavy_case
from sx_sim.cli import app
from sx_sim.studies.points import Points
from sx_sim.studies.samples import erring_points, exchanged, indices, normal_sample
from sx_sim.studies.tornado import Shift

OUTPUTS = ["recovery.Dy.raffinate", "purity.Dy.raffinate", "pH.raffinate"]


@pytest.fixture(scope="module")
def mild():
    """Errors a tenth of what they are: the column answers nearly linearly."""
    return sx_sim.uncertainty(heavy_case(solvent=150), OUTPUTS, samples=256, scale=0.1)


def test_linear_and_sampled_agree_on_a_mild_case(mild):
    assert mild.failed == 0
    assert (mild.linear_sd > 0).all()
    np.testing.assert_allclose(mild.sampled_sd, mild.linear_sd, rtol=0.1)
    np.testing.assert_allclose(mild.quantiles[:, 2], mild.values, atol=0.2 * mild.linear_sd.max())
    spread = (mild.quantiles[:, 3] - mild.quantiles[:, 1]) / 2
    np.testing.assert_allclose(spread, mild.linear_sd, rtol=0.15)


def test_shares_of_a_mild_case_are_squares_of_the_linear_effects(mild):
    linear = mild.effects**2 / mild.linear_sd[:, None] ** 2
    np.testing.assert_allclose(mild.total, linear, atol=0.06)
    np.testing.assert_allclose(mild.first_order, linear, atol=0.12)
    assert mild.used == 128


def test_factors_are_the_level_and_every_species(mild):
    labels = [factor.name for factor in mild.factors]
    assert labels[0] == "log10 K of all rare earths"
    assert mild.factors[0].inputs == tuple(
        f"constants.{s}.log10_K" for s in ("Dy", "Ho", "Y", "Er")
    )
    assert not any("enthalpy" in label for label in labels)  # at 25 degC they change nothing
    warm = heavy_case(solvent=150).with_values({"temperature": "30 degC"})
    found = sx_sim.uncertainty(warm, OUTPUTS, samples=4, share=False)
    assert "enthalpy of all rare earths" in [factor.name for factor in found.factors]
    assert np.isnan(found.total).all()


def test_each_point_is_the_case_with_those_constants(mild):
    k = 37
    numbers = {axis.path: axis.numbers[k] for axis in mild.sample.axes}
    result = sx_sim.solve(heavy_case(solvent=150).at(numbers))
    for name, value in zip(OUTPUTS, mild.sampled[:, k], strict=True):
        kind, *rest = name.split(".")
        expected = {
            "recovery": lambda: result.recovery("Dy"),
            "purity": lambda: result.purity("Dy"),
            "pH": lambda: result.stream("raffinate").pH,
        }[kind]()
        assert value == pytest.approx(expected, rel=1e-8), rest
    np.testing.assert_allclose(mild.sample.table("stage_pH")[k], result.stages.pH, rtol=1e-8)


def test_indices_of_a_function_with_known_shares():
    """f = x + 2 y + x z of standard normals: variances 1, 4 and 1 (of x z)."""
    halves = normal_sample(3, 4096, seed=1)

    def f(x):
        return (x[..., 0] + 2 * x[..., 1] + x[..., 0] * x[..., 2])[None]

    pages = f(exchanged(halves))[0][:, None]
    first, total, used = indices(f(halves[0]), f(halves[1]), pages)
    np.testing.assert_allclose(first, [[1 / 6, 4 / 6, 0]], atol=0.03)
    np.testing.assert_allclose(total, [[2 / 6, 4 / 6, 1 / 6]], atol=0.03)
    assert used == 4096
    gap = f(halves[0])
    gap[0, 5] = np.nan
    assert indices(gap, f(halves[1]), pages)[2] == 2048


def test_errors_that_are_shared_move_together():
    factors = [Shift("all", ("a", "b"), 2.0, "+2"), Shift("own", ("b",), 1.0, "+1")]
    points = erring_points(factors, {"a": (10.0, ""), "b": (0.0, "")}, np.array([[1, 0], [0, 3]]))
    assert isinstance(points, Points)
    np.testing.assert_array_equal(points.axes[0].values, [12, 10])
    np.testing.assert_array_equal(points.axes[1].values, [2, 3])


def test_samples_have_to_be_a_power_of_two():
    with pytest.raises(sx_sim.CaseError, match="samples = 100: must be a power of two"):
        sx_sim.uncertainty(heavy_case(), samples=100)


def test_the_command_prints_writes_and_draws(tmp_path):
    path = tmp_path / "small.toml"
    text = HEAVY.format(solvent=150, strength=0.3, acid=0.05, extraction=8, scrub=6)
    path.write_text(text.replace("[solvent]", 'cut = ["Dy", "Ho"]\n[solvent]'))
    words = ["uncertainty", path, "--samples", 16, "--out", tmp_path / "u.h5", "--plots", tmp_path]
    found = CliRunner().invoke(app, [str(word) for word in words])
    plt.close("all")
    assert found.exit_code == 0, found.output
    text = " ".join(found.output.replace("│", " ").split())
    for part in ("linear", "Share of the variance", "log10 K of", "Sample of 16 points"):
        assert part in text
    names = {p.name for p in tmp_path.glob("*.png")}
    assert names == {"small_uncertainty.png", "small_bands.png"}
    back = sx_sim.open_sweep(tmp_path / "u.h5")
    assert back.shape == (16,)
    assert back.table("stage_aqueous").shape == (16, 14, 5)
    again = CliRunner().invoke(app, ["uncertainty", str(path), "--samples", "10"])
    assert again.exit_code == 2
    assert "power of two" in again.output
