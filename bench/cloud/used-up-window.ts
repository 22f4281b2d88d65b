import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { readSettings } from '#lambdas/platform/settings.ts';
import { budgetOf } from '#lambdas/upstream/budget.ts';
import { dynamoDbLedgers } from '#lambdas/upstream/ledger.dynamodb.ts';
import type { LocalCloud } from '#local/cloud.ts';

const WINDOW_SETTINGS = ['UPSTREAM_LIMIT', 'UPSTREAM_WINDOW_SECONDS', 'CLOCK_SKEW_SECONDS'];

/**
 * Takes what is left of an organisation's present rate window, as another batch of the organisation would. The chunks of a batch accepted then all have
 * their windows before the first call is made: otherwise the calls of the first ones hold the others up for seconds, on two cores and not on
 * Lambda, and how long they do decides how the windows are shared. Throws where the window is about to end.
 */
export async function useUpWindow(cloud: LocalCloud, organisationId: string): Promise<void> {
  const settings = readSettings(Object.fromEntries(WINDOW_SETTINGS.map((name) => [name, cloud.environmentOf(name)])));
  const dynamo = new DynamoDBClient(cloud.clientOptions);
  const table = { name: cloud.environmentOf('TABLE_NAME') ?? '', client: DynamoDBDocumentClient.from(dynamo) };
  try {
    const now = Date.now();
    const { limit } = settings.upstream;
    const budget = budgetOf(dynamoDbLedgers(table, table, settings), settings);
    const permit = await budget.acquire(organisationId, limit, null, now);
    if (!permit.granted || permit.reservation.startsAt > now) throw new Error('the present rate window has no room');
  } finally {
    dynamo.destroy();
  }
}
