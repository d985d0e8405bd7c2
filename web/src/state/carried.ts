/** A picture of ours while it is dragged. */
import { isRecord } from "../model/format/format";

const CARRIED = "application/x-wirebrush-asset";

export interface Carried {
  readonly asset: string;
  readonly name: string;
}

export function carry(transfer: DataTransfer, { asset, name }: Carried): void {
  transfer.setData(CARRIED, JSON.stringify({ asset, name }));
  transfer.effectAllowed = "copy";
}

/** Whether a picture of ours is being dragged; which one is only told when it is dropped. */
export function carriesPicture(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes(CARRIED) ?? false;
}

export function carried(transfer: DataTransfer | null): Carried | null {
  try {
    const data: unknown = JSON.parse(transfer?.getData(CARRIED) || "null");
    if (!isRecord(data) || typeof data["asset"] !== "string" || typeof data["name"] !== "string") return null;
    return { asset: data["asset"], name: data["name"] };
  } catch {
    return null;
  }
}
