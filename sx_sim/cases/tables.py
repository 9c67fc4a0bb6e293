"""What every table of a case file keeps to."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Table(BaseModel):
    """A table of a case file: nothing unknown in it, nothing changed later."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    @model_validator(mode="before")
    @classmethod
    def _no_truth_for_numbers(cls, tables: Any) -> Any:
        for name, field in cls.model_fields.items():
            key = field.alias or name
            given = tables.get(key) if isinstance(tables, dict) else None
            if isinstance(given, bool) and field.annotation is not bool:
                raise ValueError(f"{key} = {str(given).lower()}: must not be true or false")
        return tables
