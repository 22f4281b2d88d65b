import { dynamoDbCalls, dynamoDbClients } from '#lambdas/clients/store.dynamodb.ts';
import { connectAcceptance } from '../connect.ts';
import { uploadBatchFunction } from './handler.ts';

const acceptance = connectAcceptance(process.env);

export const handler = uploadBatchFunction({
  ...acceptance,
  clients: dynamoDbClients(acceptance.table),
  calls: dynamoDbCalls(acceptance.table),
});
