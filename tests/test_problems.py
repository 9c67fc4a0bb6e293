from typing import Annotated

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sx_sim.problems import problems_of


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: Annotated[float, AfterValidator(lambda x: x)] = Field(examples=[2.5])
    values: list[float | str] | None = None
    share: str | dict[str, float] = "a"
    start: float = Field(1.0, alias="from")


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    inner: dict[str, Inner] = {}
    one: Inner | None = None


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"int": 1}, "int: unknown key; known are inner, one"),
        ({"inner": {"str": {}}}, "inner.str.size is missing; such as size = 2.5"),
        ({"inner": {"a": {"size": "big"}}}, 'inner.a.size = "big": must be a number, unable to'),
        ({"inner": {"a": 1.0}}, "inner.a = 1.0: must be a table"),
        ({"inner": {"a": {"size": 1, "fron": 1}}}, "inner.a.fron: unknown key; did you mean 'from"),
        ({"one": {"size": 1, "values": [1, {}]}}, "one.values.1: must be a number"),
        ({"one": {"size": 1, "share": {"x": "y"}}}, 'one.share.x = "y": must be a number'),
        ({"one": {"size": 1, "from": True, "values": 2}}, "one.values = 2: must be a list"),
        ({"inner": {"a": {"size": 0x1 << 99999}}}, "inner.a.size = a number of thousands"),
    ],
)
def test_a_problem_names_key_value_and_what_would_be_right(tables, problem):
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(tables)
    found = problems_of(caught.value, Outer)
    assert any(line.startswith(problem) for line in found), found
