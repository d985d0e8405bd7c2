import { expect, test } from "vitest";
import { readable } from "./settings";

test.each([
  [200, 1.8],
  [-3, 0.8],
  [1.2, 1.2],
  [Number.NaN, 1],
])("a text size of %s that was kept is used as %s", (kept, used) => {
  expect(readable(kept)).toBe(used);
});
