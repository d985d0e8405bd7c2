/** Where a picture lies on its stage, and how a person moves it. All in pixels of the screen. */
export type Size = readonly [width: number, height: number];
export type Place = readonly [x: number, y: number];

/** The picture's upper left corner on the stage; `scale` is screen pixels for each of its own. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const LARGEST = 64;
/** So much of the picture stays on the stage. */
const HELD = 48;

/** As large as the stage lets it be; small pictures grow too. */
export function fitted(picture: Size, stage: Size): View {
  return centred(Math.min(stage[0] / picture[0], stage[1] / picture[1]), picture, stage);
}

/** In the middle at a scale. */
export function centred(scale: number, picture: Size, stage: Size): View {
  return { scale, x: (stage[0] - picture[0] * scale) / 2, y: (stage[1] - picture[1] * scale) / 2 };
}

/** Another picture in the place of a shown one: as large as that lets it be, in its own shape. */
export function inPlaceOf({ scale, x, y }: View, shown: Size, other: Size): View {
  const own = fitted(other, [shown[0] * scale, shown[1] * scale]);
  return { scale: own.scale, x: x + own.x, y: y + own.y };
}

/** Larger or smaller, with what is at `point` staying there. */
export function zoomed(view: View, factor: number, point: Place, picture: Size, stage: Size): View {
  const smallest = Math.min(1, fitted(picture, stage).scale) / 4;
  const scale = Math.max(smallest, Math.min(LARGEST, view.scale * factor));
  const grown = scale / view.scale;
  const x = point[0] - (point[0] - view.x) * grown;
  const y = point[1] - (point[1] - view.y) * grown;
  return held({ scale, x, y }, picture, stage);
}

export function moved(view: View, by: Place, picture: Size, stage: Size): View {
  return held({ ...view, x: view.x + by[0], y: view.y + by[1] }, picture, stage);
}

/** Which of the picture's pixels lies under a point of the stage; `null` beside it. */
export function pixelAt({ scale, x, y }: View, point: Place, [width, height]: Size): Place | null {
  const column = Math.floor((point[0] - x) / scale);
  const row = Math.floor((point[1] - y) / scale);
  return column >= 0 && row >= 0 && column < width && row < height ? [column, row] : null;
}

function held({ scale, x, y }: View, picture: Size, stage: Size): View {
  return { scale, x: within(x, picture[0] * scale, stage[0]), y: within(y, picture[1] * scale, stage[1]) };
}

function within(start: number, length: number, room: number): number {
  const margin = Math.min(HELD, length, room);
  return Math.max(margin - length, Math.min(room - margin, start));
}
