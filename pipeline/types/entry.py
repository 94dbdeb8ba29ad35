"""The base of everything that a person writes by hand."""

from pydantic import BaseModel, ConfigDict


class Entry(BaseModel):
    """A frozen table of a hand-written file: unknown keys are refused, numbers are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
