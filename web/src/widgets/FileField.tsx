import { ImageField } from "./ImageField";
import { ModelField } from "./ModelField";
import type { WidgetProps } from "./types";

/** A file by name: a model of a folder, or an uploaded picture. */
export function FileField(props: WidgetProps) {
  return props.port.widget?.upload ? <ImageField {...props} /> : <ModelField {...props} />;
}
