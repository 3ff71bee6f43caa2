/**
 * The wire types as the UI uses them: those of openapi.json by their short names, and what it leaves
 * open (histograms, shifts, clusters) worded here.
 */
import type { components } from './schema.d.ts';

type Schemas = components['schemas'];

/** `T` with some fields worded more exactly; a field that the API drops or renames is an error here. */
type Refine<T, R extends { [K in keyof R]: K extends keyof T ? unknown : never }> = Omit<
  T,
  keyof R
> &
  R;

export type Problem = Pick<Schemas['Problem'], 'title' | 'status' | 'detail' | 'code'> &
  Partial<Schemas['Problem']>;

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
  total: number;
}

export type JobProgress = Schemas['ProgressOut'];
export type JobState = Schemas['JobOut']['state'];
export type Job<R = unknown> = Refine<
  Schemas['JobOut'],
  { result: R | null; error: Problem | null }
>;

export type ReportRow = Schemas['ReportRowOut'];
export type Dataset = Schemas['DatasetOut'];
export type Task = Dataset['task'];
export type Workspace = Schemas['WorkspaceOut'];
export type WorkspaceStatus = Schemas['WorkspaceStatusOut'];
export type Role = 'base' | 'target';

/** `edges` has one more number than `counts`. */
export interface Histogram {
  edges: number[];
  counts: number[];
}

export type DriftTest = Schemas['DriftTest'];

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

export type Verdict = Schemas['DriftReportOut']['status'];

export interface DriftSide {
  name: string;
  items?: number | null;
  left_out?: number;
  dataset_id?: string | null;
  workspace_id?: string | null;
  snapshot_id?: string | null;
}

export type DriftReportSummary = Refine<
  Schemas['DriftReportSummary'],
  { base: DriftSide; target: DriftSide }
>;

export type GuardOutcome = Schemas['GuardVerdict']['outcome'];
export type GuardVerdict = Schemas['GuardVerdict'];
export type Guard = Refine<Schemas['GuardOut'], { base: DriftSide }>;
export type GuardCheck = Schemas['GuardCheckOut'];

interface SideRuns {
  report: DriftReportSummary;
  /** null: the tracking server cannot be reached now. */
  runs: import('./queries/types.d.ts').Run[] | null;
}

/** How drift towards one target changed, and with it the metrics of the runs. */
export interface ReportChange {
  before: SideRuns;
  after: SideRuns;
  score: { before: number; after: number };
  p_value: { before: number; after: number };
  items: { before: number; after: number };
  /** Images that the base has more. */
  added: number;
}

export type DriftReport = Refine<
  Schemas['DriftReportOut'],
  {
    base: DriftSide;
    target: DriftSide;
    why: Why | null;
    attributes: Shift[];
    classes: ClassShift | null;
    geometry: Shift[];
    embedding: EmbeddingShift | null;
    new_clusters: NewCluster[];
    guard?: GuardVerdict | null;
    workspaces: Partial<Record<Role, string>>;
  }
>;

export type DriftItem = Schemas['DriftItemOut'];

export type AnalysisState = Schemas['AttributesResult']['state'];

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

export type AttributesResult = Omit<Schemas['AttributesResult'], 'summary' | 'flag_rules'> & {
  summary: Record<string, AttributeSummary>;
  /** Which range of which attribute gave a flag. */
  flag_rules?: { flag: string; attribute: string; below: number | null; above: number | null }[];
};

export interface Cluster {
  id: number;
  size: number;
  label_counts: Record<string, number>;
  examples: string[];
}

export type EmbeddingResult = Omit<Schemas['EmbeddingResult'], 'clusters' | 'duplicates'> & {
  clusters: Cluster[];
  duplicates: { exact?: number; near?: number };
};

export interface AnalysisResults {
  attributes: AttributesResult;
  embedding: EmbeddingResult;
}

export type Encoder = Schemas['EncoderOut'];
