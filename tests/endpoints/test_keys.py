"""Keys come from the environment by name, and a missing one is told in one line."""

import pytest

from coursewright.config import OpenAITeacher
from coursewright.endpoints import read_key
from coursewright.errors import ConfigError

REMOTE = OpenAITeacher(model="m", key="SOME_KEY")
LOCAL = REMOTE.model_copy(update={"base_url": "http://[::1]:8000/v1"})


def test_a_key_is_read_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", " secret-value\n")
    assert read_key(REMOTE, field="teacher") == "secret-value"


def test_only_a_server_on_this_machine_may_go_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    assert read_key(LOCAL, field="teacher") is None
    with pytest.raises(ConfigError, match="SOME_KEY") as caught:
        read_key(REMOTE, field="teacher")
    assert caught.value.field == "teacher.key"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.2:1/v1", True),
        ("http://localhost/v1", True),
        ("http://127.0.0.1.example.org/v1", False),
        ("http://10.0.0.1/v1", False),
    ],
)
def test_this_machine_is_told_by_its_address(url: str, local: bool) -> None:
    assert OpenAITeacher(model="m", base_url=url).is_local is local


@pytest.mark.parametrize("value", ["two\nlines", "schlüssel"])
def test_what_cannot_be_sent_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SOME_KEY", value)
    with pytest.raises(ConfigError) as caught:
        read_key(REMOTE, field="teacher")
    assert value not in str(caught.value)
