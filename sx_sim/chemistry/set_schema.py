"""What the file of an extractant set may say."""

from __future__ import annotations

import difflib
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from sx_sim.chemistry import database
from sx_sim.chemistry.activity import MODELS
from sx_sim.chemistry.elements import SYMBOLS, elements
from sx_sim.chemistry.ligands import ligand
from sx_sim.errors import CaseError

Quality = Literal["measured", "derived", "estimated"]
QUALITIES = get_args(Quality)
CELSIUS = 200.0  # a temperature below is meant in degC


def _species(rows: dict[str, SpeciesTable]) -> dict[str, SpeciesTable]:
    """Refuse what is no symbol; elements that only a case may come to know are let through."""
    for symbol in rows:
        if symbol not in SYMBOLS and symbol not in elements():
            near = difflib.get_close_matches(symbol.capitalize(), elements(), n=1, cutoff=0.5)
            guess = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"'{symbol}' is no symbol of an element{guess}")
    return rows


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


class SpeciesTable(SetTable):
    """Constants of one species, as ``Constants`` has them."""

    log10_K: Logarithm = Field(examples=[-1.2])
    log10_K_sd: Error = Field(examples=[0.1])
    quality: Quality = Field(examples=["measured"])
    source: Sources
    order_dimer: Order = Field(examples=[3.0])
    order_acid: Order = Field(examples=[3.0])
    dimers: Annotated[float, Field(ge=0.0, le=10.0)] = Field(examples=[3.0])
    enthalpy: Enthalpy = Field(examples=[0.0])
    enthalpy_sd: EnthalpyError = Field(examples=[15.0])
    enthalpy_quality: Quality = Field(examples=["estimated"])
    enthalpy_source: Sources
    note: str = ""
    inert: bool = False
    acid_by_dimer: Annotated[float, Field(ge=-100.0, le=100.0)] = 0.0


class SetFile(SetTable):
    """A whole set."""

    key: Text = Field(examples=["my-set"])
    title: Text = Field(examples=["D2EHPA in sulfate, own shake-outs"])
    extractant: Text = Field(examples=["D2EHPA"])
    synonyms: list[Text] = []
    medium: Annotated[Text, AfterValidator(_medium)] = Field(examples=["chloride"])
    diluent: str = ""
    law: Text = Field(examples=["mass action"])
    reaction: Text = Field(examples=["M3+ + 3 (HA)2 = M(HA2)3 + 3 H+"])
    basis: Literal["dimer", "none"] = "dimer"
    complexes: Annotated[Text, AfterValidator(_ligand)] = Field(examples=["none"])
    activity: Annotated[Text, AfterValidator(_activity)] = "none"
    reference_temperature: Kelvin = Field(examples=[298.15])
    derived_by: str = ""
    conditions: Text = Field(examples=["own shake-outs at 25 degC"])
    level: Level
    dosage: Dosage | None = None
    ranges: Ranges
    formation: Formation | None = None
    species: Annotated[dict[str, SpeciesTable], Field(min_length=1), AfterValidator(_species)]

    @model_validator(mode="after")
    def _one_water(self) -> SetFile:
        if self.activity != "none" and self.complexes != "none":
            raise ValueError(f"activity = '{self.activity}' goes with complexes = 'none'")
        if self.formation and self.complexes == "none":
            raise ValueError("formation goes with complexes, such as complexes = 'chloride'")
        return self
