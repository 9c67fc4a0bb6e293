"""What the file of an extractant set may say."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from sx_sim.chemistry import database
from sx_sim.chemistry.activity import MODELS
from sx_sim.chemistry.elements import ACID, SYMBOLS, atoms_in, elements
from sx_sim.chemistry.ligands import ligand
from sx_sim.chemistry.reactions import ANY_METAL, Reaction, parse_reaction
from sx_sim.errors import CaseError

Quality = Literal["measured", "derived", "estimated"]
QUALITIES = get_args(Quality)
MASS_ACTION = "mass action"
MOST = 10  # of a metal: hydrogen ions, molecules of extractant
STOICHIOMETRY = ("order_dimer", "order_acid", "dimers")
ORDERS = (*STOICHIOMETRY, "order_ligand", "order_synergist", "synergists")
CELSIUS = 200.0  # a temperature below is meant in degC


def _species(rows: dict[str, SpeciesTable], info: ValidationInfo) -> dict[str, SpeciesTable]:
    """Refuse what is no symbol; elements that only a case may come to know are let through."""
    if "elements" not in info.data:  # which is wrong itself
        return rows
    own = info.data["elements"]
    for symbol in rows:
        if symbol not in SYMBOLS and symbol not in elements() and symbol not in own:
            near = difflib.get_close_matches(symbol.capitalize(), elements(), n=1, cutoff=0.5)
            guess = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"'{symbol}' is no symbol of an element{guess}")
    return rows


def _law(name: str) -> str:
    if name != MASS_ACTION and name.strip().lower() == MASS_ACTION:
        raise ValueError(f"must be written '{MASS_ACTION}'")
    return name


def _ligand(name: str) -> str:
    try:
        ligand(name)
    except CaseError as error:
        raise ValueError(str(error).partition(": ")[2]) from None
    return name


def _activity(name: str) -> str:
    if name not in MODELS:
        raise ValueError(f"must be one of {', '.join(MODELS)}")
    return name


def _medium(name: str) -> str:
    known = database.read("reagents.toml")["anions"]["media"]
    if name not in known and name.strip().lower() in known:
        raise ValueError(f"must be written '{name.strip().lower()}'")
    return name


def _extracting(
    reaction: Reaction, basis: str, medium: str, synergist: str, own: Collection[str]
) -> None:
    """Refuse a reaction that the law of a set does not hold."""
    known = database.read("reagents.toml")["anions"]["media"]
    ion = known[medium]["ion"] if medium in known else ""
    other = [anion for anion in reaction.anions if anion != ion]
    if other:
        has = ion or "no ion that is known"
        raise ValueError(f"takes up {other[0]}, where medium = '{medium}' has {has}")
    if reaction.acid and reaction.anions:
        raise ValueError(
            f"takes up {ion} and {'releases' if reaction.acid > 0 else 'takes up'} H+; acid goes "
            "with a metal or anions do, not both"
        )
    if reaction.acid < 0:
        raise ValueError("takes up H+ with a metal; write it with what the acid makes of the amine")
    named = [name for name in reaction.extractants if name != synergist]
    if len(named) > 1:
        raise ValueError(
            f"takes up {named[0]} and {named[1]}; of two extractants in a solvent one is named, "
            f'such as synergist = "{named[1]}"'
        )
    atoms = atoms_in(reaction.metal)
    if reaction.metal not in (ANY_METAL, *own) and not any(atom in SYMBOLS for atom in atoms):
        raise ValueError(f"{reaction.metal} is no metal; write {ANY_METAL} for any of the set")
    if max(reaction.acid, reaction.ions, *reaction.extractants.values()) > MOST:
        raise ValueError(f"has a coefficient above {MOST}, which no law here has")
    if not named:
        return
    extractant = named[0]
    wanted = "dimer" if re.fullmatch(r"\(.+\)2(SO4)?|H2[A-Z][a-z]?2", extractant) else "monomer"
    if wanted != basis:
        raise ValueError(
            f"takes up {extractant}, a {wanted}, where basis = '{basis}'; a dimer is written "
            "(HA)2, a monomer HA"
        )


def _kelvin(value: float) -> float:
    if value < CELSIUS:
        raise ValueError(f"must be in K; {value:g} degC are {value + 273.15:.2f}")
    return value


def _rising(bounds: list[float]) -> list[float]:
    low, high = bounds
    if low >= high:
        raise ValueError(f"must be [low, high], the lower one first, such as [{high:g}, {low:g}]")
    return bounds


Text = Annotated[str, Field(min_length=1)]
Sources = Annotated[list[Text], Field(min_length=1, examples=[["own measurements"]])]
Kelvin = Annotated[float, Field(le=700.0), AfterValidator(_kelvin)]
Positive = Annotated[float, Field(gt=0.0, le=100.0)]
NotNegative = Annotated[float, Field(ge=0.0, le=100.0)]
Logarithm = Annotated[float, Field(ge=-60.0, le=60.0)]
Error = Annotated[float, Field(ge=0.0, le=10.0)]  # of log10 K
Order = Annotated[float, Field(ge=-10.0, le=10.0)]
Enthalpy = Annotated[float, Field(ge=-500.0, le=500.0)]  # [kJ/mol]
EnthalpyError = Annotated[float, Field(ge=0.0, le=500.0)]  # [kJ/mol]
_Two = Field(None, min_length=2, max_length=2)


class SetTable(BaseModel):
    """A table of a set file: numbers are numbers, finite ones, and nothing unknown is in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Level(SetTable):
    """The error that all species share."""

    log10_K_sd: Error = Field(examples=[0.2])
    enthalpy_sd: EnthalpyError = Field(examples=[10.0])
    sd_quality: Quality = "estimated"


class Ranges(SetTable):
    """What the constants were measured over."""

    acid: Annotated[list[Positive], AfterValidator(_rising)] | None = _Two
    anion: Annotated[list[NotNegative], AfterValidator(_rising)] | None = _Two
    ionic_strength: Annotated[list[NotNegative], AfterValidator(_rising)] | None = _Two
    loading: Annotated[list[NotNegative], AfterValidator(_rising)] | None = _Two
    extractant: Annotated[list[NotNegative], AfterValidator(_rising)] | None = _Two
    temperature: Annotated[list[Kelvin], AfterValidator(_rising)] | None = _Two

    @property
    def given(self) -> dict[str, tuple[float, float]]:
        """Those that are given."""
        rows = self.model_dump(exclude_none=True).items()
        return {name: (float(low), float(high)) for name, (low, high) in rows}


class Dosage(SetTable):
    """Extractant in the solvent that an empirical law was read at, pure."""

    volume_percent: Annotated[float, Field(gt=0.0, le=100.0)] = Field(examples=[10.0])
    quality: Quality
    source: Sources


class Formation(SetTable):
    """Cumulative formation constants of the rare earths' aqueous complexes, the set's own."""

    log10_beta: Annotated[list[Logarithm], Field(min_length=1, max_length=6)]
    enthalpy: list[Enthalpy]
    quality: Quality
    source: Sources

    @model_validator(mode="after")
    def _together(self) -> Formation:
        if len(self.log10_beta) != len(self.enthalpy):
            raise ValueError(
                f"log10_beta has {len(self.log10_beta)} numbers and enthalpy "
                f"{len(self.enthalpy)}; each complex needs both"
            )
        return self


class OwnElement(SetTable):
    """An element that the simulator does not know by itself, or an ion of another charge."""

    charge: Annotated[int, Field(ge=1, le=6)] = Field(examples=[2])
    molar_mass: Annotated[float, Field(gt=0.0, le=1000.0)] = Field(examples=[58.93])  # [g/mol]
    oxide: str = ""


class ComplexTable(SetTable):
    """One complex of a metal in the organic phase.

    Exponents and what it binds of the extractants follow from its reaction; where others were
    measured they are given beside it.
    """

    log10_K: Logarithm = Field(examples=[-1.2])
    log10_K_sd: Error = Field(examples=[0.1])
    quality: Quality = Field(examples=["measured"])
    source: Sources
    reaction: Text | None = Field(None, examples=["Co2+ + 2 (HA)2 = CoA2(HA)2 + 2 H+"])
    order_dimer: Order | None = Field(None, examples=[3.0])
    order_acid: Order | None = Field(None, examples=[3.0])
    order_ligand: Order | None = Field(None, examples=[3.0])
    order_synergist: Order | None = Field(None, examples=[1.0])
    dimers: Annotated[float, Field(ge=0.0, le=10.0)] | None = Field(None, examples=[3.0])
    synergists: Annotated[float, Field(ge=0.0, le=10.0)] | None = Field(None, examples=[1.0])
    note: str = ""


class SpeciesTable(ComplexTable):
    """Constants of one species, as ``Constants`` has them, and its complexes beside the first."""

    enthalpy: Enthalpy = Field(examples=[0.0])
    enthalpy_sd: EnthalpyError = Field(examples=[15.0])
    enthalpy_quality: Quality = Field(examples=["estimated"])
    enthalpy_source: Sources
    inert: bool = False
    acid_by_dimer: Annotated[float, Field(ge=-100.0, le=100.0)] = 0.0
    complexes: list[ComplexTable] = []


class SetFile(SetTable):
    """A whole set."""

    key: Text = Field(examples=["my-set"])
    title: Text = Field(examples=["D2EHPA in sulfate, own shake-outs"])
    extractant: Text = Field(examples=["D2EHPA"])
    synergist: str = Field("", examples=["TBP"])
    synonyms: list[Text] = []
    medium: Annotated[Text, AfterValidator(_medium)] = Field(examples=["chloride"])
    diluent: str = ""
    law: Annotated[Text, AfterValidator(_law)] = Field(examples=["mass action"])
    reaction: Text = Field(examples=["M3+ + 3 (HA)2 = M(HA2)3 + 3 H+"])
    basis: Literal["dimer", "monomer", "none"] = "dimer"
    complexes: Annotated[Text, AfterValidator(_ligand)] = Field(examples=["none"])
    activity: Annotated[Text, AfterValidator(_activity)] = "none"
    reference_temperature: Kelvin = Field(examples=[298.15])
    derived_by: str = ""
    conditions: Text = Field(examples=["own shake-outs at 25 degC"])
    level: Level
    dosage: Dosage | None = None
    ranges: Ranges
    formation: Formation | None = None
    elements: dict[str, OwnElement] = {}
    species: Annotated[dict[str, SpeciesTable], Field(min_length=1), AfterValidator(_species)]

    @property
    def reactions(self) -> dict[str, Reaction]:
        """What each species takes part in, by symbol; empty where the law is no mass action."""
        if self.law != MASS_ACTION:
            return {}
        rows = self.species.items()
        return {s: parse_reaction(row.reaction or self.reaction) for s, row in rows}

    @property
    def complexed(self) -> dict[str, ComplexTable]:
        """All complexes in the organic phase by their key, inert species left out."""
        found: dict[str, ComplexTable] = {}
        for symbol, row in self.species.items():
            if not row.inert:
                found[f"species.{symbol}"] = row
                more = enumerate(row.complexes)
                found |= {f"species.{symbol}.complexes.{k}": one for k, one in more}
        return found

    @property
    def extracts_anions(self) -> bool:
        """Whether metals are extracted with anions, so that acid is one of the species."""
        if self.law != MASS_ACTION:
            return False
        texts = [row.reaction or self.reaction for row in self.complexed.values()]
        return any(parse_reaction(text).anions for text in texts)

    @model_validator(mode="after")
    def _balanced(self) -> SetFile:
        if self.law != MASS_ACTION:
            for symbol, row in self.species.items():
                missing = [name for name in STOICHIOMETRY if getattr(row, name) is None]
                if missing:
                    raise ValueError(
                        f"species.{symbol}.{missing[0]} is missing; only law = '{MASS_ACTION}' has "
                        "it from a reaction"
                    )
                if row.reaction:
                    raise ValueError(
                        f'species.{symbol}.reaction = "{row.reaction}": goes with law = '
                        f"'{MASS_ACTION}'"
                    )
            return self
        texts = {"reaction": self.reaction}
        rows = {f"{key}.reaction": row for key, row in self.complexed.items()}
        rows |= {f"species.{s}.reaction": row for s, row in self.species.items()}
        texts |= {key: row.reaction for key, row in rows.items() if row.reaction}
        for key, text in texts.items():
            try:
                _extracting(
                    parse_reaction(text), self.basis, self.medium, self.synergist, self.elements
                )
            except ValueError as error:
                raise ValueError(f'{key} = "{text}": {error}') from None
        for key, row in self.complexed.items():
            self._fits(key, row)
        return self

    def _fits(self, key: str, row: ComplexTable) -> None:
        """Refuse the reaction of a complex that is another metal's, or of another kind."""
        symbol, text = key.split(".")[1], row.reaction or self.reaction
        reaction = parse_reaction(text)
        where = f'{key}.reaction = "{text}"' if row.reaction else f'reaction = "{text}"'
        if ".complexes." in key and not row.reaction:
            raise ValueError(f"{key}.reaction is missing: which complex is it?")
        kind = self.extracts_anions
        if kind and not reaction.anions:
            raise ValueError(
                f"{where}: takes up no anions, where others of the set do; one solvent extracts "
                "with anions or for hydrogen ions"
            )
        missing = [name for name in STOICHIOMETRY if getattr(row, name) is None]
        if not (missing or row.reaction):
            return
        ion = reaction.metal
        fits = ion in (ANY_METAL, symbol) or symbol in atoms_in(ion)
        fits &= (symbol == ACID) == (ion == ACID)
        known = {**elements(), **self.elements}
        charge = known[symbol].charge if symbol in known else reaction.charge
        if not fits or charge != reaction.charge:
            told = f"an ion of charge {reaction.charge:+d}" if fits else ion
            raise ValueError(
                f"{where}: takes up {told}, where {symbol} has charge {charge:+d}; give "
                f"species.{symbol}.reaction, or its {', '.join(STOICHIOMETRY)} without one"
            )

    @model_validator(mode="after")
    def _one_water(self) -> SetFile:
        if self.activity != "none" and self.complexes != "none":
            raise ValueError(f"activity = '{self.activity}' goes with complexes = 'none'")
        if self.formation and self.complexes == "none":
            raise ValueError("formation goes with complexes, such as complexes = 'chloride'")
        if self.activity != "none" and (self.synergist or self.extracts_anions):
            raise ValueError(
                f"activity = '{self.activity}' goes with cation exchange by one extractant"
            )
        return self
