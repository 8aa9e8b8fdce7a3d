// Asks the server for pictures while the scenario moves: one request in flight, the latest wins.
import { laboratory } from './state.svelte'
import type { Fault, Pictures, Scenario, TabName, View } from './types'

/** An old picture is dimmed when its successor takes longer than this. */
const DIM_AFTER = 150
/** A question that waits for its first answer yields to a newer one after so many times what the last one took, within bounds. */
const PATIENCE = 3
const LEAST_WAIT = 400
const MOST_WAIT = 6000
const FIRST_WAIT = 500
const LONGEST_WAIT = 8000

type Answer = {
  id: number
  seeds_run: number
  seeds: number
  done: boolean
  ms: number
  view: View
  command: string
  picture: Pictures[View]
  faults?: Fault[]
  heading?: string | null
}

type Shown = { [V in View]?: Pictures[V] }

export type LiveState = 'loading' | 'refining' | 'live' | 'refused' | 'lost' | 'report'

/** View that a tab shows; tabs that ask for none keep the fans at the left alive. */
export function viewOf(tab: TabName): View {
  return tab === 'compare' || tab === 'structure' || tab === 'red_queen' ? tab : 'outlook'
}

/** Parts of an outlook that come with the last run. Until then those of the picture before stay, marked as kept. */
const LATE = ['table', 'flows', 'value', 'facts'] as const

function whole<P extends Pictures[View]>(before: Pictures[View] | undefined, picture: P): P {
  if (!('flows' in picture) || !before || !('flows' in before) || before.case !== picture.case) return picture
  const late = LATE.filter((part) => !picture[part] && before[part] && (part !== 'table' || before.region === picture.region))
  return { ...picture, ...Object.fromEntries(late.map((part) => [part, before[part]])), kept: late }
}

class Live {
  state: LiveState = $state('loading')
  seedsRun = $state(0)
  seeds = $state(0)
  milliseconds = $state(0)
  command = $state('')
  heading: string | null = $state(null)
  faults: Fault[] = $state.raw([])
  /** An answer takes its time: what is shown is from before. */
  dim = $state(false)
  #pictures: Shown = $state.raw({})
  #socket: WebSocket | null = null
  #open = false
  #id = 0
  #inFlight: { id: number; view: View; key: string; answered: boolean; sent: number } | null = null
  #answered = new Map<View, { key: string; command: string; runs: number; milliseconds: number }>()
  #usual = 1000
  #refused = ''
  #scheduled = 0
  #dimming: ReturnType<typeof setTimeout> | undefined
  #yielding: ReturnType<typeof setTimeout> | undefined
  #wait = FIRST_WAIT

  /** The last picture of a view of the case on the page; null before the first. */
  picture<V extends View>(view: V): Pictures[V] | null {
    const picture = this.#pictures[view] as Pictures[V] | undefined
    return picture && picture.case === laboratory.scenario?.case ? picture : null
  }

  start(): void {
    if (laboratory.report) {
      this.#pictures = laboratory.report.pictures as Shown
      this.command = laboratory.report.command
      this.state = 'report'
      return
    }
    this.#connect()
  }

  /** Notes that the scenario moved; asks at most once a frame. */
  moved(): void {
    if (this.state === 'report' || this.#scheduled) return
    this.#scheduled = requestAnimationFrame(() => {
      this.#scheduled = 0
      this.#askNext()
    })
  }

  #connect(): void {
    const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`
    const socket = new WebSocket(address)
    this.#socket = socket
    socket.onopen = () => {
      this.#open = true
      this.#wait = FIRST_WAIT
      this.#inFlight = null
      this.#answered.clear()
      this.state = 'loading'
      this.#askNext()
    }
    socket.onmessage = (event) => this.#take(JSON.parse(event.data))
    socket.onclose = () => {
      if (this.#socket !== socket) return
      this.#open = false
      this.#inFlight = null
      clearTimeout(this.#yielding)
      this.state = 'lost'
      this.#dimNow(true)
      setTimeout(() => this.#connect(), this.#wait * (0.75 + Math.random() / 2))
      this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2)
    }
  }

  /** What of a scenario decides a view's picture: tab and words do not. */
  #keyOf(scenario: Scenario, view: View): string {
    const { tab: _tab, name: _name, ...rest } = scenario
    return JSON.stringify([view, rest])
  }

  #askNext(): void {
    const scenario = laboratory.scenario
    if (!scenario || !this.#open || laboratory.case?.name !== scenario.case) return
    const view = viewOf(scenario.tab)
    const views: View[] = view === 'outlook' ? ['outlook'] : [view, 'outlook']
    const key = this.#keyOf(scenario, view)
    if (key === this.#refused) return
    const known = this.#answered.get(view)
    if (known?.key === key) this.#rest(known)
    const next = views.find((each) => this.#answered.get(each)?.key !== this.#keyOf(scenario, each))
    if (!next) return
    const flying = this.#inFlight
    if (flying) {
      if (flying.key === this.#keyOf(scenario, next)) return
      // What waits for its first answer is let finish that, or a drag would never show anything.
      if (flying.view === view && !flying.answered && performance.now() - flying.sent < this.#patience()) return
    }
    this.#send(scenario, next)
  }

  #send(scenario: Scenario, view: View): void {
    const id = ++this.#id
    this.#inFlight = { id, view, key: this.#keyOf(scenario, view), answered: false, sent: performance.now() }
    this.#socket?.send(JSON.stringify({ id, scenario, view }))
    if (view === viewOf(scenario.tab)) {
      if (this.state !== 'loading') this.state = this.picture(view) ? 'refining' : 'loading'
      this.seedsRun = 0
      this.seeds = scenario.seeds
      this.#dimNow(false, true)
    }
    clearTimeout(this.#yielding)
    this.#yielding = setTimeout(() => this.#askNext(), this.#patience() + 10)
  }

  #patience(): number {
    return Math.max(LEAST_WAIT, Math.min(MOST_WAIT, PATIENCE * this.#usual))
  }

  /** Shows that the view on the page is answered. */
  #rest(known: { command: string; runs: number; milliseconds: number }): void {
    this.faults = []
    this.heading = null
    this.#refused = ''
    this.command = known.command
    this.seedsRun = known.runs
    this.milliseconds = known.milliseconds
    this.state = 'live'
    this.#dimNow(false)
  }

  #take(answer: Answer): void {
    const flying = this.#inFlight
    if (!flying || answer.id !== flying.id) return
    const own = flying.view === viewOf(laboratory.scenario?.tab ?? 'outlook')
    if (answer.faults) {
      this.#inFlight = null
      this.#refused = flying.key
      this.faults = answer.faults
      this.heading = answer.heading ?? null
      this.state = 'refused'
      this.#dimNow(true)
      this.#askNext()
      return
    }
    if (!flying.answered) this.#usual = 0.5 * this.#usual + 0.5 * (performance.now() - flying.sent)
    flying.answered = true
    this.#pictures = { ...this.#pictures, [flying.view]: whole(this.#pictures[flying.view], answer.picture) }
    if (own) {
      this.faults = []
      this.heading = null
      this.#refused = ''
      this.command = answer.command
      this.seedsRun = answer.seeds_run
      this.seeds = answer.seeds
      this.milliseconds = answer.ms
      this.state = answer.done ? 'live' : 'refining'
      this.#dimNow(false)
    }
    if (answer.done) {
      this.#answered.set(flying.view, { key: flying.key, command: answer.command, runs: answer.seeds_run, milliseconds: answer.ms })
      this.#inFlight = null
    }
    this.#askNext()
  }

  #dimNow(dim: boolean, later = false): void {
    clearTimeout(this.#dimming)
    if (later) this.#dimming = setTimeout(() => (this.dim = true), DIM_AFTER)
    else this.dim = dim
  }
}

export const live = new Live()

/** What the link state says. */
export function liveWords(): string {
  const runs = (number: number) => `${number} ${number === 1 ? 'run' : 'runs'}`
  switch (live.state) {
    case 'loading':
      return 'Running the first worlds'
    case 'refining':
      return `Refining: ${live.seedsRun} of ${live.seeds} runs`
    case 'live':
      return `Live: ${runs(live.seedsRun)} in ${live.milliseconds < 10_000 ? `${Math.round(live.milliseconds)} ms` : `${Math.round(live.milliseconds / 1000)} s`}`
    case 'refused':
      return 'Not run: see what is wrong'
    case 'lost':
      return 'Server lost: trying again'
    case 'report':
      return 'A report: nothing moves'
  }
}
