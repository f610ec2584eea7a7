"""Programs that do the same are alike, whatever their comments say."""

import pytest

from coursewright.similarity import program_likeness

CODE = '''"""Round 1."""
TOPICS = [{"name": "sums", "rows": 60}, {"name": "times", "rows": 40}]
CALLS = 300  # at most


def main():
    for topic in TOPICS:
        ask(f"Write {topic['rows']} questions about {topic['name']}, with their right answers.")


main()
'''


def test_titles_comments_names_and_numbers_a_little_off_make_no_other_program() -> None:
    other = CODE.replace("Round 1", "Round 2").replace("# at most", "# cap").replace("60", "62")
    assert program_likeness(CODE, CODE) == 1.0
    assert program_likeness(CODE, CODE.replace("main", "work")) == 1
    assert 0.9 < program_likeness(CODE, other) < 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("300", "150"),
        ("sums", "clocks"),
        ("questions about", "long stories by a named child about"),
        ("ask(", "ask_twice("),
        ("ask(f", "print(f"),
        ("TOPICS:", "TOPICS[1:]:"),
        ('{"name": "sums", "rows": 60}, ', ""),
    ],
)
def test_another_number_text_or_step_makes_another_program(old: str, new: str) -> None:
    padding = "".join(f"x{n} = {n}\n" for n in range(500))  # however long both are
    changed = CODE.replace(old, new)
    assert changed != CODE
    assert program_likeness(CODE + padding, changed + padding) < 0.9


@pytest.mark.parametrize("broken", ["def (", "x = " + "(" * 3000, "\0", ""])
def test_sources_that_cannot_be_parsed_are_compared_as_texts(broken: str) -> None:
    assert program_likeness(broken, broken) == 1.0
    assert program_likeness(CODE, broken) == 0.0
