"""Student's t distribution, without scipy: its probabilities and quantiles from tables."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@lru_cache(maxsize=4096)
def _t_table(freedom: float) -> tuple[Floats, Floats]:
    """Angles and the cumulative probability of half a t distribution up to their tangents.

    With t = sqrt(n) tan(a), the density of t becomes cos(a)^(n - 1), up to a constant.
    """
    # Beyond this many degrees the distribution is normal to five digits.
    freedom = min(freedom, 1e5)
    widest = np.arctan(min(40 / np.sqrt(freedom), 1e6))
    angles = np.linspace(0, widest, 4_001)
    density = np.cos(angles) ** (freedom - 1)
    mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    rest = _beyond(freedom, widest, float(mass[-1] * (angles[1] - angles[0])))
    return angles, 0.5 + 0.5 * (1 - rest) * mass / mass[-1]


def _beyond(freedom: float, widest: float, inside: float) -> float:
    """Share of the half distribution beyond the table's widest angle."""
    angles = np.linspace(widest, np.pi / 2, 4_001)
    density = np.maximum(np.cos(angles), 0.0) ** (freedom - 1)
    outside = float(np.trapezoid(density, angles))
    return outside / (inside + outside)


def t_cdf(value: float, freedom: float) -> float:
    """Probability of at most `value` (0 or more) under Student's t with `freedom` >= 1."""
    angles, mass = _t_table(freedom)
    return float(np.interp(np.arctan(value / np.sqrt(min(freedom, 1e5))), angles, mass))


def t_quantile(freedom: float, probability: float = 0.975) -> float:
    """The value that Student's t stays below with this probability (at least one half)."""
    angles, mass = _t_table(freedom)
    return float(np.sqrt(min(freedom, 1e5)) * np.tan(np.interp(probability, mass, angles)))
