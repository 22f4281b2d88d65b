import { dynamoDbCalls, dynamoDbClients } from '#lambdas/clients/store.dynamodb.ts';
import { connectAcceptance } from '../connect.ts';
import { scheduleBatchFunction } from './handler.ts';

const acceptance = connectAcceptance(process.env);

export const handler = scheduleBatchFunction({
  ...acceptance,
  clients: dynamoDbClients(acceptance.table),
  calls: dynamoDbCalls(acceptance.table),
});
