"""The report shows what the lab found: in the terminal, as figures and as reference pages."""
