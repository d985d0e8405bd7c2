/** What can be made out at a zoom, and how words are fitted: what cannot be read is not painted. */

export interface Detail {
  /** Text size of titles, in units of the canvas; 0 where they could not be read. */
  readonly title: number;
  readonly ports: boolean;
  readonly fields: boolean;
  /** Bars where the texts of fields are. */
  readonly words: boolean;
  /** Rounded corners. */
  readonly round: boolean;
  readonly pictures: boolean;
  /** A line of about one pixel. */
  readonly hair: number;
  readonly wire: number;
}

/** Titles grow as the graph shrinks, up to this: they would leave the node. */
const LARGEST_TITLE = 42;
const USUAL_TITLE = 12.5;
/** On the screen, in pixels: the size titles are to have, and the least they can be read at. */
const WANTED = 11;
const LEGIBLE = 6.5;

export function detailAt(zoom: number): Detail {
  const title = Math.min(LARGEST_TITLE, Math.max(USUAL_TITLE, WANTED / zoom));
  return {
    title: title * zoom < LEGIBLE ? 0 : title,
    ports: zoom >= 0.28,
    fields: zoom >= 0.15,
    words: zoom >= 0.28,
    round: zoom >= 0.12,
    pictures: zoom >= 0.03,
    hair: Math.max(1, 0.7 / zoom),
    wire: Math.max(1.75, 0.8 / zoom),
  };
}

/**
 * As much of a text as has room, with an ellipsis if it is cut; nothing if hardly a word would be
 * left. `width` is that of the whole text; letters are taken to be of one width, which is near
 * enough for a title that is looked at from afar.
 */
export function fitted(text: string, width: number, room: number): string {
  if (width <= room) return text;
  const letters = Math.floor((text.length * room) / width) - 1;
  return letters < 2 ? "" : `${text.slice(0, letters).trimEnd()}…`;
}
