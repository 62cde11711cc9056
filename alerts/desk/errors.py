"""Every refusal of the API has one shape and says in two languages what happened and what to do."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5
"""What clients are told at 503: about as long as a database or broker needs to restart."""


class ApiError(Exception):
    """A refusal with its HTTP status, a code for programs and a sentence each for people."""

    def __init__(self, status: int, code: str, message_en: str, message_zh: str) -> None:
        super().__init__(message_en)
        self.status, self.code, self.message_en, self.message_zh = status, code, message_en, message_zh


def not_found(what_en: str, what_zh: str, name: str) -> ApiError:
    """404 for a thing that isn't there."""
    return ApiError(404, "not_found", f"there is no {what_en} {name!r}", f"没有{what_zh}“{name}”")


def invalid(parameter: str, reason_en: str, reason_zh: str) -> ApiError:
    """422 for a parameter that can't be used."""
    return ApiError(422, "invalid_parameter", f"{parameter}: {reason_en}", f"参数 {parameter}：{reason_zh}")


def install_error_handlers(app: FastAPI) -> None:
    """Give `app` one shape of error for everything that can go wrong."""
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_bug)


def error_response(error: ApiError, headers: dict[str, str] | None = None) -> JSONResponse:
    """The JSON answer for a refusal."""
    body = {"code": error.code, "message_en": error.message_en, "message_zh": error.message_zh}
    headers = dict(headers or {})
    if error.status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return JSONResponse({"error": body}, status_code=error.status, headers=headers)


async def _on_api_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return error_response(error)


async def _on_validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [(_place(fault), str(fault.get("msg", "invalid"))) for fault in error.errors()]
    text = "; ".join(f"{place}: {reason}" for place, reason in faults)
    places = "、".join(place for place, _ in faults)
    return error_response(ApiError(422, "invalid_parameter", text, f"参数无效：{places}（{text}）"))


def _place(fault: dict[str, Any]) -> str:
    places = [str(part) for part in fault.get("loc", ()) if part not in ("query", "body", "path", "header")]
    return ".".join(places) or "body"


_HTTP_ERRORS = {
    404: ("not_found", "there is nothing at this address", "该地址不存在"),
    405: ("method_not_allowed", "this address does not take this method", "该地址不支持此方法"),
}


async def _on_http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    fallback = ("http_error", str(error.detail), str(error.detail))
    code, english, chinese = _HTTP_ERRORS.get(error.status_code, fallback)
    return error_response(
        ApiError(error.status_code, code, english, chinese), dict(error.headers) if error.headers else None
    )


async def _on_bug(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return error_response(
        ApiError(500, "internal_error", "haulwatch itself failed; the log says why", "系统内部错误，详见日志")
    )
