// @ts-check
import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';
import { readSetting, writeSetting } from '../lib/storage.js';

const CELL_DEFAULT = 160;

/** What belongs to this browser and not to the link: size of the images, sidebar. */
export function useGridSettings() {
  const narrow = useMediaQuery('(max-width: 62em)', false, { getInitialValueInEffect: false });
  const [cell, setCellState] = useState(() => Number(readSetting('grid.cell')) || CELL_DEFAULT);
  const [chosen, setChosen] = useState(/** @type {boolean | null} */ (null));
  const setCell = (/** @type {number} */ next) => {
    setCellState(next);
    writeSetting('grid.cell', String(next));
  };
  const sidebar = chosen ?? !narrow;
  return { cell, setCell, sidebar, toggleSidebar: () => setChosen(!sidebar) };
}
