"""Money is counted in whole nanodollars, and unknown prices stay unknown."""

import pytest

from coursewright.config import OpenAITeacher, Prices
from coursewright.endpoints import in_dollars, in_nanos, tariff
from coursewright.endpoints.prices import free


def cost(endpoint: OpenAITeacher, prompt: int, completion: int) -> int | None:
    price = tariff(endpoint)
    return None if price is None else price(prompt, completion)


def test_configured_prices_come_first() -> None:
    endpoint = OpenAITeacher(model="gpt-4o", prices=Prices(input=0.15, output=0.6))
    assert cost(endpoint, 1000, 10) == 156_000
    assert cost(endpoint, 1_000_000, 1_000_000) == 750_000_000


def test_a_fraction_of_a_nanodollar_is_rounded_up() -> None:
    assert cost(OpenAITeacher(model="m", prices=Prices(input=0.0001, output=0)), 1, 0) == 1


def test_known_models_have_the_price_of_the_offline_table() -> None:
    assert cost(OpenAITeacher(model="gpt-4o-mini"), 1_000_000, 0) == 150_000_000


def test_a_server_on_this_machine_costs_nothing_and_a_stranger_nobody_knows_what() -> None:
    local = OpenAITeacher(model="m", base_url="http://127.0.0.1:8000/v1")
    assert tariff(local) is free
    assert tariff(OpenAITeacher(model="m", base_url="http://10.1.2.3/v1")) is None
    assert tariff(OpenAITeacher(model="no-such-model")) is None


@pytest.mark.parametrize("dollars", [0.0, 0.1, 12.345678901])
def test_dollars_and_nanodollars_turn_into_each_other(dollars: float) -> None:
    assert in_dollars(in_nanos(dollars)) == pytest.approx(dollars, abs=1e-9)
    assert in_dollars(None) is None
