/** What the server does, as it arrives: jobs, node runs, previews, pictures, workers. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { upstream } from "../model/connect";
import { documentToJson, isRecord, NotAWorkflow, parseDocument, type Document } from "../model/document";
import { signatures as signaturesOf, type Signatures } from "../model/signature";
import { api, ApiError, type SystemInfo, type WorkerInfo } from "../runtime/api";
import { afterAll } from "../runtime/batch";
import type { Phase } from "../runtime/connection";
import * as jobs from "../runtime/jobs";
import { Socket, type Preview } from "../runtime/socket";
import type { AssetRecord, JobRecord, ServerMessage } from "../runtime/wire.gen";

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
  /** Blob URL of the latest step preview by node. */
  readonly previews: Readonly<Record<string, string>>;
  readonly pictures: readonly Picture[];
  /** Asset ids of uploaded pictures by the name that nodes know them by. */
  readonly uploads: Readonly<Record<string, string>>;
  readonly workers: readonly WorkerInfo[];
  readonly system: SystemInfo | null;
}

interface Waiting {
  readonly document: Document;
  readonly signatures: Signatures;
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
        this.#previews.set(preview.node, preview);
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
  submit(document: Document, signatures: Signatures): void {
    const ref = crypto.randomUUID();
    this.#waiting.set(ref, { document, signatures });
    this.#jobs(jobs.withProblems(this.store.getState().jobs, []));
    this.#send(ref, document);
  }

  cancel(job: string): void {
    if (!this.#socket.send({ type: "cancel", job })) void api.cancel(job).catch(() => {});
  }

  async retry(id: string): Promise<void> {
    const record = await api.retry(id);
    const known = this.store.getState().jobs;
    const signatures = known.ours[id];
    this.#jobs(signatures ? jobs.withOurs(known, record, signatures) : jobs.withRecords(known, [record]));
  }

  /** Show what earlier jobs of a document made, and follow those that still run. */
  async restore(document: Document): Promise<void> {
    const found = await earlierJobs(document);
    for (const { record, signatures } of found.toReversed()) {
      const known = jobs.withRecords(this.store.getState().jobs, [record]);
      this.#jobs(jobs.withRestored(known, record, { ...signatures }));
    }
  }

  uploaded({ id, name }: AssetRecord): void {
    this.store.setState(({ uploads }) => ({ uploads: { ...uploads, [name]: id } }));
  }

  forgetRuns(): void {
    for (const url of Object.values(this.store.getState().previews)) URL.revokeObjectURL(url);
    this.store.setState((state) => ({ jobs: jobs.forgetRuns(state.jobs), previews: {} }));
  }

  #send(ref: string, document: Document): void {
    const workflow = documentToJson(document);
    this.#socket.send({ type: "submit", ref, workflow, idempotency_key: ref });
  }

  #phase(phase: Phase): void {
    this.store.setState((state) => ({
      phase,
      wasLive: state.wasLive || phase === "live",
      locked: phase === "live" ? false : state.locked,
    }));
    if (phase === "live") for (const [ref, { document }] of this.#waiting) this.#send(ref, document);
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
        const next = jobs.withOurs(known, message.job, { ...waiting.signatures });
        return jobs.withProblems(next, message.warnings);
      }
      case "rejected":
        this.#waiting.delete(message.ref);
        return jobs.withProblems(known, message.problems);
      case "error": {
        const { code, message: words, hint } = message;
        if (message.ref) this.#waiting.delete(message.ref);
        return jobs.withProblems(known, [
          { code, message: words, hint, node: null, port: null, severity: "error" },
        ]);
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
  #newPreviews(known: jobs.Jobs): Record<string, string> | null {
    if (this.#previews.size === 0) return null;
    const previews = { ...this.store.getState().previews };
    for (const { job, node, picture } of this.#previews.values()) {
      if (!(job in known.ours)) continue;
      const before = previews[node];
      previews[node] = URL.createObjectURL(picture);
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
