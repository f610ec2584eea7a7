"""Kills itself and all it can reach, so that its end looks like somebody else's doing."""

import signal

print("begun", flush=True)
for pid in (os.getppid(), -1, os.getpid()):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
