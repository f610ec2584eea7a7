"""When to stop asking: one failed call is weather, a server that is gone ends the round.

A round that goes on without its teacher burns its calls and leaves no rows. So after an outage
the gateway refuses everything new, the program ends, and the run stops where it can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable

from coursewright.endpoints import EndpointError, EndpointRefused

_FAILURES = 8
"""Failed tries in a row, of whichever calls, before the time without an answer counts."""


class Outage:
    """Watches tries; `reason` says why there is no sense in another one.

    A bad key or an unknown model is an outage at once; else `seconds` without any answer are,
    with at least eight failed tries.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.reason: str | None = None
        self._seconds = seconds
        self._clock = clock
        self._failures = 0
        self._since = 0.0

    def answered(self) -> None:
        """An answer came."""
        self._failures = 0

    def failed(self, error: EndpointError) -> None:
        """A try failed."""
        if isinstance(error, EndpointRefused):
            # The fault of this one request, unless no other can succeed either.
            if error.hopeless:
                self.reason = str(error)
            return
        if self._failures == 0:
            self._since = self._clock()
        self._failures += 1
        if self._failures >= _FAILURES and self._clock() - self._since >= self._seconds:
            self.reason = str(error)

    def over(self) -> None:
        """Begin anew: whoever opens a round again believes that it is mended."""
        self.reason = None
        self._failures = 0
