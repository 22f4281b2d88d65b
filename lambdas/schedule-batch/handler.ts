import { connectAcceptance } from '../adapters/acceptance.ts';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { scheduleBatchFunction } from './function.ts';

const acceptance = connectAcceptance(process.env);

export const handler = scheduleBatchFunction({ ...acceptance, clients: dynamoDbClients(acceptance.table) });
