"""The levers of a government: unit, range, whom they touch, what they cost and where they are known from.

A policy reaches the model only as numbers in a table instrument x quarter x region. No instrument acts on
growth or innovation: each moves money, rules, people or places. Zero means that it is not used.
The public cost of each is counted where it is spent and paid by a levy on the region's incomes.
"""

from typing import NamedTuple


class Instrument(NamedTuple):
    """One lever; ``targeted`` ones can be aimed at named stages."""

    name: str
    unit: str
    low: float
    high: float
    targeted: bool
    touches: str
    cost: str
    meaning: str
    source: str


#: Stands in `cost` where an instrument spends no public money.
FREE = "none"

INSTRUMENTS: tuple[Instrument, ...] = tuple(
    Instrument(*row)
    for row in (
        # People
        ("university_expansion", "graduates/quarter", 0.0, 1e6, False, "talent", "four quarterly skilled wages a graduate", "more graduates in technical fields", "Saxenian 2010, slide on Taipei's technical education"),
        ("capacity_building", "officers", 0.0, 1e5, True, "all firms but affiliates", "skilled wages of the officers", "extension officers do part of the staff work of projects that are not novel and pass on the best practice that they know", "Saxenian 2010, lesson 2"),
        ("public_research_organisation", "researchers", 0.0, 1e5, True, "local firms", "skilled wages of the researchers", "a laboratory that learns frontier technology, shares it with local firms and spins firms off", "Saxenian 2010, ITRI"),
        ("overseas_advisers", "share of full access", 0.0, 1.0, False, "the public research organisation", "one skilled wage abroad for each tenth", "advisers abroad open the frontier to the public research organisation", "Saxenian 2010, STAG"),
        ("diaspora_network", "multiple added", 0.0, 50.0, False, "firms and compatriots abroad", "a tenth of a skilled wage abroad for each tie made", "associations of compatriots abroad make more ties, and pass on best practice and advice to those who ask for it", "Saxenian 2010, Monte Jade"),
        ("shared_lessons", "share", 0.0, 1.0, False, "local firms that officers visit", "a tenth of the officers' wages at full sharing", "extension officers of regions that share lessons pass on what officers elsewhere see at work", "Saxenian 2010, lesson 2 (aggregate lessons)"),
        ("return_programme", "multiple added", 0.0, 20.0, False, "talent abroad", "half a year of skilled wages for each extra return", "help with coming home", "Saxenian 2010, reversal of the brain drain"),
        ("labour_mobility", "chance/quarter added", -0.2, 0.3, False, "firms and their staff", "none", "what courts enforce of non-competes: below zero, bans on leaving; above, freedom to leave", "Saxenian 2010; Fallick et al. 2006"),
        # Places
        ("technology_park", "share of overhead", 0.0, 1.0, False, "local firms", "the overhead that it pays", "a park carries overheads of its tenants and brings them together", "Saxenian 2010, recipe 3; Hsinchu 1980"),
        ("associations_support", "chance/quarter added", 0.0, 0.5, False, "local firms", "a tenth of a wage for each meeting", "professional associations that bring firms together", "Saxenian 2010, local networks"),
        ("export_promotion", "chance/quarter", 0.0, 0.5, False, "local firms", "a wage abroad for each visit", "firms are taken to fairs abroad: suppliers meet lead firms, lead firms show their brand", "Saxenian 2010, lesson 2 (export promotion)"),
        ("foreign_investment", "multiple added", 0.0, 50.0, True, "foreign lead firms", "two wages for each site visited", "attraction of foreign affiliates", "Saxenian 2010, Ireland"),
        ("local_links", "share of affiliates", 0.0, 1.0, False, "foreign affiliates", "two wages for each linked affiliate", "affiliates are linked to local suppliers and staff may leave to found firms", "Saxenian 2010, Ireland"),
        # Money
        ("venture_capital", "wages/quarter", 0.0, 1e6, False, "new firms", "the money, in wages", "public money in venture funds", "Saxenian 2010; venture law of 1983-85"),
        ("national_champion", "wages/quarter", 0.0, 1e6, False, "the largest local lead firm", "the money, in wages", "money for the capacity, people and projects of one firm that the state backs", "Saxenian 2010, recipe 2; Breznitz and Murphree on Korea"),
        ("smart_specialisation", "wages/quarter", 0.0, 1e6, True, "local private firms", "the grants paid, at most the money, in wages", "grants that pay part of projects in the stages that the government believes to be related to what the region does well; what it believes is in error", "Saxenian 2010, lesson 2; Boschma et al. 2013"),
        ("public_private_partnership", "share", 0.0, 1.0, False, "the government", "a meeting with each firm of the region a year at full partnership", "firms sit at the table where strengths are sought, which takes away that share of the error", "Saxenian 2010, lesson 2 (public-private partnerships)"),
        ("wage_subsidy", "share of wages", 0.0, 0.9, True, "local employers", "the share of production wages", "labour made cheaper", "Saxenian 2010, lesson 2 (cost-cutting)"),
        ("novelty_subsidy", "share of cost", 0.0, 0.9, True, "local firms", "the share of novel projects' cost", "public money pays part of novel projects", "Breznitz and Murphree 2010"),
        ("state_credit_bias", "share", 0.0, 1.0, False, "state-owned and private firms", "none", "banks move credit from private to state-connected firms", "Breznitz and Murphree 2010"),
        ("sunset_exclusion", "share", 0.0, 1.0, True, "firms in the named stages", "none", "banks may not lend to firms of the named stages", "Breznitz and Murphree 2010, power supplies"),
        ("lump_sum", "wages/quarter", 0.0, 1e6, False, "households", "the money, in wages", "money to households: the placebo of equal cost", "comparison"),
        ("spending_floor", "money/quarter", 0.0, 1e9, False, "households", "what other instruments leave of it", "public spending reaches at least this: households get the rest, so that policies can be compared at equal cost", "comparison"),
        # Rules
        ("free_trade", "share of tariff removed", 0.0, 1.0, False, "importers", "the tariff revenue forgone", "lower tariffs", "Saxenian 2010, recipe 1"),
        ("deregulation", "share of red tape removed", 0.0, 1.0, False, "new firms", "none", "money to start is found more often", "Saxenian 2010, recipe 1"),
        ("exit_for_ventures", "chance added", 0.0, 1.0, False, "venture funds", "none", "listing and sale of young firms allowed", "Breznitz and Murphree 2010; venture law of 1983-85"),
        ("novelty_mandate", "share of choices", 0.0, 1.0, True, "local firms", "none", "fiat: that share of projects must aim at novelty or not start", "Breznitz and Murphree 2010"),
        ("novelty_stop", "share of choices", 0.0, 1.0, True, "all firms of the region", "none", "that share of choices may not be novel", "comparison: second-generation innovation alone"),
        ("research_stop", "share of choices", 0.0, 1.0, True, "all firms of the region", "none", "that share of stages that could look for a project do not", "comparison: the region stops running"),
        ("policy_instability", "1/quarter", 0.0, 0.2, False, "all firms of the region", "none", "extra discounting where rules change at a whim", "Breznitz and Murphree 2010"),
        ("policy_churn", "chance/year", 0.0, 1.0, False, "all who use a programme", "none", "the region's programmes (all instruments that cost public money) are suspended for a year with this chance; promised grants and the champion are lost", "Breznitz and Murphree 2010, capricious policy"),
        ("property_rights", "share added", -0.5, 0.5, False, "firms that imitate", "none", "stronger or weaker protection against imitation", "Saxenian 2010, recipe 1"),
        ("home_market", "share added", -1.0, 2.0, False, "all who sell there", "none", "size of the home market against what it would be", "Breznitz and Murphree 2010"),
        ("indigenous_standard", "utility", 0.0, 3.0, False, "lead firms in the home market", "none", "a home standard that favours local lead firms", "Breznitz and Murphree 2010, TD-SCDMA"),
        ("embargo", "switch", 0.0, 1.0, False, "all trade and ties across the border", "none", "the region trades, learns and migrates with no other; its ties across the border fade unused", "comparison: remove one region"),
    )
)

NAMES: tuple[str, ...] = tuple(instrument.name for instrument in INSTRUMENTS)
INDEX: dict[str, int] = {name: position for position, name in enumerate(NAMES)}

#: What instruments move: the words that the table is laid out by, with the first instrument of each part.
_FIRST = {"university_expansion": "people", "technology_park": "places", "venture_capital": "money", "free_trade": "rules"}


def _moves() -> dict[str, str]:
    found, what = {}, ""
    for name in NAMES:
        what = _FIRST.get(name, what)
        found[name] = what
    return found


#: Instrument -> what it moves: people, places, money or rules.
MOVES: dict[str, str] = _moves()
