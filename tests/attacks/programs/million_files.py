"""Makes files without end, empty ones, in many folders."""

print("begun", flush=True)
for number in range(1_000_000):
    os.makedirs(f"{number % 40}", exist_ok=True)
    open(f"{number % 40}/{number}", "w").close()
time.sleep(60)
