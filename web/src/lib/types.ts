// Shapes that server and page exchange. NaN arrives as null.

/** A number, or null where it is unknown. */
export type Maybe = number | null

export interface Lever {
  instrument: string
  intensity: number
  per: string | null
  from: number | null
  until: number | null
  stages: string[] | null
}

export interface Pinned {
  name: string
  base: string
  levers: Lever[]
}

export type TabName = 'strengths' | 'partners' | 'outlook' | 'compare' | 'structure' | 'red_queen' | 'why' | 'progress'
export type View = 'outlook' | 'compare' | 'structure' | 'red_queen'

/** The state of the page: in the link, sent to the server, kept by undo and redo. */
export interface Scenario {
  case: string
  region: string
  /** Region that charts show, where it is not the one in which levers act. */
  shown?: string | null
  base: string
  levers: Lever[]
  name?: string
  pinned: Pinned[]
  reference: string
  outcome: string
  seeds: number
  tab: TabName
  window: number
}

export interface Fault {
  message: string
  file?: string | null
  line?: number | null
  field?: string | null
  remedy?: string | null
}

export interface About {
  redqueen: string
  folder: string
  local: boolean
  limits: { upload_bytes: number; seeds: number; pinned: number }
  case: string | null
  /** Runs of a page, and of a link that does not say how many. */
  seeds: number
  seeds_of_links: number
}

export interface CaseListed {
  name: string
  title: string
  question: string
  regions: number
  policies: number
  brought: boolean
  quarters: number
}

export interface RegionOfCase {
  name: string
  title: string
  code: string | null
  latitude: Maybe
  longitude: Maybe
}

export interface Change {
  instrument: string
  intensity: number
  per: string | null
  where: string[]
  from: Maybe
  until: Maybe
  stages: string[] | null
  note?: string | null
  source?: string | null
}

export interface PolicyListed {
  name: string
  title: string
  question: string
  source: string | null
  not_modelled: string[]
  of: 'case' | 'catalogue'
  decides: boolean
  changes: Change[]
}

export interface LeverKind {
  instrument: string
  title: string
  group: string
  unit: string
  low: number
  high: number
  declared_low: number
  declared_high: number
  per: string | null
  switch: boolean
  targeted: boolean
  meaning: string
  touches: string
  cost: string
  source: string
  comparison: boolean
}

export interface OutcomeKind {
  name: string
  words: string
  unit: string
  effect_unit: string
  better: 'up' | 'down' | 'either'
  headline: boolean
  by_stage: boolean
}

export interface CaseShown {
  name: string
  title: string
  question: string
  story: string
  happened: string
  not_modelled: string[]
  sources: Record<string, string>
  start: number
  end: number
  region: string
  reference: string
  ledger: string | null
  regions: RegionOfCase[]
  stages: string[]
  industries: string[]
  policies: PolicyListed[]
  levers: LeverKind[]
  outcomes: OutcomeKind[]
  assumptions: number
  file: string | null
}

/** What the base policy does with one instrument in the region. */
export interface BaseLever {
  instrument: string
  intensity: number
  per: string | null
  from: Maybe
  until: Maybe
  changes: number
  stages: string[] | null
}

export interface FileListed {
  id: string
  name: string
  kind: 'case' | 'policy' | 'table' | 'register' | 'goals' | 'trial'
  summary: string
  bytes?: number
  added?: string
  notes?: string[]
  case?: string
  policy?: PolicyListed
  measures?: string[]
  regions?: number
  years?: [number, number]
}

export type JobKind = 'explain' | 'status' | 'obstacles' | 'advise' | 'init' | 'seeds'

export interface Job<Result = unknown> {
  id: string
  kind: JobKind
  title: string
  command: string
  state: 'waiting' | 'running' | 'done' | 'failed' | 'stopped' | 'cancelled'
  progress: Maybe
  doing: string
  left_s: Maybe
  started: string | number | null
  ended: string | number | null
  faults: Fault[] | null
  result?: Result | null
}

export interface Fan {
  time: number[]
  /** Quantiles 5, 25, 50, 75 and 95 % of runs. */
  cuts: [Maybe[], Maybe[], Maybe[], Maybe[], Maybe[]]
}

export interface Effect {
  policy: string
  to?: string
  region: string
  outcome: string
  effect: Maybe
  low: Maybe
  high: Maybe
  unit: string
  verdict: string
  seeds: number
  level_policy: Maybe
  level_reference: Maybe
  reason?: string | null
}

interface Picture {
  case: string
  region: string
  outcome: string
  time: number[]
  policies: { name: string; title: string; run: string }[]
  window: [number, number]
  reference: string
  unit: string
  words: string
  better: 'up' | 'down' | 'either'
}

export interface Flow {
  from: string
  to: string
  value: Maybe
  reference?: Maybe
}

export interface OutlookPicture extends Picture {
  fans: Record<string, Record<string, Fan>>
  effects: Effect[]
  table: Effect[] | null
  flows: { year: number; unit: string; regions: string[]; links: Flow[]; across: Record<string, Record<'sold' | 'bought', { value: Maybe; reference: Maybe }>> } | null
  value: { year: number; unit: string; links: { stage: string; region: string; value: Maybe; reference: Maybe }[]; shares: Record<string, { value: Maybe; reference: Maybe }> } | null
  cost: Record<string, Maybe> | Maybe
  /** Parts that are of the picture before, until all runs are in. */
  kept?: string[]
  facts: KnownFacts | null
}

/** A known figure beside the runs of what was done; what is not measured there says why. */
export interface KnownFact {
  name: string
  region: string
  says: string
  measured_as: string | null
  outcome: string | null
  unit: string
  held_out: boolean
  hit: boolean | null
  simulated: Maybe
  source: string
  reason: string | null
  when: string
  known: string
  band: string
  verdict: string
  /** Where it stands on the axes of its outcome; an end that is null is open. */
  point: { time: number; low: Maybe; high: Maybe } | null
}

export interface KnownFacts {
  /** The policy under which facts are measured. */
  policy: string
  title: string
  rows: KnownFact[]
}

export interface ComparePicture extends Picture {
  fans: Record<string, Fan>
  effects: Effect[]
  differences: Effect[]
}

export interface StructurePicture extends Picture {
  ties: { year: number; links: Flow[]; by_kind: { region: string; kind: string; value: Maybe }[] }
  supplies: { year: number; unit: string; regions: string[]; links: Flow[] } | null
  firms: { fans: Record<string, Fan> }
  sizes: Record<string, { edges: number[]; share: number[]; counts: number[]; median: Maybe; firms: number }>
  turnover: { region: string; kind: string; policy: Maybe; reference: Maybe }[]
  turnover_paths: { time: number[]; entries: Maybe[]; exits: Maybe[] } | null
}

export interface RedQueenPath {
  time: number[]
  distance: Maybe[]
  income: Maybe[]
  quality: Maybe[]
  frontier: Maybe[]
  standing_still: Maybe[]
  reached: Maybe[]
  reached_still: Maybe[]
}

export interface RedQueenPicture extends Picture {
  paths: Record<string, Record<string, RedQueenPath>>
}

export interface Pictures {
  outlook: OutlookPicture
  compare: ComparePicture
  structure: StructurePicture
  red_queen: RedQueenPicture
}

/** What a report holds: written into one file by the server. */
export interface Report {
  scenario: Scenario
  case: CaseShown
  pictures: Partial<Pictures>
  command: string
  made: string
}

export interface Column {
  key: string
  label: string
  right?: boolean
}

export type Cell = string | number | boolean | null | undefined

export interface Table {
  columns: Column[]
  rows: Record<string, Cell>[]
}
