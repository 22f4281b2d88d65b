import * as z from 'zod';
import type { GlobalConfig } from './batch.ts';
import { instantOf, isReversed } from './date-range.ts';

/** GUID-shaped, 8-4-4-4-12 hex digits. Version and variant bits are not looked at: an example of the seeds fails a strict check. */
export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** 5 to 60 letters, digits, hyphens and underscores (seeds, overview, "Reference ID"). */
export const REFERENCE_ID = /^[A-Za-z0-9_-]{5,60}$/;

/** Longest `configId`, a bound of this service. */
export const CONFIG_ID_LENGTH = 128;

/** A row as submitted, valid in itself and with the defaults it will use. */
export interface SubmittedRow {
  readonly consentId: string;
  readonly fiDataRangeFrom: string | null;
  readonly fiDataRangeTo: string | null;
  readonly configId: string | null;
}

/** What is wrong with a value: the field, and a message that says what was expected. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
  readonly code: 'InvalidRequest' | 'InvalidDateRange';
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: FieldFault };

const DATE_EXPECTED = 'must be an ISO 8601 date such as 2024-01-31T00:00:00Z; a time needs Z or an offset';
const CONFIG_EXPECTED = `must be a text of 1 to ${CONFIG_ID_LENGTH} characters`;

const date = z
  .string({ error: DATE_EXPECTED })
  .refine((value) => instantOf(value) !== null, { error: DATE_EXPECTED })
  .nullish()
  .transform((value) => value ?? null);

const configuration = z.object({
  fiDataRangeFrom: date,
  fiDataRangeTo: date,
  configId: z
    .string({ error: CONFIG_EXPECTED })
    .min(1, { error: CONFIG_EXPECTED })
    .max(CONFIG_ID_LENGTH, { error: CONFIG_EXPECTED })
    .nullish()
    .transform((value) => value ?? null),
});

const CONSENT_EXPECTED = 'must be a GUID such as 54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';

const submittedRow = configuration.extend({
  consent_id: z
    .string({ error: ({ input }) => (input === undefined || input === null ? 'is required' : CONSENT_EXPECTED) })
    .regex(GUID, { error: CONSENT_EXPECTED }),
});

/** The first fault that zod found, with the path of its field below `parent`. */
export function firstFault(error: z.ZodError, parent = ''): FieldFault {
  const [issue] = error.issues;
  const field = (issue?.path ?? []).reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    return path === '' ? String(part) : `${path}.${String(part)}`;
  }, parent);
  return { field, message: `${field} ${issue?.message ?? 'is not valid'}`, code: 'InvalidRequest' };
}

const REVERSED = 'fiDataRangeFrom is after fiDataRangeTo';

/** Parses the global defaults out of an object that may hold other fields. */
export function parseDefaults(value: unknown): Parsed<GlobalConfig> {
  const parsed = configuration.safeParse(value);
  if (!parsed.success) return { ok: false, fault: firstFault(parsed.error) };
  if (isReversed(parsed.data.fiDataRangeFrom, parsed.data.fiDataRangeTo)) {
    return { ok: false, fault: { field: 'fiDataRangeFrom', message: REVERSED, code: 'InvalidDateRange' } };
  }
  return { ok: true, value: parsed.data };
}

/** Parses one row of the JSON form, `{consent_id, fiDataRangeFrom?, fiDataRangeTo?, configId?}`. `parent` is its path, for messages. */
export function parseRow(value: unknown, defaults: GlobalConfig, parent: string): Parsed<SubmittedRow> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = `${parent} must be an object with a consent_id`;
    return { ok: false, fault: { field: parent, message, code: 'InvalidRequest' } };
  }
  const parsed = submittedRow.safeParse(value);
  if (!parsed.success) return { ok: false, fault: firstFault(parsed.error, parent) };
  const { consent_id: consentId, ...own } = parsed.data;
  const from = own.fiDataRangeFrom ?? defaults.fiDataRangeFrom;
  const to = own.fiDataRangeTo ?? defaults.fiDataRangeTo;
  if (isReversed(from, to)) {
    const turned = own.fiDataRangeFrom === null ? 'fiDataRangeTo' : 'fiDataRangeFrom';
    const [field, message] = parent === '' ? [turned, REVERSED] : [`${parent}.${turned}`, `${parent}: ${REVERSED}`];
    return { ok: false, fault: { field, message, code: 'InvalidDateRange' } };
  }
  return { ok: true, value: { consentId, ...own } };
}
