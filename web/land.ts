// Makes the page's land from Natural Earth's (world-atlas, 110 m): rounded, without Antarctica, a third of its size.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { feature } from 'topojson-client'
import type { Plugin } from 'vite'

/** Steps in a degree: finer than a pixel of the page's largest map. */
const STEPS = 5
const NAME = 'virtual:land'

type Ring = [number, number][]

/** Gives a ring as differences in steps; a ring that rounding leaves without area is dropped. */
function differences(ring: Ring): number[] | null {
  const rounded = ring.map(([longitude, latitude]) => [Math.round(longitude * STEPS), Math.round(latitude * STEPS)])
  const kept = rounded.filter((point, place) => place === 0 || point[0] !== rounded[place - 1][0] || point[1] !== rounded[place - 1][1])
  if (kept.length < 4) return null
  return kept.flatMap((point, place) => (place === 0 ? point : [point[0] - kept[place - 1][0], point[1] - kept[place - 1][1]]))
}

export function land(): Plugin {
  return {
    name: 'land',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null
      const topology = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('world-atlas/land-110m.json'), 'utf8'))
      const read = feature(topology, topology.objects.land) as unknown as { features: { geometry: { coordinates: Ring[][] } }[] }
      const polygons = read.features.flatMap((one) => one.geometry.coordinates)
      const kept = polygons.filter((rings) => rings[0].some(([, latitude]) => latitude > -60))
      const coded = kept.map((rings) => rings.map(differences).filter((ring) => ring !== null)).filter((rings) => rings.length)
      return `export const steps = ${STEPS}\nexport const polygons = JSON.parse('${JSON.stringify(coded)}')`
    },
  }
}
