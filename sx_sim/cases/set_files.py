"""Writing extractant sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sx_sim.analysis.fitting import Fit
from sx_sim.chemistry.elements import element
from sx_sim.chemistry.extractants import Constants
from sx_sim.chemistry.series import Conditions, places
from sx_sim.errors import CaseError

AROUND = 5.0  # [K] a set holds this far around the temperatures measured
LEVEL_OF_ONE_LABORATORY = 0.3  # log10 K: how far laboratories differ, where one measured


def toml_value(value: Any) -> str:
    """Return a TOML literal: text, list or number.

    Examples
    --------
    >>> toml_value(["a", 1.25]), toml_value(3)
    ('["a", 1.25]', '3.0')
    """
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return f"{float(value):.10g}" if not float(value).is_integer() else f"{float(value):.1f}"


def set_text(
    comment: Sequence[str],
    header: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, Any]],
    species: Mapping[str, Mapping[str, Any]],
) -> str:
    """Return the text of a set file: comment, keys, tables such as ``level``, and species."""
    lines = [f"# {line}" for line in comment] + [""]
    lines += [f"{key} = {toml_value(value)}" for key, value in header.items()]
    named = {**tables, **{f"species.{name}": table for name, table in species.items()}}
    for title, table in named.items():
        lines += ["", f"[{title}]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def level_and_own(covariance: np.ndarray) -> tuple[float, np.ndarray]:
    """Split the errors of a series into one common to all and each element's own (S,)."""
    n = len(covariance)
    centre = np.eye(n) - 1.0 / n
    common = np.sqrt(covariance.mean())
    own = np.sqrt(np.diag(centre @ covariance @ centre.T))
    return float(common), own


def write_set(fit: Fit, path: str | Path, source: str) -> None:
    """Write a set that cases can use, from a fit.

    Elements that were not measured keep their ratios to the measured ones (what the fit moved
    is interpolated along the series) and count as estimates.

    Parameters
    ----------
    fit : Fit
    path : str or Path
        Ending in ``.toml``; its stem becomes the key.
    source : str
        Where the measurements are from.

    Raises
    ------
    CaseError
        If it cannot be written.
    """
    path = Path(path)
    if path.suffix != ".toml":
        raise CaseError("must end in .toml, by which cases tell a file from a key", str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fitted_set_text(fit, path.stem, source), encoding="utf-8")
    except OSError as error:
        raise CaseError(f"cannot be written: {error}", str(path)) from None


def fitted_set_text(fit: Fit, key: str, source: str) -> str:
    """Return the text of the set of a fit."""
    result = fit.extractant
    level, own = _errors(fit)
    header = {
        "key": key,
        "title": f"{result.extractant} in {result.medium}, fitted to {source}",
        "extractant": result.extractant,
        "medium": result.medium,
        "law": result.law,
        "reaction": result.reaction,
        "basis": "dimer",
        "complexes": result.complexes,
        "reference_temperature": result.reference_temperature,
        "conditions": f"{fit.data.points} points, {len(set(fit.data.contact.tolist()))} contacts; "
        f"started from set {fit.model.start.key}",
    }
    tables: dict[str, Mapping[str, Any]] = {
        "level": {
            "log10_K_sd": round(level, 3),
            "enthalpy_sd": result.level_enthalpy_sd,
            "sd_quality": "derived",
        },
        "ranges": _ranges(fit),
    }
    if result.log10_beta:
        tables["formation"] = {
            "log10_beta": list(result.log10_beta),
            "enthalpy": list(result.beta_enthalpy),
            "quality": "measured" if "log10_beta" in fit.names else "derived",
            "source": [source],
        }
    species = {s: _row(fit, s, own, source) for s in result.species}
    comment = ["Written by sx-sim fit; log10 K on the dimer basis, mol/L; enthalpies in kJ/mol."]
    return set_text(comment, header, tables, species)


def _errors(fit: Fit) -> tuple[float, dict[str, float]]:
    """Return the error of the level and each fitted element's own."""
    fitted = [k for k, name in enumerate(fit.names) if name.startswith("log10_K.")]
    names = [fit.names[k].partition(".")[2] for k in fitted]
    level, own = level_and_own(fit.covariance[np.ix_(fitted, fitted)]) if fitted else (0.0, [])
    if "laboratory" not in fit.errors.shared:
        level = float(np.hypot(level, LEVEL_OF_ONE_LABORATORY))
    return level, {n: max(float(sd), 0.005) for n, sd in zip(names, own, strict=True)}


def _row(fit: Fit, symbol: str, own: Mapping[str, float], source: str) -> dict[str, Any]:
    """Return one species' table: fitted, moved along with its neighbours, or as it was."""
    known = fit.extractant.species[symbol]
    row = {
        "log10_K": round(known.log10_K, 4),
        "log10_K_sd": known.log10_K_sd,
        "quality": known.quality,
        "source": list(known.source),
        **_shared(known),
    }
    if symbol in fit.data.elements:
        shared = fit.extractant.species[symbol]
        measured = {"quality": "measured", "source": [source]}
        row |= measured | {"log10_K_sd": round(own.get(symbol, known.log10_K_sd), 4)}
        return row | {k: v for k, v in _shared(shared).items() if k.startswith("order_")}
    if not element(symbol).rare_earth or known.inert:
        return row
    return row | _moved_along(fit, symbol, known)


def _moved_along(fit: Fit, symbol: str, known: Constants) -> dict[str, Any]:
    """Return what changes for a rare earth that was not measured."""
    place = places(fit.extractant, _conditions(fit))
    measured = sorted(fit.data.elements, key=lambda s: place[s])
    at = [place[s] for s in measured]
    moved = [
        fit.extractant.species[s].log10_K - fit.model.start.species[s].log10_K for s in measured
    ]
    shift = float(np.interp(place[symbol], at, moved))
    orders = _shared(fit.extractant.species[measured[0]])
    return {
        "log10_K": round(known.log10_K + shift, 4),
        "quality": "estimated",
        "order_dimer": orders["order_dimer"],
        "order_acid": orders["order_acid"],
        "note": "not measured: keeps its ratio to the elements that were",
    }


def _conditions(fit: Fit) -> Conditions:
    """Return the conditions in the middle of the contacts."""
    data = fit.data
    ln_h, ln_e = (
        fit.model.predict(fit.values).found.scalars[np.unique(data.contact), :2].mean(axis=0)
    )
    return Conditions(np.exp(ln_h), np.exp(ln_e), float(data.temperature.mean()))


def _shared(known: Constants) -> dict[str, Any]:
    return {
        "order_dimer": round(known.order_dimer, 4),
        "order_acid": round(known.order_acid, 4),
        "dimers": known.dimers,
        "enthalpy": round(known.enthalpy, 3),
        "enthalpy_sd": known.enthalpy_sd,
        "enthalpy_quality": known.enthalpy_quality,
        "enthalpy_source": list(known.enthalpy_source),
        **({"note": known.note} if known.note else {}),
    }


def _ranges(fit: Fit) -> dict[str, list[float]]:
    """Return what the fitted contacts span."""
    data = fit.data
    used = np.unique(data.contact)
    solved = fit.model.predict(fit.values).found
    dimers = np.array([fit.extractant.species[s].dimers for s in data.elements])
    held = solved.organic[:, : len(data.elements)] @ dimers
    spans = {
        "acid": np.exp(solved.scalars[used, 0]),
        "anion": data.anion[used],
        "loading": np.append(0.0, (held / (data.extractant / 2))[used]),
        "extractant": data.extractant[used],
        "temperature": data.temperature[used],
    }
    found = {name: (values.min() * 0.999, values.max() * 1.001) for name, values in spans.items()}
    low, high = found["temperature"]
    found["temperature"] = (low - AROUND, high + AROUND)
    return {name: [float(f"{bound:.4g}") for bound in span] for name, span in found.items()}
