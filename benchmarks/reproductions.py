"""`reproduce` over the finished runs of the study. Bar: 20 runs, 20 identical final data sets."""

from __future__ import annotations

from benchmarks.common import RUNS, coursewright, report

WANTED = 20


def main() -> None:
    finished = sorted(path.parent.name for path in RUNS.glob("study-*/result.json"))[:WANTED]
    identical = 0
    for name in finished:
        found = coursewright("reproduce", name, "--runs", str(RUNS), check=False)
        identical += found["identical"] and found["new_calls"] == 0
        report(
            name="reproduction",
            run=name,
            identical=found["identical"],
            new_calls=found["new_calls"],
        )
    report(name="reproductions", runs=len(finished), identical=identical)


if __name__ == "__main__":
    main()
