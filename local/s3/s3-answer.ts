import type { ServerResponse } from 'node:http';

/** An answer of S3: XML as a string, or the bytes of an object. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** An XML 1.0 document. S3 writes no line breaks inside it, so neither does this. */
export const document = (root: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${root}`;

/** An element around what is XML already. */
export const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;

export type Texts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Elements around plain values, one for each property that has one. */
export const texts = (values: Texts): string =>
  Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : element(name, escapeText(String(value)))))
    .join('');

/** S3 writes control characters, which keys may hold, as references, although XML 1.0 has no such references. */
const escapeText = (value: string): string =>
  value.replaceAll(/[&<>"\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);

/** A header can't hold characters beyond ASCII, but a form field does: S3 then writes it as in mail (RFC 2047). */
const asHeader = (value: string): string =>
  /^[ -~]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;

export function sendAnswer(
  response: ServerResponse,
  requestId: string,
  { status, headers = {}, body = '' }: S3Answer,
): void {
  const type = typeof body === 'string' && body !== '' ? { 'content-type': 'application/xml' } : {};
  const shown = Object.entries(headers).map(([name, value]) => [name, asHeader(value)]);
  response.writeHead(status, {
    'x-amz-request-id': requestId,
    'x-amz-id-2': requestId,
    ...type,
    ...Object.fromEntries(shown),
  });
  response.end(body);
}
