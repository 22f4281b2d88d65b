import type { RowExecutions } from '../counted/row-executions.ts';
import type { Bill } from './bill.ts';

/** A row is put once (1 unit); then row and counter move twice, in transactions, which are billed twice (2 × 2 × 2). */
const WRITE_UNITS_A_ROW = 9;
/** What Lambda itself logs per invocation (START, END, REPORT); this design's functions are billed for what they log themselves, too. */
const LOG_BYTES = 265;
const GIGABYTES = 256 / 1024;

/**
 * What AWS bills for one execution per row. Left out, in its favour: the queue that 10,000 starts need, the function that accepts them, transactions repeated
 * because they met at the counters, cold starts, and the processor's time.
 */
export function executionBill(design: string, rows: number, executions: RowExecutions): Bill {
  const { transitions, invocations, functionTime, slots } = executions;
  return {
    design,
    lines: [
      { unit: 'states.transition', count: transitions, what: 'each state entered' },
      { unit: 'dynamodb.writeUnit', count: rows * WRITE_UNITS_A_ROW + slots, what: 'rows, counters, limiter' },
      { unit: 'lambda.request', count: invocations, what: 'invocations' },
      { unit: 'lambda.gbSecond', count: (functionTime / 1000) * GIGABYTES, what: '256 MB, waiting for FinPro' },
      { unit: 'apigateway.request', count: 1, what: 'the acceptance' },
      { unit: 'logs.byte', count: invocations * LOG_BYTES, what: 'log bytes' },
    ],
  };
}
