// Shapes of the documents that the tabs show: what the commands print with --json.
import type { ComparePicture, Fan, Flow, Maybe } from '../lib/types'

export interface Strength {
  activity: string
  name: string
  rca: Maybe
  low: Maybe
  high: Maybe
  sure: boolean | null
  value: Maybe
  share_of_region: Maybe
  share_of_world: Maybe
  beyond: Maybe
  before: Maybe
  table: string
  measure: string
  year: number
}

export interface Adjacent {
  activity: string
  name: string
  rca: Maybe
  density: Maybe
  probability: Maybe
  table: string
  measure: string
  year: number
}

export interface Standing {
  table: string
  measure: string
  year: number
  title: string
  since: number | null
  unit: string
  regions: number
  activities: number
  diversity: Maybe
  diversity_rank: Maybe
  share_of_world: Maybe
  complexity: Maybe
  complexity_rank: Maybe
}

export interface ChainSector {
  activity: string
  name: string
  exports: Maybe
  share_of_exports: Maybe
  rca: Maybe
  value_added_share: Maybe
  imported_inputs: Maybe
  upstreamness: Maybe
}

export interface Kept {
  activity: string
  name: string
  value: Maybe
  share: Maybe
  share_before?: Maybe
  jobs?: Maybe
}

export interface Chain {
  year?: number
  unit?: string
  exports?: Maybe
  domestic_share?: Maybe
  backward?: Maybe
  forward?: Maybe
  sectors?: ChainSector[]
  kept?: Kept[]
  jobs_unit?: string | null
  year_before?: number
  before?: Record<string, Maybe>
}

export interface Openness {
  measure: string
  year: number
  unit: string
  home_share?: Maybe
  expected_home_share?: Maybe
  largest?: { region: string; name: string; value: Maybe; share: Maybe; affinity: Maybe }[]
  closest?: { region: string; name: string; value: Maybe; share: Maybe; affinity: Maybe }[]
  its_people_in?: { name: string; value: Maybe }[]
  people_from?: { name: string; value: Maybe }[]
}

export interface InnovationFigure {
  measure: string
  value: Maybe
  unit: string
  year: number
  rank: number
  of: number
  before: Maybe
  since: number | null
}

export interface Innovation {
  figures?: InnovationFigure[]
  mix?: Record<string, number>
  frontier?: { measure: string; year: number; value: Maybe; before: Maybe; since: number | null; leader: string | null }[]
  paths?: { measure: string; regions: { region: string; name: string; years: number[]; values: Maybe[] }[] }[]
}

export interface Relatedness {
  activities: { code: string; name: string }[]
  proximity: Maybe[][]
  has: boolean[]
}

export interface Changed {
  table: string
  measure: string
  from: [number, number]
  to: [number, number]
  growth: Maybe
  growth_of_world: Maybe
  gained: { activity: string; name: string; rca_before: Maybe; rca: Maybe }[]
  lost: { activity: string; name: string; rca_before: Maybe; rca: Maybe }[]
}

/** What `redqueen diagnose --json` prints, with its heading and sentences. */
export interface StrengthsDocument {
  title: string
  sentences: string[]
  region: string
  name: string
  year: number
  strengths: Strength[]
  standing: Standing[]
  adjacent: Adjacent[]
  at_risk: Adjacent[]
  forecasts: { table: string; measure: string; model: string | null; note: string | null }[]
  chain: Chain
  openness: Openness[]
  innovation: Innovation
  change: Changed[]
  peers: Record<string, string | Maybe>[]
  notes: string[]
  tables: { files: string[]; title: string; measures: string[]; years: number[]; notes: string[] }[]
  simulated: boolean
  relatedness?: Relatedness | null
  command?: string
}

export interface Choice {
  code: string
  name: string
}

export interface Choices {
  regions: Choice[]
  activities: Choice[]
  years: number[]
  measures: string[]
}

export interface Reason {
  activity: string
  name: string
  why: string
  rca: Maybe
  share: Maybe
  rca_there: Maybe
  part: Maybe
}

export interface Step {
  from: string
  from_name: string
  from_kind: string
  to: string
  to_name: string
  to_kind: string
  tie: string
  strength: Maybe
  value?: Maybe
  unit?: string
  year?: number | null
  people_of?: string
  live_in?: string
  also: { tie: string }[]
}

export interface Partner {
  partner: string
  name: string
  kind: string
  score: number
  covers: number
  offers: number
  reach: number
  brings: Reason[]
  gains: Reason[]
  through: Step[]
  distance: Maybe
  ties: { tie: string; value: Maybe; unit: string; year: number | null; affinity: Maybe }[]
  latitude?: Maybe
  longitude?: Maybe
}

export interface Need {
  activity: string
  name: string
  why: string
  rca: Maybe
  part: Maybe
}

export interface PartnersDocument {
  partners: Partner[]
  needs: Need[]
  measure: string
  year: number
  region: string
  name: string
  activity: string
  activity_name: string
  notes: string[]
  weights: { basis: string; constant: number; weights: { name: string; value: number; low: Maybe; high: Maybe }[]; pairs: number; formed: number }
  simulated?: boolean
  /** Places of the regions by code, where they are known. */
  places?: Record<string, [number, number]>
  command?: string
}

export interface Walked {
  name: string
  low: number
  high: number
  mu_star: Maybe
  mu_low: Maybe
  mu_high: Maybe
  luck: Maybe
  sigma: Maybe
  chance: Maybe
  flips: number
  steps: number
}

export interface Index {
  name: string
  first: Maybe
  first_low: Maybe
  first_high: Maybe
  total: Maybe
  total_low: Maybe
  total_high: Maybe
}

export interface Box {
  reason?: string
  words?: string
  inside?: number
  points?: number
  density?: Maybe
  coverage?: Maybe
  base?: Maybe
  density_apart?: Maybe
}

export interface Where {
  cases: number
  agreement: Maybe
  box: Box
  tree: Box
}

export interface Curve {
  name: string
  values: number[]
  effect: Maybe[]
  low: Maybe[]
  high: Maybe[]
  crossings: number[]
  clear: boolean
}

/** What `redqueen explain --json` prints, with its heading. */
export interface Explanation {
  title: string
  case: string
  policy: string
  to: string
  outcome: string
  region: string
  unit: string
  points: number
  seeds: number
  ranges: Record<string, [number, number]>
  /** What an assumption says, as it is declared; explanations of before have none. */
  meanings?: Record<string, string>
  mean: Maybe
  mean_low: Maybe
  mean_high: Maybe
  shares: { above: number; below: number; unclear: number; of: number }
  screen: { assumptions: Walked[]; points: number } | null
  surrogate: { kind: string; r2: Maybe; says: boolean; trusted: boolean }
  indices: { rows: Index[]; idle: number } | null
  curves: Curve[] | null
  flips: { assumption: string; above_zero_when: string | null; crosses_at: Maybe; by_walks: boolean; by_curve: boolean }[]
  raises: Where
  lowers: Where
  sentences: Record<string, string[]>
  command: string
}

export interface GoalsListed {
  id: string
  name: string
  case: string
  region: string
  goals: number
  years: [number, number]
  observations: number
}

export interface Goal {
  name: string
  indicator: string
  target: number
  at_least: boolean
  year: number
  milestones: { year: number; value?: number; target?: number }[]
}

export interface Indicator {
  name: string
  /** Words for it: the outcome's, where it has its name. */
  title: string
  words: string
  unit: string
  region: string
  years: number[]
}

export interface Observation {
  number: number
  indicator: string
  region: string
  year: number
  value: Maybe
  unit: string
  source: string
  entered_by: string
  entered_at: string
  revision: number
  current: boolean
  note: string | null
}

/** What `redqueen monitor status --json` prints of a goal. */
export interface GoalStatus {
  goal: string
  region: string
  indicator: string
  target: number
  at_least: boolean
  date: number
  probability: Maybe
  low: Maybe
  high: Maybe
  state: string
  since: number | null
  before: Maybe
  unit: string
  as_of: number
  observations: number
  effective_members: Maybe
  members: number
  surprise: Maybe
  course: { below: number; above: number; alarm: number; false_alarm: Maybe; false_comfort: Maybe; found: Maybe; ahead: Maybe; truths: number }
  history: { year: number; probability: Maybe }[]
  forecast: { year: number; observed: Maybe; before: Maybe[]; now: Maybe[] }[]
  chances: number[]
  milestones: { year: number; target: number; probability: Maybe; state: string }[]
  warnings: string[]
  command: string
}

export interface Obstacle {
  goal: string
  constraint: string
  words: string
  gain: Maybe
  low: Maybe
  high: Maybe
  binds: boolean
  effect: Maybe
  step: number
  futures: number
  probability: Maybe
  as_of: number
  command: string
}

export interface Advice {
  goal: string
  as_of: number
  start: number
  probability: Maybe
  budget: Maybe
  plan_cost: Maybe
  tried: number
  adjustments: {
    adjustment: string
    intensities: Record<string, number>
    gain: Maybe
    low: Maybe
    high: Maybe
    effect: Maybe
    cost: Maybe
    misled: Maybe
    regret: Maybe
  }[]
  telling: { indicator: string; year: number; worth: number; values: number[]; choices: string[] }[]
  command: string
}

export interface Goals {
  id: string
  name: string
  text: string
  plan: { case: string; policy: string; title: string; region: string; start: number; since: number; until: number; last: number; budget: Maybe }
  indicators: Indicator[]
  goals: Goal[]
  observations: Observation[]
  status: GoalStatus[] | null
  status_current: boolean
  obstacles: Obstacle[] | null
  obstacles_current?: boolean
  advice: Advice | null
  advice_current?: boolean
}

type Pictured = Omit<ComparePicture, 'fans' | 'effects' | 'differences'>

export interface Sizes {
  edges: number[]
  share: number[]
  median: Maybe
  firms: number
}

/** The picture of structure; parts are null until the runs are all there. */
export interface StructureParts extends Pictured {
  firms: { fans: Record<string, Fan> }
  ties: { year: number; links: Flow[]; by_kind: { region: string; kind: string; value: Maybe; reference: Maybe }[] } | null
  supplies: { year: number; unit: string; links: Flow[] } | null
  sizes: Record<string, Sizes> | null
  turnover: { region: string; kind: string; words: string; value: Maybe; reference: Maybe }[] | null
  turnover_paths: { time: number[]; entries: Maybe[]; exits: Maybe[] } | null
}

export interface Course {
  years?: number[]
  time?: number[]
  distance: Maybe[]
  income: Maybe[]
  quality: Maybe[]
  frontier: Maybe[]
  standing_still: Maybe[]
  /** The same distances as the part of the frontier's quality that the region has, in %. */
  reached: Maybe[]
  reached_still: Maybe[]
  income_times: Maybe
  nearer: { mean: Maybe; low: Maybe; high: Maybe; verdict: string }
}

export interface Courses extends Pictured {
  paths: Record<string, Record<string, Course>>
}
