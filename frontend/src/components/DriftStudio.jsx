// @ts-check
import { lazy, Suspense } from 'react';
import { useParams } from 'react-router';
import { PageSkeleton } from './common/PageSkeleton.jsx';
import { DriftStart } from './drift/DriftStart.jsx';

// Only whoever opens a report pays for it.
const DriftResult = lazy(() => import('./drift/DriftResult.jsx'));

/** Pick two datasets, run, and read what changed. */
export function DriftStudio() {
  const { reportId } = useParams();
  if (!reportId) return <DriftStart />;
  return (
    <Suspense fallback={<PageSkeleton />}>
      <DriftResult key={reportId} reportId={reportId} />
    </Suspense>
  );
}
