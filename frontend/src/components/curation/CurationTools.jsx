// @ts-check
import { Button, Menu } from '@mantine/core';
import { IconArrowsSplit2, IconChecklist, IconDots, IconListNumbers } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';

// Each is opened now and then; whoever only browses does not load them.
const DIALOGS = {
  quality: lazy(() => import('./QualityDialog.jsx')),
  split: lazy(() => import('./SplitDialog.jsx')),
  recipe: lazy(() => import('./RecipeDialog.jsx')),
};
/** @typedef {keyof typeof DIALOGS} Tool */
/** @type {[Tool, typeof IconDots][]} */
const TOOLS = [
  ['quality', IconChecklist],
  ['split', IconArrowsSplit2],
  ['recipe', IconListNumbers],
];

/** Work on the whole set: what looks wrong, other splits, steps to repeat. @param {{onOpen: (tool: Tool) => void}} props */
export function CurationMenu({ onOpen }) {
  const { t } = useTranslation();
  return (
    <Menu shadow="md" position="bottom-end">
      <Menu.Target>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconDots size={16} aria-hidden />}
        >
          {t('curation.title')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {TOOLS.map(([tool, Icon]) => (
          <Menu.Item
            key={tool}
            leftSection={<Icon size={16} aria-hidden />}
            onClick={() => onOpen(tool)}
          >
            {t(`curation.tools.${tool}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/**
 * The tool that the address names.
 * @param {{workspaceId: string, tool: string, dataVersion: string, onClose: () => void}} props
 */
export function CurationDialog({ tool, ...props }) {
  if (!(tool in DIALOGS)) return null;
  const Dialog = DIALOGS[/** @type {Tool} */ (tool)];
  return (
    <Suspense fallback={null}>
      <Dialog {...props} />
    </Suspense>
  );
}
