// Axes that end at round figures, straight and logarithmic.
import { nice } from 'd3-array'
import { scaleLinear, type Domain, type Linear } from './scales'

export function roundedScale([low, high]: Domain, range: Domain, number = 5): Linear {
  // A span of nothing would have no place for a figure.
  const wide: Domain = high > low ? [low, high] : [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1]
  return scaleLinear(nice(wide[0], wide[1], number) as Domain, range)
}

/** Gives a logarithmic scale of figures above zero, with ticks at 1, 2 and 5. */
export function logarithmicScale([low, high]: Domain, range: Domain): Linear {
  const inner = scaleLinear([Math.log(low), Math.log(high)], range)
  const scale = (value: number) => inner(Math.log(value))
  const invert = (at: number) => Math.exp(inner.invert(at))
  const ticks = () => {
    const powers = Array.from({ length: 25 }, (_, place) => place - 12)
    return powers.flatMap((power) => [1, 2, 5].map((first) => Number(`${first}e${power}`))).filter((value) => value >= low && value <= high)
  }
  return Object.assign(scale, { invert, ticks }) as Linear
}
