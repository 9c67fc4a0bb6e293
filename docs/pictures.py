"""Draw all pictures of README and documentation: ``python docs/pictures.py [FOLDER]``.

Those that are kept in ``docs/images`` are drawn by it, each from its example.
"""

import sys
from pathlib import Path

import matplotlib

import sx_sim
from sx_sim.cases.isotherms import read_isotherms
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.fitting import fit
from sx_sim.plots import fits
from sx_sim.validation.document import factor_figure, isotherm_figure

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
POINTS = ROOT / "sx_sim" / "data" / "isotherms" / "pc88a_hcl.csv"
LABORATORIES = ("Kim (2012)", "Li (1987)", "Lyon (2016)", "Lee (2005)")  # as in fitting.md
FREE = ("log10_K", "order_dimer", "order_acid")
DPI = 110


def figures():
    """Yield the name and the figure of every picture."""
    plots = sx_sim.plots
    heavy = sx_sim.load_case(EXAMPLES / "heavy_clay_dy_ho.toml")
    yield "profiles", plots.profiles(sx_sim.solve(heavy))
    yield "maps", plots.heat_maps(sx_sim.run_sweep(heavy), *heavy.file.cut)
    monazite = sx_sim.load_case(EXAMPLES / "monazite_nd_sm.toml")
    yield "window", plots.operating_window(sx_sim.run_sweep(monazite))
    closed = sx_sim.load_case(EXAMPLES / "nd_sm_closed.toml")
    yield "circuit", plots.circuit_diagram(sx_sim.solve(closed))
    train = sx_sim.load_case(EXAMPLES / "heavy_clay_train.toml")
    found = sx_sim.solve(train)
    yield "train", plots.train_diagram(found, cuts=train.cuts)
    yield "train_oxides", plots.train_sankey(found)
    yield "train_profiles", plots.train_profiles(found)
    points = read_isotherms(POINTS, laboratories=LABORATORIES)
    fitted = fit(points, extractant_set("hehehp-chloride"), free=FREE)
    yield "fit_parity", fits.parity(fitted)
    yield "fit_residuals", fits.residuals(fitted)
    yield "validation_isotherms", isotherm_figure()
    yield "validation_factors", factor_figure()


def main(folder: Path) -> None:
    """Write all pictures into a folder."""
    matplotlib.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures():
        figure.savefig(folder / f"{name}.png", dpi=DPI)
        matplotlib.pyplot.close(figure)
        print(f"wrote {folder / name}.png", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images")
