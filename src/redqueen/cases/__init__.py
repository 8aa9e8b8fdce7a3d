"""Cases: worlds with their policies, facts and sources, one file each.

`redqueen.cases.case` has `Case`, `case`, `bundled` and `read_case`.
"""
