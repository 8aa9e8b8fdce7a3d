// Where regions lie on the page: Pacific-centred, land without countries' borders.
import { geoGraticule10, geoInterpolate, geoNaturalEarth1, geoPath, type GeoProjection } from 'd3-geo'
import { polygons, steps } from 'virtual:land'

/** Adds up the differences of a ring: points in degrees. */
function ringOf(differences: number[]): [number, number][] {
  let longitude = 0
  let latitude = 0
  const ring: [number, number][] = []
  for (let place = 0; place < differences.length; place += 2) {
    longitude += differences[place]
    latitude += differences[place + 1]
    ring.push([longitude / steps, latitude / steps])
  }
  return ring
}

const land = { type: 'MultiPolygon' as const, coordinates: polygons.map((rings) => rings.map(ringOf)) }

/** Longitude in the middle unless regions would lie at the edge. */
const PACIFIC = 165
const EDGE = 28

export interface Place {
  name: string
  title: string
  latitude: number
  longitude: number
}

const within = (longitude: number, middle: number) => ((((longitude - middle + 180) % 360) + 360) % 360) - 180

/** Longitude of the middle: the Pacific, else such that the widest gap between regions is at the edge. */
function middleOf(places: Place[]): number {
  if (places.every((place) => Math.abs(within(place.longitude, PACIFIC)) < 180 - EDGE)) return PACIFIC
  const sorted = places.map((place) => ((place.longitude % 360) + 360) % 360).sort((one, other) => one - other)
  let widest = -1
  let middle = PACIFIC
  sorted.forEach((longitude, place) => {
    const next = place + 1 < sorted.length ? sorted[place + 1] : sorted[0] + 360
    if (next - longitude > widest) {
      widest = next - longitude
      middle = (longitude + next) / 2 + 180
    }
  })
  return within(middle, 0)
}

/** Fits a projection to places, with room around for their labels; never so near that continents are lost. */
export function projectionFor(places: Place[], width: number, height: number): GeoProjection {
  const projection = geoNaturalEarth1().rotate([-middleOf(places), 0])
  const points = { type: 'MultiPoint' as const, coordinates: places.map((place) => [place.longitude, place.latitude]) }
  projection.fitExtent(
    [
      [0, 0],
      [width, height],
    ],
    { type: 'Sphere' },
  )
  const whole = projection.scale()
  const sides = Math.min(110, width * 0.17)
  projection.fitExtent(
    [
      [sides, 40],
      [width - sides, height - 34],
    ],
    points,
  )
  const scale = Math.min(projection.scale(), whole * 3.2)
  projection.scale(scale)
  // The places' middle stays in the middle, but no empty space is shown above or below the world.
  const drawn = places.map((place) => projection([place.longitude, place.latitude]) as [number, number])
  const middle = (values: number[]) => (Math.min(...values) + Math.max(...values)) / 2
  const [tx, ty] = projection.translate()
  projection.translate([tx + width / 2 - middle(drawn.map((at) => at[0])), ty + height * 0.5 - middle(drawn.map((at) => at[1]))])
  return projection
}

/** Points along the short way between two places, and how much of the way lies behind each. */
export type Way = { x: number; y: number; part: number }[]
const STEPS = 120

/** The short way over the globe between two places on the map: two parts where it leaves at one edge and comes back at the other. */
export function shortWay(projection: GeoProjection, from: Place, to: Place): Way[] {
  const along = geoInterpolate([from.longitude, from.latitude], [to.longitude, to.latitude])
  const middle = -projection.rotate()[0]
  const ways: Way[] = [[]]
  let before: number | null = null
  for (let step = 0; step <= STEPS; step += 1) {
    const place = along(step / STEPS)
    const turned = within(place[0], middle)
    if (before !== null && Math.abs(turned - before) > 180) ways.push([])
    before = turned
    const [x, y] = projection(place) as [number, number]
    ways[ways.length - 1].push({ x, y, part: step / STEPS })
  }
  return ways
}

export function landPath(projection: GeoProjection, width: number, height: number): string {
  projection.clipExtent([
    [-2, -2],
    [width + 2, height + 2],
  ])
  return geoPath(projection).digits(1)(land) ?? ''
}

export function gridPath(projection: GeoProjection): string {
  return geoPath(projection).digits(1)(geoGraticule10()) ?? ''
}
