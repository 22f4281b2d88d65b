import type { RequestParameters } from '#lambdas/batch/submission.ts';
import type { Attempt, PlannedBatch, Tenant } from './plan.ts';

/** A call of the API as a client makes it. */
export interface ApiRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

const credentials = ({ organisationId, client_id, client_secret, appIdentifier }: Tenant) => ({
  organisationId,
  client_id,
  client_secret,
  appIdentifier,
});

export const jsonRequest = (tenant: Tenant, content: object, idempotencyKey: string | null = null): ApiRequest => ({
  headers: {
    ...credentials(tenant),
    'Content-Type': 'application/json',
    ...(idempotencyKey === null ? {} : { 'Idempotency-Key': idempotencyKey }),
  },
  body: JSON.stringify(content),
  isBase64Encoded: false,
});

/** The parameters that are given, under their names. */
const given = (parameters: RequestParameters): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== null));

export const scheduleRequest = (
  { tenant, referenceId }: PlannedBatch,
  { rows, defaults, idempotencyKey }: Attempt,
): ApiRequest =>
  jsonRequest(
    tenant,
    {
      reference_id: referenceId,
      ...given(defaults),
      consents_list: rows.map(({ consentId, own }) => ({ consent_id: consentId, ...given(own) })),
    },
    idempotencyKey,
  );

/** The file of an attempt. One that is dropped has its defaults in it, where its format has a place for them. */
export function fileOf({ rows, fileType, way, defaults }: Attempt): Buffer {
  if (fileType === 'csv') {
    const lines = rows.map(
      ({ consentId, own }) =>
        `${consentId},${own.fiDataRangeFrom ?? ''},${own.fiDataRangeTo ?? ''},${own.configId ?? ''}\n`,
    );
    return Buffer.from(`consentId,fiDataRangeFrom,fiDataRangeTo,configId\n${lines.join('')}`);
  }
  const list = rows.map(({ consentId, own }) => ({ consentId, ...given(own) }));
  return Buffer.from(JSON.stringify(way === 'drop' ? { ...given(defaults), consents_list: list } : list));
}

const BOUNDARY = 'a-boundary-of-the-simulation';

export function uploadRequest({ tenant, referenceId }: PlannedBatch, attempt: Attempt): ApiRequest {
  const part = (disposition: string, type: string, content: string): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}${type}\r\n\r\n${content}\r\n`;
  const fileType = attempt.fileType === 'csv' ? 'text/csv' : 'application/json';
  const body =
    part('name="reference_id"', '', referenceId) +
    Object.entries(given(attempt.defaults))
      .map(([name, value]) => part(`name="${name}"`, '', value))
      .join('') +
    part(
      `name="file"; filename="consents.${attempt.fileType}"`,
      `\r\nContent-Type: ${fileType}`,
      fileOf(attempt).toString('utf8'),
    );
  return {
    headers: {
      ...credentials(tenant),
      'Content-Type': `multipart/form-data; boundary=${BOUNDARY}`,
      ...(attempt.idempotencyKey === null ? {} : { 'Idempotency-Key': attempt.idempotencyKey }),
    },
    body: Buffer.from(`${body}--${BOUNDARY}--\r\n`).toString('base64'),
    isBase64Encoded: true,
  };
}

export const presignRequest = (
  { tenant, referenceId }: PlannedBatch,
  { fileType, defaults, idempotencyKey }: Attempt,
): ApiRequest =>
  jsonRequest(
    tenant,
    { reference_id: referenceId, file_name: `consents.${fileType}`, ...given(defaults) },
    idempotencyKey,
  );

export const dropKey = ({ tenant, referenceId }: PlannedBatch, { fileType }: Pick<Attempt, 'fileType'>): string =>
  `drop/${tenant.organisationId}/${referenceId}.${fileType}`;
