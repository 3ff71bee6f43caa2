// @ts-check
import { shapeOf } from './annotations.js';

/** @typedef {import('../api/queries/types.d.ts').DiffItem} DiffItem */
/** @typedef {import('../api/queries/types.d.ts').Annotation} Annotation */
/** @typedef {import('../components/explorer/BoxOverlay.jsx').DrawnShape} DrawnShape */
/** @typedef {{kind: 'added' | 'removed' | 'moved' | 'relabelled' | 'changed', from: string, to: string}} BoxChange */

/**
 * What is drawn over an item of a diff: the old state dashed, the new one solid, the rest faded.
 * @param {DiffItem} item
 * @param {(name: string) => string} colorOf
 * @returns {DrawnShape[]}
 */
export function shapesOfDiff({ annotations, unchanged }, colorOf) {
  const { added, removed, moved, relabelled, changed } = annotations;
  const pairs = [...moved, ...relabelled, ...changed];
  const layers = [
    { name: 'same', drawn: unchanged, style: { faded: true } },
    { name: 'old', drawn: [...removed, ...pairs.map((pair) => pair.old)], style: { dashed: true } },
    { name: 'new', drawn: [...added, ...pairs.map((pair) => pair.new)], style: {} },
  ];
  return layers.flatMap(({ name, drawn, style }) =>
    drawn.flatMap((annotation, index) => {
      const shape = shapeOf(annotation);
      const color = colorOf(annotation.class_name);
      return shape ? [{ key: `${name}${index}`, shape, color, ...style }] : [];
    }),
  );
}

/**
 * The same in words, one entry per annotation that differs.
 * @param {DiffItem['annotations']} annotations
 * @returns {BoxChange[]}
 */
export function boxChanges({ added, removed, moved, relabelled, changed }) {
  /** @param {BoxChange['kind']} kind @returns {(pair: {old: Annotation, new: Annotation}) => BoxChange} */
  const pairAs = (kind) => (pair) => ({ kind, from: pair.old.class_name, to: pair.new.class_name });
  return [
    ...added.map((a) => /** @type {BoxChange} */ ({ kind: 'added', from: '', to: a.class_name })),
    ...removed.map(
      (a) => /** @type {BoxChange} */ ({ kind: 'removed', from: a.class_name, to: '' }),
    ),
    ...moved.map(pairAs('moved')),
    ...relabelled.map(pairAs('relabelled')),
    ...changed.map(pairAs('changed')),
  ];
}
