/** The scene of the open canvas, made when it is asked for and kept until something in it changes. */
import { EMPTY_SCENE, SceneMaker, type Scene, type SceneInput } from "./scene";

export class Scenes {
  readonly #maker = new SceneMaker();
  #input: SceneInput | null = null;
  #scene: Scene | null = EMPTY_SCENE;

  /** What the next scene is made of. */
  update(input: SceneInput): void {
    const { graph, placed, moved, carried } = input;
    const old = this.#input;
    const same = old?.graph === graph && old.placed === placed && old.moved === moved && old.carried === carried;
    this.#input = input;
    if (!same) this.#scene = null;
  }

  /** The scene as it is now. */
  now(): Scene {
    if (!this.#scene) this.#scene = this.#input ? this.#maker.from(this.#input) : EMPTY_SCENE;
    return this.#scene;
  }
}
