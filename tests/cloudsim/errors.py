"""AWS's errors as they look on the wire."""

import itertools
import json
from xml.sax.saxutils import escape

TYPE_PREFIX = "com.amazonaws.cloudtrail.v20131101#"
_shapes = itertools.count()


class ApiError(Exception):
    """Answered instead of events. CloudTrail uses HTTP 400 for throttling too."""

    content_type = "application/x-amz-json-1.1"

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


class QueryError(ApiError):
    """The same from EC2, which speaks XML."""

    content_type = "text/xml;charset=UTF-8"

    def body(self) -> bytes:
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>'
                f"{escape(self.code)}</Code><Message>{escape(self.message)}</Message></Error>"
                f"</Errors><RequestID>0</RequestID></Response>").encode()


def throttled() -> ApiError:
    return ApiError("ThrottlingException", "Rate exceeded")


def expired() -> ApiError:
    return ApiError("ExpiredTokenException",
                    "The security token included in the request is expired")


def denied() -> ApiError:
    return ApiError("AccessDeniedException",
                    "User is not authorized to perform: cloudtrail:LookupEvents")
