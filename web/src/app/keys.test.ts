import { describe, expect, test } from "vitest";
import { hasText } from "../i18n/text";
import { COMMANDS, commandOf } from "./commands";
import { commandsByKeys, keysOfEvent, rivals, shownKeys } from "./keys";

function event(key: string, held: Partial<KeyboardEvent> = {}) {
  return { key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held };
}

describe("the table of commands", () => {
  test("has each id once, words for each, and no two commands with the same keys", () => {
    const ids = COMMANDS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(COMMANDS.filter(({ label }) => !hasText(label)).map(({ id }) => id)).toEqual([]);
    const clashes = COMMANDS.flatMap((command) => command.keys.flatMap((keys) => rivals(command, keys, {}).map((other) => `${keys}: ${command.id}, ${other.id}`)));
    expect(clashes).toEqual([]);
  });
});

describe("keys", () => {
  test("are read from events, a Mac's Command key and its Alt letters too", () => {
    expect(keysOfEvent(event("z", { ctrlKey: true }))).toBe("Ctrl+Z");
    expect(keysOfEvent(event("z", { metaKey: true, shiftKey: true }))).toBe("Ctrl+Shift+Z");
    expect(keysOfEvent(event("∑", { altKey: true, code: "KeyW" }))).toBe("Alt+W");
    expect(keysOfEvent(event("Shift", { shiftKey: true }))).toBeNull();
  });

  test("can be chosen, and given away", () => {
    const chosen = { undo: ["Alt+U"], redo: [] };
    const known = commandsByKeys(chosen);
    expect(known.get("alt+u")).toBe(commandOf("undo"));
    expect(known.get("ctrl+z")).toBeUndefined();
    const undo = commandOf("undo");
    expect(undo && rivals(undo, "Ctrl+A", chosen).map(({ id }) => id)).toEqual(["selectAll"]);
  });

  test("are shown short", () => {
    expect(shownKeys("Ctrl+Shift+Enter")).toBe("Ctrl Shift ↵");
    expect(shownKeys("Ctrl++")).toBe("Ctrl +");
    expect(shownKeys("+")).toBe("+");
  });
});
