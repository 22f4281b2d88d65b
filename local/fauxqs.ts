import type { buildApp } from 'fauxqs';
import { z } from 'zod';

/** fauxqs's stores, and the class that keeps them in SQLite, by the types that its public `buildApp` declares. */
export type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;
type Persistence = NonNullable<Stores['sqsStore']['persistence']> & NonNullable<Stores['s3Store']['persistence']>;

/** What an S3 action of fauxqs reads of a request, `*` being the key. */
export interface ActionRequest {
  readonly params: { readonly bucket: string; readonly '*': string };
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** How an S3 action of fauxqs answers. */
export interface ActionReply {
  header(name: string, value: string | number): ActionReply;
  status(status: number): ActionReply;
  send(body?: string | Buffer): ActionReply;
}

/** One S3 action: a synchronous function that answers, or throws an `S3Error`. */
type Action = (request: ActionRequest, reply: ActionReply, store: Stores['s3Store']) => void;

const isFunction = (value: unknown): boolean => typeof value === 'function';
const actionSchema = z.custom<Action>(isFunction);
const sendSchema = z.custom<(input: object, store: Stores['sqsStore']) => unknown>(isFunction);

const internalsSchema = z.object({
  SqsStore: z.custom<new () => Stores['sqsStore']>(isFunction),
  SnsStore: z.custom<new () => Stores['snsStore']>(isFunction),
  S3Store: z.custom<new () => Stores['s3Store']>(isFunction),
  S3Error: z.custom<new () => Error & { readonly code: string; readonly statusCode: number }>(isFunction),
  PersistenceManager: z.custom<new (folder: string) => Persistence>(isFunction),
  SqsError: z.custom<new () => Error & { statusCode: number; queryErrorHeader: string; toJSON(): unknown }>(isFunction),
  sendMessage: sendSchema,
  sendMessageBatch: sendSchema,
  getObject: actionSchema,
  headObject: actionSchema,
  putObject: actionSchema,
  createMultipartUpload: actionSchema,
  uploadPart: actionSchema,
  completeMultipartUpload: actionSchema,
  abortMultipartUpload: actionSchema,
});

export type FauxqsInternals = z.output<typeof internalsSchema>;
export type ActionName =
  | 'getObject'
  | 'headObject'
  | 'putObject'
  | 'uploadPart'
  | `${'create' | 'complete' | 'abort'}MultipartUpload`;

const FILES = [
  'sqs/sqsStore.js',
  'sns/snsStore.js',
  's3/s3Store.js',
  'persistence.js',
  'common/errors.js',
  ...['sendMessage', 'sendMessageBatch'].map((name) => `sqs/actions/${name}.js`),
  ...['getObject', 'headObject', 'putObject', 'uploadPart'].map((name) => `s3/actions/${name}.js`),
  ...['create', 'complete', 'abort'].map((name) => `s3/actions/${name}MultipartUpload.js`),
];

/**
 * The parts of fauxqs. The package exports persistence only in `startFauxqs`, which listens on every interface, and none of its classes and
 * actions. So they are loaded by their place in the package, whose version package.json pins exactly.
 */
export async function fauxqsInternals(): Promise<FauxqsInternals> {
  const root = import.meta.resolve('fauxqs');
  const modules: unknown[] = await Promise.all(FILES.map((file) => import(new URL(file, root).href)));
  return internalsSchema.parse(Object.assign({}, ...modules));
}
