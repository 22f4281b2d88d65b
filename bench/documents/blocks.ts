const markersOf = (name: string): readonly [string, string] => [
  `<!-- bench: ${name} (made by \`npm run bench\`) -->`,
  `<!-- bench: end of ${name} -->`,
];

/** Where the lines between a block's markers are; throws unless the document has each marker once, in this order. */
function placeOf(document: string, name: string): readonly [number, number] {
  const [first, last] = markersOf(name);
  const [before, inside, ...more] = document.split(`${first}\n`);
  const length = inside?.indexOf(last) ?? -1;
  if (before === undefined || length < 0 || more.length > 0)
    throw new Error(`the document has no block ${name}, or two`);
  const start = before.length + first.length + 1;
  return [start, start + length];
}

/** What is between the markers of a block. */
export function blockOf(document: string, name: string): string {
  return document.slice(...placeOf(document, name)).trim();
}

/** Replaces what is between the markers of a block and leaves the rest as it is. */
export function replaceBlock(document: string, name: string, content: string): string {
  const [start, end] = placeOf(document, name);
  return `${document.slice(0, start)}\n${content}\n\n${document.slice(end)}`;
}
