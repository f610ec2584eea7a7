"""Takes memory in many processes, each of them modest."""

print("begun", flush=True)
for _ in range(8):
    if os.fork() == 0:
        hoard = bytearray(b"x") * (80 * 1024**2)
        time.sleep(60)
time.sleep(60)
