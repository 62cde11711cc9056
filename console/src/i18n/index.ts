// The language of the page: Chinese first, the choice remembered on this workstation.
import { computed, ref } from 'vue'
import type { Alert } from '../model'
import { recall, remember } from '../remembered'
import { en } from './en'
import { zh, type Texts } from './zh'

export type Language = 'zh' | 'en'

const TEXTS: Record<Language, Texts> = { zh, en }
const HTML_LANG: Record<Language, string> = { zh: 'zh-CN', en: 'en' }

export const language = ref<Language>(recall('language') === 'en' ? 'en' : 'zh')

/** The texts of the current language: `t.queue.title` in a template, `t.value.queue.title` in code. */
export const t = computed(() => TEXTS[language.value])

export function setLanguage(next: Language): void {
  language.value = next
  remember('language', next)
  markDocument()
}

/** Tells the browser (fonts, hyphenation) and a screen reader (voice) which language is shown. */
export function markDocument(): void {
  document.documentElement.lang = HTML_LANG[language.value]
}

/** Puts values into a text's {names}. */
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))

/** The name of an alert's rule, as the desk's catalogue has it. */
export const ruleName = (alert: Pick<Alert, 'rule' | 'rule_name'>): string =>
  alert.rule_name[language.value] || alert.rule

/** A word of a closed list by its key, or the key itself where the list does not have it. */
export const word = (list: object, key: string | number | null | undefined): string =>
  (list as Record<string, string>)[String(key ?? '')] ?? String(key ?? '–')
