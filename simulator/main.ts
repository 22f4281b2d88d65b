import { readOptions, readVariables, runCommand } from '#cli/command.ts';
import { State } from '#local/state.ts';
import { LOCAL_VARIABLES } from '#local/variables.ts';
import { startSimulator } from './server.ts';

const USAGE = `npm run simulator    runs the FinPro simulator until Ctrl-C (docs/spec/simulator.md)

Environment: SIMULATOR_PORT (4001; 0 takes a free one), TIME_SCALE (1), STATE_DIR (a folder that keeps what it knows; without it
everything is forgotten at the end)`;

/** Alone, it keeps something only where it is told to: whoever starts one for a test wants an empty one. */
const VARIABLES = LOCAL_VARIABLES.pick({ SIMULATOR_PORT: true, TIME_SCALE: true }).extend({
  STATE_DIR: LOCAL_VARIABLES.shape.STATE_DIR.removeDefault().optional(),
});

await runCommand(USAGE, async (args) => {
  readOptions(args, {});
  const { SIMULATOR_PORT, TIME_SCALE, STATE_DIR } = readVariables(VARIABLES);
  const state = STATE_DIR === undefined ? undefined : new State(STATE_DIR, 'simulator');
  const simulator = await startSimulator({ port: SIMULATOR_PORT, timeScale: TIME_SCALE, state });
  const kept = STATE_DIR === undefined ? 'Nothing is kept when it ends' : `State in ${STATE_DIR}`;
  console.log(`FinPro simulator on ${simulator.url}, time scale ${TIME_SCALE}. ${kept}; Ctrl-C stops it.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void simulator.close().then(() => state?.close()));
  }
  return undefined;
});
