"""Every array and number of the state, once: name, dimensions, type, unit, role and meaning.

The table feeds allocation, the compiled struct, the checks, the recorder and the reference pages. Roles:
``stock`` carries over from quarter to quarter, ``work`` is rebuilt each quarter, ``outcome`` is set to zero at
the start of a quarter and recorded at its end, ``endowment`` and ``instrument`` are given.
"""

from typing import NamedTuple

from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.instruments import INSTRUMENTS


class Field(NamedTuple):
    """One array (or, without dimensions, one number) of the state."""

    name: str
    shape: tuple[str, ...]
    type: str
    unit: str
    role: str
    meaning: str


#: Dimensions and the attribute of the state that holds their length.
SIZES = {
    "firm": "n_firms", "product": "n_products", "region": "n_regions", "stage": "n_stages", "industry": "n_industries",
    "segment": "n_segments", "contact": "n_contacts", "bloc": "n_blocs", "mode": "n_modes", "tie_kind": "n_tie_kinds",
    "region_bound": "n_region_bounds", "stage_bound": "n_stage_bounds", "firm_stage": "n_firm_stages",
}

_F, _P, _R, _S = ("firm",), ("product",), ("region",), ("stage",)
_FS, _PS, _RS, _RR, _FK, _BS = ("firm", "stage"), ("product", "stage"), ("region", "stage"), ("region", "region"), ("firm", "contact"), ("bloc", "stage")

_STATE: tuple[tuple[str, tuple[str, ...], str, str, str, str], ...] = (
    # Clock and counts
    ("seed", (), "u8", "number", "stock", "luck of the run"),
    ("quarter", (), "i4", "quarters", "stock", "quarters since the world began, burn-in included"),
    ("first_quarter", (), "i4", "quarters", "stock", "quarter in which the measured history starts"),
    ("modularity_start", (), "f8", "share", "stock", "modularity of interfaces in the far past"),
    ("modularity_end", (), "f8", "share", "stock", "modularity of interfaces in the far future"),
    ("modularity_midpoint", (), "f8", "quarters", "stock", "quarter, counted from the start of the history, of the fastest change"),
    ("modularity", (), "f8", "share", "work", "modularity of interfaces now"),
    ("n_alive", (), "i4", "firms", "stock", "living firms"),
    ("n_free", (), "i4", "slots", "stock", "free firm slots"),
    ("n_free_products", (), "i4", "slots", "stock", "free product slots"),
    ("entries_refused", (), "i4", "firms", "stock", "entrants without a slot (the state grows before this happens)"),
    # Chain
    ("industry_of", _S, "i4", "index", "stock", "industry of a stage"),
    ("input_stage", _S, "i4", "index", "stock", "stage that a stage buys inputs from; -1 for none"),
    ("brand_stage", ("industry",), "i4", "index", "stock", "the stage that makes a firm the lead firm of its industry"),
    ("shipping_stage", ("industry",), "i4", "index", "stock", "the stage from whose place products are shipped"),
    # Firms: identity
    ("alive", _F, "u1", "switch", "stock", "the slot holds a living firm"),
    ("lineage", _F, "u8", "identity", "stock", "identity by descent: parent, quarter and order of birth"),
    ("parent", _F, "u8", "identity", "stock", "lineage of the parent; 0 without one"),
    ("children", _F, "i4", "firms", "stock", "firms that it has founded"),
    ("region_of", _F, "i4", "index", "stock", "where the firm is"),
    ("owner", _F, "u1", "kind", "stock", "PRIVATE, AFFILIATE or STATE"),
    ("owner_region", _F, "i4", "index", "stock", "where its owners live"),
    ("owner_firm", _F, "i4", "index", "stock", "the lead firm that owns an affiliate; -1 without one"),
    ("linked", _F, "u1", "switch", "stock", "an affiliate with local links"),
    ("born", _F, "i4", "quarter", "stock", "quarter of birth"),
    ("product_of", _F, "i4", "index", "stock", "product of a lead firm; -1 for a specialist"),
    ("stages", _F, "u8", "bits", "stock", "stages done in-house"),
    ("free_slots", _F, "i4", "index", "stock", "stack of free firm slots"),
    # Firms: money and people
    ("cash", _F, "f8", "money", "stock", "cash; below zero it is borrowed"),
    ("escrow", _F, "f8", "money", "stock", "money set aside for running projects"),
    ("revenue", _F, "f8", "money/quarter", "stock", "sales last quarter"),
    ("cost", _F, "f8", "money/quarter", "stock", "operating cost last quarter"),
    ("profit", _F, "f8", "money/quarter", "stock", "operating profit last quarter, research included"),
    ("employees", _F, "f8", "heads", "stock", "people employed last quarter"),
    ("financed", _F, "f8", "share", "stock", "share of capacity whose running cost can be financed"),
    ("purchases", _F, "f8", "money/quarter", "work", "payments to other firms"),
    ("payroll", _F, "f8", "money/quarter", "work", "wages paid"),
    ("materials", _F, "f8", "money/quarter", "work", "materials from outside the chain"),
    ("support", _F, "f8", "money/quarter", "work", "wages, overheads and project costs that the public paid"),
    ("coordination", _F, "f8", "money/quarter", "work", "cost of interfaces, paid as wages of talent"),
    ("disappointing", _F, "u1", "switch", "stock", "running the firm paid less last quarter than a founder accepts"),
    ("backing", _F, "u1", "kind", "stock", "venture backing"),
    ("ticket", _F, "f8", "money", "stock", "venture money held"),
    # Firms by stage
    ("quality", _FS, "f8", "log quality", "stock", "quality of the stage"),
    ("next_quality", _FS, "f8", "log quality", "work", "quality at the end of the quarter"),
    ("cost_progress", _FS, "f8", "log cost", "stock", "unit cost won by process projects (negative)"),
    ("experience", _FS, "f8", "units", "stock", "stock of learning by doing"),
    ("flexibility", _FS, "f8", "share", "stock", "ease of changing what and how much is made"),
    ("design", _FS, "u8", "bits", "stock", "what the firm knows how to combine"),
    ("capacity", _FS, "f8", "units/quarter", "stock", "output beyond which cost rises"),
    ("units", _FS, "f8", "units/quarter", "stock", "output"),
    ("planned", _FS, "f8", "units/quarter", "stock", "output that the firm is organised for: orders as it has come to expect them"),
    ("unit_cost", _FS, "f8", "money/unit", "work", "cost of one unit"),
    ("unit_effort", _FS, "f8", "multiple", "work", "labour and materials of one unit against the standard"),
    ("stage_revenue", _FS, "f8", "money/quarter", "stock", "sales of the stage; at cost within a lead firm"),
    ("stage_spending", _FS, "f8", "money/quarter", "work", "what the stage paid to others or, at cost, to the firm's own stages, interfaces included"),
    ("input_supplier", _FS, "i4", "index", "stock", "supplier of inputs; -1 is the spot pool"),
    ("project", _FS, "u1", "kind", "stock", "mode of the running project"),
    ("project_left", _FS, "i4", "quarters", "stock", "quarters until it ends"),
    ("project_staff", _FS, "f8", "heads", "stock", "people at work on it"),
    ("project_public", _FS, "f8", "share", "stock", "share of its cost that the public pays"),
    ("project_budget", _FS, "f8", "money/quarter", "stock", "what the firm has set aside for it, a quarter"),
    ("project_design", _FS, "u8", "bits", "stock", "design to combine with"),
    ("project_worth", _FS, "f8", "share", "stock", "worth of the partner: nearness to the frontier and of the interface"),
    ("project_source", _FS, "f8", "log quality", "stock", "quality to imitate"),
    # Ties
    ("contact", _FK, "i4", "index", "stock", "firm known; -1 for none"),
    ("strength", _FK, "f8", "share", "stock", "strength of the tie"),
    ("tie_kind", _FK, "u1", "kind", "stock", "kind of tie"),
    # Products of lead firms
    ("product_firm", _P, "i4", "index", "stock", "lead firm; -1 for a free slot"),
    ("free_products", _P, "i4", "index", "stock", "stack of free product slots"),
    ("product_industry", _P, "i4", "index", "stock", "industry"),
    ("product_cost", _P, "f8", "money/unit", "work", "unit cost, interfaces included"),
    ("ships_from", _P, "i4", "index", "work", "region from which the product is shipped"),
    ("product_price", _P, "f8", "money/unit", "stock", "price at the factory gate"),
    ("product_quality", _P, "f8", "log quality", "stock", "quality"),
    ("product_units", _P, "f8", "units/quarter", "stock", "units sold"),
    ("product_sales", _P, "f8", "money/quarter", "stock", "sales"),
    ("largest_share_of", _P, "f8", "share", "stock", "its largest market share last quarter"),
    ("frontier_share", _P, "f8", "share", "stock", "share of its sales in the frontier segment"),
    ("fit", _P, "f8", "utility", "stock", "fit with the home market"),
    ("brand", ("product", "region"), "f8", "jobs", "stock", "marketing stock in each market"),
    ("pull", _P, "f8", "weight", "work", "weight in the market being cleared"),
    ("market_sales", ("product", "region"), "f8", "money/quarter", "work", "sales in each market"),
    ("supplier", _PS, "i4", "index", "stock", "supplier of each stage; own firm if in-house, -1 is the pool"),
    ("trust", _PS, "f8", "share", "stock", "trust in the supplier"),
    ("margin", _PS, "f8", "share of cost", "stock", "supplier's margin"),
    # Stages
    ("frontier", _S, "f8", "log quality", "stock", "mean of the best firms"),
    ("bloc_frontier", _BS, "f8", "log quality", "work", "mean of the best firms of a trade bloc"),
    ("public_knowledge", _RS, "f8", "log quality", "stock", "quality that anyone in the region can read off products"),
    ("epoch", _S, "i4", "count", "stock", "technology epoch"),
    ("standard_cost", _S, "f8", "money/unit", "stock", "mean unit cost in the world, for the supplier outside"),
    ("bloc_experience", _BS, "f8", "units", "work", "mean experience of living firms in a trade bloc"),
    ("first_experience_of", _S, "f8", "units", "stock", "effective experience of a typical firm when the world began"),
    ("mean_stage_revenue", _S, "f8", "money/quarter", "work", "mean sales of firms at work in the stage"),
    # Spot pool by bloc
    ("pool_weight", _BS, "f8", "weight", "work", "sum of suppliers' weights"),
    ("pool_price", _BS, "f8", "money/unit", "work", "price"),
    ("pool_quality", _BS, "f8", "log quality", "work", "quality"),
    ("pool_seller", _BS, "i4", "index", "work", "region that sells most on the pool; -1 where the pool is empty"),
    ("pool_part", _RS, "f8", "weight", "work", "weight of a region's suppliers in their pool"),
    ("pool_distance", _RS, "f8", "1 = another continent", "work", "mean distance of a region from the suppliers of its pool"),
    ("pool_units", _BS, "f8", "units", "work", "orders"),
    ("pool_bought", ("stage", "region", "stage"), "f8", "money/quarter", "work", "purchases on the pool by stage, buyer's region and buyer's stage"),
    ("pool_sold", ("region", "stage"), "f8", "share", "work", "region's share of what a pool sells"),
    ("pool_choice_weight", _FS, "f8", "weight", "work", "a supplier's weight in its pool"),
    ("bloc_of", _R, "i4", "index", "work", "trade bloc: 0 is the open world, r + 1 a closed region"),
    # Lists
    ("ranking", _F, "f8", "log quality", "work", "qualities being ranked"),
    ("living", _F, "i4", "index", "work", "living firms in order of slot"),
    ("region_start", ("region_bound",), "i4", "index", "work", "where the part of each region in region_members starts"),
    ("region_members", _F, "i4", "index", "work", "living firms by region"),
    ("stage_start", ("stage_bound",), "i4", "index", "work", "where the part of each stage in stage_members starts"),
    ("stage_members", ("firm_stage",), "i4", "index", "work", "living firms by stage"),
    # Regions
    ("wage", _R, "f8", "money/quarter", "stock", "wage of a worker"),
    ("skilled_wage", _R, "f8", "money/quarter", "stock", "wage of talent"),
    ("talent", _RR, "f8", "heads", "stock", "talent by origin and residence"),
    ("spending_income", _R, "f8", "money/quarter", "stock", "income that households' spending follows"),
    ("levy", _R, "f8", "money/quarter", "stock", "levy on incomes that pays the quarter's public cost"),
    ("venture_pool", _R, "f8", "money", "stock", "money in venture funds"),
    ("venture_return", _R, "f8", "multiple", "stock", "return that funds expect"),
    ("crowding", _R, "f8", "share", "stock", "share of the talent wanted that is to be had"),
    ("champion", _R, "i4", "index", "stock", "the firm that the state backs; -1 for none"),
    ("public_quality", _RS, "f8", "log quality", "stock", "level of the public research organisation"),
    ("best_practice", _RS, "f8", "log quality", "work", "best quality in the region"),
    ("reference", ("region", "industry", "segment"), "f8", "utility", "stock", "what buyers have become used to"),
    ("served", ("region", "industry", "segment"), "u1", "switch", "stock", "buyers of the segment have seen an offer"),
    ("base_price_index", _R, "f8", "index", "stock", "quality-adjusted price when the history starts"),
    ("residents", _R, "f8", "heads", "work", "talent living in the region when moves begin"),
    ("labour_normal", _R, "f8", "heads", "work", "people who could work in the chain now"),
    ("extension_coverage", _R, "f8", "share", "work", "share of firms that an extension officer visits"),
    ("compatriots", _R, "f8", "share", "work", "what compatriots abroad can do: share of talent that lives abroad x (1 + network), at most one"),
    ("strengths", _R, "u8", "bits", "stock", "stages that the government believes to be related to what the region does well"),
    ("quotient", _RS, "f8", "quotient", "work", "location quotient of the stage, where strengths are sought"),
    ("grant_fund", _R, "f8", "money", "stock", "money for project grants not yet promised"),
    ("grants_asked", _R, "f8", "money", "stock", "grants that the projects started in believed strengths called for, last quarter"),
    ("grant_chance", _R, "f8", "chance", "work", "chance that an application for a grant is met"),
    # Money that must add up (checked by the ledger)
    ("outlay", _R, "f8", "money/quarter", "outcome", "what buyers spend in the region's market"),
    ("shipping_paid", _R, "f8", "money/quarter", "outcome", "trade cost within the outlay"),
    ("tariff_paid", _R, "f8", "money/quarter", "outcome", "tariffs within the outlay"),
    ("materials_paid", _R, "f8", "money/quarter", "outcome", "materials from outside the chain"),
    ("outside_paid", _R, "f8", "money/quarter", "outcome", "payments to the supplier outside, where a pool is empty"),
    ("outside_units", _S, "f8", "units/quarter", "outcome", "units made outside, where a pool is empty"),
    ("input_orders", _S, "f8", "units/quarter", "outcome", "units ordered by other suppliers"),
    ("product_orders", _S, "f8", "units/quarter", "outcome", "units ordered by lead firms"),
    ("wages_paid", _R, "f8", "money/quarter", "outcome", "wages paid by firms"),
    ("public_wages", _R, "f8", "money/quarter", "outcome", "wages of public research, extension and teaching"),
    ("interest_paid", _R, "f8", "money/quarter", "outcome", "interest paid by firms"),
    ("dividends", _R, "f8", "money/quarter", "outcome", "dividends paid by the region's firms"),
    ("dividends_received", _R, "f8", "money/quarter", "outcome", "dividends received by the region's owners"),
    ("capacity_paid", _R, "f8", "money/quarter", "outcome", "spending on capacity"),
    ("wage_subsidies", _R, "f8", "money/quarter", "outcome", "wages paid by the public"),
    ("overhead_subsidies", _R, "f8", "money/quarter", "outcome", "overheads paid by the public"),
    ("project_subsidies", _R, "f8", "money/quarter", "outcome", "project cost paid by the public"),
    ("programme_costs", _R, "f8", "money/quarter", "outcome", "meetings, site visits and linking paid by the public, earned as wages"),
    ("grants", _R, "f8", "money/quarter", "outcome", "grants to firms"),
    ("grants_for_capacity", _R, "f8", "money/quarter", "outcome", "part of grants that went into capacity"),
    ("transfers", _R, "f8", "money/quarter", "outcome", "money to households"),
    ("venture_public", _R, "f8", "money/quarter", "outcome", "public money into venture funds"),
    ("paid_abroad", _R, "f8", "money/quarter", "outcome", "public money spent on people abroad"),
    ("capital_raised", _R, "f8", "money/quarter", "outcome", "capital of new firms"),
    ("capital_lost", _R, "f8", "money/quarter", "outcome", "debt that ended firms leave unpaid (below zero)"),
    ("capital_moved", _R, "f8", "money/quarter", "outcome", "capital of new firms that came from a living firm"),
    ("tariff_forgone", _R, "f8", "money/quarter", "outcome", "tariff revenue that free trade gives up"),
    # Outcomes by region
    ("operating_profit", _R, "f8", "money/quarter", "outcome", "profit of the region's firms after projects and interest"),
    ("value_added", _R, "f8", "money/quarter", "outcome", "wages and profits of the region's firms, subsidies excluded"),
    ("price_weight", _R, "f8", "share", "work", "spending already in the price index"),
    ("income_per_head", _R, "f8", "constant money/head", "outcome", "value added per worker at constant quality and prices"),
    ("price_index", _R, "f8", "index", "outcome", "quality-adjusted price of what the region buys"),
    ("jobs", _R, "f8", "heads", "outcome", "people employed by firms"),
    ("service_jobs", _R, "f8", "heads", "outcome", "people whom the chain's incomes employ in local services"),
    ("quality_sold", _R, "f8", "log quality", "outcome", "sales-weighted quality of the region's products"),
    ("quality_made", _R, "f8", "log quality", "outcome", "revenue-weighted quality of the region's stages"),
    ("quality_local", _R, "f8", "log quality", "outcome", "revenue-weighted quality of the stages of firms that are not foreign affiliates"),
    ("distance_to_frontier", _R, "f8", "log quality", "outcome", "revenue-weighted distance of the region's stages from the frontier"),
    ("firms", _R, "f8", "firms", "outcome", "living firms"),
    ("entries", _R, "f8", "firms/quarter", "outcome", "firms founded"),
    ("exits", _R, "f8", "firms/quarter", "outcome", "firms that ended"),
    ("spinoffs", _R, "f8", "firms/quarter", "outcome", "firms founded by people of another firm"),
    ("public_spinoffs", _R, "f8", "firms/quarter", "outcome", "firms founded by people of public research"),
    ("returnee_firms", _R, "f8", "firms/quarter", "outcome", "firms founded by returnees"),
    ("venture_firms", _R, "f8", "firms/quarter", "outcome", "firms founded with venture money"),
    ("venture_exits", _R, "f8", "firms/quarter", "outcome", "ventures sold or listed"),
    ("affiliates_opened", _R, "f8", "firms/quarter", "outcome", "foreign affiliates opened"),
    ("exports", _R, "f8", "money/quarter", "outcome", "sales to other regions, of products and of stages"),
    ("research_spending", _R, "f8", "money/quarter", "outcome", "what firms spend on projects"),
    ("research_staff", _R, "f8", "heads", "outcome", "people at work on projects in firms"),
    ("public_staff", _R, "f8", "heads", "outcome", "people in public research, extension and teaching"),
    ("skilled_staff", _R, "f8", "heads", "outcome", "talent in production and coordination"),
    ("talent_home", _R, "f8", "heads", "outcome", "talent living in the region"),
    ("talent_abroad", _R, "f8", "heads", "outcome", "talent from the region living elsewhere"),
    ("emigrants", _R, "f8", "heads/quarter", "outcome", "talent leaving"),
    ("returnees", _R, "f8", "heads/quarter", "outcome", "talent coming home"),
    ("moves", _R, "f8", "hires/quarter", "outcome", "hires from another firm of the region"),
    ("public_cost", _R, "f8", "money/quarter", "outcome", "cost of all instruments"),
    ("strengths_misjudged", _R, "f8", "stages", "outcome", "stages wrongly believed, or not believed, to be strengths, where they are sought"),
    # Outcomes in detail
    ("starts", ("region", "mode"), "f8", "projects/quarter", "outcome", "projects started by mode"),
    ("ends", ("region", "mode"), "f8", "projects/quarter", "outcome", "projects ended by mode"),
    ("successes", ("region", "mode"), "f8", "projects/quarter", "outcome", "projects that succeeded by mode"),
    ("ties", ("region", "tie_kind"), "f8", "ties", "outcome", "ties held by the region's firms, by kind"),
    ("ties_abroad", _R, "f8", "ties", "outcome", "ties of the region's firms with other regions"),
    ("ties_between", _RR, "f8", "ties", "outcome", "ties that a region's firms hold with firms of a region"),
    ("research_by_mode", ("region", "mode"), "f8", "money/quarter", "outcome", "what firms spend on projects, by mode"),
    ("stage_profit", _RS, "f8", "money/quarter", "outcome", "profit by stage; what a lead firm makes is in its brand stage"),
    ("stage_jobs", _RS, "f8", "heads", "outcome", "jobs by stage; people not at work in a stage are in the firm's last stage"),
    ("stage_wages", _RS, "f8", "money/quarter", "outcome", "wages by stage, on the same rule"),
    ("stage_units", _RS, "f8", "units/quarter", "outcome", "output by stage"),
    ("stage_firms", _RS, "f8", "firms", "outcome", "firms at work in the stage"),
    ("stage_quality", _RS, "f8", "log quality", "outcome", "revenue-weighted quality by stage"),
    ("flows", ("region", "stage", "region", "stage"), "f8", "money/quarter", "outcome", "sales of a region's stage to the firms of a region's stage: the intermediate block of an input-output table"),
    ("in_house", ("region", "stage", "stage"), "f8", "money/quarter", "outcome", "what a region's firms pass on from one of their stages to another, at cost"),
    ("stage_outside", _RS, "f8", "money/quarter", "outcome", "what a stage pays outside the chain: for materials, and to the supplier outside where a pool is empty"),
    ("final_sales", ("region", "industry", "region"), "f8", "money/quarter", "outcome", "sales of a region's lead firms to a region's market"),
)

FIELDS: tuple[Field, ...] = (
    tuple(Field(*row) for row in _STATE)
    + tuple(Field(e.name, e.shape, "f8", e.unit, "endowment", e.meaning) for e in ENDOWMENTS)
    + tuple(Field(i.name, ("region",), "f8", i.unit, "instrument", i.meaning) for i in INSTRUMENTS)
    + tuple(Field(i.name + "_target", ("region",), "u8", "bits", "instrument", f"stages that {i.name} is aimed at") for i in INSTRUMENTS if i.targeted)
)

#: Kept once a year, in its last quarter, because they are large.
YEARLY = ("flows", "final_sales", "talent", "in_house", "stage_outside", "ties_between", "research_by_mode")

#: Arrays that lie side by side in memory, to be set and recorded in one step: block -> names in their order.
BLOCKS: dict[str, tuple[str, ...]] = {
    "outcome": tuple(field.name for field in FIELDS if field.role == "outcome" and field.name not in YEARLY),
    "yearly": tuple(field.name for field in FIELDS if field.role == "outcome" and field.name in YEARLY),
    "intensity": tuple(instrument.name for instrument in INSTRUMENTS),
    "target": tuple(f"{instrument.name}_target" for instrument in INSTRUMENTS if instrument.targeted),
}
