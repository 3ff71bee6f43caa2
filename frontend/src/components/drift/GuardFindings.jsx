// @ts-check
import { Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { guardCheckQuery } from '../../api/queries/guards.js';
import { useReportWorkspaces } from '../../hooks/useReportWorkspaces.js';
import { formatCount } from '../../lib/format.js';
import { ofIds, setSelection } from '../../lib/selection.js';
import { exampleUrl } from '../../lib/thumbnails.js';
import { QueryState } from '../common/QueryState.jsx';
import { Section } from '../common/Section.jsx';
import { GuardBadge } from './GuardBadge.jsx';
import classes from './NewClusters.module.css';

const STEP = 24;

/**
 * What the guard says of this target, and the images that it names.
 * @param {{
 *   report: import('../../api/model.d.ts').DriftReport, verdict: import('../../api/model.d.ts').GuardVerdict,
 * }} props
 */
export function GuardFindings({ report, verdict }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [shown, setShown] = useState(STEP);
  const check = useQuery(guardCheckQuery(verdict.guard_id, verdict.report_id));
  const workspaceId = useReportWorkspaces(report).target;
  /** @param {readonly string[]} ids */
  const select = (ids) => {
    if (!workspaceId) return;
    setSelection(workspaceId, ofIds(ids));
    navigate(`/w/${workspaceId}/sampling?source=selection`);
  };
  return (
    <Section
      title={t('guards.findings')}
      text={t(`guards.meaning.${verdict.outcome}`)}
      right={<GuardBadge outcome={verdict.outcome} />}
    >
      <QueryState query={check} height={120}>
        {({ failing }) =>
          failing.length === 0 ? (
            <Text size="sm">{t('guards.noFailing')}</Text>
          ) : (
            <>
              <Group justify="space-between">
                <Text size="sm" fw={600}>
                  {t('guards.failing', { count: failing.length, n: formatCount(failing.length) })}
                </Text>
                {workspaceId ? (
                  <Button size="xs" variant="default" onClick={() => select(failing)}>
                    {t('guards.select')}
                  </Button>
                ) : null}
              </Group>
              <ul className={classes.examples}>
                {failing.slice(0, shown).map((id, index) => (
                  <li key={id}>
                    <img
                      src={exampleUrl(report.target, id, 192)}
                      alt={t('guards.failingImage', { n: index + 1 })}
                      loading="lazy"
                      width={96}
                      height={96}
                    />
                  </li>
                ))}
              </ul>
              {failing.length > shown ? (
                <Button
                  size="xs"
                  variant="default"
                  w="fit-content"
                  onClick={() => setShown((before) => before + STEP)}
                >
                  {t('common.more')}
                </Button>
              ) : null}
            </>
          )
        }
      </QueryState>
    </Section>
  );
}
