"""An honest program after a poisoned one: finds nothing of it, and has what it needs."""

print("GOT poison" if hasattr(sys, "poisoned") else "held: no code of another's ran")
print("GOT" if sorted(os.listdir(".")) != ["program.py"] else "held", os.listdir("."))
print("GOT" if os.listdir(os.environ["TMPDIR"]) else "held", "temporary folder")
for folder in ("/dev/shm", "/var/tmp", os.path.expanduser("~")):
    try:
        names = [name for name in os.listdir(folder) if name != "program.py"]
    except OSError:
        names = []
    found = [name for name in names if "poison" in name or "customize" in name]
    print("GOT" if found else "held", folder, found)
ours.save_rows(exercises(400, 30))
