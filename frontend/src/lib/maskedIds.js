// @ts-check
/**
 * The ids of a lasso, as a set that is only built when someone looks an id up: a lasso over a million
 * points must not hold up the frame that draws it.
 * @implements {ReadonlySet<string>}
 */
export class MaskedIds {
  /** @type {Set<string> | null} */
  #set = null;

  /**
   * @param {import('./itemIds.js').ItemIds} ids all ids, in the order of the mask
   * @param {Uint8Array} mask 1 for those that are in the set
   * @param {number} size how many ones
   */
  constructor(ids, mask, size) {
    this.all = ids;
    this.mask = mask;
    this.size = size;
  }

  /** @param {string} id */
  has(id) {
    this.#set ??= new Set(this);
    return this.#set.has(id);
  }

  /** @returns {Generator<string, undefined>} */
  *[Symbol.iterator]() {
    for (let i = 0; i < this.mask.length; i++) {
      if (!this.mask[i]) continue;
      const id = this.all.at(i);
      if (id !== undefined) yield id;
    }
    return undefined;
  }

  keys() {
    return new Set(this).keys();
  }

  values() {
    return new Set(this).values();
  }

  entries() {
    return new Set(this).entries();
  }

  /** @param {(value: string, key: string, set: ReadonlySet<string>) => void} callback */
  forEach(callback) {
    for (const id of this) callback(id, id, this);
  }
}
