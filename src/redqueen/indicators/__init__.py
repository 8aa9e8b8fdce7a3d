"""Formulas, each defined once, that measure real and simulated tables alike: pure functions of arrays and tables.

What a region does: `specialisation` (RCA and how sure it is), `relatedness`, `complexity`, `structure` (breadth, concentration,
likeness), `turnover` (entry, exit and what relatedness does to them). Chains: `value_chain` (who buys from whom), `leontief` (one
factorisation of an input-output table, and every indicator of it), `trade_in_value_added`, `chain_value` (who keeps the value,
whose jobs), `profile` (one industry, a row a region). Ties: `networks`. Innovation: `innovation` (the mix of research), `frontier`
(distance, catching up, the Red Queen). Firms: `demography`. Sparse and large tables, `rca_interval` and `leontief` need scipy
(extra `evidence`).
"""
