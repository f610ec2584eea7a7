# ruff: noqa: E501, SIM905 - word lists read better on one line
"""People, things, places and doings for word problems."""

from random import Random

_SHE = "Ada Anna Beth Carla Clara Dana Elena Emma Eva Fiona Gina Hana Ida Jane Julia Kate Lara Lily Maria Maya Nadia Nina Nora Olga Paula Priya Rosa Ruth Sara Sofia Tara Uma Wanda Zoe Mia Amy Lucy Kim Tina Helen".split()
_HE = "Alan Amir Ben Chen David Diego Eric Felix Frank Greg Hugo Ivan Jack Jonas Karl Kofi Leo Lucas Mark Milo Noah Omar Oscar Peter Sam Tom Victor Yusuf Bill Carl Dan Henry Jim Joe Paul Rick Tim Will Zack".split()

_FOOD = "figs plums cookies muffins nuts carrots pies rolls waffles grapes pears lemons cherries olives radishes donuts pancakes dumplings tomatoes peppers bananas melons sandwiches candies eggs".split()
_TREASURES = "marbles stickers stamps coins shells cards buttons beads badges pebbles magnets posters puzzles comics figurines dolls kites whistles feathers books toys".split()
_SUPPLIES = "pencils crayons nails candles batteries tickets bottles envelopes brushes notebooks folders screws tiles ribbons napkins plates bulbs sponges pens erasers flowers balloons".split()

_OWNED: tuple[
    tuple[list[str], tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], tuple[str, ...]], ...
] = (
    (
        _FOOD,
        (
            ("ate", "eat"),
            ("gave away", "give away"),
            ("sold", "sell"),
            ("dropped", "drop"),
            ("used", "use"),
            ("threw out", "throw out"),
        ),
        (
            ("bought", "buy"),
            ("picked", "pick"),
            ("got", "get"),
            ("received", "receive"),
            ("packed", "pack"),
        ),
        ("ripe", "fresh", "small", "big", "frozen", "dried", "red", "green", "yellow"),
    ),
    (
        _TREASURES,
        (
            ("lost", "lose"),
            ("gave away", "give away"),
            ("sold", "sell"),
            ("traded away", "trade away"),
            ("broke", "break"),
            ("misplaced", "misplace"),
        ),
        (
            ("found", "find"),
            ("bought", "buy"),
            ("won", "win"),
            ("got", "get"),
            ("collected", "collect"),
            ("received", "receive"),
        ),
        ("red", "blue", "green", "old", "new", "small", "shiny", "painted", "striped", "plain"),
    ),
    (
        _SUPPLIES,
        (
            ("used", "use"),
            ("gave away", "give away"),
            ("threw away", "throw away"),
            ("lost", "lose"),
            ("lent out", "lend out"),
            ("sold", "sell"),
        ),
        (
            ("bought", "buy"),
            ("ordered", "order"),
            ("got", "get"),
            ("found", "find"),
            ("received", "receive"),
        ),
        ("red", "blue", "white", "black", "long", "short", "new", "old", "thick", "thin"),
    ),
)

_CROWDS = (
    (
        "passengers",
        "on the ferry",
        "the ferry",
        ("got off", "went ashore"),
        ("got on", "came aboard"),
    ),
    ("riders", "on the tram", "the tram", ("got off", "stepped off"), ("got on", "came aboard")),
    (
        "children",
        "in the playground",
        "the playground",
        ("went home", "left", "ran off"),
        ("came", "arrived", "joined them"),
    ),
    (
        "visitors",
        "in the museum",
        "the museum",
        ("left", "went home"),
        ("came", "arrived", "walked in"),
    ),
    ("swimmers", "in the pool", "the pool", ("got out", "left"), ("came", "jumped in", "arrived")),
    ("guests", "at the party", "the party", ("left", "went home"), ("came", "arrived")),
    (
        "ducks",
        "on the pond",
        "the pond",
        ("flew away", "swam off", "left"),
        ("came", "landed", "arrived"),
    ),
    ("pigeons", "on the roof", "the roof", ("flew away", "left"), ("came", "landed")),
    ("cars", "in the parking lot", "the parking lot", ("drove off", "left"), ("came", "arrived")),
    ("boats", "in the harbor", "the harbor", ("sailed off", "left"), ("came", "arrived")),
    (
        "players",
        "on the field",
        "the field",
        ("left", "went home"),
        ("came", "joined them", "arrived"),
    ),
    ("customers", "in the cafe", "the cafe", ("left", "went out"), ("came", "walked in")),
    ("cows", "in the meadow", "the meadow", ("left", "ran off"), ("came", "arrived")),
    ("students", "in the library", "the library", ("left", "went home"), ("came", "arrived")),
    ("frogs", "at the lake", "the lake", ("jumped away", "left"), ("came", "arrived")),
)

_WORKS = (
    ("pages", "copied", "copy"),
    ("miles", "cycled", "cycle"),
    ("laps", "jogged", "jog"),
    ("cakes", "baked", "bake"),
    ("walls", "painted", "paint"),
    ("forms", "signed", "sign"),
    ("letters", "mailed", "mail"),
    ("problems", "solved", "solve"),
    ("shirts", "folded", "fold"),
    ("dresses", "sewed", "sew"),
    ("trees", "planted", "plant"),
    ("points", "scored", "score"),
    ("cans", "collected", "collect"),
    ("cars", "washed", "wash"),
    ("windows", "cleaned", "clean"),
    ("bikes", "repaired", "repair"),
    ("parcels", "delivered", "deliver"),
    ("baskets", "filled", "fill"),
    ("photos", "printed", "print"),
    ("kids", "coached", "coach"),
    ("games", "played", "play"),
    ("fish", "caught", "catch"),
    ("dollars", "earned", "earn"),
    ("toys", "carved", "carve"),
    ("songs", "practiced", "practice"),
    ("push-ups", "finished", "finish"),
)

_TIMES = (
    ("on monday", "on tuesday", "on friday"),
    ("on saturday", "on sunday", "on thursday"),
    ("on wednesday", "on thursday", "on saturday"),
    ("in the morning", "in the afternoon", "in the evening"),
    ("in march", "in april", "in june"),
    ("in the first week", "in the second week", "in the third week"),
    ("in spring", "in summer", "in fall"),
    ("before lunch", "after lunch", "at night"),
    ("on the first day", "on the second day", "on the third day"),
)

_WARES = (
    ("ticket", "tickets"), ("mug", "mugs"), ("scarf", "scarves"), ("lamp", "lamps"), ("ball", "balls"), ("hat", "hats"), ("kite", "kites"),
    ("chair", "chairs"), ("jacket", "jackets"), ("puzzle", "puzzles"), ("pie", "pies"), ("plant", "plants"), ("bag", "bags"), ("tent", "tents"),
    ("helmet", "helmets"), ("racket", "rackets"), ("blanket", "blankets"), ("rug", "rugs"), ("cake", "cakes"), ("poster", "posters"), ("toy", "toys"),
    ("shirt", "shirts"), ("game", "games"), ("pizza", "pizzas"), ("clock", "clocks"), ("notebook", "notebooks"), ("doll", "dolls"),
)  # fmt: skip

_BOXES = (
    ("box", "boxes"), ("crate", "crates"), ("hamper", "hampers"), ("jar", "jars"), ("bag", "bags"), ("tray", "trays"), ("drawer", "drawers"),
    ("bucket", "buckets"), ("chest", "chests"), ("bowl", "bowls"), ("shelf", "shelves"), ("carton", "cartons"), ("bin", "bins"), ("case", "cases"),
)  # fmt: skip

_KITCHEN = ("sugar", "flour", "milk", "oil", "rice", "oats", "water", "salt", "butter", "cocoa")


def draw_world(rng: Random) -> dict[str, str]:
    """Fills for all slots but the numbers: people `A B C`, things `n m p q r k j`, and the rest."""
    women, men = rng.sample(_SHE, 3), rng.sample(_HE, 3)
    people = [(women[at], True) if rng.random() < 0.5 else (men[at], False) for at in range(3)]
    (first, first_she), (second, second_she), (third, _) = people
    things, losses, gains, looks = rng.choice(_OWNED)
    item, other, third_item = rng.sample(things, 3)
    look, other_look, third_look = rng.sample(looks, 3)
    alike = rng.random() < 0.5
    lost, lose = rng.choice(losses)
    got, get = rng.choice(gains)
    folk, spot, spot_name, leaving, coming = rng.choice(_CROWDS)
    unit, made, make = rng.choice(_WORKS)
    times = rng.choice(_TIMES)
    ware, other_ware = rng.sample(_WARES, 2)
    box, boxes = rng.choice(_BOXES)
    first_food, second_food = rng.sample(_KITCHEN, 2)
    return {
        "A": first,
        "B": second,
        "C": third,
        "he": "she" if first_she else "he",
        "his": "her" if first_she else "his",
        "him": "her" if first_she else "him",
        "b_his": "her" if second_she else "his",
        "n": item,
        "m": other,
        "k": look,
        "j": other_look,
        "p": f"{look} {item}" if alike else item,
        "q": f"{other_look} {item}" if alike else other,
        "r": f"{third_look} {item}" if alike else third_item,
        "lost": lost,
        "lose": lose,
        "b_lost": lost,
        "got": got,
        "get": get,
        "folk": folk,
        "spot": spot,
        "spot_name": spot_name,
        "left": rng.choice(leaving),
        "came": rng.choice(coming),
        "unit": unit,
        "made": made,
        "make": make,
        "t": times[0],
        "u": times[1],
        "v": times[2],
        "one": ware[0],
        "many": ware[1],
        "other": other_ware[0],
        "others": other_ware[1],
        "box": box,
        "boxes": boxes,
        "a_box": f"a {box}",
        "p_food": first_food,
        "q_food": second_food,
    }
