"""What a case file may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from sx_sim.cases.by_mass import in_moles
from sx_sim.cases.fields import (
    Acid,
    Activities,
    ActivityLimit,
    Amounts,
    Base,
    Composition,
    Enthalpy,
    Extractant,
    Flow,
    HeatCapacity,
    HeatLoss,
    Label,
    MolarMass,
    Name,
    StageReference,
    Strength,
    Temperature,
    Time,
    Volume,
)
from sx_sim.cases.simulation import SimulationTable
from sx_sim.cases.tables import Table
from sx_sim.errors import CaseError

STAGE_LIMIT = 5000  # of a section
WHOLE_LIMIT = 20_000  # of all
SHARES = ("purity.", "recovery.")  # outputs between 0 and 1

# Pairs of which a case gives one: setting one in a sweep takes the other away.
ALTERNATIVES = {"acid": "pH", "pH": "acid", "flow": "oa", "oa": "flow", "fraction": "flow"}


def _known_set(key: str, info: ValidationInfo) -> str:
    """Look a set up in the sets that the validation is given, if it is."""
    if info.context is None:
        return key
    try:
        info.context(key)
    except CaseError as error:
        raise ValueError(str(error)) from None
    return key


def _power_of_two(number: int) -> int:
    if number & (number - 1):
        raise ValueError("must be 0 or a power of two: quasi-random points come in such numbers")
    return number


class Liquor(Table):
    """What an aqueous stream holds beside water."""

    acid: Acid | None = Field(None, description="strong acid, free or held as HSO4-")
    pH: float | None = Field(None, ge=-1.5, le=14.0, description="instead of acid")
    composition: Composition | None = Field(
        None, description="rare earths: a feed of the data base, or % by element summing to 100"
    )
    composition_basis: Literal["REO", "element", "mol"] = Field(
        "REO", description="what the % of composition are shares of: oxide mass, mass or moles"
    )
    strength: Strength | None = Field(None, description="all rare earths of composition together")
    concentrations: Amounts | None = Field(None, description="single species, by symbol")
    basis: Literal["REO", "element"] | None = Field(
        None, description="what g/L count: mass of oxides, or of the elements"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Liquor:
        if self.acid is not None and self.pH is not None:
            raise ValueError("acid and pH are both given; give one")
        sourced = getattr(self, "source", None) is not None
        if (self.composition is None) != (self.strength is None) and not sourced:
            missing = "strength" if self.strength is None else "composition"
            raise ValueError(f"{missing} is missing: composition and strength go together")
        amounts = list((self.concentrations or {}).values())
        amounts += [self.strength] if self.strength else []
        if any(a.unit == "g/L" for a in amounts) and self.basis is None:
            raise ValueError('basis is missing: g/L needs basis = "REO" or basis = "element"')
        return self


class Feed(Liquor):
    """A stream fed at one stage."""

    flow: Flow | None = None
    source: str | None = Field(
        None, description="in a train, circuit.product that is fed; acid and strength condition it"
    )
    share: float = Field(
        1.0, gt=0.0, le=1.0, description="of the source; the rest leaves, or feeds other circuits"
    )
    by: Literal["neutralising", "redissolving"] = Field(
        "redissolving", description="how a source is brought to that acid and strength"
    )
    phase: Literal["aqueous", "organic"] = "aqueous"
    stage: StageReference | None = Field(
        None,
        description="a number, a section (its last stage) or section.number; "
        "the last stage of the first section if not given",
        examples=[100, "extraction", "scrub.5"],
    )
    extractant: Extractant | None = Field(
        None, description="formal concentration in an organic feed; the solvent's if not given"
    )

    radionuclides: Activities = Field(
        {},
        description="activity concentrations by nuclide; those of thorium and uranium itself "
        "follow from their concentrations",
        examples=[{"Ra-228": "15 Bq/L"}],
    )

    @model_validator(mode="after")
    def _phase(self) -> Feed:
        acid_given = self.acid is not None or self.pH is not None
        if self.source is not None:
            if self.flow is not None or self.composition or self.concentrations:
                raise ValueError("flow and composition are those of the source")
            if self.radionuclides:
                raise ValueError("radionuclides are those of the source")
            if self.phase == "organic" and (acid_given or self.strength):
                raise ValueError("acid and strength are for aqueous sources only")
            return self
        if self.share != 1.0:
            raise ValueError("share is of a source; give source, or a flow without it")
        if self.flow is None:
            raise ValueError("flow is missing; such as flow = '120 L/h'")
        if self.phase == "aqueous" and not acid_given:
            raise ValueError("acid is missing: give acid, such as '0.05 mol/L', or pH")
        if self.phase == "aqueous" and self.extractant is not None:
            raise ValueError("extractant is for organic feeds only")
        if self.phase == "organic" and acid_given:
            raise ValueError("acid and pH are for aqueous feeds only")
        return self


class Section(Liquor):
    """A span of stages, with the aqueous liquor that enters at its last stage, if any."""

    stages: int = Field(ge=1, le=STAGE_LIMIT, examples=[40])
    temperature: Temperature | None = Field(None, description="the case's if not given")
    flow: Flow | None = Field(None, description="of the liquor that enters at the last stage")
    oa: float | None = Field(None, gt=0.0, le=1e4, description="solvent over liquor flow")
    outlet: Label | None = Field(
        None, description="name of the product that all aqueous leaving the first stage becomes"
    )
    reflux: str | None = Field(
        None, description="product of which the liquor that enters is a part; acid adjusts it"
    )
    share: float | None = Field(
        None, gt=0.0, lt=1.0, description="of that product that is refluxed, instead of flow or oa"
    )
    efficiency: float = Field(1.0, ge=0.05, le=1.0, description="Murphree's, of the organic phase")
    entrained_organic: float = Field(
        0.0, ge=0.0, le=0.2, description="L of organic carried along per L of water that leaves"
    )
    entrained_aqueous: float = Field(
        0.0, ge=0.0, le=0.2, description="L of water carried along per L of organic that leaves"
    )

    @model_validator(mode="after")
    def _liquor(self) -> Section:
        sizes = [name for name in ("flow", "oa", "share") if getattr(self, name) is not None]
        if len(sizes) > 1:
            raise ValueError(f"{' and '.join(sizes)} are both given; give one")
        if self.share is not None and self.reflux is None:
            raise ValueError("share is that of a reflux; give the product as reflux, or flow")
        enters = bool(sizes)
        holds = self.acid is not None or self.pH is not None
        if self.reflux is not None:
            if not enters:
                raise ValueError(
                    "flow is missing: a reflux needs one, such as '40 L/h', or oa, or the share "
                    "of the product that is refluxed"
                )
            if self.composition or self.concentrations:
                raise ValueError("composition and concentrations are those of the reflux")
        elif enters and not holds:
            raise ValueError("acid is missing: a liquor enters, so give acid or pH")
        if (holds or self.composition or self.concentrations) and not enters:
            raise ValueError("flow is missing: give flow, such as '90 L/h', or oa")
        return self


class Solvent(Table):
    """The organic phase fed at stage 1."""

    extractant: Annotated[str, AfterValidator(_known_set)] = Field(examples=["hehehp-chloride"])
    concentration: Extractant | None = Field(
        None, description="formal monomer HA; needed unless the set does not balance extractant"
    )
    synergist: Extractant | None = Field(
        None, description="second extractant of the solvent, where the set has one"
    )
    saponification: float = Field(
        0.0, ge=0.0, le=0.99, description="equivalents of base per mole of formal monomer"
    )
    concentrations: Amounts | None = Field(
        None, description="what it enters with, single species by symbol; base is saponification"
    )
    basis: Literal["REO", "element"] | None = Field(
        None, description="what g/L count: mass of oxides, or of the elements"
    )
    base: Base = Field("Na", description="by cation or name: NaOH, NH3, MgO", examples=["Na"])
    flow: Flow | None = None
    oa: float | None = Field(
        None, gt=0.0, le=1e4, description="solvent over aqueous flow in the first section"
    )
    recycle: bool = Field(False, description="whether the barren solvent is recycled")
    exchange: str | None = Field(
        None,
        description="product whose rare earths replace all base before the solvent is fed",
        examples=["raffinate"],
    )
    bleed: float = Field(
        0.0, ge=0.0, le=1.0, description="share of the barren solvent that fresh one replaces"
    )

    @model_validator(mode="after")
    def _one_flow(self) -> Solvent:
        if self.flow is not None and self.oa is not None:
            raise ValueError("give flow, such as '500 L/h', or oa: both are given")
        return self

    @model_validator(mode="after")
    def _enters_loaded(self) -> Solvent:
        held = self.concentrations or {}
        if any(a.unit == "g/L" for a in held.values()) and self.basis is None:
            raise ValueError('basis is missing: g/L needs basis = "REO" or basis = "element"')
        if self.base in held:
            raise ValueError(f"concentrations of {self.base}: give saponification instead")
        if held and (self.recycle or self.exchange):
            raise ValueError(
                "concentrations are of solvent from outside, and with recycle or exchange what it "
                "holds follows from the circuit; leave one of them out"
            )
        return self


class Draw(Table):
    """A product drawn off where one phase leaves a stage."""

    phase: Literal["aqueous", "organic"]
    stage: StageReference
    fraction: float | None = Field(None, gt=0.0, le=1.0)
    flow: Flow | None = None

    @model_validator(mode="after")
    def _one_size(self) -> Draw:
        if (self.fraction is None) == (self.flow is None):
            raise ValueError("give fraction, such as 0.2, or flow: exactly one of them")
        return self


class SetPoint(Table):
    """A stage, or several, at which the pH is held by dosing strong acid or base."""

    stage: StageReference | None = None
    stages: StageReference | list[StageReference] | None = Field(
        None,
        description="several instead: all of a section, a range, or a list of such",
        examples=["extraction", "extraction.2-5", [1, 2, "scrub.3"]],
    )
    pH: float = Field(ge=-1.0, le=7.0, examples=[1.5])

    @model_validator(mode="after")
    def _somewhere(self) -> SetPoint:
        if (self.stage is None) == (self.stages is None):
            raise ValueError('give stage, such as "scrub.2", or stages, such as "extraction"')
        return self


class OwnElement(Table):
    """An element that the simulator does not know by itself, or an ion of another charge."""

    charge: int = Field(ge=1, le=6, description="of the aqueous ion", examples=[2])
    molar_mass: MolarMass
    oxide: str = Field("", description="formula of the oxide that basis = 'REO' counts")


class Override(Table):
    """Constants of one species, instead of the set's."""

    log10_K: float | None = Field(None, ge=-60.0, le=60.0)
    log10_K_sd: float | None = Field(None, ge=0.0, le=10.0)
    enthalpy: Enthalpy | None = None
    enthalpy_sd: Enthalpy | None = None
    order_dimer: float | None = Field(None, ge=-10.0, le=10.0)
    order_acid: float | None = Field(None, ge=-10.0, le=10.0)
    acid_by_dimer: float | None = Field(None, ge=-100.0, le=100.0)
    dimers: float | None = Field(None, ge=0.0, le=10.0)
    inert: bool = Field(False, description="whether it stays in the aqueous phase")
    source: str = Field("case file", description="where the constants come from")

    @model_validator(mode="after")
    def _something(self) -> Override:
        if not self.inert and not self.changes:
            raise ValueError("is empty: give log10_K, enthalpy or inert = true")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        """What is given, by the name of the constant."""
        return self.model_dump(exclude={"source", "inert"}, exclude_none=True)


class Heat(Table):
    """From what the temperatures of stages follow, instead of being given."""

    aqueous: HeatCapacity = Field(description="of a litre of water", examples=["4.1 kJ/(L*K)"])
    organic: HeatCapacity = Field(description="of a litre of solvent", examples=["1.7 kJ/(L*K)"])
    loss: HeatLoss = Field(description="of one stage", examples=["20 W/K"])
    ambient: Temperature = Field(examples=["20 degC"])
    entering: dict[str, Temperature] = Field(
        default={}, description="of feeds, liquors of sections and solvent; the case's if not given"
    )


class Plant(Table):
    """What one mixer-settler holds, for what is in process."""

    aqueous_holdup: Volume
    organic_holdup: Volume


class Radionuclides(Table):
    """How the radionuclide ledger is drawn up."""

    limit: ActivityLimit = Field(
        default=1.0, description="of one nuclide, per gram of dissolved solids; 1 Bq/g if not given"
    )
    decay: Time = Field(default=0.0, description="time that products are stored, such as '90 d'")


class Solver(Table):
    """When the solver stops."""

    tolerance: float = Field(
        default=1e-10, ge=1e-13, le=1e-4, description="largest closure residual"
    )
    iteration_limit: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="factorisations; 600 000 over the stages if not given, at least 450",
    )


class Axis(Table):
    """One input varied: by a list of values, or evenly from one to another."""

    path: str = Field(examples=["sections.scrub.acid", "feeds.clay.pH", "temperature"])
    values: list[float | str] | None = Field(None, min_length=1)
    start: float | str | None = Field(None, alias="from")
    stop: float | str | None = Field(None, alias="to")
    points: int | None = Field(None, ge=2, le=100_000)
    scale: Literal["linear", "log"] = "linear"
    zip: Label | None = Field(
        None, description="name that axes share which move together, point by point"
    )

    @model_validator(mode="after")
    def _one_form(self) -> Axis:
        spaced = [self.start, self.stop]
        if self.values is None and any(part is None for part in spaced):
            raise ValueError("give values, or all three of from, to and points")
        if self.values is not None and any(part is not None for part in [*spaced, self.points]):
            raise ValueError("values excludes from, to and points")
        return self


class Design(Table):
    """Points spread over the ranges of all axes, instead of a grid."""

    kind: Literal["sobol", "latin"] = Field(description="Sobol sequence or Latin hypercube")
    points: int = Field(ge=2, le=10_000_000)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _even(self) -> Design:
        if self.kind == "sobol":
            try:
                _power_of_two(self.points)
            except ValueError:
                raise ValueError(
                    f"points = {self.points}: a Sobol sequence needs a power of two, such as "
                    f"{2 ** round(np.log2(self.points))}"
                ) from None
        return self


class Specification(Table):
    """What a product has to meet."""

    output: str = Field(examples=["purity.La-Dy.raffinate"])
    least: float | None = None
    most: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Specification:
        if self.least is None and self.most is None:
            raise ValueError("give least, such as 0.999, or most, or both")
        for key in ("least", "most"):
            bound = getattr(self, key)
            if bound is not None and bound > 1.0 and self.output.startswith(SHARES):
                raise ValueError(
                    f"{key} = {bound:g}: {self.output} is a share, at most 1; 99.9 % is 0.999"
                )
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least = {self.least:g} is more than most = {self.most:g}")
        return self


class Sweep(Table):
    """A grid over one or several inputs, or a design."""

    axes: list[Axis] = Field(min_length=1, max_length=64)
    design: Design | None = None
    outputs: list[str] | None = Field(None, min_length=1, description="tables and single numbers")
    products: list[str] | None = Field(None, min_length=1, description="those recorded")
    elements: list[str] | None = Field(None, min_length=1, description="those recorded")
    band_members: Annotated[int, AfterValidator(_power_of_two)] = Field(
        32, ge=0, le=4096, description="solves per temperature for the enthalpy band; 0 for none"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Sweep:
        paths = [axis.path for axis in self.axes]
        if len(set(paths)) < len(paths):
            raise ValueError("two axes have the same path")
        for axis in self.axes:
            if axis.zip in paths:
                raise ValueError(f"zip = '{axis.zip}': is the path of an axis; name it otherwise")
            spans = axis.values is None and axis.points is None
            if self.design is None and spans:
                raise ValueError(f"axis '{axis.path}': give points, as this is no design")
            if self.design is not None and (not spans or axis.zip):
                raise ValueError(f"axis '{axis.path}': in a design, give from and to alone")
        return self


class CaseFile(Table):
    """A whole case."""

    title: str = ""
    description: str = ""
    temperature: Temperature = Field(examples=["25 degC"])
    solvent: Solvent
    elements: dict[Name, OwnElement] = Field(
        {}, description="those declared here, by symbol; they have [constants.SYMBOL] too"
    )
    feeds: dict[Name, Feed] = {}
    sections: dict[Name, Section] = Field(
        min_length=1, description="in the direction of the organic flow"
    )
    draws: dict[Name, Draw] = {}
    set_points: dict[Name, SetPoint] = {}
    constants: dict[str, Override] = {}
    cut: tuple[str, str] | None = Field(
        None, description="the two neighbours between which the column separates, lighter first"
    )
    heat: Heat | None = None
    plant: Plant | None = None
    radionuclides: Radionuclides = Radionuclides()
    solver: Solver = Field(default_factory=Solver)
    specifications: list[Specification] = []
    sweep: Sweep | None = None
    simulation: SimulationTable | None = None

    @model_validator(mode="after")
    def _of_a_size(self) -> CaseFile:
        whole = sum(section.stages for section in self.sections.values())
        if whole > WHOLE_LIMIT:
            raise ValueError(f"sections: {whole} stages in all; at most {WHOLE_LIMIT} are solved")
        return self

    @model_validator(mode="after")
    def _solvent_enters(self) -> CaseFile:
        organic = any(f.phase == "organic" or f.source for f in self.feeds.values())
        sized = self.solvent.flow is not None or self.solvent.oa is not None
        if not sized and not organic:
            raise ValueError("solvent: give flow, such as '500 L/h', or oa: neither is given")
        more = ("saponification", "concentrations", "recycle", "exchange", "bleed")
        for name in more:
            if not sized and getattr(self.solvent, name):
                raise ValueError(
                    f"solvent.{name}: is of a solvent that enters, which has no flow; give "
                    "solvent.flow, or leave it out"
                )
        return self

    @model_validator(mode="before")
    @classmethod
    def _in_moles(cls, tables: Any, info: ValidationInfo) -> Any:
        key = tables.get("solvent") if isinstance(tables, dict) else None
        key = key.get("extractant") if isinstance(key, dict) else None
        if info.context is None or not isinstance(key, str):
            return tables
        try:
            extractant = info.context(key)
        except CaseError:  # the field says so
            return tables
        return in_moles(tables, extractant)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of case files: of a single circuit, or of a train of them."""
    from pydantic.json_schema import models_json_schema

    kinds = [(CaseFile, "validation"), (TrainFile, "validation")]
    places, schema = models_json_schema(kinds, by_alias=True)  # type: ignore[arg-type]
    return {"oneOf": [places[kind] for kind in kinds], **schema}  # type: ignore[index]


class TrainFile(Table):
    """A whole train: every circuit is a case, what it leaves out being that of the defaults."""

    title: str = ""
    description: str = ""
    defaults: dict[str, Any] = {}
    circuits: dict[Name, dict[str, Any]] = Field(min_length=1)
    products: dict[Label, str] = Field(default={}, examples=[{"Dy2O3": "one.raffinate"}])
    specifications: list[Specification] = []
    sweep: Sweep | None = None
    simulation: SimulationTable | None = None
