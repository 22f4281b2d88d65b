import type { Batch } from '#lambdas/batch/batch.ts';
import type { StoredBatch } from '#lambdas/batch/store.ts';
import { plainRow } from '#lambdas/batch/submission.ts';
import type { ChunkInput, ChunkOutcome } from '#lambdas/chunk/chunk.ts';
import { type ChunkKey, type ChunkState, newChunk } from '#lambdas/chunk/chunk.ts';
import { PHASES, type Row } from '#lambdas/chunk/row.ts';
import type { RegisteredClient } from '#lambdas/clients/client.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { NEW_LEDGER, type StoredLedger } from '#lambdas/upstream/ledger.ts';
import type { AccountDetails } from '#lambdas/upstream/session.ts';

/** What the fixtures of every format say, each under the name of its file. */

const NOW = 1_795_168_800_000;

export const KEY: ChunkKey = {
  organisationId: 'lender',
  referenceId: 'portfolio-2026-11',
  batchId: '11111111-2222-4333-8444-555555555555',
  chunk: 3,
};

const batch: Batch = {
  organisationId: 'lender',
  referenceId: KEY.referenceId,
  batchId: KEY.batchId,
  promisedId: null,
  total: 900,
  duplicates: null,
  chunks: 4,
  chunkRows: 250,
  fileName: 'consents.csv',
  globalConfig: { fiDataRangeFrom: '2024-01-01T00:00:00Z', fiDataRangeTo: null, configId: 'income' },
  acceptedAt: NOW,
  finishedChunks: new Set([0, 2]),
  source: 'form',
  reservation: null,
  error: null,
  idempotency: { key: 'k-1', content: 'abc', txnid: '7b863266-fcae-478b-906d-4d69e818fe18' },
};
const stored = { isOpen: true, readUntil: 0, finishedAt: null, expiresAt: 1_802_944_800 };

export const BATCHES: Readonly<Record<string, StoredBatch>> = {
  'batch-open': { ...stored, batch },
  'batch-closed': { ...stored, batch, isOpen: false, finishedAt: NOW + 60_000 },
  'batch-reserved': {
    ...stored,
    isOpen: false,
    readUntil: NOW + 62_000,
    batch: {
      ...batch,
      referenceId: 'reserved-upload',
      total: 0,
      chunks: 0,
      finishedChunks: new Set(),
      source: 'presigned',
      reservation: { fileType: 'csv', until: NOW + 4_500_000 },
      idempotency: null,
    },
  },
  'batch-failed': {
    ...stored,
    batch: {
      ...batch,
      referenceId: 'failed-drop',
      finishedChunks: new Set(),
      source: 'drop',
      error: { code: 'NoValidRows', message: 'None of the 900 rows is valid.' },
    },
  },
};

/**
 * With the id that was promised before its file was read, and that of the write that left the item; and with the number
 * of its rows that repeat a consent.
 */
export const ADDITIONS: Readonly<Record<string, StoredBatch>> = {
  'batch-with-duplicates': { ...stored, batch: { ...batch, finishedChunks: new Set(), duplicates: 12 } },
  'batch-read-upload': {
    ...stored,
    batch: {
      ...batch,
      batchId: '22222222-2222-4333-8444-555555555555',
      promisedId: KEY.batchId,
      referenceId: 'reserved-upload',
      finishedChunks: new Set(),
      source: 'presigned',
      idempotency: null,
    },
  },
};

const base = newChunk(KEY, [false], NOW, readSettings({}));
const atTick = (tick: number): number => NOW + tick * base.tick;
const rows = PHASES.map((phase, index): Row => {
  const other = atTick(10 * index + 5);
  return {
    phase,
    eligibility: phase === 'failed' ? 'YesWithModifications' : null,
    attempt: (index % 4) + 1,
    tries: index,
    requestedAt: atTick(10 * index),
    lastAskedAt: other,
    notBefore: other,
  };
});

export const STATES: Readonly<Record<string, ChunkState>> = {
  'state-new': { ...base, rows: rows.slice(0, 1) },
  'state-leased': {
    ...base,
    version: 2,
    generation: 3,
    stalls: 2,
    ownStalls: 2,
    movedAt: NOW + 7,
    changedAt: NOW + 5,
    dueAt: NOW + 90_000,
    leasedUntil: NOW + 90_000,
    reservation: { window: NOW / 60_000, startsAt: NOW, endsAt: NOW + 60_000, tokens: 200, tight: true, epoch: 2 },
    rows,
  },
};

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';
const plain = { ...plainRow(CONSENT), previous: null };
const special = {
  ...plainRow('64450ac0-8bcb-4b9c-ad74-29b4fabe18f7'),
  fiDataRangeFrom: '2024-02-01',
  fiDataRangeTo: '2024-03-01T00:00:00+05:30',
  configId: 'own',
  previous: 12,
};
const input = { defaults: batch.globalConfig, chunkRows: 250 };

export const INPUTS: Readonly<Record<string, ChunkInput>> = {
  'input-guids': { ...input, rows: [plain, special, { ...plain, configId: 'own', previous: 0 }] },
  'input-strings': {
    ...input,
    rows: [
      { ...plain, consentId: CONSENT.toUpperCase() },
      { ...special, consentId: 'not-a-guid' },
    ],
  },
};

const revoked = { code: 'ConsentRevoked', message: 'Ask for a new one.' };
export const OUTCOMES: Readonly<Record<string, ChunkOutcome>> = {
  outcome: {
    version: 2,
    sessions: new Map([
      [0, '7b863266-fcae-478b-906d-4d69e818fe18'],
      [4, '8b863266-fcae-478b-906d-4d69e818fe18'],
    ]),
    adopted: new Set([4]),
    errors: new Map([
      [1, { code: 'InvalidRequest', message: 'Line 3: consent_id must be a GUID' }],
      [6, revoked],
      [7, revoked],
    ]),
  },
};

/** Outcomes of format 1, which don't say what was adopted. */
export const OUTCOMES_1: Readonly<Record<string, ChunkOutcome>> = Object.fromEntries(
  Object.entries(OUTCOMES).map(([name, outcome]) => [name, { ...outcome, adopted: new Set() }]),
);

export const ACCOUNTS: Readonly<Record<string, ReadonlyMap<number, readonly AccountDetails[]>>> = {
  accounts: new Map([
    [
      0,
      [
        {
          link_reference_number: 'l-1',
          masked_account_number: 'XXXXXXXX1234',
          fip_id: 'fip',
          fip_name: 'Bank',
          fi_status: 'READY',
          fi_type: 'DEPOSIT',
          account_type: 'SAVINGS',
          current_balance: '1024.50',
          currency: 'INR',
          balance_as_of: '2026-11-20T00:00:00.000Z',
        },
        {
          link_reference_number: 'l-2',
          masked_account_number: null,
          fip_id: null,
          fip_name: null,
          fi_status: 'TIMEOUT',
        },
      ],
    ],
    [5, []],
  ]),
};

export const LEDGERS: Readonly<Record<string, StoredLedger>> = {
  'ledger-new': { ...NEW_LEDGER, taken: new Map([[NOW / 60_000, 10]]) },
  'ledger-learnt': {
    ...NEW_LEDGER,
    epoch: 1,
    anchor: { window: 29_919_481, endsAt: NOW + 95_000 },
    length: 62_250,
    limits: new Map([
      ['request', 500],
      ['status', 1000],
    ]),
    taken: new Map([[29_919_481, 450]]),
    otherCalls: new Map([[29_919_481, 20]]),
    blockedUntil: NOW + 95_000,
    circuitOpenUntil: NOW + 66_000,
    circuitBy: '22222222-2222-4333-8444-555555555555',
  },
};

/** What is left of ledgers of format 1, whose windows and reservations are void. */
export const LEDGERS_1: Readonly<Record<string, StoredLedger>> = {
  'ledger-new': { ...NEW_LEDGER, epoch: 1 },
  'ledger-learnt': {
    ...NEW_LEDGER,
    epoch: 2,
    limits: new Map([['request', 500]]),
    blockedUntil: NOW + 95_000,
    circuitOpenUntil: NOW + 66_000,
  },
};

/** States of format 1, whose reservations are void. No row was `joining` then. */
export const STATES_1: Readonly<Record<string, ChunkState>> = Object.fromEntries(
  Object.entries(STATES).map(([name, state]) => {
    const known = state.rows.filter(({ phase }) => phase !== 'joining');
    return [name, { ...state, reservation: null, rows: known }];
  }),
);

export const CLIENTS: Readonly<Record<string, RegisteredClient>> = {
  client: {
    clientId: 'client-1',
    organisationId: 'lender',
    appIdentifiers: ['app'],
    secrets: [
      { salt: '00', hash: 'ab'.repeat(32), validUntil: NOW },
      { salt: '01', hash: 'cd'.repeat(32), validUntil: null },
    ],
    disabled: false,
    createdAt: NOW,
    rotatedAt: NOW + 1_000,
    revision: 'r-2',
  },
};
