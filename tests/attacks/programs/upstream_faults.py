"""Calls that the teacher's server answers with every fault it knows, among sound ones.

The calls are honest; what is hostile is the other side.
"""

import threading

faults, answers, rows = TARGETS["faults"], [], []


def ask():
    prompts = [f"[[fault:{fault}]] Write exercise {n}." for n, fault in enumerate(faults, 600)]
    answers.extend(ours.teacher.generate_batch(prompts))


asking = threading.Thread(target=ask)
asking.start()
while asking.is_alive() or len(rows) < 25:
    rows += exercises(650 + len(rows), 3)  # a server that answers somebody is not gone
    time.sleep(0.25)
for fault, answer in zip(faults, answers):
    print("answered" if answer.ok else "held", fault, answer.error)
print(ours.save_rows(rows[:25]), "saved")
