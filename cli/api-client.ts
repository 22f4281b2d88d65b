import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { BATCH_STATUSES } from '#lambdas/batch/batch.ts';
import { RETRY_ELIGIBILITIES, ROW_STATUSES } from '#lambdas/chunk/row.ts';

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
        consent_id: z.string(),
        status: z.enum(ROW_STATUSES),
        retry_eligible: z.enum(RETRY_ELIGIBILITIES).nullable(),
        error: z.object({ code: z.string(), message: z.string() }).nullable(),
      }),
    ),
  }),
});

const uploadForm = z.object({ data: z.object({ url: z.string(), fields: z.record(z.string(), z.string()) }) });

/** Larger forms don't fit through API Gateway and Lambda (docs/decisions/0016-large-files-go-straight-to-s3.md). */
const MAX_FORM_BYTES = 4_000_000;

/** What the API refused a call with, in one line. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
}

const refusal = z.object({
  errorCode: z.string(),
  errorMsg: z.string(),
  errorDetails: z.record(z.string(), z.unknown()).default({}),
});

async function answerOf(path: string, response: Response): Promise<unknown> {
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  const refused = refusal.safeParse(jsonOf(text)).data;
  if (refused === undefined) throw new ApiError(`POST ${path} failed with ${response.status}: ${text}`);
  const details = Object.entries(refused.errorDetails).map(([name, value]) => `${name} ${String(value)}`);
  throw new ApiError([`${refused.errorCode}: ${refused.errorMsg}`, ...details].join(', '));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type BatchStatusAnswer = z.output<typeof status>['data'];

/** The API calls of the command line. Each rejects with the answer's text unless it succeeds. */
export interface ApiClient {
  /** Submits a CSV or JSON file: in a form, or straight to S3 if it's too large for one. */
  upload(path: string): Promise<z.output<typeof acceptance>['data']>;
  schedule(body: object): Promise<z.output<typeof acceptance>['data']>;
  status(body: object): Promise<BatchStatusAnswer>;
}

/** `baseUrl` may have a path, such as the stage of a deployed API. */
export function apiClient(baseUrl: string, { organisationId, ...credentials }: ApiCredentials): ApiClient {
  const urlOf = (path: string): string => baseUrl.replace(/\/$/, '') + path;
  const headersOf = () => ({
    'Content-Type': 'application/json',
    client_id: credentials.client_id,
    client_secret: credentials.client_secret,
    appIdentifier: credentials.appIdentifier,
    organisationId,
  });
  const post = async (path: string, body: object): Promise<unknown> => {
    const init = { method: 'POST', headers: headersOf(), body: JSON.stringify(body) };
    return answerOf(path, await fetch(urlOf(path), init));
  };
  const inForm = async (file: File): Promise<unknown> => {
    const form = new FormData();
    form.set('file', file);
    const path = '/fi/requests/schedule/upload/v3';
    const { 'Content-Type': _, ...headers } = headersOf();
    return answerOf(path, await fetch(urlOf(path), { method: 'POST', headers, body: form }));
  };
  const straightToS3 = async (file: File): Promise<unknown> => {
    const reserved = await post('/fi/requests/schedule/upload/v3/presign', {
      file_name: file.name,
      content_type: file.type,
    });
    const { url, fields } = uploadForm.parse(reserved).data;
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set('file', file);
    const response = await fetch(url, { method: 'POST', body: form });
    if (!response.ok) throw new Error(`The upload to S3 failed with ${response.status}: ${await response.text()}`);
    return reserved;
  };
  return {
    upload: async (path) => {
      const type = path.toLowerCase().endsWith('.json') ? 'application/json' : 'text/csv';
      const file = new File([await readFile(path)], basename(path), { type });
      return acceptance.parse(await (file.size > MAX_FORM_BYTES ? straightToS3(file) : inForm(file))).data;
    },
    schedule: async (body) => acceptance.parse(await post('/v2/schedule/fi/requests', body)).data,
    status: async (body) => status.parse(await post('/bulk/status', body)).data,
  };
}
