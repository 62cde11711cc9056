"""What the OpenAPI document says an endpoint answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from alerts.desk.models import ErrorBody

Answers = dict[int | str, dict[str, Any]]

NOT_FOUND: Answers = {404: {"model": ErrorBody, "description": "There is no such thing"}}
COMMON: Answers = {
    422: {"model": ErrorBody, "description": "A parameter or the body can't be used; the message says why"},
    503: {
        "model": ErrorBody,
        "description": "Database or broker away; try again after `Retry-After` seconds",
    },
}


def answers(model: type[BaseModel], *others: Answers, status: int = 200) -> Answers:
    """The success with its model, and the refusals every endpoint shares."""
    merged: Answers = {status: {"model": model}, **COMMON}
    for other in others:
        merged.update(other)
    return merged
