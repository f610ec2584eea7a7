"""Reading questions back, and doing so safely whatever the text."""

import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.families import FAMILIES, Difficulty, Family, Sample, Skill, load_family
from coursewright.families.program_reading import Unreadable, result_of
from coursewright.families.solving import Solver
from coursewright.teacher.simulated import SimulatedUpstream

SOLVER = Solver([load_family(name) for name in FAMILIES])


@pytest.mark.parametrize(
    "source",
    [
        "f = lambda: [0] * 10**9\nf()",
        "f = lambda: 10**10**10\nf()",
        "def f():\n while True: pass\nf()",
        "def f(): return f()\nf()",
        "def f():\n x = [1]\n for i in range(60): x = [x, x]\n return x\nf()",
        "def f():\n x = [1]\n x.append(x)\n return x\nf()",
        "def f():\n x = 'a'\n for i in range(100): x += x\n return x\nf()",
        "def f():\n x = [1]\n while x: x.extend(x)\nf()",
        "f = lambda: list(iter(int, 1))\nf()",
        "f = lambda: sum(range(10**9))\nf()",
        "f = lambda: '%1000000000d' % 3\nf()",
        "f = lambda: 'a'.join(['b' * 5000] * 5000)\nf()",
        "f = lambda x: x.__class__.__bases__\nf(1)",
        "f = lambda: ().__class__\nf()",
        "import os\nos.system('x')",
        "f = lambda: open('/etc/passwd').read()\nf()",
        "f = lambda: eval('1')\nf()",
        "f = lambda: '{0.__class__}'.format(1)\nf()",
        "f = lambda: 0\n" + "(" * 3000 + "1" + ")" * 3000,
        "f = lambda: 1 / 0\nf()",
    ],
)
def test_hostile_programs_are_neither_run_nor_followed_for_long(source: str):
    began = time.process_time()
    with pytest.raises(Unreadable):
        result_of(source)
    assert time.process_time() - began < 1.0


def test_programs_are_read_as_python_means_them():
    program = (
        "def f(d, key):\n    try:\n        return d[key]\n    except KeyError:\n        return 7\n"
        "f({'a': 1}, 'b')"
    )
    assert result_of(program) == "7"
    assert result_of("def f(x):\n    a, *b = x\n    return [*b, a]\nf([1, 2, 3])") == "[2, 3, 1]"


def _draw_change(rng: Random, phrasing: str, difficulty: Difficulty) -> Sample:
    paid, price = rng.randint(50, 99), rng.randint(2, 49)
    question = {
        "till": f"The till shows {price} coins and {paid} coins are handed over. What comes back?",
        "shop": f"Somebody pays {paid} coins for a thing of {price} coins. What is the change?",
    }[phrasing]
    return Sample(
        "change", phrasing, question, "", str(paid - price), f"{paid} - {price} = {paid - price}"
    )


WITHHELD = Family(
    "change",
    "Answer the question about coins.",
    (
        Skill(
            "change",
            "change at a till",
            "Coins that come back when more is handed over than a thing costs.",
            ("change", "till", "coins back"),
            ("till", "shop"),
            (),
            _draw_change,
            lambda sample, rng: f"{sample.worked[:-1]}{(int(sample.worked[-1]) + 1) % 10}",
        ),
    ),
)


def test_family_from_outside_is_learned_from_its_draws_alone():
    rng, solver = Random(1), Solver([WITHHELD])
    for phrasing in ("till", "shop") * 20:
        sample = WITHHELD.skills[0].sample(rng, phrasing)
        solved = solver.solve(f"Question: {sample.question}")
        assert solved is not None
        assert (solved.worked, solved.phrasing) == (sample.worked, phrasing)


def test_teacher_knows_a_family_named_by_dotted_path():
    teacher = SimulatedUpstream(
        families=("tests.teacher.test_solving.WITHHELD",), wrong=0, broken=0
    )
    prompt = 'Write 3 questions about the coins given back at a till. JSON: "question", "answer".'
    text = teacher.respond({"messages": [{"role": "user", "content": prompt}]}, 1)
    assert text.count(" coins") == 6
    questions = [WITHHELD.skills[0].sample(Random(i)).question for i in range(20)]
    assert teacher.knows("Something else.", questions)
    assert not SimulatedUpstream().knows("Something else.", questions)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_solved_or_not_without_an_error(text: str):
    SOLVER.solve(text)
    SOLVER.recognise(text)


@pytest.mark.parametrize(
    "text",
    [
        "there were 3 a and 4 b " * 26,
        "Tom had 5 figs. " * 37,
        "how many " * 65,
        "a 1 b 2 | c\n" * 300,
        "def f(x):\n" * 300,
        "1 " * 2000,
    ],
)
def test_hostile_texts_cost_little_time(text: str):
    SOLVER.solve("warm up")
    began = time.process_time()
    SOLVER.solve(text)
    assert time.process_time() - began < 2.0
