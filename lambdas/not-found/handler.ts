import { z } from 'zod';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { connectTable } from '../adapters/dynamodb/table.ts';
import { randomIds, systemClock } from '../adapters/system.ts';
import { ServiceError } from '../core/errors.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';

const environment = z.object({ TABLE_NAME: z.string() }).parse(process.env);
const authenticate = authenticator(dynamoDbClients(connectTable(environment.TABLE_NAME)), systemClock);

/** Every path and method that the API does not have. */
export const handler = apiHandler({ authenticate, clock: systemClock, ids: randomIds }, async () => {
  throw new ServiceError('not-found', 'NotFound', 'There is no such path with this method');
});
