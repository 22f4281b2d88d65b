import { z } from 'zod';

/** Where clients send to, and what they prove themselves with. */
export interface Destination {
  readonly api: string;
  /** The headers that every call of the API has. */
  readonly headers: Readonly<Record<string, string>>;
  readonly s3: string;
  readonly region: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A file on disk, and what it is submitted with. */
export interface Upload {
  readonly path: string;
  /** Its name for the product. */
  readonly fileName: string;
  readonly contentType: string;
  /** What is sent beside the file: text parts of the form, or what a presigned form is asked for with. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A file on disk, and its key in the bucket. */
export interface Drop {
  readonly path: string;
  readonly key: string;
}

/** A program or library that people upload files with, in the ways that it can. Each rejects unless it is answered as documented. */
export interface Client {
  readonly name: string;
  /** Why it can't be run on this machine; null where it can. */
  readonly missing: string | null;
  /** Sends a file by the form, and returns the answer. */
  readonly form?: (upload: Upload, to: Destination) => Promise<unknown>;
  /** Asks for a presigned form, and sends a file by it. */
  readonly presigned?: (upload: Upload, to: Destination) => Promise<void>;
  /** Puts a file into the drop folder, with a signature of AWS's. */
  readonly drop?: (drop: Drop, to: Destination) => Promise<void>;
}

/** What a form is sent to. */
export const formUrl = ({ api }: Destination): string => `${api}/fi/requests/schedule/upload/v3`;
/** What a presigned form is asked for at. */
export const presignUrl = (to: Destination): string => `${formUrl(to)}/presign`;

/** The body that a presigned form is asked for with. */
export const presignBody = ({ fileName, contentType, fields }: Upload) => ({
  file_name: fileName,
  content_type: contentType,
  ...fields,
});

const presigned = z.object({ data: z.object({ url: z.string(), fields: z.record(z.string(), z.string()) }) });

/** The presigned form of an answer. */
export const presignedForm = (answer: unknown) => presigned.parse(answer).data;
