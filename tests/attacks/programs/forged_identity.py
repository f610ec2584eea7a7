"""Claims to be another round, another model, another server, and talks past the gateway."""

OTHERS = (
    "X-Coursewright-Round: 0\r\nX-Coursewright-Attempt: 0\r\n",
    "Authorization: Bearer forged\r\nX-Forwarded-For: 127.0.0.1\r\n",
    "Host: control\r\nX-Original-URL: /control\r\n",
)
WISHES = {
    "model": "expensive",
    "n": 50,
    "max_tokens": 10**9,
    "base_url": "http://127.0.0.1:1/v1",
    "api_key": "forged",
    "tools": [{"type": "function"}],
    "round": 0,
    "user": "root",
}

for number, headers in enumerate(OTHERS):
    with connection() as raw:
        status, told = post(raw, f"Write exercise {9100 + number}.", headers, **WISHES)
    print("answered", status, told.get("model"), len(told.get("choices", ())))
for path in (
    "/v1/faults",
    "/control",
    "/v1/../control",
    "http://127.0.0.1:1/v1/chat/completions",
    "/v1/chat/completions/../../budget",
    "//v1/embeddings",
    "/v1/chat/completions%2f..",
):
    try:
        with connection() as raw:
            status, _ = post(raw, "Write exercise 9109.", path=path)
    except (OSError, ValueError, IndexError):
        status = 0
    # The address of somebody else may be read as a path; it is the teacher who answers then.
    print(
        "answered" if path.startswith("http") else "GOT" if status == 200 else "held", path, status
    )
for raw_bytes in (
    b'{"do": "open", "round": 0, "cap": 100000}\n\n',
    b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    b"Host: a\r\n\r\n0\r\n\r\nGET /v1/budget HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x00" * 5000 + b"\r\n\r\n",
):
    try:
        with connection() as raw:
            raw.sendall(raw_bytes)
            raw.settimeout(2)
            status = answer(raw)[0]
    except (OSError, ValueError, IndexError):
        status = 0
    print("GOT" if status == 200 else "held", raw_bytes[:12], status)
