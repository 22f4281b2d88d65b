import { z } from 'zod';
import { invariant } from './violation.ts';

const count = z.number().int();
const text = z.string().nullable();

const accountShown = z.strictObject({
  link_reference_number: z.string(),
  masked_account_number: text,
  fip_id: text,
  fip_name: text,
  fi_status: z.string(),
  fi_type: z.string().optional(),
  account_type: z.string().optional(),
  current_balance: z.string().optional(),
  currency: z.string().optional(),
  balance_as_of: z.string().optional(),
});
export type AccountShown = z.output<typeof accountShown>;

const statusRecord = z.object({
  id: count,
  consent_id: z.string(),
  status: z.enum(['READY', 'IN_PROGRESS', 'COMPLETED', 'FAILED']),
  retry_eligible: z.enum(['Yes', 'No', 'YesWithModifications']).nullable(),
  session_id: text,
  adopted: z.literal(true).optional(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  account_details: z.array(accountShown).optional(),
});
export type StatusRecord = z.output<typeof statusRecord>;

const batchStatusData = z.object({
  reference_id: z.string(),
  batch_id: z.string(),
  batch_status: z.enum(['READY', 'IN_PROGRESS', 'COMPLETED', 'FAILED']),
  summary: z.object({ total: count, ready: count, in_progress: count, completed: count, failed: count }),
  metadata: z.object({
    submitted_at: z.iso.datetime(),
    progress_percentage: count,
    duplicate_consents: count,
    global_config: z.object({ fiDataRangeFrom: text, fiDataRangeTo: text, configId: text }),
  }),
  pagination: z.object({
    page: count,
    limit: count,
    total: count,
    total_pages: count,
    has_next: z.boolean(),
    has_prev: z.boolean(),
  }),
  records: z.array(statusRecord),
});
export type StatusData = z.output<typeof batchStatusData>;

const statusBody = z.object({ data: batchStatusData });

const proxyAnswer = z.object({ statusCode: z.number(), body: z.string() });

/** An answer of the API as a client gets it. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
}

export function apiAnswer(result: unknown): ApiAnswer {
  const { statusCode: status, body: text } = proxyAnswer.parse(result);
  return {
    status,
    text,
    get body(): unknown {
      return JSON.parse(text);
    },
  };
}

/** What follows the envelope, so that two answers can be compared. */
export const contentOf = ({ text }: ApiAnswer): string => text.slice(text.indexOf('"status":'));

/** What a status answer says, or null for a 404. */
export function statusDataOf({ status, body }: ApiAnswer): StatusData | null {
  if (status === 404) return null;
  invariant(status === 200, () => `a status call was answered ${status}: ${JSON.stringify(body)}`);
  return statusBody.parse(body).data;
}
