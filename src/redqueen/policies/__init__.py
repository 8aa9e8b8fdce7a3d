"""Policies: what a government does and when, read from files and laid out as the numbers that the model takes.

`redqueen.policies.policy` has `Policy`, `Change`, `Government`, `read_policy`, `schedule`, `lay_out_policy` and `catalogue`;
`catalogue/` holds one file a policy; `government` has governments that decide during a run and `deciding` their rules;
`document` and `positions` read the TOML of policies and cases and say where its faults are.
"""
