import { z } from 'zod';
import { BATCH_STATUSES } from '../lambdas/core/domain/batch.ts';
import { RETRY_ELIGIBILITIES, ROW_STATUSES } from '../lambdas/core/domain/row.ts';

/** What a client of the API sends with every call. */
export interface ApiCredentials {
  readonly organisationId: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly appIdentifier: string;
}

const acceptance = z.object({ data: z.object({ reference_id: z.string(), batch_id: z.string() }) });

const status = z.object({
  data: z.object({
    batch_status: z.enum(BATCH_STATUSES),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    summary: z.object({
      total: z.number(),
      ready: z.number(),
      in_progress: z.number(),
      completed: z.number(),
      failed: z.number(),
    }),
    pagination: z.object({ has_next: z.boolean() }),
    records: z.array(
      z.object({
        id: z.number(),
        status: z.enum(ROW_STATUSES),
        retry_eligible: z.enum(RETRY_ELIGIBILITIES).nullable(),
        error: z.object({ code: z.string(), message: z.string() }).nullable(),
      }),
    ),
  }),
});

export type BatchStatusAnswer = z.output<typeof status>['data'];

/** The calls of the API that the command line makes. Each rejects with the answer's text when it is not a success. */
export interface ApiClient {
  schedule(body: object): Promise<z.output<typeof acceptance>['data']>;
  status(body: object): Promise<BatchStatusAnswer>;
}

export function apiClient(baseUrl: string, { organisationId, ...credentials }: ApiCredentials): ApiClient {
  const post = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(new URL(path, baseUrl), {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        client_id: credentials.client_id,
        client_secret: credentials.client_secret,
        appIdentifier: credentials.appIdentifier,
        organisationId,
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    schedule: async (body) => acceptance.parse(await post('/v2/schedule/fi/requests', body)).data,
    status: async (body) => status.parse(await post('/bulk/status', body)).data,
  };
}
