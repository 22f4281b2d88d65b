import { z } from 'zod';
import type { Response } from './delivery.ts';
import { ENDPOINTS, type RateLimit } from './rate-window.ts';

/** FinPro's published limit (docs/spec/upstream.md, "Rate limit"), with the window that we assume. */
export const DEFAULT_RATE_LIMIT: RateLimit = { limit: 1000, windowSeconds: 60 };

const rate = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(600_000);

/** The body of `PUT /_sim/faults`: what isn't named stays as it is. */
export const faultsSchema = z.strictObject({
  latencyMs: z
    .tuple([milliseconds, milliseconds])
    .refine(([minimum, maximum]) => minimum <= maximum, 'the minimum is greater than the maximum')
    .optional(),
  errorRate: rate.optional(),
  ambiguousRate: rate.optional(),
  rateLimit: z
    .strictObject({
      limit: z.int().min(0),
      windowSeconds: z.number().positive(),
      begins: z.enum(['epoch', 'first-call']).optional(),
      shiftSeconds: z.number().optional(),
      byEndpoint: z.boolean().optional(),
      limits: z.partialRecord(z.enum(ENDPOINTS), z.int().min(0)).optional(),
      headersRatio: rate.optional(),
    })
    .nullable()
    .optional(),
  clockOffsetSeconds: z.number().min(-3600).max(3600).optional(),
  down: z.boolean().optional(),
  unauthorized: z.boolean().optional(),
  garbageRate: rate.optional(),
  gatewayRate: rate.optional(),
});

/** The faults that are on. `latencyMs` is real time, never scaled. */
export type Faults = {
  latencyMs: readonly [number, number];
  errorRate: number;
  ambiguousRate: number;
  rateLimit: RateLimit | null;
  /** By how much FinPro's clock is fast, as `Date` and `X-RateLimit-Reset` show it. Never scaled. */
  clockOffsetSeconds: number;
  down: boolean;
  unauthorized: boolean;
  garbageRate: number;
  gatewayRate: number;
};

/** The faults of a new simulator. */
export function defaultFaults(rateLimit: RateLimit | null): Faults {
  return {
    latencyMs: [5, 20],
    errorRate: 0,
    ambiguousRate: 0,
    rateLimit,
    clockOffsetSeconds: 0,
    down: false,
    unauthorized: false,
    garbageRate: 0,
    gatewayRate: 0,
  };
}

/** The faults after a change. */
export function mergedFaults(faults: Faults, change: z.infer<typeof faultsSchema>): Faults {
  const { rateLimit } = change;
  return {
    latencyMs: change.latencyMs ?? faults.latencyMs,
    errorRate: change.errorRate ?? faults.errorRate,
    ambiguousRate: change.ambiguousRate ?? faults.ambiguousRate,
    rateLimit: rateLimit === undefined ? faults.rateLimit : rateLimit,
    clockOffsetSeconds: change.clockOffsetSeconds ?? faults.clockOffsetSeconds,
    down: change.down ?? faults.down,
    unauthorized: change.unauthorized ?? faults.unauthorized,
    garbageRate: change.garbageRate ?? faults.garbageRate,
    gatewayRate: change.gatewayRate ?? faults.gatewayRate,
  };
}

/**
 * The garbage of a 200, with its content type: a gateway's HTML, half of the JSON, or nothing. `draw` in [0, 1) chooses
 * which; `payload` is the true answer.
 */
export function garbage(payload: string, draw: number): { payload: string; contentType: string } {
  if (draw < 1 / 3) {
    return { payload: '<html><body><h1>Please try again later</h1></body></html>', contentType: 'text/html' };
  }
  return {
    payload: draw < 2 / 3 ? payload.slice(0, Math.ceil(payload.length / 2)) : '',
    contentType: 'application/json',
  };
}

/** What a gateway between us and FinPro answers with: a path or a host it doesn't know, a maintenance page, limits. */
export const GATEWAY_STATUSES = [404, 302, 400, 413, 421, 431, 502] as const;

/**
 * A gateway's answer in place of FinPro's, without FinPro's error body: HTML or nothing. `draw` in [0, 1) chooses the
 * status and the body.
 */
export function gatewayAnswer(draw: number): Response {
  const scaled = draw * GATEWAY_STATUSES.length;
  const status = GATEWAY_STATUSES[Math.floor(scaled)] ?? 404;
  const payload = scaled % 1 < 1 / 2 ? '<html><body><h1>Not here, not now</h1></body></html>' : '';
  const headers = status === 302 ? { Location: '/maintenance' } : {};
  return { status, payload, contentType: 'text/html', headers };
}

/** How long the answer to one call takes, in milliseconds. */
export function latencyOf({ latencyMs: [minimum, maximum] }: Faults, random: () => number): number {
  return minimum === maximum ? minimum : minimum + random() * (maximum - minimum);
}

/** Numbers in [0, 1), the same sequence for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
