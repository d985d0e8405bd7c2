// Runs a prompt with @stable-canvas/comfyui-client: node stable_canvas.mjs HOST:PORT PROMPT.json
import { readFile } from "node:fs/promises";
import { Client } from "@stable-canvas/comfyui-client";
import WebSocket from "ws";

const [host, file] = process.argv.slice(2);
const prompt = JSON.parse(await readFile(file, "utf8"));
const client = new Client({ api_host: host, WebSocket, fetch });
const steps = [];
const heard = new Set();
client.on("message", (event) => {
  if (typeof event.data === "string") heard.add(JSON.parse(event.data).type);
});
await client.connect();
const stats = await client.getSystemStats();
const types = Object.keys(await client.getNodeDefs()).length;
const embeddings = await client.getEmbeddings();
const output = await client.enqueue(prompt, { progress: ({ value, max }) => steps.push([value, max]) });
const urls = output.images.filter(({ type }) => type === "url").map(({ data }) => data);
const history = await client.getHistory();
const queue = await client.getQueue();
console.log(
  JSON.stringify({
    python: stats.system.python_version,
    types,
    embeddings,
    steps,
    heard: [...heard],
    previews: output.images.length - urls.length,
    urls,
    over: history.History.length,
    waiting: queue.Running.length + queue.Pending.length,
  }),
);
client.close();
process.exit(0);
