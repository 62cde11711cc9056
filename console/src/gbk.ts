// How long a text is on the wire: JT/T 808 carries text in GBK, one byte an ASCII character, two any other.

/** 0x8300 in one frame: the body's 1,023 bytes less the flag byte. */
export const MAX_TEXT_BYTES = 1022

export const gbkBytes = (text: string): number =>
  [...text].reduce((bytes, character) => bytes + (character.charCodeAt(0) < 0x80 ? 1 : 2), 0)
