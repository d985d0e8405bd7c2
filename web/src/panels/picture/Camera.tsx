import { useEffect, useRef, useState } from "react";
import { setValue } from "../../model/commands";
import { useStudio, useUi } from "../../state/context";
import { pictureName } from "../../state/placing";
import { Button } from "../../ui/Button";
import { Overlay } from "../../ui/Overlay";
import { t } from "../../i18n/text";
import styles from "./Picture.module.css";

/** A picture from the camera, which is on only while this is open. */
export function Camera() {
  const studio = useStudio();
  const slot = useUi((state) => state.slot);
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<"asking" | "on" | "refused">("asking");
  useEffect(() => {
    let stream: MediaStream | null = null;
    let left = false;
    const started = navigator.mediaDevices?.getUserMedia({ video: { width: { ideal: 1920 } } }) ?? Promise.reject(new Error("none"));
    started.then(
      (found) => {
        stream = found;
        if (left) return stop(found);
        if (video.current) video.current.srcObject = found;
        setState("on");
      },
      () => setState("refused"),
    );
    return () => {
      left = true;
      if (stream) stop(stream);
    };
  }, []);

  async function take(): Promise<void> {
    if (!video.current || !slot) return;
    const { videoWidth, videoHeight } = video.current;
    const canvas = new OffscreenCanvas(videoWidth, videoHeight);
    canvas.getContext("2d")?.drawImage(video.current, 0, 0);
    const picture = await canvas.convertToBlob({ type: "image/png" });
    const value = await studio.upload(new File([picture], pictureName("camera"), { type: "image/png" }));
    if (value === null) return;
    studio.documents.run(setValue, [{ ...slot, value }]);
    studio.ui.setState({ overlay: null, slot: null });
  }

  return (
    <Overlay title={t("camera.title")}>
      <div className={styles["editor"]}>
        {state === "refused" ? <p className={styles["quiet"]}>{t("camera.refused")}</p> : <video ref={video} className={styles["video"]} autoPlay playsInline muted />}
        <div className={styles["tools"]}>
          <span className={styles["space"]} />
          <Button look="primary" disabled={state !== "on"} onClick={() => void take().catch((error: Error) => studio.notify(error.message))}>
            {t("camera.take")}
          </Button>
        </div>
      </div>
    </Overlay>
  );
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
