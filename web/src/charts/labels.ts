// Words of a drawing in the room that they have.

/** Breaks words into lines of so many letters; what is left over after the last line is cut. */
export function broken(words: string, letters: number, lines = 2): string[] {
  const found: string[] = []
  for (const word of words.split(' ')) {
    const last = found.at(-1)
    if (last !== undefined && `${last} ${word}`.length <= letters) found[found.length - 1] = `${last} ${word}`
    else found.push(word)
  }
  const shown = found.slice(0, lines)
  if (found.length > lines) shown[lines - 1] = `${shown[lines - 1]} ${found.slice(lines).join(' ')}`
  return shown.map((line) => (line.length > letters ? `${line.slice(0, Math.max(1, letters - 1)).trimEnd()}…` : line))
}
