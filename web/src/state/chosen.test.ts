import { expect, test } from "vitest";
import { frameKey, noteKey } from "../model/layout/boxes";
import { sayChosen } from "./chosen";
import { createViewStore } from "./view";

test("what is selected is counted, notes and frames too", () => {
  const view = createViewStore();
  const said = (nodes: string[], scenery: ReturnType<typeof noteKey>[]): string => {
    view.setState({ nodes: new Set(nodes), scenery: new Set(scenery) });
    sayChosen(view);
    return view.getState().said.trim();
  };
  expect(said(["1", "2"], [])).toBe("2 nodes selected");
  expect(said([], [noteKey("n")])).toBe("1 thing selected");
  expect(said(["1"], [noteKey("n"), frameKey("f")])).toBe("3 things selected");
  expect(said([], [])).toBe("0 nodes selected");
});
