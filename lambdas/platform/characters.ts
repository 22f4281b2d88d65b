/**
 * Characters that show nothing, or a blank that isn't one: control and format characters, lone surrogates, separators,
 * and U+FFFD, which stands for bytes that weren't UTF-8. In an identifier they are a copying error that nobody sees.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]|(?! )\p{Zs}/u;

/** Characters that have no place in a line of text. Names of files may have joiners, as Hindi does, and blanks of any kind. */
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

export const isPrintable = (text: string): boolean => !INVISIBLE.test(text);
export const isOneLine = (text: string): boolean => !CONTROL.test(text);

const NAMES: Readonly<Record<string, string>> = {
  '0000': 'NUL',
  '0009': 'tab',
  '000A': 'line feed',
  '000D': 'carriage return',
  '00A0': 'no-break space',
  '00AD': 'soft hyphen',
  '200B': 'zero-width space',
  '200C': 'zero-width non-joiner',
  '200D': 'zero-width joiner',
  '202F': 'narrow no-break space',
  '2060': 'word joiner',
  FEFF: 'byte order mark',
  FFFD: 'replacement character: it was not UTF-8',
};

const codeOf = (character: string): string =>
  (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');

/**
 * What is wrong with a value, and which of its characters nobody sees: without that, it may look perfect in the answer.
 * White space around a value isn't looked at.
 */
export function withInvisible(message: string, value: unknown): string {
  const found = typeof value === 'string' ? INVISIBLE.exec(value.trim()) : null;
  if (!found) return message;
  const code = codeOf(found[0]);
  const name = NAMES[code];
  const shownAs = `U+${code}${name ? ` (${name})` : ''}`;
  return `${message}; it has the invisible character ${shownAs} at position ${found.index + 1}`;
}

/** How much of a text from outside an error quotes. */
const SHOWN_LENGTH = 60;

/** A text from outside as an error shows it: cut where it gets long, with the code of what can't be seen. */
export function shown(text: string, length = SHOWN_LENGTH): string {
  const cut = text.length > length ? `${text.slice(0, length - 1)}…` : text;
  return cut.replace(new RegExp(INVISIBLE, 'gu'), (character) => `U+${codeOf(character)}`);
}
