/** One way from a state to another, and what takes it. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly event: string;
}

const ARROW = /^\s*([\w[\]*]+)\s*-->\s*([\w[\]*]+)\s*:\s*(.+)$/;

/** The edges of the first state diagram (Mermaid) in a document. A condition in brackets after an event is for readers only. */
export function edgesOf(markdown: string): Edge[] {
  const [, diagram = ''] = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(markdown) ?? [];
  return diagram.split('\n').flatMap((line) => {
    const [, from, to, label] = ARROW.exec(line) ?? [];
    if (from === undefined || to === undefined || label === undefined || from === '[*]') return [];
    return eventsOf(label).map((event) => ({ from, to, event }));
  });
}

const eventsOf = (label: string): string[] =>
  label
    .replace(/\[[^\]]*\]/g, '')
    .split(',')
    .map((event) => event.trim());

export const edgeName = ({ from, to, event }: Edge): string => `${from} --> ${to} : ${event}`;
