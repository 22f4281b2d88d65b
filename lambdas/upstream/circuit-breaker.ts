import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Table } from '../platform/dynamodb.ts';
import { ledgerKey } from '../platform/keys.ts';
import type { Settings } from '../platform/settings.ts';
import type { Ledgers } from './ledger.dynamodb.ts';
import type { CallOutcomes, Permit } from './permit.ts';
import type { Ledger } from './rate-window.ts';

/** The circuit of each organisation, kept in its ledger. */
export interface Circuit {
  /** Permit to try an open circuit; null when it is closed. */
  halfOpenPermit(organisationId: string, ledger: Ledger, now: number): Promise<Permit | null>;
  /** True when it was closed. */
  open(organisationId: string, now: number): Promise<boolean>;
  close(organisationId: string): Promise<unknown>;
  /** Adds failures to those of other workers; true when there are so many in a row that the upstream must be away. */
  addFailures(organisationId: string, failures: CallOutcomes['failures']): Promise<boolean>;
}

const counted = z.object({ failures: z.number() });

export function dynamoDbCircuit(
  { client, name: TableName }: Table,
  { update }: Ledgers,
  { upstream, clockSkew }: Settings,
): Circuit {
  const { circuitWait } = upstream;
  return {
    // Only one worker tries: the one whose write moves the time of the next halfOpen.
    halfOpenPermit: async (organisationId, { circuitOpenUntil, epoch }, now) => {
      if (circuitOpenUntil === null) return null;
      if (circuitOpenUntil > now) return { granted: false, waitUntil: circuitOpenUntil };
      const next = now + circuitWait;
      const isOurs = await update(organisationId, {
        UpdateExpression: 'SET circuitOpenUntil = :next',
        ConditionExpression: 'circuitOpenUntil = :seen',
        ExpressionAttributeValues: { ':next': next, ':seen': circuitOpenUntil },
      });
      if (!isOurs) return { granted: false, waitUntil: next };
      const reservation = { startsAt: now - clockSkew, endsAt: next + clockSkew, tokens: 1, tight: false, epoch };
      return { granted: true, halfOpen: true, taken: false, reservation };
    },

    open: async (organisationId, now) => {
      const isNew = await update(organisationId, {
        UpdateExpression: 'SET circuitOpenUntil = :until, failures = :none',
        ConditionExpression: 'attribute_not_exists(circuitOpenUntil)',
        ExpressionAttributeValues: { ':until': now + circuitWait, ':none': 0 },
      });
      if (isNew) return true;
      await update(organisationId, {
        UpdateExpression: 'SET circuitOpenUntil = :until',
        ConditionExpression: 'circuitOpenUntil < :until',
        ExpressionAttributeValues: { ':until': now + circuitWait },
      });
      return false;
    },

    close: (organisationId) => update(organisationId, { UpdateExpression: 'REMOVE circuitOpenUntil' }),

    addFailures: async (organisationId, { points, answered }) => {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName,
          Key: ledgerKey(organisationId),
          UpdateExpression: answered ? 'SET failures = :points' : 'ADD failures :points',
          ExpressionAttributeValues: { ':points': points },
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return counted.parse(Attributes).failures >= FAILURE_THRESHOLD;
    },
  };
}

/**
 * The upstream is away at 5 connection failures in a row, over all workers, or when half of the last 50 calls were answered 5xx (`design.md`,
 * circuit). A call cut after sending counts half a connection failure: some upstreams reset now and then, and an open circuit costs
 * every row a minute.
 */
export const FAILURE_THRESHOLD = 10;

/** What a failure adds to the count towards `FAILURE_THRESHOLD`, by how far the call got. */
export const FAILURE_WEIGHT = { no: 2, maybe: 1, answered: 0 } as const;

/** Of so many calls this share answered 5xx says the same. */
export const RECENT_CALLS = 50;
export const FAILED_RATIO = 0.5;
