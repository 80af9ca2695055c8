/** What the page uses of gifenc, which has no types of its own. */
declare module "gifenc" {
  export interface Frame {
    /** (k, 3) levels from 0 to 255, at most 256. */
    palette: number[][];
    transparent?: boolean;
    transparentIndex?: number;
    /** In milliseconds. */
    delay?: number;
    /** −1: once; 0: for ever. */
    repeat?: number;
  }
  export function GIFEncoder(): {
    writeFrame(indices: Uint8Array, width: number, height: number, frame: Frame): void;
    finish(): void;
    bytes(): Uint8Array<ArrayBuffer>;
  };
}
