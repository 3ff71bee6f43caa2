// @ts-check
import { scaleOf } from './camera.js';

/**
 * A million points in WebGL2. While the camera moves only a prefix is drawn (points are shuffled, so
 * it is a fair sample); at rest all are added in slices, each when the one before is on the screen, so
 * that the rest of the page never waits behind a queue of them, even where WebGL runs in software.
 *
 * @typedef {import('./camera.js').Camera} Camera
 * @typedef {object} Points
 * @property {Float32Array} x
 * @property {Float32Array} y
 * @property {Uint16Array} codes category of each point, below PALETTE_SIZE
 * @typedef {object} Renderer
 * @property {'webgl2' | '2d'} kind
 * @property {(points: Points) => void} setPoints
 * @property {(palette: Uint8Array) => void} setPalette RGBA per category; alpha 0 hides it
 * @property {(mask: Uint8Array | null) => void} setMask null: nothing is selected, all are drawn alike
 * @property {(camera: Camera, moving: boolean) => void} setCamera
 * @property {() => void} resize
 * @property {() => void} destroy
 */

export const PALETTE_SIZE = 512;
/** While moving: as many as the machine draws in a frame, between these two. */
const MOST_MOVING = 100_000;
const LEAST_MOVING = 12_000;
const SLOW_FRAME_MS = 50;
const FAST_FRAME_MS = 20;
const SLICE = 250_000;
const REST_MS = 140;

const VERTEX = `#version 300 es
in float x; in float y; in uint code; in uint selected;
uniform vec4 camera; uniform float size; uniform float anySelected;
uniform highp sampler2D palette;
out vec4 color;
void main() {
  vec4 tone = texelFetch(palette, ivec2(int(code), 0), 0);
  bool lit = anySelected < .5 || selected > 0u;
  gl_Position = tone.a < .5 ? vec4(2., 2., 2., 1.)
    : vec4((x - camera.x) * camera.z, (y - camera.y) * camera.w, 0., 1.);
  gl_PointSize = lit ? size : max(1., size * .75);
  float alpha = lit ? .85 : .16;
  color = vec4((lit ? tone.rgb : mix(tone.rgb, vec3(.6), .8)) * alpha, alpha);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 color; out vec4 result;
void main() {
  vec2 d = gl_PointCoord - .5;
  if (dot(d, d) > .25) discard;
  result = color;
}`;

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Renderer | null} null where there is no WebGL2
 */
export function createGlScatter(canvas) {
  const gl = canvas.getContext('webgl2', {
    antialias: false,
    premultipliedAlpha: true,
    preserveDrawingBuffer: true, // slices are added to what is there
  });
  if (!gl) return null;
  const program = link(gl);
  /** @param {string} name */
  const uniform = (name) => gl.getUniformLocation(program, name);
  const u = { camera: uniform('camera'), size: uniform('size'), any: uniform('anySelected') };
  const buffers = new Map();
  /** @type {Camera} */
  let camera = { x: 0, y: 0, zoom: 1 };
  let n = 0;
  let drawn = 0;
  let frame = 0;
  let moving = false;
  let budget = MOST_MOVING;
  let movedAt = 0;
  let anySelected = false;
  /** @type {WebGLSync | null} */
  let slice = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;

  /** @param {string} name @param {Float32Array | Uint16Array | Uint8Array} values */
  function upload(name, values) {
    const buffer = buffers.get(name) ?? gl?.createBuffer();
    buffers.set(name, buffer);
    gl?.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl?.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    const at = gl?.getAttribLocation(program, name) ?? -1;
    if (!gl || at < 0) return;
    gl.enableVertexAttribArray(at);
    if (values instanceof Float32Array) gl.vertexAttribPointer(at, 1, gl.FLOAT, false, 0, 0);
    else {
      const type = values instanceof Uint16Array ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE;
      gl.vertexAttribIPointer(at, 1, type, 0, 0);
    }
  }

  function draw() {
    frame = 0;
    if (!gl) return;
    if (!moving && isDrawing()) {
      frame = requestAnimationFrame(draw);
      return;
    }
    if (drawn === n && n > 0) {
      canvas.dataset.drawn = 'all';
      return;
    }
    if (drawn === 0) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const [sx, sy] = scaleOf(camera, canvas);
      gl.uniform4f(u.camera, camera.x, camera.y, sx, sy);
      gl.uniform1f(u.size, pointSize(n, camera, canvas));
      gl.uniform1f(u.any, anySelected ? 1 : 0);
    }
    if (moving) adapt();
    const count = moving ? Math.min(n, budget) : Math.min(n - drawn, SLICE);
    if (count > 0) gl.drawArrays(gl.POINTS, drawn, count);
    drawn += count;
    canvas.dataset.drawn = n > 0 ? 'part' : 'all';
    if (moving || n === 0) return;
    slice = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    frame = requestAnimationFrame(draw);
  }

  /** Whether the last slice is still on its way to the screen. */
  function isDrawing() {
    if (!gl || !slice) return false;
    if (gl.clientWaitSync(slice, gl.SYNC_FLUSH_COMMANDS_BIT, 0) === gl.TIMEOUT_EXPIRED) return true;
    gl.deleteSync(slice);
    slice = null;
    return false;
  }

  /** Frames that come late mean that too much is drawn in each. */
  function adapt() {
    const now = performance.now();
    const took = now - movedAt;
    movedAt = now;
    if (took > 1000) return; // the first frame of a move
    if (took > SLOW_FRAME_MS) budget = Math.max(LEAST_MOVING, budget * 0.7);
    else if (took < FAST_FRAME_MS) budget = Math.min(MOST_MOVING, budget * 1.15);
    budget = Math.round(budget);
  }

  function restart() {
    drawn = 0;
    if (!frame) frame = requestAnimationFrame(draw);
  }

  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const texture = gl.createTexture();

  return {
    kind: 'webgl2',
    setPoints({ x, y, codes }) {
      n = x.length;
      upload('x', x);
      upload('y', y);
      upload('code', codes);
      upload('selected', new Uint8Array(n));
      anySelected = false;
      restart();
    },
    setPalette(palette) {
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(
        gl.TEXTURE_2D,
        0,
        gl.RGBA,
        PALETTE_SIZE,
        1,
        0,
        gl.RGBA,
        gl.UNSIGNED_BYTE,
        palette,
      );
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      restart();
    },
    setMask(mask) {
      anySelected = mask !== null;
      if (mask) upload('selected', mask);
      restart();
    },
    setCamera(next, isMoving) {
      camera = next;
      moving = isMoving;
      clearTimeout(rest);
      if (!moving) {
        restart();
        return;
      }
      rest = setTimeout(() => {
        moving = false;
        restart();
      }, REST_MS);
      restart();
    },
    resize: restart,
    destroy() {
      cancelAnimationFrame(frame);
      clearTimeout(rest);
      gl.deleteProgram(program);
      gl.deleteTexture(texture);
      for (const buffer of buffers.values()) gl.deleteBuffer(buffer);
    },
  };
}

/** Smaller where there are many, larger when one looks close. @param {number} n @param {Camera} camera @param {HTMLCanvasElement} canvas */
export function pointSize(n, camera, canvas) {
  const dense = n > 300_000 ? 1.6 : n > 30_000 ? 3 : n > 3000 ? 4.5 : 7;
  const ratio = canvas.width / Math.max(1, canvas.clientWidth);
  return Math.max(1, dense * ratio * Math.min(3, Math.max(1, Math.sqrt(camera.zoom) / 2)));
}

/** @param {WebGL2RenderingContext} gl */
function link(gl) {
  const program = gl.createProgram();
  for (const [type, source] of /** @type {[number, string][]} */ ([
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ])) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error('the WebGL context was lost');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) {
      throw new Error(gl.getShaderInfoLog(shader) ?? 'the shader does not compile');
    }
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's name, not a hook
  gl.useProgram(program);
  return program;
}
