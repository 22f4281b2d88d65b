import { instrumented } from '#lambdas/platform/telemetry.ts';
import { type RecoveryPorts, recoverBatches } from '../recover.ts';

/** Runs every minute: queues chunks again that stand still. */
export const recoverBatchesFunction = (ports: RecoveryPorts) => instrumented(() => recoverBatches(ports));
