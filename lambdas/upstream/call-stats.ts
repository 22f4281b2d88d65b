import type { Telemetry } from '../platform/telemetry.ts';
import type { CallLimiter } from './call-limiter.ts';
import { classify, type UpstreamFailure, upstreamErrorOf } from './failures.ts';

/** Counts how the upstream calls of one invocation went, so that they are journalled together and not one by one. */
export interface CallStats {
  /** A call has ended, so many milliseconds after it started; `failure` is null for one that went well. */
  ended(milliseconds: number, failure: UpstreamFailure | null): void;
  /** Journals all of it, and what the calls have shown of budget and circuit. To be called once. */
  report(limiter: Pick<CallLimiter, 'halfOpen' | 'lesson'>): void;
}

/** A code is text from outside: what does not look like one is not written down. */
const readable = (code: string): string => (/^[A-Za-z][A-Za-z_.-]*$/.test(code) ? code : 'unreadable');

export function callStats(telemetry: Telemetry): CallStats {
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
      telemetry.count(`UpstreamError.${upstreamErrorOf(failure)}`);
      const verdict = classify(failure);
      if (verdict.kind === 'unauthorized') telemetry.count('UpstreamUnauthorized');
      if (verdict.kind === 'not-processed' || verdict.kind === 'answer-lost') telemetry.count('UpstreamFault');
      if (verdict.kind === 'final' && !verdict.classified) unclassified ??= verdict.error.code;
    },
    report: (limiter) => {
      if (limiter.halfOpen) telemetry.count('CircuitHalfOpen');
      if (calls === 0) return;
      // One line however many rows: whoever adds the rule needs the code, and the others are in the rows.
      if (unclassified !== null)
        telemetry.warn('an error of the upstream is in no rule', { errorCode: readable(unclassified) });
      telemetry.gauge('UpstreamMilliseconds', total);
      telemetry.gauge('SlowestCallMilliseconds', slowest);
      const { limit, remaining } = limiter.lesson().rate ?? { limit: null, remaining: null };
      // As the upstream itself says it, which counts whoever else uses the same credentials. Without its headers there is no figure.
      if (limit && remaining !== null) telemetry.gauge('BudgetUsedPercent', (100 * (limit - remaining)) / limit);
    },
  };
}
