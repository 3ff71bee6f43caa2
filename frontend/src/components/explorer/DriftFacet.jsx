// @ts-check
import { useFieldName } from '../../hooks/useFieldName.js';
import { binsOf, scoredReports, scoreField } from '../../lib/facets.js';
import classes from './FilterSidebar.module.css';
import { RangeFacet } from './RangeFacet.jsx';

/** How much an image looks like the other side, per report that scored it. @param {import('./FilterSidebar.jsx').FacetProps} props */
export function DriftFacet({ all, shown, filter, onChange }) {
  const nameOf = useFieldName();
  const { drift_score: score, ...others } = filter;
  return (
    <div className={classes.stack}>
      {scoredReports(all).map((reportId) => {
        const field = scoreField(reportId);
        const bins = binsOf(all.fields[field]);
        return bins ? (
          <RangeFacet
            key={reportId}
            title={nameOf(field)}
            all={bins}
            shown={binsOf(shown?.fields[field])}
            range={score?.report_id === reportId ? score : undefined}
            onChange={(range) =>
              onChange(
                range ? { ...others, drift_score: { report_id: reportId, ...range } } : others,
              )
            }
          />
        ) : null;
      })}
    </div>
  );
}
