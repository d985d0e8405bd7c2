/** Drives the connection's state machine with a real WebSocket and real clocks. */
import { CONNECTING, PING_MS, step, type Connection, type Effect, type Input } from "./connection";
import type { ClientMessage, ServerMessage } from "./wire.gen";
import { parseJson, toJson } from "../model/format/json";

export interface Preview {
  readonly job: string;
  readonly node: string;
  readonly picture: Blob;
}

export interface SocketListener {
  readonly message: (message: ServerMessage) => void;
  readonly preview: (preview: Preview) => void;
  readonly refetch: () => void;
  readonly changed: (connection: Connection) => void;
}

export class Socket {
  readonly #url: string;
  readonly #listener: SocketListener;
  #connection = CONNECTING;
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pings: ReturnType<typeof setInterval> | undefined;

  constructor(url: string, listener: SocketListener) {
    this.#url = url;
    this.#listener = listener;
  }

  open(): void {
    this.#connect();
    this.#pings = setInterval(() => this.#take({ type: "tick", now: Date.now() }), PING_MS);
  }

  /** Try now instead of when the pause is over. */
  retryNow(): void {
    clearTimeout(this.#retry);
    this.#take({ type: "retry" });
  }

  close(): void {
    clearInterval(this.#pings);
    clearTimeout(this.#retry);
    this.#forget();
  }

  /** False if there is no connection to send it by. */
  send(message: ClientMessage): boolean {
    if (this.#connection.phase !== "live" || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(toJson(message));
    return true;
  }

  #take(input: Input): void {
    const [connection, effects] = step(this.#connection, input);
    const changed = connection.phase !== this.#connection.phase;
    this.#connection = connection;
    if (changed) this.#listener.changed(connection);
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case "connect":
        return this.#connect();
      case "close":
        this.#forget();
        return this.#take({ type: "closed" });
      case "send":
        this.#socket?.send(toJson(effect.message));
        return;
      case "wait":
        this.#retry = setTimeout(() => this.#take({ type: "retry" }), effect.ms);
        return;
      case "refetch":
        return this.#listener.refetch();
      case "deliver":
        return this.#listener.message(effect.message);
    }
  }

  #connect(): void {
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== this.#socket) return;
      if (typeof data !== "string") return this.#listener.preview(readPreview(data));
      this.#take({ type: "message", message: parseJson(data) as ServerMessage, now: Date.now() });
    });
    socket.addEventListener("close", () => {
      if (socket === this.#socket) this.#take({ type: "closed" });
    });
    this.#socket = socket;
  }

  #forget(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }
}

/** A binary frame: u32 header length, JSON header, picture. */
export function readPreview(frame: ArrayBuffer): Preview {
  const length = new DataView(frame).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 4, length))) as {
    job: string;
    node: string;
    mime: string;
  };
  const picture = new Blob([new Uint8Array(frame, 4 + length)], { type: header.mime });
  return { job: header.job, node: header.node, picture };
}
