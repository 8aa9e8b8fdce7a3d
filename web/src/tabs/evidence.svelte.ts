// What the tabs of evidence ask about: the tables that were opened, or the world as it is simulated.
import * as api from '../lib/api'
import { opened } from '../files/opened.svelte'
import { laboratory } from '../lib/state.svelte'
import type { Fault, FileListed } from '../lib/types'
import { capital, spaced } from '../lib/words'
import type { Choices } from './documents'

/** A world is run anew this long after the last move of a lever. */
const AFTER = 500

class EvidenceChosen {
  /** Ids of tables that are not to be used. */
  left: string[] = $state.raw([])
  /** The simulated world was chosen, when so many tables had been opened: those opened later take its place. */
  #simulated = $state(false)
  #taken = $state(0)
  region = $state('')
  activity = $state('')
  year: number | null = $state(null)
  measure = $state('')
  choices: Choices | null = $state.raw(null)
  faults: Fault[] = $state.raw([])
  /** What `choices` are of: after another source is chosen they are still the last one's. */
  #of = $state('')
  #asked = ''

  get simulated(): boolean {
    return this.#simulated && this.#taken === opened.taken
  }
  set simulated(chosen: boolean) {
    this.#simulated = chosen
    this.#taken = opened.taken
  }

  readonly used: FileListed[] = $derived(this.simulated ? [] : opened.tables.filter((file) => !this.left.includes(file.id)))
  readonly some = $derived(this.simulated || this.used.some((file) => file.kind === 'table'))
  /** Changes where the choices do. */
  readonly of = $derived(
    this.simulated
      ? `case=${encodeURIComponent(laboratory.scenario?.case ?? '')}`
      : `files=${this.used.filter((file) => file.kind === 'table').map((file) => file.id).join(',')}`,
  )
  /** What can be asked is known, and the region is among it. */
  readonly ready = $derived(this.some && this.#of === this.of && (this.choices?.regions.some((one) => one.code === this.region) ?? false))
  /** What of the scenario a simulated answer hangs on. */
  readonly world = $derived.by(() => {
    const scenario = laboratory.scenario
    return this.simulated && scenario ? JSON.stringify([scenario.case, scenario.region, scenario.base, scenario.levers]) : ''
  })

  toggle(file: FileListed): void {
    this.left = this.left.includes(file.id) ? this.left.filter((id) => id !== file.id) : [...this.left, file.id]
  }

  /** Reads what can be asked; what was chosen stays where it is still among that. */
  async readChoices(): Promise<void> {
    const asked = this.of
    if (!this.some || asked === this.#asked) return
    this.#asked = asked
    try {
      const choices = await api.get<Choices>(`/api/choices?${asked}`)
      if (asked !== this.of) return
      this.choices = choices
      this.#of = asked
      this.faults = []
      const regions = new Set(choices.regions.map((one) => one.code))
      const page = laboratory.region
      const code = laboratory.case?.regions.find((one) => one.name === page)?.code ?? ''
      const own = [page, code].find((one) => regions.has(one))
      if (this.simulated && own) this.region = own
      else if (!regions.has(this.region)) this.region = own ?? (regions.size === 1 ? choices.regions[0].code : '')
      if (this.year !== null && !choices.years.includes(this.year)) this.year = null
      if (this.measure && !choices.measures.includes(this.measure)) this.measure = ''
      if (this.activity && !choices.activities.some((one) => one.code === this.activity)) this.activity = ''
    } catch (error) {
      this.#asked = ''
      this.faults = api.faultsOf(error)
    }
  }

  /** Chooses a region, here and where the case knows it on the whole page. */
  choose(region: string): void {
    this.region = region
    const known = laboratory.case?.regions.find((one) => one.name === region || (one.code !== null && one.code === region))
    if (known) laboratory.select(known.name)
  }

  /** Writes a name of a simulated world as the case calls it; names of tables stay as they are. */
  named(name: string, simulated = this.simulated): string {
    if (!simulated) return capital(name)
    const region = laboratory.case?.regions.find((one) => one.name === name || spaced(one.name) === name)
    return region?.title ?? capital(spaced(name))
  }

  /** Writes a sentence about a simulated world with the regions as the case calls them. */
  said(sentence: string, simulated = this.simulated): string {
    if (!simulated) return sentence
    return spaced((laboratory.case?.regions ?? []).reduce((words, one) => words.replaceAll(one.name, one.title ?? spaced(one.name)), sentence))
  }
}

export const evidence = new EvidenceChosen()

/** Asks for a document and keeps the last one while the next is on its way. */
export class Asked<Document> {
  document: Document | null = $state.raw(null)
  faults: Fault[] = $state.raw([])
  heading: string | null = $state(null)
  busy = $state(false)
  #abort: AbortController | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #key = ''

  /** Asks once a key; later where it is a world that has to be run. */
  ask(path: string, body: unknown, later = false): void {
    const key = `${path} ${JSON.stringify(body)}`
    if (key === this.#key) return
    this.#key = key
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#send(path, body), later && this.document ? AFTER : 0)
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#abort?.abort()
    this.#key = ''
    this.document = null
    this.faults = []
    this.busy = false
  }

  async #send(path: string, body: unknown): Promise<void> {
    this.#abort?.abort()
    const abort = new AbortController()
    this.#abort = abort
    this.busy = true
    try {
      const document = await api.post<Document>(path, body, abort.signal)
      if (this.#abort !== abort) return
      this.document = document
      this.faults = []
      this.heading = null
    } catch (error) {
      if (this.#abort !== abort || (error instanceof DOMException && error.name === 'AbortError')) return
      this.#key = ''
      this.faults = api.faultsOf(error)
      this.heading = error instanceof api.Refusal ? error.heading : null
    }
    if (this.#abort === abort) this.busy = false
  }
}
