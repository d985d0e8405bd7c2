/** What the open canvas looks like now, read from the page's stores when it is painted. */
import { runId } from "../../model/document/document";
import { outputsOf, previewOf, runningOf } from "../../runtime/innerRuns";
import { runsOf } from "../../runtime/jobs";
import { problemsOf } from "../../state/problems";
import type { Studio } from "../../state/studio";
import { markOf, picturesOf } from "./marks";
import type { Look } from "./brush";
import { paletteOf, type Palette } from "./palette";
import type { SceneNode } from "./scene";
import { Thumbnails } from "./thumbnails";

/** At this size texts are measured; their width grows with their size. */
const MEASURED = 20;

export class Looks {
  readonly #studio: Studio;
  readonly #element: HTMLElement;
  readonly #thumbnails: Thumbnails;
  readonly #widths = new Map<string, number>();
  readonly #measuring = new OffscreenCanvas(1, 1).getContext("2d");
  #palette: Palette | null = null;
  #font = "";

  /** `changed` is called when a picture arrives. */
  constructor(studio: Studio, element: HTMLElement, changed: () => void) {
    this.#studio = studio;
    this.#element = element;
    this.#thumbnails = new Thumbnails(changed);
  }

  /** The theme is another. */
  forgetTheme(): void {
    this.#palette = null;
    this.#widths.clear();
  }

  close(): void {
    this.#thumbnails.close();
  }

  now(hovered: string | null, mounted: ReadonlySet<string>): Look {
    const { nodes, wires, scenery } = this.#studio.view.getState();
    this.#palette ??= this.#readTheme();
    return { palette: this.#palette, font: this.#font, nodes, wires, scenery, hovered, mounted, widthOf: this.#widthOf, ...this.#runs() };
  }

  #runs(): Pick<Look, "markOf" | "picturesOf"> {
    const { runtime, problems, workspace, documents } = this.#studio;
    const { id } = workspace;
    const { scope, document } = documents;
    const { jobs, previews, uploads } = runtime.store.getState();
    const { nodes: runs } = runsOf(jobs, id);
    const { byNode } = problemsOf(problems.store.getState(), id);
    const signatures = workspace.signaturesOf(document);
    const { instances } = workspace.flatOf(document);
    const namesOf = (node: string): readonly string[] => {
      const name = runId(scope, node);
      return instances.get(name) ?? [name];
    };
    return {
      markOf: ({ id: node, node: written }) => {
        const names = namesOf(node);
        const failing = names.some((name) => byNode[name]?.some(({ severity }) => severity !== "warning"));
        return markOf({ node: written, runs, names, failing, signatures });
      },
      picturesOf: ({ id: node, node: written, placed }: SceneNode) => {
        const names = namesOf(node);
        const pictured = {
          node: written,
          spec: placed.data.spec,
          running: runningOf(runs, names) !== undefined,
          outputs: outputsOf(runs, names),
          preview: previewOf(previews[id], runs, names),
          uploads,
        };
        return picturesOf(pictured).flatMap((url) => this.#thumbnails.get(url) ?? []);
      },
    };
  }

  #readTheme(): Palette {
    const palette = paletteOf(this.#element);
    this.#font = palette.color("--font");
    return palette;
  }

  readonly #widthOf = (text: string): number => {
    const known = this.#widths.get(text);
    if (known !== undefined) return known;
    if (!this.#measuring) return text.length * 0.6;
    this.#measuring.font = `600 ${MEASURED}px ${this.#font}`;
    const width = this.#measuring.measureText(text).width / MEASURED;
    this.#widths.set(text, width);
    return width;
  };
}
