// @ts-check
import { Button, Group, Stack } from '@mantine/core';
import { IconFolders } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { useCreateWorkspace, workspacesQuery } from '../../api/queries/workspaces.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';

/** @typedef {import('../../api/model.d.ts').Role} Role */

/** @type {Role[]} */
const ROLES = ['base', 'target'];

/**
 * A workspace for each side, then into the target's. Sides that exist already are only opened, and
 * the jobs stand in the address, so a reload goes on where it was.
 * @param {{ report: import('../../api/model.d.ts').DriftReport }} props
 */
export function CreateWorkspaces({ report }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [params, setParams] = useSearchParams();
  const create = useCreateWorkspace();
  const existing = useExisting(report);
  const jobIds = { base: params.get('baseJob'), target: params.get('targetJob') };
  const jobs = { base: useJob(jobIds.base), target: useJob(jobIds.target) };
  const started = useRef(false);
  const waiting = ROLES.filter((role) => !existing[role]);
  const running = ROLES.some((role) => isActive(jobs[role]));
  const open = useCallback((/** @type {string} */ id) => navigate(`/w/${id}/data`), [navigate]);

  // Both there after a start on this screen: go in.
  useEffect(() => {
    if (started.current && waiting.length === 0 && !running && existing.target) {
      open(existing.target);
    }
  }, [waiting.length, running, existing.target, open]);

  const start = async () => {
    started.current = true;
    for (const role of waiting) {
      const job = await create.mutateAsync({
        drift_report_id: report.report_id,
        role,
        name: `${report[role].name}`,
      });
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          next.set(`${role}Job`, job.job_id);
          return next;
        },
        { replace: true },
      );
    }
  };

  if (waiting.length === 0 && !running) {
    return (
      <Group gap="xs">
        {ROLES.map((role) => (
          <Button
            key={role}
            component={Link}
            to={`/w/${existing[role]}/data`}
            variant={role === 'target' ? 'filled' : 'default'}
            leftSection={<IconFolders size={16} aria-hidden />}
          >
            {t('drift.openWorkspace', { side: t(`roles.${role}`) })}
          </Button>
        ))}
      </Group>
    );
  }
  return (
    <Stack gap="xs">
      <Button
        w="fit-content"
        leftSection={<IconFolders size={16} aria-hidden />}
        loading={create.isPending}
        disabled={running}
        onClick={() => start().catch(() => undefined /* shown from create.error */)}
      >
        {t('drift.createWorkspaces')}
      </Button>
      {create.error ? <ProblemAlert error={create.error} /> : null}
      {ROLES.map((role) => {
        const job = jobs[role];
        return job && job.state !== 'succeeded' ? <JobProgress key={role} job={job} /> : null;
      })}
    </Stack>
  );
}

/** The workspaces made from a report, by role. @param {import('../../api/model.d.ts').DriftReport} report */
function useExisting(report) {
  const list = useQuery(workspacesQuery());
  /** @type {Partial<Record<Role, string>>} */
  const found = { ...report.workspaces };
  for (const workspace of list.data?.workspaces ?? []) {
    if (workspace.drift_report_id !== report.report_id || !workspace.role) continue;
    found[workspace.role] ??= workspace.workspace_id;
  }
  return found;
}
