/* oxlint-disable no-await-in-loop -- one step comes after the other */
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { renameDocument } from "../model/commands";
import { parseDocument, serialise } from "../model/format/format";
import { parseJson } from "../model/format/json";
import { testDocument } from "../testing/document";
import { DocumentStore } from "./document";
import { Journal } from "./journal";
import { turnsOf, type JournalEntry } from "./journalEntry";
import { Saving } from "./saving";
import { Tail } from "./tail";
import { OpenWindows, type Turn } from "./windows";

/** A request on its way, of one page. */
interface Request {
  readonly page: object;
  readonly method: string;
  readonly headers: Headers;
  readonly path: string;
  readonly body: string;
  readonly answer: (response: Response) => void;
  readonly fail: (error: Error) => void;
}

interface Kept {
  readonly etag: string;
  readonly text: string;
  readonly base: string;
  readonly window: string;
  readonly turn: number;
  /** Of other windows, what is in it. */
  readonly before: ReadonlyMap<string, number>;
}

/** What the server does with drafts and one file, as its routes say. */
class Server {
  draft: Kept | null = null;
  file: { etag: string; text: string };
  #count = 0;
  readonly #dropped = new Map<string, number>();

  constructor(text: string) {
    this.file = { etag: "file", text };
  }

  handle(request: Request): Response {
    const { method, headers, body } = request;
    const etag = headers.get("If-Match");
    if (isSave(request)) {
      if (etag !== this.file.etag) return Response.json({}, { status: 412 });
      this.file = { etag: `file${++this.#count}`, text: body };
      return Response.json({}, { headers: { ETag: this.file.etag } });
    }
    const turns = turnsIn(request);
    const [window, turn] = turns[0]!;
    const there = this.draft;
    const isLate = there?.window === window ? there.turn > turn : there && turn <= (there.before.get(window) ?? -1);
    if (method === "PUT" && isLate) return Response.json({ etag: there!.etag, late: true });
    if (method === "PUT" && !there && turn <= (this.#dropped.get(window) ?? -1)) return Response.json({ etag: null, late: true });
    if (there && there.etag !== etag && !(there.turn <= (new Map(turns).get(there.window) ?? -1))) return Response.json({}, { status: 412 });
    if (method === "DELETE") {
      this.draft = null;
      for (const [name, last] of turns) this.#dropped.set(name, Math.max(last, this.#dropped.get(name) ?? 0));
      return Response.json({});
    }
    const { workflow, base } = JSON.parse(body);
    const before = new Map([...(there ? [...there.before, [there.window, there.turn] as const] : []), ...turns]);
    before.delete(window);
    this.draft = { etag: `draft${++this.#count}`, text: JSON.stringify(workflow), base, window, turn, before };
    return Response.json({ etag: this.draft.etag, late: false });
  }
}

class Storage {
  readonly values = new Map<string, string>();
  get length(): number {
    return this.values.size;
  }
  readonly key = (place: number): string | null => [...this.values.keys()][place] ?? null;
  readonly getItem = (key: string): string | null => this.values.get(key) ?? null;
  readonly setItem = (key: string, value: string): void => void this.values.set(key, value);
  readonly removeItem = (key: string): void => void this.values.delete(key);
}

function turnsIn({ headers }: Request): (readonly [string, number])[] {
  return (headers.get("Draft-Turns") ?? "").split(", ").map((item) => [item.split("=")[0]!, Number(item.split("=")[1])]);
}

/** Whose state a request brings. */
function windowOf(request: Request): string | undefined {
  return turnsIn(request)[0]?.[0];
}

function isSave({ path }: Request): boolean {
  return path.startsWith("/v1/workflows/");
}

const START = testDocument();

interface Window {
  readonly name: string;
  readonly documents: DocumentStore;
  readonly saving: Saving;
  readonly end: () => void;
}

/**
 * One person who edits in one window at a time, and may look at the document in others: what is on
 * its way arrives in any order, late or never.
 */
class Person {
  readonly server = new Server(serialise(START));
  flying: Request[] = [];
  #page: Window;
  /** Windows that are open and in which nothing is edited. */
  readonly #others: Window[] = [];
  #hidden: (() => void)[] = [];
  /** Under way: a page that goes during one may have to ask whose the file is. */
  #saves = 0;

  constructor() {
    vi.stubGlobal("localStorage", new Storage());
    vi.stubGlobal("addEventListener", (name: string, heard: () => void) => name === "pagehide" && this.#hidden.push(heard));
    vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
      const page = this.#page;
      const { promise, resolve, reject } = Promise.withResolvers<Response>();
      this.flying.push({ page, path, method: init.method!, headers: new Headers(init.headers), body: String(init.body ?? ""), answer: resolve, fail: reject });
      return promise;
    });
    this.#page = this.#open(null);
  }

  get page() {
    return this.#page;
  }

  /** As tabs open a document: what the journal has goes before the server's draft, if that has not got it. */
  #open(entry: JournalEntry | null): Window {
    const windows = new OpenWindows();
    const documents = new DocumentStore();
    const saving = new Saving(documents, new Journal(), windows);
    const { draft, file } = this.server;
    const isThere = entry !== null && draft?.window === entry.window && draft.turn >= (entry.turn ?? 0);
    const pending = entry !== null && !isThere;
    const found = pending ? entry.text : draft?.text;
    const saved = parseDocument(parseJson(file.text));
    const document = found ? parseDocument(parseJson(found)) : saved;
    const isSaved = serialise(document) === serialise(saved);
    const base = isSaved ? null : pending ? entry.base : draft?.base;
    documents.open(document, { file: { name: "f", etag: base ?? file.etag }, draft: (found === draft?.text ? draft?.etag : draft && entry?.draft) ?? null });
    const page = { name: windows.own, documents, saving, end: saving.start() };
    this.#page = page;
    const there: Turn[] = draft ? [[draft.window, draft.turn]] : [];
    saving.opened(found ? saved : document, pending ? { pending, before: turnsOf(entry), found: true } : { before: there });
    return page;
  }

  leave(): void {
    if (this.#saves > 0) return;
    const [heard] = this.#hidden.splice(0, 1);
    heard?.();
    this.#page.end();
    this.#hidden.unshift(...this.#opening(new Tail().all()[0] ?? null));
  }

  /** Open the document once more, as it is now, while this window goes on. */
  look(): void {
    const page = this.#page;
    this.#hidden.push(...this.#opening(new Tail().all()[0] ?? null));
    this.#others.push(this.#page);
    this.#page = page;
  }

  /** What is to be told to the window that is opened when it goes. */
  #opening(entry: JournalEntry | null): (() => void)[] {
    const before = this.#hidden.length;
    this.#open(entry);
    return this.#hidden.splice(before);
  }

  rename(name: string): void {
    this.#page.documents.run(renameDocument, name);
  }

  /** One of the requests arrives, and its answer or not. */
  async arrive(place: number, heard: boolean): Promise<void> {
    const [request] = this.flying.splice(place % Math.max(1, this.flying.length), 1);
    if (!request) return;
    const response = this.server.handle(request);
    if (request.page !== this.#page && !this.#others.some((page) => page === request.page)) return; // it is gone, and hears nothing
    // What was edited here; a window that only shows what another had may learn that it is old.
    if (request.method === "PUT" && windowOf(request) === this.#page.name) expect(response.status, "a conflict with oneself").toBe(200);
    if (heard || isSave(request)) request.answer(response);
    else request.fail(new TypeError("lost"));
    await vi.advanceTimersByTimeAsync(1);
  }

  async lose(place: number): Promise<void> {
    const drafts = this.flying.filter((request) => !isSave(request));
    const request = drafts[place % drafts.length];
    this.flying = this.flying.filter((other) => other !== request);
    if (request?.page === this.#page) request.fail(new TypeError("lost"));
    await vi.advanceTimersByTimeAsync(1);
  }

  /** Everything comes to an end, in the order it was sent. */
  async settle(): Promise<void> {
    for (let round = 0; round < 6; round++) {
      while (this.flying.length) await this.arrive(0, true);
      await vi.advanceTimersByTimeAsync(3_000);
    }
  }

  get conflicts(): readonly unknown[] {
    return [this.#page, ...this.#others].map(({ documents }) => documents.store.getState().conflict);
  }

  save(): void {
    this.#saves++;
    void this.#page.saving.save().finally(() => this.#saves--);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("removeEventListener", () => {});
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { userAgent: "" });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const STEP = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant("rename" as const), name: fc.constantFrom(START.name, "a", "b", "c") }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("arrive" as const), place: fc.nat(3), heard: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("lose" as const), place: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("wait" as const), ms: fc.constantFrom(1, 700, 3_000) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("save" as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("leave" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("look" as const) }) },
);

test("nobody is in conflict with oneself, and the server has the last edit in the end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 25 }), async (steps) => {
      vi.clearAllTimers(); // of the person before
      const person = new Person();
      for (const step of steps) {
        if (step.what === "rename") person.rename(step.name);
        else if (step.what === "arrive") await person.arrive(step.place, step.heard);
        else if (step.what === "lose") await person.lose(step.place);
        else if (step.what === "wait") await vi.advanceTimersByTimeAsync(step.ms);
        else if (step.what === "save") person.save();
        else if (step.what === "look") person.look();
        else person.leave();
      }
      await person.settle();
      const { server, page } = person;
      const { document } = page.documents;
      expect(page.documents.store.getState().keeping).toBe("kept");
      expect(person.conflicts.filter((conflict) => conflict !== null)).toEqual([]);
      const kept = parseDocument(parseJson(server.draft?.text ?? server.file.text));
      expect(serialise(kept)).toBe(serialise(document));
      if (server.draft) expect(server.draft.base, "the file that it goes on from").toBe(server.file.etag);
    }),
    { numRuns: 200 },
  );
});

test("a server without room for more drafts is not one that is away: it is said what to do", async () => {
  const person = new Person();
  vi.stubGlobal("fetch", async () => Response.json({ error: { code: "too_many_drafts", message: "500 drafts are kept.", hint: "Save some." } }, { status: 507 }));
  person.rename("one too many");
  await person.page.saving.keep();
  expect(person.page.documents.store.getState()).toMatchObject({ keeping: "refused", refusal: "500 drafts are kept. Save some." });
});

test("a save under another name that was not answered does not take the next save of this one", async () => {
  const person = new Person();
  const saved: string[] = [];
  let away = true;
  vi.stubGlobal("fetch", async (path: string, { method, body }: RequestInit) => {
    if (method === "PUT" && path.startsWith("/v1/workflows/")) saved.push(`${path} ${String(body).includes('"later"')}`);
    if (away) throw new TypeError("lost");
    return path.startsWith("/v1/workflows/") ? new Response(serialise({ ...START, name: "other" }), { headers: { ETag: '"2"' } }) : Response.json({});
  });
  await expect(person.page.saving.save("other")).rejects.toThrow();
  away = false;
  person.rename("later");
  await person.page.saving.save();
  expect(saved).toEqual(["/v1/workflows/other false", "/v1/workflows/f true"]);
  expect(person.page.documents.store.getState().file?.name).toBe("f");
});

test("what is only shown of another window's is not written again, and what is edited then is", async () => {
  const { documents, saving } = new Person().page;
  const { id } = documents.document;
  const workflow = { ...(parseJson(serialise(START)) as object), name: "theirs" };
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (_: string, { method = "GET", headers }: RequestInit) => {
    asked.push(`${method} ${new Headers(headers).get("If-Match") ?? ""}`);
    return Response.json(method === "PUT" ? { etag: "mine", late: false } : { workflow, etag: "theirs", by: "Firefox" });
  });
  documents.store.setState({ newer: { document: id, over: "draft", etag: "theirs", name: id } });
  await saving.follow();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(documents.document.name).toBe("theirs");
  expect(documents.store.getState()).toMatchObject({ keeping: "kept", draft: "theirs", newer: null });
  expect(asked).toEqual(["GET "]);
  expect(new Tail().all()).toEqual([]);
  documents.run(renameDocument, "mine");
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked).toEqual(["GET ", "PUT theirs"]);
});
