import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import axios from 'axios';
import { type Client, formUrl, presignBody, presignedForm, presignUrl } from './client.ts';

/** Without the proxy that the environment may name. */
const http = axios.create({ proxy: false });

/** Its own form, of a stream, and for S3 the platform's. It makes no signatures of AWS's, so it can't drop. */
export const axiosClient: Client = {
  name: 'axios',
  missing: null,
  form: async ({ path, fields }, to) => {
    const parts = { ...fields, file: createReadStream(path) };
    const { data } = await http.postForm(formUrl(to), parts, { headers: to.headers });
    return data;
  },
  presigned: async (upload, to) => {
    const { data } = await http.post(presignUrl(to), presignBody(upload), { headers: to.headers });
    const { url, fields } = presignedForm(data);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set('file', new Blob([await readFile(upload.path)]), upload.fileName);
    await http.post(url, form);
  },
};
