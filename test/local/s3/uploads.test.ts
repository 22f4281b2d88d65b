import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeAwsChunked } from '#local/s3/uploads.ts';

const decode = (text: string) => {
  const { body, trailers } = decodeAwsChunked(Buffer.from(text, 'latin1'));
  return { body: body.toString('latin1'), trailers };
};

test('decodes signed chunks and trailers', () => {
  const signature = ';chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648';
  const text = `4${signature}\r\n\r\n\r\n\r\nB${signature}\r\nhello world\r\n0${signature}\r\nX-Amz-Checksum-CRC32: AAAAAA==\r\nx-amz-trailer-signature:63bd\r\n\r\n`;
  expect(decode(text)).toEqual({
    body: '\r\n\r\nhello world',
    trailers: { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-trailer-signature': '63bd' },
  });
});

test('decodes any bytes in any chunks', () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)));
  fc.assert(
    fc.property(chunks, (parts) => {
      const text = parts.map((part) => `${part.length.toString(16)}\r\n${part.toString('latin1')}\r\n`).join('');
      expect(decode(`${text}0\r\n\r\n`).body).toBe(Buffer.concat(parts).toString('latin1'));
    }),
  );
});

test.each([
  ['ends in a chunk', '5\r\nhel', 'IncompleteBody'],
  ['ends before the last chunk', '5\r\nhello\r\n', 'IncompleteBody'],
  ['has no size', 'hello\r\n', 'InvalidRequest'],
  ['has more than the size of a chunk', '4\r\nhello\r\n0\r\n\r\n', 'InvalidRequest'],
  ['has a head without end', '5;'.padEnd(20_000, 'x'), 'InvalidRequest'],
  ['has a trailer without a name', '0\r\nnothing\r\n\r\n', 'InvalidRequest'],
])('refuses a body that %s', (_, text, code) => {
  expect(() => decode(text)).toThrow(expect.objectContaining({ code }));
});
