import { type Client, formUrl, presignBody, presignedForm, presignUrl } from './client.ts';
import type { Program } from './program.ts';

const ALWAYS = ['--silent', '--show-error', '--fail-with-body'];

type Texts = Readonly<Record<string, string>>;

const headersOf = (headers: Texts): string[] =>
  Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);

/** The parts of a form, the file behind all others. */
const partsOf = (texts: Texts, path: string): string[] => [
  ...Object.entries(texts).flatMap(([name, value]) => ['--form-string', `${name}=${value}`]),
  '--form',
  `file=@"${path}"`,
];

export const curlClient = ({ missing, run }: Program): Client => ({
  name: 'curl',
  missing,
  form: async ({ path, fields }, to) =>
    JSON.parse(await run([...ALWAYS, ...headersOf(to.headers), ...partsOf(fields, path), formUrl(to)])),
  presigned: async (upload, to) => {
    const headers = headersOf({ ...to.headers, 'Content-Type': 'application/json' });
    const json = ['--data-binary', JSON.stringify(presignBody(upload))];
    const { url, fields } = presignedForm(JSON.parse(await run([...ALWAYS, ...headers, ...json, presignUrl(to)])));
    await run([...ALWAYS, ...partsOf(fields, upload.path), url]);
  },
  drop: async ({ path, key }, { s3, region, bucket, credentials: { accessKeyId, secretAccessKey } }) => {
    const signed = ['--aws-sigv4', `aws:amz:${region}:s3`, '--user', `${accessKeyId}:${secretAccessKey}`];
    await run([...ALWAYS, ...signed, '--upload-file', path, `${s3}/${bucket}/${key}`]);
  },
});
