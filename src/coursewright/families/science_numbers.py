# ruff: noqa: E501, SIM905 - word lists read better on one line
"""Small measurements and what to compute from them: numbers for the skills of `science`."""

from random import Random

from coursewright.families import Difficulty
from coursewright.families.calculation import Drawn, Fields, between, factor
from coursewright.families.pools import DAYS, NAMES, PLACES

_MOVERS = "train cart truck runner drone boat cyclist tram robot car bus ferry scooter sled skater horse".split()
_BODIES = "box cart crate ball stone bag barrel sled block trolley chair drum puck brick melon bucket".split()
_SAMPLES = "cube stone cylinder block bar bead ring coin plate rod wedge pebble marble nugget disc tile".split()
_MATERIALS = "metal wood clay glass wax rubber plastic oil resin brass cork marble".split()
_DEVICES = "lamp fan heater motor buzzer coil toaster kettle pump radio speaker charger".split()
_LIQUIDS = "water oil milk tea juice brine syrup ethanol soup broth vinegar cider".split()
_ISOTOPES = "tracer,dye,tin isotope,iron isotope,lead isotope,gas,salt,cobalt isotope,iodine isotope,radon sample,source,tritium sample".split(
    ","
)
_CROPS = "pea plants,mice,fruit flies,rabbits,tomato plants,roses,guinea pigs,corn plants,beetles,kittens,poppies,fish".split(
    ","
)
_ATOMS = "tin iron lead zinc gold silver cobalt nickel copper iodine barium radium".split()
_SPORTS = "running,a nap,climbing stairs,dancing,lunch,swimming,a walk,yoga,rowing,cycling,a race,skating".split(
    ","
)


def _scene(rng: Random, level: Difficulty, things: list[str]) -> dict[str, object]:
    """Slots every template may use. A hard question opens with a number that has nothing to do with the answer."""
    number = rng.randint(2, 40)
    asides = (
        f"Trial {number}: ",
        f"Question {number}. ",
        f"Page {number}. ",
        f"Test number {number}: ",
        f"{rng.choice(DAYS)}, group {number}: ",
        f"Card {number}: ",
    )
    return {
        "who": rng.choice(NAMES),
        "thing": rng.choice(things),
        "place": rng.choice(PLACES),
        "day": rng.choice(DAYS),
        "aside": rng.choice(asides) if level == "hard" else "",
    }


def _travel(rng: Random, level: Difficulty) -> tuple[dict[str, object], int, int]:
    far, tick = rng.choice((("m", "seconds"), ("km", "hours"), ("m", "minutes")))
    speed, time = factor(rng, level), factor(rng, level)
    each = tick[:-1]
    return (
        _scene(rng, level, _MOVERS)
        | {"far": far, "tick": tick, "each": each, "v": speed, "t": time, "d": speed * time},
        speed,
        time,
    )


def speed(rng: Random, level: Difficulty) -> Drawn:
    fields, speed, time = _travel(rng, level)
    return fields, f"{speed * time} / {time} = {speed}"


def distance(rng: Random, level: Difficulty) -> Drawn:
    fields, speed, time = _travel(rng, level)
    return fields, f"{speed} * {time} = {speed * time}"


def force(rng: Random, level: Difficulty) -> Drawn:
    mass, acceleration = factor(rng, level), factor(rng, level)
    return _scene(rng, level, _BODIES) | {
        "m": mass,
        "a": acceleration,
    }, f"{mass} * {acceleration} = {mass * acceleration}"


def weight(rng: Random, level: Difficulty) -> Drawn:
    mass = between(rng, level, (2, 30), (10, 60), (20, 99))
    return _scene(rng, level, _BODIES) | {"m": mass}, f"{mass} * 10 = {mass * 10}"


def density(rng: Random, level: Difficulty) -> Drawn:
    density, volume = factor(rng, level), factor(rng, level)
    fields: Fields = {"material": rng.choice(_MATERIALS), "m": density * volume, "v": volume}
    return _scene(rng, level, _SAMPLES) | dict(fields), f"{density * volume} / {volume} = {density}"


def voltage(rng: Random, level: Difficulty) -> Drawn:
    current, resistance = factor(rng, level), factor(rng, level)
    return _scene(rng, level, _DEVICES) | {
        "i": current,
        "r": resistance,
    }, f"{current} * {resistance} = {current * resistance}"


def series(rng: Random, level: Difficulty) -> Drawn:
    first, second = (between(rng, level, (2, 20), (5, 40), (11, 49)) for _ in range(2))
    return _scene(rng, level, _DEVICES) | {
        "a": first,
        "b": second,
    }, f"{first} + {second} = {first + second}"


def kelvin(rng: Random, level: Difficulty) -> Drawn:
    celsius = between(rng, level, (2, 26), (5, 60), (20, 99))
    return _scene(rng, level, _LIQUIDS) | {"c": celsius}, f"{celsius} + 273 = {celsius + 273}"


def neutrons(rng: Random, level: Difficulty) -> Drawn:
    protons = between(rng, level, (3, 15), (5, 30), (12, 45))
    neutrons = protons + between(rng, level, (0, 4), (0, 9), (2, 20))
    fields: Fields = {"z": protons, "a": protons + neutrons}
    return _scene(rng, level, _ATOMS) | dict(
        fields
    ), f"{protons + neutrons} - {protons} = {neutrons}"


def half_life(rng: Random, level: Difficulty) -> Drawn:
    halvings = rng.randint(1, 3)
    rest = factor(rng, level)
    half, unit = rng.randint(2, 12), rng.choice(("days", "hours", "years", "minutes"))
    start = rest * 2**halvings
    fields: Fields = {"n": start, "half": half, "unit": unit, "time": half * halvings}
    return _scene(rng, level, _ISOTOPES) | dict(fields), f"{start} / {2**halvings} = {rest}"


def acceleration(rng: Random, level: Difficulty) -> Drawn:
    start, rate, time = (
        between(rng, level, (2, 9), (2, 15), (5, 30)),
        factor(rng, level),
        between(rng, level, (2, 5), (2, 6), (2, 9)),
    )
    end = start + rate * time
    fields: Fields = {"u": start, "v": end, "t": time}
    return _scene(rng, level, _MOVERS) | dict(
        fields
    ), f"{end} - {start} = {rate * time}, {rate * time} / {time} = {rate}"


def pulse(rng: Random, level: Difficulty) -> Drawn:
    seconds, times = rng.choice(((30, 2), (20, 3), (15, 4), (10, 6)))
    beats = rng.randint(*{"easy": (60, 90), "medium": (60, 110), "hard": (60, 150)}[level]) // times
    fields: Fields = {"n": beats, "s": seconds}
    return _scene(rng, level, _SPORTS) | dict(fields), f"{beats} * {times} = {beats * times}"


def recessive(rng: Random, level: Difficulty) -> Drawn:
    quarter = between(rng, level, (2, 10), (2, 15), (5, 25))
    return _scene(rng, level, _CROPS) | {"n": quarter * 4}, f"{quarter * 4} / 4 = {quarter}"


def lever(rng: Random, level: Difficulty) -> Drawn:
    # The other side must balance exactly: split the moment into force and arm in another way.
    choices: list[int] = []
    while not choices:
        answer = between(rng, level, (2, 8), (2, 10), (3, 12))
        arm = between(rng, level, (2, 6), (2, 8), (3, 12))
        moment = answer * arm
        choices = [
            force
            for force in range(2, 30)
            if moment % force == 0 and force != answer and 2 <= moment // force <= 15
        ]
    force = rng.choice(choices)
    fields: Fields = {"f": force, "x": moment // force, "y": arm}
    worked = f"{force} * {moment // force} = {moment}, {moment} / {arm} = {answer}"
    return _scene(rng, level, _BODIES) | dict(fields), worked
