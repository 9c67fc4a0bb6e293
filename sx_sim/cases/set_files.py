"""Writing extractant sets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sx_sim.chemistry.elements import element, elements
from sx_sim.chemistry.extractants import Constants, ExtractantSet, is_set, set_of_tables
from sx_sim.chemistry.series import log10_distribution, places
from sx_sim.errors import CaseError
from sx_sim.fitting import Fit
from sx_sim.fitting.model import LOG10_K
from sx_sim.output_files import check_output, write_output
from sx_sim.text_files import read_tables, tables_of

BASES = {1: "monomer", 2: "dimer"}  # by molecules of the extractant in what reacts
AROUND = 5.0  # [K] a set holds this far around the temperatures measured
LEVEL_OF_ONE_LABORATORY = 0.3  # log10 K: how far laboratories differ, where one measured


class WholeNumber(int):
    """A number that a file has without a decimal point."""


def toml_value(value: Any) -> str:
    """Return a TOML literal: text, list or number.

    Examples
    --------
    >>> toml_value(["a", 1.25]), toml_value(3)
    ('["a", 1.25]', '3.0')
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, WholeNumber):
        return str(value)
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
        If it cannot be written, or would be no valid set: nothing is written then.
    """
    path = Path(path)
    check_set_target(path)
    text = fitted_set_text(fit, path.stem, source)
    write_output(path, text.encode())


def check_set_target(path: Path) -> None:
    """Raise CaseError unless a set can be written there; nothing else than a set is replaced."""
    check_output(path, ".toml")
    if path.exists() and path.stat().st_size and not is_set(read_tables(path)):
        raise CaseError("is there, and is no extractant set; give another name", str(path))


def fitted_set_text(fit: Fit, key: str, source: str) -> str:
    """Return the text of the set of a fit; CaseError if it would be no valid set."""
    result = fit.extractant
    level, own = _errors(fit)
    header = {
        "key": key,
        "title": f"{result.extractant} in {result.medium}, fitted to {source}",
        "extractant": result.extractant,
        "medium": result.medium,
        "law": result.law,
        "reaction": result.reaction,
        "basis": BASES[result.molecules] if result.needs_extractant else "none",
        "complexes": result.complexes,
        "reference_temperature": result.reference_temperature,
        "conditions": f"{fit.data.points} points, {len(set(fit.data.contact.tolist()))} contacts; "
        f"started from set {fit.start.key}",
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
    for symbol, one in result.own.items():
        row = {"charge": WholeNumber(one.charge), "molar_mass": one.mass, "oxide": one.oxide}
        tables[f"elements.{symbol}"] = row
    species = {s: _row(fit, s, own, source) for s in result.species}
    comment = ["Written by sx-sim fit; log10 K on the basis below, mol/L; enthalpies in kJ/mol."]
    text = set_text(comment, header, tables, species)
    set_of_tables(tables_of(text, key), key)
    return text


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
    if f"{LOG10_K}.{symbol}" in fit.names:
        row |= {"quality": "measured", "source": [source], "log10_K_sd": round(own[symbol], 4)}
        return row | (_fitted_enthalpy(fit, source) if "enthalpy" in fit.names else {})
    if symbol in fit.data.elements:
        return row
    if symbol not in elements() or not element(symbol).rare_earth or known.inert:
        return row
    return row | _moved_along(fit, symbol, known)


def _fitted_enthalpy(fit: Fit, source: str) -> dict[str, Any]:
    sd = float(fit.sd[fit.names.index("enthalpy")])
    return {
        "enthalpy_sd": round(sd, 3),
        "enthalpy_quality": "measured",
        "enthalpy_source": [source],
    }


def _moved_along(fit: Fit, symbol: str, known: Constants) -> dict[str, Any]:
    """Return the parameters of a rare earth that was not measured.

    Its D at the conditions of the data moves as that of its neighbours did, interpolated
    along the series; orders that all measured elements came to share become its own.
    """
    measured = [s for s in fit.data.elements if s not in fit.newcomers]
    measured = [s for s in measured if element(s).rare_earth]
    if not measured:
        return {}
    at, result = fit.conditions(), fit.extractant

    def level(extractant: ExtractantSet, constants: Constants) -> float:
        return log10_distribution(extractant, constants, at)

    def moved(symbol: str) -> float:
        return level(result, result.species[symbol]) - level(fit.start, fit.start.species[symbol])

    place = places(result, at)
    measured.sort(key=place.__getitem__)
    by = np.interp(place[symbol], [place[s] for s in measured], [moved(s) for s in measured])
    target = level(fit.start, known) + float(by)
    orders = {}
    for name in ("order_dimer", "order_acid"):
        now = {getattr(result.species[s], name) for s in measured}
        if now != {getattr(fit.start.species[s], name) for s in measured} and len(now) == 1:
            orders[name] = now.pop()
    bare = level(result, replace(known, log10_K=0.0, **orders))
    return {
        "log10_K": round(target - bare, 4),
        "quality": "estimated",
        **{name: round(value, 4) for name, value in orders.items()},
        "note": "not measured: keeps its ratio to the elements that were",
    }


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
        **({"inert": True} if known.inert else {}),
    }


def _ranges(fit: Fit) -> dict[str, list[float]]:
    """Return the ranges of the fitted contacts."""
    data = fit.data
    used = np.unique(data.contact)
    solved = fit.model.predict(fit.values).found
    dimers = np.array([fit.extractant.species[s].dimers for s in data.elements])
    held = solved.organic[:, : len(data.elements)] @ dimers
    spans = {
        "acid": np.exp(solved.unknowns[used, 0]),
        "anion": data.anion[used],
        "loading": np.append(0.0, (held * fit.extractant.molecules / data.extractant)[used]),
        "extractant": data.extractant[used],
        "temperature": data.temperature[used],
    }
    found = {name: (values.min() * 0.999, values.max() * 1.001) for name, values in spans.items()}
    low, high = found["temperature"]
    found["temperature"] = (low - AROUND, high + AROUND)
    return {name: [float(f"{bound:.4g}") for bound in span] for name, span in found.items()}
