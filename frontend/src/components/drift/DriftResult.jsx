// @ts-check
import '../../mantine-more.css';
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { driftReportQuery } from '../../api/queries/drift.js';
import { PageSkeleton } from '../common/PageSkeleton.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { AttributeShifts } from './AttributeShifts.jsx';
import { ClassShifts } from './ClassShifts.jsx';
import classes from './DriftResult.module.css';
import { EmbeddingShift } from './EmbeddingShift.jsx';
import { GeometryShifts } from './GeometryShifts.jsx';
import { GuardFindings } from './GuardFindings.jsx';
import { MovedImages } from './MovedImages.jsx';
import { NewClusters } from './NewClusters.jsx';
import { ReportChange } from './ReportChange.jsx';
import { ReportDetails } from './ReportDetails.jsx';
import { Verdict } from './Verdict.jsx';

/** Step 3: what changed, how sure that is, which images show it, and what to do next. @param {{ reportId: string }} props */
export default function DriftResult({ reportId }) {
  const query = useQuery(driftReportQuery(reportId));
  return (
    <QueryState query={query} skeleton={<PageSkeleton />}>
      {(report) => (
        <Stack className="dd-page" gap="lg">
          <title>{`${report.base.name} → ${report.target.name} · ddoc`}</title>
          <Verdict report={report} />
          {report.guard ? <GuardFindings report={report} verdict={report.guard} /> : null}
          <ReportChange report={report} />
          <MovedImages report={report} />
          <div className={classes.columns}>
            <AttributeShifts report={report} />
            <Stack gap="lg">
              <EmbeddingShift report={report} />
              <ClassShifts report={report} />
            </Stack>
          </div>
          <GeometryShifts report={report} />
          <NewClusters report={report} />
          <ReportDetails report={report} />
        </Stack>
      )}
    </QueryState>
  );
}
