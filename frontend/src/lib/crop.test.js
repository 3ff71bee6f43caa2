// @ts-check
import { expect, test } from 'vitest';
import { cropAround } from './crop.js';

const image = { width: 640, height: 480 };

test('a box is shown with its surroundings, in the middle', () => {
  const crop = cropAround([300, 200, 340, 240], image, 4 / 3);
  expect(crop.width / crop.height).toBeCloseTo(4 / 3);
  expect(crop.x + crop.width / 2).toBe(320);
  expect(crop.y + crop.height / 2).toBe(220);
  expect(crop.width).toBeGreaterThanOrEqual(100);
});

test('the window stays inside the image, and is the image where there is no box or a large one', () => {
  const corner = cropAround([0, 0, 20, 20], image, 4 / 3);
  expect([corner.x, corner.y]).toEqual([0, 0]);
  const far = cropAround([630, 470, 640, 480], image, 4 / 3);
  expect([far.x + far.width, far.y + far.height]).toEqual([640, 480]);
  const whole = { x: 0, y: 0, width: 640, height: 480 };
  expect(cropAround(null, image, 4 / 3)).toEqual(whole);
  expect(cropAround([10, 10, 600, 400], image, 4 / 3)).toEqual(whole);
});
