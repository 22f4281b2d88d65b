import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isTerminal, newRow, PHASES, type Phase, type Row } from '#lambdas/chunk/row.ts';
import { type RowEvent, transition } from '#lambdas/chunk/transitions.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { edgeName, edgesOf } from './state-diagram.ts';

const ONE_OF_EACH: { readonly [Kind in RowEvent['kind']]: Extract<RowEvent, { kind: Kind }> } = {
  intended: { kind: 'intended' },
  'not-sent': { kind: 'not-sent' },
  accepted: { kind: 'accepted', tight: false },
  adopted: { kind: 'adopted' },
  'not-processed': { kind: 'not-processed', eligibility: 'Yes' },
  'answer-lost': { kind: 'answer-lost' },
  'already-running': { kind: 'already-running' },
  refused: { kind: 'refused', eligibility: 'No' },
  'no-session': { kind: 'no-session' },
  pending: { kind: 'pending' },
  unanswered: { kind: 'unanswered', isOutage: false },
  doubted: { kind: 'doubted' },
  delivered: { kind: 'delivered' },
  'balances-fetched': { kind: 'balances-fetched' },
  'balances-failed': { kind: 'balances-failed' },
  'given-up': { kind: 'given-up' },
};

const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

/** Rows that differ in all that a transition looks at. */
const rowsIn = (phase: Phase): Row[] =>
  [1, 4].flatMap((attempt) =>
    [0, 1, 9].flatMap((tries) =>
      [START, START + DAY / 4].flatMap((lastAskedAt) =>
        [null, 'Yes' as const].map(
          (eligibility): Row => ({ ...newRow(START), phase, attempt, tries, lastAskedAt, eligibility }),
        ),
      ),
    ),
  );

/** Every edge that the transition table takes, tried out. */
function edgesOfTable(): Set<string> {
  const found = new Set<string>();
  for (const phase of PHASES) {
    for (const row of rowsIn(phase).filter((each) => !isTerminal(each))) {
      for (const event of Object.values(ONE_OF_EACH)) {
        for (const BALANCES of ['on', 'off']) {
          for (const now of [START, START + DAY / 2]) {
            const after = attempt(() =>
              transition(row, event, { now, acceptedAt: START, settings: readSettings({ BALANCES }) }),
            );
            if (after) found.add(edgeName({ from: phase, to: after.phase, event: event.kind }));
          }
        }
      }
    }
  }
  return found;
}

/** Null where the event can't happen. */
function attempt(step: () => Row): Row | null {
  try {
    return step();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

describe('the state diagram in docs/architecture.md', () => {
  test('has the edges of the transition table, and no others', () => {
    const drawn = edgesOf(readFileSync('docs/architecture.md', 'utf8')).map(edgeName);
    expect(drawn.toSorted()).toEqual([...edgesOfTable()].toSorted());
  });

  test('is read edge by edge, without its conditions', () => {
    const page = '```mermaid\nstateDiagram-v2\n  [*] --> a\n  a --> b : one, two [twice, at most]\n  b --> [*]\n```\n';
    expect(edgesOf(page).map(edgeName)).toEqual(['a --> b : one', 'a --> b : two']);
  });
});
