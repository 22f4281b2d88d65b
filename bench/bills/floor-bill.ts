import type { Bill } from './bill.ts';

/** Transitions of one execution for a whole batch: six rounds of three and two more. A design without a state machine has none. */
export const FLOOR_TRANSITIONS = 20;
/** Write units: 16 bytes of a session id and 3 of a status for each of 10,000 rows, by the KB. */
export const FLOOR_WRITE_UNITS = 190;
/** Processor time of one TLS call. */
const CALL_SECONDS = 0.002;
/** Lambda gives a whole processor for this much memory. */
const PROCESSOR_GIGABYTES = 1769 / 1024;

/**
 * What no design with a waiting state machine can go below for 10,000 rows.
 *
 * @param calls to FinPro in all
 */
export function floorBill(calls: number): Bill {
  return {
    design: 'the floor',
    lines: [
      { unit: 'states.transition', count: FLOOR_TRANSITIONS, what: 'one execution for the whole batch' },
      { unit: 'dynamodb.writeUnit', count: FLOOR_WRITE_UNITS, what: 'session ids and statuses, by the KB' },
      {
        unit: 'lambda.gbSecond',
        count: calls * CALL_SECONDS * PROCESSOR_GIGABYTES,
        what: 'calls, without any waiting',
      },
      { unit: 's3.putRequest', count: 2, what: 'inputs' },
    ],
  };
}
