"""The validation report: text with tables, and pictures beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sx_sim.errors import CaseError
from sx_sim.validation import isotherms as published
from sx_sim.validation import verification
from sx_sim.validation.isotherms import Factor, Group

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAIN = published.SETS[0]

INTRODUCTION = f"""\
# Validation

What the constants predict of published experiments, and how the solver was verified. All
numbers here are calculated by `python -m sx_sim.validation`, from data that come with the
package.

## Isotherms of PC-88A in hydrochloric acid

Points compiled by Quah and Iloeje [quah2021]: La, Ce, Pr, Nd, Sm, Dy and Y, O/A 1, feed acid
10⁻⁴ to 2 mol/L. Every contact is predicted from what went into it (metals, acid, extractant), as
an equilibrium with its own acid and free extractant; nothing measured at equilibrium is used.
The constants of `{MAIN}` were fitted to these same points, so this tells how
well its law can follow them; the laboratories left out, below, tell how well it foretells. Errors
are predicted less measured log₁₀ D. Other laws are compared in
`docs/derivations/hehehp_candidates.py`.
"""

LEFT_OUT = f"""\
## Laboratories left out

Constants fitted to the other laboratories (`sx-sim fit`, the law of `{MAIN}`), the
laboratory then predicted from its feeds; elements that nobody else measured are left out with it.
This is what to expect of a circuit of one's own before anything was measured there: a factor of
1.6 in D. Exponents fitted anew do worse than those of the set, which lean on all laboratories and
on published slopes. Only Kim and Lee varied the extractant, and only Lyon went to dilute metals.
"""

FACTORS = """\
## Separation factors in mixtures

Contacts of several elements, those of saponified solvent too: how far it was saponified is not
known, but ratios of D hardly depend on it. Error is |predicted / measured - 1|.
"""

NO_DATA = f"""\
## What is not validated

* **Temperature**: all points count as 25 °C. No isotherm at another temperature is here; the
  enthalpies are estimates and a temperature sweep shows the band that follows.
* **The heavy end**: no isotherms of Eu, Gd, Tb, Ho, Er, Tm, Yb and Lu. They rest on separation
  factors against their neighbours, of which many were recalled or read second hand.
* **High loading**: measured to 47 % of the extractant; saponified circuits run at 70 %.
* **Levels with saponified solvent**: {", ".join(published.SAPONIFIED)} do not say how far it was
  saponified. [H⁺] below 0.019 mol/L is outside what was measured.
* **pH**: nobody reported the pH at equilibrium, so the predicted pH is unchecked.
* **Extractant**: only one laboratory went below 1 mol/L without saponification.
* **Other acids and media**: nothing here is about nitrate or sulfate.
"""

VERIFICATION = """\
## Verification

That the *solver* is right, apart from the chemistry: the same problems solved by others.
"""


def document() -> str:
    """Return the text of the report (Markdown).

    The laboratories left out are fitted anew, which takes some seconds.
    """
    everything = published.measurements()
    data = published.with_levels(everything)
    errors = {key: published.predicted(data, key) - data.log10_d for key in published.SETS}
    factors = published.factors(everything, published.predicted(everything, MAIN))
    parts = [
        INTRODUCTION,
        _sets(errors),
        "![Predicted against measured D](images/validation_isotherms.png)\n",
        _groups("element", published.by_element(data, errors[MAIN])),
        _groups("laboratory", published.by_laboratory(data, errors[MAIN])),
        LEFT_OUT,
        _left_out(data),
        FACTORS,
        _factors(factors),
        "![Separation factors in mixtures](images/validation_factors.png)\n",
        NO_DATA + _excluded(),
        VERIFICATION,
        _verification(),
    ]
    return "\n".join(parts)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _sets(errors: dict[str, np.ndarray]) -> str:
    rows = []
    for key, found in errors.items():
        within = np.mean(np.abs(found) < np.log10(1.5))
        group = Group(key, found)
        rows.append(
            [
                f"`{key}`",
                f"{len(found)}",
                f"{group.rmse:.3f}",
                f"{group.bias:+.3f}",
                f"{within:.0%}",
            ]
        )
    return _table(["set", "points", "rmse", "mean", "within a factor 1.5"], rows)


def _groups(name: str, groups: Iterable[Group]) -> str:
    rows = [[g.name, f"{len(g.errors)}", f"{g.rmse:.3f}", f"{g.bias:+.3f}"] for g in groups]
    return _table([name, "points", "rmse", "mean"], rows)


def _left_out(data: published.Isotherms) -> str:
    held = list(published.left_out(data, MAIN, exponents=False))
    anew = list(published.left_out(data, MAIN, exponents=True))
    both = zip(held, anew, strict=True)
    rows = [[a.name, f"{len(a.errors)}", f"{a.rmse:.2f}", f"{b.rmse:.2f}"] for a, b in both]
    every = [Group("all", np.concatenate([g.errors for g in one])) for one in (held, anew)]
    rows.append(["all", f"{len(every[0].errors)}", *(f"{one.rmse:.2f}" for one in every)])
    return _table(["left out", "points", "rmse, exponents held", "rmse, exponents fitted"], rows)


def _factors(factors: Sequence[Factor]) -> str:
    rows = [
        [
            f"{f.heavier}/{f.lighter}",
            f"{len(f.measured)}",
            f"{f.measured.min():.2f} to {f.measured.max():.2f}",
            f"{np.median(f.measured):.2f}",
            f"{np.median(f.predicted):.2f}",
            f"{np.median(f.errors):.1%}",
        ]
        for f in factors
    ]
    near = np.concatenate([f.errors for f in factors if f.neighbours])
    every = np.concatenate([f.errors for f in factors])
    header = ["pair", "contacts", "measured", "median", "predicted", "median error"]
    return (
        _table(header, rows)
        + f"\nThe median error is {np.median(near):.1%} over the {len(near)} factors of neighbours "
        f"and {np.median(every):.1%} over all {len(every)}. Factors against lanthanum are not "
        "settled:\nfor Ce/La mixtures say about 2, published factors 7 to 8, and single salts 14; "
        "the set\nlies between.\n"
    )


def _excluded() -> str:
    data = published.excluded()
    group = Group(published.EXCLUDED, published.predicted(data, MAIN) - data.log10_d)
    return (
        f"* **{group.name}**: {len(group.errors)} points that the compilers left out are predicted "
        f"{-group.bias:.2f} in log₁₀ D\n  below what is reported: more than any laboratory above.\n"
    )


def _verification() -> str:
    found = verification.nd_sm_cascades()
    rows = [
        [
            f"Nd/Sm cascade of another code [etr-optimization], {found.rows} rows",
            f"purity {_size(found.purity)}, recovery {_size(found.recovery)}, pH {_size(found.pH)}",
        ]
    ]
    for extraction, scrub, purity_b, purity_a in verification.cascade_theory():
        rows.append(
            [
                f"cascade theory [zhang2016], {extraction} + {scrub} stages",
                f"purity of B {_size(purity_b)}, of A {_size(purity_a)}",
            ]
        )
    table = _table(["problem", "largest difference"], rows).replace("---:", "---")
    return table + "\nMore in [theory](theory.md), under how it was verified.\n"


def _size(difference: float) -> str:
    """Return the power of ten that a difference stays below: rounding is no news."""
    return f"below 10{_superscript(int(np.ceil(np.log10(max(abs(difference), 1e-12)))))}"


def _superscript(number: int) -> str:
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def isotherm_figure() -> Figure:
    """Draw predicted against measured D of both sets."""
    import matplotlib.pyplot as plt

    from sx_sim.plots.fits import draw_parity

    data = published.with_levels(published.measurements())
    figure, panels = plt.subplots(1, 2, figsize=(11.5, 5.6), layout="constrained")
    for axes, key in zip(panels, published.SETS[::2], strict=True):
        found = published.predicted(data, key)
        draw_parity(axes, data, found)
        rmse = Group(key, found - data.log10_d).rmse
        axes.set_title(f"{key}: {rmse:.3f} in log10 D", fontsize=10)
    return figure


def factor_figure() -> Figure:
    """Draw measured factors of every pair and what the set predicts."""
    import matplotlib.pyplot as plt

    data = published.measurements()
    factors = published.factors(data, published.predicted(data, MAIN))
    figure, axes = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
    for k, f in enumerate(factors):
        spread = k + np.linspace(-0.25, 0.25, len(f.measured))
        axes.plot(
            spread, f.measured, "o", color="tab:blue", ms=5, label="measured" if k == 0 else ""
        )
        label = "predicted" if k == 0 else ""
        axes.plot(spread, f.predicted, "_", color="tab:red", ms=8, mew=2, label=label)
    axes.set_xticks(range(len(factors)), [f"{f.heavier}/{f.lighter}" for f in factors])
    axes.set_yscale("log")
    ticks = [1, 2, 3, 5, 10]
    axes.set_yticks(ticks, [str(t) for t in ticks])
    axes.minorticks_off()
    axes.set_ylabel("separation factor in mixtures")
    axes.legend(loc="upper left")
    return figure


def write(folder: Path) -> list[Path]:
    """Write ``validation.md`` and its pictures into a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    CaseError
        If it cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    pictures = {"isotherms": isotherm_figure, "factors": factor_figure}
    written = []
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        for name, draw in pictures.items():
            path = folder / "images" / f"validation_{name}.png"
            draw().savefig(path, dpi=110)
            written.append(path)
        path = folder / "validation.md"
        path.write_text(document(), encoding="utf-8")
    except OSError as error:
        raise CaseError(f"cannot be written: {error}", str(folder)) from None
    return [path, *written]
