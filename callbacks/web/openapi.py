"""The API's description in OpenAPI 3.1, made from the schemas, so that it says what the code does."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from callbacks.web.schemas.answers import AvailabilityAnswer, CallbackAnswer, ProblemAnswer, VisitAnswer
from callbacks.web.schemas.requests import CallbackRequest, ChangeRequest

_MODELS: Final[tuple[tuple[type[BaseModel], JsonSchemaMode], ...]] = (
    (AvailabilityAnswer, "serialization"),
    (CallbackRequest, "validation"),
    (CallbackAnswer, "serialization"),
    (ChangeRequest, "validation"),
    (VisitAnswer, "serialization"),
    (ProblemAnswer, "serialization"),
)

_PROBLEMS: Final[dict[int, str]] = {
    400: "The body is not JSON.",
    404: "No request has this token. The words are the same whether it never existed or was erased.",
    409: "Not possible as things stand: the time is not free (`alternatives` lists others), the key was used with "
    "another body, the request was withdrawn, or it has moved on.",
    413: "The body is larger than 64 kB.",
    415: "The body is not marked as application/json.",
    422: "Some fields cannot be taken; `errors` says which and why.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    500: "Our fault.",
    503: "Nothing could be saved, or read, just now; `Retry-After` says when to try again. Sending the same key again "
    "is safe.",
}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answers(
    status: int, words: str, model: str, *problems: int, headers: dict[str, Any] | None = None
) -> dict[str, Any]:
    good: dict[str, Any] = {"description": words, "content": {"application/json": {"schema": _ref(model)}}}
    if headers:
        good["headers"] = headers
    refused = {str(code): {"$ref": f"#/components/responses/Problem{code}"} for code in sorted({*problems, 500, 503})}
    return {str(status): good} | refused


def _body(model: str) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _ref(model)}}}


_TOKEN: Final[dict[str, Any]] = {
    "name": "token",
    "in": "path",
    "required": True,
    "description": "The key that came with the request. It opens everything about it: keep it secret.",
    "schema": {"type": "string"},
}
_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your own key for this request, such as a UUID. The same key with the same body gives the same "
    "answer and one call; with another body it is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


def _paths() -> dict[str, Any]:
    location = {"Location": {"description": "The request in the API.", "schema": {"type": "string", "format": "uri"}}}
    return {
        "/api/v1/availability": {
            "get": {
                "operationId": "availability",
                "summary": "What can be asked for at this moment",
                "responses": _answers(200, "What is offered now", "AvailabilityAnswer"),
            }
        },
        "/api/v1/callbacks": {
            "post": {
                "operationId": "ask",
                "summary": "Ask for a call",
                "parameters": [_KEY],
                "requestBody": _body("CallbackRequest"),
                "responses": _answers(
                    201, "The request is kept", "CallbackAnswer", 400, 409, 413, 415, 422, 429, headers=location
                ),
            }
        },
        "/api/v1/callbacks/{token}": {
            "parameters": [_TOKEN],
            "get": {
                "operationId": "view",
                "summary": "See a request",
                "responses": _answers(200, "The request", "VisitAnswer", 404, 429),
            },
            "patch": {
                "operationId": "change",
                "summary": "Change the time, the number, what is allowed, or whom to talk to",
                "requestBody": _body("ChangeRequest"),
                "responses": _answers(
                    200, "The request as it is now", "VisitAnswer", 400, 404, 409, 413, 415, 422, 429
                ),
            },
            "delete": {
                "operationId": "withdraw",
                "summary": "Cancel; after a 200 nobody is rung. Doing it twice changes nothing",
                "responses": _answers(200, "The request as it is now", "VisitAnswer", 404, 429)
                | _answers(202, "Cancelled, and a telephone that rings has not stopped yet: ask again", "VisitAnswer"),
            },
        },
    }


def _problem_response(code: int, words: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": words,
        "content": {"application/problem+json": {"schema": _ref("ProblemAnswer")}},
    }
    return response | ({"headers": _RETRY_AFTER} if code in (429, 503) else {})


def describe(*, service_name: str, base_url: str) -> dict[str, Any]:
    """The whole document."""
    _, schemas = models_json_schema(_MODELS, ref_template="#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{service_name}: calls",
            "version": "1",
            "description": "Ask to be rung back by a counsellor. Names may be added in version 1; none is taken away.",
            "license": {"name": "See the repository", "url": f"{base_url}/"},
        },
        "servers": [{"url": base_url}],
        "security": [],
        "paths": _paths(),
        "components": {
            "schemas": schemas["$defs"],
            "responses": {f"Problem{code}": _problem_response(code, words) for code, words in _PROBLEMS.items()},
        },
    }
