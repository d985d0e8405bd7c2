/** What the server does, as it arrives: jobs, node runs, previews, pictures, workers. */
import { uuid } from "../model/document/ids";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Document } from "../model/document/document";
import { documentToJson } from "../model/format/format";
import { signatures as signaturesOf, type Signatures } from "../model/runs/signature";
import { api, ApiError, type SystemInfo, type WorkerInfo } from "../runtime/api";
import { afterAll } from "../runtime/batch";
import type { Phase } from "../runtime/connection";
import * as jobs from "../runtime/jobs";
import { Previews, withoutPreviewsOf, type PreviewUrls } from "../runtime/previews";
import { Socket } from "../runtime/socket";
import type { AssetRecord, Event as JobEvent, JobRecord, Json, Problem, ServerMessage } from "../runtime/wire.gen";
import { earlierJobs, stillTrue } from "./earlierJobs";

export interface RuntimeState {
  readonly phase: Phase;
  /** It was live once, so a break is worth a banner. */
  readonly wasLive: boolean;
  /** The server does not know this browser (any more). */
  readonly locked: boolean;
  readonly jobs: jobs.Jobs;
  /** How often everything was fetched anew: at first, and after the server was away. */
  readonly fetched: number;
  /** Blob URL of the latest step preview by document and node. */
  readonly previews: PreviewUrls;
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

/** A document as it is to be run, and what is known of its nodes. */
export interface RunSource {
  readonly document: Document;
  readonly signatures: Signatures;
  /** Seconds that its nodes are expected to take. */
  readonly estimates?: jobs.Estimates;
}

interface Waiting {
  readonly source: RunSource;
  readonly wish: RunWish;
  /** Told the job's id, or `null` if it will not run. */
  readonly answered: (job: string | null) => void;
}

/** What the runtime tells and asks the rest of the page. */
export interface RuntimeHost {
  readonly catalogChanged: () => void;
  /** Packs were turned on or off. */
  readonly packsChanged: () => void;
  /** A worker can take a job: packs that are on are loaded. */
  readonly workerReady: () => void;
  /** Whether step previews are to be shown. */
  readonly wantsPreviews: () => boolean;
  /** Somebody else runs a document: another window, a script. */
  readonly foundJob: (document: string) => void;
}

const OPEN_JOBS = 500;
const SHOWN_UPLOADS = 500;

export class Runtime {
  readonly store: StoreApi<RuntimeState> = createStore<RuntimeState>()(() => ({
    phase: "connecting",
    wasLive: false,
    locked: false,
    jobs: jobs.NO_JOBS,
    fetched: 0,
    previews: {},
    uploads: {},
    workers: [],
    system: null,
  }));
  readonly #socket: Socket;
  readonly #host: RuntimeHost;
  /** Submitted but not yet answered, by ref; sent again after a break, under the same key. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #messages: ServerMessage[] = [];
  readonly #previews = new Previews();
  /** Records that are being fetched; `true` if more happened to the job meanwhile. */
  readonly #fetching = new Map<string, boolean>();
  #frame = false;

  constructor(url: string, host: RuntimeHost) {
    this.#host = host;
    this.#socket = new Socket(url, {
      message: (message) => this.#queue(message),
      preview: (preview) => {
        if (!host.wantsPreviews()) return;
        this.#previews.add(preview);
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

  /** Ask for a run. It counts as accepted only when the server says so: the job's id then. */
  submit(source: RunSource, wish: RunWish = {}): Promise<string | null> {
    const ref = uuid();
    this.#jobs(jobs.withProblems(this.store.getState().jobs, source.document.id, []));
    return new Promise((answered) => {
      const waiting = { source, wish, answered };
      this.#waiting.set(ref, waiting);
      this.#send(ref, waiting);
    });
  }

  cancel(job: string): void {
    if (!this.#socket.send({ type: "cancel", job })) void api.cancel(job).catch(() => {});
  }

  /** Cancel what waits and what runs. */
  async cancelAll(): Promise<void> {
    await api.clear();
    const { byId } = this.store.getState().jobs;
    for (const { record } of Object.values(byId)) if (!jobs.isFinal(record.state)) this.cancel(record.id);
  }

  async retry(id: string): Promise<void> {
    const record = await api.retry(id);
    const known = this.store.getState().jobs;
    const ours = known.ours[id];
    this.#jobs(ours ? jobs.withOurs(known, record, ours) : jobs.withRecords(known, [record]));
  }

  /** Put a waiting job before another; `null`: behind all others. */
  async move(id: string, before: string | null): Promise<void> {
    const priority = this.store.getState().jobs.byId[id]?.record.priority ?? 0;
    this.learn([await api.move(id, before, priority)]);
  }

  /** Start no further jobs, or start them again. */
  async pause(wanted: boolean): Promise<void> {
    const { paused } = await (wanted ? api.pause() : api.resume());
    this.store.setState(({ system }) => ({ system: system && { ...system, queue: { ...system.queue, paused } } }));
    await this.refreshSystem();
  }

  async refreshSystem(): Promise<void> {
    const system = await api.system();
    this.store.setState({ system, workers: system.workers });
  }

  /** Records that were fetched for something that shows jobs. */
  learn(records: readonly JobRecord[]): void {
    this.#jobs(jobs.withRecords(this.store.getState().jobs, records));
  }

  /** Pictures were deleted. */
  dropPictures(gone: ReadonlySet<string>): void {
    this.#jobs(jobs.withoutPictures(this.store.getState().jobs, gone));
  }

  /** Show what earlier jobs of a document made, and follow those that still run. */
  async restore(document: Document): Promise<void> {
    const found = await earlierJobs(document);
    const now = signaturesOf(document);
    for (const { record, signatures, ran, failed } of found.toReversed()) {
      const known = jobs.withRecords(this.store.getState().jobs, [record]);
      // Events may have told more of it than this answer, which was on its way meanwhile.
      const latest = known.byId[record.id]?.record ?? record;
      const ours = { document: document.id, signatures, ran };
      this.#jobs(jobs.withRestored(known, stillTrue(latest, signatures, now), ours, failed));
    }
  }

  /** A file that nodes may now name. */
  uploaded({ id, name }: Pick<AssetRecord, "id" | "name">): void {
    this.store.setState(({ uploads }) => ({ uploads: { ...uploads, [name]: id } }));
  }

  /** A document is closed. */
  forget(document: string): void {
    this.store.setState((state) => ({
      jobs: jobs.forgetDocument(state.jobs, document),
      previews: withoutPreviewsOf(state.previews, document),
    }));
  }

  #send(ref: string, { source, wish }: Waiting): void {
    const workflow = documentToJson(source.document);
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
      const [latest, open, uploads, system] = await Promise.all([
        api.jobs({ limit: jobs.SHOWN_JOBS }),
        api.jobs({ limit: OPEN_JOBS, state: "queued,leased,running" }),
        api.assets({ kind: "upload", limit: SHOWN_UPLOADS }),
        api.system(),
      ]);
      this.store.setState((state) => ({
        jobs: jobs.withRecords(state.jobs, [...latest.jobs, ...open.jobs]),
        fetched: state.fetched + 1,
        uploads: Object.fromEntries(uploads.assets.map(({ id, name }) => [name, id])),
        system,
        workers: system.workers,
      }));
      this.#host.catalogChanged();
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
    // Nobody looks at a hidden page: only its books are kept.
    if (document.visibilityState === "hidden") this.#previews.drop();
    const previews = this.#previews.taken(state.previews, known);
    if (known !== state.jobs || previews !== state.previews) this.store.setState({ jobs: known, previews });
  }

  #take(known: jobs.Jobs, message: ServerMessage): jobs.Jobs {
    switch (message.type) {
      case "event":
        if (jobs.isUnknown(known, message.job) && !this.#isExpected(message.event)) this.#fetchJob(message.job);
        return jobs.withEvent(known, message.job, message.event, Date.now());
      case "accepted": {
        const waiting = this.#answered(message.ref, message.job.id);
        if (!waiting) return jobs.withRecords(known, [message.job]);
        const { document: shown, ...rest } = waiting.source;
        const next = jobs.withOurs(known, message.job, { document: shown.id, ran: shown, ...rest });
        return jobs.withProblems(next, shown.id, message.warnings);
      }
      case "rejected":
        return this.#refused(known, message.ref, message.problems);
      case "error": {
        const { code, message: words, hint } = message;
        const problem = { code, message: words, hint, node: null, port: null, severity: "error" as const };
        return this.#refused(known, message.ref ?? "", [problem]);
      }
      case "catalog":
        this.#host.catalogChanged();
        return known;
      case "packs":
        this.#host.packsChanged();
        return known;
      case "worker":
        this.#worker(message);
        if (message.state === "idle") this.#host.workerReady();
        return known;
      default:
        return known;
    }
  }

  /** What was asked for will not run; the document it came from shows why. */
  #refused(known: jobs.Jobs, ref: string, problems: readonly Problem[]): jobs.Jobs {
    const waiting = this.#answered(ref, null);
    return waiting ? jobs.withProblems(known, waiting.source.document.id, problems) : known;
  }

  #answered(ref: string, job: string | null): Waiting | undefined {
    const waiting = this.#waiting.get(ref);
    this.#waiting.delete(ref);
    waiting?.answered(job);
    return waiting;
  }

  #worker({ worker, state, device, detail }: Extract<ServerMessage, { type: "worker" }>): void {
    this.store.setState(({ workers }) => ({
      workers: [
        ...workers.filter((other) => other.worker !== worker),
        { worker, state, device, detail },
      ].toSorted((a, b) => (a.worker < b.worker ? -1 : 1)),
    }));
  }

  /** A job that somebody else submitted; asked again if more happened before the answer came. */
  #fetchJob(id: string): void {
    if (this.#fetching.has(id)) {
      this.#fetching.set(id, true);
      return;
    }
    this.#fetching.set(id, false);
    void jobOrNull(id).then((record) => {
      const again = this.#fetching.get(id) === true;
      this.#fetching.delete(id);
      if (!record) return;
      if (again) return this.#fetchJob(id);
      this.learn([record]);
      if (record.document !== null) this.#host.foundJob(record.document);
    });
  }

  /** A job of ours is told to be queued before it is told to be accepted. */
  #isExpected({ type }: JobEvent): boolean {
    return type === "queued" && this.#waiting.size > 0;
  }

  #jobs(next: jobs.Jobs): void {
    this.store.setState({ jobs: next });
  }
}

async function jobOrNull(id: string): Promise<JobRecord | null> {
  try {
    return await api.job(id);
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}
