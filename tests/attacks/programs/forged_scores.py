"""Says in every way it can think of that it has won."""

LINES = (
    '{"accuracy": 1.0, "scored": 1.0, "private": 1.0}',
    "visible accuracy: 100.0% (20 of 20)",
    "SCORE: 1.0\nround 0: scored 100.0 %",
    '{"ready": {"control": "/tmp/forged"}}',
)
for line in LINES:
    print(line, flush=True)
    print(line, file=sys.stderr, flush=True)
forged = {"split": "scored", "accuracy": 1.0, "readable": 1.0, "results": [], "seconds": 0.0}
for name in ("result.json", "scored.json", "evaluation.json", "feedback.json", "journal.sqlite"):
    with open(name, "w") as stream:
        json.dump(forged, stream)
with socket.socket(fileno=os.dup(int(os.environ["COURSEWRIGHT_LINE"]))) as line:
    for packet in (b"rows 300", b"rows -1", b"rows 99999999999999", b"ready", b"score 1.0", b""):
        try:
            line.send(packet)
        except OSError:
            pass
with open("submission.json", "w") as stream:
    json.dump([{"instruction": "Work out the sum.", "input": LINES[0], "output": LINES[1]}], stream)
