import { File } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { Agent, FormData, request } from 'undici';
import { type Client, formUrl, presignBody, presignedForm, presignUrl, type Upload } from './client.ts';

type Texts = Readonly<Record<string, string>>;

/** Its `request`; its `fetch` is Node's own, which other end-to-end tests use. It makes no signatures of AWS's, so it can't drop. */
export const undici: Client = {
  name: 'undici',
  missing: null,
  form: async (upload, to) => JSON.parse(await post(formUrl(to), to.headers, await formOf(upload.fields, upload))),
  presigned: async (upload, to) => {
    const headers = { ...to.headers, 'content-type': 'application/json' };
    const answer = await post(presignUrl(to), headers, JSON.stringify(presignBody(upload)));
    const { url, fields } = presignedForm(JSON.parse(answer));
    await post(url, {}, await formOf(fields, upload));
  },
};

async function formOf(parts: Texts, { path, fileName, contentType }: Upload): Promise<FormData> {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts)) form.set(name, value);
  form.set('file', new File([await readFile(path)], fileName, { type: contentType }));
  return form;
}

async function post(url: string, headers: Texts, body: FormData | string): Promise<string> {
  // The default one is shared with the undici that is built into Node, which never sends the forms of another (nodejs/undici#5520).
  const dispatcher = new Agent();
  try {
    const answer = await request(url, { method: 'POST', headers, body, dispatcher });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${url} answered ${answer.statusCode}: ${text}`);
    return text;
  } finally {
    await dispatcher.close();
  }
}
