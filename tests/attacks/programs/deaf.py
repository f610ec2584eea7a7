"""Ignores and blocks every signal that can be, in a child of its own session, too; clocks stand."""

import signal

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
if os.fork() == 0:
    try:
        os.setsid()
    except OSError:
        pass
os.environ["COURSEWRIGHT_DEADLINE"] = "inf"
time.monotonic = time.time = lambda: 0.0
print("begun", flush=True)
while True:
    time.sleep(60)
