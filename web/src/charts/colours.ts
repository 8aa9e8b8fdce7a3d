// Okabe and Ito's colours, which colour-blind readers tell apart.
export const PAGE = '#0072B2'
export const PINNED = ['#D55E00', '#009E73', '#CC79A7']
export const REFERENCE = '#222222'
export const OTHER = '#666666'
export const BETTER = '#0072B2'
export const WORSE = '#D55E00'
export const UNCLEAR = '#777777'
export const GRID = '#e3e8ee'
export const INK = '#16202c'
export const QUIET = '#56616e'

/** Gives the colour of a policy as results name it: page, pinned_1.., the reference, others. */
export function colourOf(policy: string, reference?: string): string {
  if (policy === 'page') return PAGE
  if (policy === reference) return REFERENCE
  const pinned = /^pinned_(\d+)$/.exec(policy)
  return pinned ? PINNED[(Number(pinned[1]) - 1) % PINNED.length] : OTHER
}

/** Gives the colour of an effect: better, worse, or not told apart from none. */
export function colourOfEffect(low: number | null, high: number | null, better: 'up' | 'down' | 'either'): string {
  if (low === null || high === null || (low <= 0 && high >= 0) || better === 'either') return UNCLEAR
  return low > 0 === (better === 'up') ? BETTER : WORSE
}
