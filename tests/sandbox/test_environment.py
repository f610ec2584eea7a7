"""What a program finds: packages, randomness, order of sets."""

from __future__ import annotations

from importlib import metadata

from coursewright.sandbox import PROGRAM_PACKAGES, installed_packages

from .conftest import Run

_RANDOM = """
import os, random, secrets, uuid
import numpy
print({f"word{i}" for i in range(20)}, hash("x"))
print(random.random(), secrets.token_hex(4), uuid.uuid4(), os.urandom(4).hex())
print(numpy.random.rand(), numpy.random.default_rng().random())
for _ in range(2):
    if os.fork() == 0:
        print(random.random(), secrets.token_hex(4), flush=True)
        os._exit(0)
    os.wait()
"""


def test_randomness_and_set_order_follow_the_seed_alone(run: Run) -> None:
    first, again, other = (run(_RANDOM, seed=seed).lines for seed in (7, 7, 8))
    assert len(first) == 5
    assert first == again
    assert all(one != two for one, two in zip(first, other, strict=True))
    assert first[3] != first[4]


def test_packages_of_the_brief_can_be_imported(run: Run) -> None:
    modules = {"python-dateutil": "dateutil", "pyyaml": "yaml"}
    names = [line.split()[0] for line in installed_packages()]
    ran = run("\n".join(f"import {modules.get(n, n)}; print({n!r})" for n in names))
    assert ran.lines == names
    assert "numpy" in names


def test_other_packages_cannot_be_imported(run: Run) -> None:
    assert "torch" not in PROGRAM_PACKAGES
    others = ["coursewright", "pytest", "torch", "transformers", "pip", "setuptools", "typer"]
    ran = run(
        f"""
        import importlib.util
        print([name for name in {others} if importlib.util.find_spec(name)])
        """
    )
    assert ran.lines == ["[]"]


def test_metadata_of_allowed_packages_is_there(run: Run) -> None:
    ran = run("from importlib.metadata import version; print(version('numpy'))")
    assert ran.lines == [metadata.version("numpy")]


def test_usual_tools_work(run: Run) -> None:
    ran = run(
        """
        import shutil, subprocess, sys, tempfile
        print(subprocess.run([sys.executable, "-c", "import json; print(json.dumps(1))"],
                             capture_output=True, text=True).stdout.strip())
        print(subprocess.run("echo a | sort", shell=True, capture_output=True, text=True).stdout)
        with tempfile.NamedTemporaryFile() as file:
            shutil.copy2("program.py", file.name)
        open("helper.py", "w").write("value = 3")
        import helper, pandas
        print(helper.value, pandas.DataFrame({"a": [1, 2]}).a.sum(), open("/dev/null").read())
        """
    )
    assert [line.strip() for line in ran.lines if line] == ["1", "a", "3 3"]


def test_attempts_share_nothing(run: Run) -> None:
    leave = (
        "import os\nopen('left', 'w').close()\nopen(os.environ['TMPDIR'] + '/left', 'w').close()"
    )
    run(leave)
    ran = run("import os\nprint(os.listdir('.'), os.listdir(os.environ['TMPDIR']))")
    assert ran.lines == ["['program.py'] []"]


def test_text_that_is_no_utf8_fails_as_a_program(run: Run) -> None:
    ran = run("print('\ud800')")
    assert ran.execution.status == "raised"
