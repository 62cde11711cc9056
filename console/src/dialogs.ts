// Which dialog is open, and who waits for the operator's name.
import { ref, watch } from 'vue'
import { operator } from './operator'

export const operatorDialogOpen = ref(false)
export const helpOpen = ref(false)

/** The operator's name: at once where it is known, otherwise asked for; null when the question is dismissed. */
export function askOperator(): Promise<string | null> {
  if (operator.value) return Promise.resolve(operator.value)
  operatorDialogOpen.value = true
  return new Promise((resolve) => {
    const stop = watch(operatorDialogOpen, (open) => {
      if (open) return
      stop()
      resolve(operator.value || null)
    })
  })
}
