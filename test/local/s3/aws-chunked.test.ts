import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeAwsChunked } from '#local/s3/aws-chunked.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text, 'latin1');
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function decode(text: string, { pieces = 7, length }: { pieces?: number; length?: number } = {}) {
  const trailers = new Map<string, string>();
  const decoded: Buffer[] = [];
  for await (const bytes of decodeAwsChunked(inPieces(text, pieces), length, trailers)) decoded.push(bytes);
  return { body: Buffer.concat(decoded).toString('latin1'), trailers: Object.fromEntries(trailers) };
}

test('decodes signed chunks and trailers', async () => {
  const signature = ';chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648';
  const text = `4${signature}\r\n\r\n\r\n\r\nB${signature}\r\nhello world\r\n0${signature}\r\nX-Amz-Checksum-CRC32: AAAAAA==\r\nx-amz-trailer-signature:63bd\r\n\r\n`;
  expect(await decode(text, { length: 15 })).toEqual({
    body: '\r\n\r\nhello world',
    trailers: { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-trailer-signature': '63bd' },
  });
});

test('decodes any bytes in any chunks, however they arrive', async () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)));
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (parts, pieces) => {
      const text = parts.map((part) => `${part.length.toString(16)}\r\n${part.toString('latin1')}\r\n`).join('');
      const { body } = await decode(`${text}0\r\n\r\n`, { pieces });
      expect(body).toBe(Buffer.concat(parts).toString('latin1'));
    }),
  );
});

test.each([
  ['ends in a chunk', '5\r\nhel', undefined, 'IncompleteBody'],
  ['ends before the last chunk', '5\r\nhello\r\n', undefined, 'IncompleteBody'],
  ['is shorter than declared', '5\r\nhello\r\n0\r\n\r\n', 6, 'IncompleteBody'],
  ['has no size', 'hello\r\n', undefined, 'InvalidRequest'],
  ['has more than the size of a chunk', '4\r\nhello\r\n0\r\n\r\n', undefined, 'InvalidRequest'],
  ['has a head without end', '5;'.padEnd(20_000, 'x'), undefined, 'InvalidRequest'],
  ['has a trailer without a name', '0\r\nnothing\r\n\r\n', undefined, 'InvalidRequest'],
])('refuses a body that %s', async (_, text, length, code) => {
  await expect(decode(text, length === undefined ? {} : { length })).rejects.toMatchObject({ code });
});
