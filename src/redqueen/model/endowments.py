"""What a world must say about its stages and regions: the keys of a world file, once.

Each endowment has its unit, range, default and meaning. They become read-only state fields of the
same name, so a file, the allocation, the checks and the reference pages share this table.
"""

from typing import NamedTuple


class Endowment(NamedTuple):
    """One number that a world states; ``shape`` names its dimensions, ``default`` None means required."""

    name: str
    shape: tuple[str, ...]
    unit: str
    low: float
    high: float
    default: float | None
    meaning: str


ENDOWMENTS: tuple[Endowment, ...] = tuple(
    Endowment(*row)
    for row in (
        # The chain
        ("quality_weight", ("stage",), "share", 0.0, 1.0, None, "weight of the stage in the quality of the product; sums to 1 over an industry"),
        ("workers_per_unit", ("stage",), "workers/unit", 0.001, 10.0, None, "labour needed to make one unit"),
        ("materials_per_unit", ("stage",), "money/unit", 0.0, 10.0, 0.0, "materials from outside the chain in one unit"),
        ("skilled_share", ("stage",), "share", 0.0, 1.0, None, "share of talent in the stage's labour"),
        ("input_units", ("stage",), "units/unit", 0.0, 1.0, 0.0, "units of the input stage that one unit needs"),
        # Labour and talent
        ("base_wage", ("region",), "money/quarter", 0.005, 20.0, None, "wage of a worker where the labour market is slack"),
        ("base_skilled_wage", ("region",), "money/quarter", 0.005, 60.0, None, "wage of talent in a normal market"),
        ("wage_growth", ("region",), "1/quarter", -0.02, 0.03, 0.003, "growth of base wages for reasons outside the chain"),
        ("workers", ("region",), "heads", 1.0, 1e9, None, "people who could work in the chain or in the services that its incomes pay for"),
        ("workers_growth", ("region",), "1/quarter", -0.02, 0.03, 0.002, "growth of those people"),
        ("first_talent", ("region",), "heads", 0.0, 1e8, None, "engineers and managers at home at the start"),
        ("graduates", ("region",), "heads/quarter", 0.0, 1e7, None, "new talent"),
        ("mobility", ("region",), "chance/quarter", 0.0, 0.4, 0.04, "chance that a firm hires from another of its region"),
        ("associations", ("region",), "chance/quarter", 0.0, 1.0, 0.08, "chance that an association ties two firms of the region"),
        ("emigration", ("region",), "multiple", 0.0, 10.0, 1.0, "openness to emigration of talent"),
        ("founding", ("region",), "multiple", 0.0, 5.0, 1.0, "propensity to found firms"),
        # Money and rules
        ("venture_money", ("region",), "wages/quarter", 0.0, 1e6, 0.0, "private money that enters venture funds"),
        ("venture_exit", ("region",), "share", 0.0, 1.0, 0.0, "chance that a venture worth selling can be sold or listed"),
        ("credit", ("region",), "share", 0.0, 1.0, 1.0, "depth of bank credit to private firms"),
        ("impatience", ("region",), "1/quarter", 0.0, 0.2, 0.0, "extra discounting by unstable policy"),
        ("tariff", ("region",), "share of price", 0.0, 2.0, 0.0, "tariff on products made abroad"),
        ("red_tape", ("region",), "multiple", 0.0, 5.0, 0.0, "red tape: money to start is found 1 / (1 + red tape) times as often"),
        # Markets
        ("frontier_market", ("region",), "money/quarter", 0.0, 1e12, None, "potential spending of buyers who want the best"),
        ("value_market", ("region",), "money/quarter", 0.0, 1e12, None, "potential spending of buyers who want value"),
        ("market_growth", ("region",), "1/quarter", -0.02, 0.05, 0.005, "growth of potential spending for reasons outside the chain"),
        ("demand_share", ("industry",), "weight", 0.0, 1e6, 1.0, "weight of the industry in buyers' potential spending"),
        # First firms
        ("first_quality", ("region", "stage"), "log quality", -5.0, 2.0, 0.0, "mean quality of the first firms; 0 is the world's best region"),
        ("first_firms", ("region", "stage"), "firms", 0.0, 1e5, 0.0, "specialists at the start; at the brand stage lead firms"),
        ("integrated_share", ("region",), "share", 0.0, 1.0, 0.3, "share of the first lead firms that own every stage"),
        ("state_share", ("region",), "share", 0.0, 1.0, 0.0, "share of the first firms that the state owns"),
        # Pairs of regions
        ("distance", ("region", "region"), "1 = another continent", 0.0, 3.0, 1.0, "distance, also in habits, language and law"),
        ("first_diaspora", ("region", "region"), "heads", 0.0, 1e7, 0.0, "talent of the first region living in the second at the start"),
        ("first_tie_share", ("region", "region"), "share", 0.0, 1.0, 0.0, "share of the first firms' ties that lead to the second region"),
    )
)
