// @ts-check
import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';
import { selectionWords, targetOf } from '../../lib/recipes.js';

/** @typedef {import('../../api/queries/types.d.ts').RecipeStep} RecipeStep */
/** @typedef {import('../../api/queries/types.d.ts').RecipeReport} RecipeReport */

const COLORS = {
  done: 'var(--dd-ok)',
  nothing: 'var(--dd-muted)',
  'not-portable': 'var(--dd-warn)',
  failed: 'var(--dd-bad)',
};

/**
 * Steps in order; where they were tried here, how many images each changed here and where it comes from.
 * @param {{steps: readonly (RecipeStep | RecipeReport['steps'][number])[]}} props
 */
export function RecipeSteps({ steps }) {
  const { t } = useTranslation();
  const tried = steps.some((step) => 'outcome' in step);
  return (
    <Table fz="sm" verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('curation.recipe.step')}</Table.Th>
          <Table.Th ta="end">
            {t(tried ? 'curation.recipe.expected' : 'curation.recipe.changed')}
          </Table.Th>
          {tried ? (
            <>
              <Table.Th ta="end">{t('curation.recipe.here')}</Table.Th>
              <Table.Th>{t('curation.recipe.outcome')}</Table.Th>
            </>
          ) : null}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {steps.map((step, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a recipe has an order and may repeat a step
          <Table.Tr key={at}>
            <Table.Td>
              <Text size="sm">
                {t(`curation.recipe.kinds.${step.kind}`, {
                  target: targetOf(step.params),
                  defaultValue: step.kind,
                })}
              </Text>
              <Text size="xs" c="dimmed">
                {selectionWords(step.params, t)}
              </Text>
            </Table.Td>
            <Table.Td ta="end" className="dd-num">
              {formatCount('expected' in step ? step.expected : step.changed)}
            </Table.Td>
            {'outcome' in step ? (
              <>
                <Table.Td
                  ta="end"
                  className="dd-num"
                  fw={step.changed === step.expected ? 400 : 650}
                >
                  {formatCount(step.changed)}
                </Table.Td>
                <Table.Td>
                  <Text size="sm" fw={600} style={{ color: COLORS[step.outcome] }}>
                    {t(`curation.recipe.outcomes.${step.outcome}`)}
                  </Text>
                  {step.code && step.outcome === 'failed' ? (
                    <Text size="xs" c="dimmed" ff="monospace">
                      {step.code}
                    </Text>
                  ) : null}
                </Table.Td>
              </>
            ) : null}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
