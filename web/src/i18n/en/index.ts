/** Every sentence and label of the page, in English: one file per area, keys `area.name`. */
import add from "./add.json";
import app from "./app.json";
import banner from "./banner.json";
import canvas from "./canvas.json";
import command from "./command.json";
import connect from "./connect.json";
import field from "./field.json";
import file from "./file.json";
import gallery from "./gallery.json";
import inspector from "./inspector.json";
import job from "./job.json";
import library from "./library.json";
import lightbox from "./lightbox.json";
import node from "./node.json";
import panel from "./panel.json";
import queue from "./queue.json";
import run from "./run.json";
import save from "./save.json";
import search from "./search.json";
import status from "./status.json";
import title from "./title.json";

export const en = {
  ...add,
  ...app,
  ...banner,
  ...canvas,
  ...command,
  ...connect,
  ...field,
  ...file,
  ...gallery,
  ...inspector,
  ...job,
  ...library,
  ...lightbox,
  ...node,
  ...panel,
  ...queue,
  ...run,
  ...save,
  ...search,
  ...status,
  ...title,
};
