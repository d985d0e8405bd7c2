import { describe, expect, test } from "vitest";
import { hasText } from "../i18n/text";
import { COMMANDS, type MenuName } from "./commands";
import { menuRows } from "./menuRows";

const MENUS: readonly MenuName[] = ["file", "edit", "arrange", "view", "run", "help"];

describe("menus", () => {
  test("have every command once, folded or not", () => {
    for (const name of MENUS) {
      const commands = COMMANDS.filter(({ menu }) => menu === name);
      const found = menuRows(commands).flat().flatMap((row) => ("fold" in row ? row.commands : row.command));
      expect(found.map(({ id }) => id).toSorted()).toEqual(commands.map(({ id }) => id).toSorted());
    }
  });

  test("are short, name what they fold, and delete last", () => {
    for (const name of MENUS) {
      const rows = menuRows(COMMANDS.filter(({ menu }) => menu === name)).flat();
      expect(rows.length, name).toBeLessThanOrEqual(20);
      expect(rows.flatMap((row) => ("fold" in row && !hasText(`menu.group.${row.fold}`) ? row.fold : []))).toEqual([]);
    }
    const node = menuRows(COMMANDS.filter(({ on }) => on?.includes("node"))).flat();
    expect(node.at(-1)).toMatchObject({ command: { id: "delete" } });
  });

  test("do not part single commands that follow each other", () => {
    const command = (id: string, group: string) => ({ id, group, label: "command.cut" as const, menu: "edit" as const, keys: [], run: () => {} });
    const rows = menuRows([command("a", "one"), command("b", "two"), command("c", "three"), command("d", "three"), command("e", "four")]);
    expect(rows.map((group) => group.map((row) => ("command" in row ? row.command.id : row.fold)))).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });
});
