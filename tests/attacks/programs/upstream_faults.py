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
rows += exercises(650, 25)
while asking.is_alive():
    # A server that answers somebody is not gone. The last calls are left to the faults.
    if ours.teacher.calls_left() > 30:
        rows += exercises(650 + len(rows), 1)
    asking.join(1.0)
for fault, answer in zip(faults, answers):
    print("answered" if answer.ok else "held", fault, answer.error)
print(ours.save_rows(rows[:25]), "saved")
