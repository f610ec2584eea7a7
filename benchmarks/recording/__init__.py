"""Recorded trainings: made once, kept as a table, and learned by a surface to play searches on.

pool.py       rows of every method of a task, made by real programs
design.py     which data sets are composed of them, and why these
table.py      the file: one line a training
surrogate.py  how likely a student of any such data set gets an item right
luck.py       how far trainings of one data set lie apart
check.py      what the surrogate says of trainings that it was not fitted to
"""
