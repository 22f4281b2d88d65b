import type { Attempt, PlannedBatch, PlannedRow, Tenant } from './plan.ts';

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

export const scheduleRequest = ({ tenant, referenceId }: PlannedBatch, { rows, idempotencyKey }: Attempt): ApiRequest =>
  jsonRequest(
    tenant,
    { reference_id: referenceId, consents_list: rows.map((row) => ({ consent_id: row.consentId })) },
    idempotencyKey,
  );

/** The file of an attempt. */
export function fileOf({ rows, fileType }: Pick<Attempt, 'rows' | 'fileType'>): Buffer {
  const ids = rows.map(({ consentId }: PlannedRow) => consentId);
  return Buffer.from(
    fileType === 'csv'
      ? `consentId,fiDataRangeFrom\n${ids.map((id) => `${id},\n`).join('')}`
      : JSON.stringify(ids.map((id) => ({ consentId: id }))),
  );
}

const BOUNDARY = 'a-boundary-of-the-simulation';

export function uploadRequest({ tenant, referenceId }: PlannedBatch, attempt: Attempt): ApiRequest {
  const part = (disposition: string, type: string, content: string): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}${type}\r\n\r\n${content}\r\n`;
  const fileType = attempt.fileType === 'csv' ? 'text/csv' : 'application/json';
  const body =
    part('name="reference_id"', '', referenceId) +
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
  { fileType, idempotencyKey }: Attempt,
): ApiRequest => jsonRequest(tenant, { reference_id: referenceId, file_name: `consents.${fileType}` }, idempotencyKey);

export const dropKey = ({ tenant, referenceId }: PlannedBatch, { fileType }: Pick<Attempt, 'fileType'>): string =>
  `drop/${tenant.organisationId}/${referenceId}.${fileType}`;
