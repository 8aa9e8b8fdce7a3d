// The state of the page as a link: #1.<base64url of UTF-8 JSON>.
import type { Lever, Pinned, Scenario, TabName } from './types'

export const TABS: { name: TabName; title: string }[] = [
  { name: 'strengths', title: 'Strengths' },
  { name: 'partners', title: 'Partners' },
  { name: 'outlook', title: 'Outlook' },
  { name: 'compare', title: 'Compare' },
  { name: 'structure', title: 'Structure' },
  { name: 'red_queen', title: 'Red Queen' },
  { name: 'why', title: 'Why' },
  { name: 'progress', title: 'Progress' },
]

export function linkOf(scenario: Scenario): string {
  const { case: name, region, shown, base, levers, name: words, pinned, reference, outcome, seeds, tab, window } = scenario
  // Always in this order: equal states have equal links.
  const ordered = { case: name, region, shown, base, levers, name: words, pinned, reference, outcome, seeds, tab, window }
  const bytes = new TextEncoder().encode(JSON.stringify(ordered))
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return `#1.${btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`
}

/** Reads a link; null where it is none or holds no scenario. What is missing or odd in it gets its usual value, `seeds` where it does not say how many. */
export function readLink(fragment: string, seeds: number): Scenario | null {
  if (!fragment.startsWith('#1.')) return null
  try {
    const binary = atob(fragment.slice(3).replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    return scenarioFrom(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), seeds)
  } catch {
    return null
  }
}

const words = (value: unknown, usual: string) => (typeof value === 'string' && value ? value : usual)
const whole = (value: unknown, usual: number) => (typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : usual)
const some = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function leversFrom(value: unknown): Lever[] {
  return list(value).flatMap((item) => {
    const lever = item as Partial<Lever> | null
    if (!lever || typeof lever.instrument !== 'string' || typeof lever.intensity !== 'number') return []
    const stages = Array.isArray(lever.stages) ? lever.stages.filter((stage) => typeof stage === 'string') : null
    return [
      {
        instrument: lever.instrument,
        intensity: lever.intensity,
        per: typeof lever.per === 'string' ? lever.per : null,
        from: some(lever.from),
        until: some(lever.until),
        stages: stages?.length ? stages : null,
      },
    ]
  })
}

function pinnedFrom(value: unknown): Pinned[] {
  return list(value).flatMap((item, position) => {
    const pinned = item as Partial<Pinned> | null
    if (!pinned) return []
    return [{ name: words(pinned.name, `Pinned ${position + 1}`), base: words(pinned.base, 'none'), levers: leversFrom(pinned.levers) }]
  })
}

function scenarioFrom(value: unknown, seeds: number): Scenario | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const read = value as Record<string, unknown>
  if (typeof read.case !== 'string') return null
  const tab = TABS.find((known) => known.name === read.tab)?.name ?? 'outlook'
  const shown = typeof read.shown === 'string' && read.shown !== read.region ? { shown: read.shown } : {}
  const name = typeof read.name === 'string' && read.name ? { name: read.name } : {}
  return {
    case: read.case,
    region: words(read.region, ''),
    ...shown,
    base: words(read.base, 'none'),
    levers: leversFrom(read.levers),
    ...name,
    pinned: pinnedFrom(read.pinned).slice(0, 3),
    reference: words(read.reference, ''),
    outcome: words(read.outcome, 'value_added'),
    seeds: Math.min(1000, Math.max(1, whole(read.seeds, seeds))),
    tab,
    window: Math.max(1, whole(read.window, 20)),
  }
}
