"""Reading tables of laboratory isotherms, and saying which row is wrong."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sx_sim import units
from sx_sim.cases.csv_tables import read_table
from sx_sim.chemistry.elements import element
from sx_sim.chemistry.reagents import base_named
from sx_sim.errors import CaseError
from sx_sim.fitting import Fit, Isotherms
from sx_sim.output_files import write_rows
from sx_sim.text_files import read_text

NEEDED = ("contact", "laboratory", "element", "extractant_formal")
PHASES = ("feed", "aqueous", "organic")
OPTIONAL = {
    "feed_acid": None,
    "equilibrium_pH": None,
    "oa": 1.0,
    "temperature": 25.0,
    "saponification": 0.0,
    "base": "Na",
    "log10_d_sd": None,
    "excluded": "",
}
COLUMNS = (*NEEDED, *PHASES, *OPTIONAL)
OF_CONTACT = ("laboratory", "extractant_formal", "feed_acid", "equilibrium_pH", "oa")
OF_CONTACT += ("temperature", "saponification", "base")
BOUNDS = {
    "extractant_formal": (1e-6, 5.0, "mol/L of monomer"),
    "feed": (0.0, 20.0, "mol/L"),
    "aqueous": (0.0, 20.0, "mol/L"),
    "organic": (0.0, 20.0, "mol/L"),
    "feed_acid": (0.0, 20.0, "mol/L"),
    "equilibrium_pH": (-1.5, 14.0, "on the concentration scale"),
    "oa": (1e-3, 1e3, "volume of organic over aqueous phase"),
    "temperature": (0.0, 100.0, "degC"),
    "saponification": (0.0, 0.99, "equivalents per mole of monomer"),
    "log10_d_sd": (1e-4, 10.0, "decades"),
}
UNITS = {
    "extractant_formal": ("mol/L",),
    "feed": ("mol/L", "g/L"),
    "aqueous": ("mol/L", "g/L"),
    "organic": ("mol/L", "g/L"),
    "feed_acid": ("mol/L", "eq/L"),
    "temperature": ("K",),
}
MOST_POINTS = 3000  # every point is weighed against every other
IMBALANCE = 0.05
KELVIN = 273.15
YTTRIUM = 166.0  # between the masses of holmium and erbium

TEMPLATE = """\
contact,laboratory,element,extractant_formal,feed_acid,feed,aqueous,organic,oa,temperature,\
saponification,equilibrium_pH,excluded
1,ours,Nd,1.0,0.05,0.100,0.0757,0.0243,1,25,0,,
2,ours,Nd,1.0,0.10,0.050,0.0389,0.0111,1,25,0,,
3,ours,Nd,0.5,0.01,0.0094,0.0058,0.0036,1,25,0,,
3,ours,Pr,0.5,0.01,0.0034,0.0023,0.0011,1,25,0,,
"""


@dataclass(frozen=True)
class Row:
    """One line of a table; ``values`` are numbers, ``number`` counts lines of the file."""

    number: int
    contact: str
    laboratory: str
    element: str
    base: str
    excluded: str
    values: Mapping[str, float | None]

    @property
    def oa(self) -> float:
        """Organic over aqueous volume."""
        return self.values["oa"] or 1.0

    @property
    def phases(self) -> tuple[float, float, float]:
        """Feed, aqueous and organic concentration, the missing one by balance [mol/L]."""
        feed, aqueous, organic = (self.values[name] for name in PHASES)
        if feed is None:
            feed = (aqueous or 0.0) + self.oa * (organic or 0.0)
        elif aqueous is None:
            aqueous = feed - self.oa * (organic or 0.0)
        elif organic is None:
            organic = (feed - aqueous) / self.oa
        return feed, aqueous or 0.0, organic or 0.0


def read_isotherms(path: str | Path, *, laboratories: Iterable[str] = ()) -> Isotherms:
    """Read a table of isotherms.

    Concentrations are mol/L, temperatures degC, where a header such as ``feed [g/L]`` says
    nothing else. Commas, semicolons or tabs separate. Two of ``feed``, ``aqueous`` and ``organic``
    are needed, and ``feed_acid`` or ``equilibrium_pH``. Rows with something in ``excluded``
    are not fitted, but their metal counts in the balance of the others of their contact.

    Parameters
    ----------
    path : str or Path
    laboratories : iterable of str
        Read these alone; all by default.

    Returns
    -------
    Isotherms

    Raises
    ------
    CaseError
        Naming every row that is wrong, and what would be right.
    """
    return parse_isotherms(read_text(path), str(path), laboratories=laboratories)


def parse_isotherms(
    text: str, name: str = "isotherms", *, laboratories: Iterable[str] = ()
) -> Isotherms:
    """Read the text of a table of isotherms; errors as ``read_isotherms``.

    Examples
    --------
    >>> parse_isotherms(TEMPLATE).elements
    ('Pr', 'Nd')
    """
    wanted = set(laboratories)
    try:
        rows = [r for r in _rows(text) if not wanted or r.laboratory in wanted]
        if wanted and not rows:
            raise CaseError(f"has nothing of {', '.join(sorted(wanted))}")
        return _isotherms(rows, name)
    except CaseError as error:
        raise CaseError(error.problems, name) from None


def _rows(text: str) -> list[Row]:
    table = read_table(text, COLUMNS)
    _check_header(list(table.columns), table.units)
    rows: list[Row] = []
    problems: list[str] = []
    for number, line in table.rows:
        try:
            rows.append(_row(number, line, table.units))
        except CaseError as error:
            problems += [f"row {number}: {p}" for p in error.problems]
    if problems:
        raise CaseError(problems)
    if not rows:
        raise CaseError("has no rows")
    return rows


def _check_header(header: list[str], given: Mapping[str, str]) -> None:
    problems = []
    for name in NEEDED:
        if name not in header:
            near = difflib.get_close_matches(name, header, n=1)
            guess = f"; is it '{near[0]}'?" if near else ""
            problems.append(f"column {name} is missing{guess}")
    if sum(name in header for name in PHASES) < 2:
        problems.append("two of the columns feed, aqueous and organic are needed")
    if not {"feed_acid", "equilibrium_pH"} & set(header):
        problems.append("column feed_acid is missing (or equilibrium_pH instead)")
    problems += [
        f"column {name} is unknown; known are {', '.join(COLUMNS)}"
        for name in header
        if name not in COLUMNS
    ]
    problems += [
        f"column {name} [{unit}]: has no unit" for name, unit in given.items() if name not in UNITS
    ]
    if problems:
        raise CaseError(problems)


def _row(number: int, cells: Mapping[str, str], given: Mapping[str, str]) -> Row:
    problems, values = [], {}
    try:
        element(cells["element"])
    except CaseError as error:
        raise CaseError(f"element = {cells['element'] or 'nothing'}: {error}") from None
    base = base_named(cells.get("base") or "Na")
    for name in BOUNDS:
        try:
            cell = cells.get(name, "")
            values[name] = _number(name, cell, given.get(name, ""), cells["element"])
        except CaseError as error:
            problems += error.problems
    for name in ("contact", "laboratory"):
        if not cells[name]:
            problems.append(f"{name} is empty")
    if problems:
        raise CaseError(problems)
    row = Row(
        number=number,
        contact=cells["contact"],
        laboratory=cells["laboratory"],
        element=cells["element"],
        base=base,
        excluded=cells.get("excluded", ""),
        values=values,
    )
    _check_row(row)
    return row


def _number(name: str, cell: str, unit: str, symbol: str) -> float | None:
    low, high, what = BOUNDS[name]
    if not cell:
        default = OPTIONAL.get(name)
        return float(default) if default not in (None, "") else None
    try:
        value, own = units.split(cell)
    except ValueError as error:
        why = str(error) if "comma" in str(error) else f"must be a number, {what}"
        raise CaseError(f"{name} = {cell}: {why}") from None
    given = own or unit
    if given:
        value = _converted(name, value, given, symbol)
    if not low <= value <= high:
        shown = f"{cell} {unit}" if unit and not own else cell
        raise CaseError(f"{name} = {shown}: must be {low:g} to {high:g}, {what}")
    return value


def _converted(name: str, value: float, unit: str, symbol: str) -> float:
    """Return a number in the unit that its column has; g/L are of the element, or REO."""
    of_oxide = unit.removesuffix(" REO")
    try:
        if name not in UNITS:
            raise ValueError("has no unit")
        number, found = units.parse(f"{value!r} {of_oxide}", *UNITS[name])
    except ValueError as error:
        raise CaseError(f"{name} = {value:g} {unit}: {error}") from None
    known = element(symbol)
    if found == "g/L":
        mass = known.oxide_mass if of_oxide != unit else known.mass
        if not mass:
            raise CaseError(f"{name} = {value:g} {unit}: {symbol} has no oxide here")
        return number / mass
    if of_oxide != unit:
        raise CaseError(f"{name} = {value:g} {unit}: REO goes with g/L")
    return number - KELVIN if found == "K" else number


def _check_row(row: Row) -> None:
    values = row.values
    if values["extractant_formal"] is None:
        raise CaseError("extractant_formal is empty")
    if values["feed_acid"] is None and values["equilibrium_pH"] is None:
        raise CaseError("feed_acid is empty, and so is equilibrium_pH; one is needed")
    given = [name for name in PHASES if values[name] is not None]
    if len(given) < 2:
        raise CaseError("two of feed, aqueous and organic are needed")
    feed, aqueous, organic = row.phases
    found = aqueous + row.oa * organic
    if len(given) == 3 and abs(found - feed) > IMBALANCE * feed:
        raise CaseError(
            f"feed = {feed:g}, but aqueous + O/A x organic = {found:g} mol/L: "
            f"{100 * (found / feed - 1):+.1f} %, more than 5 % out of balance"
            if feed > 0
            else f"feed = 0, but {found:g} mol/L was found"
        )
    if not row.excluded and min(aqueous, organic) <= 0:
        raise CaseError(
            f"aqueous = {aqueous:g}, organic = {organic:g}: both must be above zero for log D; "
            "say why in 'excluded' where nothing was found in a phase"
        )


def _isotherms(rows: list[Row], name: str) -> Isotherms:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.contact].append(row)
    _check_contacts(groups)
    kept = {name: group for name, group in groups.items() if any(not r.excluded for r in group)}
    points = [row for group in kept.values() for row in group if not row.excluded]
    if not points:
        raise CaseError("every row is excluded")
    if len(points) > MOST_POINTS:
        raise CaseError(f"has {len(points)} points; at most {MOST_POINTS} can be fitted together")
    symbols = sorted({r.element for g in kept.values() for r in g}, key=_series)
    names = list(kept)
    total = np.zeros((len(names), len(symbols)))
    for b, group in enumerate(kept.values()):
        for row in group:
            _, aqueous, organic = row.phases
            total[b, symbols.index(row.element)] += aqueous + row.oa * organic
    first = [group[0] for group in kept.values()]
    bases = sorted({r.base for r in first if r.values["saponification"]})
    if len(bases) > 1:
        raise CaseError(f"base is {' and '.join(bases)}: contacts of one base are fitted together")
    if len(bases) > 1:
        raise CaseError(f"base: one table has one base, not {' and '.join(sorted(bases))}")
    ratios = [row.phases[2] / row.phases[1] for row in points]
    sd = np.array([row.values["log10_d_sd"] or np.nan for row in points])
    usual = np.nanmedian(sd) if np.isfinite(sd).any() else 1.0
    return Isotherms(
        elements=tuple(symbols),
        contacts=tuple(names),
        laboratories=tuple(r.laboratory for r in first),
        total=total,
        acid=np.array([_acid(group) for group in kept.values()]),
        extractant=_column(first, "extractant_formal"),
        soap=_column(first, "saponification") * _column(first, "extractant_formal"),
        base=next(iter(bases), "Na"),
        oa=_column(first, "oa"),
        temperature=_column(first, "temperature") + KELVIN,
        pH=_column(first, "equilibrium_pH"),
        contact=np.array([names.index(row.contact) for row in points]),
        element=np.array([symbols.index(row.element) for row in points]),
        log10_d=np.log10(ratios),
        weight=np.where(np.isnan(sd), 1.0, sd / usual),
        row=np.array([row.number for row in points]),
        file=name,
    )


def _column(rows: list[Row], name: str) -> np.ndarray:
    return np.array([np.nan if r.values[name] is None else r.values[name] for r in rows])


def _series(symbol: str) -> float:
    """Return a number by which elements sort as they extract: yttrium between Ho and Er."""
    return YTTRIUM if symbol == "Y" else element(symbol).mass


def _acid(group: list[Row]) -> float:
    """Return the free acid of the feed, from the pH at equilibrium where it was not given."""
    values = group[0].values
    if values["feed_acid"] is not None:
        return values["feed_acid"]
    assert values["equilibrium_pH"] is not None
    up = sum(element(row.element).charge * row.oa * row.phases[2] for row in group)
    soap = (values["saponification"] or 0.0) * (values["extractant_formal"] or 0.0)
    return 10.0 ** -values["equilibrium_pH"] - up + soap * group[0].oa


def _check_contacts(groups: Mapping[str, list[Row]]) -> None:
    problems = []
    for name, group in groups.items():
        seen: dict[str, int] = {}
        for row in group:
            if row.element in seen:
                problems.append(
                    f"row {row.number}: contact {name} has {row.element} in row "
                    f"{seen[row.element]} already; give every contact its own name"
                )
            seen.setdefault(row.element, row.number)
            for key in OF_CONTACT:
                here, there = _shared(row, key), _shared(group[0], key)
                if here != there:
                    problems.append(
                        f"row {row.number}: {key} = {here}, but {there} in row "
                        f"{group[0].number} of the same contact {name}"
                    )
    if problems:
        raise CaseError(problems)


def _shared(row: Row, key: str) -> object:
    return row.values[key] if key in row.values else getattr(row, key)


def write_residuals(fit: Fit, path: str | Path) -> None:
    """Write every point of a fit: measured, predicted, residual and weight.

    Raises
    ------
    CaseError
        If it cannot be written.
    """
    data = fit.data
    columns = ("contact", "laboratory", "element", "log10_D", "predicted", "residual", "weight")
    rows: list[Sequence[str]] = [columns]
    for p, (contact, symbol) in enumerate(zip(data.contact, data.element, strict=True)):
        numbers = (data.log10_d[p], fit.log10_d[p], fit.residuals[p], fit.weights[p])
        names = (data.contacts[contact], data.laboratory[p], data.elements[symbol])
        rows.append([*names, *(f"{number:.5f}" for number in numbers)])
    write_rows(path, rows)
