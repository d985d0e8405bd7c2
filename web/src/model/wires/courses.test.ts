import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { boxAt } from "../layout/boxes";
import { Courses, Ports } from "./courses";
import { wireKey, type Point } from "../document/document";

const catalog = testCatalog();
const document = testDocument();

describe("the courses of a graph", () => {
  const ports = new Ports(document, catalog);
  const courses = new Courses(document, ports);

  test("are found at a place, through a box and under a stroke", () => {
    const wire = wireKey(["5", "images"]);
    const [from, to] = [ports.output(["4", "IMAGE"])!, ports.input(["5", "images"])!];
    const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    expect(courses.at([middle[0], middle[1] + 3], 8)).toBe(wire);
    expect(courses.at([middle[0], middle[1] + 300], 8)).toBeNull();
    expect(courses.through(boxAt([middle[0] - 20, middle[1] - 20], [40, 40]))).toBe(wire);
    expect(courses.cut([[middle[0], middle[1] - 50], [middle[0], middle[1] + 50]])).toEqual([wire]);
    expect(courses.cut([])).toEqual([]);
  });

  test("leave out what is not wanted", () => {
    expect(new Courses(document, ports, () => false).cut([[-1e3, -1e3], [2e3, 1e3]])).toEqual([]);
  });

  test("know no course for ports that are not there", () => {
    expect(ports.course({ from: ["1", "nothing"], to: ["3", "model"] })).toEqual([]);
    expect(ports.course({ from: ["9", "MODEL"], to: ["3", "model"] })).toEqual([]);
    expect(ports.output(["1", "#1"])).toEqual(ports.output(["1", "CLIP"]));
  });
});
