import { createHash } from 'node:crypto';
import { invalidRequest, ServiceError } from '../platform/errors.ts';
import type { GlobalConfig } from './batch.ts';
import { parseDefaults, REFERENCE_ID } from './submission.ts';

/** The fields of an upload beside its file, as they came; an absent one is undefined. */
export type UploadFields = Readonly<Record<string, unknown>>;

/** What they say. */
export interface UploadForm {
  /** Null where none was given, so that one has to be made. */
  readonly referenceId: string | null;
  readonly defaults: GlobalConfig;
}

const DEFAULTS = ['fiDataRangeFrom', 'fiDataRangeTo', 'configId'] as const;

/**
 * Parses the fields of an upload (seeds, schedule file upload, "Request Parameters"). `reference_id` wins over its alias `tracking_id`,
 * `global_config` over `globalConfig`, and a single field over the same value in the global config. Empty fields count as absent.
 * @throws ServiceError `InvalidRequest` or `InvalidDateRange`, naming the field
 */
export function parseUploadForm(fields: UploadFields): UploadForm {
  const name = isGiven(fields['reference_id']) ? 'reference_id' : 'tracking_id';
  const referenceId = isGiven(fields[name]) ? fields[name] : null;
  if (referenceId !== null && (typeof referenceId !== 'string' || !REFERENCE_ID.test(referenceId))) {
    throw invalidRequest(`${name} must be 5 to 60 letters, digits, hyphens and underscores`, { field: name });
  }
  const config = isGiven(fields['global_config']) ? 'global_config' : 'globalConfig';
  const values: Record<string, unknown> = { ...configObject(config, fields[config]) };
  for (const field of DEFAULTS) if (isGiven(fields[field])) values[field] = fields[field];
  const parsed = parseDefaults(values);
  if (!parsed.ok)
    throw new ServiceError('invalid', parsed.fault.code, parsed.fault.message, { field: parsed.fault.field });
  return { referenceId, defaults: parsed.value };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** The global config: an object, JSON text of one, or JSON text of such a text. */
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

/** A reference for an upload without one. It follows from the organisation and the Idempotency-Key where there is one, so that a repeat finds it. */
export function generatedReference(organisationId: string, idempotencyKey: string | null, uuid: string): string {
  if (idempotencyKey === null) return `upload-${uuid}`;
  const hash = createHash('sha256')
    .update(JSON.stringify([organisationId, idempotencyKey]))
    .digest('hex');
  return `upload-${hash.slice(0, 40)}`;
}
