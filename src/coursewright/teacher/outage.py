"""When to stop asking: one failed call is weather, a server that is gone ends the round.

A round that goes on without its teacher burns its calls and leaves no rows. So after an outage
the gateway refuses everything new, the program ends, and the run stops where it can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable

from coursewright.endpoints import EndpointError, EndpointRefused

_FAILURES = 6
"""Failed tries in a row, of whichever calls, before the time without an answer counts."""


class Outage:
    """Watches tries; `reason` says why there is no sense in another one.

    A bad key or an unknown model is an outage at once. Else `seconds` without any answer are, with
    at least six failed tries. Where the server can be reached they must be of several calls: it may
    just choke on one.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.reason: str | None = None
        self._seconds = seconds
        self._clock = clock
        self._since = 0.0
        self._failures = 0
        self._calls: set[str] = set()

    def answered(self) -> None:
        """An answer came."""
        self._failures = 0
        self._calls.clear()

    def failed(self, call: str, error: EndpointError) -> None:
        """A try of this call failed."""
        if isinstance(error, EndpointRefused):
            # The fault of this one request, unless no other can succeed either.
            if error.hopeless:
                self.reason = str(error)
            return
        if self._failures == 0:
            self._since = self._clock()
        self._failures += 1
        self._calls.add(call)
        gone = len(self._calls) > 1 or not getattr(error, "reached", True)
        silent = self._clock() - self._since >= self._seconds
        if gone and silent and self._failures >= _FAILURES:
            self.reason = str(error)

    def over(self) -> None:
        """Begin anew: whoever opens a round again believes that it is mended."""
        self.reason = None
        self.answered()
