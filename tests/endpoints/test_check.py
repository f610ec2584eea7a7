"""What is wrong with an endpoint is told in one line, before anything is spent."""

from collections.abc import Iterator

import pytest

from coursewright.config import OpenAITeacher
from coursewright.endpoints import check_endpoint
from coursewright.endpoints.fault_server import FaultServer, serving
from coursewright.errors import ConfigError
from tests.serving import free_port

CANARY = "sk-canary-wrong-4711"


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with serving(FaultServer(key="sk-right-0815", model="m")) as running:
        yield running


def endpoint(base_url: str, **more: object) -> OpenAITeacher:
    given = {"model": "m", "key": "SOME_KEY", "attempts": 1, "base_url": base_url, **more}
    return OpenAITeacher.model_validate(given)


def complaint(part: OpenAITeacher, **more: bool) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        check_endpoint(part, field="teacher", **more)
    assert "\n" not in str(caught.value)
    assert CANARY not in str(caught.value)
    return caught.value


def test_a_good_one_passes(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-right-0815")
    check_endpoint(endpoint(server.base_url), field="teacher", capped=True)


def test_a_wrong_key_names_its_variable(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", CANARY)
    error = complaint(endpoint(server.base_url))
    assert error.field == "teacher.key"
    assert "SOME_KEY" in str(error)


def test_an_unknown_model_is_named(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-right-0815")
    error = complaint(endpoint(server.base_url, model="other"))
    assert error.field == "teacher.model"
    assert "'other'" in str(error)


def test_a_server_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    error = complaint(endpoint(url))
    assert error.field == "teacher.base_url"
    assert url in str(error)


def test_a_cap_in_money_wants_a_price_before_anything_is_asked() -> None:
    error = complaint(endpoint("http://10.0.0.1/v1"), capped=True)
    assert error.field == "teacher.prices"
