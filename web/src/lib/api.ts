// Asks the server by HTTP; what it refuses becomes a Refusal with its faults.
import type { About, BaseLever, CaseListed, CaseShown, Fault, FileListed, Scenario } from './types'

export class Refusal extends Error {
  heading: string | null
  faults: Fault[]
  status: number

  constructor(heading: string | null, faults: Fault[], status: number) {
    super(heading ?? faults[0]?.message ?? 'The server refused')
    this.heading = heading
    this.faults = faults
    this.status = status
  }
}

/** Faults of anything that was thrown, for the list of faults. */
export function faultsOf(error: unknown): Fault[] {
  if (error instanceof Refusal) return error.faults
  return [{ message: error instanceof Error ? error.message : String(error) }]
}

async function answerOf(path: string, request: RequestInit): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(path, { ...request, headers: { 'X-Redqueen': '1', ...request.headers } })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Refusal(null, [{ message: 'The server does not answer.', remedy: 'Start it again with redqueen app.' }], 0)
  }
  if (answer.ok) return answer
  let body: { heading?: string | null; faults?: Fault[] } = {}
  try {
    body = await answer.json()
  } catch {
    // A refusal without a body still says its number below.
  }
  const faults = body.faults?.length ? body.faults : [{ message: `The server answered with ${answer.status}.` }]
  throw new Refusal(body.heading ?? null, faults, answer.status)
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await answerOf(path, { signal })).json()
}

export async function send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' }
  const answer = await answerOf(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) })
  const text = await answer.text()
  return (text ? JSON.parse(text) : null) as T
}

export const post = <T>(path: string, body: unknown = {}, signal?: AbortSignal) => send<T>('POST', path, body, signal)
export const put = <T>(path: string, body: unknown, signal?: AbortSignal) => send<T>('PUT', path, body, signal)
export const remove = <T>(path: string) => send<T>('DELETE', path)

/** Sends the bytes of a file as they are. */
export async function putFile(file: File): Promise<FileListed> {
  const answer = await answerOf(`/api/files?name=${encodeURIComponent(file.name)}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: file,
  })
  return answer.json()
}

export const about = () => get<About>('/api/about')
export const cases = () => get<CaseListed[]>('/api/cases')
/** Gives a case, its regions with titles: names of places in capitals, kinds of region with one. */
export function titled(shown: CaseShown): CaseShown {
  const regions = shown.regions.map((region) => {
    const words = region.name.replaceAll('_', ' ')
    const title = region.title || (region.code ? words.replace(/(^| )(?!of |and |the )[a-z]/g, (first) => first.toUpperCase()) : words.charAt(0).toUpperCase() + words.slice(1))
    return { ...region, title, latitude: region.latitude ?? null, longitude: region.longitude ?? null }
  })
  return { ...shown, regions }
}

export const caseShown = async (name: string) => titled(await get<CaseShown>(`/api/cases/${encodeURIComponent(name)}`))
export const baseOf = (name: string, policy: string, region: string) =>
  get<{ levers: BaseLever[]; decides: boolean }>(`/api/cases/${encodeURIComponent(name)}/base/${encodeURIComponent(policy)}?region=${encodeURIComponent(region)}`)

export interface Saved {
  case: { name: string; text: string } | null
  policy: { name: string; text: string } | null
  command: string
}
export const save = (scenario: Scenario) => post<Saved>('/api/save', { scenario })

export async function report(scenario: Scenario): Promise<{ name: string; text: string }> {
  const answer = await answerOf('/api/report', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ scenario }),
  })
  const named = /filename="?([^";]+)"?/.exec(answer.headers.get('Content-Disposition') ?? '')
  return { name: named?.[1] ?? 'redqueen_report.html', text: await answer.text() }
}
