/** Every sentence and label of the page, in English: one file per area, keys `area.name`. */
import aboutTexts from "./about.json";
import addTexts from "./add.json";
import announceTexts from "./announce.json";
import arrangeTexts from "./arrange.json";
import bannerTexts from "./banner.json";
import cameraTexts from "./camera.json";
import canvasTexts from "./canvas.json";
import categoryTexts from "./category.json";
import colorTexts from "./color.json";
import commandTexts from "./command.json";
import conflictTexts from "./conflict.json";
import connectTexts from "./connect.json";
import cropTexts from "./crop.json";
import dropTexts from "./drop.json";
import diffTexts from "./diff.json";
import fieldTexts from "./field.json";
import fileTexts from "./file.json";
import frameTexts from "./frame.json";
import galleryTexts from "./gallery.json";
import inspectorTexts from "./inspector.json";
import jobTexts from "./job.json";
import libraryTexts from "./library.json";
import lightboxTexts from "./lightbox.json";
import listTexts from "./list.json";
import maskTexts from "./mask.json";
import menuTexts from "./menu.json";
import nodeTexts from "./node.json";
import noteTexts from "./note.json";
import openTexts from "./open.json";
import overlayTexts from "./overlay.json";
import packsTexts from "./packs.json";
import paletteTexts from "./palette.json";
import panelTexts from "./panel.json";
import pasteTexts from "./paste.json";
import problemsTexts from "./problems.json";
import queueTexts from "./queue.json";
import regionTexts from "./region.json";
import runTexts from "./run.json";
import saveTexts from "./save.json";
import saveAsTexts from "./saveAs.json";
import searchTexts from "./search.json";
import selectTexts from "./select.json";
import settingsTexts from "./settings.json";
import shortcutsTexts from "./shortcuts.json";
import statusTexts from "./status.json";
import subgraphTexts from "./subgraph.json";
import sweepTexts from "./sweep.json";
import tabsTexts from "./tabs.json";
import titleTexts from "./title.json";
import toolTexts from "./tool.json";
import tourTexts from "./tour.json";
import versionsTexts from "./versions.json";
import walkTexts from "./walk.json";
import wireTexts from "./wire.json";

export const en = {
  ...aboutTexts,
  ...addTexts,
  ...announceTexts,
  ...arrangeTexts,
  ...bannerTexts,
  ...cameraTexts,
  ...canvasTexts,
  ...categoryTexts,
  ...colorTexts,
  ...commandTexts,
  ...conflictTexts,
  ...connectTexts,
  ...cropTexts,
  ...dropTexts,
  ...diffTexts,
  ...fieldTexts,
  ...fileTexts,
  ...frameTexts,
  ...galleryTexts,
  ...inspectorTexts,
  ...jobTexts,
  ...libraryTexts,
  ...lightboxTexts,
  ...listTexts,
  ...maskTexts,
  ...menuTexts,
  ...nodeTexts,
  ...noteTexts,
  ...openTexts,
  ...overlayTexts,
  ...packsTexts,
  ...paletteTexts,
  ...panelTexts,
  ...pasteTexts,
  ...problemsTexts,
  ...queueTexts,
  ...regionTexts,
  ...runTexts,
  ...saveTexts,
  ...saveAsTexts,
  ...searchTexts,
  ...selectTexts,
  ...settingsTexts,
  ...shortcutsTexts,
  ...statusTexts,
  ...subgraphTexts,
  ...sweepTexts,
  ...tabsTexts,
  ...titleTexts,
  ...toolTexts,
  ...tourTexts,
  ...versionsTexts,
  ...walkTexts,
  ...wireTexts,
};
