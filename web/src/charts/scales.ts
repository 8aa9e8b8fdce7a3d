// Axes that stay where they are while they serve, and labels that keep out of each other's way.
import { ticks, tickStep } from 'd3-array'
import type { Fan, Maybe } from '../lib/types'

export type Domain = [number, number]

export interface Linear {
  (value: number): number
  invert(at: number): number
  ticks(number: number): number[]
}

/** Maps a span of figures to a span of pixels. */
export function scaleLinear(domain: Domain, range: Domain): Linear {
  const reach = domain[1] - domain[0] || 1
  const scale = ((value: number) => range[0] + ((value - domain[0]) / reach) * (range[1] - range[0])) as Linear
  scale.invert = (at) => domain[0] + ((at - range[0]) / (range[1] - range[0] || 1)) * reach
  scale.ticks = (number) => ticks(domain[0], domain[1], number)
  return scale
}

/** Span of what fans hold; from zero where that costs little of the height. */
export function spanOf(fans: Fan[]): Domain {
  let low = Infinity
  let high = -Infinity
  for (const fan of fans) {
    for (const row of [fan.cuts[0], fan.cuts[4], fan.cuts[2]]) {
      for (const value of row) {
        if (value === null) continue
        if (value < low) low = value
        if (value > high) high = value
      }
    }
  }
  if (!(low <= high)) return [0, 1]
  if (low >= 0 && low < 0.7 * high) low = 0
  if (high <= 0 && high > 0.7 * low) high = 0
  if (low === high) return low === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1]
  return [low, high]
}

function rounded([low, high]: Domain, number: number): Domain {
  const step = tickStep(low, high, number)
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step]
}

/** Keeps an axis unless figures leave it or fill less than half of it. */
export function settledDomain(before: Domain | null, span: Domain, number = 5): Domain {
  const wanted = rounded(span, number)
  if (!before) return wanted
  const inside = span[0] >= before[0] && span[1] <= before[1]
  const filled = (span[1] - span[0]) / (before[1] - before[0])
  return inside && filled > 0.5 ? before : wanted
}

export function ticksOf(domain: Domain, number: number): { values: number[]; step: number } {
  return { values: ticks(domain[0], domain[1], number), step: tickStep(domain[0], domain[1], number) }
}

/** Moves labels apart so that each has its line, as little as can be. */
export function apart<Label extends { y: number }>(labels: Label[], gap: number, top: number, bottom: number): Label[] {
  const sorted = labels.map((label) => ({ ...label })).sort((one, other) => one.y - other.y)
  for (let pass = 0; pass < 40; pass += 1) {
    let moved = false
    for (let place = 1; place < sorted.length; place += 1) {
      const lack = gap - (sorted[place].y - sorted[place - 1].y)
      if (lack > 0.1) {
        sorted[place - 1].y -= lack / 2
        sorted[place].y += lack / 2
        moved = true
      }
    }
    if (sorted.length) {
      sorted[0].y = Math.max(top, sorted[0].y)
      sorted[sorted.length - 1].y = Math.min(bottom, sorted[sorted.length - 1].y)
    }
    if (!moved) break
  }
  return sorted
}

/** Span of effects: intervals as far as they leave the effects readable; wider ones leave the picture. */
export function effectSpan(rows: { effect: Maybe; low: Maybe; high: Maybe }[]): Domain {
  const known = rows.filter((row) => row.effect !== null)
  const effects = known.map((row) => Math.abs(row.effect as number))
  const ends = known.flatMap((row) => [row.low, row.high].filter((end): end is number => end !== null).map(Math.abs)).sort((one, other) => one - other)
  const largest = Math.max(0, ...effects)
  // A single interval without bound must not press all others to nothing.
  const usual = ends.length ? ends[Math.floor((ends.length - 1) * 0.75)] * 1.6 : 0
  const most = Math.max(largest * 1.15, Math.min(ends.at(-1) ?? 0, Math.max(usual, largest * 2.5)), 1e-9)
  const low = Math.min(0, ...known.map((row) => Math.max(-most, row.low ?? row.effect ?? 0)))
  const high = Math.max(0, ...known.map((row) => Math.min(most, row.high ?? row.effect ?? 0)))
  const room = (high - low) * 0.04 || 1
  return [low === 0 ? -room : low - room, high === 0 ? room : high + room]
}
