import * as z from 'zod';
import { RETRY_ELIGIBILITIES, type RetryEligibility, ROW_STATUSES, type RowStatus } from '#lambdas/chunk/row.ts';
import { invalidRequest } from '#lambdas/platform/errors.ts';
import { parseReferenceId } from '../schedule-batch/handler.ts';
import { firstFault } from '../submission.ts';

/** Which records of a batch are asked for. An empty status list and a null select everything. */
export interface RecordFilter {
  readonly statuses: ReadonlySet<RowStatus>;
  readonly retryEligible: RetryEligibility | null;
  /** In lower case. */
  readonly search: string | null;
}

export interface BatchStatusQuery {
  readonly referenceId: string;
  readonly filter: RecordFilter;
  readonly page: number;
  readonly limit: number;
  readonly includeBalances: boolean;
}

/** Most records a page can have (seeds, bulk status). */
export const MAXIMUM_LIMIT = 1000;
const DEFAULT_LIMIT = 100;
const LONGEST_SEARCH = 300;

const oneOf = (values: readonly string[]): string => `must be one of ${values.join(', ')}`;
const wholeNumber = (least: number, most: number, fallback: number, expected: string) =>
  z.int({ error: expected }).min(least, { error: expected }).max(most, { error: expected }).nullish().default(fallback);

const statusQuery = z.object({
  filters: z
    .object(
      {
        status: z
          .array(z.enum(ROW_STATUSES, { error: oneOf(ROW_STATUSES) }), { error: 'must be an array of row statuses' })
          .nullish(),
        retry_eligible: z.enum(RETRY_ELIGIBILITIES, { error: oneOf(RETRY_ELIGIBILITIES) }).nullish(),
        search: z
          .string({ error: 'must be a text' })
          .max(LONGEST_SEARCH, { error: `must have at most ${LONGEST_SEARCH} characters` })
          .nullish(),
      },
      { error: 'must be an object with status, retry_eligible or search' },
    )
    .nullish(),
  page: wholeNumber(1, Number.MAX_SAFE_INTEGER, 1, 'must be a whole number from 1'),
  limit: wholeNumber(1, MAXIMUM_LIMIT, DEFAULT_LIMIT, `must be a whole number from 1 to ${MAXIMUM_LIMIT}`),
  include_balances: z.boolean({ error: 'must be true or false' }).nullish(),
});

/**
 * Parses the body of a bulk status call (seeds, bulk status).
 * @throws ServiceError `MissingReferenceId` or `InvalidRequest`, naming the field
 */
export function parseBatchStatusQuery(body: Readonly<Record<string, unknown>>): BatchStatusQuery {
  const referenceId = parseReferenceId(body['reference_id']);
  const parsed = statusQuery.safeParse(body);
  if (!parsed.success) {
    const { field, message } = firstFault(parsed.error);
    throw invalidRequest(message, { field });
  }
  const { filters, page, limit, include_balances: includeBalances } = parsed.data;
  return {
    referenceId,
    filter: {
      statuses: new Set(filters?.status ?? []),
      retryEligible: filters?.retry_eligible ?? null,
      search: filters?.search?.toLowerCase() || null,
    },
    page: page ?? 1,
    limit: limit ?? DEFAULT_LIMIT,
    includeBalances: includeBalances ?? false,
  };
}
