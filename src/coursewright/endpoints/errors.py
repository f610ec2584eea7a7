"""How a call to a server fails.

EndpointError             the server gave no usable answer
├── EndpointUnavailable   worth asking again: overload, connection lost, server error
└── EndpointRefused       asking again would not help: bad key, unknown model, bad request
"""

from __future__ import annotations

from typing import Literal

Cause = Literal["key", "model", "context", "request", "money"]


class EndpointError(Exception):
    """The server gave no usable answer. A subclass says whether asking again may help.

    `billed` is False when the server surely did no work for it: never reached, or answered with an
    HTTP error that is worth trying again or that every other request would meet as well. A request
    refused for itself may have been billed.
    """

    retryable = False

    def __init__(self, message: str, *, billed: bool = True) -> None:
        super().__init__(message)
        self.billed = billed


class EndpointUnavailable(EndpointError):
    """Overload, lost connection, server error: worth asking again after `retry_after` seconds."""

    retryable = True

    def __init__(
        self,
        message: str,
        retry_after: float | None = None,
        *,
        billed: bool = True,
        reached: bool = True,
        status: int | None = None,
    ) -> None:
        super().__init__(message, billed=billed)
        self.retry_after = retry_after
        self.reached = reached
        """Whether there was anybody to talk to."""
        self.status = status
        """HTTP status of the response, if there was one."""


class EndpointRefused(EndpointError):
    """The same request will fail again, and with a bad `key` or `model` every other one too."""

    def __init__(
        self,
        message: str,
        *,
        cause: Cause = "request",
        parameter: str = "",
        billed: bool = True,
    ) -> None:
        super().__init__(message, billed=billed)
        self.cause = cause
        self.parameter = parameter
        """The field of the request at fault, if the server says so."""

    @property
    def hopeless(self) -> bool:
        """Whether no other request to this endpoint can succeed either."""
        return self.cause in ("key", "model")
