import type { Journal } from '../platform/telemetry.ts';
import type { CallGate } from './call-limiter.ts';
import { classify, type UpstreamFailure, upstreamErrorOf } from './failures.ts';

/** Counts how the upstream calls of one invocation went, so that they are journalled together and not one by one. */
export interface CallTally {
  /** A call has ended, so many milliseconds after it started; `failure` is null for one that went well. */
  ended(milliseconds: number, failure: UpstreamFailure | null): void;
  /** Journals all of it, and what the calls have shown of budget and circuit. To be called once. */
  report(gate: Pick<CallGate, 'trial' | 'lesson'>): void;
}

/** A code is text from outside: what does not look like one is not written down. */
const readable = (code: string): string => (/^[A-Za-z][A-Za-z_.-]*$/.test(code) ? code : 'unreadable');

export function callTally(journal: Journal): CallTally {
  let calls = 0;
  let total = 0;
  let slowest = 0;
  let unclassified: string | null = null;
  return {
    ended: (milliseconds, failure) => {
      calls += 1;
      total += milliseconds;
      slowest = Math.max(slowest, milliseconds);
      if (!failure) return;
      journal.count(`UpstreamError.${upstreamErrorOf(failure)}`);
      const verdict = classify(failure);
      if (verdict.kind === 'unauthorized') journal.count('UpstreamUnauthorized');
      if (verdict.kind === 'not-processed' || verdict.kind === 'answer-lost') journal.count('UpstreamFault');
      if (verdict.kind === 'final' && !verdict.classified) unclassified ??= verdict.error.code;
    },
    report: (gate) => {
      if (gate.trial) journal.count('CircuitTrial');
      if (calls === 0) return;
      // One line however many rows: whoever adds the rule needs the code, and the others are in the rows.
      if (unclassified !== null)
        journal.note('an error of the upstream is in no rule', { errorCode: readable(unclassified) });
      journal.measure('UpstreamMilliseconds', total);
      journal.measure('SlowestCallMilliseconds', slowest);
      const { limit, remaining } = gate.lesson().rate ?? { limit: null, remaining: null };
      // As the upstream itself says it, which counts whoever else uses the same credentials. Without its headers there is no figure.
      if (limit && remaining !== null) journal.measure('BudgetUsedPercent', (100 * (limit - remaining)) / limit);
    },
  };
}
