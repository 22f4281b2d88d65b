import { instrumented } from '../adapters/telemetry.ts';
import { type RecoveryPorts, recoverBatches } from '../core/use-cases/recover-batches.ts';

/** Every minute: looks for chunks that stand still and queues them again. */
export const recoverBatchesFunction = (ports: RecoveryPorts) => instrumented(() => recoverBatches(ports));
