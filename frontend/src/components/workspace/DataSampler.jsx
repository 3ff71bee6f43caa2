// @ts-check
import { Button, Stack, Tabs } from '@mantine/core';
import { IconFileExport, IconFilterStar } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { ExportDialog } from '../sampling/ExportDialog.jsx';
import { ExportList } from '../sampling/ExportList.jsx';
import { ImportReport } from '../sampling/ImportReport.jsx';
import { SampleForm } from '../sampling/SampleForm.jsx';
import { SampleHistory } from '../sampling/SampleHistory.jsx';
import { SampleResult } from '../sampling/SampleResult.jsx';
import classes from './DataSampler.module.css';

/** Choose images by a strategy, see what that means, use it; export data and read the reports. */
export function DataSampler() {
  const { t } = useTranslation();
  const { workspaceId, workspace } = useWorkspace();
  const [params, setParams] = useSearchParams();
  const [exporting, setExporting] = useState(false);
  const sampleId = params.get('sample') ?? '';
  /** @param {string} id */
  const showSample = (id) =>
    setParams((before) => {
      const after = new URLSearchParams(before);
      after.set('sample', id);
      return after;
    });
  return (
    <div className={classes.sampler}>
      <div className={classes.side}>
        <Button
          variant="default"
          leftSection={<IconFileExport size={16} aria-hidden />}
          onClick={() => setExporting(true)}
        >
          {t('sampling.export.open')}
        </Button>
        <SampleForm workspaceId={workspaceId} onSampled={showSample} />
      </div>
      <div className={classes.main}>
        <Stack gap="lg">
          {sampleId ? (
            <SampleResult key={sampleId} workspaceId={workspaceId} sampleId={sampleId} />
          ) : (
            <EmptyState
              icon={IconFilterStar}
              title={t('sampling.empty')}
              text={t('sampling.emptyText')}
            />
          )}
          <Tabs defaultValue="samples" keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="samples">{t('sampling.history.title')}</Tabs.Tab>
              <Tabs.Tab value="exports">{t('sampling.export.list')}</Tabs.Tab>
              <Tabs.Tab value="import">{t('sampling.import.title')}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="samples" pt="sm">
              <SampleHistory workspaceId={workspaceId} selected={sampleId} onSelect={showSample} />
            </Tabs.Panel>
            <Tabs.Panel value="exports" pt="sm">
              <ExportList workspaceId={workspaceId} />
            </Tabs.Panel>
            <Tabs.Panel value="import" pt="sm">
              <ImportReport workspaceId={workspaceId} datasetId={workspace.dataset_id} />
            </Tabs.Panel>
          </Tabs>
        </Stack>
      </div>
      {exporting ? (
        <ExportDialog workspaceId={workspaceId} onClose={() => setExporting(false)} />
      ) : null}
    </div>
  );
}
