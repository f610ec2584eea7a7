"""A jail's network is what the user names, and nothing else."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.sandbox.jail.forwarder import (
    Forwarder,
    Refused,
    may_lead_to,
    read_head,
    read_target,
)
from tests.sandbox.jail.conftest import Run


class Greeter(BaseHTTPRequestHandler):
    """Says which path and host it was asked for, and how long the body was."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = f"{self.path} {self.headers['Host']} {len(self.rfile.read(length))}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Greeter) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


ASK = """
import os, urllib.request
for url in {urls}:
    try:
        print(urllib.request.urlopen(url, timeout=10).read().decode())
    except OSError as error:
        print(type(error).__name__, getattr(error, "code", ""))
"""


def test_a_named_host_is_reached_and_another_is_not(run: Run, server: int) -> None:
    other = server + 1 if server < 65535 else server - 1
    urls = [f"http://127.0.0.1:{server}/a?b", f"http://127.0.0.1:{other}/", "http://example.com/"]
    errand = run(ASK.format(urls=urls), network=[f"127.0.0.1:{server}"])
    assert errand.stdout.splitlines() == [
        f"/a?b 127.0.0.1:{server} 0",
        "HTTPError 403",
        "HTTPError 403",
    ]
    assert errand.unreachable == (f"127.0.0.1:{other}", "example.com:80")


def test_without_the_proxy_nothing_is_reached(run: Run, server: int) -> None:
    errand = run(
        f"""
        import socket
        for address in (("127.0.0.1", {server}), ("192.0.2.1", 443), ("::1", {server})):
            try:
                socket.create_connection(address, timeout=5)
                print("reached", address)
            except OSError as error:
                print("refused")
        """,
        network=[f"127.0.0.1:{server}"],
    )
    assert errand.stdout.split() == ["refused"] * 3


def test_by_default_there_is_no_network_at_all(run: Run, server: int) -> None:
    errand = run(
        f"""
        import os, socket
        print(any("PROXY" in name.upper() for name in os.environ))
        for port in ({server}, 3128):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5)
                print("reached")
            except OSError:
                print("refused")
        """
    )
    assert errand.stdout.split() == ["False", "refused", "refused"]


def test_its_own_servers_on_loopback_work(run: Run) -> None:
    errand = run(
        """
        import socket
        with socket.create_server(("127.0.0.1", 8080)) as listener:
            with socket.create_connection(("127.0.0.1", 8080)) as client:
                print("connected")
        """
    )
    assert errand.stdout == "connected\n"


def test_a_second_errand_finds_the_host_again(run: Run, server: int) -> None:
    for _ in range(2):
        errand = run(
            ASK.format(urls=[f"http://127.0.0.1:{server}/"]), network=[f"127.0.0.1:{server}"]
        )
        assert errand.stdout == f"/ 127.0.0.1:{server} 0\n"


# ---------------------------------------------------------------- the forwarder by itself


@pytest.fixture
def proxy(server: int) -> Iterator[tuple[int, Forwarder]]:
    forwarder = Forwarder([f"127.0.0.1:{server}", f"localhost:{server}"])
    listener = socket.create_server(("127.0.0.1", 0))
    forwarder.start(listener)
    yield listener.getsockname()[1], forwarder
    forwarder.close()


def exchange(port: int, data: bytes) -> bytes:
    """All that comes back for what is sent."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        parts = []
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_a_tunnel_carries_both_ways(proxy: tuple[int, Forwarder], server: int) -> None:
    for name in ("127.0.0.1", "LOCALHOST"):
        connection = http.client.HTTPConnection("127.0.0.1", proxy[0], timeout=10)
        connection.set_tunnel(name, server)
        connection.request("POST", "/x", body=b"y" * 3_000_000)
        assert connection.getresponse().read().endswith(b" 3000000")
        connection.close()


def test_a_second_request_on_a_kept_connection_reaches_nobody_else(
    proxy: tuple[int, Forwarder], server: int
) -> None:
    first = f"GET http://127.0.0.1:{server}/one HTTP/1.1\r\nHost: other\r\n\r\n".encode()
    second = b"GET http://192.0.2.1/two HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n"
    said = exchange(proxy[0], first + second)
    assert said.count(b"HTTP/1.1 200") == 1
    assert b"/one 127.0.0.1:" in said


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("CONNECT example.com:443 HTTP/1.1", b"403"),
        ("CONNECT 127.0.0.1 HTTP/1.1", b"400"),
        ("CONNECT 127.0.0.1:1 HTTP/1.1", b"403"),
        ("CONNECT example.com@127.0.0.1:80 HTTP/1.1", b"400"),
        ("GET / HTTP/1.1", b"400"),
        ("GET https://127.0.0.1/ HTTP/1.1", b"400"),
        ("GET file:///etc/passwd HTTP/1.1", b"400"),
        ("nonsense", b"400"),
        (f"GET http://{'x' * 70_000}/ HTTP/1.1", b"431"),
    ],
)
def test_whatever_else_is_asked_is_refused(
    proxy: tuple[int, Forwarder], request_line: str, status: bytes
) -> None:
    said = exchange(proxy[0], request_line.encode() + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 " + status)


def test_a_named_host_that_is_down_is_a_gateway_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = closed.getsockname()[1]
    forwarder = Forwarder([f"127.0.0.1:{gone}"])
    listener = socket.create_server(("127.0.0.1", 0))
    forwarder.start(listener)
    try:
        said = exchange(
            listener.getsockname()[1], f"CONNECT 127.0.0.1:{gone} HTTP/1.1\r\n\r\n".encode()
        )
    finally:
        forwarder.close()
    assert said.startswith(b"HTTP/1.1 502")
    assert forwarder.down == [f"127.0.0.1:{gone}"]


def test_a_flood_of_connections_takes_few_of_our_descriptors(
    proxy: tuple[int, Forwarder], server: int
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    flood = [socket.create_connection(("127.0.0.1", proxy[0]), 10) for _ in range(200)]
    # The last to be cut has been: so have all before it.
    flood[-1].settimeout(10)
    assert flood[-1].recv(1) == b""
    assert len(os.listdir("/proc/self/fd")) - before < 200 + 80
    for client in flood:
        client.close()
    said = b""
    while b"200" not in said:  # until the places are free again
        with contextlib.suppress(ConnectionError):
            said = exchange(proxy[0], f"GET http://127.0.0.1:{server}/ HTTP/1.1\r\n\r\n".encode())


def test_closing_cuts_what_is_open(proxy: tuple[int, Forwarder], server: int) -> None:
    port, forwarder = proxy
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(f"CONNECT 127.0.0.1:{server} HTTP/1.1\r\n\r\n".encode())
        assert b"200" in client.recv(100)
        forwarder.close()
        client.settimeout(10)
        assert client.recv(1) == b""
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), 1)


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("api.example.com", "93.184.216.34", True),
        ("api.example.com", "10.0.0.8", True),
        ("api.example.com", "127.0.0.1", False),
        ("api.example.com", "169.254.169.254", False),
        ("api.example.com", "0.0.0.0", False),
        ("api.example.com", "::1", False),
        ("api.example.com", "::ffff:127.0.0.1", False),
        ("api.example.com", "fe80::1%eth0", False),
        ("localhost", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", True),
    ],
)
def test_a_name_from_outside_does_not_lead_to_this_machine(
    host: str, address: str, allowed: bool
) -> None:
    assert may_lead_to(host, address) is allowed


@given(st.binary(max_size=300))
def test_any_head_is_read_or_refused(data: bytes) -> None:
    try:
        (host, port), first = read_head(data + b"\r\n\r\n")
    except Refused:
        return
    assert host
    assert 0 < port < 65536
    assert first is None or b"Connection: close" in first


@given(st.text(max_size=60))
def test_any_target_is_read_or_refused(text: str) -> None:
    try:
        host, port = read_target(text)
    except Refused:
        return
    assert host == host.lower()
    assert 0 < port < 65536
