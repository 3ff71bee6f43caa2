// @ts-check
import { expect, test } from 'vitest';
import { againBody, byAge, metricRows } from './reportChange.js';

/** @param {object} fields */
const report = (fields) =>
  /** @type {import('../api/model.d.ts').DriftReport} */ (
    /** @type {unknown} */ ({
      base: { name: 'b', dataset_id: 'd1' },
      target: { name: 't', dataset_id: 'd2' },
      workspaces: { base: 'w1' },
      alpha: 0.05,
      seed: 7,
      ...fields,
    })
  );

test('the base workspace is compared with the same target by the same rules', () => {
  expect(againBody(report({}))).toEqual({
    base_workspace_id: 'w1',
    target_dataset_id: 'd2',
    alpha: 0.05,
    seed: 7,
  });
  const target = { name: 't', dataset_id: 'd2', workspace_id: 'w2', snapshot_id: 'v3' };
  expect(againBody(report({ target }))).toMatchObject({
    target_workspace_id: 'w2',
    target_snapshot_id: 'v3',
  });
  expect(againBody(report({ workspaces: {} }))).toBeNull();
});

test('only metrics that both newest runs have are set side by side', () => {
  const side = (/** @type {object | null} */ metrics) => ({ runs: metrics ? [{ metrics }] : null });
  const change = (/** @type {object | null} */ before, /** @type {object | null} */ after) =>
    metricRows(
      /** @type {import('../api/model.d.ts').ReportChange} */ (
        /** @type {unknown} */ ({ before: side(before), after: side(after) })
      ),
    );
  expect(change({ f1: 0.5, loss: null, x: 1 }, { f1: 0.7, loss: 0.1 })).toEqual([
    { name: 'f1', before: 0.5, after: 0.7 },
  ]);
  expect(change(null, { f1: 1 })).toEqual([]);
});

test('before is what came before, not what came after', () => {
  const at = (/** @type {number} */ hour) =>
    /** @type {import('../api/model.d.ts').DriftReportSummary} */ (
      /** @type {unknown} */ ({ created_at: `2026-01-01T0${hour}:00:00Z` })
    );
  const [late, later, early] = [at(7), at(8), at(3)];
  expect(byAge({ created_at: '2026-01-01T05:00:00Z' }, [later, late, early])).toEqual({
    reports: [early],
    later,
  });
});
