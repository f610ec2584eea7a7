"""Bounds on what a server may send back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2


class BodyTooLarge(Exception):
    """A response that is too large, or compressed so that nobody knows how large it is."""


class _Counted(httpx2.AsyncByteStream):
    """A response body that ends with an error where it grows too large."""

    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._stream:
            size += len(piece)
            if size > self._most:
                raise _too_large(self._most)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def bounded(most: int) -> Callable[[httpx2.Response], Awaitable[None]]:
    """Return a response hook that lets no body of more than `most` bytes be read.

    A compressed body is refused unread: requests ask for none, so it is a mistake or a bomb.
    """

    async def check(response: httpx2.Response) -> None:
        if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
            raise BodyTooLarge("answered compressed, though it was asked not to")
        told = response.headers.get("Content-Length", "")
        if told.isdecimal() and int(told) > most:
            raise _too_large(most)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Counted(response.stream, most)

    return check


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"answered with more than {most} bytes")
