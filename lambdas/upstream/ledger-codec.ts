import * as z from 'zod';
import { ENDPOINTS, type Endpoint, NEW_LEDGER, type StoredLedger } from './ledger.ts';

/**
 * Absent attributes follow the settings until the upstream's headers say otherwise. Format 1 had windows by their start,
 * in `used`, and reservations of chunks by those.
 */
const FORMAT = 2;

const byWindow = z
  .record(z.string(), z.number())
  .transform((entries) => new Map(Object.entries(entries).map(([window, calls]) => [Number(window), calls])));

const ledgerItem = z.object({
  format: z.literal(FORMAT),
  epoch: z.number(),
  anchor: z.object({ window: z.number().int(), endsAt: z.number() }).exactOptional(),
  length: z.number().exactOptional(),
  limits: z
    .partialRecord(z.enum(ENDPOINTS), z.number())
    .transform(
      (limits) => new Map(ENDPOINTS.flatMap((each) => (limits[each] === undefined ? [] : [[each, limits[each]]]))),
    ),
  taken: byWindow,
  otherCalls: byWindow,
  blockedUntil: z.number(),
  circuitOpenUntil: z.number().exactOptional(),
  circuitBy: z.string().exactOptional(),
  failures: z.number(),
});

/** A ledger of format 1, of which its circuit, its block and its limit stay. */
const ledgerItem1 = z
  .object({
    format: z.literal(1).default(1),
    epoch: z.number(),
    limit: z.number().exactOptional(),
    blockedUntil: z.number(),
    circuitOpenUntil: z.number().exactOptional(),
    failures: z.number(),
  })
  .transform(({ format: _, limit, ...stored }) => ({
    ...NEW_LEDGER,
    ...stored,
    // Reservations of format 1 are void.
    epoch: stored.epoch + 1,
    limits: new Map<Endpoint, number>(limit === undefined ? [] : [['request', limit]]),
  }));

/** Whether an item has the maps in which windows are set. */
export const isCurrent = (item: Readonly<Record<string, unknown>>): boolean => item['format'] === FORMAT;

/** @throws ZodError when the item isn't a ledger of a known format */
export function fromLedgerItem(item: unknown): StoredLedger {
  const known = z.union([ledgerItem, ledgerItem1]).parse(item);
  if (!('format' in known)) return known;
  const { format: _, ...stored } = known;
  return { ...NEW_LEDGER, ...stored };
}

export const toLedgerItem = ({
  anchor,
  length,
  limits,
  taken,
  otherCalls,
  circuitOpenUntil,
  circuitBy,
  ...stored
}: StoredLedger): object => ({
  ...stored,
  format: FORMAT,
  ...(anchor === null ? {} : { anchor }),
  ...(length === null ? {} : { length }),
  ...(circuitOpenUntil === null ? {} : { circuitOpenUntil }),
  ...(circuitBy === null ? {} : { circuitBy }),
  limits: Object.fromEntries(limits),
  taken: Object.fromEntries(taken),
  otherCalls: Object.fromEntries(otherCalls),
});
