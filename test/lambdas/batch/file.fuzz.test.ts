import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileType } from '#lambdas/batch/batch.ts';
import { type BatchFile, readBatchFile } from '#lambdas/batch/file.ts';
import { NO_PARAMETERS } from '#lambdas/batch/submission.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';

const CODES = new Set(['InvalidFileContent', 'InvalidRequest', 'UnsupportedFileType']);

/** Reads a file as the handlers do: it gives rows, or an error for the caller that names one of the documented codes. */
function read(bytes: Uint8Array, type: FileType): BatchFile | null {
  try {
    return readBatchFile(bytes, type, NO_PARAMETERS);
  } catch (error) {
    if (error instanceof ServiceError && error.kind === 'invalid' && CODES.has(error.code)) return null;
    throw error;
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const type = fc.constantFrom<FileType>('csv', 'json');

const cell = fc.oneof(
  fc.uuid(),
  fc.constant(''),
  fc.string(),
  fc.constantFrom(
    '2024-01-01',
    '2024-01-01T00:00:00Z',
    '"',
    ',',
    '\n',
    '\r\n',
    ';',
    '=cmd()',
    '\0',
    '\ufeff',
    '__proto__',
  ),
);
const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;

describe('any bytes', () => {
  test('are rows, or an error that says why not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), type, (bytes, fileType) => {
        read(bytes, fileType);
      }),
      { numRuns: 3000 },
    );
  });

  test('of a mutated or cut file are the same', () => {
    const good = bytesOf(`consentId,configId\n${'54450ac0-8bcb-4b9c-ad74-29b4fabe18f7,"a, ""b"""\r\n'.repeat(5)}`);
    const json = bytesOf(JSON.stringify([{ consent_id: '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7', configId: 'c' }]));
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(type, edits, fc.nat(), (fileType, changes, cut) => {
        const bytes = Uint8Array.from(fileType === 'csv' ? good : json);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        read(bytes.subarray(0, cut % (bytes.length + 1)), fileType);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('no row is lost, and none invented', () => {
  test('in a CSV with any values, quoted', () => {
    const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(rows, fc.constantFrom('\n', '\r\n', '\r'), (values, lineEnd) => {
        fc.pre(!values.flat().some((value) => value.includes('\0') || !value.isWellFormed()));
        const lines = [['consentId', 'configId', 'other'], ...values].map((line) => line.map(quoted).join(','));
        const file = read(bytesOf(lines.join(lineEnd)), 'csv');
        // A line without a value is a blank line, and a file of nothing else has no rows.
        const filled = values.filter((line) => line.some((value) => value.trim() !== ''));
        expect(file?.rows ?? []).toHaveLength(filled.length);
        file?.rows.forEach((row, index) => {
          if (row.error === null) expect(row.consentId).toBe(filled[index]?.[0]?.trim());
        });
      }),
      { numRuns: 2000 },
    );
  });

  test('in a JSON file of any values', () => {
    const row = fc.oneof(fc.jsonValue(), fc.record({ consent_id: cell }), fc.record({ consentId: fc.uuid() }));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), fc.boolean(), (values, wrapped) => {
        const text = JSON.stringify(wrapped ? { consents_list: values } : values);
        const file = read(bytesOf(text), 'json');
        // A NUL or a lone surrogate is escaped in JSON, so every such file can be read.
        expect(file?.rows).toHaveLength(values.length);
      }),
      { numRuns: 2000 },
    );
  });
});
