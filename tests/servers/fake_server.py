"""A server that notes what happens to it: `python fake_server.py PORT NOTES [WORD ...]`.

Words: `tireless` knows nothing of sleep, `stillborn` ends at once, `deaf` is never ready, `mother`
has a child process. Run as a file.
"""

import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

port, notes, words = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]


def note(what: str) -> None:
    with notes.open("a") as out:
        out.write(what + "\n")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/environ":
            self.answer(200, json.dumps(dict(os.environ)))
        else:
            self.answer(503 if "deaf" in words else 200)

    def do_POST(self) -> None:
        if "tireless" in words:
            return self.answer(404)
        note(self.path.strip("/"))
        return self.answer(200)

    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


def end(*_: object) -> None:
    note("stop")
    os._exit(0)


if "stillborn" in words:
    sys.exit("no GPU to be had")
signal.signal(signal.SIGTERM, end)
if "mother" in words:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    note(f"child {child.pid}")
note("start")
HTTPServer(("127.0.0.1", port), Handler).serve_forever()
