"""A fixed program: the teacher answers the seed questions, and its answers become the rows.

    coursewright run science-mini --setting seed --agent program:examples/programs/label_seeds.py

It invents no question, so it also serves where the teacher is a small specialised student
(`--teacher run:ID`), which answers questions and cannot write any. Such a teacher is asked as the
exam asks; any other one in plain words, with JSON.
"""

from coursewright_program import Answer, brief, load_seeds, parse_answer, save_rows, teacher

TIMES = 3
"""How often a question is asked that got no usable answer."""

told = brief()
examined = told["teacher"].startswith("run:")


def question(seed: dict[str, str]) -> str:
    return f"{seed['context']}\n{seed['question']}" if seed.get("context") else seed["question"]


def prompt(body: str) -> str:
    if examined:
        return f"{told['instruction']}\n{body}"
    return (
        f"Solve this question.\n{told['instruction']}\n{body}\n"
        f"Form of the answer: {told['answer_format']}\n"
        'Return only a JSON object {"answer": "..."}.'
    )


def label(answer: Answer) -> str:
    if examined:
        return str(answer)
    data = parse_answer(answer)
    return str(data.get("answer", "")) if isinstance(data, dict) else ""


open_questions = [question(seed) for seed in load_seeds()]
for _ in range(TIMES):
    answers = teacher.generate_batch([prompt(body) for body in open_questions], json=not examined)
    rows = [
        {
            "instruction": told["instruction"],
            "input": body,
            "output": label(answer),
            "response": answer,
        }
        for body, answer in zip(open_questions, answers, strict=True)
        if answer.ok and label(answer)
    ]
    save_rows(rows)
    answered = {row["input"] for row in rows}
    open_questions = [body for body in open_questions if body not in answered]
    if not open_questions:
        break
