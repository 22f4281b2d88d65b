/** A fenced block of JSON in a document. */
export interface Example {
  /** From 1: the line of the fence. */
  readonly line: number;
  /** What stands behind `json` in the fence: whose request it is; empty for an answer. */
  readonly of: string;
  readonly text: string;
}

/** The JSON examples of a document, in order. */
export function examplesOf(markdown: string): Example[] {
  return [...markdown.matchAll(/^```json[ \t]*(\S*)\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: of = '', 2: text = '' }): Example => ({
      line: markdown.slice(0, index).split('\n').length,
      of,
      text,
    }),
  );
}
