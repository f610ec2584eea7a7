"""Spans, sets of labels and JSON objects."""

import json

import pytest

from coursewright.scoring import accepts, make_scorer

SPANS = [
    ("London", "London", 1, 1),
    ("london.", "London", 1, 1),
    ("the London", "London", 1, 1),
    ("Paris", "London", 0, 0),
    ("London Bridge", "London", 0, 2 / 3),
    ("the old bridge", "an old bridge", 1, 1),
    ("bridge old", "old bridge", 0, 1),
    ("a; b", "a; b", 1, 1),  # one span with a mark in it
    ("", "London", 0, 0),
    ("the", "London", 0, 0),
    ("one one", "one", 0, 2 / 3),
    ("1.3", "13", 0, 0),
    ("-5", "5", 0, 0),
    ("$1,000.", "1000", 1, 1),
    ("5-6", "56", 1, 1),
    ("New York", ["New York"], 1, 1),
    ("New York; London", ["London", "New York"], 1, 1),
    ("New York | London", ["London", "New York"], 1, 1),
    ("New York\nLondon", ["London", "New York"], 1, 1),
    ("1. New York\n2. London", ["London", "New York"], 1, 1),
    ("- New York\n- London", ["London", "New York"], 1, 1),
    ('["New York", "London"]', ["London", "New York"], 1, 1),
    ('["New York"]', ["London", "New York"], 0, 0.8),
    ("London, New York", ["London", "New York"], 0, 1),  # a comma does not separate spans
    ("New York London", ["London", "New York"], 0, 1),
    ("London", ["London", "New York"], 0, 0.5),
    ("London; London", ["London"], 0, 2 / 3),
    ("London; Paris", ["London"], 0, 2 / 3),
    ("6 p.m.", ["6 pm"], 1, 1),
    ("Zürich", "zürich", 1, 1),
    ("[[1]]", "1", 1, 1),
    ("5", 5, 1, 1),
    ("5", [5, 6], 0, 2 / 3),
    ("[", "London", 0, 0),
    ("London" * 5000, "London", 0, 0),
    ("tomorrow; 25 to 7 p.m.", ["tomorrow", "25 to 7 p.m."], 1, 1),
]

LABELS = [
    ("pin", ["pin"], 1, 1),
    ("PIN.", ["pin"], 1, 1),
    ("pin, arrival", ["pin", "arrival"], 1, 1),
    ("arrival, pin", ["pin", "arrival"], 1, 1),
    ("arrival; pin", ["pin", "arrival"], 1, 1),
    ("arrival | pin", ["pin", "arrival"], 1, 1),
    ("arrival\npin", ["pin", "arrival"], 1, 1),
    ("* arrival\n* pin", ["pin", "arrival"], 1, 1),
    ('["arrival", "pin"]', ["pin", "arrival"], 1, 1),
    ("pin, pin, arrival", ["pin", "arrival"], 1, 1),
    ("how long, pin", ["how_long", "pin"], 1, 1),
    ("How_Long", ["how_long"], 1, 1),
    ("pin", ["pin", "arrival"], 0, 2 / 3),
    ("pin, new", ["pin", "arrival"], 0, 0.5),
    ("pin, arrival, new", ["pin", "arrival"], 0, 0.8),
    ("new", ["pin", "arrival"], 0, 0),
    ("", ["pin"], 0, 0),
    (" \n", ["pin"], 0, 0),
    (",", ["pin"], 0, 0),
    ("none", "none", 1, 1),
    ("None.", "none", 1, 1),
    ("[]", "none", 1, 1),
    ("no labels", ["none"], 1, 1),
    ("pin", "none", 0, 0),
    ("none", ["pin"], 0, 0),
    ("pin, none", ["pin"], 1, 1),
    ("", "none", 0, 0),
    ("pin", "pin", 1, 1),
    ("pin arrival", ["pin", "arrival"], 0, 0),
    ("'pin', 'arrival'", ["pin", "arrival"], 1, 1),
    ("pin,arrival,", ["pin", "arrival"], 1, 1),
    ("[1, 2]", [1, 2], 1, 1),
    ('{"pin": 1}', ["pin"], 0, 0),
]

PERSON = {"name": "Ada Byron", "age": 36, "tags": ["x", "y"], "at": {"city": "London"}}

FIELDS = [
    (PERSON, PERSON, 1, 1),
    ({**PERSON, "name": "ada  byron"}, PERSON, 1, 1),
    ({**PERSON, "age": 36.0}, PERSON, 1, 1),
    ({**PERSON, "age": "36"}, PERSON, 0, 0.8),
    ({**PERSON, "age": 37}, PERSON, 0, 0.8),
    ({**PERSON, "tags": ["y", "x"]}, PERSON, 0, 0.6),
    ({**PERSON, "tags": ["x"]}, PERSON, 0, 0.8),
    ({**PERSON, "tags": ["x", "y", "z"]}, PERSON, 0, 5 / 6),
    ({**PERSON, "tags": []}, PERSON, 0, 3 / 6),
    ({**PERSON, "tags": None}, PERSON, 0, 3 / 6),
    ({**PERSON, "at": {}}, PERSON, 0, 4 / 6),
    ({**PERSON, "at": {"city": "Paris"}}, PERSON, 0, 0.8),
    ({**PERSON, "extra": 1}, PERSON, 0, 5 / 6),
    ({}, PERSON, 0, 0),
    ({"a": {}}, {"a": {}}, 1, 1),
    ({"a": []}, {"a": {}}, 0, 0),
    ({"a": None}, {"a": None}, 1, 1),
    ({"a": False}, {"a": None}, 0, 0),
    ({"a": True}, {"a": 1}, 0, 0),
    ({"a": 0.1 + 0.2}, {"a": 0.3}, 1, 1),
    ({"a": [[1], [2]]}, {"a": [[1], [2]]}, 1, 1),
    ({"a.b": 1}, {"a": {"b": 1}}, 0, 0),
    ({"a": "é"}, {"a": "e\u0301"}, 1, 1),
]


LETTERS = {"x": ["a", "b", "c", "d"]}
PEOPLE = {"x": [{"name": "Ada", "born": 1815}, {"name": "Alan", "born": 1912, "tags": ["p", "q"]}]}
ADA, ALAN = PEOPLE["x"]

UNORDERED = [
    (["d", "c", "b", "a"], LETTERS, 1),
    (["b", "c", "d"], LETTERS, 3 / 4),
    (["z", "b", "c", "d"], LETTERS, 3 / 4),
    (["d", "c", "b", "z"], LETTERS, 3 / 4),
    (["a", "a", "b", "c", "d"], LETTERS, 4 / 5),
    (["a", "a", "a", "a"], LETTERS, 1 / 4),
    ([], LETTERS, 0),
    ([3.0, 2, 1], {"x": [1, 2, 3]}, 1),
    ([[2, 1], [4, 3]], {"x": [[3, 4], [1, 2]]}, 1),
    ([True, 1], {"x": [1, True]}, 1),
    ([ALAN, ADA], PEOPLE, 1),
    ([{**ALAN, "tags": ["q", "p"]}, ADA], PEOPLE, 1),
    ([{**ALAN, "born": 1913}, ADA], PEOPLE, 5 / 6),
    ([{**ADA, "name": "A. Byron"}, {**ALAN, "born": 1815}], PEOPLE, 4 / 6),
    ([ALAN], PEOPLE, 4 / 6),
    (["Ada", ALAN], PEOPLE, 4 / 7),
    (list(range(5000)), {"x": list(range(5000, 0, -1))}, 4999 / 5000),
    (list(range(3000)), {"x": [str(number) for number in range(3000)]}, 0),
]


def both_measures(cases):
    rows = [(o, g, m, s) for o, g, exact, f1 in cases for m, s in (("exact", exact), ("f1", f1))]
    return pytest.mark.parametrize(("output", "gold", "measure", "score"), rows)


@both_measures(SPANS)
def test_spans(output, gold, measure, score):
    scorer = make_scorer({"kind": "spans", "measure": measure})
    assert scorer.score(output, gold) == pytest.approx(score)


@both_measures(LABELS)
def test_label_set(output, gold, measure, score):
    scorer = make_scorer({"kind": "label_set", "measure": measure})
    assert scorer.score(output, gold) == pytest.approx(score)


def test_label_sets_know_their_labels():
    scorer = make_scorer({"kind": "label_set", "labels": ["pin", "how_long"]})
    assert scorer.readable("how long, PIN")
    assert scorer.readable("none")
    assert not scorer.readable("pin, arrival")
    assert not scorer.readable("")


@both_measures(FIELDS)
def test_json_field_by_field(output, gold, measure, score):
    scorer = make_scorer({"kind": "json", "measure": "share" if measure == "f1" else measure})
    assert scorer.score(json.dumps(output), gold) == pytest.approx(score)
    fenced = f"Here:\n```json\n{json.dumps(output, indent=1)}\n```\nDone."
    assert scorer.score(fenced, gold) == pytest.approx(score)
    assert scorer.score(f"It is {json.dumps(output)}, I think.", gold) == pytest.approx(score)


@pytest.mark.parametrize(("output", "gold", "share"), UNORDERED)
def test_json_without_order_holds_elements_against_those_they_fit(output, gold, share):
    scorer = make_scorer({"kind": "json", "ordered": False})
    for order in (output, output[::-1]):
        assert scorer.score(json.dumps({"x": order}), gold) == pytest.approx(share)
    exact = make_scorer({"kind": "json", "ordered": False, "measure": "exact"})
    assert exact.score(json.dumps({"x": output}), gold) == (share == 1)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "{",
        "[]",
        "3",
        '{"a": 1',
        "{'a': 1}",
        "null",
        '{"a":' * 5000,
        '{"a": 1} {"a": 1}',
        "[" * 10**6,
    ],
)
def test_what_is_no_json_object_is_unreadable(output):
    scorer = make_scorer({"kind": "json"})
    assert not scorer.readable(output)
    assert scorer.score(output, {"a": 1}) == 0


@pytest.mark.parametrize("kind", ["spans", "label_set"])
@pytest.mark.parametrize("gold", [{"a": 1}, [["a"]], [None], None, ["a", {}]])
def test_a_gold_of_another_sort_is_met_by_nothing(kind, gold):
    for output in ("", "none", "a", "[]"):
        assert make_scorer({"kind": kind}).score(output, gold) == 0


def test_json_options():
    unordered = make_scorer({"kind": "json", "ordered": False})
    assert unordered.score('{"a": ["y", "x"]}', {"a": ["x", "y"]}) == 1
    strict = make_scorer({"kind": "json", "strict": True})
    assert strict.score('{"a": "X"}', {"a": "x"}) == 0
    near = make_scorer({"kind": "json", "absolute": 0.5})
    assert near.score('{"a": 1.4}', {"a": 1}) == 1
    assert near.score('{"a": 1.6}', {"a": 1}) == 0


@pytest.mark.parametrize(
    ("kind", "gold"),
    [
        *(
            ("spans", g)
            for g in ("London", "a; b", ["x | y", "z"], ["1. x", "2"], [5], ["the", "a"])
        ),
        *(("label_set", g) for g in (["how_long", "pin"], "pin", "none", ["a"])),
        *(("json", g) for g in (PERSON, {"a": {}}, {"ü": [None, True, 1.5]})),
    ],
)
def test_every_gold_accepts_itself(kind, gold):
    assert accepts(make_scorer({"kind": kind}), gold)
    assert accepts(make_scorer({"kind": kind, "measure": "exact"}), gold)
