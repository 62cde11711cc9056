// Who sits here: asked once, remembered on this workstation, changeable in the header.
import { ref } from 'vue'
import { recall, remember } from './remembered'

const MAX_NAME_CHARS = 40

export const operator = ref(recall('operator') ?? '')

export function setOperator(name: string): void {
  operator.value = name.trim().slice(0, MAX_NAME_CHARS)
  remember('operator', operator.value)
}
