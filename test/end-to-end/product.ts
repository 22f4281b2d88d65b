import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import pMap from 'p-map';
import { z } from 'zod';
import type { ApiCredentials } from '#cli/api-client.ts';

const record = z.object({
  id: z.number(),
  consent_id: z.string(),
  status: z.enum(['READY', 'IN_PROGRESS', 'COMPLETED', 'FAILED']),
  retry_eligible: z.string().nullable(),
  session_id: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  account_details: z.array(z.record(z.string(), z.unknown())).optional(),
});
export type ApiRecord = z.output<typeof record>;

const statusAnswer = z.object({
  data: z.object({
    batch_status: z.string(),
    summary: z.object({
      total: z.number(),
      ready: z.number(),
      in_progress: z.number(),
      completed: z.number(),
      failed: z.number(),
    }),
    pagination: z.object({ total: z.number(), has_next: z.boolean() }),
    records: z.array(record),
  }),
});
export type BatchStatus = z.output<typeof statusAnswer>['data'];

const consentCounts = z.object({ fiRequests: z.number(), statusCalls: z.number(), balanceCalls: z.number() });

/** A GUID that follows from a name, so that a failing run can be repeated. */
export const guidOf = (name: string): string =>
  createHash('sha256')
    .update(name)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly text: string;
}

/** A running product as its users and its upstream's keeper see it: from outside, over HTTP. */
export class Product {
  readonly api: string;
  readonly simulator: string;
  readonly tenant: ApiCredentials;

  constructor(endpoints: { readonly api: string; readonly simulator: string }, tenant: ApiCredentials | undefined) {
    if (!tenant) throw new Error('there is no tenant');
    this.api = endpoints.api;
    this.simulator = endpoints.simulator;
    this.tenant = tenant;
  }

  async post(path: string, body: unknown): Promise<Answer> {
    const { organisationId, client_id, client_secret, appIdentifier } = this.tenant;
    const response = await fetch(new URL(path, this.api), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', organisationId, client_id, client_secret, appIdentifier },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
  }

  async status(referenceId: string, query: object = {}): Promise<BatchStatus> {
    const { status, text, body } = await this.post('/bulk/status', { reference_id: referenceId, ...query });
    if (status !== 200) throw new Error(`status was answered ${status}: ${text}`);
    return statusAnswer.parse(body).data;
  }

  /** Follows a batch until every row is terminal; `watch` sees each answer on the way. */
  async finished(referenceId: string, seconds: number, watch?: (status: BatchStatus) => void): Promise<BatchStatus> {
    const giveUpAt = performance.now() + seconds * 1000;
    for (;;) {
      const status = await this.status(referenceId, { limit: 1 });
      watch?.(status);
      if (status.batch_status === 'COMPLETED') return status;
      if (performance.now() > giveUpAt) {
        throw new Error(`not finished within ${seconds} s: ${JSON.stringify(status.summary)}`);
      }
      await wait(300);
    }
  }

  /** Every record of a batch, in pages of 1,000. */
  async records(referenceId: string, query: object = {}): Promise<ApiRecord[]> {
    const records: ApiRecord[] = [];
    for (let page = 1; ; page += 1) {
      const answer = await this.status(referenceId, { limit: 1000, ...query, page });
      records.push(...answer.records);
      if (!answer.pagination.has_next) return records;
    }
  }

  async control(method: 'PUT' | 'DELETE' | 'GET', path: string, body?: object): Promise<unknown> {
    const response = await fetch(new URL(path, this.simulator), {
      method,
      ...(body ? { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`the simulator answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** How many calls for a consent the upstream has processed. */
  async callsFor(consentId: string): Promise<z.output<typeof consentCounts>> {
    return consentCounts.parse(await this.control('GET', `/_sim/consents/${consentId}`));
  }

  /** How many FI requests for each of many consents the upstream has processed. */
  fiRequestsFor(consentIds: readonly string[]): Promise<number[]> {
    const fiRequestsOf = async (consentId: string): Promise<number> => (await this.callsFor(consentId)).fiRequests;
    return pMap(consentIds, fiRequestsOf, { concurrency: 20 });
  }
}
