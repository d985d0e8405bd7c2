/** The pixels of a picture as they are in its file, also where it is transparent. */
import { decodePng, type Pixels } from "../../model/pictures/png";

/** Fetch and decode a picture. */
export async function fetchPixels(url: string): Promise<Pixels> {
  const file = await (await fetch(url)).blob();
  return (await exactPixels(file)) ?? drawnPixels(file);
}

/** A canvas forgets the colours of what is transparent; hence files with masks are read by hand. */
async function exactPixels(file: Blob): Promise<Pixels | null> {
  return file.type === "image/png" ? decodePng(new Uint8Array(await file.arrayBuffer())) : null;
}

async function drawnPixels(file: Blob): Promise<Pixels> {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const drawing = new OffscreenCanvas(width, height).getContext("2d");
  if (!drawing) throw new Error("This browser cannot draw.");
  drawing.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: drawing.getImageData(0, 0, width, height).data };
}
