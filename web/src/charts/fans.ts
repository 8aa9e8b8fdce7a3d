// What the charts of fans draw, and the same as a table.
import { laboratory } from '../lib/state.svelte'
import type { Fan, Table } from '../lib/types'
import { capital } from '../lib/words'
import { colourOf } from './colours'
import type { Series } from './FanDrawing.svelte'

/** Gives a policy's fan; one that does what the reference does is run once, under that one's name. */
export function fanOf(fans: Record<string, Fan> | undefined, policy: string, reference: string): Fan | null {
  return fans?.[policy] ?? fans?.[reference] ?? null
}

/** Gives what is drawn of the page's policy and the reference. */
export function pageSeries(fans: Record<string, Fan> | undefined, reference: string): Series[] {
  const page = fanOf(fans, 'page', reference)
  if (!page) return []
  const drawn: Series[] = [{ name: 'page', label: 'median', fan: page, colour: colourOf('page'), ends: true }]
  const other = fans?.[reference]
  if (other && other !== page) {
    drawn.push({ name: reference, label: shortTitle(reference), short: reference === 'none' ? 'nothing' : undefined, fan: other, colour: colourOf(reference, reference), dashed: true, bands: 'none' })
  }
  return drawn
}

export function shortTitle(policy: string): string {
  return policy === 'none' ? 'nothing is done' : laboratory.policyTitle(policy)
}

/** Gives words for what an effect is against. */
export function againstWords(policy: string): string {
  return policy === 'none' ? 'doing nothing' : `"${laboratory.policyTitle(policy)}"`
}

/** Writes fans as a table: a row for each policy and year. */
export function fanTable(series: Series[]): Table {
  return {
    columns: [
      { key: 'policy', label: 'Policy' },
      { key: 'year', label: 'Year', right: true },
      { key: 'q05', label: '5 % of runs below', right: true },
      { key: 'q25', label: '25 %', right: true },
      { key: 'q50', label: 'Median', right: true },
      { key: 'q75', label: '75 %', right: true },
      { key: 'q95', label: '95 %', right: true },
    ],
    rows: series.flatMap((one) =>
      one.fan.time.flatMap((time, place) =>
        Number.isInteger(time) || place === one.fan.time.length - 1
          ? [
              {
                policy: one.name === 'page' ? capital(laboratory.policyTitle('page')) : one.label,
                year: time,
                q05: one.fan.cuts[0][place],
                q25: one.fan.cuts[1][place],
                q50: one.fan.cuts[2][place],
                q75: one.fan.cuts[3][place],
                q95: one.fan.cuts[4][place],
              },
            ]
          : [],
      ),
    ),
  }
}
