"""Which topic a text is about, learned from a few texts of each: nearest centroid of words.

Words and pairs of neighbouring words, weighted by rarity, against the mean of each topic
(Rocchio 1971). No weights to load, no randomness, and the texts it learned from tell how far it
may be trusted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CHARACTERS = 4000
"""Of a text that are read."""
_NUMBER = re.compile(r"\d+")
_TOKEN = re.compile(r"[^\W_]+|[^\s\w]")


class TopicGuesser:
    """Knows some topics by examples."""

    def __init__(
        self, texts: Sequence[str], topics: Sequence[str], groups: Sequence[str] = ()
    ) -> None:
        """`topics` names the topic of each text; numbers in texts count as one word.

        `groups` names what belongs together, such as variants of one problem: how well topics
        are guessed is then tried on whole groups that were not learned from.
        """
        found = [_features(text) for text in texts]
        counts = Counter(feature for features in found for feature in features)
        self._place = {feature: place for place, feature in enumerate(counts)}
        frequency = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        self._rarity = np.log((len(texts) + 1) / (frequency + 0.5))
        self.topics = tuple(sorted(set(topics)))
        numbers = {topic: number for number, topic in enumerate(self.topics)}
        truth = np.array([numbers[topic] for topic in topics], dtype=np.int64)
        sums = np.zeros((len(self.topics), len(counts)), dtype=np.float32)
        places = [self._places(features) for features in found]
        for at, topic in zip(places, truth, strict=True):
            sums[topic, at] += self._unit(at)
        self._weights = self._rarity * _scaled(sums)
        tried = self._left_out(sums, places, truth, groups or [str(n) for n in range(len(truth))])
        self.agreement = _kappa(tried, truth, len(self.topics))
        """Cohen's kappa of guesses and topics, each text left out: 1 is perfect, 0 is chance."""

    def guess(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Number in `topics` for each text."""
        guesses = np.zeros(len(texts), dtype=np.int64)
        for number, text in enumerate(texts):
            at = self._places(_features(text))
            guesses[number] = np.argmax(self._weights[:, at].sum(axis=1))
        return guesses

    def _places(self, features: set[str]) -> NDArray[np.int64]:
        return np.array(
            sorted(self._place[feature] for feature in features if feature in self._place),
            dtype=np.int64,
        )

    def _unit(self, at: NDArray[np.int64]) -> Floats:
        weights: Floats = self._rarity[at]
        return weights / (float(np.linalg.norm(weights)) or 1.0)

    def _left_out(
        self,
        sums: Floats,
        places: Sequence[NDArray[np.int64]],
        truth: NDArray[np.int64],
        groups: Sequence[str],
    ) -> NDArray[np.int64]:
        """Guess each text from the texts of other groups."""
        members: dict[str, list[int]] = {}
        for number, group in enumerate(groups):
            members.setdefault(group, []).append(number)
        guesses = np.zeros(len(truth), dtype=np.int64)
        for together in members.values():
            without: dict[int, Floats] = {}
            for number in together:
                others = without.setdefault(int(truth[number]), sums[truth[number]].copy())
                others[places[number]] -= self._unit(places[number])
            for topic, others in without.items():
                without[topic] = self._rarity * _scaled(others[None])[0]
            for number in together:
                scores = self._weights[:, places[number]].sum(axis=1)
                for topic, weights in without.items():
                    scores[topic] = weights[places[number]].sum()
                guesses[number] = np.argmax(scores)
        return guesses


def _features(text: str) -> set[str]:
    words = _TOKEN.findall(_NUMBER.sub(" 0 ", text[:CHARACTERS].casefold()))
    return {*words, *(f"{one} {after}" for one, after in pairwise(words))}


def _scaled(sums: Floats) -> Floats:
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    scaled: Floats = (sums / np.where(norms > 0, norms, 1.0)).astype(np.float32)
    return scaled


def _kappa(guesses: NDArray[np.int64], truth: NDArray[np.int64], count: int) -> float:
    if not len(truth):
        return 0.0
    shares = np.bincount(truth, minlength=count) / len(truth)
    told = np.bincount(guesses, minlength=count) / len(truth)
    chance = float(shares @ told)
    return (float(np.mean(guesses == truth)) - chance) / (1 - chance) if chance < 1 else 0.0
