/** Which documents were open, so that they are open again at the next visit. */
import { isRecord } from "../model/format";

export interface OpenTab {
  readonly id: string;
  readonly file: string | null;
}

export interface OpenTabs {
  readonly tabs: readonly OpenTab[];
  readonly active: string;
}

const OPEN = "wirebrush.tabs";
const NOTHING: OpenTabs = { tabs: [], active: "" };

/** A storage that is full or forbidden costs comfort, never work: failures are passed over. */
export const memory = {
  /** What this window had open; in a new window, what was open last anywhere. */
  opened(): OpenTabs {
    try {
      return readTabs(sessionStorage.getItem(OPEN) ?? localStorage.getItem(OPEN));
    } catch {
      return NOTHING;
    }
  },

  remember(open: OpenTabs): void {
    try {
      sessionStorage.setItem(OPEN, JSON.stringify(open));
      localStorage.setItem(OPEN, JSON.stringify(open));
    } catch {
      // full or forbidden
    }
  },
};

function readTabs(text: string | null): OpenTabs {
  const data: unknown = JSON.parse(text ?? "{}");
  if (!isRecord(data) || !Array.isArray(data["tabs"])) return NOTHING;
  const tabs = data["tabs"].flatMap((tab: unknown) => {
    if (!isRecord(tab) || typeof tab["id"] !== "string") return [];
    return [{ id: tab["id"], file: typeof tab["file"] === "string" ? tab["file"] : null }];
  });
  return { tabs, active: typeof data["active"] === "string" ? data["active"] : "" };
}
