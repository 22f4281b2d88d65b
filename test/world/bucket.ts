import type { FileStore, ReportStore, StoredFile, UploadPresigner } from '#lambdas/batch/bucket.ts';
import type { RemoteCall } from './network.ts';
import type { EventQueue } from './queue.ts';

/** The bucket: files that come in are announced on the file queue, reports go out. */
export interface Bucket {
  /** Puts a file, as a client does, and announces it. */
  put(key: string, bytes: Uint8Array): void;
  readonly reports: ReadonlyMap<string, object>;
  /** The bucket as a worker sees it. */
  portsFor(call: RemoteCall): {
    readonly files: FileStore;
    readonly reports: ReportStore;
    readonly presigner: UploadPresigner;
  };
}

export function bucketOf(announcements: EventQueue): Bucket {
  const files = new Map<string, Uint8Array>();
  const reports = new Map<string, object>();
  let versions = 0;
  const idOf = ({ key, version }: Pick<StoredFile, 'key' | 'version'>): string => `${version} ${key}`;

  return {
    reports,
    put: (key, bytes) => {
      versions += 1;
      const version = `v${versions}`;
      files.set(idOf({ key, version }), bytes);
      const object = { key: encodeURIComponent(key), size: bytes.byteLength, versionId: version };
      announcements.send([JSON.stringify({ Records: [{ eventName: 'ObjectCreated:Put', s3: { object } }] })]);
    },
    portsFor: (call) => ({
      files: {
        read: (file) =>
          call('files.read', () => {
            const bytes = files.get(idOf(file));
            if (!bytes) throw new Error(`there is no ${file.key} in version ${file.version}`);
            return bytes;
          }),
      },
      reports: { write: (key, report) => call('reports.write', () => void reports.set(key, structuredClone(report))) },
      presigner: {
        presign: (key) => call('presigner.presign', () => ({ url: 'https://bucket', fields: { key } })),
      },
    }),
  };
}
