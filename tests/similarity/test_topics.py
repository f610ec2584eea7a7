from random import Random

import pytest

from coursewright.similarity import TopicGuesser, commonest_wordings, effective_number, evenly

ABOUT = {
    "speed": "A {} covers {} km in {} hours. How fast is it?",
    "price": "One {} costs {} dollars. What do {} of them cost?",
    "age": "The {} is {} years old. How old was it {} years ago?",
}
THINGS = ("tram", "boat", "cart", "train", "lamp", "chair", "house", "bridge")


def drawn(topic: str, rng: Random) -> str:
    return ABOUT[topic].format(rng.choice(THINGS), rng.randint(2, 99), rng.randint(2, 99))


def guesser(seed: int = 1, *, shuffled: bool = False) -> TopicGuesser:
    rng = Random(seed)
    topics = [topic for topic in ABOUT for _ in range(10)]
    texts = [drawn(topic, rng) for topic in topics]
    if shuffled:
        rng.shuffle(topics)
    return TopicGuesser(texts, topics)


def test_the_topic_of_a_new_text_is_guessed_by_its_words() -> None:
    rng, learned = Random(2), guesser()
    topics = [topic for topic in ABOUT for _ in range(5)]
    found = learned.guess([drawn(topic, rng) for topic in topics])
    assert [learned.topics[number] for number in found] == topics
    assert learned.agreement > 0.9


def test_topics_that_words_do_not_tell_have_no_agreement() -> None:
    assert guesser(shuffled=True).agreement < 0.4


def test_a_variant_of_the_same_group_is_no_witness() -> None:
    groups = [thing for thing in THINGS for _ in range(2)]
    texts = [f"{thing} again" for thing in groups]
    topics = ["a" if THINGS.index(thing) % 2 else "b" for thing in groups]
    assert TopicGuesser(texts, topics).agreement == pytest.approx(1.0)
    assert TopicGuesser(texts, topics, groups).agreement < 0.5


def test_a_text_of_unknown_words_has_some_topic() -> None:
    assert guesser().guess(["", "zzz"]).tolist() == [0, 0]


def test_rows_of_one_template_have_one_wording_whatever_their_numbers_and_names() -> None:
    rng = Random(3)
    one = [drawn("speed", rng) for _ in range(40)]
    assert commonest_wordings(one)[0] == 1.0
    half = one[:20] + [f"a{n} b{n} c{n} d{n}" for n in range(20)]
    # Numbers are left out, so the other half is one wording too: letters alone differ nowhere.
    assert commonest_wordings(half) == [0.5, 0.5]


def test_different_texts_are_different_wordings() -> None:
    words = "abcdefghijklmnop"
    texts = [f"{a}x {a}y {a}z" for a in words]
    assert commonest_wordings(texts) == [1 / 16] * 5
    assert commonest_wordings([]) == []


def test_the_effective_number_counts_equal_labels_and_discounts_rare_ones() -> None:
    assert effective_number(list("abcd") * 100) == pytest.approx(4, rel=0.01)
    assert effective_number("a" * 99 + "b") < 1.2
    assert effective_number([]) == 0.0


def test_an_even_sample_reaches_from_the_first_to_the_last() -> None:
    assert [at // 2 for at in evenly(range(10), 5)] == [0, 1, 2, 3, 4]
    # Of a file that takes its topics in turn, no topic is left out.
    assert {at % 14 for at in evenly(range(2000), 1000)} == set(range(14))
    assert evenly("abc", 5) == ["a", "b", "c"]
