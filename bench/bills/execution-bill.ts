import type { RowExecutions } from '../peers/row-executions.ts';
import { ROW_SETTINGS } from '../peers/row-settings.ts';
import type { VirtualExecutions } from '../peers/virtual-executions.ts';
import type { Bill, BilledLine } from './bill.ts';

/** What AWS bills for one execution a row: counted on a virtual clock, with what a row writes and an invocation logs as measured on the local cloud. */
export function executionBill(
  design: string,
  rows: number,
  executions: VirtualExecutions,
  measured: Pick<RowExecutions, 'writeUnitsARow' | 'logBytes'>,
): Bill {
  const { transitions, invocations, functionTime, slots } = executions;
  const line = (unit: BilledLine['unit'], count: number, what: string): BilledLine => ({ unit, count, what });
  const gigabytes = ROW_SETTINGS.memoryMegabytes / 1024;
  return {
    design,
    lines: [
      line('states.transition', transitions, 'each state entered and each retry'),
      line(
        'dynamodb.writeUnit',
        rows * measured.writeUnitsARow + slots,
        'a row put once; row and counter moved twice, in transactions; the limiter once a call',
      ),
      line('lambda.request', invocations, 'invocations'),
      line('lambda.gbSecond', (functionTime / 1000) * gigabytes, 'GB-seconds at 256 MB, waiting for FinPro'),
      line('apigateway.request', 1, 'the acceptance'),
      line('logs.byte', invocations * measured.logBytes, 'log bytes'),
    ],
  };
}
