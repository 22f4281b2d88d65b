import { randomUUID } from 'node:crypto';
import type { Settings } from '#lambdas/platform/settings.ts';
import {
  applyChange,
  type Ledger,
  type LedgerStore,
  ledgerOf,
  NEW_LEDGER,
  type StoredLedger,
} from '#lambdas/upstream/ledger.ts';
import { direct, type RemoteCall } from './network.ts';

/** What is stored, by organisation. */
export type LedgerItems = Map<string, StoredLedger>;

export interface MemoryLedgers extends LedgerStore {
  /** The ledger of an organisation, without a call. */
  of(organisationId: string): Ledger;
}

/**
 * A map over `applyChange`.
 * @param call how each read and write of the table goes
 * @param items what is stored, to share it between several workers' ports
 */
export function memoryLedgers(
  settings: Pick<Settings, 'upstream'>,
  call: RemoteCall = direct,
  items: LedgerItems = new Map(),
): MemoryLedgers {
  const of = (organisationId: string): Ledger => ledgerOf(items.get(organisationId) ?? NEW_LEDGER, settings);
  return {
    of,
    read: (organisationId) => call('ledgers.read', () => of(organisationId)),
    apply: (organisationId, change) =>
      call(`ledgers.${change.kind}`, () => {
        const next = applyChange(items.get(organisationId) ?? NEW_LEDGER, change);
        if (next) items.set(organisationId, next);
        return next && ledgerOf(next, settings);
      }),
    newWriteId: () => randomUUID(),
  };
}
