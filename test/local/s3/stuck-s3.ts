import { startS3 } from './s3-under-test.ts';

// Runs S3 in a process of its own, which a test can kill, with queues to which nothing can be sent. Argument: where to keep objects.
const s3 = await startS3({ send: () => new Promise(() => undefined) }, process.argv[2]);
console.log(s3.url);
