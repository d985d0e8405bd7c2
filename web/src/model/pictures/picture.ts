/** The workflow that a picture of ours carries: a text chunk of the PNG. */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const KEYWORD = "wirebrush";

/** The workflow file's text; `null` if this is no PNG or there is none in it. */
export function workflowTextIn(file: ArrayBuffer): string | null {
  const bytes = new Uint8Array(file);
  if (SIGNATURE.some((byte, index) => bytes[index] !== byte)) return null;
  const view = new DataView(file);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCodePoint(...bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    const text = type === "tEXt" ? latinText(data) : type === "iTXt" ? unicodeText(data) : null;
    if (text !== null) return text;
    at += 12 + length;
  }
  return null;
}

/** `keyword NUL text`, one byte per character. */
function latinText(data: Uint8Array): string | null {
  const end = data.indexOf(0);
  const latin = new TextDecoder("latin1");
  return latin.decode(data.subarray(0, end)) === KEYWORD ? latin.decode(data.subarray(end + 1)) : null;
}

/** `keyword NUL compressed method language NUL translation NUL text`, as UTF-8; ours are not compressed. */
function unicodeText(data: Uint8Array): string | null {
  const end = data.indexOf(0);
  const utf8 = new TextDecoder();
  if (utf8.decode(data.subarray(0, end)) !== KEYWORD || data[end + 1] !== 0) return null;
  const language = data.indexOf(0, end + 3);
  const translation = data.indexOf(0, language + 1);
  return language < 0 || translation < 0 ? null : utf8.decode(data.subarray(translation + 1));
}
