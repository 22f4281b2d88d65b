import type { Telemetry } from '../platform/telemetry.ts';
import { classify, type UpstreamFailure, upstreamErrorOf } from './failures.ts';
import type { RateLimitHeaders } from './rate-limit-headers.ts';

/** How the upstream calls of one invocation went, reported together. */
export interface CallStats {
  /** Records a call that took so many milliseconds; `failure` is null for a success. */
  record(milliseconds: number, failure: UpstreamFailure | null): void;
  /** Reports everything, and what the last headers say of the budget. Call it once. */
  report(halfOpen: boolean, headers: RateLimitHeaders | null): void;
}

export function callStats(telemetry: Telemetry): CallStats {
  let calls = 0;
  let total = 0;
  let slowest = 0;
  let unclassified: string | null = null;
  return {
    record: (milliseconds, failure) => {
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
    report: (halfOpen, headers) => {
      if (halfOpen) telemetry.count('CircuitHalfOpen');
      if (calls === 0) return;
      // One line per invocation: whoever adds the rule needs the code, and the other codes are in the rows.
      if (unclassified !== null) {
        telemetry.warn('no rule for an upstream error code', { errorCode: unclassified });
      }
      telemetry.gauge('UpstreamMilliseconds', total);
      telemetry.gauge('SlowestCallMilliseconds', slowest);
      const { limit, remaining } = headers ?? { limit: null, remaining: null };
      // The upstream's own figure, which includes other users of the same credentials. No headers, no figure.
      if (limit && remaining !== null) telemetry.gauge('BudgetUsedPercent', (100 * (limit - remaining)) / limit);
    },
  };
}
