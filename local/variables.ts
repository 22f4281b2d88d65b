import { z } from 'zod';

const PORT = 'must be a port, a whole number from 0 to 65535';
const port = z.coerce.number({ error: PORT }).int({ error: PORT }).min(0, { error: PORT }).max(65_535, { error: PORT });
/** Shorter waits than a millisecond would be none, which the product doesn't take for a duration. */
const SCALE = 'must be a number from 0.001 on';
const scale = z.coerce.number({ error: SCALE }).min(0.001, { error: SCALE });
const folder = z.string().min(1, { error: 'must be a folder' });

/** The environment variables of the commands that run the local environment or a part of it (docs/settings.md). */
export const LOCAL_VARIABLES = z.object({
  PORT: port.default(4000),
  SIMULATOR_PORT: port.default(4001),
  /** Without one, `AWS_PORT` where that is free. */
  AWS_PORT: port.optional(),
  TIME_SCALE: scale.default(1),
  STATE_DIR: folder.default('.local'),
  EPHEMERAL: z.enum(['0', '1'], { error: 'must be 0 or 1' }).default('0'),
  /** See `LocalCloudOptions`: shortens the wait for what a killed function has leased. */
  MACHINE_SCALE: scale.default(1),
  /** A folder that `npm run synth` has written: the stack is then not synthesized again. */
  ASSEMBLY: folder.optional(),
});

export type LocalVariables = z.output<typeof LOCAL_VARIABLES>;

/** Where AWS SDKs find the local cloud, unless that is taken: it must not change from one start to the next. */
export const AWS_PORT = 4002;
