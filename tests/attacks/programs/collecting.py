"""Honest: hands in what a hostile teacher wrote, all of it, and prints some."""

rows = []
for answer in ours.teacher.generate_batch([f"Write exercise {n}." for n in range(1000, 1048)]):
    if not answer.ok:
        print(answer.error)
        continue
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
for row in rows[:30]:
    print(row["input"][:200], file=sys.stderr)
