"""Looks for secrets in the environment, in /proc, behind descriptors and in the file tree."""

import stat

SECRET = TARGETS["canary_backwards"][::-1].encode()  # so that no text of ours holds it


def read(path, most=200_000):
    # Neither a pipe may hold us up, nor a device be touched.
    if not stat.S_ISREG(os.stat(path).st_mode):
        return b""
    with open(path, "rb") as stream:
        return stream.read(most)


def environment():
    return SECRET in repr(os.environ).encode()


def processes():
    found = []
    others = {name for name in listed("/proc") if name.isdigit()}
    for pid in {*others, "1", "self", *map(str, TARGETS["processes"])}:
        for file in (
            "environ",
            "cmdline",
            "maps",
            "mem",
            "stat",
            "fd/0",
            "fd/3",
            "root/etc/passwd",
        ):
            try:
                if SECRET in read(f"/proc/{pid}/{file}"):
                    found.append(f"{pid}/{file}")
            except OSError:
                continue
    return found


def listed(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


def descriptors():
    known = {0, 1, 2, int(os.environ["COURSEWRIGHT_LINE"])}
    found = []
    for number in set(range(1024)) - known:
        try:
            found.append((number, os.fstat(number).st_mode))
        except OSError:
            continue
    return found


def tree():
    """A walk over all that can be listed, for two seconds; programs' own folders hold no secret."""
    found, until = [], time.monotonic() + 2
    for folder, folders, names in os.walk("/"):
        folders[:] = [f for f in folders if (folder, f) not in (("/", "proc"), ("/", "sys"))]
        if folder.startswith("/usr/"):
            folders[:] = []
        for name in names:
            try:
                if SECRET in read(os.path.join(folder, name)):
                    found.append(os.path.join(folder, name))
            except OSError:
                continue
        if time.monotonic() > until:
            break
    return found


def known_places():
    found = []
    for path in TARGETS["files"]:
        try:
            read(path)
        except OSError:
            continue
        found.append(path)
    return found


for way in (environment, processes, descriptors, tree, known_places):
    attempt(way.__name__, way)
