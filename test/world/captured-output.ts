/** What this process writes while it is captured: Powertools writes log lines and metrics to the standard output. */
export interface CapturedOutput {
  /** Lines so far, in order. */
  readonly lines: readonly string[];
  /** Lets the output go where it went before. */
  release(): void;
}

/** Takes over the standard output and error until they are released. */
export function captureOutput(): CapturedOutput {
  const lines: string[] = [];
  const take = (chunk: string | Uint8Array): boolean => {
    lines.push(
      ...String(chunk)
        .split('\n')
        .filter((line) => line !== ''),
    );
    return true;
  };
  const streams = [process.stdout, process.stderr];
  const before = streams.map((stream) => stream.write);
  for (const stream of streams) stream.write = take;
  return {
    lines,
    release: () => {
      streams.forEach((stream, index) => {
        const write = before[index];
        if (write) stream.write = write;
      });
    },
  };
}

/** What Lambda tells a function of its invocation. */
export const invocation = (functionName: string) => ({
  callbackWaitsForEmptyEventLoop: true,
  functionName,
  functionVersion: '1',
  invokedFunctionArn: `arn:aws:lambda:ap-south-1:000000000000:function:${functionName}`,
  memoryLimitInMB: '512',
  awsRequestId: '5f7c1f9e-6e0f-4b53-8a1a-3d3c7d2b9a10',
  logGroupName: 'group',
  logStreamName: 'stream',
  getRemainingTimeInMillis: () => 60_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
});
