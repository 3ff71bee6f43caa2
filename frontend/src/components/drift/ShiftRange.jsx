// @ts-check
import { Anchor, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useReportWorkspaces } from '../../hooks/useReportWorkspaces.js';
import { openEnded } from '../../lib/bins.js';
import { paramsWithFilter } from '../../lib/filterParams.js';
import { formatNumber } from '../../lib/format.js';
import { OverlaidHistogram } from '../common/OverlaidHistogram.jsx';

/** @type {import('../../api/model.d.ts').Role[]} */
const ROLES = ['base', 'target'];

/**
 * The histogram of one attribute, whose picked range leads to its images in the workspace of either side.
 * @param {object} props
 * @param {import('../../api/model.d.ts').DriftReport} props.report
 * @param {import('../../api/model.d.ts').Shift} props.shift
 * @param {string} props.name
 * @param {string} props.label
 */
export function ShiftRange({ report, shift, name, label }) {
  const { t } = useTranslation();
  const workspaces = useReportWorkspaces(report);
  const [range, setRange] = useState(
    /** @type {import('../common/BinPicker.jsx').Range | undefined} */ (undefined),
  );
  const { edges } = shift.base_histogram;
  /** @param {string} workspaceId */
  const place = (workspaceId) => {
    const attribute = [{ name: shift.name, ...openEnded(edges, range ?? {}) }];
    return `/w/${workspaceId}/data?${paramsWithFilter(new URLSearchParams(), { attribute })}`;
  };
  return (
    <>
      <OverlaidHistogram
        base={shift.base_histogram}
        target={shift.target_histogram}
        label={label}
        picking={{ name, range, onRange: setRange }}
      />
      <Group gap="md" mt={6} aria-live="polite">
        <Text size="xs" c="dimmed" className="dd-num">
          {range
            ? t('drift.picked', { min: formatNumber(range.min), max: formatNumber(range.max) })
            : t('drift.pickRange')}
        </Text>
        {range
          ? ROLES.map((role) => {
              const workspaceId = workspaces[role];
              return workspaceId ? (
                <Anchor key={role} component={Link} size="xs" to={place(workspaceId)}>
                  {t(`drift.workOnRange.${role}`)}
                </Anchor>
              ) : (
                <Text key={role} size="xs" c="dimmed">
                  {t(`drift.noWorkspace.${role}`)}
                </Text>
              );
            })
          : null}
      </Group>
    </>
  );
}
