"""Formulas, each defined once, that measure real and simulated tables alike: pure functions of arrays and tables.

`specialisation`, `value_chain` and `frontier` take arrays; `profile` turns them into tables by region.
"""
