import { GUID } from '../domain/identifiers.ts';
import { invalidRequest } from '../errors.ts';
import type { StatusLookUp } from '../ports.ts';

const IDENTIFIERS = ['consentId', 'consentHandle', 'sessionId'] as const;

/**
 * Parses the body of an FI Request Status call (seeds, FI Request Status). Faults are told in the seed's words, all in one list.
 * @throws ServiceError `InvalidRequest`
 */
export function parseStatusLookUp(body: Readonly<Record<string, unknown>>): StatusLookUp {
  const given = IDENTIFIERS.filter((name) => body[name] !== undefined && body[name] !== null);
  if (given.length === 0) throw refused(['at least one of consentId, consentHandle or sessionId is required']);
  const faults = given.filter((name) => !isGuid(body[name])).map((name) => `${name} must be a valid GUID`);
  if (faults.length > 0) throw refused(faults);
  return Object.fromEntries(given.map((name) => [name, body[name]]));
}

const isGuid = (value: unknown): boolean => typeof value === 'string' && GUID.test(value);

const refused = (faults: readonly string[]) => invalidRequest(` [ ${faults.join(', ')} ] `);
