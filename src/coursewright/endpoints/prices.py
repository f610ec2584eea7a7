"""What a call costs, in whole nanodollars, so that sums over many calls stay exact.

Prices come from the configuration, else from the offline table of `genai-prices`; a server on
this machine costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from coursewright.config import Endpoint, Prices
from coursewright.errors import ConfigError

NANOS = 10**9
"""Nanodollars in a US dollar."""

Tariff = Callable[[int, int], int]
"""Prompt and completion tokens to nanodollars, rounded up."""


def tariff(endpoint: Endpoint) -> Tariff | None:
    """Return what the endpoint charges, or None when nobody knows."""
    if endpoint.prices is not None:
        return partial(_listed, endpoint.prices)
    if endpoint.is_local:
        return free
    price = partial(_from_table, endpoint.model, endpoint.base_url)
    try:
        price(1, 1)
    except LookupError:
        return None
    return price


def require_tariff(endpoint: Endpoint, *, field: str) -> Tariff:
    """Return the tariff where a run has a cap in money.

    Raises:
        ConfigError: nobody knows what the endpoint charges.
    """
    price = tariff(endpoint)
    if price is None:
        raise ConfigError(
            f"nobody knows what {endpoint.model!r} at {endpoint.base_url} costs, so "
            "budget.cost_usd cannot be kept; set its prices in US dollars per million tokens, "
            "such as `prices: {input: 0.5, output: 1.5}`",
            field=f"{field}.prices",
        )
    return price


def free(prompt_tokens: int, completion_tokens: int) -> int:
    """The tariff of what costs no money."""
    return 0


def in_dollars(nanos: int | None) -> float | None:
    """Nanodollars as US dollars; unknown stays unknown."""
    return None if nanos is None else nanos / NANOS


def in_nanos(dollars: float) -> int:
    """US dollars as whole nanodollars."""
    return round(dollars * NANOS)


def _listed(prices: Prices, prompt_tokens: int, completion_tokens: int) -> int:
    # Dollars per million tokens are thousands of nanodollars per token.
    return math.ceil((prompt_tokens * prices.input + completion_tokens * prices.output) * 1000)


def _from_table(model: str, base_url: str, prompt_tokens: int, completion_tokens: int) -> int:
    # Imported here: the table is large, and most runs use no paid server.
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=prompt_tokens, output_tokens=completion_tokens)
    price = calc_price(usage, model, provider_api_url=base_url)
    return math.ceil(price.total_price * NANOS)
