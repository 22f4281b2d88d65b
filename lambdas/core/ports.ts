import type { AccountBalance, AccountDetails } from './domain/account-details.ts';
import type { Batch } from './domain/batch.ts';
import type { ChunkInput } from './domain/chunk-input.ts';
import type { ChunkOutcome } from './domain/chunk-outcome.ts';
import type { ChunkKey, ChunkState, Reservation } from './domain/chunk-state.ts';
import type { Client, ClientSecret, RegisteredClient } from './domain/client.ts';
import type { UpstreamFailure } from './domain/fi-failure.ts';
import type { FiStatus } from './domain/fi-status.ts';
import type { RateHint } from './domain/rate-lesson.ts';

export type { Journal } from './journal.ts';

/** Epoch milliseconds. Workers' clocks agree within 2 s. */
export interface Clock {
  now(): number;
}

/** Resolves after so many milliseconds. */
export type Wait = (milliseconds: number) => Promise<void>;

export interface Ids {
  uuid(): string;
}

/** The batch items. */
export interface Batches {
  /** The batch of a reference, strongly consistent; null when there is none, or its retention or its reservation is over. */
  find(organisationId: string, referenceId: string): Promise<Batch | null>;
  /** The same, but with a reservation that is over as long as nobody else has claimed the reference. */
  findReserved(organisationId: string, referenceId: string): Promise<Batch | null>;
  /** Writes the batch if its reference is free. This write is the acceptance. False: the reference is taken. */
  accept(batch: Batch): Promise<boolean>;
  /** Keeps the file of a reserved batch to one reader until `until`. False: it has been read, or somebody is reading it. */
  claimReserved(batch: Batch, until: number): Promise<boolean>;
  /** Writes what came of a reserved batch's file. False: that was done already. */
  acceptReserved(batch: Batch): Promise<boolean>;
  /** Adds a chunk to the set of finished ones; repeating it changes nothing. The batch when it was the last one, otherwise null. */
  finishChunk(key: ChunkKey): Promise<Batch | null>;
  /** Takes a finished batch off the open ones. True when it was still among them. */
  close(batch: Batch, at: number): Promise<boolean>;
}

/** The batches that are not closed yet. */
export interface OpenBatches {
  /** Oldest first. */
  list(): Promise<readonly Pick<Batch, 'organisationId' | 'referenceId'>[]>;
}

/** A chunk as acceptance writes it. `rejections` are the errors of rows that failed validation. */
export interface NewChunk {
  readonly state: ChunkState;
  readonly input: ChunkInput;
  readonly rejections: ChunkOutcome;
}

/** The items of a chunk. Reads are strongly consistent. */
export interface Chunks {
  create(chunks: readonly NewChunk[]): Promise<void>;
  /** Removes chunks whose batch was not accepted. */
  discard(keys: readonly ChunkKey[]): Promise<void>;
  /** Removes whatever was written of a batch that is not accepted yet, however it was cut into chunks. */
  clear(batch: Pick<Batch, 'organisationId' | 'referenceId' | 'batchId'>): Promise<void>;
  state(key: ChunkKey): Promise<ChunkState | null>;
  /** All chunks of a batch, in order. */
  states(batch: Pick<Batch, 'organisationId' | 'referenceId' | 'batchId'>): Promise<readonly ChunkState[]>;
  /** Writes a state under the condition that the stored version is the one before it. False: somebody else has written. */
  saveState(state: ChunkState): Promise<boolean>;
  input(key: ChunkKey): Promise<ChunkInput>;
  outcome(key: ChunkKey): Promise<ChunkOutcome>;
  /** Writes an outcome under the condition that the stored version is the one before it. False: somebody else has written. */
  saveOutcome(key: ChunkKey, outcome: ChunkOutcome): Promise<boolean>;
  /** The accounts of rows completed in one advance, kept under the version of the state that claimed the chunk. */
  saveAccounts(key: ChunkKey, version: number, accounts: ReadonlyMap<number, readonly AccountDetails[]>): Promise<void>;
  /** The accounts of every row of the chunk that has any; where a row has several, those of the highest version. */
  accounts(key: ChunkKey): Promise<ReadonlyMap<number, readonly AccountDetails[]>>;
}

/** What the chunk queue carries. */
export interface ChunkTask extends ChunkKey {
  readonly generation: number;
}

export interface ChunkQueue {
  /** Sends the tasks; returns those that could not be sent. */
  send(tasks: readonly ChunkTask[]): Promise<readonly ChunkTask[]>;
}

/** Where an advance leaves a chunk: done, or to be advanced again at `resumeAt` (epoch milliseconds). */
export type Advance = { readonly done: true } | { readonly done: false; readonly resumeAt: number };

export interface ChunkLoop {
  /** Starts waiting for and advancing a chunk. Starting the same task again changes nothing. */
  start(task: ChunkTask, resumeAt: number): Promise<void>;
}

export type UpstreamAnswer<T> =
  | { readonly ok: true; readonly value: T; readonly rate: RateHint }
  | { readonly ok: false; readonly failure: UpstreamFailure; readonly rate: RateHint };

export interface FiRequest {
  readonly consentId: string;
  readonly fiDataRangeFrom: string | null;
  readonly fiDataRangeTo: string | null;
  readonly configId: string | null;
}

/** FinPro's calls for one organisation. None of them throws: every way a call can end is an answer. */
export interface FinPro {
  requestFi(organisationId: string, request: FiRequest): Promise<UpstreamAnswer<{ readonly sessionId: string }>>;
  fiStatus(
    organisationId: string,
    of: { readonly sessionId: string } | { readonly consentId: string },
  ): Promise<UpstreamAnswer<FiStatus>>;
  fiBalance(organisationId: string, consentId: string): Promise<UpstreamAnswer<readonly AccountBalance[]>>;
}

/** What an FI request is looked up by; at least one is given. */
export interface StatusLookUp {
  readonly consentId?: string;
  readonly consentHandle?: string;
  readonly sessionId?: string;
}

/** FinPro's answer to a look-up as it is (seeds, FI Request Status): what is not read here is passed on. */
export interface FiStatusDocument {
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** FinPro's status of an FI request, asked for a client. Never throws, as `FinPro`. */
export interface StatusLookUps {
  lookUp(organisationId: string, by: StatusLookUp): Promise<UpstreamAnswer<FiStatusDocument>>;
}

/** Final answers to look-ups by session, for a while. */
export interface KeptStatuses {
  /** Null when none is kept at this time. */
  find(organisationId: string, sessionId: string, now: number): Promise<FiStatusDocument | null>;
  keep(organisationId: string, sessionId: string, document: FiStatusDocument, until: number): Promise<void>;
}

/**
 * Leave to call the upstream, in the window of the reservation; or none before `waitUntil`, because the circuit is open.
 * A `trial` is one call that finds out whether an open circuit can be closed.
 */
export type Leave =
  | {
      readonly granted: true;
      readonly reservation: Reservation;
      readonly trial: boolean;
      /** Whether the tokens were taken for this call, and not held from before. */
      readonly taken: boolean;
    }
  | { readonly granted: false; readonly waitUntil: number };

/** The upstream's budget and circuit of each organisation, over all its workers together. */
export interface Budget {
  /**
   * Leave for up to `calls` calls in the first window with room, for at least one. A reservation `held` from before is good for its own
   * window; nothing more is taken for it.
   */
  reserve(organisationId: string, calls: number, held: Reservation | null, now: number): Promise<Leave>;
  /** Gives back tokens of a window that were not used. */
  giveBack(organisationId: string, reservation: Reservation, tokens: number): Promise<void>;
  /** Learns what the calls under a reservation have shown. True when the circuit was closed before and is open now. */
  learn(organisationId: string, reservation: Reservation, lesson: BudgetLesson, now: number): Promise<boolean>;
}

/** Leave for a client's call, or why there is none before `until` (epoch milliseconds). */
export type ClientLeave =
  | Extract<Leave, { readonly granted: true }>
  | { readonly granted: false; readonly because: 'used-up' | 'circuit-open'; readonly until: number };

/** What chunks leave of the upstream's budget to the clients' own calls. */
export interface ClientShare {
  /** Leave for one call that starts now. */
  take(organisationId: string, now: number): Promise<ClientLeave>;
}

export interface BudgetLesson {
  /** What the rate headers said last, if any came. */
  readonly rate: RateHint | null;
  /** A 429 was answered: nothing more goes out in this window. */
  readonly rateLimited: boolean;
  /** Whether the upstream can be called: open the circuit, close it after a trial that went well, or leave it. */
  readonly circuit: 'open' | 'close' | 'leave';
  /** Failures to reach the upstream since its last answer, in points; `answered` when there was an answer before them. */
  readonly failures: { readonly points: number; readonly answered: boolean };
}

/** How often an organisation's clients have called, in fixed windows. */
export interface ClientCalls {
  /** Counts a call in the window that begins and ends at these times. How many there are in it now, this one included. */
  add(organisationId: string, window: { readonly startsAt: number; readonly endsAt: number }): Promise<number>;
}

/** The API's clients, for authentication. */
export interface Clients {
  /** Strongly consistent. */
  find(clientId: string): Promise<Client | null>;
}

/** The API's clients, for those who manage them. Every change is one conditional write of one client. */
export interface ClientRegister extends Clients {
  find(clientId: string): Promise<RegisteredClient | null>;
  /** Every client, in no order. */
  list(): Promise<readonly RegisteredClient[]>;
  /** Writes a new client, and its organisation where that is new. False: there is a client with this id. */
  add(client: RegisteredClient): Promise<boolean>;
  /** Writes a client under the condition that the stored revision is `seen`. False: somebody else has written. */
  replace(client: RegisteredClient, seen: string): Promise<boolean>;
}

/** Makes clients' secrets. */
export interface ClientSecrets {
  /** A new secret, and what is kept of it. */
  issue(): { readonly secret: string; readonly kept: ClientSecret };
}

/** Which organisations there are. */
export interface Organisations {
  exists(organisationId: string): Promise<boolean>;
}

/** A file in the bucket, in one of its versions. */
export interface StoredFile {
  readonly key: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
}

/** The files that come in through the bucket. */
export interface Files {
  read(file: StoredFile): Promise<Uint8Array>;
}

/** Where the drop folder's reports are written. */
export interface Reports {
  write(key: string, report: object): Promise<void>;
}

/** A form that a browser or curl can post a file with, straight to the bucket. */
export interface UploadForm {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface UploadForms {
  /** A form for one key, up to `largest` bytes, good for `seconds`. */
  create(key: string, contentType: string | null, largest: number, seconds: number): Promise<UploadForm>;
}
