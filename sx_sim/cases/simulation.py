"""What a case says of time: holdups, events, disturbances, controllers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from sx_sim import units
from sx_sim.cases.fields import Label
from sx_sim.cases.tables import Table

HOUR = 3600.0  # [s]
LONGEST = 1e7  # [h]


def _hours(value: Any) -> float:
    """Read a time; in hours."""
    if not isinstance(value, str):
        raise ValueError("must be text with a unit, such as '10 h'")
    seconds, _ = units.parse(value, "s")
    if not 0.0 <= seconds <= LONGEST * HOUR:
        raise ValueError(f"must be 0 to {LONGEST:g} h, such as '10 h'")
    return seconds / HOUR


def _held(value: Any) -> tuple[float, str]:
    """Read a volume [L], or a time [h] in which the flows fill it."""
    if not isinstance(value, str):
        raise ValueError("must be a volume or a time, such as '200 L' or '5 min'")
    number, unit = units.parse(value, "L", "s")
    if not number >= 0.0:
        raise ValueError("must not be negative, such as '200 L' or '5 min'")
    return (number, "L") if unit == "L" else (number / HOUR, "h")


Hours = Annotated[
    float,
    BeforeValidator(_hours),
    WithJsonSchema({"type": "string", "description": "a time", "examples": ["10 h"]}),
    Field(examples=["10 h"]),
]
Held = Annotated[
    tuple[float, str],
    BeforeValidator(_held),
    WithJsonSchema({"type": "string", "description": "a volume or a time", "examples": ["5 min"]}),
    Field(examples=["200 L", "5 min"]),
]


class HoldupTable(Table):
    """What the mixer-settlers of a section hold, of each stage."""

    mixer: Held | None = Field(None, description="both phases, as a volume or a residence time")
    settler: Held | None = Field(None, description="each phase")
    aqueous_settler: Held | None = Field(None, description="water, where phases differ")
    organic_settler: Held | None = Field(None, description="organic, where phases differ")
    aqueous_share: float | None = Field(
        None, gt=0.0, lt=1.0, description="of the mixer's volume; in proportion to the flows if not"
    )

    @model_validator(mode="after")
    def _some_mixer(self) -> HoldupTable:
        if self.mixer is not None and self.mixer[0] == 0.0:
            raise ValueError("mixer: must be above zero, such as '5 min'")
        return self


class Event(Table):
    """Inputs that change at a time, at once or by a ramp."""

    at: Hours
    set: dict[str, float | str] = Field(min_length=1, examples=[{"feeds.liquor.pH": 1.5}])
    over: Hours = Field(0.0, description="time over which the change is made")


class Disturbance(Table):
    """An input that moves about what it is else."""

    path: str = Field(examples=["feeds.liquor.flow"])
    kind: Literal["noise", "sine", "table"]
    size: float | None = Field(
        None, ge=0.0, description="standard deviation or amplitude, as a share of the input"
    )
    offset: float | None = Field(
        None, ge=0.0, description="the same in mol/L (g/L if so given), L/h, K, or of a pH"
    )
    period: Hours | None = Field(None, description="of the sine, or for which noise is held")
    seed: int = Field(0, ge=0)
    file: str | None = Field(None, description="CSV with columns hours and value")
    start: Hours = Field(0.0, alias="from")
    end: Hours | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _whole(self) -> Disturbance:
        if self.kind == "table":
            if self.file is None or self.size is not None or self.offset is not None:
                raise ValueError("kind = 'table': give file, and neither size nor offset")
            return self
        if (self.size is None) == (self.offset is None):
            raise ValueError("give size, such as 0.05 of the input, or offset: exactly one of them")
        if not self.period:
            raise ValueError(f"kind = '{self.kind}': give period, such as '2 h'")
        return self


class Controller(Table):
    """A measured quantity held by an adjusted input."""

    name: Label
    measure: str = Field(examples=["stage_pH.scrub.3", "purity.Nd.raffinate"])
    adjust: str = Field(examples=["sections.scrub.acid", "controllers.other.set_point"])
    kind: Literal["pid", "ratio"] = "pid"
    set_point: float | None = None
    gain: float | None = Field(None, description="change of the input per unit of the error")
    integral_time: Hours | None = None
    derivative_time: Hours = 0.0
    ratio: float | None = Field(None, description="of the input over what is measured")
    low: float = Field(description="least value of the input, in mol/L (g/L if so given), L/h, K")
    high: float
    sample_time: Hours = Field(description="between measurements")
    delay: Hours = Field(0.0, description="of the assay")
    start: Hours = Field(0.0, alias="from")

    @model_validator(mode="after")
    def _whole(self) -> Controller:
        if not self.low < self.high:
            raise ValueError(f"low = {self.low:g}: must be below high = {self.high:g}")
        if not self.sample_time > 0.0:
            raise ValueError("sample_time: must be above zero, such as '6 min'")
        if self.kind == "ratio":
            if self.ratio is None:
                raise ValueError("kind = 'ratio': give ratio, input over what is measured")
            return self
        for key in ("set_point", "gain"):
            if getattr(self, key) is None:
                raise ValueError(f"{key} is missing")
        return self


class SimulationTable(HoldupTable):
    """How a plant is followed over time."""

    duration: Hours
    start: str = Field("steady", description="steady, empty, or a file that simulate wrote")
    tanks: int = Field(1, ge=0, le=50, description="in a row, that each phase of a settler is")
    phases: Literal["fixed", "follow"] = Field(
        "fixed", description="whether the share of water in mixers follows the flows"
    )
    tank: Held = Field((0.5, "h"), description="on every recycle and link, in which it mixes")
    sections: dict[str, HoldupTable] = Field({}, description="where a section holds otherwise")
    events: list[Event] = []
    disturbances: list[Disturbance] = []
    controllers: list[Controller] = []
    record: list[str] | None = Field(None, min_length=1, description="tables and single numbers")
    interval: Hours | None = Field(None, description="between records; every step if not given")
    tolerance: float = Field(1e-3, ge=1e-10, le=0.1, description="error of a step")
    stop: Literal["steady", "met", "lost"] | None = Field(
        None, description="once nothing changes, or specifications are met or lost"
    )

    @model_validator(mode="after")
    def _in_time(self) -> SimulationTable:
        for k, event in enumerate(self.events):
            if event.at >= self.duration > 0.0:
                raise ValueError(
                    f"events.{k}.at = {event.at:g} h: must be before the end, {self.duration:g} h"
                )
        if not self.tank[0] > 0.0:
            raise ValueError("tank: must be above zero, such as '10 min'")
        return self

    @model_validator(mode="after")
    def _named_once(self) -> SimulationTable:
        names = [controller.name for controller in self.controllers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"controllers: two are named '{name}'")
        return self
