/** What the server does, as it arrives: jobs, node runs, previews, pictures, workers. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { upstream } from "../model/connect";
import type { Document } from "../model/document";
import { documentToJson, isRecord, NotAWorkflow, parseDocument } from "../model/format";
import { signatures as signaturesOf, type Signatures } from "../model/signature";
import { api, ApiError, type SystemInfo, type WorkerInfo } from "../runtime/api";
import { afterAll } from "../runtime/batch";
import type { Phase } from "../runtime/connection";
import * as jobs from "../runtime/jobs";
import { Socket, type Preview } from "../runtime/socket";
import type { AssetRecord, JobRecord, Json, Problem, ServerMessage } from "../runtime/wire.gen";

export interface Picture {
  readonly asset: string;
  readonly name: string;
  readonly width: number | null;
  readonly height: number | null;
}

export interface RuntimeState {
  readonly phase: Phase;
  /** It was live once, so a break is worth a banner. */
  readonly wasLive: boolean;
  /** The server does not know this browser (any more). */
  readonly locked: boolean;
  readonly jobs: jobs.Jobs;
  /** Blob URL of the latest step preview by document and node. */
  readonly previews: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly pictures: readonly Picture[];
  /** Asset ids of uploaded pictures by the name that nodes know them by. */
  readonly uploads: Readonly<Record<string, string>>;
  readonly workers: readonly WorkerInfo[];
  readonly system: SystemInfo | null;
}

/** How a document is to be run. */
export interface RunWish {
  /** Only these nodes and what they need; without, all that shows or saves something. */
  readonly targets?: string[];
  /** A sweep's cell, kept by the server with the job. */
  readonly group?: Readonly<Record<string, Json>>;
  readonly front?: boolean;
}

interface Waiting {
  readonly document: Document;
  readonly signatures: Signatures;
  readonly wish: RunWish;
}

const SHOWN_PICTURES = 200;
const SHOWN_UPLOADS = 500;
const RESTORED_JOBS = 3;

export class Runtime {
  readonly store: StoreApi<RuntimeState> = createStore<RuntimeState>()(() => ({
    phase: "connecting",
    wasLive: false,
    locked: false,
    jobs: jobs.NO_JOBS,
    previews: {},
    pictures: [],
    uploads: {},
    workers: [],
    system: null,
  }));
  readonly #socket: Socket;
  readonly #catalogChanged: () => void;
  /** Submitted but not yet answered, by ref; sent again after a break, under the same key. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #messages: ServerMessage[] = [];
  readonly #previews = new Map<string, Preview>();
  #frame = false;

  constructor(url: string, catalogChanged: () => void) {
    this.#catalogChanged = catalogChanged;
    this.#socket = new Socket(url, {
      message: (message) => this.#queue(message),
      preview: (preview) => {
        this.#previews.set(`${preview.job}\n${preview.node}`, preview);
        this.#schedule();
      },
      refetch: () => void this.#refetch(),
      changed: ({ phase }) => this.#phase(phase),
    });
  }

  open(): void {
    this.#socket.open();
  }

  retryNow(): void {
    this.#socket.retryNow();
  }

  /** Ask for a run. It counts as accepted only when the server says so. */
  submit(document: Document, signatures: Signatures, wish: RunWish = {}): void {
    const ref = crypto.randomUUID();
    const waiting = { document, signatures, wish };
    this.#waiting.set(ref, waiting);
    this.#jobs(jobs.withProblems(this.store.getState().jobs, document.id, []));
    this.#send(ref, waiting);
  }

  cancel(job: string): void {
    if (!this.#socket.send({ type: "cancel", job })) void api.cancel(job).catch(() => {});
  }

  async retry(id: string): Promise<void> {
    const record = await api.retry(id);
    const known = this.store.getState().jobs;
    const ours = known.ours[id];
    this.#jobs(ours ? jobs.withOurs(known, record, ours) : jobs.withRecords(known, [record]));
  }

  /** Show what earlier jobs of a document made, and follow those that still run. */
  async restore(document: Document): Promise<void> {
    const found = await earlierJobs(document);
    for (const { record, signatures } of found.toReversed()) {
      const known = jobs.withRecords(this.store.getState().jobs, [record]);
      this.#jobs(jobs.withRestored(known, record, { document: document.id, signatures }));
    }
  }

  uploaded({ id, name }: AssetRecord): void {
    this.store.setState(({ uploads }) => ({ uploads: { ...uploads, [name]: id } }));
  }

  /** A document is closed. */
  forget(document: string): void {
    const { [document]: shown = {}, ...previews } = this.store.getState().previews;
    for (const url of Object.values(shown)) URL.revokeObjectURL(url);
    this.store.setState((state) => ({ jobs: jobs.forgetDocument(state.jobs, document), previews }));
  }

  #send(ref: string, { document, wish }: Waiting): void {
    const workflow = documentToJson(document);
    this.#socket.send({ type: "submit", ref, workflow, idempotency_key: ref, ...wish });
  }

  #phase(phase: Phase): void {
    this.store.setState((state) => ({
      phase,
      wasLive: state.wasLive || phase === "live",
      locked: phase === "live" ? false : state.locked,
    }));
    if (phase === "live") for (const [ref, waiting] of this.#waiting) this.#send(ref, waiting);
    if (phase === "waiting") void this.#askWhy();
  }

  /** A websocket does not say why it closed; a plain request does. */
  async #askWhy(): Promise<void> {
    try {
      await api.system();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.store.setState({ locked: true });
    }
  }

  async #refetch(): Promise<void> {
    try {
      const [page, pictures, uploads, system] = await Promise.all([
        api.jobs(jobs.SHOWN_JOBS),
        api.assets("output", SHOWN_PICTURES),
        api.assets("upload", SHOWN_UPLOADS),
        api.system(),
      ]);
      this.store.setState((state) => ({
        jobs: jobs.withRecords(state.jobs, page.jobs),
        pictures: pictures.assets.map(({ id, name, width, height }) => ({ asset: id, name, width, height })),
        uploads: Object.fromEntries(uploads.assets.map(({ id, name }) => [name, id])),
        system,
        workers: system.workers,
      }));
      this.#catalogChanged();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the connection broke again: it will be retried
    }
  }

  #queue(message: ServerMessage): void {
    this.#messages.push(message);
    this.#schedule();
  }

  /** However many messages arrive, the page changes once a frame. */
  #schedule(): void {
    if (this.#frame) return;
    this.#frame = true;
    afterAll(() => {
      this.#frame = false;
      this.#settle();
    });
  }

  #settle(): void {
    const state = this.store.getState();
    let known = state.jobs;
    for (const message of this.#messages.splice(0)) known = this.#take(known, message);
    const previews = this.#newPreviews(known);
    this.store.setState({
      jobs: known,
      pictures: withNewPictures(state, known),
      ...(previews && { previews }),
    });
  }

  #take(known: jobs.Jobs, message: ServerMessage): jobs.Jobs {
    switch (message.type) {
      case "event":
        if (jobs.isUnknown(known, message.job)) void this.#fetchJob(message.job);
        return jobs.withEvent(known, message.job, message.event, Date.now());
      case "accepted": {
        const waiting = this.#waiting.get(message.ref);
        this.#waiting.delete(message.ref);
        if (!waiting) return jobs.withRecords(known, [message.job]);
        const { document, signatures } = waiting;
        const next = jobs.withOurs(known, message.job, { document: document.id, signatures });
        return jobs.withProblems(next, document.id, message.warnings);
      }
      case "rejected":
        return this.#refused(known, message.ref, message.problems);
      case "error": {
        const { code, message: words, hint } = message;
        const problem = { code, message: words, hint, node: null, port: null, severity: "error" as const };
        return this.#refused(known, message.ref ?? "", [problem]);
      }
      case "catalog":
        this.#catalogChanged();
        return known;
      case "worker":
        this.#worker(message);
        return known;
      default:
        return known;
    }
  }

  /** What was asked for will not run; the document it came from shows why. */
  #refused(known: jobs.Jobs, ref: string, problems: readonly Problem[]): jobs.Jobs {
    const document = this.#waiting.get(ref)?.document.id;
    this.#waiting.delete(ref);
    return document === undefined ? known : jobs.withProblems(known, document, problems);
  }

  #worker({ worker, state, device, detail }: Extract<ServerMessage, { type: "worker" }>): void {
    this.store.setState(({ workers }) => ({
      workers: [
        ...workers.filter((other) => other.worker !== worker),
        { worker, state, device, detail },
      ].toSorted((a, b) => (a.worker < b.worker ? -1 : 1)),
    }));
  }

  async #fetchJob(id: string): Promise<void> {
    const record = await jobOrNull(id);
    if (record) this.#jobs(jobs.withRecords(this.store.getState().jobs, [record]));
  }

  #jobs(next: jobs.Jobs): void {
    this.store.setState({ jobs: next });
  }

  /** Blob URLs for previews of this document's jobs; the ones they replace are let go of. */
  #newPreviews(known: jobs.Jobs): RuntimeState["previews"] | null {
    if (this.#previews.size === 0) return null;
    const previews: Record<string, Record<string, string>> = { ...this.store.getState().previews };
    for (const { job, node, picture } of this.#previews.values()) {
      const document = known.ours[job]?.document;
      if (document === undefined) continue;
      const before = previews[document]?.[node];
      previews[document] = { ...previews[document], [node]: URL.createObjectURL(picture) };
      if (before) setTimeout(() => URL.revokeObjectURL(before), 1000); // it may still be decoding
    }
    this.#previews.clear();
    return previews;
  }
}

interface EarlierJob {
  readonly record: JobRecord;
  readonly signatures: Signatures;
}

/** The latest jobs that ran this document, newest first. Jobs keep the workflow they ran. */
async function earlierJobs(document: Document): Promise<EarlierJob[]> {
  try {
    const page = await api.jobs(jobs.SHOWN_JOBS);
    const named = page.jobs.filter((record) => record.title === document.name).slice(0, RESTORED_JOBS);
    const bodies = await Promise.all(named.map((record) => api.jobBody(record.id)));
    return named.flatMap((record, index) => {
      const { workflow, targets = [] } = bodies[index] ?? {};
      if (!isRecord(workflow) || workflow["id"] !== document.id) return [];
      return [{ record, signatures: signaturesIn(parseDocument(workflow), targets) }];
    });
  } catch (error) {
    if (error instanceof ApiError || error instanceof NotAWorkflow) return [];
    throw error;
  }
}

/** The signatures of what a job computed: its targets and what is above them. */
function signaturesIn(document: Document, targets: readonly string[]): Signatures {
  const all = signaturesOf(document);
  return Object.fromEntries([...upstream(document, targets)].map((id) => [id, all[id] ?? ""]));
}

async function jobOrNull(id: string): Promise<JobRecord | null> {
  try {
    return await api.job(id);
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** The gallery with what jobs made since it was fetched, newest first. */
function withNewPictures(state: RuntimeState, known: jobs.Jobs): readonly Picture[] {
  if (known.byId === state.jobs.byId) return state.pictures;
  const there = new Set(state.pictures.map((picture) => picture.asset));
  const fresh: Picture[] = [];
  for (const [id, job] of Object.entries(known.byId)) {
    if (job.record.outputs === state.jobs.byId[id]?.record.outputs) continue;
    for (const { kind, asset, name, mime, width, height } of job.record.outputs) {
      if (kind !== "output" || !asset || !mime?.startsWith("image/") || there.has(asset)) continue;
      there.add(asset);
      fresh.push({ asset, name: name ?? "", width: width ?? null, height: height ?? null });
    }
  }
  return fresh.length ? [...fresh, ...state.pictures].slice(0, SHOWN_PICTURES) : state.pictures;
}
