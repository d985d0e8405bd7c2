/**
 * The websocket's life as a pure state machine: what happened goes in, what to do comes out.
 *
 * After a break it asks for the events it missed; when the server has them no more (or is
 * another one), everything shown is fetched again.
 */
import type { ClientMessage, ServerMessage } from "./wire.gen";

export type Phase = "connecting" | "live" | "waiting";

export interface Connection {
  readonly phase: Phase;
  /** Failed attempts since it was last live. */
  readonly attempt: number;
  readonly server: string | null;
  /** The newest event that arrived. */
  readonly seq: number | null;
  readonly heard: number;
}

export type Input =
  | { readonly type: "message"; readonly message: ServerMessage; readonly now: number }
  | { readonly type: "closed" }
  | { readonly type: "retry" }
  | { readonly type: "tick"; readonly now: number };

export type Effect =
  | { readonly type: "connect" }
  | { readonly type: "close" }
  | { readonly type: "send"; readonly message: ClientMessage }
  | { readonly type: "wait"; readonly ms: number }
  /** Fetch what is shown: this client's picture of the jobs may be wrong. */
  | { readonly type: "refetch" }
  | { readonly type: "deliver"; readonly message: ServerMessage };

export type Step = readonly [Connection, readonly Effect[]];

export const PING_MS = 15_000;
export const SILENCE_MS = 40_000;
const SLOWEST_MS = 10_000;

export const CONNECTING: Connection = {
  phase: "connecting",
  attempt: 0,
  server: null,
  seq: null,
  heard: 0,
};

export function step(connection: Connection, input: Input): Step {
  switch (input.type) {
    case "message":
      return hear({ ...connection, heard: input.now }, input.message);
    case "closed": {
      if (connection.phase === "waiting") return [connection, []];
      const attempt = connection.attempt + 1;
      const ms = Math.min(SLOWEST_MS, 250 * 2 ** attempt);
      return [{ ...connection, phase: "waiting", attempt }, [{ type: "wait", ms }]];
    }
    case "retry":
      if (connection.phase !== "waiting") return [connection, []];
      return [{ ...connection, phase: "connecting" }, [{ type: "connect" }]];
    case "tick":
      return tick(connection, input.now);
  }
}

function hear(connection: Connection, message: ServerMessage): Step {
  switch (message.type) {
    case "hello": {
      const first = connection.server === null;
      const since = connection.seq ?? message.seq;
      const server = connection.server ?? message.server;
      const next: Connection = { ...connection, phase: "live", attempt: 0, server: message.server, seq: since };
      const subscribe: Effect = { type: "send", message: { type: "subscribe", since, server } };
      return [next, first ? [subscribe, { type: "refetch" }] : [subscribe]];
    }
    case "resync":
      return [{ ...connection, seq: message.seq }, [{ type: "refetch" }]];
    case "event":
      if (connection.seq !== null && message.seq <= connection.seq) return [connection, []];
      return [{ ...connection, seq: message.seq }, [{ type: "deliver", message }]];
    case "pong":
      return [connection, []];
    default:
      return [connection, [{ type: "deliver", message }]];
  }
}

function tick(connection: Connection, now: number): Step {
  if (connection.phase !== "live") return [connection, []];
  if (now - connection.heard > SILENCE_MS) return [connection, [{ type: "close" }]];
  return [connection, [{ type: "send", message: { type: "ping" } }]];
}
