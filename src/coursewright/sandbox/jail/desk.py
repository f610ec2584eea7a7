"""The folders of one errand: what the agent is given, a home, and a few files of a system."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from coursewright.errors import ConfigError
from coursewright.sandbox.workspace import Folders, Workspace

_HOME_FILES = 2000
_HOME_BYTES = 64 * 1024**2


def lay_out(
    workspace: Workspace, files: dict[str, bytes], home: Path | None, uid: int | None
) -> Folders:
    """Make the folders of one errand, the agent's own ones owned by `uid`.

    Raises:
        ConfigError: `home` cannot be copied.
    """
    place = workspace.fresh()
    folders = Folders(
        work=place / "work",
        tmp=place / "tmp",
        data=place / "etc",
        library=workspace.library,
        packages=workspace.packages,
        home=place / "home",
    )
    assert folders.home is not None
    own = (folders.work, folders.tmp, folders.home)
    for folder in own:
        folder.mkdir(mode=0o700)
    folders.data.mkdir(mode=0o755)
    for name, content in files.items():
        path = folders.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if home is not None:
        copy_home(home, folders.home)
    if uid is not None:
        for folder in own:
            _give(folder, uid)
    return folders


def write_system_files(folders: Folders, home: Path, uid: int) -> None:
    """Write the files of /etc that programs ask for the user and for this host."""
    contents = {
        "passwd": f"agent:x:{uid}:{uid}:agent:{home}:/bin/sh\n",
        "group": f"agent:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }
    for name, content in contents.items():
        path = folders.data / name
        path.write_text(content)
        path.chmod(0o444)


def copy_home(source: Path, home: Path) -> None:
    """Copy files, folders and links; leave out whatever else there is.

    Raises:
        ConfigError: it is larger than a home of settings ought to be, or cannot be read.
    """
    count = size = 0
    try:
        for folder, names, files in os.walk(source):
            here = home / Path(folder).relative_to(source)
            for name in (*names, *files):
                found, copy = Path(folder) / name, here / name
                status = found.lstat()
                count, size = count + 1, size + status.st_size
                if count > _HOME_FILES or size > _HOME_BYTES:
                    raise ConfigError(
                        f"{str(source)!r} holds more than {_HOME_FILES} files or "
                        f"{_HOME_BYTES // 1024**2} MiB; name a folder with only what it needs",
                        field="agent.home",
                    )
                if stat.S_ISLNK(status.st_mode):
                    copy.symlink_to(os.readlink(found))
                elif stat.S_ISDIR(status.st_mode):
                    copy.mkdir(mode=0o700)
                elif stat.S_ISREG(status.st_mode):
                    shutil.copy(found, copy)
    except OSError as error:
        raise ConfigError(f"cannot be copied: {error}", field="agent.home") from error


def _give(folder: Path, uid: int) -> None:
    os.chown(folder, uid, uid)
    for place, names, files in os.walk(folder):
        for name in (*names, *files):
            os.chown(os.path.join(place, name), uid, uid, follow_symlinks=False)
