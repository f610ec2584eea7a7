"""A hub on loopback: one open model, one gated one, and switches to misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "c" * 40


class Hub:
    """Serves the files of a folder as `org/open`; `org/gated` lists but does not deliver."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.status: int | None = None
        """Answer everything with this status."""

    def files(self) -> dict[str, bytes]:
        return {
            str(f.relative_to(self.folder)): f.read_bytes()
            for f in self.folder.rglob("*")
            if f.is_file()
        }


@contextlib.contextmanager
def serve(hub: Hub) -> Iterator[str]:
    """The hub's address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hub.asked.append(f"{self.command} {self.path}")
            hub.tokens.add(self.headers.get("authorization"))
            _answer(hub, self)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _answer(hub: Hub, handler: BaseHTTPRequestHandler) -> None:
    def send(status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {"content-length": str(len(data)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(data)

    def refuse(status: int, code: str) -> None:
        send(status, {"error": code}, {"x-error-code": code, "x-error-message": code})

    if hub.status is not None:
        return refuse(hub.status, "Trouble")
    path = handler.path.split("?")[0]
    for name in ("org/open", "org/gated"):
        files = hub.files()
        if path.startswith(f"/api/models/{name}/revision/"):
            if path.rsplit("/", 1)[1] not in ("main", COMMIT):
                return refuse(404, "RevisionNotFound")
            return send(200, {"id": name, "sha": COMMIT, "siblings": []})
        if path == f"/api/models/{name}":
            return send(200, {"id": name, "sha": COMMIT, "siblings": []})
        if path.startswith(f"/api/models/{name}/tree/"):
            listed = [
                {"type": "file", "path": file, "size": len(data), "oid": _etag(data)}
                for file, data in files.items()
            ]
            return send(200, listed)
        if path.startswith(f"/{name}/resolve/{COMMIT}/"):
            if name == "org/gated" and handler.headers.get("authorization") != "Bearer good":
                return refuse(403, "GatedRepo")
            data = files[path.split(f"{COMMIT}/")[1]]
            return send(200, data, {"etag": f'"{_etag(data)}"', "x-repo-commit": COMMIT})
    return refuse(404, "RepoNotFound")


def _etag(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()
