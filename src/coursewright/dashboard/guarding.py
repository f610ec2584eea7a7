"""Who may look at the pages, and who may act on a run.

On loopback anybody on this machine may look; beyond it everybody needs the token. A page of
another site can make a browser send requests here, so acts need a mark that only our own pages
hold, and the name that the browser asked for must be ours (else a foreign name that points here
would do).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass, field

from starlette.requests import Request

COOKIE = "coursewright_token"
MARK = "mark"
"""The form field that shows that a request comes from a page of ours."""


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Guard:
    """The rules of one server."""

    host: str
    """What it listens on."""
    token: str | None = None
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def mark(self) -> str:
        """What forms carry; another in every process."""
        return hmac.new(self.secret, b"form", hashlib.sha256).hexdigest()

    def refuses(self, request: Request) -> str | None:
        """Return why a request may not be answered, or None if it may."""
        if not self._is_our_name(request.url.hostname or ""):
            return "this server does not go by that name"
        if self.token is not None and not self._has_token(request):
            return "a token is needed: open the address that the dashboard printed"
        return None

    def refuses_act(self, request: Request, mark: str) -> str | None:
        """Return why a request may not change anything, or None if it may."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin")
        ours = f"{request.url.scheme}://{request.url.netloc}"
        if site not in ("same-origin", "none") or origin not in (None, ours):
            return "the request comes from another site"
        if not hmac.compare_digest(mark.encode(), self.mark.encode()):
            return "the page is of an earlier start of this server; load it again"
        return None

    def _is_our_name(self, name: str) -> bool:
        if is_loopback(name):
            return is_loopback(self.host) or self.host in ("0.0.0.0", "::")
        if self.host in ("0.0.0.0", "::"):
            # It answers to every address of the machine, but to no foreign name that points here.
            return _is_address(name) or self.token is not None
        return name == self.host

    def _has_token(self, request: Request) -> bool:
        assert self.token is not None
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = (
            request.query_params.get("token"),
            request.cookies.get(COOKIE),
            bearer if scheme.lower() == "bearer" else None,
        )
        wanted = self.token.encode()
        return any(one is not None and hmac.compare_digest(one.encode(), wanted) for one in given)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
