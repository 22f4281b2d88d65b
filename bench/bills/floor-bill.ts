import type { Bill, BilledLine } from './bill.ts';

/** Transitions of one execution for a whole batch: six rounds of three and two more. A design without a state machine has none. */
export const FLOOR_TRANSITIONS = 20;
/** Write units: 16 bytes of a session id and 3 of a status for each of 10,000 rows, by the KB. */
export const FLOOR_WRITE_UNITS = 190;
/** Of one processor, for a TLS call. */
const CALL_SECONDS = 0.002;
/** Lambda gives a whole processor for so many MB. */
const PROCESSOR_GIGABYTES = 1769 / 1024;

/**
 * What a design with a waiting state machine cannot go below for 10,000 rows (cost study, section 7, "Lower bounds and ratios"; its egress left out, as everywhere here).
 * @param calls of FinPro in all
 */
export function floorBill(calls: number): Bill {
  const line = (unit: BilledLine['unit'], count: number, what: string): BilledLine => ({ unit, count, what });
  return {
    design: `The floor, for ${calls.toLocaleString('en')} calls`,
    lines: [
      line('states.transition', FLOOR_TRANSITIONS, 'one execution for the whole batch'),
      line('dynamodb.writeUnit', FLOOR_WRITE_UNITS, 'session ids and statuses, by the KB'),
      line('lambda.gbSecond', calls * CALL_SECONDS * PROCESSOR_GIGABYTES, 'GB-seconds of calls, without any waiting'),
      line('s3.putRequest', 2, 'inputs'),
    ],
  };
}
