import errno
import hashlib
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from coursewright.errors import RunFolderError, StorageError
from coursewright.records import TracedRow
from coursewright.store import Artifacts, canonical, digest_of, put_rows, read_rows
from coursewright.store import artifacts as module


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    (tmp_path / "artifacts").mkdir()
    return Artifacts(tmp_path / "artifacts")


def test_bytes_are_kept_under_their_sha256_and_once(artifacts: Artifacts) -> None:
    digest = artifacts.put_bytes(b"hello")
    assert digest == hashlib.sha256(b"hello").hexdigest()
    assert artifacts.put_bytes(b"hello") == digest
    assert artifacts.read(digest) == b"hello"
    assert os.listdir(artifacts.folder) == [digest]
    assert artifacts.path_of(digest).stat().st_mode & 0o222 == 0


def test_a_folder_comes_back_as_it_was(artifacts: Artifacts, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    (folder / "inner" / "b.bin").write_bytes(bytes(range(256)))
    digest = artifacts.put_folder(folder)
    artifacts.checkout(digest, tmp_path / "again")
    assert (tmp_path / "again" / "a.json").read_text() == "{}"
    assert (tmp_path / "again" / "inner" / "b.bin").read_bytes() == bytes(range(256))
    assert artifacts.put_folder(tmp_path / "again") == digest
    assert module.folder_digest(folder) == digest


def test_a_folder_with_a_link_is_refused(artifacts: Artifacts, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "secret").symlink_to("/etc/passwd")
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        artifacts.put_folder(folder)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "a/../../b", "a\0b"])
def test_a_manifest_cannot_name_a_file_outside(
    artifacts: Artifacts, tmp_path: Path, name: str
) -> None:
    content = artifacts.put_bytes(b"x")
    forged = artifacts.put_bytes(canonical({name: content}).encode())
    with pytest.raises(RunFolderError, match="not the manifest"):
        artifacts.checkout(forged, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("digest", ["../journal.sqlite", "A" * 64, "0" * 63, "0" * 64 + "\n", ""])
def test_only_digests_name_artifacts(artifacts: Artifacts, digest: str) -> None:
    assert not artifacts.has(digest)
    with pytest.raises(RunFolderError, match="not an artifact digest"):
        artifacts.path_of(digest)


def test_a_missing_artifact_is_told(artifacts: Artifacts) -> None:
    with pytest.raises(RunFolderError, match="missing"):
        artifacts.path_of("0" * 64)


def test_verify_finds_changed_content(artifacts: Artifacts) -> None:
    digest = artifacts.put_bytes(b"hello")
    artifacts.verify(digest)
    path = artifacts.path_of(digest)
    path.chmod(0o644)
    path.write_bytes(b"jello")
    with pytest.raises(RunFolderError, match="damaged"):
        artifacts.verify(digest)


def test_an_error_while_writing_leaves_nothing(artifacts: Artifacts) -> None:
    def write_half() -> None:
        with artifacts.incoming() as new:
            new.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert os.listdir(artifacts.folder) == []


def test_a_full_disk_is_one_line_and_leaves_nothing(
    artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space left on device; free some space") as caught:
        artifacts.put_bytes(b"hello")
    assert "\n" not in str(caught.value)
    assert os.listdir(artifacts.folder) == []


def test_a_file_size_limit_is_one_line_too(artifacts: Artifacts) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom coursewright.store import Artifacts\n"
        "from coursewright.errors import StorageError\n"
        "try: Artifacts(Path(sys.argv[1])).put_bytes(b'x' * 100_000)\n"
        "except StorageError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(artifacts.folder)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "file too large; free some space" in done.stdout
    assert os.listdir(artifacts.folder) == []


def test_rows_have_one_text_and_read_back(artifacts: Artifacts) -> None:
    rows = (TracedRow(instruction="i", input="é\u2028\n", output="o", response="k"),)
    digest = put_rows(artifacts, rows)
    assert read_rows(artifacts, digest) == rows
    assert put_rows(artifacts, list(rows)) == digest
    with pytest.raises(RunFolderError, match="not a row") as caught:
        read_rows(artifacts, artifacts.put_bytes(b'{"instruction": 1}\n'))
    assert caught.value.line == 1


def test_canonical_json_is_one_text_for_one_value(tmp_path: Path) -> None:
    assert canonical({"b": (1, 2.5), "a": None, "c": tmp_path}) == (
        f'{{"a":null,"b":[1,2.5],"c":"{tmp_path}"}}'
    )
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    with pytest.raises(TypeError, match="keys must be text"):
        canonical({1: "x"})
    with pytest.raises(ValueError):
        canonical([float("nan")])
    with pytest.raises(TypeError):
        canonical({1, 2})
