import { beforeEach, describe, expect, test } from "vitest";
import { ApiError } from "../runtime/http";
import type { PackRecord } from "../runtime/wire.gen";
import { offPackOf, Packs, packsLike, type PacksList } from "./packs";

const OFF: PackRecord = {
  name: "Math",
  kind: "comfyui",
  file: "Math",
  on: false,
  loaded: false,
  settled: true,
  changed: false,
  ended: false,
  nodes: ["Sum", "Product"],
  failures: [],
  seconds: 0,
  size: 10,
  since: null,
};
const ON: PackRecord = { ...OFF, on: true, loaded: true };
const MINE: PackRecord = { ...ON, name: "mine", kind: "native", nodes: ["Mine"] };

/** A server that does what it is told, one step later. */
class Server {
  list: PacksList = { packs: [MINE, OFF], folders: ["/packs"] };
  readonly said: string[] = [];
  opened = 0;
  refuses = false;

  readonly packs = new Packs({
    list: () => Promise.resolve(this.list),
    turn: (name, on) => {
      if (this.refuses) return Promise.reject(new ApiError(507, "The list could not be saved.", "Make room."));
      const pack = this.list.packs.find((other) => other.name === name) ?? OFF;
      return Promise.resolve({ ...pack, on, settled: false });
    },
    reload: () => Promise.resolve({ looking: true }),
    notify: (words) => this.said.push(words),
    open: () => this.opened++,
  });

  /** Workers have done what was asked for. */
  async settle(...packs: PackRecord[]): Promise<void> {
    this.list = { ...this.list, packs };
    await this.packs.refresh();
  }

  pack(name: string): PackRecord | undefined {
    return this.packs.store.getState().packs.find((other) => other.name === name);
  }
}

let server: Server;

beforeEach(async () => {
  server = new Server();
  await server.packs.refresh();
});

describe("a pack that was written for another tool", () => {
  test("is turned on after a question, and its end is said", async () => {
    await server.packs.turn(OFF, true);
    expect(server.packs.store.getState().asking).toBe("Math");
    expect(server.opened).toBe(1);
    expect(server.pack("Math")?.on).toBe(false);
    await server.packs.answer(true);
    expect(server.pack("Math")).toMatchObject({ on: true, settled: false });
    expect(server.packs.store.getState().asking).toBeNull();
    await server.settle(MINE, ON);
    expect(server.said).toEqual(["Math is on: 2 nodes."]);
  });

  test("stays off if the answer is no", async () => {
    await server.packs.turn(OFF, true);
    await server.packs.answer(false);
    expect(server.pack("Math")?.on).toBe(false);
    expect(server.packs.store.getState().asking).toBeNull();
  });

  test("is accepted as it is now without a question", async () => {
    await server.packs.turn({ ...ON, changed: true }, true);
    expect(server.packs.store.getState().asking).toBeNull();
    expect(server.pack("Math")?.on).toBe(true);
  });

  test("says that it could not be loaded, or is off", async () => {
    await server.packs.turn(OFF, true);
    await server.packs.answer(true);
    await server.settle(MINE, { ...ON, loaded: false });
    await server.packs.turn(MINE, false);
    await server.settle({ ...MINE, on: false }, OFF);
    expect(server.said).toEqual(["Math could not be loaded.", "mine is off."]);
  });
});

test("a pack of ours is switched at once", async () => {
  await server.packs.turn({ ...MINE, on: false }, true);
  expect(server.packs.store.getState().asking).toBeNull();
  expect(server.opened).toBe(0);
});

test("it waits from a switch to its end", async () => {
  expect(server.packs.isWaiting).toBe(false);
  await server.packs.turn(MINE, false);
  expect(server.packs.isWaiting).toBe(true);
  await server.settle({ ...MINE, on: false }, OFF);
  expect(server.packs.isWaiting).toBe(false);
});

test("looking again ends when a worker is ready", async () => {
  await server.packs.lookAgain();
  expect(server.packs.store.getState().looking).toBe(true);
  await server.settle(MINE, OFF, { ...ON, name: "New" });
  expect(server.packs.store.getState().looking).toBe(false);
  expect(server.pack("New")).toBeDefined();
  expect(server.said).toEqual([]);
});

test("what the server refuses is said with what helps", async () => {
  server.refuses = true;
  await server.packs.turn(MINE, false);
  expect(server.said).toEqual(["The list could not be saved. Make room."]);
  expect(server.pack("mine")?.on).toBe(true);
});

test("a type is known by the pack that had it", () => {
  const state = server.packs.store.getState();
  expect(offPackOf(state, "Sum")?.name).toBe("Math");
  expect(offPackOf(state, "Mine")).toBeUndefined();
  expect(offPackOf(state, "Nothing")).toBeUndefined();
});

test("packs are found by all words: name, kind, nodes", () => {
  const names = (query: string): string[] => packsLike([MINE, OFF], query).map(({ name }) => name);
  expect(names("")).toEqual(["mine", "Math"]);
  expect(names("comfyui")).toEqual(["Math"]);
  expect(names("sum math")).toEqual(["Math"]);
  expect(names("sum mine")).toEqual([]);
});
