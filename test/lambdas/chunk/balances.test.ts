import { describe, expect, test } from 'vitest';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import {
  account,
  answered,
  LOST,
  readyAfter,
  TOO_MANY,
  UNAUTHORIZED,
  UNREACHABLE,
} from '#test/world/consent-behaviour.ts';
import { recordsOf, reportOf, runBatch } from '#test/world/run.ts';
import { consentId, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, roomyWorld, START } from '#test/world/unit-worlds.ts';

const CONSENT = consentId(1);

async function balancesOf(
  balanceFailures: readonly (UpstreamFailure | null)[],
  environment: Record<string, string> = {},
) {
  const world = roomyWorld(environment);
  world.finPro.behave(CONSENT, { session: readyAfter(4, [account(1), account(2, 'TIMEOUT')]), balanceFailures });
  await runBatch(world, submissionOf([CONSENT]));
  const [record] = await recordsOf(world);
  return { record, calls: world.finPro.callsOf(CONSENT, 'balance').map(({ at }) => (at - START) / 1000) };
}

describe('balances', () => {
  test('come with the row, by account', async () => {
    const { record, calls } = await balancesOf([]);
    expect(calls).toEqual([5]);
    expect(record).toMatchObject({ status: 'COMPLETED' });
    expect(record?.account_details).toEqual([
      {
        link_reference_number: account(1).linkRefNumber,
        masked_account_number: 'XXXXXXXX0001',
        fip_id: 'finsharebank',
        fip_name: 'FinShareBankServer',
        fi_status: 'DELIVERED',
        fi_type: 'DEPOSIT',
        account_type: 'SAVINGS',
        current_balance: '1024.50',
        currency: 'INR',
        balance_as_of: '2026-11-20T00:00:00.000Z',
      },
      expect.objectContaining({ fi_status: 'TIMEOUT' }),
    ]);
  });

  test('are not asked for when they are off', async () => {
    const { record, calls } = await balancesOf([], { BALANCES: 'off' });
    expect(calls).toEqual([]);
    expect(record?.status).toBe('COMPLETED');
    expect(record?.account_details?.[0]).not.toHaveProperty('current_balance');
  });

  test.each<[string, UpstreamFailure]>([
    ['lost', LOST],
    ['refused', answered(400, 'InvalidRequest', 'No such consent')],
    ['answered 500', answered(500, null)],
    ['impossible', UNREACHABLE],
  ])('that are %s twice are done without: the row completes', async (_, failure) => {
    const { record, calls } = await balancesOf([failure, failure]);
    expect(calls).toEqual([5, 10]);
    expect(record).toMatchObject({ status: 'COMPLETED', retry_eligible: null, error: null });
    expect(record?.account_details).toHaveLength(2);
    expect(record?.account_details?.[0]).not.toHaveProperty('current_balance');
  });

  test('that fail once are fetched 5 s later', async () => {
    const { record, calls } = await balancesOf([LOST]);
    expect(calls).toEqual([5, 10]);
    expect(record?.account_details?.[0]).toMatchObject({
      current_balance: '1024.50',
      masked_account_number: 'XXXXXXXX0001',
    });
  });

  test('wait for leave as long as it takes', async () => {
    const { record, calls } = await balancesOf([TOO_MANY, TOO_MANY, TOO_MANY, UNAUTHORIZED, UNAUTHORIZED]);
    expect(calls).toHaveLength(6);
    expect(record?.account_details?.[0]).toMatchObject({ current_balance: '1024.50' });
  });

  test('for which no token was left are fetched later, with what was delivered', async () => {
    const world = ratedWorld({ UPSTREAM_LIMIT: '40' });
    const all = Array.from({ length: 30 }, (_, index) => consentId(index + 1));
    await runBatch(world, submissionOf(all));
    const { records, counters } = await reportOf(world);
    expect(counters).toMatchObject({ COMPLETED: 30 });
    expect(records.every(({ account_details }) => account_details?.[0]?.current_balance === '1024.50')).toBe(true);
    expect(records.every(({ account_details }) => account_details?.[0]?.masked_account_number === 'XXXXXXXX0001')).toBe(
      true,
    );
    expect(world.finPro.overLimit).toEqual([]);
  });
});
