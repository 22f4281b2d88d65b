import { connectAcceptance } from '../adapters/acceptance.ts';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { uploadBatchFunction } from './function.ts';

const acceptance = connectAcceptance(process.env);

export const handler = uploadBatchFunction({ ...acceptance, clients: dynamoDbClients(acceptance.table) });
