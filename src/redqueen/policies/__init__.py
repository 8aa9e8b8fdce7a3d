"""Policies: what a government does and when, read from files and laid out as the numbers that the model takes.

`redqueen.policies.policy` has `Policy`, `Change`, `read_policy`, `schedule` and `catalogue`; `catalogue/` holds one
file a policy; `document` and `positions` read the TOML of policies and cases and say where its faults are.
"""
