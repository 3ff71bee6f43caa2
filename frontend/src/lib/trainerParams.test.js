// @ts-check
import { expect, it } from 'vitest';
import { chosenParams, defaultsOf } from './trainerParams.js';

/** @type {import('./trainerParams.js').TrainerParam[]} */
const params = [
  { name: 'epochs', type: 'int', default: 10, help: '' },
  { name: 'lr', type: 'float', default: null, help: '' },
  { name: 'note', type: 'str', default: null, help: '' },
  { name: 'flip', type: 'bool', default: true, help: '' },
];

it('starts from the declared defaults', () => {
  expect(defaultsOf(params)).toEqual({ epochs: 10, lr: undefined, note: '', flip: true });
});

it('sends only what was chosen', () => {
  expect(chosenParams(params, defaultsOf(params))).toEqual({});
  expect(chosenParams(params, { epochs: 3, lr: 0.1, note: 'x', flip: false })).toEqual({
    epochs: 3,
    lr: 0.1,
    note: 'x',
    flip: false,
  });
});
