import { instrumented } from '#lambdas/platform/telemetry.ts';
import { type RecoveryPorts, recoverBatches } from '../recover.ts';

/** Every minute: looks for chunks that stand still and queues them again. */
export const recoverBatchesFunction = (ports: RecoveryPorts) => instrumented(() => recoverBatches(ports));
