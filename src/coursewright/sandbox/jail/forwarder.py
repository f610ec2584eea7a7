"""The only way from a command agent's jail to the network: a proxy that knows a few hosts.

The agent's network namespace holds nothing but itself. Its launcher listens there, on loopback,
and hands the listening socket out to us; a socket stays in the namespace it was made in, so we
accept what the agent connects to without a process of ours inside. Each connection says where
to, in the way of HTTP proxies (`CONNECT host:port`, or a whole `http://` address), and is
joined to that host only if the user named it. Names are resolved out here.

What goes over an allowed connection is not looked at: most of it is TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit

_HEAD_BYTES = 64 * 1024
_HEAD_SECONDS = 30.0
_CONNECT_SECONDS = 30.0
_CONNECTIONS = 64
"""Under way at once; further ones are cut, for each costs this process two descriptors."""
_NOTED = 20
"""Refused hosts that are remembered."""
_CLOSE_SECONDS = 5.0
_OWN_HEADERS = (b"proxy-", b"connection:", b"keep-alive:", b"host:")

Target = tuple[str, int]


class Refused(Exception):
    """A request that is not forwarded; the status line says why."""


class Forwarder:
    """Joins connections from a jail to named hosts, in a thread of its own."""

    def __init__(self, hosts: Iterable[str]) -> None:
        """Allow these hosts, each as `host:port`."""
        self._allowed = frozenset(map(read_target, hosts))
        self._thread: threading.Thread | None = None
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._joined: set[asyncio.Task[None]] = set()
        self.unreachable: list[str] = []
        """Hosts that were asked for and are not allowed, as `host:port`."""
        self.down: list[str] = []
        """Allowed hosts that could not be reached."""

    def start(self, listener: socket.socket) -> None:
        """Begin to accept."""
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name="agent-forwarder", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Cut every connection and stop accepting. Idempotent."""
        if self._thread is not None:
            with contextlib.suppress(RuntimeError):  # has ended by itself
                self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(_CLOSE_SECONDS)
            self._thread = None
        elif not self._loop.is_closed():
            self._loop.close()

    def _run(self, listener: socket.socket) -> None:
        try:
            self._loop.run_until_complete(self._serve(listener))
        finally:
            self._loop.close()

    async def _serve(self, listener: socket.socket) -> None:
        async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._joined) >= _CONNECTIONS:
                writer.close()
                return
            task = asyncio.current_task()
            assert task is not None
            self._joined.add(task)
            try:
                await self._join(reader, writer)
            except (OSError, EOFError, TimeoutError, asyncio.CancelledError):
                pass  # either side went away, or the jail was closed
            finally:
                writer.close()
                self._joined.discard(task)

        server = await asyncio.start_server(join, sock=listener, limit=_HEAD_BYTES)
        await self._end.wait()
        server.close()
        for task in list(self._joined):
            task.cancel()
        await asyncio.gather(*self._joined, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)
            target, first = read_head(head)
            there = await self._connect(target)
        except (Refused, asyncio.LimitOverrunError) as refused:
            reason = str(refused) if isinstance(refused, Refused) else "431 Head too long"
            body = f"{reason}\n".encode()
            writer.write(
                f"HTTP/1.1 {reason}\r\nContent-Type: text/plain\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            await writer.drain()
            return
        far_reader, far_writer = there
        try:
            if first is None:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                far_writer.write(first)
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            far_writer.close()

    async def _connect(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = target
        name = f"{host}:{port}"
        if target not in self._allowed:
            if name not in self.unreachable and len(self.unreachable) < _NOTED:
                self.unreachable.append(name)
            raise Refused(f"403 {name} is not named in agent.network")
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                for _, _, _, _, address in found:
                    if not may_lead_to(host, str(address[0])):
                        continue
                    with contextlib.suppress(OSError):
                        return await asyncio.open_connection(
                            str(address[0]), port, limit=_HEAD_BYTES
                        )
        except (OSError, TimeoutError):
            pass
        if name not in self.down:
            self.down.append(name)
        raise Refused(f"502 {name} cannot be reached")


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_HEAD_BYTES):
        sink.write(data)
        await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof()


# ---------------------------------------------------------------- reading


def read_target(text: str, default_port: int | None = None) -> Target:
    """Return host (lower case, no brackets) and port of `host:port`.

    Raises:
        Refused: it is nothing of the kind.
    """
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port or default_port
    except ValueError:
        host = port = None
    plain = host is not None and text.isascii() and text.isprintable()
    if host is None or port is None or not plain or "@" in text or "/" in text or len(host) > 253:
        raise Refused("400 expected host:port")
    return host.rstrip("."), port


def read_head(head: bytes) -> tuple[Target, bytes | None]:
    """Return where a proxy request wants to go, and what to send there first.

    That is None for `CONNECT`; else the same request as the host expects it, for one exchange.

    Raises:
        Refused: it is no such request.
    """
    line, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Refused("400 expected an HTTP proxy request")
    method, address, version = words
    if method == "CONNECT":
        return read_target(address), None
    if not address.lower().startswith("http://"):
        raise Refused("400 expected CONNECT, or a whole http:// address")
    authority, slash, path = address[len("http://") :].partition("/")
    target = read_target(authority, 80)
    kept = [h for h in headers if not h.lower().startswith(_OWN_HEADERS)]
    # One exchange each: the next request may be for another host.
    kept += [f"Host: {authority}".encode("latin-1"), b"Connection: close"]
    first = f"{method} {slash or '/'}{path} {version}".encode("latin-1")
    return target, b"\r\n".join([first, *kept]) + b"\r\n\r\n"


def may_lead_to(host: str, address: str) -> bool:
    """Whether an address is one that a host's name may stand for.

    A name from outside that resolves to this machine or its link would open what listens here;
    who means that names the address itself, or `localhost`.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    inward = found.is_loopback or found.is_link_local or found.is_unspecified
    return not inward or host == "localhost" or host == address
