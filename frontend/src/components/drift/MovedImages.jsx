// @ts-check
import { Button, Group, SegmentedControl } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { driftItemsQuery } from '../../api/queries/drift.js';
import { useReportWorkspaces } from '../../hooks/useReportWorkspaces.js';
import { scoreField } from '../../lib/facets.js';
import { formatCount } from '../../lib/format.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { Section } from '../common/Section.jsx';
import { ImageGrid } from './ImageGrid.jsx';
import { ImageZoom } from './ImageZoom.jsx';

/** @typedef {import('../../api/model.d.ts').DriftItem} DriftItem */

/** Four ways to look at the scores. @type {Record<string, import('../../api/queries/drift.js').DriftOrder>} */
const ORDERS = {
  moved: { side: 'target', sort: '-score' },
  stayed: { side: 'target', sort: 'score' },
  outliers: { side: 'target', sort: '-outlier' },
  base: { side: 'base', sort: '-score' },
};

/** The drift as images: the report's numbers, to look at. @param {{ report: import('../../api/model.d.ts').DriftReport }} props */
export function MovedImages({ report }) {
  const { t } = useTranslation();
  const [order, setOrder] = useState('moved');
  const [zoomed, setZoomed] = useState(/** @type {number | null} */ (null));
  const query = useInfiniteQuery(driftItemsQuery(report.report_id, ORDERS[order] ?? ORDERS.moved));
  const workspaces = useReportWorkspaces(report);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      title={t('drift.images')}
      text={t(`drift.orders.${order}Text`)}
      right={
        <SegmentedControl
          size="xs"
          aria-label={t('drift.images')}
          value={order}
          onChange={setOrder}
          data={Object.keys(ORDERS).map((value) => ({ value, label: t(`drift.orders.${value}`) }))}
        />
      }
    >
      <QueryState query={query} height={260}>
        {({ pages }) =>
          items.length === 0 ? (
            <EmptyState order={3} title={t('drift.noImages')} />
          ) : (
            <>
              <ImageGrid items={items} onOpen={setZoomed} />
              <Group justify="center">
                {query.hasNextPage ? (
                  <Button
                    variant="default"
                    size="xs"
                    loading={query.isFetchingNextPage}
                    onClick={() => query.fetchNextPage()}
                  >
                    {t('drift.moreImages', {
                      shown: formatCount(items.length),
                      total: formatCount(pages[0]?.total ?? items.length),
                    })}
                  </Button>
                ) : null}
                <WorkOn report={report} order={ORDERS[order]} workspaces={workspaces} />
              </Group>
            </>
          )
        }
      </QueryState>
      <ImageZoom items={items} index={zoomed} onChange={setZoomed} />
    </Section>
  );
}

/**
 * Into the workspace of that side, in the same order, to act on them.
 * @param {{
 *   report: import('../../api/model.d.ts').DriftReport, order: import('../../api/queries/drift.js').DriftOrder | undefined,
 *   workspaces: Partial<Record<import('../../api/model.d.ts').Role, string>>,
 * }} props
 */
function WorkOn({ report, order, workspaces }) {
  const { t } = useTranslation();
  const workspaceId = order && workspaces[order.side];
  if (!workspaceId || order.sort.endsWith('outlier')) return null;
  const field = scoreField(report.report_id);
  const sort = order.sort.startsWith('-') ? `-${field}` : field;
  return (
    <Button
      component={Link}
      size="xs"
      variant="default"
      to={`/w/${workspaceId}/data?${new URLSearchParams({ sort })}`}
    >
      {t('drift.workOn')}
    </Button>
  );
}
