"""Leaves a process behind that asks the teacher once the program is over."""

early = connection()
if os.fork() == 0:
    try:
        os.setsid()
    except OSError:
        pass
    if os.fork() == 0:
        parent = os.getppid()
        while os.getppid() == parent:
            time.sleep(0.01)
        time.sleep(0.4)
        for number in range(200):
            for raw in (early, None):
                try:
                    post(raw or connection(), f"Write exercise {number + 9200}, after the end.")
                except Exception:
                    pass
    else:
        time.sleep(0.3)
    os._exit(0)
print("held", post(connection(), "Write exercise 9001.")[0], flush=True)
time.sleep(0.1)
