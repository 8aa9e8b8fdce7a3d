// The scenario of the page: what is asked, with undo, redo and the link.
import * as api from './api'
import { linkOf, readLink } from './link'
import type { About, BaseLever, CaseListed, CaseShown, Fault, FileListed, Lever, LeverKind, Report, Scenario, TabName } from './types'

/** Steps that undo remembers. */
const REMEMBERED = 200

class Laboratory {
  /** A report shows what it holds: no server, nothing to move. */
  report: Report | null = $state.raw(null)
  about: About | null = $state.raw(null)
  cases: CaseListed[] = $state.raw([])
  case: CaseShown | null = $state.raw(null)
  scenario: Scenario | null = $state.raw(null)
  /** What the base policy does in the region, by instrument. */
  base: BaseLever[] = $state.raw([])
  /** Files that were opened here. */
  files: FileListed[] = $state.raw([])
  faults: Fault[] = $state.raw([])
  /** Said once, to be heard too: what a button did, and whether it can be undone beside. */
  said: string = $state('')
  undoable = $state(false)

  #past: Scenario[] = $state.raw([])
  #future: Scenario[] = $state.raw([])
  #together: string | null = null
  #cases = new Map<string, CaseShown>()
  #bases = new Map<string, BaseLever[]>()
  #opening = 0
  #writing: ReturnType<typeof setTimeout> | undefined

  readonly canUndo = $derived(this.#past.length > 0)
  readonly canRedo = $derived(this.#future.length > 0)
  /** Region that charts show. */
  readonly region = $derived(this.scenario?.shown ?? this.scenario?.region ?? '')
  readonly outcome = $derived(this.case?.outcomes.find((outcome) => outcome.name === this.scenario?.outcome) ?? null)
  readonly readOnly = $derived(this.report !== null)

  regionTitle(name: string): string {
    if (name === 'world') return 'World'
    return this.case?.regions.find((region) => region.name === name)?.title ?? name.replaceAll('_', ' ')
  }

  policyTitle(name: string): string {
    const scenario = this.scenario
    if (name === 'page') return scenario?.name || 'The policy on this page'
    const pinned = /^pinned_(\d+)$/.exec(name)
    if (pinned) return scenario?.pinned[Number(pinned[1]) - 1]?.name ?? `Pinned ${pinned[1]}`
    if (name === 'none') return 'Nothing is done'
    return this.case?.policies.find((policy) => policy.name === name)?.title ?? name.replaceAll('_', ' ')
  }

  leverKind(instrument: string): LeverKind | null {
    return this.case?.levers.find((lever) => lever.instrument === instrument) ?? null
  }

  /** The lever of an instrument on the page; null where the base is left as it is. */
  lever(instrument: string): Lever | null {
    return this.scenario?.levers.find((lever) => lever.instrument === instrument) ?? null
  }

  say(words: string, undoable = false): void {
    this.said = words
    this.undoable = undoable
  }

  // ---- changes of the scenario

  /**
   * Changes the scenario as one step of undo. Steps with the same key are one until settle() is called:
   * a slider that is dragged is undone in one go.
   */
  change(patch: Partial<Scenario>, together: string | null = null): void {
    if (!this.scenario || this.readOnly) return
    if (together === null || together !== this.#together) {
      this.#past = [...this.#past, this.scenario].slice(-REMEMBERED)
    }
    this.#together = together
    this.#future = []
    this.#show({ ...this.scenario, ...patch })
  }

  settle(): void {
    this.#together = null
  }

  undo(): void {
    const before = this.#past.at(-1)
    if (!before || !this.scenario) return
    this.#together = null
    this.#past = this.#past.slice(0, -1)
    this.#future = [...this.#future, this.scenario]
    this.#show(this.#keepingTab(before))
  }

  redo(): void {
    const after = this.#future.at(-1)
    if (!after || !this.scenario) return
    this.#together = null
    this.#future = this.#future.slice(0, -1)
    this.#past = [...this.#past, this.scenario]
    this.#show(this.#keepingTab(after))
  }

  setLever(lever: Lever, together: string | null = null): void {
    const levers = this.scenario?.levers ?? []
    const known = levers.some((other) => other.instrument === lever.instrument)
    this.change({ ...this.#renamed(), levers: known ? levers.map((other) => (other.instrument === lever.instrument ? lever : other)) : [...levers, lever] }, together)
  }

  removeLever(instrument: string): void {
    this.change({ ...this.#renamed(), levers: (this.scenario?.levers ?? []).filter((lever) => lever.instrument !== instrument) })
  }

  /** A policy that is changed is no longer the one that its name was given to. */
  #renamed(): Partial<Scenario> {
    const name = this.scenario?.name
    return name && !name.endsWith(', changed') ? { name: `${name}, changed` } : {}
  }

  /** Starts from a policy: the levers go back to what it does. */
  startFrom(policy: string): void {
    this.change({ base: policy, levers: [], name: undefined })
  }

  reset(): void {
    this.change({ levers: [], name: undefined })
  }

  /** Lets the levers act in another region; those that were moved stay moved. */
  actIn(region: string): void {
    this.change({ region, shown: undefined })
  }

  // What is looked at is in the link but is no step of undo.

  select(region: string): void {
    if (!this.scenario || !this.case?.regions.some((known) => known.name === region)) return
    this.#look({ shown: region === this.scenario.region ? undefined : region })
  }

  selectOutcome(outcome: string): void {
    this.#look({ outcome })
  }

  /** Shows a tab; back and forward go from tab to tab, and leave levers as they are. */
  selectTab(tab: TabName): void {
    if (!this.scenario || tab === this.scenario.tab) return
    if (!this.readOnly) history.pushState({ tab }, '', linkOf({ ...this.scenario, tab }))
    this.#look({ tab })
  }

  pin(): void {
    const scenario = this.scenario
    if (!scenario || scenario.pinned.length >= 3) return
    const name = this.#freeName(scenario)
    this.change({ pinned: [...scenario.pinned, { name, base: scenario.base, levers: scenario.levers }] })
    this.say(`Pinned as ${name}.`)
  }

  unpin(position: number): void {
    this.change({ pinned: (this.scenario?.pinned ?? []).filter((_, other) => other !== position) })
  }

  /** Puts a pinned policy back on the page. */
  load(position: number): void {
    const pinned = this.scenario?.pinned[position]
    if (pinned) this.change({ base: pinned.base, levers: pinned.levers, name: pinned.name })
  }

  /** Gives the link that holds the state of the page. */
  link(): string {
    return this.scenario ? `${location.origin}/${linkOf(this.scenario)}` : location.href
  }

  // ---- cases

  /** Opens a case; the scenario starts from what the case says, or is the one given. */
  async open(name: string, scenario: Scenario | null = null, step = true): Promise<void> {
    const opening = ++this.#opening
    try {
      const shown = this.#cases.get(name) ?? (await api.caseShown(name))
      if (opening !== this.#opening) return
      this.#cases.set(name, shown)
      this.faults = []
      const next = scenario ? this.#fitting(scenario, shown) : this.#usual(shown)
      if (step && this.scenario) this.#past = [...this.#past, this.scenario].slice(-REMEMBERED)
      if (step) this.#future = []
      this.#together = null
      const left = step && this.scenario && (this.scenario.levers.length || this.scenario.pinned.length || this.scenario.base !== 'none')
      this.case = shown
      this.#show(next)
      if (left) this.say(`${shown.title} is the case now, and nothing is done in it: levers and pinned policies were of the case before.`, true)
    } catch (error) {
      if (opening === this.#opening) this.faults = api.faultsOf(error)
    }
  }

  /** Starts the page: from its link, else the case asked for, else the first. */
  async start(): Promise<void> {
    const held = document.getElementById('redqueen-report')
    if (held?.textContent) {
      const report: Report = JSON.parse(held.textContent)
      this.report = report
      this.case = api.titled(report.case)
      this.scenario = report.scenario
      return
    }
    let went = false
    addEventListener('popstate', (event) => {
      went = typeof event.state?.tab === 'string'
      if (went) this.#look({ tab: event.state.tab })
    })
    addEventListener('hashchange', () => {
      const asked = this.about && readLink(location.hash, this.about.seeds_of_links)
      if (!went && asked && linkOf(asked) !== (this.scenario && linkOf(this.scenario))) void this.open(asked.case, asked)
    })
    try {
      ;[this.about, this.cases] = await Promise.all([api.about(), api.cases()])
    } catch (error) {
      this.faults = api.faultsOf(error)
      return
    }
    const broken = location.hash
    const asked = readLink(broken, this.about.seeds_of_links)
    if (asked) await this.open(asked.case, asked, false)
    if (!this.scenario) {
      const unread = this.faults
      await this.open(this.about.case ?? this.cases.find((known) => known.name === 'hsinchu')?.name ?? this.cases[0].name, null, false)
      if (asked && unread.length) this.faults = unread
      if (!asked && broken.startsWith('#1')) {
        this.faults = [{ message: 'The link is damaged or was cut short.', remedy: 'Copy it whole, from the share button; meanwhile this is the usual start.' }]
      }
    }
  }

  async listCases(): Promise<void> {
    this.cases = await api.cases()
  }

  // ---- inner

  #usual(shown: CaseShown, seeds = this.about?.seeds ?? 0): Scenario {
    const outcome = shown.outcomes.find((known) => known.name === 'value_added') ?? shown.outcomes.find((known) => known.headline) ?? shown.outcomes[0]
    return {
      case: shown.name,
      region: shown.region,
      base: 'none',
      levers: [],
      pinned: [],
      reference: shown.policies.some((policy) => policy.name === shown.reference) ? shown.reference : 'none',
      outcome: outcome.name,
      seeds,
      tab: this.scenario?.tab ?? 'outlook',
      window: Math.min(20, Math.round(4 * (shown.end - shown.start))),
    }
  }

  /** Fits a scenario of a link to the case: names that the case lacks get their usual value. */
  #fitting(scenario: Scenario, shown: CaseShown): Scenario {
    const fitted = this.#fitted(scenario, shown)
    const lost = scenario.levers.length - fitted.levers.length + scenario.pinned.length - fitted.pinned.length
    const others = (['region', 'base', 'reference', 'outcome'] as const).filter((key) => scenario[key] && scenario[key] !== fitted[key])
    if (lost || others.length) {
      const words = [...(lost ? [`${lost} of its levers or pinned policies`] : []), ...others.map((key) => `its ${key}`)].join(', ')
      this.faults = [{ message: `The case does not have all that the link names: ${words}.`, remedy: 'What it lacks was left out; the case may be another version.' }]
    }
    return fitted
  }

  #fitted(scenario: Scenario, shown: CaseShown): Scenario {
    const usual = this.#usual(shown, scenario.seeds)
    const policies = new Set(['none', ...shown.policies.map((policy) => policy.name)])
    const regions = new Set(shown.regions.map((region) => region.name))
    const known = new Set(shown.levers.map((lever) => lever.instrument))
    return {
      ...scenario,
      case: shown.name,
      region: regions.has(scenario.region) ? scenario.region : usual.region,
      shown: scenario.shown && regions.has(scenario.shown) && scenario.shown !== scenario.region ? scenario.shown : undefined,
      base: policies.has(scenario.base) ? scenario.base : 'none',
      reference: policies.has(scenario.reference) ? scenario.reference : usual.reference,
      outcome: shown.outcomes.some((outcome) => outcome.name === scenario.outcome) ? scenario.outcome : usual.outcome,
      levers: scenario.levers.filter((lever) => known.has(lever.instrument)),
      pinned: scenario.pinned.filter((pinned) => policies.has(pinned.base)),
      window: Math.min(scenario.window, Math.round(4 * (shown.end - shown.start))),
      seeds: Math.min(scenario.seeds, this.about?.limits.seeds ?? scenario.seeds),
    }
  }

  #keepingTab(scenario: Scenario): Scenario {
    return { ...scenario, tab: this.scenario?.tab ?? scenario.tab }
  }

  #look(patch: Partial<Scenario>): void {
    if (!this.scenario || this.readOnly) return
    this.#together = null
    this.#show({ ...this.scenario, ...patch })
  }

  #show(scenario: Scenario): void {
    this.scenario = scenario
    const shown = this.#cases.get(scenario.case)
    if (shown) this.case = shown
    else if (this.case?.name !== scenario.case) void this.open(scenario.case, scenario, false)
    this.#writeLink()
    void this.#readBase(scenario)
  }

  /** Writes the link into the address, not at each step of a drag: browsers take only so many. */
  #writeLink(): void {
    clearTimeout(this.#writing)
    this.#writing = setTimeout(() => {
      try {
        if (this.scenario) history.replaceState({ tab: this.scenario.tab }, '', linkOf(this.scenario))
      } catch {
        // The address lags; the share button copies the link itself.
      }
    }, 250)
  }

  async #readBase(scenario: Scenario): Promise<void> {
    const key = `${scenario.case} ${scenario.base} ${scenario.region}`
    if (scenario.base === 'none') {
      this.base = []
      return
    }
    const read = this.#bases.get(key)
    if (read) {
      this.base = read
      return
    }
    try {
      const { levers } = await api.baseOf(scenario.case, scenario.base, scenario.region)
      this.#bases.set(key, levers)
      const now = this.scenario
      if (now && key === `${now.case} ${now.base} ${now.region}`) this.base = levers
    } catch (error) {
      this.faults = api.faultsOf(error)
    }
  }

  #freeName(scenario: Scenario): string {
    const title = scenario.base === 'none' ? 'My policy' : this.policyTitle(scenario.base)
    const start = scenario.name || (scenario.levers.length && scenario.base !== 'none' ? `${title}, changed` : title)
    const taken = new Set(scenario.pinned.map((pinned) => pinned.name))
    if (!taken.has(start)) return start
    let number = 2
    while (taken.has(`${start} ${number}`)) number += 1
    return `${start} ${number}`
  }
}

export const laboratory = new Laboratory()
