// Turns what a chart shows into files: SVG that opens elsewhere, CSV that a spreadsheet reads.
import type { Cell, Table } from '../lib/types'

const KEPT = [
  'fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'stroke-linecap', 'stroke-linejoin',
  'opacity', 'font-family', 'font-size', 'font-weight', 'font-style', 'text-anchor', 'dominant-baseline', 'paint-order', 'display', 'visibility',
]

/** Breaks words into lines of at most so many letters. */
function broken(text: string, letters: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < letters) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Writes a drawing with its styles inside, under its title. */
export function svgText(drawing: SVGSVGElement, title: string, note: string): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement
  const shown = [drawing, ...drawing.querySelectorAll<SVGElement>('*')]
  const copied = [copy, ...copy.querySelectorAll<SVGElement>('*')]
  shown.forEach((element, position) => {
    const styles = getComputedStyle(element)
    const target = copied[position]
    for (const attribute of [...target.attributes]) {
      if (attribute.name === 'class' || attribute.name === 'tabindex' || attribute.name.startsWith('data-')) target.removeAttribute(attribute.name)
    }
    target.setAttribute('style', KEPT.map((name) => `${name}:${styles.getPropertyValue(name).replaceAll('"', "'")}`).join(';'))
  })
  const { width, height } = drawing.getBoundingClientRect()
  const box = drawing.viewBox.baseVal
  const [wide, high] = box && box.width ? [box.width, box.height] : [width, height]
  const lines = broken(note, Math.floor(wide / 6.4))
  const head = 28 + 16 * lines.length
  const outer = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  outer.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  outer.setAttribute('viewBox', `0 0 ${wide} ${high + head}`)
  outer.setAttribute('width', String(Math.round(width)))
  outer.setAttribute('height', String(Math.round(height + (head * width) / wide)))
  const family = getComputedStyle(document.body).fontFamily.replaceAll('"', "'")
  const words = (text: string, y: number, size: number, weight: number) => {
    const line = document.createElementNS('http://www.w3.org/2000/svg', 'text')
    line.setAttribute('x', '4')
    line.setAttribute('y', String(y))
    line.setAttribute('style', `font-family:${family};font-size:${size}px;font-weight:${weight};fill:#16202c`)
    line.textContent = text
    return line
  }
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  ground.setAttribute('width', '100%')
  ground.setAttribute('height', '100%')
  ground.setAttribute('fill', '#ffffff')
  outer.append(ground, words(title, 19, 14, 650))
  lines.forEach((line, place) => outer.append(words(line, 36 + 16 * place, 12, 400)))
  copy.setAttribute('x', '0')
  copy.setAttribute('y', String(head))
  copy.setAttribute('width', String(wide))
  copy.setAttribute('height', String(high))
  outer.append(copy)
  return new XMLSerializer().serializeToString(outer)
}

function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell !== 'string') return String(cell)
  // A spreadsheet would take these for formulas.
  const safe = /^[=+@\t\r]/.test(cell) || (/^-/.test(cell) && !Number.isFinite(Number(cell))) ? `'${cell}` : cell
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function csvText(table: Table): string {
  const lines = [table.columns.map((column) => csvCell(column.label)), ...table.rows.map((row) => table.columns.map((column) => csvCell(row[column.key])))]
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`
}
