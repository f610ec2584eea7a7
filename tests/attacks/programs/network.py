"""Tries every way to anybody but the teacher."""

PORT, ABSTRACT, NAMED = TARGETS["port"], TARGETS["abstract"], TARGETS["named"]


def say(family, kind, address):
    with socket.socket(family, kind) as client:
        client.settimeout(1)
        client.connect(address)
        client.send(b"escaped")
        return True


def families():
    """Kinds of socket that can be made at all, but for pairs of one's own."""
    made = []
    libc = ctypes.CDLL(None)
    for family in range(46):
        for kind in (1, 2, 3, 5):
            if (descriptor := libc.socket(family, kind, 0)) >= 0:
                os.close(descriptor)
                made.append((family, kind))
    return made


def pair():
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return one.sendto(b"escaped", TARGETS["letters"])


def turned_line():
    """The one connection we were handed, connected anew."""
    raw = connection()
    raw.connect(NAMED)
    return True


attempt("TCP", say, socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", PORT))
attempt("UDP", say, socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", PORT))
attempt("TCP over IPv6", say, socket.AF_INET6, socket.SOCK_STREAM, ("::1", PORT))
attempt("DNS", socket.getaddrinfo, "example.com", 80)
attempt("netlink", socket.socket, 16, socket.SOCK_RAW, 0)
attempt("vsock", say, 40, socket.SOCK_STREAM, (2, PORT))
attempt("abstract", say, socket.AF_UNIX, socket.SOCK_STREAM, "\0" + ABSTRACT)
attempt("named", say, socket.AF_UNIX, socket.SOCK_STREAM, NAMED)
attempt("any family", families)
attempt("datagram pair", pair)
attempt("turned line", turned_line)
