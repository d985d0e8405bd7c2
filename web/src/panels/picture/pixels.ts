/** The pixels of a picture as they are in its file, also where it is transparent. */

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

interface Decoder {
  decode: () => Promise<{ image: VideoFrame }>;
  close: () => void;
}
type DecoderClass = new (init: { data: ArrayBuffer; type: string; premultiplyAlpha: "none" }) => Decoder;

/** Fetch and decode a picture. */
export async function fetchPixels(url: string): Promise<Pixels> {
  const file = await (await fetch(url)).blob();
  return (await exactPixels(file)) ?? drawnPixels(file);
}

/** A canvas forgets the colours of what is transparent; a decoder does not, where there is one. */
async function exactPixels(file: Blob): Promise<Pixels | null> {
  const { ImageDecoder } = globalThis as { ImageDecoder?: DecoderClass };
  if (!ImageDecoder || file.type === "image/jpeg") return null;
  try {
    const decoder = new ImageDecoder({ data: await file.arrayBuffer(), type: file.type, premultiplyAlpha: "none" });
    const { image } = await decoder.decode();
    const { codedWidth: width, codedHeight: height } = image;
    const data = new Uint8ClampedArray(width * height * 4);
    await image.copyTo(data, { format: "RGBA" } as VideoFrameCopyToOptions);
    image.close();
    decoder.close();
    return { width, height, data };
  } catch {
    return null; // a format that it does not know: the canvas may
  }
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
