import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { consentNumber } from './caller.ts';
import { runningSimulator, START } from './running-simulator.ts';

const simulator = runningSimulator();
const consentID = consentNumber(1);
const links = z.object({ data: z.object({ linkRefNumbers: z.array(z.object({ linkRefNumber: z.string() })) }) });

const balance = {
  linkReferenceNumber: expect.any(String),
  maskedAccountNumber: expect.any(String),
  fipId: expect.any(String),
  fipName: expect.any(String),
  fiType: expect.any(String),
  accountType: expect.any(String),
  currentBalance: expect.stringMatching(/^\d+\.\d{2}$/),
  currency: 'INR',
  balanceAsOf: '2026-11-20T10:00:02.000Z',
};

async function readyConsent(accounts: number, scenario = 'ready') {
  const caller = simulator.caller();
  await caller.consent(consentID, { scenario, readyAfterSeconds: 2, accounts });
  await caller.open(consentID);
  simulator.now = START + 5000;
  return caller;
}

describe('POST /getfibalance', () => {
  test('an object for one account', async () => {
    const caller = await readyConsent(1);
    const reply = await caller.balance({ consentID });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ ver: '1.21.0', status: 'success', data: balance });
  });

  test('an array for more, and the one asked for', async () => {
    const caller = await readyConsent(3);
    const all = await caller.balance({ consentID });
    expect(all.body).toEqual({ ver: '1.21.0', status: 'success', data: [balance, balance, balance] });
    const { linkRefNumbers } = links.parse((await caller.status({ consentId: consentID })).body).data;
    const linkReferenceNumber = linkRefNumbers[1]?.linkRefNumber;
    expect((await caller.balance({ consentID, linkReferenceNumber })).body).toMatchObject({
      data: { linkReferenceNumber },
    });
    expect((await caller.control('GET', `/_sim/consents/${consentID}`)).body).toMatchObject({ balanceCalls: 2 });
  });

  test('only what was delivered', async () => {
    const caller = await readyConsent(4, 'partial');
    expect((await caller.balance({ consentID })).body).toMatchObject({ data: [balance, balance] });
  });

  test.each([
    [0, 'ready'],
    [2, 'timeout'],
    [2, 'denied'],
  ])('nothing with %i accounts in %s', async (accounts, scenario) => {
    const caller = await readyConsent(accounts, scenario);
    const reply = await caller.balance({ consentID });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errorCode: 'NoDataFound' });
  });

  test('not yet while the session is pending', async () => {
    const caller = await readyConsent(1, 'never');
    const reply = await caller.balance({ consentID });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errorCode: 'DataFetchRequestInProgress' });
  });

  test.each([
    [{}, 'InvalidRequest', 'consentID is required'],
    [{ consentId: consentID }, 'InvalidRequest', 'consentID is required'],
    [{ consentID: 'x' }, 'InvalidRequest', 'consentID must be a valid GUID'],
    [{ consentID, linkReferenceNumber: 7 }, 'InvalidRequest', 'linkReferenceNumber must be a valid GUID'],
    [{ consentID, linkReferenceNumber: consentNumber(9) }, 'NoDataFound', 'No balance'],
    [{ consentID: consentNumber(2) }, 'NoDataFound', 'No balance'],
  ])('declines %j', async (body, errorCode, message) => {
    const caller = await readyConsent(1);
    const reply = await caller.balance(body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errorCode, errorMsg: expect.stringContaining(message) });
    expect((await caller.control('GET', '/_sim/stats')).body).toMatchObject({ balanceCalls: 1 });
  });

  test('a consent in scenario unknown does not exist', async () => {
    const caller = simulator.caller();
    await caller.consent(consentID, { scenario: 'unknown' });
    expect((await caller.balance({ consentID })).body).toMatchObject({ errorCode: 'InvalidConsentId' });
  });
});
