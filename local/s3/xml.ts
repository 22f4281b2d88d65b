/** An XML 1.0 document. S3 writes no line breaks inside of it, so neither does this. */
export const document = (root: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${root}`;

/** An element around what is XML already. */
export const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;

/** Elements around plain values, one for each property that has one. */
export const texts = (values: Readonly<Record<string, string | number | boolean | undefined>>): string =>
  Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : element(name, escapeText(String(value)))))
    .join('');

/** Control characters, which keys may hold, are written as references, as S3 does, although XML 1.0 has no such references. */
const escapeText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  text.replaceAll(/[&<>"\u0000-\u001f\u007f]/g, (character) => `&#${character.codePointAt(0)};`);
