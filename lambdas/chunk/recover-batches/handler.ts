import { instrumented } from '#lambdas/platform/telemetry.ts';
import { type RecoveryPorts, recoverBatches, type WorkersSeen } from '../recover.ts';

/** Runs every minute: queues chunks again that stand still. */
export function recoverBatchesFunction(ports: RecoveryPorts) {
  const workers: WorkersSeen = { movedAt: 0 };
  return instrumented(() => recoverBatches(ports, workers));
}
