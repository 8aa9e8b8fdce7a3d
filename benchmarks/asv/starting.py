"""What a new process costs: the import, and the time until a first result is there."""


def timeraw_import():
    return "import redqueen"


def timeraw_first_run():
    """From nothing to the history of a case's first ten years."""
    return """
    import dataclasses
    from redqueen.cases.case import case
    from redqueen.model.simulate import simulate
    simulate(dataclasses.replace(case("recipes").world, quarters=40), seed=1)
    """


def timeraw_first_table():
    """From nothing to a table of effects."""
    return """
    import redqueen as rq
    result = rq.Trial("recipes", seeds=2, quarters=40).run(threads=1)
    rq.compare(result, "free_markets").table("value_added")
    """
