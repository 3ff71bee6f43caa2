// @ts-check
import { useOutletContext } from 'react-router';

/**
 * @typedef {object} WorkspaceContext
 * @property {string} workspaceId
 * @property {import('../api/model.d.ts').Workspace} workspace
 * @property {import('../api/model.d.ts').WorkspaceStatus} [status] comes later: it looks at every file
 */

/** The workspace that WorkspaceStudio has open. @returns {WorkspaceContext} */
export const useWorkspace = () => useOutletContext();
