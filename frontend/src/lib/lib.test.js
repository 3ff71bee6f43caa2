// @ts-check
import i18next from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import { archiveIn, nameOfArchive } from './archives.js';
import { binAt, rangeOfBins } from './bins.js';
import { formatAgo, formatBytes, formatDuration, formatP } from './format.js';
import { linkOfJob, subjectOfJob } from './jobLinks.js';
import { pairOf } from './pairs.js';
import { stepArea } from './stepPath.js';
import { directionOf } from './why.js';

beforeAll(() => i18next.init({ lng: 'en', resources: {} }));

test('a p-value is never shown as zero', () => {
  expect(formatP(0.0000001)).toBe('< 0.001');
  expect(formatP(0.0314)).toBe('0.031');
  expect(formatP(null)).toBe('–');
});

test('sizes and times read as people write them', () => {
  expect(formatBytes(0)).toBe('0 B');
  expect(formatBytes(999_600)).toBe('1 MB');
  expect(formatBytes(3_221_225_472)).toBe('3.22 GB');
  expect(formatDuration(75)).toBe('1:15');
  expect(formatDuration(4000)).toBe('1:06:40');
  expect(formatAgo(Date.now() - 180_000)).toBe('3 minutes ago');
});

test('a dataset is named after its archive', () => {
  expect(nameOfArchive('현장 2024.tar.gz')).toBe('현장 2024');
  expect(nameOfArchive('a.b.zip')).toBe('a.b');
});

test('of several dropped files the archive is taken', () => {
  const files = [new File([], 'notes.txt'), new File([], 'data.ZIP')];
  expect(archiveIn(files)?.name).toBe('data.ZIP');
  expect(archiveIn([])).toBeNull();
});

test('bins are found by place and span a range either way', () => {
  expect([binAt(-1, 10), binAt(0.55, 10), binAt(2, 10)]).toEqual([0, 5, 9]);
  expect(rangeOfBins([0, 1, 2, 3], 2, 1)).toEqual({ min: 1, max: 3 });
});

test('a histogram is drawn as closed steps', () => {
  expect(stepArea([1, 2], 2, 10, 10)).toBe('M0 10V5.00H5.00V0.00H10.00V10Z');
  expect(stepArea([], 1, 10, 10)).toBe('');
});

test('the other side of a report is its newest workspace, one’s own side is the open one', () => {
  const make = (/** @type {string} */ id, /** @type {string} */ role, report = 'r1') =>
    /** @type {import('./pairs.js').Workspace} */ ({
      workspace_id: id,
      role,
      drift_report_id: report,
    });
  const all = [
    make('t2', 'target'),
    make('t1', 'target'),
    make('b1', 'base'),
    make('x', 'base', 'r2'),
  ];
  expect(pairOf('b1', all)).toEqual({ base: 'b1', target: 't2' });
  expect(pairOf('t1', all)).toEqual({ target: 't1', base: 'b1' });
  expect(pairOf('unknown', all)).toEqual({});
});

test('a finished job leads to what it made', () => {
  const job = /** @type {import('../api/model.d.ts').Job} */ ({ kind: 'drift', result: null });
  expect(linkOfJob({ ...job, result: { report_id: 'd1' } })).toBe('/drift/d1');
  expect(linkOfJob({ ...job, kind: 'snapshot', workspace_id: 'w' })).toBe('/w/w/snapshots');
  expect(linkOfJob(job)).toBeNull();
  const guard = { ...job, result: { guard_id: 'g1', name: 'Line 3', base: { name: 'a' } } };
  expect([linkOfJob(guard), subjectOfJob(guard)]).toEqual(['/drift', 'Line 3']);
});

test('a change of spread is not called higher or lower', () => {
  const shift = /** @type {import('./why.js').Shift} */ ({ drifted: true, size: 1, shift: 0.2 });
  expect(directionOf(shift)).toBe('shape');
  expect(directionOf({ ...shift, shift: -0.9 })).toBe('down');
  expect(directionOf({ ...shift, drifted: false })).toBe('none');
});
