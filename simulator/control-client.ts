import { z } from 'zod';
import type { faultsSchema } from './faults.ts';

const stats = z.object({
  fiRequests: z.number(),
  statusCalls: z.number(),
  balanceCalls: z.number(),
  rejected429: z.number(),
  windowsOverLimit: z.number(),
});

/** Calls processed since the start, calls answered 429, and windows with more calls than the limit. */
export type UpstreamStats = z.output<typeof stats>;

const consentCalls = z.object({
  consents: z.array(z.object({ consentId: z.string(), fiRequests: z.number(), sessions: z.number() })),
});

/** How often one consent was asked for, and how many sessions that has opened. */
export type ConsentCalls = z.output<typeof consentCalls>['consents'][number];

/** How a consent should behave. What is left out follows from its id. */
export interface ConsentSettings {
  readonly consentId: string;
  readonly scenario: string;
  readonly readyAfterSeconds?: number;
  readonly accounts?: number;
}

/** The controlling interface of a running simulator. Each call rejects with the answer's text unless it succeeds. */
export interface SimulatorControl {
  /** `PUT /_sim/consents`. */
  register(consents: readonly ConsentSettings[]): Promise<void>;
  /** `PUT /_sim/faults`: what isn't named stays as it is. */
  changeFaults(faults: z.input<typeof faultsSchema>): Promise<void>;
  /** `GET /_sim/consents`. */
  calls(): Promise<ConsentCalls[]>;
  /** `GET /_sim/stats`. */
  stats(): Promise<UpstreamStats>;
}

export function simulatorControl(url: string): SimulatorControl {
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const answer = await fetch(new URL(path, url), init);
    if (!answer.ok) throw new Error(`the simulator answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  const put = async (path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    await (await call(path, { method: 'PUT', headers, body: JSON.stringify(body) })).arrayBuffer();
  };
  return {
    register: (consents) => put('/_sim/consents', { consents }),
    changeFaults: (faults) => put('/_sim/faults', faults),
    calls: async () => consentCalls.parse(await (await call('/_sim/consents', {})).json()).consents,
    stats: async () => stats.parse(await (await call('/_sim/stats', {})).json()),
  };
}
