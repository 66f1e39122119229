"""CloudTrail's errors as they look on the wire."""

import itertools
import json

TYPE_PREFIX = "com.amazonaws.cloudtrail.v20131101#"
_shapes = itertools.count()


class ApiError(Exception):
    """Answered instead of events. CloudTrail uses HTTP 400 for throttling too."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def body(self) -> bytes:
        """The services differ in prefix and in the case of the message's name: so do we."""
        shape = next(_shapes)
        code = TYPE_PREFIX + self.code if shape % 2 else self.code
        name = "Message" if shape % 3 == 2 else "message"
        return json.dumps({"__type": code, name: self.message}).encode()


def throttled() -> ApiError:
    return ApiError("ThrottlingException", "Rate exceeded")


def expired() -> ApiError:
    return ApiError("ExpiredTokenException",
                    "The security token included in the request is expired")
