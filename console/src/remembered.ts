// What one workstation remembers between visits. A browser that forbids storage forgets, and the page goes on.

const PREFIX = 'haulwatch.'

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name)
  } catch {
    return null
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // Private windows and locked-down kiosks refuse; the choice then lasts until the page is closed.
  }
}
