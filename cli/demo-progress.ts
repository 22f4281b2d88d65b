import { MultiBar, Presets } from 'cli-progress';
import type { BatchStatusAnswer } from './api-client.ts';

/** Shows a batch's progress: a live bar on a terminal, lines elsewhere. */
export interface Progress {
  show(summary: BatchStatusAnswer['summary']): void;
  stop(): void;
}

const countsOf = ({ ready, in_progress, completed, failed }: BatchStatusAnswer['summary']): string =>
  `ready ${ready} | in progress ${in_progress} | completed ${completed} | failed ${failed}`;

export function progressOn(output: NodeJS.WriteStream): Progress {
  if (!output.isTTY) return progressLines(output);
  const bars = new MultiBar({ format: '{bar} {percentage}% | {counts}', stream: output }, Presets.shades_classic);
  const bar = bars.create(1, 0, { counts: '' });
  return {
    show: (summary) => {
      // A file that went straight to S3 has no rows until it's read.
      bar.setTotal(Math.max(summary.total, 1));
      bar.update(summary.completed + summary.failed, { counts: countsOf(summary) });
    },
    stop: () => bars.stop(),
  };
}

/** One line per tenth of the batch, so that a log stays readable. */
function progressLines(output: NodeJS.WriteStream): Progress {
  let shown = -1;
  return {
    show: (summary) => {
      const tenth = Math.floor((10 * (summary.completed + summary.failed)) / Math.max(summary.total, 1));
      if (tenth === shown) return;
      shown = tenth;
      output.write(`${String(tenth * 10).padStart(3)} % | ${countsOf(summary)}\n`);
    },
    stop: () => {},
  };
}
