// The cloud in three.js: points for the picture's colours, spheres for the centres, and the edges
// of all colours there are. Points lie between two sets of places, so that spaces change smoothly.

import {
  BackSide,
  BufferAttribute,
  BufferGeometry,
  FrontSide,
  InstancedBufferAttribute,
  InstancedMesh,
  LineSegments,
  Matrix4,
  PerspectiveCamera,
  Points,
  Scene,
  ShaderMaterial,
  SphereGeometry,
  WebGLRenderer,
} from "three";
import type { CloudSpace } from "../settings";
import { edges, placed } from "./places";
import type { Camera, Centers } from "./protocol";
import { eyeOf, FIELD } from "./view";

const MOST_CENTERS = 256;

/** Between the places in Oklab and in RGB. */
const BETWEEN = "vec3 place = mix(position, other, toOther);";

export class CloudScene {
  #renderer: WebGLRenderer;
  #scene = new Scene();
  #camera = new PerspectiveCamera(FIELD, 1, 0.05, 20);
  #shared = { toOther: { value: 0 }, pixels: { value: 1 }, line: { value: [0.5, 0.5, 0.5] } };
  #points: Points | null = null;
  #colors: Uint8Array = new Uint8Array();
  #spheres: InstancedMesh[];
  #outline = { value: [1, 1, 1] };

  /** Throws where there is no WebGL. */
  constructor(canvas: OffscreenCanvas) {
    // Of the canvas, three.js only asks for a style where it sets a size, which we do ourselves.
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.#scene.add(this.#makeEdges());
    const sphere = new SphereGeometry(1, 20, 14);
    this.#spheres = [this.#makeSpheres(sphere, true), this.#makeSpheres(sphere, false)];
    this.#scene.add(...this.#spheres);
  }

  resize(width: number, height: number, ratio: number): void {
    this.#renderer.setPixelRatio(ratio);
    this.#renderer.setSize(width, height, false);
    this.#camera.aspect = width / height;
    this.#camera.updateProjectionMatrix();
    this.#shared.pixels.value = height * ratio;
  }

  turn(camera: Camera): void {
    this.#camera.position.set(...eyeOf(camera));
    this.#camera.lookAt(0, 0, 0);
  }

  setTheme(line: number[], outline: number[]): void {
    this.#shared.line.value = line;
    this.#outline.value = outline;
  }

  setPoints(colors: Uint8Array, counts: Float64Array): void {
    if (this.#points) {
      this.#scene.remove(this.#points);
      this.#points.geometry.dispose();
    }
    const most = counts.reduce((a, b) => Math.max(a, b), 1);
    const geometry = placedGeometry(colors);
    geometry.setAttribute("color", new BufferAttribute(colors, 3, true));
    this.#colors = colors;
    const sizes = Float32Array.from(counts, (count) => 0.006 + 0.02 * Math.sqrt(count / most));
    geometry.setAttribute("size", new BufferAttribute(sizes, 1));
    this.#points = new Points(geometry, this.#pointMaterial());
    this.#points.frustumCulled = false;
    this.#scene.add(this.#points);
  }

  /** Gives the points other colours (n, 3), or their own again. */
  shade(colors: Uint8Array | null): void {
    const shades = colors ?? this.#colors;
    this.#points?.geometry.setAttribute("color", new BufferAttribute(shades, 3, true));
  }

  /** Sets the place between Oklab, 0, and RGB, 1. */
  setSpace(toRgb: number): void {
    this.#shared.toOther.value = toRgb;
  }

  /** Moves the spheres to places (k, 3). */
  setCenters(places: Float32Array, { colors, shares }: Centers): void {
    const k = Math.min(MOST_CENTERS, shares.length);
    const matrix = new Matrix4();
    const crowd = k > 64 ? 0.6 : k > 24 ? 0.8 : 1;
    this.#spheres.forEach((mesh, layer) => {
      const color = mesh.geometry.getAttribute("shade") as InstancedBufferAttribute;
      for (let i = 0; i < k; i++) {
        const radius = crowd * (0.016 + 0.07 * Math.cbrt(shares[i])) + (layer ? 0 : 0.006);
        matrix
          .makeScale(radius, radius, radius)
          .setPosition(places[3 * i], places[3 * i + 1], places[3 * i + 2]);
        mesh.setMatrixAt(i, matrix);
        color.setXYZ(i, colors[3 * i] / 255, colors[3 * i + 1] / 255, colors[3 * i + 2] / 255);
      }
      mesh.count = k;
      mesh.instanceMatrix.needsUpdate = true;
      color.needsUpdate = true;
    });
  }

  render(): void {
    this.#renderer.render(this.#scene, this.#camera);
  }

  #pointMaterial(): ShaderMaterial {
    return new ShaderMaterial({
      uniforms: this.#shared,
      vertexShader: `
        attribute vec3 other;
        attribute vec3 color;
        attribute float size;
        uniform float toOther;
        uniform float pixels;
        varying vec3 shade;
        void main() {
          ${BETWEEN}
          shade = color;
          vec4 seen = modelViewMatrix * vec4(place, 1.0);
          gl_Position = projectionMatrix * seen;
          gl_PointSize = max(1.5, size * pixels * projectionMatrix[1][1] / -seen.z / 2.0);
        }`,
      fragmentShader: `
        varying vec3 shade;
        void main() {
          if (length(gl_PointCoord - 0.5) > 0.5) discard;
          gl_FragColor = vec4(shade, 1.0);
        }`,
    });
  }

  #makeEdges(): LineSegments {
    const material = new ShaderMaterial({
      uniforms: this.#shared,
      vertexShader: `
        attribute vec3 other;
        uniform float toOther;
        void main() {
          ${BETWEEN}
          gl_Position = projectionMatrix * modelViewMatrix * vec4(place, 1.0);
        }`,
      fragmentShader: `
        uniform vec3 line;
        void main() { gl_FragColor = vec4(line, 1.0); }`,
    });
    const lines = new LineSegments(placedGeometry(edges()), material);
    lines.frustumCulled = false;
    return lines;
  }

  /** Spheres in their colours or, a little larger and seen from within, their outlines. */
  #makeSpheres(sphere: SphereGeometry, outline: boolean): InstancedMesh {
    const geometry = sphere.clone();
    geometry.setAttribute(
      "shade",
      new InstancedBufferAttribute(new Float32Array(3 * MOST_CENTERS), 3),
    );
    const material = new ShaderMaterial({
      side: outline ? BackSide : FrontSide,
      uniforms: { outline: this.#outline },
      vertexShader: `
        attribute vec3 shade;
        varying vec3 color;
        varying float light;
        void main() {
          color = shade;
          vec3 facing = normalize(mat3(modelViewMatrix) * mat3(instanceMatrix) * normal);
          light = dot(facing, normalize(vec3(-0.3, 0.6, 0.8)));
          gl_Position = projectionMatrix * modelViewMatrix * instanceMatrix * vec4(position, 1.0);
        }`,
      fragmentShader: outline
        ? `
        uniform vec3 outline;
        void main() { gl_FragColor = vec4(outline, 1.0); }`
        : `
        varying vec3 color;
        varying float light;
        void main() { gl_FragColor = vec4(color * (0.9 + 0.1 * light), 1.0); }`,
    });
    const mesh = new InstancedMesh(geometry, material, MOST_CENTERS);
    mesh.count = 0;
    mesh.frustumCulled = false;
    return mesh;
  }
}

/** With the places of colours in Oklab, and in RGB as the other ones. */
function placedGeometry(colors: ArrayLike<number>): BufferGeometry {
  const inSpace = (space: CloudSpace) => new BufferAttribute(placed(colors, space), 3);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", inSpace("oklab"));
  geometry.setAttribute("other", inSpace("rgb"));
  return geometry;
}
