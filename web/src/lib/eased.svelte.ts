// Moves numbers from what is shown to what is new in a moment, or at once for readers who want no motion.

import { untrack } from 'svelte'

/** Longest that a picture is on its way. */
const MOMENT = 150

export const still = matchMedia('(prefers-reduced-motion: reduce)')

type Rows = (number | null)[][]

/** Holds rows of numbers; `to` moves them there. Rows of another shape, of another subject, or `atOnce` are shown at once. */
export class Eased {
  rows: Rows = $state.raw([])
  #subject = ''
  #frame = 0

  to(next: Rows, subject: string, atOnce = false): void {
    cancelAnimationFrame(this.#frame)
    // Whoever calls this follows what is new, not what is shown on the way there.
    const from = untrack(() => this.rows)
    const alike = from.length === next.length && from.every((row, place) => row.length === next[place].length)
    if (atOnce || !alike || subject !== this.#subject || still.matches || document.hidden) {
      this.#subject = subject
      this.rows = next
      return
    }
    const started = performance.now()
    const step = (now: number) => {
      const share = Math.min(1, (now - started) / MOMENT)
      const eased = 1 - (1 - share) ** 3
      this.rows =
        share === 1
          ? next
          : next.map((row, place) =>
              row.map((value, position) => {
                const before = from[place][position]
                return value === null || before === null ? value : before + (value - before) * eased
              }),
            )
      if (share < 1) this.#frame = requestAnimationFrame(step)
    }
    this.#frame = requestAnimationFrame(step)
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
  }
}
