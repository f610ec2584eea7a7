"""The few endpoints of the hub that a push uses, on loopback, with repositories in memory."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TOKEN = "hf_canary0123456789abcdefghijklmnop"


class FakeHub:
    """What was made and pushed; `refuse` maps a part of a path to the status it gets."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        """Files by `models/ORG/NAME` or `datasets/ORG/NAME`."""
        self.made: list[dict[str, Any]] = []
        self.commits: list[str] = []
        self.objects: dict[str, bytes] = {}
        self.refuse: dict[str, int] = {}
        self.address = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON of one request."""
        for part, status in self.refuse.items():
            if part in path:
                # A rude server may well tell us our own secrets.
                return status, {"error": f"refused, you sent {TOKEN}"}
        if path == "/api/whoami-v2":
            return 200, {"name": "my-org", "type": "user"}
        if path == "/api/validate-yaml":
            return 200, {"warnings": [{"message": "a remark"}], "errors": []}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path.endswith("/objects/batch"):
            return 200, {"transfer": "basic", "objects": [*map(self._offer, _objects(body))]}
        if path.startswith("/objects/"):
            if method == "PUT":
                self.objects[path.rsplit("/", 1)[1]] = body
            return 200, {}
        _, kind, org, name, action, _ = path.removeprefix("/api").split("/", 5)
        key = f"{kind}/{org}/{name}"
        if key not in self.repositories:
            return 404, {"error": "Repository not found"}
        return getattr(self, f"_{action}")(key, body)  # type: ignore[no-any-return]

    def _create(self, wish: dict[str, Any]) -> tuple[int, Any]:
        kind = f"{wish.get('type', 'model')}s"
        key = f"{kind}/{wish['organization']}/{wish['name']}"
        url = f"{self.address}/{key.removeprefix('models/')}"
        if key in self.repositories:
            return 409, {"error": "You already created this repo", "url": url}
        self.made.append(wish)
        self.repositories[key] = {".gitattributes": b""}
        return 200, {"url": url}

    def _offer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        upload = {"href": f"{self.address}/objects/{wanted['oid']}"}
        return {"oid": wanted["oid"], "size": wanted["size"], "actions": {"upload": upload}}

    def _tree(self, key: str, body: bytes) -> tuple[int, Any]:
        files = self.repositories[key].items()
        listed = [
            {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
            for name, content in files
        ]
        return 200, listed

    def _preupload(self, key: str, body: bytes) -> tuple[int, Any]:
        def mode(path: str) -> str:
            return "lfs" if path.endswith((".safetensors", ".parquet")) else "regular"

        wanted = json.loads(body)["files"]
        files = [
            {"path": f["path"], "uploadMode": mode(f["path"]), "shouldIgnore": False}
            for f in wanted
        ]
        return 200, {"files": files}

    def _commit(self, key: str, body: bytes) -> tuple[int, Any]:
        self.commits.append(key)
        for line in body.splitlines():
            change = json.loads(line)
            value = change["value"]
            if change["key"] == "file":
                self.repositories[key][value["path"]] = base64.b64decode(value["content"])
            elif change["key"] == "lfsFile":
                self.repositories[key][value["path"]] = self.objects[value["oid"]]
            elif change["key"] == "deletedFile":
                del self.repositories[key][value["path"]]
        return 200, {"commitUrl": f"{self.address}/x/y/commit/{'1' * 40}", "commitOid": "1" * 40}


def _objects(body: bytes) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = json.loads(body)["objects"]
    return objects


@contextlib.contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """Serve until the block ends; whoever sends no token, or another one, is refused."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path
            known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            if known or path.startswith("/objects/"):
                status, told = hub.answer(self.command, path, body)
            else:
                status, told = 401, {"error": "Invalid credentials"}
            content = json.dumps(told).encode()
            self.send_response(status)
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = answer  # noqa: N815

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub.address = f"http://127.0.0.1:{server.server_port}"
        yield hub
        server.shutdown()
