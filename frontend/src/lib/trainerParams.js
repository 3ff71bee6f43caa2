// @ts-check
/** @typedef {import('../api/queries/types.d.ts').TrainerParam} TrainerParam */

/**
 * What a form starts with.
 * @param {readonly TrainerParam[]} params
 * @returns {Record<string, unknown>}
 */
export function defaultsOf(params) {
  return Object.fromEntries(
    params.map(({ name, type, default: value }) => [name, value ?? EMPTY[type]]),
  );
}

/** @type {Record<TrainerParam['type'], unknown>} */
const EMPTY = { int: undefined, float: undefined, str: '', bool: false };

/**
 * What goes to the API: only what differs from the default, so that the run's record says what was chosen.
 * @param {readonly TrainerParam[]} params
 * @param {Record<string, unknown>} values
 */
export function chosenParams(params, values) {
  const chosen = params.filter(({ name, type, default: initial }) => {
    const value = values[name];
    return value !== undefined && value !== (initial ?? EMPTY[type]);
  });
  return Object.fromEntries(chosen.map(({ name }) => [name, values[name]]));
}
