/**
 * The wire types as the UI uses them. What openapi.json words exactly is taken from the generated
 * schema; what it leaves open (histograms, classes, clusters) is worded here.
 */

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance?: string | null;
  code: string;
  request_id?: string | null;
  errors?: { pointer: string; detail: string }[];
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  total: number;
}

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface JobProgress {
  done: number;
  total: number | null;
  unit: string;
  message: string;
  rate: number | null;
  eta: number | null;
}

export interface Job<R = unknown> {
  job_id: string;
  kind: string;
  workspace_id?: string | null;
  state: JobState;
  progress: JobProgress;
  cancel_requested?: boolean;
  result: R | null;
  error: Problem | null;
  attempt: number;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
}

export interface ReportRow {
  code: string;
  action: 'kept' | 'clipped' | 'skipped' | 'renamed' | 'changed';
  count: number;
  examples: Record<string, string>[];
}

export type Task = 'detect' | 'segment' | 'classify';

export interface Dataset {
  dataset_id: string;
  name: string;
  format: string;
  task: Task;
  items: number;
  annotations: number;
  splits: Record<string, number>;
  classes: string[];
  bytes: number;
  created_at: string;
  report: ReportRow[];
}

export type Role = 'base' | 'target';

export interface Workspace {
  workspace_id: string;
  name: string;
  role: Role | null;
  dataset_id: string | null;
  drift_report_id: string | null;
  task: Task;
  format: string;
  items: number;
  splits: Record<string, number>;
  classes: string[];
  snapshots: number;
  experiments: number;
  bytes: number;
  created_at: string;
}

export interface WorkspaceStatus extends Workspace {
  is_valid: boolean;
  checks: { name: string; ok: boolean; detail: string }[];
  data_version: string;
  uncommitted_changes: { added: number; removed: number; modified: number };
  head: string | null;
  running_jobs: string[];
}

/** `edges` has one more number than `counts`. */
export interface Histogram {
  edges: number[];
  counts: number[];
}

export interface DriftTest {
  name: string;
  statistic: number;
  p_value: number;
  threshold: number;
  drifted: boolean;
  effect?: number | null;
}

/** A change of one number, of images or of boxes; histograms hold shares over the same bins. */
export interface Shift {
  name: string;
  test: string;
  statistic: number;
  p_value: number;
  p_adjusted?: number;
  drifted: boolean;
  /** In standard deviations of the base. */
  size?: number;
  shift?: number;
  base_mean?: number;
  target_mean?: number;
  base_histogram: Histogram;
  target_histogram: Histogram;
}

export interface ClassShift {
  test: string;
  statistic: number;
  p_value: number;
  /** Total variation distance, 0–1. */
  distance: number;
  cramers_v: number;
  classes: {
    name: string;
    base: number;
    target: number;
    base_share: number;
    target_share: number;
  }[];
  only_in_base: string[];
  only_in_target: string[];
  drifted: boolean;
}

export interface EmbeddingShift {
  encoder: string;
  auc?: number;
  auc_ci?: [number, number];
  mmd?: number;
  p_value?: number;
  frechet?: number;
}

/** A group of images that the base hardly has; `examples` are items of the target. */
export interface NewCluster {
  id: number;
  base: number;
  target: number;
  size: number;
  base_share: number;
  target_share: number;
  ratio: number;
  p_value: number;
  examples: string[];
}

export interface Why {
  code: string;
  params: Record<string, string | number>;
  en: string;
  ko: string;
}

export type Verdict = 'none' | 'warning' | 'drift';

export interface DriftSide {
  name: string;
  items?: number | null;
  left_out?: number;
  dataset_id?: string | null;
  workspace_id?: string | null;
  snapshot_id?: string | null;
}

export interface DriftReportSummary {
  report_id: string;
  base: DriftSide;
  target: DriftSide;
  status: Verdict;
  score: number;
  p_value: number;
  created_at: string;
}

export interface DriftReport extends DriftReportSummary {
  why: Why | null;
  tests: DriftTest[];
  attributes: Shift[];
  classes: ClassShift | null;
  geometry: Shift[] | null;
  embedding: EmbeddingShift | null;
  new_clusters: NewCluster[];
  seed: number;
  alpha: number;
  versions: Record<string, string | null>;
  workspaces: Partial<Record<Role, string>>;
}

export interface DriftItem {
  item_id: string;
  dataset_id: string | null;
  workspace_id: string | null;
  score: number;
  p_value: number;
  outlier: number | null;
  thumbnail_url: string;
  file_name: string;
}

export type AnalysisState = 'missing' | 'partial' | 'complete' | 'stale';

export interface AttributeSummary {
  min: number;
  max: number;
  mean: number;
  std: number;
  p05: number;
  p50: number;
  p95: number;
  histogram: Histogram;
}

export interface AttributesResult {
  state: AnalysisState;
  items: number;
  of: number;
  analyzer_version: string | null;
  summary: Record<string, AttributeSummary>;
  flags: Record<string, number>;
  /** Which range of which attribute gave a flag. */
  flag_rules?: { flag: string; attribute: string; below: number | null; above: number | null }[];
  failed: number | Record<string, string>[];
}

export interface Cluster {
  id: number;
  size: number;
  label_counts: Record<string, number>;
  examples: string[];
}

export interface EmbeddingResult {
  state: AnalysisState;
  encoder: string | null;
  dim: number | null;
  items: number;
  of: number;
  semantic: boolean | null;
  clusters: Cluster[];
  duplicates: { exact?: number; near?: number };
  outliers: number | null;
  failed: number | Record<string, string>[];
}

export interface AnalysisResults {
  attributes: AttributesResult;
  embedding: EmbeddingResult;
}

export interface Encoder {
  name: string;
  title: string;
  version: string | null;
  dim: number | null;
  semantic: boolean;
  text: boolean;
  available: boolean;
  detail: string;
  default: boolean;
}
