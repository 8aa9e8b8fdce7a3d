"""Evidence: tables as their publishers give them, each read into one tidy table; the only place that knows a publisher's format.

In reading order. What a table is: `evidence` (kinds, measures, one tidy table), `input_output` (flows between producers), `flows`
(the same as long rows). From a place to a table: `formats` (whose layout it is; `read_evidence`), `reading` (what a reader is and
finds), `opening` (streams a place by its layout, checked), `gathering` (puts pieces together, finds repeated keys), `keeping`
(says what was found, writes Parquet), `joining` (joins files of a year each). `readers` holds one module a publisher, and what
several of them share.

How files are read: `unpacking` (bytes, whatever they are packed in), `sample` (a look at a place without reading it), `streaming`
(text and Parquet of any size), `locating` (the line where a text is wrong), `tables` (wide tables whole in memory), `workbooks`,
`checking` (notes what is wrong by line and column). How tables become tidy: `reshaping` (columns into measures), `squares` (the
accounts in a square table), `labels` (columns of codes), `regions`, `places` and `former_places` (countries and their codes),
`united_states`, `harmonised_system`, `classifications` (which sectors, products and technologies make an industry).

Beside them: `patents` and `income` (two tables by function), `distance`, `facts` (the cited figures that a simulation is judged
by, and the sources). Nothing here is fetched from a network.
"""
