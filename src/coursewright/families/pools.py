# ruff: noqa: E501, SIM905 - word lists read better on one line
"""Words that fill the slots of question templates: plain, common, regular in the plural."""

NAMES = tuple(
    "Ada Alan Amir Anna Ben Beth Carla Chen Clara Dana David Diego Elena Emma Eric Eva Felix Fiona Frank Gina Greg Hana Hugo Ida Ivan "
    "Jack Jane Jonas Julia Karl Kate Kofi Lara Leo Lily Lucas Maria Mark Maya Milo Nadia Nina Noah Nora Olga Omar Oscar Paula Peter "
    "Priya Rosa Ruth Sam Sara Sofia Tara Tom Uma Victor Wanda Yusuf Zoe".split()
)

PLACES = (
    "in the lab",
    "at school",
    "in the gym",
    "at the park",
    "in the garage",
    "at the museum",
    "in the yard",
    "at the harbor",
    "on the field",
    "at the fair",
    "in the hall",
    "in the workshop",
    "on the roof",
    "at the station",
    "at home",
    "in the basement",
)

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
