import { join } from 'node:path';
import { type Client, formUrl, presignBody, presignUrl } from './client.ts';
import type { Program } from './program.ts';

const SCRIPT = join(import.meta.dirname, 'upload.py');

/** `upload.py`, with Python's requests. They make no signatures of AWS's, so they can't drop. */
export const requestsClient = ({ missing, run }: Program): Client => {
  const upload = (...given: readonly unknown[]) => run([SCRIPT, ...given.map((one) => JSON.stringify(one))]);
  return {
    name: "Python's requests",
    missing,
    form: async ({ path, fields }, to) => JSON.parse(await upload(path, formUrl(to), to.headers, fields)),
    presigned: async (given, to) => void (await upload(given.path, presignUrl(to), to.headers, presignBody(given))),
  };
};
