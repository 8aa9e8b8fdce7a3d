"""Named whole numbers that the rules compare: innovation modes, kinds of tie, owners, backing and segments."""

KINDS: dict[str, tuple[int, str]] = {
    # Time
    "QUARTERS_A_YEAR": (4, "what is done once a year is done every so many quarters"),
    # What a stage works on
    "IDLE": (0, "no project"),
    "NOVEL": (1, "novel-product innovation"),
    "SECOND": (2, "second-generation innovation: improving what others have shown"),
    "PROCESS": (3, "process innovation: cheaper"),
    "PRODUCTION": (4, "production innovation: more flexible"),
    # How two firms know each other
    "LOCAL_TIE": (0, "met at an association, or former colleagues"),
    "SPINOFF_TIE": (1, "parent and offspring"),
    "SUPPLY_TIE": (2, "customer and supplier"),
    "DIASPORA_TIE": (3, "through compatriots abroad"),
    "FAIR_TIE": (4, "met at a fair abroad"),
    # Who owns a firm
    "PRIVATE": (0, "local private owners"),
    "AFFILIATE": (1, "a lead firm of another region"),
    "STATE": (2, "the state"),
    # Venture backing
    "UNBACKED": (0, "no venture money"),
    "BACKED": (1, "a fund holds a ticket"),
    "EXITED": (2, "sold or listed"),
    "WRITTEN_OFF": (3, "written off"),
    # Buyers
    "FRONTIER": (0, "buyers who want the best"),
    "VALUE": (1, "buyers who want value for money"),
}

MODES = ("novel", "second", "process", "production")
TIE_KINDS = ("local", "spinoff", "supply", "diaspora", "fair")
SEGMENTS = ("frontier", "value")

globals().update({name: number for name, (number, _) in KINDS.items()})
