import { setTimeout as wait } from 'node:timers/promises';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { LocalCloud } from '#local/cloud.ts';

const CHUNK_LOOP = 'bulk-data-fetch-dev-chunk-loop';
const PATIENCE_MINUTES = 15;
const LOOK_EVERY = 500;

/**
 * Waits until `count` executions of the chunks' state machine have been started and all have ended. Looking isn't billed, as status calls
 * would be. Throws when one has failed, or after a quarter of an hour.
 */
export async function untilExecutionsEnd(cloud: LocalCloud, count: number): Promise<void> {
  const states = new SFNClient(cloud.clientOptions);
  const stateMachineArn = `arn:aws:states:${cloud.region}:000000000000:stateMachine:${CHUNK_LOOP}`;
  const giveUpAt = performance.now() + PATIENCE_MINUTES * 60_000;
  try {
    for (;;) {
      const { executions = [] } = await states.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1000 }));
      const failed = executions.find(({ status }) => status !== 'RUNNING' && status !== 'SUCCEEDED');
      if (failed) throw new Error(`execution ${failed.name} is ${failed.status}`);
      if (executions.length >= count && executions.every(({ status }) => status === 'SUCCEEDED')) return;
      if (performance.now() > giveUpAt) {
        throw new Error(`${CHUNK_LOOP} wasn't done within ${PATIENCE_MINUTES} minutes`);
      }
      await wait(LOOK_EVERY);
    }
  } finally {
    states.destroy();
  }
}
