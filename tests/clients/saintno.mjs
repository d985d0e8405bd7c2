// Runs a prompt with @saintno/comfyui-sdk: node saintno.mjs URL PROMPT.json PICTURE
import { readFile } from "node:fs/promises";
import { CallWrapper, ComfyApi, PromptBuilder } from "@saintno/comfyui-sdk";

const [url, file, picture] = process.argv.slice(2);
const prompt = JSON.parse(await readFile(file, "utf8"));
const api = new ComfyApi(url);
await api.init().waitForReady();
const uploaded = await api.uploadImage(await readFile(picture), "upload.png");
const builder = new PromptBuilder(prompt, ["seed", "text"], ["images"])
  .setInputNode("seed", "3.inputs.seed")
  .setInputNode("text", "6.inputs.text")
  .setOutputNode("images", "9")
  .input("seed", 11)
  .input("text", "a blue house by the sea");
const told = { pending: 0, started: 0, progress: 0, previews: 0 };
const done = await new Promise((resolve, reject) => {
  new CallWrapper(api, builder)
    .onPending(() => told.pending++)
    .onStart(() => told.started++)
    .onProgress(() => told.progress++)
    .onPreview(() => told.previews++)
    .onFinished(resolve)
    .onFailed(reject)
    .run();
});
console.log(
  JSON.stringify({
    told,
    uploaded: uploaded.info,
    pictures: done.images.images.map((image) => api.getPathImage(image)),
    checkpoints: await api.getCheckpoints(),
  }),
);
process.exit(0);
