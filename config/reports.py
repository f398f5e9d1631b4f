"""Reports that are sent by mail when they are due: what `SALESPULSE_REPORTS` holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ReportName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Address = Annotated[str, Field(pattern=r"^[^\s@,;<>]+@[^\s@,;<>]+$")]

PRESETS: dict[str, dict[str, Any]] = {
    "leads": {
        "title": "Leads and opportunities",
        "every": "week",
        "kpis": ("new_leads", "new_opportunities"),
        "scopes": ("company", "team:*", "rep:*"),
    },
    "locations": {
        "title": "Leads and opportunities by location",
        "every": "month",
        "kpis": ("new_leads", "new_opportunities"),
        "scopes": ("company", "territory:*"),
    },
}
"""What is reviewed usually: leads and opportunities weekly, by location monthly."""


class ScheduledReport(BaseModel):
    """A report that is sent after each week or month, at ``at`` of the tenant's first day after it.

    Holds a ``board``, or ``kpis`` of ``scopes``; ``preset`` fills in what is left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    tenant: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    to: tuple[Address, ...] = Field(min_length=1)
    preset: Literal["leads", "locations"] | None = None
    every: Literal["week", "month"]
    at: str = Field(default="07:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    title: str = Field(min_length=1, max_length=120)
    board: str | None = None
    kpis: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("company",)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        filled = {**PRESETS.get(str(given.get("preset")), {}), **given}
        return {"title": "Sales report", **filled}

    @model_validator(mode="after")
    def _says_what(self) -> ScheduledReport:
        if (self.board is None) == (not self.kpis):
            raise ValueError("give a preset, a board, or kpis")
        return self
