import { MultiBar, Presets, type SingleBar } from 'cli-progress';

/** Where a batch stands: its rows by status, as in the summary of its status. */
export interface Counts {
  readonly total: number;
  readonly ready: number;
  readonly in_progress: number;
  readonly completed: number;
  readonly failed: number;
}

/** Shows where batches stand. */
export interface Progress {
  /** `note` says what happens next; a new number in it is no news. */
  show(batch: string, counts: Counts, note: string): void;
  /** A batch has ended: `line` stays. */
  end(batch: string, line: string): void;
  stop(): void;
}

/** A live table where `output` is a terminal, elsewhere a line whenever a batch has moved. */
export const progressOn = (output: NodeJS.WriteStream): Progress => (output.isTTY ? liveTable(output) : lines(output));

const countsOf = ({ ready, in_progress, completed, failed }: Counts): string =>
  `ready ${ready} | in progress ${in_progress} | completed ${completed} | failed ${failed}`;

/** More would not fit on a small screen. Others are shown when they end. */
const MOST_BARS = 8;

function liveTable(stream: NodeJS.WriteStream): Progress {
  const format = '{batch} {bar} {percentage}% | {counts}{note}';
  const table = new MultiBar({ format, stream, barsize: 20, linewrap: false }, Presets.shades_classic);
  const bars = new Map<string, SingleBar>();
  const barOf = (batch: string): SingleBar | undefined => {
    const known = bars.get(batch);
    if (known !== undefined || bars.size >= MOST_BARS) return known;
    const bar = table.create(1, 0, { batch, counts: '', note: '' });
    bars.set(batch, bar);
    return bar;
  };
  return {
    show: (batch, counts, note) => {
      const bar = barOf(batch);
      // A file that went straight to S3 has no rows until it's read.
      bar?.setTotal(Math.max(counts.total, 1));
      bar?.update(counts.completed + counts.failed, { counts: countsOf(counts), note: note && ` | ${note}` });
    },
    end: (batch, line) => {
      const bar = bars.get(batch);
      if (bar !== undefined) table.remove(bar);
      bars.delete(batch);
      table.log(`${line}\n`);
    },
    stop: () => table.stop(),
  };
}

/** What nobody reads is kept in memory up to here, in bytes; after that it's left out. */
const MOST_UNREAD = 1_000_000;

function lines(output: NodeJS.WriteStream): Progress {
  const shown = new Map<string, string>();
  const write = (line: string): void => {
    if (output.writableLength < MOST_UNREAD) output.write(`${line}\n`);
  };
  return {
    show: (batch, counts, note) => {
      const done = (counts.completed + counts.failed) / Math.max(counts.total, 1);
      // One line for each tenth and for what happens next, so that a log stays readable.
      const news = `${Math.floor(10 * done)} ${counts.ready === counts.total} ${note.replace(/[\d,.]+/g, '')}`;
      if (shown.get(batch) === news) return;
      shown.set(batch, news);
      const percentage = String(Math.floor(100 * done)).padStart(3);
      write(`${batch} ${percentage} % | ${countsOf(counts)}${note && ` | ${note}`}`);
    },
    end: (batch, line) => {
      shown.delete(batch);
      write(line);
    },
    stop: () => {},
  };
}
