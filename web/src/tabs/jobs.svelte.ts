// Jobs: commands that run long, by themselves. The server keeps them; this looks each second while one runs.
import * as api from '../lib/api'
import { laboratory } from '../lib/state.svelte'
import type { Fault, Job, JobKind, Scenario } from '../lib/types'

/** A job of goals also says whose it is. */
export type KnownJob = Job & { goals?: string | null }

const [SOON, LATER] = [1000, 15_000]

class Jobs {
  list: KnownJob[] = $state.raw([])
  read = $state(false)
  faults: Fault[] = $state.raw([])
  #results = new Map<string, Promise<KnownJob>>()
  #watching = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  readonly running = $derived(this.list.some((job) => job.state === 'running' || job.state === 'waiting'))

  of(kinds: JobKind[]): KnownJob[] {
    return this.list.filter((job) => kinds.includes(job.kind)).toReversed()
  }

  /** Looks at the jobs for as long as somebody shows them; gives what ends that. */
  watch(): () => void {
    this.#watching += 1
    if (this.#watching === 1) void this.look()
    return () => {
      this.#watching -= 1
      if (!this.#watching) clearTimeout(this.#timer)
    }
  }

  async look(): Promise<void> {
    clearTimeout(this.#timer)
    try {
      this.list = await api.get<KnownJob[]>('/api/jobs')
      this.read = true
      if (this.faults.length) this.faults = []
    } catch (error) {
      this.faults = api.faultsOf(error)
    }
    if (this.#watching) this.#timer = setTimeout(() => void this.look(), this.running ? SOON : LATER)
  }

  async start(kind: JobKind, scenario: Scenario | null, options: Record<string, unknown>): Promise<KnownJob> {
    const job = await api.post<KnownJob>('/api/jobs', { kind, scenario, options })
    await this.look()
    return job
  }

  async cancel(job: KnownJob): Promise<void> {
    await this.#told(api.remove(`/api/jobs/${job.id}`))
    this.#results.delete(job.id)
  }

  async again(job: KnownJob): Promise<void> {
    this.#results.delete(job.id)
    await this.#told(api.post(`/api/jobs/${job.id}/again`))
  }

  /** Gives a job with its result; asked for once. */
  result(id: string): Promise<KnownJob> {
    const known = this.#results.get(id) ?? api.get<KnownJob>(`/api/jobs/${encodeURIComponent(id)}`)
    this.#results.set(id, known)
    known.catch(() => this.#results.delete(id))
    return known
  }

  async #told(sent: Promise<unknown>): Promise<void> {
    try {
      await sent
    } catch (error) {
      this.faults = api.faultsOf(error)
    }
    await this.look()
  }
}

export const jobs = new Jobs()

/** Writes when something began or ended: today by the hour, before by the day. */
export function when(time: string | number | null): string {
  if (time === null) return ''
  const date = typeof time === 'number' ? new Date(1000 * time) : new Date(time)
  if (Number.isNaN(date.getTime())) return ''
  const hour = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  return date.toDateString() === new Date().toDateString() ? hour : `${date.toISOString().slice(0, 10)}, ${hour}`
}

/** Names what is on the page: its own name, the policy that it starts from, or that one changed. */
export function planWords(): string {
  const scenario = laboratory.scenario
  if (!scenario) return ''
  if (scenario.name) return scenario.name
  const base = laboratory.policyTitle(scenario.base)
  return scenario.levers.length ? (scenario.base === 'none' ? 'The levers on this page' : `${base}, changed`) : base
}
