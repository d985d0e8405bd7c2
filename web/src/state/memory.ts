/** What this browser remembers between visits: which document was open, and which jobs it ran. */
import { isRecord } from "../model/document";
import type { Signatures } from "../model/signature";

const OPEN = "wirebrush.open";
const RUNS = "wirebrush.runs";
const KEPT_DOCUMENTS = 20;
const KEPT_JOBS = 3;

type Runs = Readonly<Record<string, Signatures>>;

/** A storage that is full or forbidden costs comfort, never work: failures are passed over. */
export class Memory {
  lastOpened(): string | null {
    return readText(OPEN);
  }

  opened(file: string): void {
    writeText(OPEN, file);
  }

  /** The latest jobs of a document, oldest first, with the signatures they were submitted with. */
  runsOf(document: string): Runs {
    return this.#all()[document] ?? {};
  }

  ran(document: string, jobs: Runs): void {
    if (Object.keys(jobs).length === 0) return;
    const latest = Object.fromEntries(Object.entries(jobs).slice(-KEPT_JOBS));
    const { [document]: _, ...others } = this.#all();
    const kept = Object.fromEntries(Object.entries(others).slice(1 - KEPT_DOCUMENTS));
    writeText(RUNS, JSON.stringify({ ...kept, [document]: latest }));
  }

  #all(): Record<string, Runs> {
    try {
      const data: unknown = JSON.parse(readText(RUNS) ?? "{}");
      return isRecord(data) ? (data as Record<string, Runs>) : {};
    } catch {
      return {};
    }
  }
}

function readText(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function writeText(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // full or forbidden
  }
}
