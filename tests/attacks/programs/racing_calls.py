"""500 calls at once, from three processes and many threads, each over its own connection."""

from concurrent.futures import ThreadPoolExecutor


def one(number):
    try:
        with connection() as raw:
            return post(raw, f"Write exercise {number}.")[0]
    except OSError:
        return 0


def race(share):
    with ThreadPoolExecutor(40) as pool:
        return list(pool.map(one, range(share, 500, 3)))


for share in (1, 2):
    if os.fork() == 0:
        with open(f"answers-{share}", "w") as stream:
            json.dump(race(share), stream)
        os._exit(0)
statuses = race(0)
for share in (1, 2):
    os.wait()
for share in (1, 2):
    with open(f"answers-{share}") as stream:
        statuses += json.load(stream)
print("asked", len(statuses), "answered", statuses.count(200), flush=True)
