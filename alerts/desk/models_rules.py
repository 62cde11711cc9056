"""The JSON of /api/rules, as it appears in ``/openapi.json``."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Words(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class Law(BaseModel):
    """A law or standard that asks for a rule, and how sure we are of it."""

    text: str = Field(examples=["JT/T 808 alarm bit 23"])
    grade: str = Field(
        description="A read in the text, B second hand, C from memory, D our own choice", examples=["A"]
    )


class Rule(BaseModel):
    """A rule whose alerts may come."""

    rule: str = Field(description="As in `rule` of an alert", examples=["speeding_pre"])
    family: str = Field(
        description="speeding, fatigue, forbidden_hours, zones, routes, active_safety, terminal_alarms or "
        "data_quality",
        examples=["speeding"],
    )
    name: Words = Field(description="As in `rule_name` of an alert")
    finds: Words = Field(description="What it finds, in a sentence")
    law: list[Law]
    spoken: str | None = Field(
        description="What the driver is told when it begins, fields of the alert in braces; null: nothing",
        examples=["您已接近限速{limit_kmh:.0f}公里，请注意车速"],
    )
    page: str = Field(description="The page of docs/rules that says how it counts", examples=["speeding"])


class Rules(BaseModel):
    """All rules, in the order of the families."""

    rules: list[Rule]
