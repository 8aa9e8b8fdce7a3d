// Hands text to the reader as a file.

export function download(name: string, text: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  // Some browsers read the address after the click returns.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
