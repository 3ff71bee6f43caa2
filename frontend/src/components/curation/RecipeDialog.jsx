// @ts-check
import { Alert, Button, FileInput, Modal, Stack, Text, Title } from '@mantine/core';
import { IconDownload, IconFileImport } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { recipeQuery, recipeUrl, useReplay } from '../../api/queries/curation.js';
import { useItemEdits } from '../../hooks/useItemEdits.js';
import { readRecipe } from '../../lib/recipes.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { toastUndo } from '../common/toasts.jsx';
import { RecipeSteps } from './RecipeSteps.jsx';

/** @typedef {import('../../api/queries/types.d.ts').Recipe} Recipe */
/**
 * The edits as a file, and the edits of another workspace repeated here, with what differed.
 * @param {{workspaceId: string, dataVersion: string, onClose: () => void}} props
 */
export default function RecipeDialog({ workspaceId, dataVersion, onClose }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t('curation.recipe.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack gap="lg">
        <ExportPart workspaceId={workspaceId} />
        <ReplayPart workspaceId={workspaceId} dataVersion={dataVersion} />
      </Stack>
    </Modal>
  );
}

/** @param {{workspaceId: string}} props */
function ExportPart({ workspaceId }) {
  const { t } = useTranslation();
  const recipe = useQuery(recipeQuery(workspaceId));
  return (
    <Stack component="section" gap="xs">
      <Title order={3} size="h4">
        {t('curation.recipe.export')}
      </Title>
      <QueryState query={recipe} height={60}>
        {({ steps }) =>
          steps.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('curation.recipe.none')}
            </Text>
          ) : (
            <>
              <RecipeSteps steps={steps} />
              <Button
                component="a"
                href={recipeUrl(workspaceId)}
                download={`${workspaceId}.recipe.json`}
                variant="default"
                leftSection={<IconDownload size={16} aria-hidden />}
                style={{ alignSelf: 'start' }}
              >
                {t('curation.recipe.download')}
              </Button>
            </>
          )
        }
      </QueryState>
    </Stack>
  );
}

/** @param {{workspaceId: string, dataVersion: string}} props */
function ReplayPart({ workspaceId, dataVersion }) {
  const { t } = useTranslation();
  const [recipe, setRecipe] = useState(/** @type {Recipe | null} */ (null));
  const [wrong, setWrong] = useState(false);
  const preview = useReplay(workspaceId);
  const replay = useReplay(workspaceId);
  const edits = useItemEdits(workspaceId, dataVersion);
  /** @param {File | null} file */
  const take = async (file) => {
    replay.reset();
    preview.reset();
    const read = file ? readRecipe(await file.text()) : null;
    setRecipe(read);
    setWrong(file !== null && read === null);
    if (read) preview.mutate({ recipe: read, dryRun: true });
  };
  const run = () =>
    recipe &&
    replay.mutate(
      { recipe, dryRun: false },
      {
        onSuccess: ({ steps }) => {
          const made = steps.flatMap(({ edit_id: id }) => (id ? [id] : [])).reverse();
          if (made.length > 0)
            toastUndo(t('curation.recipe.done', { count: made.length }), () =>
              edits.takeBack(...made),
            );
        },
      },
    );
  const report = replay.data ?? preview.data;
  return (
    <Stack component="section" gap="xs">
      <Title order={3} size="h4">
        {t('curation.recipe.replay')}
      </Title>
      <Text size="sm" c="dimmed">
        {t('curation.recipe.replayText')}
      </Text>
      <FileInput
        label={t('curation.recipe.file')}
        placeholder={t('curation.recipe.choose')}
        accept=".json,application/json"
        leftSection={<IconFileImport size={16} aria-hidden />}
        clearable
        clearButtonProps={{ 'aria-label': t('curation.recipe.clear') }}
        onChange={take}
        error={wrong ? t('curation.recipe.wrong') : undefined}
      />
      {preview.error ? <ProblemAlert error={preview.error} /> : null}
      {report ? (
        <>
          <Alert color={report.differs ? 'yellow' : 'green'} p="xs" role="status">
            {t(report.differs ? 'curation.recipe.differs' : 'curation.recipe.same')}
          </Alert>
          <RecipeSteps steps={report.steps} />
        </>
      ) : null}
      {replay.error ? <ProblemAlert error={replay.error} /> : null}
      {preview.data && !replay.data ? (
        <Button onClick={run} loading={replay.isPending} style={{ alignSelf: 'start' }}>
          {t('curation.recipe.run')}
        </Button>
      ) : null}
    </Stack>
  );
}
