// @ts-check
import { useOutletContext } from 'react-router';

/**
 * @typedef {object} WorkspaceContext
 * @property {string} workspaceId
 * @property {import('../api/model.d.ts').WorkspaceStatus} workspace
 */

/** The workspace that WorkspaceStudio has open. @returns {WorkspaceContext} */
export const useWorkspace = () => useOutletContext();
