import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instantOf, inUtc, isReversed } from '#lambdas/batch/date-range.ts';

describe('an ISO 8601 date', () => {
  test.each([
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.000Z'],
    ['2024-06-30T23:59:59Z', '2024-06-30T23:59:59.000Z'],
    ['2024-06-30T23:59:59.5Z', '2024-06-30T23:59:59.500Z'],
    ['2024-06-30T23:59:59.123456789Z', '2024-06-30T23:59:59.123Z'],
    ['2024-06-30T23:59Z', '2024-06-30T23:59:00.000Z'],
    ['2024-01-01T00:00:00+05:30', '2023-12-31T18:30:00.000Z'],
    ['2024-01-01T00:00:00+0530', '2023-12-31T18:30:00.000Z'],
    ['2024-01-01T10:00-08:00', '2024-01-01T18:00:00.000Z'],
    ['2024-01-01T10:00:00.25-0800', '2024-01-01T18:00:00.250Z'],
    ['2024-01-01', '2024-01-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T12:00:00Z', '2000-02-29T12:00:00.000Z'],
    ['2024-12-31T23:59:59-00:00', '2024-12-31T23:59:59.000Z'],
    ['2024-01-01T00:00:00+23:59', '2023-12-31T00:01:00.000Z'],
    ['2024-01-01T00:00:00+00', '2024-01-01T00:00:00.000Z'],
    ['2024-01-01T00:00:00+05', '2023-12-31T19:00:00.000Z'],
    ['2024-01-01T00:00-08', '2024-01-01T08:00:00.000Z'],
  ])('%s is %s', (date, utc) => {
    expect(inUtc(date)).toBe(utc);
  });

  test.each([
    ['a day that is not in the calendar', '2024-02-30'],
    ['the same with a time', '2024-02-30T00:00:00Z'],
    ['the 29th of February in a common year', '2023-02-29'],
    ['the 29th of February in 1900', '1900-02-29T00:00:00Z'],
    ['the 31st of April', '2024-04-31T00:00:00Z'],
    ['day 0', '2024-01-00'],
    ['month 13', '2024-13-01'],
    ['month 0', '2024-00-01'],
    ['hour 24', '2024-01-01T24:00:00Z'],
    ['minute 60', '2024-01-01T00:60:00Z'],
    ['second 60', '2024-01-01T00:00:60Z'],
    ['a time without a zone', '2024-01-01T00:00:00'],
    ['a time with hours only', '2024-01-01T10Z'],
    ['an offset of 24 hours', '2024-01-01T00:00:00+24:00'],
    ['an offset of 24 hours, and no minutes', '2024-01-01T00:00:00+24'],
    ['an offset of one digit', '2024-01-01T00:00:00+5'],
    ['a zone without a time', '2024-01-01Z'],
    ['a blank between date and time', '2024-01-01 00:00:00Z'],
    ['blanks around', ' 2024-01-01 '],
    ['a line after it', '2024-01-01\n'],
    ['a month only', '2024-01'],
    ['a year of five digits', '12024-01-01'],
    ['another order', '01-02-2024'],
    ['another notation', '1 January 2024'],
    ['seconds since the epoch', '1704067200'],
    ['nothing', ''],
    ['other digits', '２０２４-01-01'],
  ])('%s is none', (_, date) => {
    expect(instantOf(date)).toBeNull();
    expect(() => inUtc(date)).toThrow(RangeError);
  });

  test.each([
    ['2024-06-30', '2024-06-30T23:59:59.999Z'],
    ['2024-02-29', '2024-02-29T23:59:59.999Z'],
    ['2024-06-30T00:00:00Z', '2024-06-30T00:00:00.000Z'],
    ['2024-06-30T00:00:00+05:30', '2024-06-29T18:30:00.000Z'],
  ])('%s as the end of a range is %s: its last day is in it', (date, utc) => {
    expect(inUtc(date, 'to')).toBe(utc);
  });

  test('is the instant that any date printed with any offset names', () => {
    const instants = fc.date({
      min: new Date('1970-01-02T00:00:00Z'),
      max: new Date('2100-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, fc.integer({ min: -23 * 60, max: 23 * 60 }), fc.boolean(), (date, offset, colon) => {
        const two = (value: number): string => String(value).padStart(2, '0');
        const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const text = `${local}${offset < 0 ? '-' : '+'}${two(hours)}${colon ? ':' : ''}${two(minutes)}`;
        expect(instantOf(text)).toBe(date.getTime());
      }),
      { numRuns: 200 },
    );
  });

  test('is never anything but a date or null', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(instantOf(text) === null || Number.isFinite(instantOf(text))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a range', () => {
  test.each([
    ['2024-01-01', '2024-01-02', false],
    ['2024-01-02', '2024-01-01', true],
    ['2024-01-01', '2024-01-01T00:00:00Z', false],
    ['2024-01-01', '2024-01-01', false],
    ['2024-01-01T12:00:00Z', '2024-01-01', false],
    ['2024-01-02T00:00:00Z', '2024-01-01', true],
    ['2024-01-01T00:00:00+05:30', '2023-12-31T18:30:00Z', false],
    ['2024-01-01T00:00:00+05:30', '2023-12-31T18:29:59Z', true],
    ['2024-01-01T05:00:00+05:30', '2024-01-01T00:00:00Z', false],
    ['2024-01-01T00:00:00.002Z', '2024-01-01T00:00:00.001Z', true],
    [null, '2024-01-01', false],
    ['2024-01-01', null, false],
    [null, null, false],
  ])('from %s to %s runs backwards: %s', (from, to, reversed) => {
    expect(isReversed(from, to)).toBe(reversed);
  });
});
