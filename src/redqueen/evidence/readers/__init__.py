"""Readers, one module a publisher; each ends with the layouts that it reads, `FORMATS`, and is listed in formats.py."""
