// Range and steps of a lever's slider.
import { tickStep } from 'd3-array'
import type { BaseLever, Lever, LeverKind } from '../lib/types'

export interface Range {
  low: number
  high: number
  step: number
}

/** Gives the slider's range; values outside of it widen it. */
export function rangeOf(kind: LeverKind, ...values: (number | null | undefined)[]): Range {
  const known = values.filter((value): value is number => typeof value === 'number')
  const low = Math.min(kind.low, ...known)
  const high = Math.max(kind.high, ...known)
  return { low, high: high > low ? high : low + 1, step: tickStep(low, high > low ? high : low + 1, 100) }
}

/** Gives what the page does with an instrument: its lever, else what the base does, else nothing. */
export function intensityOf(lever: Lever | null, base: BaseLever | null): number {
  return lever?.intensity ?? base?.intensity ?? 0
}

/** Gives a lever to move: years, stages and measure are those that the base has, until they are set. */
export function moved(kind: LeverKind, lever: Lever | null, base: BaseLever | null, intensity: number): Lever {
  if (lever) return { ...lever, intensity }
  return {
    instrument: kind.instrument,
    intensity,
    per: base?.per ?? kind.per,
    from: base?.from ?? null,
    until: base?.until ?? null,
    stages: base?.stages ?? null,
  }
}

/** Says whether a lever does what the base does anyway. */
export function idle(lever: Lever, base: BaseLever | null): boolean {
  if (!base) return lever.intensity === 0
  return (
    base.changes <= 1 &&
    lever.intensity === base.intensity &&
    lever.from === base.from &&
    lever.until === base.until &&
    (lever.stages ?? []).join() === (base.stages ?? []).join()
  )
}

/** A number for a box: no more digits than its step has meaning for. */
export function boxed(value: number): string {
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 4)))
}
