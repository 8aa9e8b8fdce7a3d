// What the charts of fans draw, and the same as a table.
import { laboratory } from '../lib/state.svelte'
import type { Fan, Table } from '../lib/types'
import { capital, number } from '../lib/words'
import { colourOf } from './colours'
import type { Series } from './FanDrawing.svelte'

/** What a picture says of its own policies: labels are of what is drawn, not of what is asked by now. */
export interface Drawn {
  policies: { name: string; title: string; run: string }[]
  reference: string
  window: [number, number]
}

/** Says whether the page's policy is the one that it is compared with. */
export function alike(picture: Drawn): boolean {
  const run = (name: string) => picture.policies.find((policy) => policy.name === name)?.run
  return run('page') === run(picture.reference)
}

/** Gives the title of a policy as the picture has it. */
export function titleIn(picture: Drawn, name: string): string {
  if (name === 'none') return 'nothing is done'
  return picture.policies.find((policy) => policy.name === name)?.title ?? name.replaceAll('_', ' ')
}

/** Says over which years effects of a picture are measured. */
export function lastYears(picture: Drawn): string {
  const years = (picture.window[1] - picture.window[0]) / 4
  return years === 1 ? 'the last year' : `the last ${number(years)} years`
}

/** Gives what is drawn of the page's policy and the reference. */
export function pageSeries(fans: Record<string, Fan> | undefined, picture: Drawn): Series[] {
  const page = fans?.page
  if (!page) return []
  const drawn: Series[] = [{ name: 'page', label: 'median', fan: page, colour: colourOf('page'), ends: true }]
  const other = fans?.[picture.reference]
  if (other && !alike(picture)) {
    const short = picture.reference === 'none' ? 'nothing' : undefined
    drawn.push({ name: picture.reference, label: titleIn(picture, picture.reference), short, fan: other, colour: colourOf(picture.reference, picture.reference), dashed: true, bands: 'none' })
  }
  return drawn
}

export function shortTitle(policy: string): string {
  return policy === 'none' ? 'nothing is done' : laboratory.policyTitle(policy)
}

/** Gives words for what an effect of a picture is against. */
export function againstWords(picture: Drawn): string {
  return picture.reference === 'none' ? 'doing nothing' : `"${titleIn(picture, picture.reference)}"`
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
