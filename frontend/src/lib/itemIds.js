// @ts-check
const DIGITS = 16;

/** Item ids as the numbers that they are, made into texts only where one is looked at. */
export class ItemIds {
  /** @param {BigUint64Array} numbers */
  constructor(numbers) {
    this.numbers = numbers;
  }

  get length() {
    return this.numbers.length;
  }

  /** @param {number} index @returns {string | undefined} */
  at(index) {
    return this.numbers[index]?.toString(16).padStart(DIGITS, '0');
  }

  /**
   * Which of the ids are in a set.
   * @param {ReadonlySet<string>} ids
   * @returns {{ mask: Uint8Array, count: number }}
   */
  maskOf(ids) {
    const mask = new Uint8Array(this.length);
    if (ids.size === 0) return { mask, count: 0 };
    const wanted = new Set(Array.from(ids, (id) => BigInt(`0x${id}`)));
    let count = 0;
    for (let i = 0; i < this.length; i++) {
      if (!wanted.has(this.numbers[i])) continue;
      mask[i] = 1;
      count++;
    }
    return { mask, count };
  }
}
