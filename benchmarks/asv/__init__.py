"""Benchmarks for asv; ../asv.conf.json says how they are run."""
