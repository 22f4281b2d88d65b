import * as z from 'zod';
import { isPrintable, withInvisible } from '../platform/characters.ts';
import { invalidRequest, ServiceError } from '../platform/errors.ts';
import { misspellingsOf, misspelt, pathOf } from '../platform/field-names.ts';
import type { RowError } from '../upstream/failures.ts';
import { instantOf, isReversed } from './date-range.ts';

/**
 * 8-4-4-4-12 hex digits. Version and variant bits aren't checked: an example of the specification fails a strict check
 * (docs/spec/overview.md, "Identifiers").
 */
export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** docs/spec/overview.md, "Identifiers" */
export const REFERENCE_ID = /^[A-Za-z0-9_-]{5,60}$/;

/** Maximum length of a `configId`. A bound of this service (docs/spec/overview.md, "Limits"). */
export const CONFIG_ID_LENGTH = 128;

/** Maximum rows per batch (docs/spec/overview.md, "Limits"). */
export const MAXIMUM_ROWS = 10_000;

/** What an FI request is made with beside its consent. Null where nothing was sent. */
export interface RequestParameters {
  readonly fiDataRangeFrom: string | null;
  readonly fiDataRangeTo: string | null;
  readonly configId: string | null;
}

export const NO_PARAMETERS: RequestParameters = { fiDataRangeFrom: null, fiDataRangeTo: null, configId: null };

/** Parameters with others for those that are null. */
export const withDefaults = (own: RequestParameters, defaults: RequestParameters): RequestParameters => ({
  fiDataRangeFrom: own.fiDataRangeFrom ?? defaults.fiDataRangeFrom,
  fiDataRangeTo: own.fiDataRangeTo ?? defaults.fiDataRangeTo,
  configId: own.configId ?? defaults.configId,
});

/** A valid row with its own parameters. */
export interface SubmittedRow extends RequestParameters {
  readonly consentId: string;
}

/** A row of a consent and nothing else. */
export const plainRow = (consentId: string): SubmittedRow => ({ consentId, ...NO_PARAMETERS });

/** A row to accept. One with an error failed validation: it is stored as FAILED and never sent. */
export interface RowToAccept extends SubmittedRow {
  readonly error: RowError | null;
}

/** What is wrong with a value. The message says what was expected. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
  readonly code: 'InvalidRequest' | 'InvalidDateRange';
}

/** A value, or what is wrong with it: the first fault, and the others. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: FieldFault; readonly others: readonly FieldFault[] };

/** A fault as an error of the API. */
export const faultError = ({ code, message, field }: FieldFault): ServiceError =>
  new ServiceError('invalid', code, message, { field });

const DATE_EXPECTED = 'must be an ISO 8601 date such as 2024-01-31T00:00:00Z; a time needs Z or an offset';
const CONFIG_EXPECTED = `must be a string of 1 to ${CONFIG_ID_LENGTH} characters`;

// White space around a value is no part of it, by whichever way it comes in: cells of a CSV file have it for looks.
const date = z
  .string({ error: DATE_EXPECTED })
  .trim()
  .refine((value) => instantOf(value) !== null, { error: DATE_EXPECTED })
  .nullish()
  .transform((value) => value ?? null);

const requestParameters = z.object({
  fiDataRangeFrom: date,
  fiDataRangeTo: date,
  configId: z
    .string({ error: CONFIG_EXPECTED })
    .trim()
    .min(1, { error: CONFIG_EXPECTED })
    .max(CONFIG_ID_LENGTH, { error: CONFIG_EXPECTED })
    .refine(isPrintable, { error: 'must have printable characters only' })
    .nullish()
    .transform((value) => value ?? null),
});

const CONSENT_EXPECTED = 'must be a GUID such as 54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';

const submittedRow = requestParameters.extend({
  consent_id: z
    .string({ error: ({ input }) => (input === undefined || input === null ? 'is required' : CONSENT_EXPECTED) })
    .trim()
    .regex(GUID, { error: CONSENT_EXPECTED }),
});

/** The faults that zod found in `value`, each with the path of its field below `parent`, and what nobody would see there. */
function faultsOf({ issues }: z.ZodError, value: unknown, parent = ''): FieldFault[] {
  return issues.map(({ path, message }) => {
    const field = path.reduce<string>(
      (of, part) => (typeof part === 'number' ? `${of}[${part}]` : pathOf(of, String(part))),
      parent,
    );
    const found = path.reduce<unknown>((of, part) => new Map(Object.entries(of ?? {})).get(String(part)), value);
    return { field, message: withInvisible(`${field} ${message}`, found), code: 'InvalidRequest' };
  });
}

/** Never comes up: zod names a fault where it finds one. */
const UNKNOWN: FieldFault = { field: 'body', message: 'The body is not valid', code: 'InvalidRequest' };

/** The first fault that zod found in `value`, as an error of the API. */
export const firstFault = (error: z.ZodError, value: unknown): ServiceError => {
  const [fault = UNKNOWN] = faultsOf(error, value);
  return faultError(fault);
};

const REVERSED = 'fiDataRangeFrom is after fiDataRangeTo';

const DEFAULTS = ['fiDataRangeFrom', 'fiDataRangeTo', 'configId'] as const;
const misspelledDefaults = misspellingsOf(DEFAULTS);
const misspelledValues = misspellingsOf(['consent_id', ...DEFAULTS]);

/** Parses what zod has read of `value` after what is wrong with its names, one fault per field. */
function checked<T>(
  value: object,
  { data, error }: z.ZodSafeParseResult<T>,
  misspelled: ReturnType<typeof misspellingsOf>,
  parent = '',
): Parsed<T> {
  const names = misspelled(value).map((each): FieldFault => {
    return { field: pathOf(parent, each.meant), message: misspelt(each, parent), code: 'InvalidRequest' };
  });
  if (data !== undefined && names.length === 0) return { ok: true, value: data };
  const known = new Set(names.map(({ field }) => field));
  const found = error ? faultsOf(error, value, parent).filter(({ field }) => !known.has(field)) : [];
  const [fault = UNKNOWN, ...others] = [...names, ...found];
  return { ok: false, fault, others };
}

const faulty = (fault: FieldFault): Parsed<never> => ({ ok: false, fault, others: [] });

/** Parses global defaults out of an object that may have other fields. */
export function parseDefaults(value: object): Parsed<RequestParameters> {
  const parsed = checked(value, requestParameters.safeParse(value), misspelledDefaults);
  if (parsed.ok && isReversed(parsed.value.fiDataRangeFrom, parsed.value.fiDataRangeTo)) {
    return faulty({ field: 'fiDataRangeFrom', message: REVERSED, code: 'InvalidDateRange' });
  }
  return parsed;
}

/** Parses one row, `{consent_id, fiDataRangeFrom?, fiDataRangeTo?, configId?}`. `parent` is its path, for messages. */
export function parseRow(value: unknown, defaults: RequestParameters, parent: string): Parsed<SubmittedRow> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = `${parent} must be an object with a consent_id`;
    return faulty({ field: parent, message, code: 'InvalidRequest' });
  }
  const parsed = checked(value, submittedRow.safeParse(value), misspelledValues, parent);
  if (!parsed.ok) return parsed;
  const { consent_id: consentId, ...own } = parsed.value;
  const { fiDataRangeFrom, fiDataRangeTo } = withDefaults(own, defaults);
  if (isReversed(fiDataRangeFrom, fiDataRangeTo)) {
    const culprit = own.fiDataRangeFrom === null ? 'fiDataRangeTo' : 'fiDataRangeFrom';
    const message = parent === '' ? REVERSED : `${parent}: ${REVERSED}`;
    return faulty({ field: pathOf(parent, culprit), message, code: 'InvalidDateRange' });
  }
  return { ok: true, value: { consentId, ...own } };
}

/** A reference of another form, by the name of its field. */
export const invalidReference = (field: string, value: unknown): ServiceError =>
  invalidRequest(withInvisible(`${field} must be 5 to 60 letters, digits, hyphens and underscores`, value), { field });

/**
 * Checks the `reference_id` of a request.
 * @throws ServiceError `MissingReferenceId` when it is absent, null or empty, `InvalidRequest` when it is malformed
 */
export function parseReferenceId(value: unknown): string {
  if (value === undefined || value === null || value === '') {
    throw new ServiceError('invalid', 'MissingReferenceId', 'reference_id is required');
  }
  if (typeof value !== 'string' || !REFERENCE_ID.test(value)) {
    throw invalidReference('reference_id', value);
  }
  return value;
}

/** More rows than a batch can have, in the words of docs/spec/schedule-batch.md. */
export const tooManyRows = (field: string, provided: number): ServiceError =>
  invalidRequest(`${field} cannot exceed 10,000 records`, { field, provided, max: MAXIMUM_ROWS });
