import * as z from 'zod';
import { connectTable, type Table } from '../platform/dynamodb.ts';
import type { Settings } from '../platform/settings.ts';
import { secretsManagerCredentials } from './credentials.ts';
import { finProClient } from './finpro.http.ts';
import type { FinPro } from './finpro.ts';
import { dynamoDbLedgers } from './ledger.dynamodb.ts';
import type { LedgerStore } from './ledger.ts';

const upstreamEnvironment = z.object({ FINPRO_BASE_URL: z.url(), UPSTREAM_SECRET_PREFIX: z.string() });

/**
 * The ports of every function that calls the upstream.
 * @throws ZodError naming a variable that is missing
 */
export function connectUpstream(
  variables: Record<string, string | undefined>,
  table: Table,
  settings: Settings,
): { readonly finPro: FinPro; readonly ledgers: LedgerStore } {
  const environment = upstreamEnvironment.parse(variables);
  return {
    finPro: finProClient({
      baseUrl: environment.FINPRO_BASE_URL,
      timeout: settings.upstream.timeout,
      credentialsOf: secretsManagerCredentials(environment.UPSTREAM_SECRET_PREFIX),
    }),
    ledgers: dynamoDbLedgers(table, connectTable(table.name, 1), settings),
  };
}
