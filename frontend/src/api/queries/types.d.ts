/** Wire types of data, samples, snapshots and experiments; what openapi.json leaves open is worded here. */
import type { Box as BoxShape } from '../../lib/annotations.js';
import type { ItemFilter } from '../../lib/filterParams.js';
import type { SelectionBody } from '../../lib/selection.js';
import type { Histogram, ReportRow } from '../model.d.ts';

export type Filter = ItemFilter;
export type Selection = SelectionBody;
export type { Histogram, ReportRow };

export interface Item {
  item_id: string;
  file_name: string;
  split: string;
  width: number;
  height: number;
  bytes: number;
  content_hash: string;
  classes: string[];
  annotation_count: number;
  annotated: boolean;
  attributes: Record<string, number>;
  thumbnail_url: string;
  color: string;
}

export interface Annotation {
  class_name: string;
  kind: 'box' | 'polygon' | 'mask' | 'class';
  box: BoxShape | null;
  polygons: number[][];
  extra: Record<string, unknown>;
}

export interface ItemDetail extends Item {
  /** null: not annotated; []: a background image. */
  annotations: Annotation[] | null;
  image_url: string;
}

export interface ItemPage {
  items: Item[];
  /** The data changed since the view was resolved. */
  stale?: boolean;
  next_cursor: string | null;
  total: number;
  data_version: string;
}

export interface View {
  view_id: string;
  total: number;
  data_version: string;
}

/** A named filter and order; the filter as the API keeps it, see `savedFilter`. */
export interface SavedView {
  saved_id: string;
  name: string;
  filter: Record<string, unknown>;
  sort: string | null;
  created_at: string;
}

export interface QualityItem {
  item_id: string;
  name: string;
  split: string;
  content_hash: string;
  width: number;
  height: number;
  annotation_count: number;
}

/** Equal or nearly equal images, the best one first. */
export interface QualityGroup {
  kind: 'exact' | 'near';
  items: QualityItem[];
  keep: string;
  remove: string[];
  splits: string[];
}

export interface LabelIssue {
  item_id: string;
  code: string;
  class_name: string;
  /** 0–1, how odd. */
  score: number;
  detail: string;
  /** What a model's predictions say of it: shares 0–1, and the predicted class. */
  facts?: Record<string, number | string>;
  /** x1, y1, x2, y2 in pixels; null for a class of the whole image. */
  box: [number, number, number, number] | null;
  image_size: { width: number; height: number };
}

/** The run whose predictions the labels were held against. */
export interface HeldAgainst {
  experiment_id: string;
  name: string;
  snapshot_id: string;
  problem: string | null;
}

export interface Quality {
  duplicates: QualityGroup[];
  leaks: QualityGroup[];
  labels: LabelIssue[];
  counts: Record<string, number>;
  predictions: HeldAgainst | null;
}

export interface RecipeStep {
  kind: string;
  params: Record<string, unknown>;
  changed: number;
}

export interface Recipe {
  recipe: number;
  name: string;
  steps: RecipeStep[];
}

/** What repeating a recipe did, or would do; `expected` is what it did where it comes from. */
export interface RecipeReport {
  steps: (RecipeStep & {
    expected: number;
    outcome: 'done' | 'nothing' | 'not-portable' | 'failed';
    code?: string;
    skipped: { item_id: string; code: string }[];
    edit_id: string | null;
  })[];
  differs: boolean;
}

export interface SplitRequest {
  ratios: Record<string, number>;
  stratified: boolean;
  group_by: 'none' | 'duplicates' | 'folder' | 'prefix';
  stable: boolean;
  frozen: string[];
  seed: number;
}

/** Bins of equal width between the least and the greatest value of all items, whatever the filter. */
export interface Bins {
  kind: 'bins';
  min: number | null;
  max: number | null;
  counts: number[];
  missing: number;
}

export interface ValueCounts {
  kind: 'counts';
  values: Record<string, number>;
}

export type FieldSummary = Bins | ValueCounts;

export interface Histograms {
  fields: Record<string, FieldSummary>;
  total: number;
  data_version: string;
}

export interface Stats {
  items: number;
  annotations: number;
  bytes: number;
  splits: Record<string, number>;
  classes: Record<string, { items: number; annotations: number }>;
  by_split: Record<string, Record<string, number>>;
  unlabelled: number;
  backgrounds: number;
  issues: Record<string, number>;
  data_version: string;
}

export interface EditResult {
  changed: number;
  skipped: { item_id: string; code: string }[];
  edit_id: string | null;
  data_version: string;
  effect: Effect;
}

export interface EditRecord {
  edit_id: string;
  kind: string;
  created_at: string;
  changed: number;
  undone: boolean;
  params: Record<string, unknown>;
}

export interface KeptDropped {
  kept: number;
  dropped: number;
}

export interface SamplePreview {
  /** Annotations per class, items per split, over the pool. */
  classes: Record<string, KeptDropped>;
  splits: Record<string, KeptDropped>;
  kept_examples: string[];
  dropped_examples: string[];
}

export interface Sample {
  sample_id: string;
  strategy: { kind: string } & Record<string, unknown>;
  size: number;
  seed: number;
  item_ids: string[];
  pool_size: number;
  data_version: string;
  coverage: number | null;
  /** Coverage, or the drift that is left, after so many items. */
  curve: { size: number; value: number }[] | null;
  detail: Record<string, unknown>;
  created_at: string;
  preview?: SamplePreview | null;
}

export interface BeforeAfter {
  before: number;
  after: number;
}

/** What an edit changes in numbers. */
export interface Effect {
  items: BeforeAfter;
  bytes: BeforeAfter;
  splits: Record<string, BeforeAfter>;
  classes: Record<string, BeforeAfter>;
  duplicates_introduced: number;
  leaks_introduced: number;
  new_classes: string[];
  new_splits: string[];
}

export interface ExportResult {
  export_id: string;
  format: string;
  path: string;
  files: number;
  bytes: number;
  items: number;
  created_at: string;
  report: ReportRow[];
}

export interface ExportFormat {
  format: string;
  title: string;
  tasks: string[];
  layout: string;
  holds: string[];
  cannot_hold: string[];
}

export interface Snapshot {
  snapshot_id: string;
  alias: string | null;
  message: string;
  created_at: string;
  parents: string[];
  git_rev: string;
  data: {
    hash: string;
    files: number;
    bytes: number;
    items: number;
    annotations: number | null;
    splits: Record<string, number>;
    classes: Record<string, number>;
  };
  changes: { added: number; removed: number; modified: number; relabelled: number };
  is_head: boolean;
  is_auto: boolean;
}

export interface SnapshotPage {
  snapshots: Snapshot[];
  head: string | null;
  next_cursor: string | null;
  total: number;
}

export interface LineageNode {
  id: string;
  type: 'dataset' | 'snapshot' | 'drift' | 'run' | 'export' | 'sample';
  label: string;
  created_at: string;
  detail: Record<string, unknown>;
}

export interface Lineage {
  nodes: LineageNode[];
  edges: { from: string; to: string; relation: string }[];
}

export interface Restored {
  restored: string;
  saved_as: string | null;
  files: { written: number; removed: number; unchanged: number; bytes?: number };
}

/** What a restore would do. `missing` are stored objects that cannot be found. */
export interface RestoreEffect extends Restored {
  items: Record<string, number>;
  unsaved: { added: number; removed: number; modified: number };
  missing: string[];
}

export type ItemChange = 'added' | 'removed' | 'changed' | 'moved' | 'relabelled';

export interface AnnotationPair {
  old: Annotation;
  new: Annotation;
}

export interface DiffPlace {
  path: string;
  split: string;
  content_hash: string;
  /** 0 where the image cannot be read. */
  width: number;
  height: number;
}

/** One item that differs; a side is null where the item is not there. */
export interface DiffItem {
  item_id: string;
  file_name: string;
  change: ItemChange;
  changes: ItemChange[];
  old: DiffPlace | null;
  new: DiffPlace | null;
  annotations: {
    added: Annotation[];
    removed: Annotation[];
    moved: AnnotationPair[];
    relabelled: AnnotationPair[];
    changed: AnnotationPair[];
    unchanged: number;
  };
  unchanged: Annotation[];
}

/** `counts` of items per change and of boxes as `boxes_<change>`; `classes` has boxes per class and change. */
export interface SnapshotDiff {
  base: string;
  target: string;
  counts: Record<string, number>;
  classes: Record<string, Record<ItemChange, number>>;
  items: DiffItem[];
  next_cursor: string | null;
  total: number;
}

export interface TrainerParam {
  name: string;
  type: 'int' | 'float' | 'str' | 'bool';
  default: number | string | boolean | null;
  help: string;
}

export interface Trainer {
  name: string;
  title: string;
  description: string;
  /** Tasks it is for; empty where it does not say. */
  task: string[];
  format: string;
  params: TrainerParam[];
  needs: string[];
  /** Of `needs`, what is not installed. */
  missing: string[];
  files: string[];
  code_hash: string;
}

export interface UploadedTrainer {
  trainer: string;
  files: string[];
  checks: { name: string; ok: boolean; detail: string }[];
  code_hash: string;
}

export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'stopped' | 'lost';

export interface Run {
  experiment_id: string;
  name: string;
  trainer: string;
  snapshot_id: string;
  data_hash: string;
  code_hash: string;
  params: Record<string, unknown>;
  metrics: Record<string, number | null>;
  state: RunState;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  exit: Record<string, unknown> | null;
  isolation: Record<string, unknown>;
  mlflow_url: string;
  job_id: string | null;
}

export interface MetricPoint {
  step: number;
  value: number | null;
  timestamp: number;
}

export interface RunDetail extends Run {
  histories: Record<string, MetricPoint[]>;
  artifacts: { path: string; bytes: number }[];
}

export interface Comparison {
  experiments: Run[];
  params: Record<string, unknown[]>;
  metrics: Record<string, (number | null)[]>;
  changed_params: string[];
  data: Record<string, unknown> | null;
}
