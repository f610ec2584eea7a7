"""One call's key used again and again: for further answers, and as the origin of foreign rows."""

KEY = "X-Coursewright-Occurrence"

with connection() as raw:
    said = [post(raw, "Write exercise 9307.", f"{KEY}: 0\r\n") for _ in range(60)]
    print("answers", len({told["choices"][0]["message"]["content"] for _, told in said}))
    for absurd in ("-1", "10001", "9" * 400, "0x1", "nan"):
        status, _ = post(raw, "Write exercise 9308.", f"{KEY}: {absurd}\r\n")
        print("GOT" if status == 200 else "held", "occurrence", absurd[:9], status)
key = said[0][1]["id"]
rows = exercises(9350, 2)
for number in range(40):  # hand-written rows that name a true response, or none, or another's
    rows.append(
        {
            "instruction": "Work out the sum.",
            "input": f"What is {number} plus 9?",
            "output": str(number + 9),
            "response": (key, key[::-1], rows[0]["response"], None)[number % 4],
        }
    )
print(ours.save_rows(rows), "saved")
