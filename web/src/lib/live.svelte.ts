// Asks the server for pictures while the scenario moves: one request in flight, the latest wins.
import { laboratory } from './state.svelte'
import type { Fault, Pictures, Scenario, TabName, View } from './types'

/** An old picture is dimmed when its successor takes longer than this. */
const DIM_AFTER = 150
/** A question that waits for a first answer yields to a newer one after this. */
const YIELD_AFTER = 400
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
  #answered = new Map<View, string>()
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
    const next = views.find((each) => this.#answered.get(each) !== this.#keyOf(scenario, each))
    if (!next) return
    const flying = this.#inFlight
    if (flying) {
      if (flying.key === this.#keyOf(scenario, next)) return
      // What waits for its first answer is let finish that, or a drag would never show anything.
      if (flying.view === view && !flying.answered && performance.now() - flying.sent < YIELD_AFTER) return
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
    this.#yielding = setTimeout(() => this.#askNext(), YIELD_AFTER + 10)
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
    flying.answered = true
    this.#pictures = { ...this.#pictures, [flying.view]: answer.picture }
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
      this.#answered.set(flying.view, flying.key)
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
