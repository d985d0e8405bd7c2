/** Which documents were open, so that they are open again at the next visit. */
import { isRecord } from "../model/format/format";
import type { Journal } from "./journal";
import type { OpenTabs } from "./openTabs";

const OPEN = "wirebrush.tabs";
const NOTHING: OpenTabs = { tabs: [], active: "" };

/** What this window had open before it was loaded anew; else what was open last anywhere. */
export async function openBefore(journal: Journal): Promise<OpenTabs> {
  const here = readTabs(inThisWindow());
  return here.tabs.length ? here : ((await journal.openTabs()) ?? NOTHING);
}

/** A storage that is full or forbidden costs comfort, never work: failures are passed over. */
export function rememberOpen(journal: Journal, open: OpenTabs): void {
  void journal.rememberTabs(open);
  try {
    sessionStorage.setItem(OPEN, JSON.stringify(open));
  } catch {
    // full or forbidden
  }
}

function inThisWindow(): string | null {
  try {
    return sessionStorage.getItem(OPEN);
  } catch {
    return null;
  }
}

function readTabs(text: string | null): OpenTabs {
  const data: unknown = JSON.parse(text ?? "{}");
  if (!isRecord(data) || !Array.isArray(data["tabs"])) return NOTHING;
  const tabs = data["tabs"].flatMap((tab: unknown) => {
    if (!isRecord(tab) || typeof tab["id"] !== "string") return [];
    return [{ id: tab["id"], file: typeof tab["file"] === "string" ? tab["file"] : null }];
  });
  return { tabs, active: typeof data["active"] === "string" ? data["active"] : "" };
}
