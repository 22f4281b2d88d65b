import { writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ApiClient, BatchStatusAnswer } from '#cli/api-client.ts';
import { simulatorControl } from '#simulator/control-client.ts';
import type { Workplace } from './workplace.ts';

/** A batch started through one of the ways in. */
export interface StartedBatch {
  readonly way: string;
  readonly referenceId: string;
  readonly rows: number;
  /** How many of the rows should end FAILED. */
  readonly failing: number;
}

/** A consent of a batch, and its scenario in the simulator. */
interface Consent {
  readonly consentId: string;
  readonly scenario: 'ready' | 'revoked' | 'denied';
}

/** Above 4 MB the API client posts a file straight to S3. */
const LARGE = 4_200_000;
const MAX_SECONDS = 90;

/** Starts a batch through each of the four ways in. The upstream's budget is enough for all of them. */
export async function startBatches(
  api: ApiClient,
  simulator: string,
  drop: { readonly s3: S3Client; readonly bucket: string; readonly organisationId: string },
  workplace: Workplace,
): Promise<StartedBatch[]> {
  const [json, form, posted, dropped] = [consents(0, 60), consents(60, 20), consents(80, 10), consents(90, 10)];
  const all = [...json, ...form, ...posted, ...dropped];
  // Ready before the first poll, which comes after 5 s.
  await simulatorControl(simulator).register(all.map((one) => ({ ...one, readyAfterSeconds: 1, accounts: 2 })));

  const [small, large] = [workplace.path('small.csv'), workplace.path('large.csv')];
  await writeFile(small, csv(form));
  await writeFile(large, csv(posted).padEnd(LARGE, '\n'));
  const { s3, bucket, organisationId } = drop;
  const Key = `drop/${organisationId}/verify-dropped.csv`;
  const consents_list = json.map(({ consentId }) => ({ consent_id: consentId }));

  const answers = await Promise.all([
    api.schedule({ reference_id: 'verify-json', consents_list }),
    api.upload(small),
    api.upload(large),
    s3
      .send(new PutObjectCommand({ Bucket: bucket, Key, Body: csv(dropped) }))
      .then(() => ({ reference_id: 'verify-dropped' })),
  ]);
  const ways = [
    { way: 'JSON body', from: json },
    { way: 'form upload', from: form },
    { way: 'presigned S3 upload', from: posted },
    { way: 'drop folder', from: dropped },
  ];
  return ways.map(({ way, from }, index) => ({
    way,
    referenceId: answers[index]?.reference_id ?? '',
    rows: from.length,
    failing: from.filter(({ scenario }) => scenario !== 'ready').length,
  }));
}

/**
 * Follows a batch until it has ended.
 * @throws Error with its status when that takes too long, or its outcome isn't the expected one
 */
export async function follow(api: ApiClient, batch: StartedBatch, signal: AbortSignal): Promise<BatchStatusAnswer> {
  const giveUpAt = performance.now() + MAX_SECONDS * 1000;
  for (;;) {
    const status = await statusOf(api, batch.referenceId);
    if (status?.batch_status === 'COMPLETED') {
      const { total, completed, failed } = status.summary;
      if (total === batch.rows && failed === batch.failing && completed === batch.rows - batch.failing) return status;
    }
    const hasEnded = status?.batch_status === 'COMPLETED' || status?.batch_status === 'FAILED';
    if (hasEnded || performance.now() > giveUpAt) {
      const expected = `expected ${batch.rows} rows, ${batch.failing} of them FAILED`;
      throw new Error(`${batch.way}: ${expected}, got ${JSON.stringify(status)}`);
    }
    await wait(500, undefined, { signal });
  }
}

/** Null while the batch has no rows: a file in the bucket is read a moment later. */
async function statusOf(api: ApiClient, reference_id: string): Promise<BatchStatusAnswer | null> {
  try {
    const status = await api.status({ reference_id, filters: { status: ['FAILED'] }, limit: 100 });
    return status.summary.total === 0 ? null : status;
  } catch (error) {
    if (String(error).includes('BatchNotFound')) return null;
    throw error;
  }
}

/** `count` consents with ids by their number. Every fifth is revoked, every tenth denied. */
const consents = (from: number, count: number): Consent[] =>
  Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const scenario = number % 10 === 9 ? 'denied' : number % 5 === 4 ? 'revoked' : 'ready';
    return { consentId: `5e2f0000-0000-4000-8000-${String(number).padStart(12, '0')}`, scenario };
  });

const csv = (from: readonly Consent[]): string => `consentId\n${from.map(({ consentId }) => consentId).join('\n')}\n`;
