"""Readers of real tables, one per publisher's layout, and cited facts; the only place that knows a publisher's format.

`read_input_output`, `read_patents` and `read_income` turn files into tables keyed by ISO alpha-3 code; `places` matches
names of countries; `classifications` says which sectors and technologies make an industry; `facts` holds the cited
figures a simulation is judged by. Nothing here is fetched from a network.
"""
