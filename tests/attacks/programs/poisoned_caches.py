"""Lays code and data wherever a later program might pick it up."""

POISON = "import sys; sys.poisoned = True\nprint('poisoned', flush=True)\n"
HERE = os.path.dirname(ours.__file__)
PLACES = (
    os.path.expanduser("~"), os.environ.get("TMPDIR", "/tmp"), "/tmp", "/dev/shm", "/var/tmp", HERE,
    os.environ["COURSEWRIGHT_DATA"], *filter(os.path.isabs, sys.path), sys.prefix,
)  # fmt: skip
NAMES = (
    "sitecustomize.py",
    "usercustomize.py",
    "json.py",
    "numpy.py",
    "poison.pth",
    ".pythonrc",
    "submission.json",
    "__pycache__/coursewright_program.cpython-311.pyc",
    ".cache/poison",
    ".config/matplotlib/matplotlibrc",
    f".local/lib/python3.{sys.version_info[1]}/site-packages/sitecustomize.py",
)
left = 0
for place in PLACES:
    for name in NAMES:
        path = os.path.join(place, name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as stream:
                stream.write(POISON)
            left += 1
        except OSError:
            continue
for path in (ours.__file__, json.__file__):
    attempt("library", open, path, "a")
print("left", left, flush=True)
