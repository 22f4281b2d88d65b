import * as z from 'zod';
import { invalidRequest, ServiceError } from '../platform/errors.ts';
import type { RowError } from '../upstream/failures.ts';
import { instantOf, isReversed } from './date-range.ts';

/**
 * 8-4-4-4-12 hex digits. Version and variant bits aren't checked: an example of the specification fails a strict check
 * (docs/spec/overview.md, "Identifiers").
 */
export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** docs/spec/overview.md, "Identifiers" */
export const REFERENCE_ID = /^[A-Za-z0-9_-]{5,60}$/;
const REFERENCE_EXPECTED = 'must be 5 to 60 letters, digits, hyphens and underscores';

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

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: FieldFault };

/** A fault as an error of the API; `row` counts from 1. */
export const faultError = ({ code, message, field }: FieldFault, row?: number): ServiceError =>
  new ServiceError('invalid', code, message, row === undefined ? { field } : { field, row });

const DATE_EXPECTED = 'must be an ISO 8601 date such as 2024-01-31T00:00:00Z; a time needs Z or an offset';
const CONFIG_EXPECTED = `must be a string of 1 to ${CONFIG_ID_LENGTH} characters`;

const date = z
  .string({ error: DATE_EXPECTED })
  .refine((value) => instantOf(value) !== null, { error: DATE_EXPECTED })
  .nullish()
  .transform((value) => value ?? null);

const requestParameters = z.object({
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

const submittedRow = requestParameters.extend({
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

/** Parses global defaults out of an object that may have other fields. */
export function parseDefaults(value: unknown): Parsed<RequestParameters> {
  const parsed = requestParameters.safeParse(value);
  if (!parsed.success) return { ok: false, fault: firstFault(parsed.error) };
  if (isReversed(parsed.data.fiDataRangeFrom, parsed.data.fiDataRangeTo)) {
    return { ok: false, fault: { field: 'fiDataRangeFrom', message: REVERSED, code: 'InvalidDateRange' } };
  }
  return { ok: true, value: parsed.data };
}

/** Parses one row, `{consent_id, fiDataRangeFrom?, fiDataRangeTo?, configId?}`. `parent` is its path, for messages. */
export function parseRow(value: unknown, defaults: RequestParameters, parent: string): Parsed<SubmittedRow> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = `${parent} must be an object with a consent_id`;
    return { ok: false, fault: { field: parent, message, code: 'InvalidRequest' } };
  }
  const parsed = submittedRow.safeParse(value);
  if (!parsed.success) return { ok: false, fault: firstFault(parsed.error, parent) };
  const { consent_id: consentId, ...own } = parsed.data;
  const { fiDataRangeFrom, fiDataRangeTo } = withDefaults(own, defaults);
  if (isReversed(fiDataRangeFrom, fiDataRangeTo)) {
    const culprit = own.fiDataRangeFrom === null ? 'fiDataRangeTo' : 'fiDataRangeFrom';
    const [field, message] = parent === '' ? [culprit, REVERSED] : [`${parent}.${culprit}`, `${parent}: ${REVERSED}`];
    return { ok: false, fault: { field, message, code: 'InvalidDateRange' } };
  }
  return { ok: true, value: { consentId, ...own } };
}

/**
 * Checks the `reference_id` of a request.
 * @throws ServiceError `MissingReferenceId` when it is absent, null or empty, `InvalidRequest` when it is malformed
 */
export function parseReferenceId(value: unknown): string {
  if (value === undefined || value === null || value === '') {
    throw new ServiceError('invalid', 'MissingReferenceId', 'reference_id is required');
  }
  if (typeof value !== 'string' || !REFERENCE_ID.test(value)) {
    throw invalidRequest(`reference_id ${REFERENCE_EXPECTED}`, { field: 'reference_id' });
  }
  return value;
}

/** More rows than a batch can have, in the words of docs/spec/schedule-batch.md. */
export const tooManyRows = (field: string, provided: number): ServiceError =>
  invalidRequest(`${field} cannot exceed 10,000 records`, { field, provided, max: MAXIMUM_ROWS });

/** What an upload says beside its file. */
export interface UploadParameters {
  /** Null where none was sent, so one has to be generated. */
  readonly referenceId: string | null;
  readonly defaults: RequestParameters;
}

const DEFAULTS = ['fiDataRangeFrom', 'fiDataRangeTo', 'configId'] as const;

/**
 * Parses the fields of an upload (docs/spec/upload-batch.md, "The form"). `reference_id` wins over its alias
 * `tracking_id`, `global_config` over `globalConfig`, and a single field over the same value in the global config.
 * Empty fields count as absent.
 * @throws ServiceError `InvalidRequest` or `InvalidDateRange`, naming the field
 */
export function parseUploadFields(fields: Readonly<Record<string, unknown>>): UploadParameters {
  const name = isGiven(fields['reference_id']) ? 'reference_id' : 'tracking_id';
  const referenceId = isGiven(fields[name]) ? fields[name] : null;
  if (referenceId !== null && (typeof referenceId !== 'string' || !REFERENCE_ID.test(referenceId))) {
    throw invalidRequest(`${name} ${REFERENCE_EXPECTED}`, { field: name });
  }
  const config = isGiven(fields['global_config']) ? 'global_config' : 'globalConfig';
  const values: Record<string, unknown> = { ...configObject(config, fields[config]) };
  for (const field of DEFAULTS) if (isGiven(fields[field])) values[field] = fields[field];
  const parsed = parseDefaults(values);
  if (!parsed.ok) throw faultError(parsed.fault);
  return { referenceId, defaults: parsed.value };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** The global config: an object, or its JSON, or that JSON as a JSON string. */
function configObject(field: string, value: unknown): object {
  let config = value;
  for (let depth = 0; depth < 2 && typeof config === 'string' && config !== ''; depth += 1) {
    try {
      config = JSON.parse(config);
    } catch {
      throw invalidRequest(`${field} must be a JSON object`, { field });
    }
  }
  if (!isGiven(config)) return {};
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw invalidRequest(`${field} must be a JSON object`, { field });
  }
  return config;
}
