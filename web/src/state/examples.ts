/** Examples of node types: from the workflows that come with the studio, else made up. */
import type { NodeSpec } from "../model/catalog/catalog";
import { paste } from "../model/commands";
import { emptyDocument, type NodeId, type WorkflowNode } from "../model/document/document";
import { exampleOf, exampleWithin, type Example } from "../model/catalog/example";
import { documentToJson, parseDocument } from "../model/format/format";
import { freshIds, uuid } from "../model/document/ids";
import { untidyOf } from "../model/layout/untidy";
import { files } from "../runtime/files";
import { ApiError } from "../runtime/http";
import { t } from "../i18n/text";
import type { Studio } from "./studio";
import { select } from "./view";

/** Put an example on the open canvas, where one looks: one undo step. */
export async function insertExample(studio: Studio, spec: NodeSpec): Promise<void> {
  const example = await findExample(studio, spec);
  const { documents, view } = studio;
  const olds = Object.keys(example.nodes);
  const news = freshIds(documents.graph, olds.length);
  const renamed = new Map(olds.map((id, index) => [id, news[index] ?? id]));
  const name = (id: NodeId): NodeId => renamed.get(id) ?? id;
  const [x, y] = view.getState().canvas?.centre() ?? [0, 0];
  const nodes = Object.entries(example.nodes).map(([id, node]): [NodeId, WorkflowNode] => [name(id), { ...node, at: [node.at[0] + x, node.at[1] + y] }]);
  const wires = Object.values(example.wires).map(({ from, to }) => ({ from: [name(from[0]), from[1]] as const, to: [name(to[0]), to[1]] as const }));
  documents.run(paste, { nodes: Object.fromEntries(nodes), wires });
  select(view, news);
  const shown = nodes.find(([, node]) => studio.workspace.types?.spec(node.type) === spec)?.[0];
  if (shown !== undefined) requestAnimationFrame(() => view.getState().canvas?.reveal(shown));
}

/** Open an example as a document of its own. */
export async function openExample(studio: Studio, spec: NodeSpec): Promise<void> {
  const example = await findExample(studio, spec);
  const document = { ...emptyDocument(uuid(), t("inspector.exampleName", { title: spec.title })), ...example };
  await studio.openData(documentToJson(document));
}

async function findExample(studio: Studio, spec: NodeSpec): Promise<Example> {
  const types = studio.workspace.types;
  if (!types) return { nodes: {}, wires: {} };
  const shipped = (await shippedWorkflows()).flatMap((workflow) => exampleWithin(workflow, types, spec.id) ?? []);
  const smallest = shipped.toSorted((a, b) => Object.keys(a.nodes).length - Object.keys(b.nodes).length)[0];
  const example = smallest ?? exampleOf(spec, types, t("inspector.examplePrompt"));
  // The layout comes with the first example, not with the page.
  const { tidied } = await import("../model/layout/tidy");
  const untidy = untidyOf({ ...emptyDocument("", ""), ...example }, types);
  const places = untidy ? tidied({ ...untidy, corner: [0, 0] }) : {};
  const nodes = Object.entries(example.nodes).map(([id, node]) => [id, { ...node, at: places[id] ?? node.at }]);
  return { ...example, nodes: Object.fromEntries(nodes) };
}

/** Without a connection there are none, and an example is made up. */
async function shippedWorkflows() {
  try {
    const { templates } = await files.list();
    const found = await Promise.all(templates.map(({ name }) => files.template(name)));
    return found.map((data) => parseDocument(data));
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}
