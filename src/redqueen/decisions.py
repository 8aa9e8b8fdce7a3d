"""Every random decision of the model, once: number, what is drawn, and the identity that the draw is keyed by.

A number, once given, stays: changing it changes the luck of every world. Each process has a hundred of its own;
add new decisions at the end of their process. Compiled rules see the same names through decisions.pxd, which the
build writes from this table.
"""

#: name -> (number, what is drawn, the identity and, after a comma, the index that it is keyed by)
DECISIONS: dict[str, tuple[int, str, str]] = {
    # Environment
    "EPOCH": (100, "does a technology epoch of the stage end", "stage"),
    # Sourcing
    "SOURCING": (200, "stage examined, stranger looked at, taking back, spin-off of a unit given up", "lead firm, question"),
    "CAPTIVE": (201, "does a rival sell the output of its own unit", "lead firm and candidate"),
    "MATCH": (203, "how well a supplier suits a lead firm (drawn once, not by quarter)", "lead firm and supplier, stage"),
    "INPUTS": (202, "does a supplier look again at whom it buys from", "firm, stage"),
    # Innovation
    "CONSIDER": (300, "does a free stage look for a project, and which stage first", "firm, stage"),
    "PARTNER": (301, "whose design is considered", "firm, stage and candidate"),
    "MODE": (302, "what is chosen", "firm, stage"),
    "PROJECT_OUTCOME": (303, "does the project succeed, how far it leads, what the new design inherits", "firm, stage"),
    "NOVEL_SIZE": (304, "how large a novel success is", "firm, stage"),
    "COMPLEMENTARITY": (305, "how well two designs combine in an epoch (drawn for the epoch, not the quarter)", "pair of designs, stage"),
    "MANDATE": (307, "does a mandate, or a stop of novelty, bind in this year", "firm, stage and question"),
    "EXTENSION": (306, "does an extension officer come", "firm"),
    # Ties and mobility
    "HIRE": (400, "does the firm hire from another, from whom, and does a project slip there", "firm, question"),
    "ASSOCIATION": (401, "does the firm meet someone at an association, and whom", "firm, question"),
    "DIASPORA": (402, "does it meet a firm abroad through compatriots, where and whom", "firm, question"),
    "FAIR": (403, "is it taken to a fair abroad, where, and whom does it meet", "firm, question"),
    # Talent
    "RETURNEES": (500, "do returnees found a firm, and from which firm they come", "pair of regions, order"),
    # Entry
    "SPINOFF": (600, "do people leave to found a firm", "firm"),
    "FOUNDING": (601, "which stage, lead firm or not, with whose money", "newborn, question"),
    "INHERITANCE": (602, "what is taken along: ties and quality", "newborn, tie or stage"),
    "PUBLIC_SPINOFF": (603, "do public researchers found a firm, and in which stage", "region, question"),
    "FRESH": (604, "does talent of other trades found a firm, and in which stage", "region, question"),
    # Foreign affiliates
    "AFFILIATE": (700, "does a lead firm look at a site abroad, for which stage, whom an affiliate meets", "firm, region and question"),
    # Exit
    "EXIT": (800, "does the firm end for a reason outside the model, does its founder give up", "firm, question"),
    "VENTURE_EXIT": (801, "can a venture be sold or listed", "firm"),
    # The first firms
    "FIRST_FIRM": (900, "quality, experience, flexibility, cash, age and design of a first firm", "firm, stage and question"),
    "FIRST_TIE": (901, "whom a first firm knows", "firm, tie"),
    # Governments that decide during a run
    "MEASUREMENT": (1000, "how far measured growth is off, by the quarter in which the figure ends", "region, alone or with others"),
    "MENU": (1001, "what a government tries first, and what next", "region, question"),
    "DISCOVERY": (1002, "error about what a region does well (drawn once a year)", "region, stage"),
    "GRANT": (1003, "is an application for a grant met", "firm, stage"),
    "CHURN": (1004, "are the region's instruments suspended (drawn once a year)", "region"),
}

globals().update({name: row[0] for name, row in DECISIONS.items()})
