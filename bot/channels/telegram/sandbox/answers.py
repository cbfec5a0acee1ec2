"""What the sandbox answers: the Bot API's envelope, and its refusals in the words of the real server.

Only refusals that the real server was seen to give are worded as it words them; what is stricter here than there (unknown
parameters) says so in its text.
"""

from typing import Any

Json = dict[str, Any]
"""An object of the Bot API as it travels: keys and values as documented, never our own fields."""


class ApiError(Exception):
    """A refusal: HTTP status and `error_code` are `code`; `parameters` may hold retry_after or migrate_to_chat_id."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def envelope(self) -> Json:
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(what: str, parameters: Json | None = None) -> ApiError:
    return ApiError(400, f"Bad Request: {what}", parameters)


def forbidden(what: str) -> ApiError:
    return ApiError(403, f"Forbidden: {what}")


def conflict(what: str) -> ApiError:
    return ApiError(409, f"Conflict: {what}")


def too_many_requests(retry_after: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def migrated(new_chat_id: int) -> ApiError:
    return bad_request("group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": new_chat_id})
