// The alert tone: two soft notes made on the spot, higher for graver levels. Off until an operator turns it on.
import { ref } from 'vue'
import type { Level } from './model'
import { recall, remember } from './remembered'

const NOTES_HZ: Record<Level, [number, number]> = { 1: [880, 1175], 2: [659, 784], 3: [523, 523] }
const NOTE_S = 0.16
/** A burst of alerts is one signal, not a machine gun. */
const PAUSE_MS = 1500

export const soundOn = ref(recall('sound') === 'on')

let context: AudioContext | null = null
let lastMs = -Infinity

export function setSound(on: boolean): void {
  soundOn.value = on
  remember('sound', on ? 'on' : 'off')
  if (on) ring(3)
}

export function ring(level: Level): void {
  if (!soundOn.value || performance.now() - lastMs < PAUSE_MS) return
  lastMs = performance.now()
  context ??= new AudioContext()
  void context.resume()
  for (const [i, hertz] of NOTES_HZ[level].entries()) note(context, hertz, context.currentTime + i * NOTE_S)
}

function note(audio: AudioContext, hertz: number, at: number): void {
  const tone = audio.createOscillator()
  const volume = audio.createGain()
  tone.frequency.value = hertz
  volume.gain.setValueAtTime(0, at)
  volume.gain.linearRampToValueAtTime(0.12, at + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.001, at + NOTE_S * 2)
  tone.connect(volume).connect(audio.destination)
  tone.start(at)
  tone.stop(at + NOTE_S * 2)
}
