const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?))?$/;

const DATE_ALONE = '2024-01-31'.length;

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function isOnCalendar(year: number, month: number, day: number): boolean {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && isLeap ? 29 : DAYS[month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function parseInstant(date: string): number | null {
  const match = ISO_8601.exec(date);
  if (!match) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = match;
  if (!isOnCalendar(Number(year), Number(month), Number(day))) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  if (date.length === DATE_ALONE) return Date.parse(`${date}T00:00:00Z`);
  // JavaScript's dates know offsets as +05:30 only; ISO 8601 also has +0530 and +05.
  return Date.parse(date.replace(/([+-]\d{2}):?(\d{2})?$/, (_, hours, minutes = '00') => `${hours}:${minutes}`));
}

/** The rows of a batch share a few dates. Cleared as a whole when it gets large. */
const cache = new Map<string, number | null>();
const MAX_CACHED = 1000;
/** `2024-01-01T00:00:00.123456789+05:30` */
const MAX_DATE_LENGTH = 35;

/** Which end of a range a date is. */
type RangeEnd = 'from' | 'to';
/** From a day's first moment to its last. */
const DAY = 86_400_000 - 1;

/**
 * The instant of an ISO 8601 date in epoch milliseconds; null when it isn't one. A date without a time is the day's first
 * moment in UTC, and its last one as the end of a range: that day is part of it. A time needs a zone, since 10:00 in
 * Mumbai and in London are different instants (docs/spec/overview.md, "Dates and defaults").
 */
export function instantOf(date: string, end: RangeEnd = 'from'): number | null {
  if (date.length > MAX_DATE_LENGTH) return null;
  let instant = cache.get(date);
  if (instant === undefined) {
    instant = parseInstant(date);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(date, instant);
  }
  return instant !== null && end === 'to' && date.length === DATE_ALONE ? instant + DAY : instant;
}

/** The date as FinPro wants it: ISO 8601 in UTC. Only for valid dates. */
export function inUtc(date: string, end: RangeEnd = 'from'): string {
  const instant = instantOf(date, end);
  if (instant === null) throw new RangeError('not an ISO 8601 date');
  return new Date(instant).toISOString();
}

/** Whether a range is reversed. Dates compare as instants; a missing end is no bound. */
export function isReversed(from: string | null, to: string | null): boolean {
  if (from === null || to === null) return false;
  const start = instantOf(from);
  const end = instantOf(to, 'to');
  return start !== null && end !== null && start > end;
}
