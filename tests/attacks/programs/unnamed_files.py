"""Fills the disk with files that lose their names at once, and holds them open."""

print("begun", flush=True)
for number in range(12):
    held = os.open(f"{number}", os.O_CREAT | os.O_WRONLY)
    os.unlink(f"{number}")
    os.write(held, b"x" * 5_000_000)
time.sleep(60)
