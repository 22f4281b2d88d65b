import { GUID } from '#lambdas/batch/submission.ts';
import { withInvisible } from '#lambdas/platform/characters.ts';
import { invalidRequest } from '#lambdas/platform/errors.ts';
import { misspellingsOf, misspelt } from '#lambdas/platform/field-names.ts';
import { jsonBody } from '#lambdas/platform/http/event.ts';
import { type ApiPorts, apiHandler } from '#lambdas/platform/http/route.ts';
import type { FiStatusQuery } from '../finpro.ts';
import { type AskPorts, askFiStatus } from './ask.ts';

export type FiRequestStatusPorts = AskPorts & ApiPorts;

/** `ver` in the answers of this path (docs/spec/fi-request-status.md). */
const VERSION = '1.21.0';

/** `POST /consent/firequest/status` (docs/spec/fi-request-status.md). */
export const fiRequestStatusFunction = (ports: FiRequestStatusPorts) =>
  apiHandler(ports, { countedAs: 'fi-request-status', ver: VERSION }, async ({ caller, event }) => {
    const { data, message } = await askFiStatus(ports, caller.organisationId, parseFiStatusQuery(jsonBody(event)));
    return { content: { status: 'success', data, message } };
  });

const IDENTIFIERS = ['consentId', 'consentHandle', 'sessionId'] as const;
const misspelledIdentifiers = misspellingsOf(IDENTIFIERS);

/**
 * Parses the body of an FI Request Status call. All faults go into one list, in FinPro's words.
 * @throws ServiceError `InvalidRequest`
 */
export function parseFiStatusQuery(body: Readonly<Record<string, unknown>>): FiStatusQuery {
  const given = IDENTIFIERS.filter((name) => body[name] !== undefined && body[name] !== null);
  const misspelled = misspelledIdentifiers(body).map((each) => misspelt(each));
  if (misspelled.length > 0) throw refused(misspelled);
  if (given.length === 0) throw refused(['at least one of consentId, consentHandle or sessionId is required']);
  const faults = given
    .filter((name) => !isGuid(body[name]))
    .map((name) => withInvisible(`${name} must be a valid GUID`, body[name]));
  if (faults.length > 0) throw refused(faults);
  return Object.fromEntries(given.map((name) => [name, body[name]]));
}

const isGuid = (value: unknown): boolean => typeof value === 'string' && GUID.test(value);

const refused = (faults: readonly string[]) => invalidRequest(` [ ${faults.join(', ')} ] `);
