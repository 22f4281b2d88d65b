import type { z } from 'zod';
import type { Clock } from '#lambdas/platform/system.ts';
import type { FinPro, UpstreamAnswer } from '#lambdas/upstream/finpro.ts';
import { errorAnswer, fiBalanceAnswer, fiRequestAnswer, fiStatusAnswer } from '#lambdas/upstream/finpro-answers.ts';
import { deliverCall } from '#simulator/finpro-api.ts';
import type { Simulation } from '#simulator/simulation.ts';

/** Milliseconds that a call is on its way, there and back (assumed: docs/performance.md, "How it is measured"). */
const LATENCY = { '/fi/request': 250, '/consent/firequest/status': 150, '/getfibalance': 150 } as const;
type Path = keyof typeof LATENCY;

interface Waiting extends Clock {
  wait(milliseconds: number): Promise<void>;
}

/**
 * FinPro's three calls, answered by the simulator itself, in virtual time and without a network between.
 * @param slowness how many times as long a call takes as is assumed
 */
export function virtualFinPro(simulation: Simulation, clock: Waiting, slowness = 1): FinPro {
  const call = async <T>(
    client_id: string,
    path: Path,
    body: object,
    schema: z.ZodType<T>,
  ): Promise<UpstreamAnswer<T>> => {
    const way = (LATENCY[path] * slowness) / 2;
    await clock.wait(way);
    const headers = { client_id, client_secret: 'secret', organisationid: client_id, appidentifier: 'app' };
    const answer = deliverCall(simulation, path, headers, JSON.stringify(body));
    await clock.wait(way);
    if (answer === 'cut') throw new Error('the benchmark has no faults');
    const number = (name: string): number | null => Number(answer.headers[name] ?? Number.NaN) || null;
    const reset = number('X-RateLimit-Reset');
    const limits = {
      limit: number('X-RateLimit-Limit'),
      remaining: answer.headers['X-RateLimit-Remaining'] === undefined ? null : (number('X-RateLimit-Remaining') ?? 0),
      resetAt: reset === null ? null : reset * 1000,
    };
    const content: unknown = JSON.parse(answer.payload);
    if (answer.status === 200) return { ok: true, value: schema.parse(content), headers: limits };
    const { errorCode, errorMsg } = errorAnswer.parse(content);
    return {
      ok: false,
      failure: { sent: 'answered', status: answer.status, code: errorCode, message: errorMsg },
      headers: limits,
    };
  };
  return {
    prepare: async () => {},
    requestFi: (organisationId, { consentId }) => call(organisationId, '/fi/request', { consentId }, fiRequestAnswer),
    fiStatus: (organisationId, of) => call(organisationId, '/consent/firequest/status', of, fiStatusAnswer),
    statusDocument: async () => {
      throw new Error('no client asks in the benchmark');
    },
    fiBalance: (organisationId, consentId) =>
      call(organisationId, '/getfibalance', { consentID: consentId }, fiBalanceAnswer),
  };
}
