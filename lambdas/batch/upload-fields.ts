import { invalidRequest } from '../platform/errors.ts';
import { refuseMisspelled } from '../platform/field-names.ts';
import { faultError, invalidReference, parseDefaults, REFERENCE_ID, type RequestParameters } from './submission.ts';

/** What an upload says beside its file. */
export interface UploadParameters {
  /** Null where none was sent, so one has to be generated. */
  readonly referenceId: string | null;
  readonly defaults: RequestParameters;
}

const DEFAULTS = ['fiDataRangeFrom', 'fiDataRangeTo', 'configId'] as const;
/** The fields of an upload beside its file. */
export const UPLOAD_FIELDS = ['reference_id', 'tracking_id', 'global_config', 'globalConfig', ...DEFAULTS] as const;

/**
 * Parses the fields of an upload (docs/spec/upload-batch.md, "The form"). `reference_id` wins over its alias
 * `tracking_id`, `global_config` over `globalConfig`, and a single field over the same value in the global config.
 * Empty fields count as absent.
 * @throws ServiceError `InvalidRequest` or `InvalidDateRange`, naming the field
 */
export function parseUploadFields(fields: Readonly<Record<string, unknown>>): UploadParameters {
  refuseMisspelled(fields, UPLOAD_FIELDS);
  const name = isGiven(fields['reference_id']) ? 'reference_id' : 'tracking_id';
  const referenceId = isGiven(fields[name]) ? fields[name] : null;
  if (referenceId !== null && (typeof referenceId !== 'string' || !REFERENCE_ID.test(referenceId))) {
    throw invalidReference(name, referenceId);
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
      // Trimmed, since a blob may begin with a byte order mark, as files do.
      config = JSON.parse(config.trim());
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
