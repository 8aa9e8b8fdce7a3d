// Numbers and units in words, the same as the terminal writes them.
import type { Effect, Maybe } from './types'

const DIGITS = 3
const LARGE = 1e9
const LARGEST = 1e15
const MOST_PLACES = 6
const ROUNDING = 1e-9

const UNITS: Record<string, string> = {
  'percentage points': 'points',
  'constant money/head': 'money a head, constant',
}

const FORMATS = new Map<number, Intl.NumberFormat>()

function fixed(value: number, places: number): string {
  // Making a format takes a hundred times as long as using it, and labels are written anew in every frame.
  let format = FORMATS.get(places)
  if (!format) FORMATS.set(places, (format = new Intl.NumberFormat('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })))
  return format.format(value)
}

/** Writes a number with three digits that count, and thousands apart; - where unknown. */
export function number(value: Maybe | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-'
  if (value === 0 || (Number.isInteger(value) && Math.abs(value) < LARGE)) return fixed(value, 0)
  const places = DIGITS - 1 - Math.floor(Math.log10(Math.abs(value)))
  if (Math.abs(value) >= LARGE && Math.abs(value) < LARGEST) return `${number(value / LARGE)} billion`
  if (Math.abs(value) >= LARGEST || places > MOST_PLACES) return value.toExponential(DIGITS - 1)
  return fixed(value, Math.max(0, places))
}

/** Writes a tick of an axis: as few digits as its step leaves meaning to. */
export function tick(value: number, step: number): string {
  if (Math.abs(value) >= LARGE) return number(value)
  if (value !== 0 && Math.abs(value) < 1e-6) return value.toExponential(0)
  return fixed(value, Math.min(MOST_PLACES, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))))
}

function placesOf(size: number): number {
  return Math.abs(size) < ROUNDING ? 0 : Math.max(0, 1 - Math.floor(Math.log10(Math.abs(size))))
}

function signed(value: number, places: number): string {
  const text = fixed(value, Math.min(20, places))
  if (Number(text.replaceAll(',', '')) === 0) return text.replace('-', '')
  return value > 0 ? `+${text}` : text
}

/** Writes an effect and its interval, to the places that the width of the interval leaves meaning to. */
export function effectWords(effect: Maybe, low: Maybe, high: Maybe): [string, string] {
  if (effect === null || effect === undefined) return ['-', '-']
  if (low === null || high === null || low === undefined || high === undefined) return [signed(effect, placesOf(effect)), '-']
  const half = (high - low) / 2
  const largest = Math.max(Math.abs(effect), half)
  const most = largest > ROUNDING ? 1 + placesOf(largest) : 0
  let places = half > ROUNDING ? Math.min(placesOf(half), most) : most
  const nearer = Math.min(Math.abs(low), Math.abs(high))
  // An interval that leaves zero out is not shown as ending there.
  if (low * high > 0 && nearer > ROUNDING && Number(nearer.toFixed(places)) === 0) places = placesOf(nearer) - 1
  return [signed(effect, places), `${signed(low, places)} to ${signed(high, places)}`]
}

export function unitWords(unit: string): string {
  return UNITS[unit] ?? unit.replace('/quarter', ' a quarter').replace('/unit', ' a unit').replace('/head', ' a head')
}

/** Writes a name of the files in words: venture_capital becomes venture capital. */
export function spaced(name: string): string {
  return name.replaceAll('_', ' ')
}

/** Gives the title of something that is known by a name, else the name in words. */
export function titled(known: { name: string; title: string }[], name: string): string {
  return known.find((one) => one.name === name)?.title ?? spaced(name)
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function year(value: Maybe | undefined): string {
  return value === null || value === undefined ? '-' : String(value)
}

export function count(number_: number, one: string, many = `${one}s`): string {
  return `${fixed(number_, 0)} ${number_ === 1 ? one : many}`
}

export function seconds(value: Maybe | undefined): string {
  if (value === null || value === undefined) return ''
  if (value < 90) return `${Math.max(1, Math.round(value))} s`
  if (value < 5400) return `${Math.round(value / 60)} min`
  return `${(value / 3600).toFixed(1)} h`
}

/** Says one effect: "+3.1 % (+1.2 to +5.0 %)". */
export function effectLine(row: Pick<Effect, 'effect' | 'low' | 'high' | 'unit'>): string {
  const [effect, interval] = effectWords(row.effect, row.low, row.high)
  const unit = unitWords(row.unit)
  return interval === '-' ? `${effect} ${unit}` : `${effect} ${unit} (${interval})`
}
