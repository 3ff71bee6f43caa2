// @ts-check
import { Graph, layout } from '@dagrejs/dagre';

/** @typedef {import('../api/queries/types.d.ts').Lineage} Lineage */
/** @typedef {import('../api/queries/types.d.ts').LineageNode} LineageNode */
export const NODE_WIDTH = 184;
export const NODE_HEIGHT = 58;

/**
 * Places for the nodes of a lineage, left to right in the order that things came from each other.
 * @param {Lineage} lineage
 * @returns {Map<string, {x: number, y: number}>} top left corners
 */
export function placeNodes({ nodes, edges }) {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 56 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const edge of edges) {
    if (graph.hasNode(edge.from) && graph.hasNode(edge.to)) graph.setEdge(edge.from, edge.to);
  }
  layout(graph);
  return new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id);
      return [id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }];
    }),
  );
}

/**
 * Where a node of the lineage leads to.
 * @param {LineageNode} node
 * @param {string} workspaceId
 * @returns {string | null} an address of the UI
 */
export function linkOfNode({ id, type }, workspaceId) {
  const encoded = encodeURIComponent(id);
  if (type === 'snapshot') return `/w/${workspaceId}/snapshots?snapshot=${encoded}`;
  if (type === 'run') return `/w/${workspaceId}/experiments?run=${encoded}`;
  if (type === 'drift') return `/drift/${encoded}`;
  if (type === 'sample') return `/w/${workspaceId}/sampling?sample=${encoded}`;
  return null;
}
