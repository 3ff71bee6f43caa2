// @ts-check
import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { driftReportsQuery } from '../api/queries/drift.js';

const SCORE = /^drift_score:(.+)$/;

/**
 * What a field is called: an attribute in the reader's language, a drift score by the two sides of its report, anything
 * unknown by its own name.
 */
export function useFieldName() {
  const { t } = useTranslation();
  const { data } = useQuery(driftReportsQuery());
  return useCallback(
    (/** @type {string} */ field) => {
      const reportId = SCORE.exec(field)?.[1];
      if (!reportId)
        return t([`explorer.fields.${field}`, `attributes.${field}`], { defaultValue: field });
      const report = data?.items.find((known) => known.report_id === reportId);
      const sides = report ? `${report.base.name} → ${report.target.name}` : reportId;
      return t('explorer.fields.drift_score', { sides });
    },
    [t, data],
  );
}
