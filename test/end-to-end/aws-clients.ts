import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** What `endpoints.json` says about the AWS of a local cloud. */
export interface AwsEndpoints {
  readonly local: string;
  readonly aws: Readonly<Record<string, string>>;
}

/** The services behind a batch, as somebody with every right in the account reaches them. */
export interface AwsClients {
  readonly table: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly stepFunctions: SFNClient;
  close(): void;
}

export function awsClients({ local, aws }: AwsEndpoints): AwsClients {
  const connection = {
    endpoint: local,
    region: aws['region'] ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const table = DynamoDBDocumentClient.from(new DynamoDBClient(connection));
  const sqs = new SQSClient(connection);
  const stepFunctions = new SFNClient(connection);
  const close = () => [table, sqs, stepFunctions].forEach((client) => void client.destroy());
  return { table, sqs, stepFunctions, close };
}
