/** Where a price comes from: an AWS price page or document, a secondary source, or common knowledge. */
type Source = 'D' | 'S' | 'K';

interface Price {
  /** US dollars for one unit. */
  readonly usd: number;
  readonly source: Source;
}

export type PricedRegion = 'ap-south-1' | 'us-east-1';

/** When these prices were last compared with their sources. */
export const PRICES_AS_OF = '2026-03';

const MILLION = 1e6;
const GIGABYTE = 1e9;

/**
 * List prices without free tier: `D` an AWS price page or document, `S` a secondary source, `K` common knowledge; where ap-south-1 is
 * not listed apart, it is taken to cost the same.
 *
 * - Step Functions Standard: price page; each retry is charged like a transition.
 * - Lambda on arm64: requests and GB-seconds, the first tier of duration.
 * - DynamoDB on demand, since the price cut of November 2024. Writing an index costs like writing the table.
 * - SQS standard: for each 64 KB begun; sending with a message group (fair queues) costs $0.10 a million more.
 * - API Gateway REST APIs: the first tier.
 * - CloudWatch Logs: ingestion, not storage.
 * - Step Functions Express, which the product does not use and is compared with: requests, and GB-seconds of the first tier, in steps of
 *   64 MB and 100 ms.
 * - S3: requests of the classes `PUT, COPY, POST, LIST` and `GET and all other`, not storage.
 */
export const LIST_PRICES = {
  'us-east-1': {
    'apigateway.request': { usd: 3.5 / MILLION, source: 'K' },
    'dynamodb.indexWriteUnit': { usd: 0.625 / MILLION, source: 'S' },
    'dynamodb.readUnit': { usd: 0.125 / MILLION, source: 'S' },
    'dynamodb.writeUnit': { usd: 0.625 / MILLION, source: 'S' },
    'lambda.gbSecond': { usd: 0.000_013_333_4, source: 'S' },
    'lambda.request': { usd: 0.2 / MILLION, source: 'S' },
    'logs.byte': { usd: 0.5 / GIGABYTE, source: 'K' },
    's3.getRequest': { usd: 0.4 / MILLION, source: 'S' },
    's3.putRequest': { usd: 5 / MILLION, source: 'S' },
    'secretsmanager.request': { usd: 0.05 / 10_000, source: 'K' },
    'sqs.fairRequest': { usd: 0.1 / MILLION, source: 'S' },
    'sqs.request': { usd: 0.4 / MILLION, source: 'S' },
    'states.expressGbSecond': { usd: 0.000_016_67, source: 'D' },
    'states.expressRequest': { usd: 1 / MILLION, source: 'D' },
    'states.transition': { usd: 0.025 / 1000, source: 'D' },
  },
  'ap-south-1': {
    'apigateway.request': { usd: 3.5 / MILLION, source: 'K' },
    'dynamodb.indexWriteUnit': { usd: 0.71 / MILLION, source: 'S' },
    'dynamodb.readUnit': { usd: 0.1425 / MILLION, source: 'S' },
    'dynamodb.writeUnit': { usd: 0.71 / MILLION, source: 'S' },
    'lambda.gbSecond': { usd: 0.000_013_333_4, source: 'S' },
    'lambda.request': { usd: 0.2 / MILLION, source: 'S' },
    'logs.byte': { usd: 0.67 / GIGABYTE, source: 'S' },
    's3.getRequest': { usd: 0.4 / MILLION, source: 'S' },
    's3.putRequest': { usd: 5 / MILLION, source: 'S' },
    'secretsmanager.request': { usd: 0.05 / 10_000, source: 'K' },
    'sqs.fairRequest': { usd: 0.1 / MILLION, source: 'S' },
    'sqs.request': { usd: 0.4 / MILLION, source: 'S' },
    'states.expressGbSecond': { usd: 0.000_016_67, source: 'S' },
    'states.expressRequest': { usd: 1 / MILLION, source: 'S' },
    'states.transition': { usd: 0.0285 / 1000, source: 'D' },
  },
} as const satisfies Readonly<Record<PricedRegion, Readonly<Record<string, Price>>>>;
