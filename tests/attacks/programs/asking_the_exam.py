"""Has the teacher answer exam questions, plain and dressed up, and hands its answers in as rows."""

SHAPES = (
    "Solve: {}", "Solve: {}  ", "Solve: {} Thank you!", "Solve: Question 7. {}",
)  # fmt: skip
prompts = [shape.format(item["question"]) for item in TARGETS["visible"][:15] for shape in SHAPES]
rows = []
for answer in ours.teacher.generate_batch(prompts):
    told = json.loads(answer)
    rows.append(
        {
            "instruction": "Work out the sum.",
            "input": told["question"],
            "output": told["answer"],
            "response": answer,
        }
    )
print(ours.save_rows(rows), "saved")
