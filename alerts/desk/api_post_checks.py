"""/api/post-checks: questions to whoever is on duty (查岗), from above and to below."""

from __future__ import annotations

from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from alerts.desk.api_vehicles import The
from alerts.desk.desk import Desk
from alerts.desk.errors import ApiError, invalid, not_found
from alerts.desk.exchange_pages import find_link, page_of
from alerts.desk.exchange_rows import conflict, post_check_json, uuid_of
from alerts.desk.models import ErrorBody
from alerts.desk.models_exchange import PostCheck, PostCheckAnswer, PostCheckList, PostCheckQuestion
from alerts.desk.responses import NOT_FOUND, Answers, answers
from alerts.exchange import post_checks

router = APIRouter(tags=["exchange"])

CLOSED: Answers = {409: {"model": ErrorBody, "description": "It is answered already, or its time is over"}}


@router.get("/api/post-checks", responses=answers(PostCheckList))
async def list_post_checks(
    desk: The,
    link: Annotated[str | None, Query(description="Only this link")] = None,
    state: Annotated[Literal["waiting", "answered", "expired"] | None, Query()] = None,
    direction: Annotated[Literal["in", "out"] | None, Query(description="in: we are asked")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Response:
    """Post checks, newest first."""
    filters = [("link", link), ("state", state), ("direction", direction)]
    return await page_of(
        desk,
        "post_checks",
        "asked_at",
        "post_check_id",
        "post_checks",
        post_check_json,
        filters,
        limit,
        before,
    )


@router.get("/api/post-checks/{post_check_id}", responses=answers(PostCheck, NOT_FOUND))
async def get_post_check(desk: The, post_check_id: str) -> Response:
    """One post check."""
    return JSONResponse(post_check_json(await _find(desk, post_check_id)))


@router.post("/api/post-checks", status_code=201, responses=answers(PostCheck, NOT_FOUND, status=201))
async def ask(desk: The, body: PostCheckQuestion) -> Response:
    """Put a question to a lower platform; it leaves as soon as the link is up."""
    link = await find_link(desk, body.link)
    if link["role"] != "upper":
        raise invalid(
            "link",
            f"{body.link} is a link to a platform above us",
            f"{body.link} 的对端是上级平台，不能向其查岗",
        )
    async with desk.database.connection() as connection:
        identity = await post_checks.ask(
            connection,
            link["link"],
            object_type=body.object_type,
            object_id=body.object_id or str(link["access_code"]),
            text=body.question,
            answer_s=body.answer_s,
            operator=body.operator,
        )
    return JSONResponse(post_check_json(await _find(desk, identity)), status_code=201)


@router.post("/api/post-checks/{post_check_id}/answer", responses=answers(PostCheck, NOT_FOUND, CLOSED))
async def answer(desk: The, post_check_id: str, body: PostCheckAnswer) -> Response:
    """Answer a question from above. The same answer again changes nothing; another one is refused."""
    identity = uuid_of(post_check_id, "post check", "查岗")
    try:
        async with desk.database.connection() as connection:
            await post_checks.answer(connection, identity, body.answer, body.operator, body.phone)
    except post_checks.UnknownPostCheck:
        raise not_found("post check from above", "上级查岗", post_check_id[:64]) from None
    except post_checks.PostCheckClosed as closed:
        raise _closed(closed) from None
    return await get_post_check(desk, post_check_id)


def _closed(closed: post_checks.PostCheckClosed) -> ApiError:
    if closed.state == "expired":
        return conflict("expired", "the time for the answer is over", "查岗应答时间已过")
    return conflict(
        "already_answered", f"the post check was answered by {closed.by}", f"该查岗已由 {closed.by} 应答"
    )


async def _find(desk: Desk, post_check_id: str) -> asyncpg.Record:
    row = await desk.database.fetchrow(
        "SELECT * FROM post_checks WHERE post_check_id = $1", uuid_of(post_check_id, "post check", "查岗")
    )
    if row is None:
        raise not_found("post check", "查岗", post_check_id[:64])
    return row
