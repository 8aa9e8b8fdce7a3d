// Files that the reader opened here: kept by the server in the reader's own folder.
import * as api from '../lib/api'
import { laboratory } from '../lib/state.svelte'
import type { Fault, FileListed } from '../lib/types'

export interface Refused {
  name: string
  heading: string | null
  faults: Fault[]
}

class Opened {
  /** Names of files on their way to the server. */
  opening: string[] = $state.raw([])
  refused: Refused[] = $state.raw([])
  /** Notes about what was read, newest first. */
  notes: { name: string; notes: string[] }[] = $state.raw([])
  /** The panel of files is shown. */
  shown = $state(false)
  read = $state(false)
  /** Tables and registers that were opened since the page was: who opens one wants it read. */
  taken = $state(0)
  #asking: (() => void) | null = null

  readonly tables = $derived(laboratory.files.filter((file) => file.kind === 'table' || file.kind === 'register'))

  /** The component that holds the file field says how to ask for files. */
  asks(ask: () => void): void {
    this.#asking = ask
  }

  ask(): void {
    this.#asking?.()
  }

  async list(): Promise<void> {
    try {
      laboratory.files = await api.get<FileListed[]>('/api/files')
      this.read = true
    } catch (error) {
      this.refused = [{ name: 'Files', heading: null, faults: api.faultsOf(error) }]
    }
  }

  /** Opens files one after the other; what is refused leaves everything else as it was. */
  async open(files: Iterable<File>): Promise<void> {
    const limit = laboratory.about?.limits.upload_bytes ?? Infinity
    this.refused = []
    for (const file of files) {
      this.opening = [...this.opening, file.name]
      try {
        if (file.size > limit) {
          const remedy = `The most that is read is ${megabytes(limit)}.`
          throw new api.Refusal(null, [{ message: `is ${megabytes(file.size)}: too large`, file: file.name, remedy }], 413)
        }
        await this.#take(await api.putFile(file))
      } catch (error) {
        const heading = error instanceof api.Refusal ? error.heading : null
        this.refused = [...this.refused, { name: file.name, heading, faults: api.faultsOf(error) }]
        this.shown = true
        laboratory.say(`${file.name} was not opened.`)
      }
      this.opening = this.opening.filter((name) => name !== file.name)
    }
    await this.list()
  }

  async forget(file: FileListed): Promise<void> {
    try {
      await api.remove(`/api/files/${encodeURIComponent(file.id)}`)
      laboratory.say(`${file.name} was closed.`)
    } catch (error) {
      this.refused = [{ name: file.name, heading: null, faults: api.faultsOf(error) }]
    }
    await this.list()
    if (file.kind === 'case') await laboratory.listCases().catch(() => undefined)
  }

  /** Puts an opened case or policy on the page. */
  async use(file: FileListed): Promise<void> {
    if (file.kind === 'case') {
      await laboratory.listCases()
      laboratory.say(`${file.name} is the case now.`)
      await laboratory.open(file.case ?? `brought:${file.id}`)
    } else if (file.policy) {
      await this.#putOnPage(file, file.policy.title || file.policy.name)
    } else if (file.kind === 'goals' || String(file.kind) === 'observations') laboratory.selectTab('progress')
    else if (file.kind === 'register') laboratory.selectTab('partners')
    else laboratory.selectTab('strengths')
  }

  /** Puts what a policy of a file does in the region on the page; what levers cannot hold is said. */
  async #putOnPage(file: FileListed, title: string): Promise<void> {
    const scenario = laboratory.scenario
    if (!scenario) return
    try {
      const { levers: uses, decides } = await api.baseOf(scenario.case, `file:${file.id}`, scenario.region)
      const steps = uses.filter((use) => use.changes > 1).map((use) => laboratory.leverKind(use.instrument)?.title ?? use.instrument)
      const left = [
        ...(decides ? ['its governments, which decide during the run'] : []),
        ...(steps.length ? [`the steps by which it comes to its level of ${steps.join(', ')}`] : []),
        ...(file.policy?.changes.some((change) => change.where.some((place) => place !== 'target' && place !== scenario.region)) ? ['what it does in other regions'] : []),
      ]
      const levers = uses.map(({ instrument, intensity, per, from, until, stages }) => ({ instrument, intensity, per, from, until, stages }))
      laboratory.change({ base: 'none', levers, name: left.length ? `${title} (in part)` : title })
      const words = left.length ? `Levers cannot hold ${left.join(', nor ')}: redqueen compare takes the file whole.` : 'Its levers are on the page.'
      this.notes = [{ name: file.name, notes: [words] }, ...this.notes.filter((one) => one.name !== file.name)]
      laboratory.say(left.length ? `${file.name} is on the page in part. ${words}` : `The levers of ${file.name} are on the page.`)
    } catch (error) {
      this.refused = [{ name: file.name, heading: `${file.name} cannot be put on this page`, faults: api.faultsOf(error) }]
      this.shown = true
    }
  }

  async #take(file: FileListed): Promise<void> {
    if (file.notes?.length) this.notes = [{ name: file.name, notes: file.notes }, ...this.notes.filter((one) => one.name !== file.name)]
    laboratory.say(`Opened ${file.name}: ${file.summary}`)
    if (file.kind === 'case') await this.use(file)
    if (file.kind === 'policy') await this.use(file)
    if (file.kind === 'goals') laboratory.selectTab('progress')
    if (file.kind === 'table' || file.kind === 'register') this.taken += 1
    if ((file.kind === 'table' || file.kind === 'register') && !['strengths', 'partners'].includes(laboratory.scenario?.tab ?? '')) laboratory.selectTab('strengths')
  }
}

export function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}

export const opened = new Opened()
