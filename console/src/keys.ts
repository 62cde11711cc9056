// Keys that work anywhere on the page, except while something is being written.
import { onMounted, onUnmounted } from 'vue'
import { helpOpen, operatorDialogOpen } from './dialogs'
import { selectVehicle } from './selection'

const TARGETS: Record<string, string> = {
  '/': '[data-field="search"]',
  a: '[data-field="note"]',
  l: '[data-list="alerts"]',
}

const writing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select') !== null

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || operatorDialogOpen.value || helpOpen.value) return
  if (event.key === 'Escape') {
    if (writing(event.target)) (event.target as HTMLElement).blur()
    else selectVehicle(null)
    return
  }
  if (writing(event.target)) return
  if (event.key === '?') {
    helpOpen.value = true
    return
  }
  const selector = TARGETS[event.key.toLowerCase()]
  const element = selector && document.querySelector<HTMLElement>(selector)
  if (!element) return
  event.preventDefault()
  element.focus()
}

export function useKeys(): void {
  onMounted(() => window.addEventListener('keydown', onKey))
  onUnmounted(() => window.removeEventListener('keydown', onKey))
}
